/* cmaf.c: gathers samples into fragments and segments and writes them. See cmaf.h.
 *
 * Owns: the samples of the present fragment and the table of finished segments (malloc). */
#include "media/engine/cmaf.h"

#include "base/scope.h"
#include "media/engine/cmaf_box.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FRAGMENT_MOST_SAMPLES = 100000, REORDER_MOST = 16, SEGMENTS_MOST = SEGMENT_INDEX_MOST };

struct cmaf {
    int fd;
    enum segment_index_kind kind;
    char codecs[16];
    uint32_t timescale;
    uint32_t priming;
    unsigned width, height;
    uint32_t init_bytes;
    uint32_t frame_rate_milli;
    size_t duration_at; /* offset of the duration in mehd */
    uint64_t sidx_at;   /* reserved room for the sidx */
    size_t sidx_room;
    uint64_t end_bytes;           /* where the next fragment goes */
    int64_t end_time;             /* what is written lasts until here */
    size_t reorder;               /* frames decoded ahead of being shown */
    int64_t before[REORDER_MOST]; /* when the latest so many frames are shown */
    int64_t delay;                /* how much later than they say frames are shown */
    int64_t last_decode;          /* decode time of the last frame; -1 before the first */
    uint32_t sequence;
    int64_t frames;
    struct bytes data; /* the present fragment's */
    struct cmaf_box_sample *samples;
    size_t sample_count, sample_room;
    size_t data_told;       /* bytes of `data` that belong to samples before the last */
    struct segment segment; /* the present one; empty while size_bytes is 0 */
    struct segment *segments;
    size_t segment_count, segment_room;
};

static status write_at(struct ctx *cx, const struct cmaf *cmaf, const void *from, size_t size,
                       uint64_t offset) {
    const char *at = from;
    while (size > 0) {
        ssize_t done = pwrite(cmaf->fd, at, size, (off_t)offset);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0 && (errno == ENOSPC || errno == EDQUOT)) {
            return ctx_fail(cx, IO, "The disk is full; free space and try again.");
        }
        if (done < 0 && errno == EFBIG) {
            return ctx_fail(cx, QUOTA, "The film's renditions grew larger than is allowed.");
        }
        if (done < 0) return ctx_fail_errno(cx, "Writing", "a rendition");
        at += done;
        size -= (size_t)done;
        offset += (uint64_t)done;
    }
    return OK;
}

void cmaf_close(struct cmaf *cmaf) {
    if (!cmaf) return;
    bytes_done(&cmaf->data);
    free(cmaf->samples);
    free(cmaf->segments);
    free(cmaf);
}

static void cmaf_done(struct cmaf **cmaf) {
    cmaf_close(*cmaf);
}

static void put_free(struct bytes *out, size_t size) {
    bytes_put_u32(out, (uint32_t)size);
    bytes_put(out, "free", 4);
    bytes_put_zeros(out, size - 8);
}

status cmaf_open(struct ctx *cx, int fd, const struct cmaf_track *track, struct cmaf **out) {
    enum { SIDX_MOST = 65535 };
    scoped(cmaf_done) struct cmaf *cmaf = calloc(1, sizeof *cmaf);
    TRY_NEW(cx, cmaf);
    *cmaf = (struct cmaf){.fd = fd,
                          .kind = track->kind,
                          .timescale = track->timescale,
                          .priming = track->priming,
                          .width = track->width,
                          .height = track->height};
    cmaf->reorder = track->reorder < REORDER_MOST ? track->reorder : REORDER_MOST;
    cmaf->delay = track->delay;
    cmaf->frame_rate_milli = track->frame_rate_milli;
    cmaf->last_decode = -1;
    (void)strncat(cmaf->codecs, track->codecs, sizeof cmaf->codecs - 1);
    scoped(bytes_done) struct bytes init = {0};
    cmaf_box_init(&init, track, &cmaf->duration_at);
    cmaf->init_bytes = (uint32_t)init.len;
    cmaf->sidx_at = init.len;
    size_t expected = track->segments_expected < SIDX_MOST ? track->segments_expected : SIDX_MOST;
    cmaf->sidx_room = cmaf_box_sidx_size(expected) + 8;
    put_free(&init, cmaf->sidx_room);
    if (init.failed) return ctx_no_memory(cx);
    TRY(write_at(cx, cmaf, init.at, init.len, 0));
    cmaf->end_bytes = init.len;
    *out = move(&cmaf);
    return OK;
}

/* The last sample's size is known once the next begins or the fragment ends. */
static void settle_sample(struct cmaf *cmaf) {
    if (cmaf->sample_count == 0) return;
    struct cmaf_box_sample *last = &cmaf->samples[cmaf->sample_count - 1];
    last->size_bytes = (uint32_t)(cmaf->data.len - cmaf->data_told);
    cmaf->data_told = cmaf->data.len;
}

status cmaf_sample(struct ctx *cx, struct cmaf *cmaf, int64_t time, uint32_t duration, bool key,
                   struct bytes **out_data) {
    settle_sample(cmaf);
    if (cmaf->sample_count == cmaf->sample_room) {
        size_t room = cmaf->sample_room ? cmaf->sample_room * 2 : 256;
        if (room > FRAGMENT_MOST_SAMPLES) return ctx_fail(cx, BUG, "A fragment never ends.");
        struct cmaf_box_sample *grown = realloc(cmaf->samples, room * sizeof *grown);
        TRY_NEW(cx, grown);
        cmaf->samples = grown;
        cmaf->sample_room = room;
    }
    if (cmaf->data.failed) return ctx_no_memory(cx);
    cmaf->samples[cmaf->sample_count++] =
        (struct cmaf_box_sample){.time = time, .duration = duration, .key = key};
    *out_data = &cmaf->data;
    return OK;
}

static int compare_times(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* Video: the n-th frame in decode order is decoded at the n-th time of showing, so that a segment's
 * first decode time is its own time. All frames are shown `delay` later than they say, which the
 * edit list takes back, so that none is shown before it is decoded; where frames are far apart the
 * decode time is held back to ensure that. `end` is where the next fragment begins, or with
 * `last_one` the film ends. */
static status assign_video_times(struct ctx *cx, struct cmaf *cmaf, int64_t end, bool last_one) {
    size_t count = cmaf->sample_count, reorder = cmaf->reorder;
    scoped(scope_free) int64_t *times = calloc(reorder + count + 1, sizeof *times);
    TRY_NEW(cx, times);
    int64_t *shown = times + reorder; /* times[i] is the time `reorder` places before shown[i] */
    memcpy(times, cmaf->before, reorder * sizeof *times);
    for (size_t i = 0; i < count; i++) shown[i] = cmaf->samples[i].time;
    qsort(shown, count, sizeof *shown, compare_times);
    shown[count] = end;
    int64_t last = cmaf->last_decode;
    for (size_t i = 0; i <= count; i++) {
        int64_t latest = times[i] + cmaf->delay;
        int64_t time = shown[i] < latest || (last_one && i == count) ? shown[i] : latest;
        if (time <= last) time = last + 1;
        if (i < count) cmaf->samples[i].decode_time = time;
        if (i > 0) cmaf->samples[i - 1].duration = (uint32_t)(time - last);
        if (i < count) cmaf->last_decode = time;
        last = time;
    }
    for (size_t i = 0; i < count; i++) cmaf->samples[i].time += cmaf->delay;
    memcpy(cmaf->before, times + count, reorder * sizeof *times);
    return OK;
}

static int64_t first_shown(const struct cmaf *cmaf) {
    int64_t first = cmaf->samples[0].time;
    for (size_t i = 1; i < cmaf->sample_count; i++) {
        if (cmaf->samples[i].time < first) first = cmaf->samples[i].time;
    }
    return first;
}

static status assign_times(struct ctx *cx, struct cmaf *cmaf, int64_t end, bool last) {
    int64_t first = first_shown(cmaf);
    if (first < cmaf->end_time || end <= first || end - first > UINT32_MAX) {
        return ctx_fail(cx, BUG, "Fragments are not in order.");
    }
    if (cmaf->kind == SEGMENT_INDEX_VIDEO) return assign_video_times(cx, cmaf, end, last);
    for (size_t i = 0; i < cmaf->sample_count; i++) {
        cmaf->samples[i].decode_time = cmaf->samples[i].time;
    }
    return OK;
}

/* Adds the fragment to the present segment. */
static void count_in(struct cmaf *cmaf, size_t head_size, int64_t duration) {
    struct segment *segment = &cmaf->segment;
    size_t size = head_size + cmaf->data.len;
    if (segment->size_bytes == 0) {
        segment->offset_bytes = cmaf->end_bytes;
        bool video = cmaf->kind == SEGMENT_INDEX_VIDEO;
        segment->key_bytes = video ? (uint32_t)head_size + cmaf->samples[0].size_bytes : 0;
    }
    segment->size_bytes += (uint32_t)size;
    segment->duration += (uint32_t)duration;
    cmaf->end_bytes += size;
    cmaf->frames += (int64_t)cmaf->sample_count;
    cmaf->sample_count = 0;
    cmaf->data_told = 0;
    bytes_clear(&cmaf->data);
}

status cmaf_end_fragment(struct ctx *cx, struct cmaf *cmaf, int64_t end, bool last) {
    if (cmaf->sample_count == 0) return OK;
    settle_sample(cmaf);
    if (cmaf->data.failed) return ctx_no_memory(cx);
    int64_t from = first_shown(cmaf);
    TRY(assign_times(cx, cmaf, end, last));
    scoped(bytes_done) struct bytes head = {0};
    cmaf_box_fragment(&head, cmaf->kind, ++cmaf->sequence, cmaf->samples, cmaf->sample_count,
                      cmaf->data.len);
    if (head.failed) return ctx_no_memory(cx);
    TRY(write_at(cx, cmaf, head.at, head.len, cmaf->end_bytes));
    TRY(write_at(cx, cmaf, cmaf->data.at, cmaf->data.len, cmaf->end_bytes + head.len));
    if (cmaf->end_time == 0) from += cmaf->priming; /* skipped by the edit: not shown */
    cmaf->end_time = end;
    count_in(cmaf, head.len, end > from ? end - from : 1);
    return OK;
}

status cmaf_end_segment(struct ctx *cx, struct cmaf *cmaf) {
    if (cmaf->segment.size_bytes == 0) return OK;
    if (cmaf->segment_count == cmaf->segment_room) {
        size_t room = cmaf->segment_room ? cmaf->segment_room * 2 : 64;
        if (room > 2 * SEGMENTS_MOST) return ctx_fail(cx, QUOTA, "The film has too many segments.");
        struct segment *grown = realloc(cmaf->segments, room * sizeof *grown);
        TRY_NEW(cx, grown);
        cmaf->segments = grown;
        cmaf->segment_room = room;
    }
    cmaf->segments[cmaf->segment_count++] = cmaf->segment;
    cmaf->segment = (struct segment){0};
    return OK;
}

/* Fills the reserved room with the sidx and a free box, if both fit. */
static status write_sidx(struct ctx *cx, struct cmaf *cmaf, const struct segment_index *index) {
    size_t size = cmaf_box_sidx_size(index->count);
    if (index->count > UINT16_MAX || size + 8 > cmaf->sidx_room) return OK;
    scoped(bytes_done) struct bytes boxes = {0};
    cmaf_box_sidx(&boxes, index, cmaf->sidx_room - size);
    put_free(&boxes, cmaf->sidx_room - size);
    if (boxes.failed) return ctx_no_memory(cx);
    return write_at(cx, cmaf, boxes.at, boxes.len, cmaf->sidx_at);
}

static status write_duration(struct ctx *cx, struct cmaf *cmaf, uint64_t duration) {
    uint8_t big[8];
    for (size_t i = 0; i < sizeof big; i++) big[i] = (uint8_t)(duration >> (56 - 8 * i));
    return write_at(cx, cmaf, big, sizeof big, cmaf->duration_at);
}

static status collect(struct ctx *cx, const struct cmaf *cmaf, struct segment_index *out) {
    text codecs = NO_TEXT;
    if (text_copy(cx->arena, text_of(cmaf->codecs), &codecs) != OK) return ctx_no_memory(cx);
    const struct segment *segments =
        arena_copy(cx->arena, cmaf->segments, cmaf->segment_count * sizeof *segments);
    TRY_NEW(cx, segments);
    uint64_t units = 0;
    for (size_t i = 0; i < cmaf->segment_count; i++) units += segments[i].duration;
    bool video = cmaf->kind == SEGMENT_INDEX_VIDEO;
    double rate = (double)cmaf->frames * 1000.0 * cmaf->timescale / (double)units;
    *out = (struct segment_index){
        .kind = cmaf->kind,
        .codecs = codecs,
        .timescale = cmaf->timescale,
        .init_bytes = cmaf->init_bytes,
        .width = (uint16_t)cmaf->width,
        .height = (uint16_t)cmaf->height,
        .frame_rate_milli = !video                   ? 0
                            : cmaf->frame_rate_milli ? cmaf->frame_rate_milli
                                                     : (uint32_t)(rate + 0.5),
        .count = (uint32_t)cmaf->segment_count,
        .segments = segments,
    };
    return OK;
}

status cmaf_finish(struct ctx *cx, struct cmaf *cmaf, struct segment_index *out,
                   int64_t *out_size_bytes) {
    TRY(cmaf_end_segment(cx, cmaf));
    if (cmaf->segment_count == 0 || cmaf->segment_count > SEGMENTS_MOST) {
        return ctx_fail(cx, INVALID, "Nothing in the film could be decoded.");
    }
    struct segment_index index;
    TRY(collect(cx, cmaf, &index));
    segment_index_measure(&index);
    TRY(write_sidx(cx, cmaf, &index));
    int64_t shown = cmaf->end_time - cmaf->priming;
    TRY(write_duration(cx, cmaf, shown > 0 ? (uint64_t)shown : 1));
    *out = index;
    *out_size_bytes = (int64_t)cmaf->end_bytes;
    return OK;
}
