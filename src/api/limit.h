/* limit.h: how often a caller may call (mission B7, B8).
 *
 * Owns nothing: the buckets live in the cache under `ratelimit:{who}:{endpoint}`, who being the
 * user's id or, when nobody is signed in, the address. A route without a limit of its own has the
 * default one in a bucket of its own; routes that name the same limit share a bucket. Threads: any.
 */
#ifndef API_LIMIT_H
#define API_LIMIT_H

#include "api/inner.h"

/** Takes one token for the call. QUOTA with c->retry_ms set when there is none left. */
status limit_admit(struct api_call *c) CHECKED;

/** The same for a caller whose token was refused: counted by address, so that guessing is slow. */
status limit_refused(struct api_call *c) CHECKED;

/** Takes one token of `limit` under a key. */
status limit_take(struct api_call *c, const struct limit *limit, const char *endpoint,
                  text who) CHECKED;

#endif
