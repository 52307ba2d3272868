/* decoder.c: see decoder.h. */
#include "media/engine/decoder.h"

#include "base/scope.h"
#include "media/engine/fault.h"
#include "media/engine/source.h"

#include <libavcodec/avcodec.h>

#include <stdlib.h>

void decoder_close(struct decoder *decoder) {
    if (!decoder) return;
    avcodec_free_context(&decoder->codec);
    free(decoder);
}

void decoder_done(struct decoder **decoder) {
    decoder_close(*decoder);
    *decoder = NULL;
}

static status configure(struct ctx *cx, struct decoder *decoder, const AVStream *stream,
                        int threads) {
    AVCodecContext *codec = decoder->codec;
    TRY_AV(cx, avcodec_parameters_to_context(codec, stream->codecpar),
           "The stream's description cannot be used");
    codec->pkt_timebase = stream->time_base;
    codec->thread_count = threads;
    codec->thread_type = FF_THREAD_FRAME | FF_THREAD_SLICE;
    codec->max_pixels = SOURCE_PIXELS_MOST;
    return OK;
}

status decoder_open(struct ctx *cx, const AVStream *stream, int threads, struct decoder **out) {
    const AVCodec *codec = avcodec_find_decoder(stream->codecpar->codec_id);
    if (!codec || !source_takes_codec(stream->codecpar->codec_id)) {
        return ctx_fail(cx, INVALID, "Streams of the codec '%s' cannot be decoded here.",
                        avcodec_get_name(stream->codecpar->codec_id));
    }
    scoped(decoder_done) struct decoder *decoder = calloc(1, sizeof *decoder);
    TRY_NEW(cx, decoder);
    decoder->codec = avcodec_alloc_context3(codec);
    TRY_NEW(cx, decoder->codec);
    decoder->time_base = stream->time_base;
    TRY(configure(cx, decoder, stream, threads));
    TRY_AV(cx, avcodec_open2(decoder->codec, codec, NULL), "The stream's decoder cannot start");
    *out = move(&decoder);
    return OK;
}

status decoder_send(struct ctx *cx, struct decoder *decoder, const AVPacket *packet) {
    int sent = avcodec_send_packet(decoder->codec, packet);
    if (sent == AVERROR(ENOMEM)) return ctx_no_memory(cx);
    if (sent < 0 && sent != AVERROR_EOF) decoder->damaged++;
    return OK;
}

status decoder_take(struct ctx *cx, struct decoder *decoder, AVFrame *frame, bool *out_there) {
    enum { TRIES_MOST = 64 }; /* with frame threads errors of several packets may be waiting */
    *out_there = false;
    for (int i = 0; i < TRIES_MOST; i++) {
        int got = avcodec_receive_frame(decoder->codec, frame);
        if (got == AVERROR(ENOMEM)) return ctx_no_memory(cx);
        if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return OK;
        if (got >= 0) {
            decoder->frames++;
            *out_there = true;
            return OK;
        }
        decoder->damaged++;
    }
    return OK;
}
