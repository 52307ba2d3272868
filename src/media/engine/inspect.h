/* inspect.h: an opened source described as struct media_info, including a trial decode.
 *
 * Owns nothing; results live in the context's arena. Threads: one at a time per source. */
#ifndef MEDIA_ENGINE_INSPECT_H
#define MEDIA_ENGINE_INSPECT_H

#include "media/engine/source.h"
#include "media/media.h"

#include <libavformat/avformat.h>

/** Describes the film. Reads packets from where the source stands and decodes a few of each stream,
 *  so the source is of no use for decoding afterwards. */
status inspect(struct ctx *cx, struct source *source, struct media_info *out) CHECKED;

/** Describes one stream from its parameters alone (`decodable` = there is a decoder for it). */
status inspect_stream(struct ctx *cx, AVFormatContext *format, const AVStream *stream,
                      struct media_stream *out) CHECKED;

/** The nominal frame rate, 0/1 if unknown or absurd. */
AVRational inspect_frame_rate(AVFormatContext *format, const AVStream *stream);

/** The film's length in milliseconds, NO_INT when the file tells none that can be true. */
int64_t inspect_duration_ms(const AVFormatContext *format, int64_t size_bytes);

/** Fills what only a decoded frame tells: fields and pixel format. */
status inspect_frame(struct ctx *cx, const AVFrame *frame, struct media_stream *stream) CHECKED;

#endif
