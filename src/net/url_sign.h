/* url_sign.h: signed URLs: a capability for one scope (a path prefix) that lapses at a given
 * second.
 *
 * Owns nothing. The signature is HMAC-SHA-256 (RFC 2104) over a label, the scope and the expiry, as
 * base64url (RFC 4648 §5) without padding; so it can't be moved to another scope, prolonged, or
 * taken for a token of another kind made with the same key. Threads: pure functions. */
#ifndef NET_URL_SIGN_H
#define NET_URL_SIGN_H

#include "base/ctx.h"

#include <stdint.h>

/** The query that opens `scope` until `expires_s` (seconds since 1970 UTC): "exp=…&sig=…", in the
 *  context's arena. The scope is a decoded path prefix such as "/media/dQw4w9WgXcQ/". NO_MEMORY
 * over the arena's cap. INVALID when the scope is empty or the time is negative. */
status url_sign(struct ctx *cx, text key, text scope, int64_t expires_s, text *out_query) CHECKED;

/** Checks the decoded `exp` and `sig` of a query against the scope, in time that doesn't depend on
 * how much of the signature fits. DENIED: absent, malformed or forged. GONE: genuine, but lapsed at
 * `now_s` (the second named by `exp` itself is still good). No fault is set: the caller knows the
 * sentence. */
status url_check(text key, text scope, text exp, text sig, int64_t now_s) CHECKED;

#endif
