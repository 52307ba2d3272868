/* flow.h: a call's way from admission to its finished reply.
 *
 * Owns nothing. Invariants: after a stream's `open` succeeded, exactly one of the handler and
 * `broken` follows, then `end`; the reply is dressed (security and CORS headers) exactly once.
 * Threads: one at a time for each call. */
#ifndef API_FLOW_H
#define API_FLOW_H

#include "api/inner.h"

/** Rights, limit, input. */
status flow_admit(struct api_call *c) CHECKED;

/** Opens the route's stream (a raw body at once, a form's when its file begins). */
status flow_open_stream(struct api_call *c) CHECKED;

/** Turns a failure into the reply and ends the call's way. */
void flow_fail(struct api_call *c, status code);

/** Adds the headers that every reply has, and the contract log's line. */
void flow_dress(struct api_call *c);

/** What http_app's open, piece, run, broken and end do for a routed call. */
status flow_open(struct api_call *c) CHECKED;
status flow_piece(struct api_call *c, const void *bytes, size_t size) CHECKED;
void flow_run(struct api_call *c);
void flow_broken(struct api_call *c);
void flow_end(struct api_call *c, bool completed);

#endif
