/* account_keyring.h: one RSA key: made, sealed, opened, named, shown as a JWK.
 *
 * Owns: EVP keys inside `struct keyring_key`, counted by reference so that a ring can be changed
 * while somebody signs. Threads: keys never change once made; the count is atomic. Sources: RFC
 * 7517 (JWK), RFC 7518 §6.3 (RSA), RFC 7638 (thumbprint), RFC 8017. */
#ifndef FEATURES_ACCOUNTS_ACCOUNT_KEYRING_H
#define FEATURES_ACCOUNTS_ACCOUNT_KEYRING_H

#include "base/ctx.h"
#include "base/field.h"

#include <openssl/evp.h>
#include <stdatomic.h>

/** Sizes: the sealing key, a kid with its NUL, the modulus in bits. */
enum { KEYRING_SEAL_BYTES = 32, KEYRING_KID_BYTES = 48, KEYRING_RSA_BITS = 2048 };

/** A row of signing_keys. */
struct key_row {
    text kid;
    text public_key;         /**< SubjectPublicKeyInfo, DER, base64url. */
    text sealed_private_key; /**< Nonce and secretbox, base64url. */
    int64_t created_at_ms;
    int64_t retired_at_ms; /**< NO_INT while it signs. */
    int64_t expires_at_ms; /**< NO_INT while it signs. */
};
extern const struct schema key_row_schema;

/** A key in memory. */
struct keyring_key {
    char kid[KEYRING_KID_BYTES]; /**< RFC 7638 thumbprint, base64url. */
    EVP_PKEY *key;               /**< With its private half when `signs`. */
    bool signs;
    int64_t expires_at_ms; /**< NO_INT while it signs. */
    _Atomic int holders;
};

/** A public key as RFC 7517 shows it. */
struct jwk {
    text kty, use, alg, kid, n, e;
};
extern const struct schema jwk_schema;

/** Makes a new key and the row that keeps it, sealed with `seal`. Takes a tenth of a second or so.
 */
status keyring_make(struct ctx *cx, const unsigned char seal[KEYRING_SEAL_BYTES], int64_t now_ms,
                    struct key_row *out) CHECKED;

/** Opens a row. Where the private half can't be unsealed (another secret) the key only verifies.
 * IO: the public half is broken. The caller lets go of it with keyring_release. */
status keyring_open(struct ctx *cx, const unsigned char seal[KEYRING_SEAL_BYTES],
                    const struct key_row *row, struct keyring_key **out) CHECKED;

/** One more (less) holder; the last one frees the key. NULL is fine. */
struct keyring_key *keyring_hold(struct keyring_key *key);
void keyring_release(struct keyring_key *key);
void keyring_done(struct keyring_key **key); /**< For scoped(keyring_done). */

/** The key as a JWK; texts in the arena. */
status keyring_jwk(struct ctx *cx, const struct keyring_key *key, struct jwk *out) CHECKED;

/** RSASSA-PKCS1-v1_5 with SHA-256 over `message`; the signature in the arena. */
status keyring_sign(struct ctx *cx, const struct keyring_key *key, text message, text *out) CHECKED;

/** DENIED (no fault) when the signature isn't the key's over the message. */
status keyring_verify(const struct keyring_key *key, text message, text signature) CHECKED;

#endif
