/* rung.c: see rung.h. */
#include "media/engine/rung.h"

#include "base/scope.h"
#include "base/thread.h"
#include "media/engine/avc.h"
#include "media/engine/cmaf.h"
#include "media/engine/encoder.h"
#include "media/engine/scaler.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARENA_BYTES = 64 * 1024 * 1024, QUEUE_BYTES = 48 * 1024 * 1024, KEYS_MOST = 512 };

/* Key frames that were asked for and have not come out of the encoder yet. */
struct keys {
    struct {
        int64_t time;
        bool segment;
    } at[KEYS_MOST];
    size_t first, count;
};

struct rung {
    struct rung_setup setup;
    const struct media_rendition_plan *plan;
    struct frame_queue *queue;
    pthread_t thread;
    bool running;
    _Atomic int64_t end_time;
    struct arena *arena; /* of the thread */
    struct ctx cx;
    struct scaler *scaler;
    AVCodecContext *encoder;
    AVPacket *packet;
    struct cmaf *cmaf;
    struct keys keys;
    struct rung_made made;
};

void rung_close(struct rung *rung) {
    if (!rung) return;
    frame_queue_close(rung->queue);
    scaler_close(rung->scaler);
    encoder_done(&rung->encoder);
    av_packet_free(&rung->packet);
    cmaf_close(rung->cmaf);
    arena_free(rung->arena);
    free(rung);
}

static void rung_done(struct rung **rung) {
    rung_close(*rung);
}

static void frame_done(AVFrame **frame) {
    av_frame_free(frame);
}

/* Starts a file of what the encoder says about itself. */
static status open_file(struct rung *rung) {
    struct ctx *cx = &rung->cx;
    const struct rung_setup *setup = &rung->setup;
    struct avc_config config = {0};
    TRY(avc_config_from(cx, rung->encoder->extradata, (size_t)rung->encoder->extradata_size,
                        &config));
    int64_t duration_ms = setup->plan->duration_ms;
    int64_t expected = duration_ms == NO_INT ? 900 : duration_ms / setup->plan->segment_ms;
    struct cmaf_track track = {
        .kind = SEGMENT_INDEX_VIDEO,
        .codecs = config.codecs,
        .timescale = (uint32_t)setup->timescale,
        .config = config.record.at,
        .config_size = config.record.len,
        .width = (unsigned)rung->plan->width,
        .height = (unsigned)rung->plan->height,
        .frame_rate_milli = (uint32_t)av_rescale(setup->timescale, 1000, setup->frame_units),
        .reorder = (unsigned)rung->encoder->has_b_frames,
        .delay = (uint32_t)(rung->encoder->has_b_frames * setup->frame_units),
        .primaries = setup->colour.primaries,
        .transfer = setup->colour.transfer,
        .matrix = setup->colour.matrix,
        .segments_expected = (uint32_t)(expected + expected / 10 + 8),
    };
    status opened = cmaf_open(cx, setup->fd, &track, &rung->cmaf);
    bytes_done(&config.record);
    return opened;
}

/* Ends what came before a key frame of the grid. */
static status begin_fragment(struct rung *rung, int64_t time) {
    struct keys *keys = &rung->keys;
    if (keys->count == 0 || keys->at[keys->first].time != time) return OK;
    bool segment = keys->at[keys->first].segment;
    keys->first = (keys->first + 1) % KEYS_MOST;
    keys->count--;
    TRY(cmaf_end_fragment(&rung->cx, rung->cmaf, time, false));
    return segment ? cmaf_end_segment(&rung->cx, rung->cmaf) : OK;
}

static status store_packet(struct rung *rung) {
    const AVPacket *packet = rung->packet;
    bool key = (packet->flags & AV_PKT_FLAG_KEY) != 0;
    if (key) TRY(begin_fragment(rung, packet->pts));
    struct bytes *data = NULL;
    TRY(cmaf_sample(&rung->cx, rung->cmaf, packet->pts, 0, key, &data));
    avc_append_sample(data, packet->data, (size_t)packet->size);
    report_position(rung->setup.report, rung->setup.part,
                    av_rescale(packet->pts, 1000, rung->setup.timescale));
    return OK;
}

/* Encodes a frame (NULL: the end) and stores what comes out. */
static status encode(struct rung *rung, const AVFrame *frame) {
    TRY(encoder_send(&rung->cx, rung->encoder, frame));
    while (true) {
        bool there = false;
        TRY(encoder_take(&rung->cx, rung->encoder, rung->packet, &there));
        if (!there) return OK;
        status stored = store_packet(rung);
        av_packet_unref(rung->packet);
        TRY(stored);
    }
}

static status remember_key(struct rung *rung, const struct picture *picture) {
    struct keys *keys = &rung->keys;
    if (!picture->key) return OK;
    if (keys->count == KEYS_MOST)
        return ctx_fail(&rung->cx, BUG, "An encoder swallows key frames.");
    size_t at = (keys->first + keys->count++) % KEYS_MOST;
    keys->at[at].time = picture->time;
    keys->at[at].segment = picture->segment;
    return OK;
}

/* A reference for the rung below. When that has given up the report knows why. */
static status hand_down(struct rung *rung, const struct picture *picture, const AVFrame *scaled) {
    if (!rung->setup.below) return OK;
    struct picture copy = *picture;
    copy.frame = av_frame_clone(scaled);
    TRY_NEW(&rung->cx, copy.frame);
    if (rung_push(rung->setup.below, &copy)) return OK;
    av_frame_free(&copy.frame);
    return ctx_fail(&rung->cx, GONE, "A smaller rendition has failed.");
}

static status take_picture(struct rung *rung, const struct picture *picture) {
    scoped(frame_done) AVFrame *scaled = NULL;
    TRY(scaler_run(&rung->cx, rung->scaler, picture->frame, &scaled));
    TRY(hand_down(rung, picture, scaled));
    TRY(remember_key(rung, picture));
    scaled->pts = picture->time;
    scaled->pict_type = picture->key ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    return encode(rung, scaled);
}

static status finish(struct rung *rung) {
    TRY(encode(rung, NULL));
    TRY(cmaf_end_fragment(&rung->cx, rung->cmaf, atomic_load(&rung->end_time), true));
    TRY(cmaf_finish(&rung->cx, rung->cmaf, &rung->made.index, &rung->made.size_bytes));
    report_position(rung->setup.report, rung->setup.part, INT64_MAX);
    return OK;
}

static status work(struct rung *rung) {
    struct picture picture;
    while (frame_queue_pop(rung->queue, &picture)) {
        status taken = take_picture(rung, &picture);
        av_frame_free(&picture.frame);
        TRY(taken);
    }
    if (report_failed(rung->setup.report)) return OK; /* dropped: nothing to complete */
    if (rung->setup.below) rung_end(rung->setup.below, atomic_load(&rung->end_time));
    return finish(rung);
}

static void *run(void *argument) {
    struct rung *rung = argument;
    status result = work(rung);
    if (result != OK) {
        report_fail(rung->setup.report, result, &rung->cx);
        frame_queue_drop(rung->queue);
    }
    if (rung->setup.below && report_failed(rung->setup.report)) rung_drop(rung->setup.below);
    return NULL;
}

static size_t capacity_of(int64_t width, int64_t height) {
    int64_t frames = QUEUE_BYTES / (width * height * 3 / 2);
    return frames < 2 ? 2 : frames > 12 ? 12 : (size_t)frames;
}

status rung_open(struct ctx *cx, const struct rung_setup *setup, struct rung **out) {
    scoped(rung_done) struct rung *rung = calloc(1, sizeof *rung);
    TRY_NEW(cx, rung);
    rung->setup = *setup;
    rung->plan = media_planned(setup->plan, setup->part);
    rung->arena = arena_new(ARENA_BYTES);
    rung->packet = av_packet_alloc();
    if (!rung->arena || !rung->packet) return ctx_no_memory(cx);
    TRY(frame_queue_open(cx, capacity_of(rung->plan->width, rung->plan->height), &rung->queue));
    TRY(scaler_open(cx, (int)rung->plan->width, (int)rung->plan->height, setup->colour.matrix,
                    &rung->scaler));
    struct encoder_clock clock = {setup->timescale, setup->frame_units, setup->even};
    TRY(encoder_open(cx, rung->plan, clock, setup->colour, setup->threads, &rung->encoder));
    rung->cx = (struct ctx){.arena = rung->arena};
    status opened = open_file(rung);
    if (opened != OK) return ctx_fail(cx, opened, "%s", rung->cx.fault.detail);
    if (thread_start(&rung->thread, "rung", run, rung) != OK) {
        return ctx_no_memory(cx);
    }
    rung->running = true;
    *out = move(&rung);
    return OK;
}

bool rung_push(struct rung *rung, struct picture *picture) {
    return frame_queue_push(rung->queue, picture);
}

void rung_end(struct rung *rung, int64_t end_time) {
    atomic_store(&rung->end_time, end_time);
    frame_queue_end(rung->queue);
}

void rung_drop(struct rung *rung) {
    frame_queue_drop(rung->queue);
}

void rung_join(struct rung *rung, struct rung_made *out) {
    if (rung->running) thread_join(rung->thread);
    rung->running = false;
    *out = rung->made;
}
