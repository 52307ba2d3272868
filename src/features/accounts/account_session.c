/* account_session.c: sign-ins: opened, refreshed, closed. Owns nothing; see account_inner.h.
 *
 * A refresh token works once. A second use means that two hold it, a thief and its owner, and
 * nobody can tell which is which; so the whole sign-in ends, for both, at once, access tokens
 * included (mission A2). There is no grace for an answer that was lost on its way: a client that
 * repeats a refresh signs its user out and has to ask for the password again. */
#include "base/clock.h"
#include "base/digest.h"
#include "base/random.h"
#include "features/accounts/account_inner.h"
#include "features/accounts/account_sql.h"
#include "features/accounts/account_token.h"

enum { REFRESH_TOKEN_BYTES = 32, REFRESH_TOKEN_CHARACTERS = 43, TOKEN_ID_BYTES = 16 };

static const struct field session_fields[] = {
    FIELD(struct session, access_token, .flags = REQUIRED, .doc = "For `Authorization: Bearer`."),
    FIELD(struct session, token_type, .flags = REQUIRED, .doc = "\"Bearer\"."),
    FIELD(struct session, expires_in, .flags = REQUIRED, .min = 1, .max = 86400,
          .doc = "Seconds until the access token ends."),
    FIELD_OBJECT_OF(struct session, user, account_schema),
    FIELD(struct session, refresh_token, .flags = OMIT_ABSENT,
          .doc = "Only when asked for; browsers have it in a cookie."),
};
const struct schema session_schema =
    SCHEMA("Session", struct session, session_fields, "What signing in gives.");

/* What a refresh token leads to. */
struct refresh_row {
    text family_id;
    int64_t expires_at_ms;
    int64_t used_at_ms;
    int64_t revoked_at_ms;
    text user_id, email, display_name, role;
    int64_t created_at_ms;
};
static const struct field refresh_fields[] = {
    FIELD(struct refresh_row, family_id),     FIELD(struct refresh_row, expires_at_ms),
    FIELD(struct refresh_row, used_at_ms),    FIELD(struct refresh_row, revoked_at_ms),
    FIELD(struct refresh_row, user_id),       FIELD(struct refresh_row, email),
    FIELD(struct refresh_row, display_name),  FIELD(struct refresh_row, role),
    FIELD(struct refresh_row, created_at_ms),
};
static const struct schema refresh_schema =
    SCHEMA("RefreshRow", struct refresh_row, refresh_fields, "A refresh token and its user.");

static status hash_of(struct ctx *cx, text token, text *out) {
    unsigned char hash[SHA256_BYTES];
    char hex[SHA256_HEX_BYTES];
    digest_sha256(token.at, token.len, hash);
    hex_write(hash, sizeof hash, hex);
    return text_copy(cx->arena, text_of(hex), out) == OK ? OK : ctx_no_memory(cx);
}

/* A new refresh token of the family, as a row and for the client. */
static status issue(struct ctx *cx, struct db_tx *tx, text family_id, int64_t now_ms, text *out) {
    text token = NO_TEXT, hash = NO_TEXT;
    if (random_token(cx->arena, REFRESH_TOKEN_BYTES, &token) != OK) return ctx_no_memory(cx);
    TRY(hash_of(cx, token, &hash));
    TRY(tx_run(cx, tx, &sql_refresh_insert,
               DB_ARGS(hash, family_id, now_ms, now_ms + ACCOUNT_REFRESH_LIFETIME_MS), NULL));
    *out = token;
    return OK;
}

static status fill(struct ctx *cx, struct services *services, const struct account *user,
                   text family_id, text refresh_token, struct session *out) {
    int64_t now_s = clock_now_ms() / 1000;
    struct token_claims claims = {.sub = user->id,
                                  .sid = family_id,
                                  .role = user->role,
                                  .iat = now_s,
                                  .nbf = now_s,
                                  .exp = now_s + ACCOUNT_ACCESS_LIFETIME_MS / 1000};
    struct session session = {.token_type = TEXT("Bearer"),
                              .expires_in = ACCOUNT_ACCESS_LIFETIME_MS / 1000,
                              .user = *user,
                              .refresh_token = refresh_token};
    if (random_token(cx->arena, TOKEN_ID_BYTES, &claims.jti) != OK) return ctx_no_memory(cx);
    TRY(token_make(cx, services->keys, &claims, &session.access_token));
    *out = session;
    return OK;
}

struct opening {
    const struct account *user;
    text family_id;
    text token; /* out */
};

static status open_work(struct ctx *cx, struct db_tx *tx, void *argument) {
    struct opening *opening = argument;
    int64_t now_ms = clock_now_ms();
    TRY(tx_run(cx, tx, &sql_family_insert,
               DB_ARGS(opening->family_id, opening->user->id, now_ms,
                       now_ms + ACCOUNT_REFRESH_LIFETIME_MS),
               NULL));
    return issue(cx, tx, opening->family_id, now_ms, &opening->token);
}

status session_open(struct ctx *cx, struct services *services, const struct account *user,
                    struct session *out) {
    struct opening opening = {.user = user};
    if (random_id(cx->arena, &opening.family_id) != OK) return ctx_no_memory(cx);
    TRY(db_write(cx, services->db, open_work, &opening));
    return fill(cx, services, user, opening.family_id, opening.token, out);
}

/* What became of a refresh token: decided inside the transaction, told outside, because a failure
 * would roll the revocation back. */
enum verdict { VERDICT_GOOD, VERDICT_UNKNOWN, VERDICT_ENDED, VERDICT_REVOKED, VERDICT_REUSED };

struct refreshing {
    text hash;
    struct refresh_row row; /* out */
    enum verdict verdict;   /* out */
    text token;             /* out */
};

static status revoke_family(struct ctx *cx, struct db_tx *tx, text family_id, const char *why,
                            int64_t now_ms) {
    TRY(tx_run(cx, tx, &sql_family_revoke, DB_ARGS(family_id, now_ms, why), NULL));
    return revoke_add(cx, tx, family_id, now_ms);
}

static enum verdict judge(const struct refresh_row *row, int64_t now_ms) {
    if (row->revoked_at_ms != NO_INT) return VERDICT_REVOKED;
    if (row->used_at_ms != NO_INT) return VERDICT_REUSED;
    return row->expires_at_ms <= now_ms ? VERDICT_ENDED : VERDICT_GOOD;
}

static status refresh_work(struct ctx *cx, struct db_tx *tx, void *argument) {
    struct refreshing *r = argument;
    int64_t now_ms = clock_now_ms();
    int64_t changed = 0;
    r->verdict = VERDICT_UNKNOWN;
    status found = tx_get(cx, tx, &sql_refresh_by_hash, DB_ARGS(r->hash), &refresh_schema, &r->row);
    if (found == NOT_FOUND) return OK;
    TRY(found);
    r->verdict = judge(&r->row, now_ms);
    if (r->verdict == VERDICT_GOOD) {
        TRY(tx_run(cx, tx, &sql_refresh_use, DB_ARGS(r->hash, now_ms), &changed));
        if (changed == 0) r->verdict = VERDICT_REUSED; /* somebody else came in between */
    }
    if (r->verdict == VERDICT_REUSED)
        return revoke_family(cx, tx, r->row.family_id, "reuse", now_ms);
    if (r->verdict != VERDICT_GOOD) return OK;
    TRY(tx_run(cx, tx, &sql_family_prolong,
               DB_ARGS(r->row.family_id, now_ms + ACCOUNT_REFRESH_LIFETIME_MS), NULL));
    return issue(cx, tx, r->row.family_id, now_ms, &r->token);
}

static status told(struct ctx *cx, enum verdict verdict) {
    switch (verdict) {
    case VERDICT_GOOD:
        return OK;
    case VERDICT_REUSED:
        return ctx_fail(
            cx, DENIED,
            "This refresh token was used before, so the sign-in was ended; sign in again.");
    case VERDICT_REVOKED:
        return ctx_fail(cx, DENIED, "You were signed out; sign in again.");
    case VERDICT_ENDED:
        return ctx_fail(cx, DENIED, "The sign-in has ended; sign in again.");
    case VERDICT_UNKNOWN:
        break;
    }
    return ctx_fail(cx, DENIED, "The refresh token isn't known here; sign in again.");
}

status session_refresh(struct ctx *cx, struct services *services, text refresh_token,
                       struct session *out) {
    struct refreshing refreshing = {0};
    if (!refresh_token.at) return ctx_fail(cx, DENIED, "Sign in first: there is no refresh token.");
    if (refresh_token.len != REFRESH_TOKEN_CHARACTERS) return told(cx, VERDICT_UNKNOWN);
    TRY(hash_of(cx, refresh_token, &refreshing.hash));
    TRY(db_write(cx, services->db, refresh_work, &refreshing));
    const struct refresh_row *row = &refreshing.row;
    if (refreshing.verdict == VERDICT_REUSED) revoke_tell(services, row->family_id);
    TRY(told(cx, refreshing.verdict));
    struct account user = {row->user_id, row->email, row->display_name, row->role,
                           row->created_at_ms};
    return fill(cx, services, &user, row->family_id, refreshing.token, out);
}

struct closing {
    text hash;      /* absent: no refresh token came */
    text family_id; /* of the access token, or absent */
    text token_id;
    text refresh_family; /* out: the refresh token's, or absent */
};

static status close_work(struct ctx *cx, struct db_tx *tx, void *argument) {
    struct closing *closing = argument;
    int64_t now_ms = clock_now_ms();
    closing->refresh_family = NO_TEXT;
    if (closing->hash.at) {
        struct refresh_row row;
        status found =
            tx_get(cx, tx, &sql_refresh_by_hash, DB_ARGS(closing->hash), &refresh_schema, &row);
        if (found != OK && found != NOT_FOUND) return found;
        if (found == OK) closing->refresh_family = row.family_id;
    }
    if (closing->refresh_family.at)
        TRY(revoke_family(cx, tx, closing->refresh_family, "logout", now_ms));
    if (closing->family_id.at) TRY(revoke_family(cx, tx, closing->family_id, "logout", now_ms));
    return closing->token_id.at ? revoke_add(cx, tx, closing->token_id, now_ms) : OK;
}

status session_close(struct ctx *cx, struct services *services, text refresh_token, text family_id,
                     text token_id) {
    struct closing closing = {.family_id = family_id, .token_id = token_id};
    if (refresh_token.at) TRY(hash_of(cx, refresh_token, &closing.hash));
    if (!closing.hash.at && !family_id.at) return OK;
    TRY(db_write(cx, services->db, close_work, &closing));
    if (closing.refresh_family.at) revoke_tell(services, closing.refresh_family);
    if (family_id.at) revoke_tell(services, family_id);
    if (token_id.at) revoke_tell(services, token_id);
    return OK;
}
