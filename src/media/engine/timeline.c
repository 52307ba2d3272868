/* timeline.c: see timeline.h. Pure. */
#include "media/engine/timeline.h"

/* Containers round to milliseconds at worst; this much is taken for rounding. */
static int64_t tolerance(const struct timeline *timeline) {
    int64_t units = timeline->timescale / 600;
    return units < timeline->frame / 4 ? units : timeline->frame / 4;
}

static int64_t snap(const struct timeline *timeline, int64_t time) {
    if (!timeline->even || timeline->frame <= 0 || time < 0) return time;
    int64_t number = (time + timeline->frame / 2) / timeline->frame;
    int64_t off = time - number * timeline->frame;
    int64_t most = tolerance(timeline);
    return off >= -most && off <= most ? number * timeline->frame : time;
}

/* How long the last frame lasts: what it said, unless that is absurd (FLV says a millisecond). */
static int64_t lasting(const struct timeline *timeline) {
    int64_t step = timeline->last_duration;
    bool absurd = step > 10 * timeline->timescale || 2 * step < timeline->frame;
    if (absurd) step = timeline->frame;
    return step > 0 ? step : 1;
}

/* A time ahead of the last frame, or TIMELINE_NO_TIME when the frame is to be left out. */
static int64_t settle(struct timeline *timeline, int64_t claimed, int64_t duration) {
    enum { BACKWARDS_MOST = 50 };
    bool absurd = claimed == TIMELINE_NO_TIME || claimed > timeline->most;
    if (!timeline->begun) return 0;
    if (absurd) return timeline->last + lasting(timeline);
    int64_t time = snap(timeline, claimed);
    if (time <= timeline->last) {
        /* A few go back after damage; when all do, the times are worthless and order has to do. */
        if (++timeline->backwards <= BACKWARDS_MOST) return TIMELINE_NO_TIME;
        return timeline->last + lasting(timeline);
    }
    timeline->backwards = 0;
    if (time - timeline->last >= timeline->least_gap) return time;
    timeline->last_duration = time + duration - timeline->last; /* the one before lasts as long */
    return TIMELINE_NO_TIME;
}

static void mark(struct timeline *timeline, struct timeline_step *step) {
    int64_t number = step->time / timeline->key_interval;
    step->key = number >= timeline->next_key;
    step->segment = step->key && (number / timeline->keys_a_segment >
                                      (timeline->next_key - 1) / timeline->keys_a_segment ||
                                  timeline->next_key == 0);
    if (step->key) timeline->next_key = number + 1;
    timeline->last = step->time;
}

bool timeline_next(struct timeline *timeline, int64_t claimed, int64_t duration,
                   struct timeline_step *out, bool *out_more) {
    *out_more = false;
    int64_t time = settle(timeline, claimed, duration > 0 ? duration : 0);
    if (time == TIMELINE_NO_TIME) return false;
    int64_t key_time = timeline->next_key * timeline->key_interval;
    bool gap = timeline->begun && time - timeline->last > timeline->timescale / 2;
    if (gap && key_time > timeline->last && key_time < time) {
        *out = (struct timeline_step){.time = key_time, .repeat = true};
        timeline->last_duration = 0;
        *out_more = true;
    } else {
        *out = (struct timeline_step){.time = time};
        timeline->last_duration = duration > 0 ? duration : 0;
    }
    timeline->begun = true;
    mark(timeline, out);
    return true;
}

int64_t timeline_end(const struct timeline *timeline) {
    if (!timeline->begun) return 0;
    return timeline->last + lasting(timeline);
}
