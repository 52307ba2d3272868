/* problem.h: failures as application/problem+json (RFC 9457).
 *
 * Owns nothing. Invariants: the sentence never tells the inside of a failure of ours (IO, BUG):
 * those get a general sentence and the request id, the log has the rest. Threads: any. */
#ifndef API_PROBLEM_H
#define API_PROBLEM_H

#include "api/inner.h"

/** The reply record of every failure, for the OpenAPI document. */
extern const struct schema problem_schema;

/** The HTTP status of a failure of that kind, when nothing more is known: DENIED is 403. */
int problem_http(status code);

/** HTTP's phrase for a status code ("Not Found"). */
const char *problem_title(int http_code);

/** Fills the reply. `field` and `detail` may be ""; the request id comes from the exchange. */
void problem_reply(struct http_exchange *exchange, int http_code, status code, const char *field,
                   const char *detail);

/** Fills the reply from the call's fault and hints, drops what a handler had put into it, and adds
 *  WWW-Authenticate and Retry-After where they belong. */
void problem_from_call(struct api_call *c, status code);

/** The kind of failure behind an HTTP status that the server itself refuses with. */
status problem_status(int http_code);

#endif
