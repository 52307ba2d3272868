/* pictures.h: the picture side of a run: decoded frames in, all rungs out.
 *
 * Frames are filtered, given reliable times (timeline.h) and handed to the largest rung, from which
 * the others take them. The rungs start with the first frame, because only it tells its colours.
 * Owns: filter, rungs, thumbnail candidates. Threads: the caller's feeds; rungs have their own. */
#ifndef MEDIA_ENGINE_PICTURES_H
#define MEDIA_ENGINE_PICTURES_H

#include "media/engine/report.h"
#include "media/engine/rung.h"

#include <libavformat/avformat.h>

struct pictures;

/** What is made and from what. Everything must outlive it. */
struct pictures_setup {
    const struct media_plan *plan;
    const int *fds;       /**< Outputs in the plan's order. */
    AVRational time_base; /**< Of the frames' times. */
    int64_t origin;       /**< Time in that unit which is the film's zero. */
    int threads;
    struct report *report;
};

/** Prepares. The caller ends it with pictures_close. */
status pictures_open(struct ctx *cx, const struct pictures_setup *setup,
                     struct pictures **out) CHECKED;

/** Takes a decoded frame (leaving it blank). GONE: a rung has failed and the report says why. */
status pictures_push(struct ctx *cx, struct pictures *pictures, AVFrame *frame) CHECKED;

/** Takes the last frames out of the filter; then pictures_length_ms is final. */
status pictures_flush(struct ctx *cx, struct pictures *pictures) CHECKED;

/** How long the pictures are so far. */
int64_t pictures_length_ms(const struct pictures *pictures);

/** Holds the last picture until `least_ms` if the film ends much earlier, and waits for all rungs.
 *  `out` has room for each video rendition. INVALID: there was not one picture. */
status pictures_finish(struct ctx *cx, struct pictures *pictures, int64_t least_ms,
                       struct rung_made *out) CHECKED;

/** The thumbnail as JPEG in the context's arena. */
status pictures_thumbnail(struct ctx *cx, struct pictures *pictures, text *out) CHECKED;

/** Frees everything, giving up rungs that still work. NULL is fine. */
void pictures_close(struct pictures *pictures);
void pictures_done(struct pictures **pictures);

#endif
