/* fault.h: libav's error codes in our words. Owns nothing. Threads: any. */
#ifndef MEDIA_ENGINE_FAULT_H
#define MEDIA_ENGINE_FAULT_H

#include "base/ctx.h"

/** Translates an AVERROR: NO_MEMORY for ENOMEM and EAGAIN, IO for ENOSPC and EIO, else INVALID with
 *  the sentence "<doing>: <libav's words>." `doing` is the beginning of a sentence for the film's
 *  owner. */
status fault_av(struct ctx *cx, int error, const char *doing);

/** TRY for calls that return an AVERROR below zero. */
#define TRY_AV(cx, call, doing)                                                                    \
    do {                                                                                           \
        int try_error_ = (call);                                                                   \
        if (try_error_ < 0) return fault_av((cx), try_error_, (doing));                            \
    } while (0)

#endif
