/* ctx.c: recording a fault once. Owns nothing. Threads: one at a time per context. */
#include "base/ctx.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void record(struct ctx *cx, status code, const char *field, const char *format,
                   va_list arguments) {
    if (cx->fault.code != OK) return;
    cx->fault.code = code;
    (void)snprintf(cx->fault.field, sizeof cx->fault.field, "%s", field);
    (void)vsnprintf(cx->fault.detail, sizeof cx->fault.detail, format, arguments);
}

status ctx_fail(struct ctx *cx, status code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    record(cx, code, "", format, arguments);
    va_end(arguments);
    return code;
}

status ctx_fail_field(struct ctx *cx, status code, const char *field, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    record(cx, code, field, format, arguments);
    va_end(arguments);
    return code;
}

status ctx_fail_errno(struct ctx *cx, const char *doing, const char *what) {
    int number = errno;
    char reason[128];
    const char *words = strerror_r(number, reason, sizeof reason);
    status code = status_from_errno(number);
    if (code == OK) code = IO;
    bool first = cx->fault.code == OK;
    (void)ctx_fail(cx, code, "%s %s: %s.", doing, what, words);
    if (first) cx->fault.foreign = number;
    return code;
}

status ctx_no_memory(struct ctx *cx) {
    return ctx_fail(cx, NO_MEMORY, "This needs more memory than one request may use.");
}

void ctx_clear(struct ctx *cx) {
    cx->fault = (struct fault){.code = OK};
}
