/* rung.h: one video rendition in the making: a thread that scales, hands down, encodes and
 * packages.
 *
 * Rungs form a cascade: each scales the picture of the next larger one, passes its own down, then
 * encodes it, so that all encode at the same time and no picture is scaled from full size twice.
 * Owns: its queue, thread, encoder and file table. Invariants: every rung gets the same pictures
 * with the same times and key frames; a failure is reported once and drops the queues on both
 * sides, so that no thread waits for a dead one. Threads: rung_push from one thread; the rest as
 * named. */
#ifndef MEDIA_ENGINE_RUNG_H
#define MEDIA_ENGINE_RUNG_H

#include "media/engine/colour.h"
#include "media/engine/frame_queue.h"
#include "media/engine/report.h"
#include "media/segment_index.h"

struct rung;

/** What a rung is made from. Everything must outlive it. */
struct rung_setup {
    const struct media_plan *plan;
    size_t part;          /**< Number of the rendition in the plan. */
    int fd;               /**< Its output. */
    int timescale;        /**< Units of all times. */
    int64_t frame_units;  /**< Nominal duration of a frame, in units. */
    bool even;            /**< Frames keep to it. */
    struct colour colour; /**< Of the pictures, kept in the rendition. */
    int threads;          /**< For its encoder. */
    struct rung *below;   /**< Next smaller, or NULL. */
    struct report *report;
};

/** What it made. The text lives in the rung. */
struct rung_made {
    struct segment_index index; /**< Codecs and segments live in the rung's memory. */
    int64_t size_bytes;
};

/** Starts the rung. The caller ends it with rung_close. */
status rung_open(struct ctx *cx, const struct rung_setup *setup, struct rung **out) CHECKED;

/** Hands a picture over, waiting for room; false (it stays the caller's) when the rung has given
 * up. */
bool rung_push(struct rung *rung, struct picture *picture) CHECKED;

/** Says that all pictures are there and where the last one ends. */
void rung_end(struct rung *rung, int64_t end_time);

/** Gives up without a result: for when something else has failed. */
void rung_drop(struct rung *rung);

/** Waits until the rung is done; the result is absent when the report holds a failure. */
void rung_join(struct rung *rung, struct rung_made *out);

/** Frees it, after rung_join. NULL is fine. */
void rung_close(struct rung *rung);

#endif
