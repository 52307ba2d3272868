/* fault.c: see fault.h. */
#include "media/engine/fault.h"

#include <libavutil/error.h>

status fault_av(struct ctx *cx, int error, const char *doing) {
    if (error == AVERROR(ENOMEM)) return ctx_no_memory(cx);
    char words[AV_ERROR_MAX_STRING_SIZE] = "unknown";
    (void)av_strerror(error, words, sizeof words);
    status code = error == AVERROR(EIO) || error == AVERROR(ENOSPC) ? IO : INVALID;
    return ctx_fail(cx, code, "%s: %s.", doing, words);
}
