/* status.c: names of the outcomes, and the translation of errno. Owns constant data. Threads:
 * any. */
#include "base/status.h"

#include <errno.h>

static const char *const names[STATUS_COUNT] = {
    [OK] = "ok",
    [INVALID] = "invalid",
    [DENIED] = "denied",
    [NOT_FOUND] = "not_found",
    [CONFLICT] = "conflict",
    [QUOTA] = "quota",
    [GONE] = "gone",
    [BUSY] = "busy",
    [TIMEOUT] = "timeout",
    [NO_MEMORY] = "no_memory",
    [IO] = "io",
    [BUG] = "bug",
};

const char *status_name(status code) {
    return (unsigned)code < STATUS_COUNT ? names[code] : names[BUG];
}

status status_from_errno(int error_number) {
    switch (error_number) {
    case 0: return OK;
    case ENOENT: return NOT_FOUND;
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return QUOTA;
    case EACCES:
    case EPERM:
    case EROFS: return DENIED;
    case EEXIST: return CONFLICT;
    case ENOMEM: return NO_MEMORY;
    case EAGAIN:
    case EBUSY:
    case EMFILE:
    case ENFILE: return BUSY;
    case ETIMEDOUT: return TIMEOUT;
    default: return IO;
    }
}
