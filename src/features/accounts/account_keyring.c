/* account_keyring.c: RSA keys by OpenSSL, sealed by libsodium's secretbox. Owns nothing; see the
 * header. */
#include "features/accounts/account_keyring.h"

#include "base/digest.h"
#include "base/random.h"
#include "base/scope.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sodium.h>
#include <string.h>

static const struct field key_row_fields[] = {
    FIELD(struct key_row, kid),
    FIELD(struct key_row, public_key),
    FIELD(struct key_row, sealed_private_key, .flags = SECRET),
    FIELD(struct key_row, created_at_ms),
    FIELD(struct key_row, retired_at_ms),
    FIELD(struct key_row, expires_at_ms),
};
const struct schema key_row_schema =
    SCHEMA("SigningKeyRow", struct key_row, key_row_fields, "A signing key as it is stored.");

static const struct field jwk_fields[] = {
    FIELD(struct jwk, kty, .flags = REQUIRED, .doc = "Key type: \"RSA\"."),
    FIELD(struct jwk, use, .flags = REQUIRED, .doc = "\"sig\"."),
    FIELD(struct jwk, alg, .flags = REQUIRED, .doc = "\"RS256\"."),
    FIELD(struct jwk, kid, .flags = REQUIRED, .doc = "The key's id, as tokens name it."),
    FIELD(struct jwk, n, .flags = REQUIRED, .doc = "Modulus, base64url."),
    FIELD(struct jwk, e, .flags = REQUIRED, .doc = "Exponent, base64url."),
};
const struct schema jwk_schema =
    SCHEMA("Jwk", struct jwk, jwk_fields, "A public key that access tokens are signed with.");

static void pkey_done(EVP_PKEY **key) {
    EVP_PKEY_free(*key);
}

static void der_done(unsigned char **der) {
    OPENSSL_free(*der);
}

static status failed(struct ctx *cx, const char *what) {
    return ctx_fail(cx, IO, "The signing key can't be %s.", what);
}

static status number_text(struct ctx *cx, EVP_PKEY *key, const char *name, text *out) {
    BIGNUM *number = NULL;
    unsigned char bytes[1024];
    if (EVP_PKEY_get_bn_param(key, name, &number) != 1) return failed(cx, "read");
    int size = BN_num_bytes(number);
    bool fits = size > 0 && size <= (int)sizeof bytes && BN_bn2bin(number, bytes) == size;
    BN_free(number);
    if (!fits) return failed(cx, "read");
    return base64url_encode(cx->arena, bytes, (size_t)size, out) == OK ? OK : ctx_no_memory(cx);
}

/* RFC 7638: the hash of the required members in the order of their names, without white space. */
static status thumbprint(struct ctx *cx, text n, text e, text *out) {
    text json = NO_TEXT;
    unsigned char hash[SHA256_BYTES];
    if (text_format(cx->arena, &json, "{\"e\":\"%.*s\",\"kty\":\"RSA\",\"n\":\"%.*s\"}",
                    TEXT_ARG(e), TEXT_ARG(n)) != OK)
        return ctx_no_memory(cx);
    digest_sha256(json.at, json.len, hash);
    return base64url_encode(cx->arena, hash, sizeof hash, out) == OK ? OK : ctx_no_memory(cx);
}

static status seal_private(struct ctx *cx, const unsigned char *seal, EVP_PKEY *key, text *out) {
    unsigned char *der = NULL;
    int size = i2d_PrivateKey(key, &der);
    if (size <= 0) return failed(cx, "written");
    size_t sealed_size = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + (size_t)size;
    unsigned char *sealed = arena_take(cx->arena, sealed_size);
    status done = NO_MEMORY;
    if (sealed) {
        random_bytes(sealed, crypto_secretbox_NONCEBYTES);
        (void)crypto_secretbox_easy(sealed + crypto_secretbox_NONCEBYTES, der,
                                    (unsigned long long)size, sealed, seal);
        done = base64url_encode(cx->arena, sealed, sealed_size, out);
    }
    sodium_memzero(der, (size_t)size);
    OPENSSL_free(der);
    return done == OK ? OK : ctx_no_memory(cx);
}

status keyring_make(struct ctx *cx, const unsigned char seal[KEYRING_SEAL_BYTES], int64_t now_ms,
                    struct key_row *out) {
    scoped(pkey_done) EVP_PKEY *key = EVP_RSA_gen(KEYRING_RSA_BITS);
    if (!key) return failed(cx, "made");
    text n = NO_TEXT, e = NO_TEXT;
    struct key_row row = {
        .created_at_ms = now_ms, .retired_at_ms = NO_INT, .expires_at_ms = NO_INT};
    TRY(number_text(cx, key, OSSL_PKEY_PARAM_RSA_N, &n));
    TRY(number_text(cx, key, OSSL_PKEY_PARAM_RSA_E, &e));
    TRY(thumbprint(cx, n, e, &row.kid));
    scoped(der_done) unsigned char *der = NULL;
    int size = i2d_PUBKEY(key, &der);
    if (size <= 0) return failed(cx, "written");
    if (base64url_encode(cx->arena, der, (size_t)size, &row.public_key) != OK)
        return ctx_no_memory(cx);
    TRY(seal_private(cx, seal, key, &row.sealed_private_key));
    *out = row;
    return OK;
}

/* The private half, or NULL when the seal isn't ours. */
static EVP_PKEY *unseal(struct ctx *cx, const unsigned char *seal, text sealed) {
    text bytes = NO_TEXT;
    if (base64url_decode(cx->arena, sealed, &bytes) != OK) return NULL;
    size_t around = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
    if (bytes.len <= around) return NULL;
    unsigned char *der = arena_take(cx->arena, bytes.len - around);
    if (!der) return NULL;
    const unsigned char *nonce = (const unsigned char *)bytes.at;
    if (crypto_secretbox_open_easy(der, nonce + crypto_secretbox_NONCEBYTES,
                                   bytes.len - crypto_secretbox_NONCEBYTES, nonce, seal) != 0)
        return NULL;
    const unsigned char *at = der;
    EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &at, (long)(bytes.len - around));
    sodium_memzero(der, bytes.len - around);
    return key;
}

static EVP_PKEY *read_public(struct ctx *cx, text encoded) {
    text bytes = NO_TEXT;
    if (base64url_decode(cx->arena, encoded, &bytes) != OK) return NULL;
    const unsigned char *at = (const unsigned char *)bytes.at;
    return d2i_PUBKEY(NULL, &at, (long)bytes.len);
}

status keyring_open(struct ctx *cx, const unsigned char seal[KEYRING_SEAL_BYTES],
                    const struct key_row *row, struct keyring_key **out) {
    scoped(pkey_done) EVP_PKEY *public_half = read_public(cx, row->public_key);
    if (!public_half || row->kid.len >= KEYRING_KID_BYTES) return failed(cx, "read");
    scoped(pkey_done) EVP_PKEY *both =
        row->retired_at_ms == NO_INT ? unseal(cx, seal, row->sealed_private_key) : NULL;
    if (both && EVP_PKEY_eq(both, public_half) != 1)
        return failed(cx, "trusted: its halves differ");
    struct keyring_key *key = calloc(1, sizeof *key);
    TRY_NEW(cx, key);
    memcpy(key->kid, row->kid.at, row->kid.len);
    key->signs = both != NULL;
    key->key = both ? move(&both) : move(&public_half);
    key->expires_at_ms = row->expires_at_ms;
    atomic_store(&key->holders, 1);
    *out = key;
    return OK;
}

struct keyring_key *keyring_hold(struct keyring_key *key) {
    atomic_fetch_add(&key->holders, 1);
    return key;
}

void keyring_release(struct keyring_key *key) {
    if (!key || atomic_fetch_sub(&key->holders, 1) != 1) return;
    EVP_PKEY_free(key->key);
    free(key);
}

void keyring_done(struct keyring_key **key) {
    keyring_release(*key);
}

status keyring_jwk(struct ctx *cx, const struct keyring_key *key, struct jwk *out) {
    struct jwk jwk = {.kty = TEXT("RSA"), .use = TEXT("sig"), .alg = TEXT("RS256")};
    TRY(number_text(cx, key->key, OSSL_PKEY_PARAM_RSA_N, &jwk.n));
    TRY(number_text(cx, key->key, OSSL_PKEY_PARAM_RSA_E, &jwk.e));
    if (text_copy(cx->arena, text_of(key->kid), &jwk.kid) != OK) return ctx_no_memory(cx);
    *out = jwk;
    return OK;
}

static void digest_ctx_done(EVP_MD_CTX **context) {
    EVP_MD_CTX_free(*context);
}

status keyring_sign(struct ctx *cx, const struct keyring_key *key, text message, text *out) {
    scoped(digest_ctx_done) EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char signature[KEYRING_RSA_BITS / 8];
    size_t size = sizeof signature;
    if (!context || EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key->key) != 1 ||
        EVP_DigestSign(context, signature, &size, (const unsigned char *)message.at, message.len) !=
            1)
        return failed(cx, "used");
    return text_copy(cx->arena, (text){(const char *)signature, size}, out) == OK
               ? OK
               : ctx_no_memory(cx);
}

status keyring_verify(const struct keyring_key *key, text message, text signature) {
    scoped(digest_ctx_done) EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (!context || EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key->key) != 1)
        return NO_MEMORY;
    int good = EVP_DigestVerify(context, (const unsigned char *)signature.at, signature.len,
                                (const unsigned char *)message.at, message.len);
    return good == 1 ? OK : DENIED;
}
