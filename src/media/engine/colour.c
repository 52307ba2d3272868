/* colour.c: see colour.h. */
#include "media/engine/colour.h"

#include <libavutil/pixdesc.h>

#include <stdbool.h>

struct colour colour_standard(void) {
    return (struct colour){AVCOL_PRI_BT709, AVCOL_TRC_BT709, AVCOL_SPC_BT709};
}

static bool is_rgb(const AVFrame *frame) {
    const AVPixFmtDescriptor *format = av_pix_fmt_desc_get(frame->format);
    return format && (format->flags & AV_PIX_FMT_FLAG_RGB);
}

struct colour colour_of(const AVFrame *frame) {
    enum { HIGH_DEFINITION = 720 * 1280 };
    if (is_rgb(frame)) return colour_standard();
    bool high = (int64_t)frame->width * frame->height >= HIGH_DEFINITION;
    struct colour colour = {frame->color_primaries, frame->color_trc, frame->colorspace};
    if (colour.primaries == AVCOL_PRI_UNSPECIFIED || colour.primaries == AVCOL_PRI_RESERVED0) {
        colour.primaries = high ? AVCOL_PRI_BT709 : AVCOL_PRI_SMPTE170M;
    }
    if (colour.transfer == AVCOL_TRC_UNSPECIFIED || colour.transfer == AVCOL_TRC_RESERVED0) {
        colour.transfer = high ? AVCOL_TRC_BT709 : AVCOL_TRC_SMPTE170M;
    }
    if (colour.matrix == AVCOL_SPC_UNSPECIFIED || colour.matrix == AVCOL_SPC_RESERVED ||
        colour.matrix == AVCOL_SPC_RGB) {
        colour.matrix = high ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
    }
    return colour;
}
