/* account_token.c: making and checking access tokens. Owns nothing; see the header. */
#include "features/accounts/account_token.h"

#include "base/digest.h"
#include "base/record.h"
#include "base/scope.h"
#include "features/accounts/account_inner.h"
#include "features/accounts/account_keys.h"

struct token_header {
    text alg;
    text typ;
    text kid;
};

static const struct field header_fields[] = {
    FIELD(struct token_header, alg, .flags = REQUIRED),
    FIELD(struct token_header, typ, .flags = REQUIRED),
    FIELD(struct token_header, kid, .flags = REQUIRED, .min = 1, .max = KEYRING_KID_BYTES - 1),
};
static const struct schema header_schema =
    SCHEMA("TokenHeader", struct token_header, header_fields, "The header of an access token.");

static const struct field claims_fields[] = {
    FIELD(struct token_claims, iss, .flags = REQUIRED, .max = 300),
    FIELD(struct token_claims, aud, .flags = REQUIRED, .max = 100),
    FIELD(struct token_claims, sub, .flags = REQUIRED, .format = "id"),
    FIELD(struct token_claims, jti, .flags = REQUIRED, .min = 16, .max = 64),
    FIELD(struct token_claims, sid, .flags = REQUIRED, .format = "id"),
    FIELD(struct token_claims, role, .flags = REQUIRED, .max = 20),
    FIELD(struct token_claims, iat, .flags = REQUIRED, .min = 0, .max = INT64_C(1) << 40),
    FIELD(struct token_claims, nbf, .flags = REQUIRED, .min = 0, .max = INT64_C(1) << 40),
    FIELD(struct token_claims, exp, .flags = REQUIRED, .min = 0, .max = INT64_C(1) << 40),
};
const struct schema token_claims_schema =
    SCHEMA("TokenClaims", struct token_claims, claims_fields, "What an access token says.");

static const text audience = {"matinee", 7};

/* One sentence for every token that isn't ours: a forger learns nothing. */
static status not_ours(struct ctx *cx) {
    ctx_clear(cx);
    return ctx_fail(cx, DENIED, "The access token isn't valid here; sign in again.");
}

/* Passes a lack of memory up and makes "not ours" of any other failure of a reader. */
static status refuse(struct ctx *cx, status why) {
    return why == NO_MEMORY ? ctx_no_memory(cx) : not_ours(cx);
}

static status read_header(struct ctx *cx, text encoded, text *out_kid) {
    struct token_header header;
    text json = NO_TEXT;
    status decoded = base64url_decode(cx->arena, encoded, &json);
    if (decoded != OK) return refuse(cx, decoded);
    status read = record_from_json(cx, &header_schema, json, &header);
    if (read != OK) return refuse(cx, read);
    if (!text_is(header.alg, "RS256") || !text_is(header.typ, "JWT")) return not_ours(cx);
    *out_kid = header.kid;
    return OK;
}

status token_take_apart(struct ctx *cx, text token, struct token_parts *out) {
    struct token_parts parts = {0};
    text header = NO_TEXT, payload = NO_TEXT, signature = NO_TEXT, rest = NO_TEXT;
    if (token.len > TOKEN_BYTES_MOST) return not_ours(cx);
    if (!text_cut(token, '.', &header, &rest) || !text_cut(rest, '.', &payload, &signature))
        return not_ours(cx);
    if (!signature.len || text_find(signature, '.') >= 0) return not_ours(cx);
    TRY(read_header(cx, header, &parts.kid));
    parts.message = text_part(token, 0, header.len + 1 + payload.len);
    status decoded = base64url_decode(cx->arena, payload, &parts.payload);
    if (decoded == OK) decoded = base64url_decode(cx->arena, signature, &parts.signature);
    if (decoded != OK) return refuse(cx, decoded);
    *out = parts;
    return OK;
}

status token_make(struct ctx *cx, struct account_keys *keys, const struct token_claims *claims,
                  text *out) {
    scoped(keyring_done) struct keyring_key *key = NULL;
    TRY(keys_signing(cx, keys, &key));
    struct token_claims full = *claims;
    full.iss = text_of(keys->issuer);
    full.aud = audience;
    struct token_header header = {TEXT("RS256"), TEXT("JWT"), text_of(key->kid)};
    text header_json = NO_TEXT, claims_json = NO_TEXT, head = NO_TEXT, body = NO_TEXT;
    text message = NO_TEXT, signature = NO_TEXT, tail = NO_TEXT;
    TRY(record_to_json(cx, &header_schema, &header, &header_json));
    TRY(record_to_json(cx, &token_claims_schema, &full, &claims_json));
    if (base64url_encode(cx->arena, header_json.at, header_json.len, &head) != OK ||
        base64url_encode(cx->arena, claims_json.at, claims_json.len, &body) != OK ||
        text_format(cx->arena, &message, "%.*s.%.*s", TEXT_ARG(head), TEXT_ARG(body)) != OK)
        return ctx_no_memory(cx);
    TRY(keyring_sign(cx, key, message, &signature));
    if (base64url_encode(cx->arena, signature.at, signature.len, &tail) != OK ||
        text_format(cx->arena, out, "%.*s.%.*s", TEXT_ARG(message), TEXT_ARG(tail)) != OK)
        return ctx_no_memory(cx);
    return OK;
}

static status check_times(struct ctx *cx, const struct token_claims *claims, int64_t now_ms,
                          bool expired_too) {
    int64_t now_s = now_ms / 1000;
    if (claims->nbf > now_s + TOKEN_LEEWAY_S || claims->iat > now_s + TOKEN_LEEWAY_S)
        return not_ours(cx);
    if (claims->exp <= claims->iat) return not_ours(cx);
    if (now_s < claims->exp || expired_too) return OK;
    return ctx_fail(cx, DENIED, "The access token has expired; refresh it or sign in again.");
}

status token_check(struct ctx *cx, struct account_keys *keys, text token, int64_t now_ms,
                   bool expired_too, struct token_claims *out) {
    struct token_parts parts;
    struct token_claims claims;
    TRY(token_take_apart(cx, token, &parts));
    scoped(keyring_done) struct keyring_key *key = NULL;
    status found = keys_named(cx, keys, parts.kid, now_ms, &key);
    if (found == NOT_FOUND) return not_ours(cx);
    TRY(found);
    status verified = keyring_verify(key, parts.message, parts.signature);
    if (verified != OK) return refuse(cx, verified);
    status read = record_from_json(cx, &token_claims_schema, parts.payload, &claims);
    if (read != OK) return refuse(cx, read);
    if (!text_is(claims.iss, keys->issuer) || !text_equal(claims.aud, audience) ||
        role_from(claims.role) == ROLE_NONE)
        return not_ours(cx);
    TRY(check_times(cx, &claims, now_ms, expired_too));
    *out = claims;
    return OK;
}
