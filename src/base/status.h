/* status.h: the closed set of outcomes that every fallible function of Matinee returns.
 *
 * Owns: the vocabulary of failure. A foreign code (errno, SQLITE_…, AVERROR) is translated into one
 * of these at the edge where it appears; the sentence for people goes into the context's fault
 * (ctx.h) once, at the place that knows it. Threads: plain values, no state. */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

/** What became of a call. OK is zero so that a status can be tested as a truth value. */
typedef enum status {
    OK = 0,
    INVALID,   /**< The input breaks a stated rule; the same call can never succeed. */
    DENIED,    /**< The caller is known (or unknown) and may not do this. */
    NOT_FOUND, /**< What was named does not exist, or must look as if it did not. */
    CONFLICT,  /**< The present state forbids it: taken name, lost lease, stale version. */
    QUOTA,     /**< A limit on size, count or rate is reached. */
    GONE,      /**< It existed and is finished for good: expired upload, closed stream. */
    BUSY,      /**< Temporarily not possible; trying again later is right. */
    TIMEOUT,   /**< Time ran out before the answer came. */
    NO_MEMORY, /**< The allocator or an arena's cap refused. */
    IO,        /**< Disk, network or a foreign program failed. */
    BUG        /**< An invariant of ours does not hold. */
} status;

/** Number of values of `status`. */
enum { STATUS_COUNT = BUG + 1 };

/** The code's stable lower-case name as used in JSON ("not_found"); "bug" for values out of
 *  range. */
const char *status_name(status code);

/** The status that fits an errno value: ENOENT → NOT_FOUND, ENOSPC/EDQUOT → QUOTA, EACCES/EPERM →
 *  DENIED, EEXIST → CONFLICT, ENOMEM → NO_MEMORY, EAGAIN/EBUSY → BUSY, ETIMEDOUT → TIMEOUT, else
 *  IO. */
status status_from_errno(int error_number);

/** Marks a function whose result must be looked at. */
#define CHECKED __attribute__((warn_unused_result))

/** Marks a printf-like function; the numbers count parameters from 1. */
#define PRINTF_LIKE(format_at, first_at) __attribute__((format(printf, format_at, first_at)))

/** Passes a failure up to the caller. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        status try_status_ = (call);                                                               \
        if (try_status_ != OK) return try_status_;                                                 \
    } while (0)

#endif
