/* still.h: the film's thumbnail: the best of some frames, as a JPEG.
 *
 * Frames between a tenth and a quarter of the film are preferred, dull ones (black, white, blurred)
 * avoided. Owns: a reference to the best frame so far. Threads: one at a time. */
#ifndef MEDIA_ENGINE_STILL_H
#define MEDIA_ENGINE_STILL_H

#include "media/media.h"

#include <libavutil/frame.h>

/** The best frame so far. */
struct still {
    AVFrame *best;
    double best_score;
    int64_t next_ms; /**< Frames before it are not looked at. */
};

/** Looks at a frame at that time of the film and keeps it if it is the best so far. Zero-initialise
 *  the still before the first. */
status still_offer(struct ctx *cx, struct still *still, const AVFrame *frame, int64_t time_ms,
                   int64_t duration_ms) CHECKED;

/** The best frame as JPEG, at most 640 pixels wide and in the shape of width × height, in the
 *  context's arena; absent when there was no frame. */
status still_make(struct ctx *cx, struct still *still, int64_t width, int64_t height,
                  text *out) CHECKED;

/** Frees what it holds. */
void still_done(struct still *still);

#endif
