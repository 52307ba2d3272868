/* multipart.h: multipart/form-data, piece by piece, for bodies from hostile hands.
 *
 * Owns: the parser's state, in the arena it was opened with; a part's bytes are handed on as they
 * come and never gathered, so memory doesn't depend on the body's size. Pieces may be cut anywhere.
 * Invariants: a part's header block, the number of parts and what surrounds the parts are bounded;
 * names are never empty; after the first failure the parser stays failed. Threads: one at a time.
 * Sources: RFC 7578, RFC 2046 §5.1, HTML Standard §4.10.21.8. */
#ifndef API_MULTIPART_H
#define API_MULTIPART_H

#include "base/ctx.h"

/** Bounds of a form. */
enum {
    MULTIPART_BOUNDARY_MOST = 70,     /**< RFC 2046 §5.1.1. */
    MULTIPART_HEADER_MOST = 8 * 1024, /**< Bytes of a part's headers. */
    MULTIPART_PARTS_MOST = 100,
    MULTIPART_AROUND_MOST = 4 * 1024, /**< Bytes before the first and behind the last part. */
};

struct multipart;

/** What a part says of itself; the texts are valid during the call only. */
struct multipart_part {
    text name;
    text filename; /**< Absent when the part is a plain field; no folders are left in it. */
    text type;     /**< Content-Type, or absent. */
};

/** Where the parts go. A failure ends the parsing and is passed up. */
struct multipart_sink {
    void *argument;
    status (*part)(void *argument, const struct multipart_part *part);
    status (*bytes)(void *argument, const char *bytes, size_t size);
    status (*end)(void *argument);
};

/** The boundary of a Content-Type value. INVALID: it isn't multipart/form-data, or the boundary is
 *  missing, repeated, too long or has bytes that RFC 2046 doesn't allow. */
status multipart_boundary(struct ctx *cx, text content_type, text *out) CHECKED;

/** A parser for that boundary; lives in the context's arena. */
status multipart_open(struct ctx *cx, text boundary, const struct multipart_sink *sink,
                      struct multipart **out) CHECKED;

/** Takes the next piece. INVALID with a sentence when the body isn't well-formed. */
status multipart_feed(struct ctx *cx, struct multipart *multipart, const void *bytes,
                      size_t size) CHECKED;

/** The body is over. INVALID when the closing boundary hasn't come. */
status multipart_finish(struct ctx *cx, const struct multipart *multipart) CHECKED;

/** Reads a part's header block (lines with CRLF, without the empty one at the end). */
status multipart_headers(struct ctx *cx, text block, struct multipart_part *out) CHECKED;

#endif
