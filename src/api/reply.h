/* reply.h: headers that the dispatcher itself adds to replies.
 *
 * Owns nothing. A header that a handler has set already is never set a second time. A reply that
 * has no room left for one loses it silently: the table is larger than what any route sets.
 * Threads: any. */
#ifndef API_REPLY_H
#define API_REPLY_H

#include "api/inner.h"

/** True when the reply has the header (names are case-insensitive). */
bool reply_has_header(const struct http_exchange *exchange, const char *name);

/** Sets a header unless it is there; `value` must live as long as the exchange. */
void reply_header_once(struct http_exchange *exchange, const char *name, const char *value);

/** Sets Retry-After in whole seconds, rounded up. */
void reply_retry_after(struct http_exchange *exchange, int64_t wait_ms);

/** Sets Allow from the bits of the methods (RFC 9110 §10.2.1); OPTIONS is always among them. */
void reply_allow(struct http_exchange *exchange, unsigned methods);

/** The headers that every reply has: no sniffing, no framing, no referrer to others, request id;
 * HSTS on https. Pages get the policy that the web application needs, all others one that allows
 * nothing. */
void reply_secure(const struct api *api, struct http_exchange *exchange, bool page);

#endif
