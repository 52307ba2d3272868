/* account_token.h: access tokens: JSON Web Tokens signed RS256, and nothing else.
 *
 * Owns nothing. Invariants: the algorithm is never taken from the token: a header that says
 * anything but RS256 is refused before a key is looked at, and keys are RSA keys only, so neither
 * "none" nor HS256 with the public key as secret can pass; unknown members in header or payload are
 * refused. The payload is read only after the signature was checked. Threads: any. Sources: RFC
 * 7515, RFC 7519, RFC 8725. */
#ifndef FEATURES_ACCOUNTS_ACCOUNT_TOKEN_H
#define FEATURES_ACCOUNTS_ACCOUNT_TOKEN_H

#include "base/ctx.h"
#include "base/field.h"

struct account_keys;

/** The longest token that is looked at; how far clocks of servers may differ. */
enum { TOKEN_BYTES_MOST = 4096, TOKEN_LEEWAY_S = 30 };

/** What a token says. Times in seconds since 1970 UTC (RFC 7519 §2). */
struct token_claims {
    text iss; /**< Who made it. */
    text aud; /**< For whom: "matinee". */
    text sub; /**< The user's id. */
    text jti; /**< The token's own id. */
    text sid; /**< The sign-in (refresh family). */
    text role;
    int64_t iat, nbf, exp;
};
extern const struct schema token_claims_schema;

/** A token taken apart, nothing of it believed yet. */
struct token_parts {
    text kid;
    text message;   /**< header.payload, what is signed. */
    text payload;   /**< Decoded JSON. */
    text signature; /**< Decoded. */
};

/** Takes a token apart. DENIED: it isn't a JWT of ours in form. */
status token_take_apart(struct ctx *cx, text token, struct token_parts *out) CHECKED;

/** Makes a signed token. */
status token_make(struct ctx *cx, struct account_keys *keys, const struct token_claims *claims,
                  text *out) CHECKED;

/** Checks everything that a token can prove by itself: form, signature, issuer, audience, times.
 *  `expired_too` lets an expired one pass (for signing out). DENIED with a sentence otherwise. */
status token_check(struct ctx *cx, struct account_keys *keys, text token, int64_t now_ms,
                   bool expired_too, struct token_claims *out) CHECKED;

#endif
