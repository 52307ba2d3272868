/* guard.h: who may call: origin, token, role.
 *
 * Owns nothing. Invariant: a route is reached only after guard_admit said OK. Threads: workers (the
 * verify hook may block). Sources: RFC 6750 (Bearer), Fetch Metadata, OWASP on CSRF. */
#ifndef API_GUARD_H
#define API_GUARD_H

#include "api/inner.h"

/** Reads the Bearer token where the route looks at one, and checks role and origin. DENIED: no
 * token, a bad one, too small a role, or a request that another site made a browser send. */
status guard_admit(struct api_call *c) CHECKED;

/** The token of `Authorization: Bearer …`, or the absent text. */
text guard_bearer(const struct http_exchange *exchange);

#endif
