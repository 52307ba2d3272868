/* encoder.c: see encoder.h. The settings are those that the project's measurements found (docs). */
#include "media/engine/encoder.h"

#include "base/scope.h"
#include "media/engine/fault.h"

#include <libavutil/opt.h>

#include <stdio.h>

/* Superfast with a short look-ahead and macroblock tree costs little more than superfast and comes
 * close to veryfast in bits. Without a pyramid only one frame is decoded ahead, so that a player
 * which overlooks edit lists is one frame off at most; that costs less than 0.0005 SSIM. The key
 * frame grid is ours alone: no others (scene cuts become plain I frames). */
static const char settings[] =
    "rc-lookahead=10:mbtree=1:subme=2:b-pyramid=none:keyint=infinite:min-keyint=1000000:open-gop=0";

void encoder_done(AVCodecContext **encoder) {
    avcodec_free_context(encoder);
}

static void describe(AVCodecContext *encoder, const struct media_rendition_plan *plan,
                     struct encoder_clock clock, struct colour colour) {
    encoder->width = (int)plan->width;
    encoder->height = (int)plan->height;
    encoder->pix_fmt = AV_PIX_FMT_YUV420P;
    encoder->time_base = (AVRational){1, clock.timescale};
    (void)av_reduce(&encoder->framerate.num, &encoder->framerate.den, clock.timescale,
                    clock.frame_units, INT32_MAX);
    encoder->sample_aspect_ratio = (AVRational){1, 1};
    encoder->color_range = AVCOL_RANGE_MPEG;
    encoder->color_primaries = colour.primaries;
    encoder->color_trc = colour.transfer;
    encoder->colorspace = colour.matrix;
    encoder->chroma_sample_location = AVCHROMA_LOC_LEFT;
    encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    encoder->rc_max_rate = plan->max_rate_bps;
    encoder->rc_buffer_size = (int)plan->buffer_bits;
}

/* Evenly spaced frames are said to be so in the stream itself (force-cfr), which some readers need
 * to know how long a frame lasts. */
static int configure(AVCodecContext *encoder, const struct media_rendition_plan *plan, bool even) {
    char parameters[256];
    (void)snprintf(parameters, sizeof parameters, "%s:force-cfr=%d", settings, even);
    int failed = av_opt_set(encoder->priv_data, "preset", "superfast", 0);
    if (failed >= 0) failed = av_opt_set(encoder->priv_data, "profile", "high", 0);
    if (failed >= 0) failed = av_opt_set(encoder->priv_data, "x264-params", parameters, 0);
    if (failed >= 0) failed = av_opt_set_double(encoder->priv_data, "crf", plan->quality, 0);
    if (failed >= 0) failed = av_opt_set_int(encoder->priv_data, "forced-idr", 1, 0);
    if (failed >= 0) failed = av_opt_set_int(encoder->priv_data, "a53cc", 0, 0);
    return failed;
}

status encoder_open(struct ctx *cx, const struct media_rendition_plan *plan,
                    struct encoder_clock clock, struct colour colour, int threads,
                    AVCodecContext **out) {
    const AVCodec *codec = avcodec_find_encoder_by_name("libx264");
    if (!codec) return ctx_fail(cx, BUG, "libx264 is missing from this installation.");
    scoped(encoder_done) AVCodecContext *encoder = avcodec_alloc_context3(codec);
    TRY_NEW(cx, encoder);
    describe(encoder, plan, clock, colour);
    encoder->thread_count = threads;
    TRY_AV(cx, configure(encoder, plan, clock.even), "The video encoder refuses its settings");
    TRY_AV(cx, avcodec_open2(encoder, codec, NULL), "The video encoder cannot start");
    *out = move(&encoder);
    return OK;
}

status encoder_send(struct ctx *cx, AVCodecContext *encoder, const AVFrame *frame) {
    int sent = avcodec_send_frame(encoder, frame);
    if (sent < 0 && sent != AVERROR_EOF) return fault_av(cx, sent, "A frame cannot be encoded");
    return OK;
}

status encoder_take(struct ctx *cx, AVCodecContext *encoder, AVPacket *packet, bool *out_there) {
    int got = avcodec_receive_packet(encoder, packet);
    *out_there = got >= 0;
    if (got >= 0 || got == AVERROR(EAGAIN) || got == AVERROR_EOF) return OK;
    return fault_av(cx, got, "A frame cannot be encoded");
}
