/* source.h: the film as libav sees it: one descriptor, read by offset, demuxed by an allow-list.
 *
 * Nothing in a film can make it open anything else: the only protocol is the descriptor, playlists
 * and scripts are no formats here, and references to other files are refused.
 * Owns: libav's format and I/O contexts; the descriptor is the caller's. Threads: one at a time. */
#ifndef MEDIA_ENGINE_SOURCE_H
#define MEDIA_ENGINE_SOURCE_H

#include "base/ctx.h"

struct AVFormatContext;
struct AVPacket;

/** Pictures over this many pixels are not decoded at all (mission's bombs); the plan's limit for
 *  what is accepted may be lower. */
enum { SOURCE_PIXELS_MOST = 8192 * 8192 };

/** An open film; `format` is libav's view of it. */
struct source {
    struct AVFormatContext *format;
    struct AVIOContext *io;
    int fd;
    int64_t size_bytes;
    int64_t offset;
};

/** Recognises the format, opens it and reads enough to know its streams. INVALID, with what it is
 *  instead when that is known. The caller ends it with source_close. */
status source_open(struct ctx *cx, int fd, int64_t size_bytes, struct source **out) CHECKED;

/** Reads the next packet, which the caller unreferences. GONE at the end (no fault is set) and also
 *  when the rest cannot be read: what came before still counts. */
status source_read(struct ctx *cx, struct source *source, struct AVPacket *packet) CHECKED;

/** Frees it. NULL is fine. */
void source_close(struct source *source);
void source_done(struct source **source);

/** True when the codec (AVCodecID) is one we decode. */
bool source_takes_codec(int codec_id);

#endif
