/* http_range.h: ranges and conditions of RFC 9110 §13 and §14 as pure functions.
 *
 * Owns nothing. Threads: pure functions. */
#ifndef NET_HTTP_RANGE_H
#define NET_HTTP_RANGE_H

#include "base/text.h"

#include <stdint.h>

/** What a Range header asks of an entity. */
enum range_kind {
    RANGE_WHOLE,   /**< Absent, malformed, another unit or several ranges: send all, with 200. */
    RANGE_PART,    /**< One satisfiable range: 206. */
    RANGE_OUTSIDE, /**< One range that lies outside: 416. */
};

/** A part of an entity, in bytes. */
struct range {
    enum range_kind kind;
    int64_t first_byte;
    int64_t size_bytes;
};

/** Reads a Range header's value for an entity of `size_bytes`. Several ranges are answered with the
 * whole entity, which RFC 9110 §14.2 allows: nobody who plays films asks for them, and answering
 * them has been a way to make servers work (CVE-2011-3192). */
struct range range_of(text header, int64_t size_bytes);

/** A resource's validators. */
struct validators {
    text etag;           /**< With quotes; absent when there is none. */
    int64_t modified_ms; /**< 0 when unknown. */
};

/** The conditional headers of a request; absent texts when missing. */
struct conditions {
    text if_match, if_none_match, if_modified_since, if_unmodified_since, if_range;
};

/** The code that the preconditions lead to for GET and HEAD, in the order of RFC 9110 §13.2.2: 412,
 * 304, or 200 to go on. */
int range_conditions(const struct conditions *conditions, const struct validators *validators);

/** True when If-Range (absent: true) lets a Range header count: strong comparison of the tag, or
 * exactly the date sent in Last-Modified. */
bool range_if_range(text if_range, const struct validators *validators);

#endif
