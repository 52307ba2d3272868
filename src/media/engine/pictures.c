/* pictures.c: see pictures.h. */
#include "media/engine/pictures.h"

#include "base/scope.h"
#include "media/engine/filter.h"
#include "media/engine/still.h"
#include "media/engine/timeline.h"

#include <math.h>
#include <stdlib.h>

enum { RUNGS_MOST = 12, EVEN_TIMESCALE = 90000, LEAST_TIMESCALE = 10000, MOST_TIMESCALE = 1000000 };

struct pictures {
    struct pictures_setup setup;
    struct filter *filter;
    struct timeline timeline;
    struct rung *rungs[RUNGS_MOST];
    size_t rung_count; /* video renditions of the plan */
    size_t rungs_open; /* of these started: none or all */
    struct still still;
    AVFrame *filtered;     /* the frame just taken from the filter */
    AVFrame *last;         /* the picture shown last, for repeating it */
    int64_t last_duration; /* of the newest decoded frame, in units of the source */
    bool joined;
};

void pictures_close(struct pictures *pictures) {
    if (!pictures) return;
    for (size_t i = 0; i < pictures->rungs_open && !pictures->joined; i++) {
        rung_drop(pictures->rungs[i]);
    }
    for (size_t i = 0; i < pictures->rungs_open; i++) {
        struct rung_made ignored;
        if (!pictures->joined) rung_join(pictures->rungs[i], &ignored);
    }
    for (size_t i = 0; i < pictures->rungs_open; i++) rung_close(pictures->rungs[i]);
    filter_close(pictures->filter);
    still_done(&pictures->still);
    av_frame_free(&pictures->filtered);
    av_frame_free(&pictures->last);
    free(pictures);
}

void pictures_done(struct pictures **pictures) {
    pictures_close(*pictures);
    *pictures = NULL;
}

/* The unit of all times. For an even frame rate one in which a frame is a whole number of units. */
static void choose_timescale(const struct pictures_setup *setup, struct timeline *timeline) {
    double kept = setup->plan->frame_rate;
    AVRational rate = av_d2q(kept, MOST_TIMESCALE / 2); /* gives 24000/1001 and the like exactly */
    timeline->timescale = EVEN_TIMESCALE;
    timeline->frame = llround(EVEN_TIMESCALE / kept);
    if (rate.num <= 0 || rate.den <= 0 || setup->plan->variable_frame_rate) return;
    timeline->even = true;
    timeline->timescale = rate.num;
    timeline->frame = rate.den;
    while (timeline->timescale < LEAST_TIMESCALE) {
        timeline->timescale *= 2;
        timeline->frame *= 2;
    }
}

static struct timeline timeline_of(const struct pictures_setup *setup) {
    enum { UNKNOWN_MOST_S = 4 * 3600, BEHIND_MOST_S = 60, FASTEST = 60 };
    const struct media_plan *plan = setup->plan;
    struct timeline timeline = {.keys_a_segment = plan->segment_ms / plan->key_interval_ms};
    choose_timescale(setup, &timeline);
    double gap = plan->thinned ? 0.9 / plan->frame_rate : 0.75 / fmax(FASTEST, plan->frame_rate);
    timeline.least_gap = (int64_t)(gap * (double)timeline.timescale);
    timeline.key_interval = timeline.timescale * plan->key_interval_ms / 1000;
    if (timeline.keys_a_segment < 1) timeline.keys_a_segment = 1;
    int64_t most_s =
        plan->duration_ms == NO_INT ? UNKNOWN_MOST_S : plan->duration_ms / 1000 + BEHIND_MOST_S;
    timeline.most = most_s * timeline.timescale;
    return timeline;
}

status pictures_open(struct ctx *cx, const struct pictures_setup *setup, struct pictures **out) {
    scoped(pictures_done) struct pictures *pictures = calloc(1, sizeof *pictures);
    TRY_NEW(cx, pictures);
    pictures->setup = *setup;
    for (size_t i = 0; i < setup->plan->renditions.len; i++) {
        pictures->rung_count += text_is(media_planned(setup->plan, i)->kind, "video");
    }
    if (pictures->rung_count == 0 || pictures->rung_count > RUNGS_MOST) {
        return ctx_fail(cx, BUG, "A plan with pictures has no or too many sizes.");
    }
    pictures->timeline = timeline_of(setup);
    pictures->filtered = av_frame_alloc();
    pictures->last = av_frame_alloc();
    if (!pictures->filtered || !pictures->last) return ctx_no_memory(cx);
    TRY(filter_open(cx, setup->plan, setup->time_base, setup->threads, &pictures->filter));
    *out = move(&pictures);
    return OK;
}

/* A rung's threads by its share of all pixels. */
static int threads_for(const struct pictures *pictures, size_t part) {
    double all = 0, own = 0;
    for (size_t i = 0; i < pictures->rung_count; i++) {
        const struct media_rendition_plan *plan = media_planned(pictures->setup.plan, i);
        double pixels = (double)plan->width * (double)plan->height;
        all += pixels;
        if (i == part) own = pixels;
    }
    int threads = (int)lround(own / all * pictures->setup.threads);
    return threads < 1 ? 1 : threads > 16 ? 16 : threads;
}

/* From the smallest up, as each needs the one below it. */
static status open_rungs(struct ctx *cx, struct pictures *pictures, const AVFrame *frame) {
    const struct pictures_setup *setup = &pictures->setup;
    struct rung *below = NULL;
    for (size_t left = pictures->rung_count; left > 0; left--) {
        struct rung_setup rung = {
            .plan = setup->plan,
            .part = left - 1,
            .fd = setup->fds[left - 1],
            .timescale = (int)pictures->timeline.timescale,
            .frame_units = pictures->timeline.frame,
            .even = pictures->timeline.even,
            .colour = setup->plan->tone_map ? colour_standard() : colour_of(frame),
            .threads = threads_for(pictures, left - 1),
            .below = below,
            .report = setup->report,
        };
        status opened = rung_open(cx, &rung, &below);
        if (opened != OK) { /* the smaller ones wait for pictures: end them here */
            report_fail(setup->report, opened, cx);
            for (size_t i = left; i < pictures->rung_count; i++) {
                struct rung_made ignored;
                rung_drop(pictures->rungs[i]);
                rung_join(pictures->rungs[i], &ignored);
                rung_close(pictures->rungs[i]);
            }
            return opened;
        }
        pictures->rungs[left - 1] = below;
    }
    pictures->rungs_open = pictures->rung_count;
    return OK;
}

/* Hands one step's picture to the largest rung. */
static status show(struct ctx *cx, struct pictures *pictures, const struct timeline_step *step,
                   const AVFrame *frame) {
    struct picture picture = {.frame = av_frame_clone(frame),
                              .time = step->time,
                              .key = step->key,
                              .segment = step->segment};
    TRY_NEW(cx, picture.frame);
    if (rung_push(pictures->rungs[0], &picture)) return OK;
    av_frame_free(&picture.frame);
    return GONE; /* the report holds the reason */
}

static int64_t to_units(const struct pictures *pictures, int64_t time, AVRational base) {
    if (time == AV_NOPTS_VALUE) return TIMELINE_NO_TIME;
    AVRational unit = {1, (int)pictures->timeline.timescale};
    return av_rescale_q(time, base, unit);
}

/* Gives the filtered frame its time and shows it, after repeats of its predecessor where a gap is.
 */
static status place(struct ctx *cx, struct pictures *pictures) {
    const struct media_plan *plan = pictures->setup.plan;
    AVFrame *frame = pictures->filtered;
    int64_t claimed = to_units(pictures, frame->pts, filter_time_base(pictures->filter));
    int64_t duration = to_units(pictures, pictures->last_duration, pictures->setup.time_base);
    if (!pictures->rungs_open) TRY(open_rungs(cx, pictures, frame));
    struct timeline_step step;
    bool more = true;
    while (more) {
        if (!timeline_next(&pictures->timeline, claimed, duration, &step, &more)) return OK;
        TRY(show(cx, pictures, &step, step.repeat ? pictures->last : frame));
    }
    int64_t time_ms = av_rescale(step.time, 1000, pictures->timeline.timescale);
    TRY(still_offer(cx, &pictures->still, frame, time_ms, plan->duration_ms));
    av_frame_unref(pictures->last);
    av_frame_move_ref(pictures->last, frame);
    return OK;
}

static status place_all(struct ctx *cx, struct pictures *pictures) {
    while (true) {
        bool there = false;
        TRY(filter_take(cx, pictures->filter, pictures->filtered, &there));
        if (!there) return OK;
        status placed = place(cx, pictures);
        av_frame_unref(pictures->filtered);
        TRY(placed);
    }
}

status pictures_push(struct ctx *cx, struct pictures *pictures, AVFrame *frame) {
    frame->pts = frame->best_effort_timestamp;
    if (frame->pts != AV_NOPTS_VALUE) frame->pts -= pictures->setup.origin;
    pictures->last_duration = frame->pkt_duration > 0 ? frame->pkt_duration : 0;
    report_frame(pictures->setup.report);
    TRY(filter_send(cx, pictures->filter, frame));
    return place_all(cx, pictures);
}

status pictures_flush(struct ctx *cx, struct pictures *pictures) {
    TRY(filter_send(cx, pictures->filter, NULL));
    return place_all(cx, pictures);
}

int64_t pictures_length_ms(const struct pictures *pictures) {
    return av_rescale(timeline_end(&pictures->timeline), 1000, pictures->timeline.timescale);
}

/* Shows the last picture again at each key time up to the end given, and gives where it ends then.
 */
static status hold_last(struct ctx *cx, struct pictures *pictures, int64_t least_ms,
                        int64_t *out_end) {
    enum { SMALL_MS = 250 };
    struct timeline *timeline = &pictures->timeline;
    int64_t end = timeline_end(timeline);
    int64_t least = av_rescale(least_ms, timeline->timescale, 1000);
    *out_end = end;
    if (least - end < timeline->timescale * SMALL_MS / 1000) return OK;
    struct timeline_step step;
    bool more = true;
    while (more && timeline_next(timeline, least, 0, &step, &more) && step.repeat) {
        TRY(show(cx, pictures, &step, pictures->last));
    }
    *out_end = least;
    return OK;
}

status pictures_finish(struct ctx *cx, struct pictures *pictures, int64_t least_ms,
                       struct rung_made *out) {
    if (!pictures->rungs_open) {
        return ctx_fail(cx, INVALID, "Not one picture of the film could be decoded.");
    }
    int64_t end = 0;
    TRY(hold_last(cx, pictures, least_ms, &end));
    rung_end(pictures->rungs[0], end);
    pictures->joined = true;
    for (size_t i = 0; i < pictures->rung_count; i++) rung_join(pictures->rungs[i], &out[i]);
    return report_result(pictures->setup.report, cx);
}

status pictures_thumbnail(struct ctx *cx, struct pictures *pictures, text *out) {
    const struct media_rendition_plan *top = media_planned(pictures->setup.plan, 0);
    return still_make(cx, &pictures->still, top->width, top->height, out);
}
