/* fault.c: see fault.h. */
#include "media/engine/fault.h"

#include <libavutil/error.h>

status fault_av(struct ctx *cx, int error, const char *doing) {
    /* EAGAIN where no frame is meant comes from threads that find no memory for their stacks. */
    if (error == AVERROR(ENOMEM) || error == AVERROR(EAGAIN)) return ctx_no_memory(cx);
    char words[AV_ERROR_MAX_STRING_SIZE] = "unknown";
    (void)av_strerror(error, words, sizeof words);
    status code = error == AVERROR(EIO) || error == AVERROR(ENOSPC) ? IO : INVALID;
    return ctx_fail(cx, code, "%s: %s.", doing, words);
}
