/* encoder.h: x264 as all rungs use it: High profile, 8 bit 4:2:0, key frames only where told.
 *
 * Owns: libav's codec context. Threads: one at a time (x264 may run threads of its own below). */
#ifndef MEDIA_ENGINE_ENCODER_H
#define MEDIA_ENGINE_ENCODER_H

#include "media/engine/colour.h"
#include "media/media.h"

#include <libavcodec/avcodec.h>

/** When frames come. */
struct encoder_clock {
    int timescale;       /**< Units a second of frames' times. */
    int64_t frame_units; /**< Nominal duration of a frame, in units. */
    bool even;           /**< Frames keep to it; else each lasts until the next. */
};

/** Opens an encoder for the rendition. The caller frees it with encoder_done. */
status encoder_open(struct ctx *cx, const struct media_rendition_plan *plan,
                    struct encoder_clock clock, struct colour colour, int threads,
                    AVCodecContext **out) CHECKED;

/** Gives it a frame (pts set, pict_type I where a key frame is wanted), NULL at the end. */
status encoder_send(struct ctx *cx, AVCodecContext *encoder, const AVFrame *frame) CHECKED;

/** Takes the next packet if one is ready (`*out_there`); the caller unreferences it. */
status encoder_take(struct ctx *cx, AVCodecContext *encoder, AVPacket *packet,
                    bool *out_there) CHECKED;

/** For scoped(). */
void encoder_done(AVCodecContext **encoder);

#endif
