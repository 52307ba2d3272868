/* scaler.c: see scaler.h. */
#include "media/engine/scaler.h"

#include "base/scope.h"
#include "media/engine/fault.h"

#include <libavutil/buffer.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

#include <stdlib.h>

enum { LINE_ALIGN = 64 };

struct scaler {
    int width, height;
    enum AVColorSpace matrix;
    struct SwsContext *sws;
    int in_width, in_height, in_format, in_range, in_matrix; /* what `sws` was made for */
    AVBufferPool *pool;
};

void scaler_close(struct scaler *scaler) {
    if (!scaler) return;
    sws_freeContext(scaler->sws);
    av_buffer_pool_uninit(&scaler->pool);
    free(scaler);
}

void scaler_done(struct scaler **scaler) {
    scaler_close(*scaler);
    *scaler = NULL;
}

status scaler_open(struct ctx *cx, int width, int height, enum AVColorSpace matrix,
                   struct scaler **out) {
    scoped(scaler_done) struct scaler *scaler = calloc(1, sizeof *scaler);
    TRY_NEW(cx, scaler);
    *scaler = (struct scaler){.width = width, .height = height, .matrix = matrix};
    int size = av_image_get_buffer_size(AV_PIX_FMT_YUV420P, width, height, LINE_ALIGN);
    if (size < 0) return fault_av(cx, size, "A rendition's size cannot be made");
    scaler->pool = av_buffer_pool_init((size_t)size + LINE_ALIGN, NULL);
    TRY_NEW(cx, scaler->pool);
    *out = move(&scaler);
    return OK;
}

static bool is_full_range(const AVFrame *frame) {
    switch (frame->format) {
    case AV_PIX_FMT_YUVJ420P:
    case AV_PIX_FMT_YUVJ422P:
    case AV_PIX_FMT_YUVJ444P:
    case AV_PIX_FMT_YUVJ440P:
    case AV_PIX_FMT_YUVJ411P:
        return true;
    default:
        return frame->color_range == AVCOL_RANGE_JPEG;
    }
}

/* The unspoken matrix is the output's: then nothing is converted. */
static int matrix_of(const struct scaler *scaler, const AVFrame *frame) {
    bool unsaid = frame->colorspace == AVCOL_SPC_UNSPECIFIED ||
                  frame->colorspace == AVCOL_SPC_RESERVED || frame->colorspace == AVCOL_SPC_RGB;
    return unsaid ? (int)scaler->matrix : (int)frame->colorspace;
}

static status configure(struct ctx *cx, struct scaler *scaler, const AVFrame *in) {
    int full = is_full_range(in), matrix = matrix_of(scaler, in);
    if (scaler->sws && in->width == scaler->in_width && in->height == scaler->in_height &&
        in->format == scaler->in_format && full == scaler->in_range &&
        matrix == scaler->in_matrix) {
        return OK;
    }
    sws_freeContext(scaler->sws);
    scaler->sws = sws_getContext(in->width, in->height, in->format, scaler->width, scaler->height,
                                 AV_PIX_FMT_YUV420P, SWS_BICUBIC, NULL, NULL, NULL);
    if (!scaler->sws) {
        return ctx_fail(cx, INVALID, "Pictures of the format %s cannot be scaled.",
                        av_get_pix_fmt_name(in->format) ? av_get_pix_fmt_name(in->format) : "?");
    }
    (void)sws_setColorspaceDetails(scaler->sws, sws_getCoefficients(matrix), full,
                                   sws_getCoefficients((int)scaler->matrix), 0, 0, 1 << 16,
                                   1 << 16);
    scaler->in_width = in->width;
    scaler->in_height = in->height;
    scaler->in_format = in->format;
    scaler->in_range = full;
    scaler->in_matrix = matrix;
    return OK;
}

static void frame_done(AVFrame **frame) {
    av_frame_free(frame);
}

static status new_frame(struct ctx *cx, struct scaler *scaler, AVFrame **out) {
    scoped(frame_done) AVFrame *frame = av_frame_alloc();
    TRY_NEW(cx, frame);
    frame->buf[0] = av_buffer_pool_get(scaler->pool);
    TRY_NEW(cx, frame->buf[0]);
    frame->format = AV_PIX_FMT_YUV420P;
    frame->width = scaler->width;
    frame->height = scaler->height;
    frame->color_range = AVCOL_RANGE_MPEG;
    frame->colorspace = scaler->matrix;
    uintptr_t start = (uintptr_t)frame->buf[0]->data;
    uint8_t *aligned = frame->buf[0]->data + (LINE_ALIGN - start % LINE_ALIGN) % LINE_ALIGN;
    TRY_AV(cx,
           av_image_fill_arrays(frame->data, frame->linesize, aligned, AV_PIX_FMT_YUV420P,
                                frame->width, frame->height, LINE_ALIGN),
           "A picture cannot be laid out");
    *out = move(&frame);
    return OK;
}

status scaler_run(struct ctx *cx, struct scaler *scaler, const AVFrame *in, AVFrame **out) {
    bool fits = in->format == AV_PIX_FMT_YUV420P && in->width == scaler->width &&
                in->height == scaler->height && !is_full_range(in) &&
                matrix_of(scaler, in) == (int)scaler->matrix;
    if (fits) {
        AVFrame *same = av_frame_clone(in);
        TRY_NEW(cx, same);
        *out = same;
        return OK;
    }
    TRY(configure(cx, scaler, in));
    scoped(frame_done) AVFrame *frame = NULL;
    TRY(new_frame(cx, scaler, &frame));
    int lines = sws_scale(scaler->sws, (const uint8_t *const *)in->data, in->linesize, 0,
                          in->height, frame->data, frame->linesize);
    if (lines < 0) return fault_av(cx, lines, "A picture cannot be scaled");
    *out = move(&frame);
    return OK;
}
