/* sound.h: the one audio rendition: resampled, down-mixed, AAC-encoded, packaged.
 *
 * Gaps are filled with silence and overlaps cut, so that sound stays with the picture; it begins at
 * time zero of the film however late the source's begins. Owns: filter graph, encoder, file table.
 * Threads: one at a time; all happens in the caller's. */
#ifndef MEDIA_ENGINE_SOUND_H
#define MEDIA_ENGINE_SOUND_H

#include "media/engine/report.h"
#include "media/segment_index.h"

#include <libavutil/frame.h>

struct sound;

/** What it is made from. Everything must outlive it. */
struct sound_setup {
    const struct media_plan *plan;
    size_t part;          /**< Number of the rendition in the plan. */
    int fd;               /**< Its output. */
    AVRational time_base; /**< Of the frames' times. */
    int64_t origin;       /**< Time in that unit which is the film's zero. */
    struct report *report;
};

/** Starts the encoder. The caller ends it with sound_close. */
status sound_open(struct ctx *cx, const struct sound_setup *setup, struct sound **out) CHECKED;

/** Takes a decoded frame (leaving it blank). */
status sound_push(struct ctx *cx, struct sound *sound, AVFrame *frame) CHECKED;

/** How long the sound is so far. */
int64_t sound_length_ms(const struct sound *sound);

/** Encodes what is left, lengthens it with silence to `least_ms` (players stop where one track
 *  ends) and completes the file; the index lives in the context's arena. */
status sound_finish(struct ctx *cx, struct sound *sound, int64_t least_ms,
                    struct segment_index *out, int64_t *out_size_bytes) CHECKED;

/** Frees it. NULL is fine. */
void sound_close(struct sound *sound);
void sound_done(struct sound **sound);

#endif
