/* still.c: see still.h. */
#include "media/engine/still.h"

#include "base/scope.h"
#include "media/engine/fault.h"

#include <libavcodec/avcodec.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

#include <math.h>

enum { WIDTH_MOST = 640, LOOKS = 60, LEAST_STEP_MS = 200, UNKNOWN_STEP_MS = 1000 };

/* Brightness (8 bit) at a place of the first plane. */
static double brightness(const AVFrame *frame, const AVPixFmtDescriptor *format, int x, int y) {
    const uint8_t *line = frame->data[0] + (ptrdiff_t)y * frame->linesize[0];
    int depth = format->comp[0].depth, step = format->comp[0].step;
    const uint8_t *at = line + (ptrdiff_t)x * step + format->comp[0].offset;
    if (depth <= 8) return at[0];
    bool big = (format->flags & AV_PIX_FMT_FLAG_BE) != 0;
    unsigned value = big ? (unsigned)at[0] << 8 | at[1] : (unsigned)at[1] << 8 | at[0];
    return (double)((value >> format->comp[0].shift) >> (depth - 8) & 0xFF);
}

/* Contrast of the picture, nearly nothing for one that is dark, bright or even all over. */
static double score_of(const AVFrame *frame) {
    enum { GRID = 48, DARK = 32, BRIGHT = 224, FLAT = 10 };
    const AVPixFmtDescriptor *format = av_pix_fmt_desc_get(frame->format);
    if (!format || (format->flags & AV_PIX_FMT_FLAG_BITSTREAM) || !frame->data[0]) return 0;
    double sum = 0, squares = 0;
    for (int i = 0; i < GRID * GRID; i++) {
        int x = (int)((int64_t)frame->width * (2 * (i % GRID) + 1) / (2 * GRID));
        int y = (int)((int64_t)frame->height * (2 * (i / GRID) + 1) / (2 * GRID));
        double value = brightness(frame, format, x, y);
        sum += value;
        squares += value * value;
    }
    double mean = sum / (GRID * GRID), variance = squares / (GRID * GRID) - mean * mean;
    double contrast = variance > 0 ? sqrt(variance) : 0;
    bool dull = mean < DARK || mean > BRIGHT || contrast < FLAT;
    return dull ? contrast * 0.01 : contrast;
}

static bool is_early(int64_t time_ms, int64_t duration_ms) {
    if (duration_ms == NO_INT || duration_ms <= 0) return time_ms >= 3000 && time_ms <= 60000;
    return time_ms * 10 >= duration_ms && time_ms * 4 <= duration_ms;
}

status still_offer(struct ctx *cx, struct still *still, const AVFrame *frame, int64_t time_ms,
                   int64_t duration_ms) {
    if (still->best && time_ms < still->next_ms) return OK;
    bool known = duration_ms != NO_INT && duration_ms > 0;
    int64_t step_ms = known ? duration_ms / LOOKS : UNKNOWN_STEP_MS;
    still->next_ms = time_ms + (step_ms < LEAST_STEP_MS ? LEAST_STEP_MS : step_ms);
    double score = score_of(frame) * (is_early(time_ms, duration_ms) ? 1.0 : 0.3);
    if (still->best && score <= still->best_score) return OK;
    AVFrame *copy = av_frame_clone(frame);
    TRY_NEW(cx, copy);
    av_frame_free(&still->best);
    still->best = copy;
    still->best_score = score;
    return OK;
}

void still_done(struct still *still) {
    av_frame_free(&still->best);
}

static void frame_done(AVFrame **frame) {
    av_frame_free(frame);
}

static void packet_done(AVPacket **packet) {
    av_packet_free(packet);
}

static void encoder_done(AVCodecContext **encoder) {
    avcodec_free_context(encoder);
}

static void sws_done(struct SwsContext **sws) {
    sws_freeContext(*sws);
}

static bool is_full_range(const AVFrame *frame) {
    const AVPixFmtDescriptor *format = av_pix_fmt_desc_get(frame->format);
    bool named = format && text_starts(text_of(format->name), TEXT("yuvj"));
    return named || frame->color_range == AVCOL_RANGE_JPEG;
}

/* JPEG means full range and the matrix of BT.601 (JFIF). */
static status shrink(struct ctx *cx, const AVFrame *from, int width, int height, AVFrame **out) {
    scoped(frame_done) AVFrame *to = av_frame_alloc();
    TRY_NEW(cx, to);
    to->format = AV_PIX_FMT_YUVJ420P;
    to->width = width;
    to->height = height;
    to->color_range = AVCOL_RANGE_JPEG;
    TRY_AV(cx, av_frame_get_buffer(to, 0), "The thumbnail cannot be made");
    scoped(sws_done) struct SwsContext *sws =
        sws_getContext(from->width, from->height, from->format, width, height, to->format, SWS_AREA,
                       NULL, NULL, NULL);
    if (!sws) return ctx_fail(cx, INVALID, "The thumbnail cannot be scaled.");
    bool unsaid = from->colorspace == AVCOL_SPC_UNSPECIFIED || from->colorspace == AVCOL_SPC_RGB;
    int guess = from->height >= 720 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
    const int *in = sws_getCoefficients(unsaid ? guess : (int)from->colorspace);
    const int *standard = sws_getCoefficients(AVCOL_SPC_SMPTE170M);
    (void)sws_setColorspaceDetails(sws, in, is_full_range(from), standard, 1, 0, 1 << 16, 1 << 16);
    int lines = sws_scale(sws, (const uint8_t *const *)from->data, from->linesize, 0, from->height,
                          to->data, to->linesize);
    if (lines < 0) return fault_av(cx, lines, "The thumbnail cannot be scaled");
    *out = move(&to);
    return OK;
}

static status write_jpeg(struct ctx *cx, AVFrame *frame, text *out) {
    enum { QUALITY = 4 };
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
    if (!codec) return ctx_fail(cx, BUG, "The JPEG encoder is missing from this installation.");
    scoped(encoder_done) AVCodecContext *encoder = avcodec_alloc_context3(codec);
    scoped(packet_done) AVPacket *packet = av_packet_alloc();
    if (!encoder || !packet) return ctx_no_memory(cx);
    encoder->width = frame->width;
    encoder->height = frame->height;
    encoder->pix_fmt = AV_PIX_FMT_YUVJ420P;
    encoder->time_base = (AVRational){1, 1};
    encoder->flags |= AV_CODEC_FLAG_QSCALE;
    encoder->global_quality = FF_QP2LAMBDA * QUALITY;
    encoder->thread_count = 1;
    frame->quality = encoder->global_quality;
    frame->pict_type = AV_PICTURE_TYPE_NONE;
    frame->pts = 0;
    TRY_AV(cx, avcodec_open2(encoder, codec, NULL), "The thumbnail cannot be encoded");
    TRY_AV(cx, avcodec_send_frame(encoder, frame), "The thumbnail cannot be encoded");
    TRY_AV(cx, avcodec_send_frame(encoder, NULL), "The thumbnail cannot be encoded");
    TRY_AV(cx, avcodec_receive_packet(encoder, packet), "The thumbnail cannot be encoded");
    text bytes = {(const char *)packet->data, (size_t)packet->size};
    return text_copy(cx->arena, bytes, out) == OK ? OK : ctx_no_memory(cx);
}

status still_make(struct ctx *cx, struct still *still, int64_t width, int64_t height, text *out) {
    *out = NO_TEXT;
    if (!still->best) return OK;
    int wide = width < WIDTH_MOST ? (int)width : WIDTH_MOST;
    int high = (int)lround((double)height * wide / (double)width / 2) * 2;
    if (high < 2) high = 2;
    scoped(frame_done) AVFrame *small = NULL;
    TRY(shrink(cx, still->best, wide, high, &small));
    return write_jpeg(cx, small, out);
}
