/* decoder.h: one stream's decoder, which goes on after damage and counts it.
 *
 * Owns: libav's codec context. Threads: one at a time (libav may run threads of its own below). */
#ifndef MEDIA_ENGINE_DECODER_H
#define MEDIA_ENGINE_DECODER_H

#include "base/ctx.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

/** An open decoder. Its counts may be read; the rest is its own. */
struct decoder {
    AVCodecContext *codec;
    AVRational time_base; /**< Of packets and frames: the stream's. */
    int64_t frames;       /**< Given out so far. */
    int64_t damaged;      /**< Packets that could not be decoded. */
};

/** Opens a decoder of the allow-list for the stream with so many threads. INVALID: none for it. The
 *  caller ends it with decoder_close. */
status decoder_open(struct ctx *cx, const AVStream *stream, int threads,
                    struct decoder **out) CHECKED;

/** Gives it a packet, NULL at the end of the stream; then take all frames before the next one.
 *  Packets that are damaged are counted and no error. */
status decoder_send(struct ctx *cx, struct decoder *decoder, const AVPacket *packet) CHECKED;

/** Takes the next frame if one is ready (`*out_there`); the caller unreferences it. */
status decoder_take(struct ctx *cx, struct decoder *decoder, AVFrame *frame,
                    bool *out_there) CHECKED;

/** Frees it. NULL is fine. */
void decoder_close(struct decoder *decoder);
void decoder_done(struct decoder **decoder);

#endif
