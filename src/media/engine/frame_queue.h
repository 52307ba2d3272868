/* frame_queue.h: a bounded queue of pictures between two threads.
 *
 * Owns: the references waiting in it. Invariant: never holds more than its capacity; once closed,
 * pushes fail and pops give what is left, then end; once dropped, both fail at once. Threads: one
 * pushes, one pops, any may drop. */
#ifndef MEDIA_ENGINE_FRAME_QUEUE_H
#define MEDIA_ENGINE_FRAME_QUEUE_H

#include "base/ctx.h"

#include <libavutil/frame.h>

/** A picture with its place in the film. */
struct picture {
    AVFrame *frame; /**< A reference owned by the holder. */
    int64_t time;   /**< Units of the track's timescale from zero. */
    bool key;       /**< To be a key frame. */
    bool segment;   /**< The first of a segment. */
};

struct frame_queue;

/** A queue for at most `capacity` pictures (1 to 64). Freed with frame_queue_close. */
status frame_queue_open(struct ctx *cx, size_t capacity, struct frame_queue **out) CHECKED;

/** Waits for room and hands the picture over; false (the picture stays the caller's) after
 *  closing. */
bool frame_queue_push(struct frame_queue *queue, struct picture *picture) CHECKED;

/** Waits for the next picture; false at the end. */
bool frame_queue_pop(struct frame_queue *queue, struct picture *out) CHECKED;

/** Says that nothing more comes. */
void frame_queue_end(struct frame_queue *queue);

/** Gives up: empties the queue and wakes both sides. */
void frame_queue_drop(struct frame_queue *queue);

/** Frees the queue, once no thread uses it any more. NULL is fine. */
void frame_queue_close(struct frame_queue *queue);

#endif
