/* ctx.h: what every fallible call of one request, job or tick carries: its memory and its fault.
 *
 * Owns nothing itself; it points at the arena of the work at hand. The detail of a failure is
 * written once, where it is found, by `ctx_fail`; the boundary (HTTP reply, job result) reads it
 * once.
 * Invariant: a function that returns a status other than OK either has set the fault or passes one
 * up that has. Threads: one thread at a time, as its arena. */
#ifndef BASE_CTX_H
#define BASE_CTX_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

#include <stdint.h>

/** Room for a fault's texts and a request's id, with their NULs; longer ones are cut. */
enum { FAULT_FIELD_BYTES = 64, FAULT_DETAIL_BYTES = 400, REQUEST_ID_BYTES = 24 };

/** Why a piece of work failed, in words. */
struct fault {
    status code;                     /**< OK while nothing failed. */
    char field[FAULT_FIELD_BYTES];   /**< Name of the offending field, or "". */
    char detail[FAULT_DETAIL_BYTES]; /**< One sentence that says what to do; no secrets. */
    int64_t foreign;                 /**< errno, SQLite code, … for the log; 0 if none. */
};

/** The context of one piece of work. */
struct ctx {
    struct arena *arena;               /**< Memory of this piece of work. */
    struct fault fault;                /**< Set by ctx_fail. */
    int64_t deadline_ms;               /**< Monotonic (clock_ticks_ms), 0 = none. */
    char request_id[REQUEST_ID_BYTES]; /**< For logs and replies, or "". */
};

/** Records the sentence and gives the code back: `return ctx_fail(cx, CONFLICT, "…")`. The first
 *  fault of a piece of work stays unless ctx_clear was called; printf-like; cut at the buffer. */
status ctx_fail(struct ctx *cx, status code, const char *format, ...) PRINTF_LIKE(3, 4);

/** Like ctx_fail and names the field at fault. */
status ctx_fail_field(struct ctx *cx, status code, const char *field, const char *format, ...)
    PRINTF_LIKE(4, 5);

/** Like ctx_fail with errno's code and text: `return ctx_fail_errno(cx, "opening", path)`. */
status ctx_fail_errno(struct ctx *cx, const char *doing, const char *what);

/** NO_MEMORY with the standard sentence. */
status ctx_no_memory(struct ctx *cx);

/** Forgets the fault, for a caller who has dealt with it. */
void ctx_clear(struct ctx *cx);

/** TRY for allocations: fails with NO_MEMORY when the expression is NULL. */
#define TRY_NEW(cx, pointer)                                                                       \
    do {                                                                                           \
        if (!(pointer)) return ctx_no_memory(cx);                                                  \
    } while (0)

#endif
