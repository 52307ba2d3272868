/* cors.h: which other origins' pages may use the API (Fetch Standard §3.2).
 *
 * Owns nothing after cors_parse; the list lives in the arena it was given. Invariant: an origin is
 * compared as a whole, never by prefix or suffix. Threads: constant after cors_parse. */
#ifndef API_CORS_H
#define API_CORS_H

#include "api/inner.h"

/** Reads a space- or comma-separated list. INVALID: an entry is no origin (scheme://host[:port]).
 */
status cors_parse(struct ctx *cx, struct arena *arena, const char *entries,
                  struct origins *out) CHECKED;

/** The origin (scheme://host[:port]) of a URL; absent when there is none. */
text cors_origin_of(text url);

/** True when the origin is this instance's: that of the public URL, or the host the client asked
 * for. */
bool cors_is_own(const struct api *api, const struct http_exchange *exchange, text origin);

/** True when the allow-list names the origin ("*" doesn't count: it gives no credentials). */
bool cors_is_listed(const struct api *api, text origin);

/** True for a preflight: OPTIONS with Origin and Access-Control-Request-Method. */
bool cors_is_preflight(const struct http_exchange *exchange);

/** Fills the answer to a preflight for a path with these methods (204; without permission when the
 * origin isn't listed, so that the browser stops there). */
void cors_preflight(const struct api *api, struct http_exchange *exchange, unsigned methods);

/** Adds what lets a listed origin's page read the reply, and Vary. */
void cors_headers(const struct api *api, struct http_exchange *exchange);

#endif
