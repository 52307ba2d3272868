/* account_inner.h: what the files of accounts/ share with each other and nobody else.
 *
 * Owns the shapes of rows and of the process's own state (`struct account_keys`: the ring of
 * signing keys, the gate before Argon2, the count of revocations). Threads: the state has its own
 * locks. */
#ifndef FEATURES_ACCOUNTS_ACCOUNT_INNER_H
#define FEATURES_ACCOUNTS_ACCOUNT_INNER_H

#include "base/thread.h"
#include "features/accounts/account.h"
#include "features/accounts/account_keyring.h"
#include "features/services.h"
#include "store/db/db.h"

#include <stdatomic.h>

/** A row of users with its secret. */
struct account_row {
    struct account user;
    text password_hash;
};

/** What sign-in, registration and refresh answer. */
struct session {
    text access_token;
    text token_type;
    int64_t expires_in;
    struct account user;
    text refresh_token; /**< Only when asked for. */
};
extern const struct schema session_schema;

/** How many Argon2 computations (64 MiB each) run and wait at once. */
enum { PASSWORD_RUNNING_MOST = 2, PASSWORD_WAITING_MOST = 6 };

/** A gate that bounds the memory of password hashing. */
struct password_gate {
    pthread_mutex_t lock;
    pthread_cond_t freed;
    int running;
    int waiting;
};

/** Bounds of the ring. */
enum { KEYS_MOST = 16, KEYS_ISSUER_BYTES = 256 };

/** The process's own state of accounts. */
struct account_keys {
    struct db *db;
    unsigned char seal[KEYRING_SEAL_BYTES];
    char issuer[KEYS_ISSUER_BYTES];
    pthread_mutex_t lock;                /**< Guards the ring. */
    struct keyring_key *ring[KEYS_MOST]; /**< The signing one first. */
    size_t count;
    int64_t loaded_ticks_ms; /**< 0 = never. */
    struct password_gate gate;
    _Atomic uint64_t revocations; /**< Of this process, so that a look-up notices one. */
};

/* ---- rules: account_rules.c ---- */

/** The e-mail address in its normal form. INVALID with the field named. */
status rules_email(struct ctx *cx, text email, text *out) CHECKED;

/** A name that people can see and that doesn't turn text around. INVALID with the field named. */
status rules_display_name(struct ctx *cx, text name) CHECKED;

/** INVALID when the password is the address or the name itself. Length is the schema's business. */
status rules_password(struct ctx *cx, text password, text email, text name) CHECKED;

/* ---- accounts: account.c ---- */

/** The user with that address. NOT_FOUND (no fault). */
status account_by_email(struct ctx *cx, struct services *services, text email,
                        struct account_row *out) CHECKED;

/** Makes an account. CONFLICT: the address is taken. */
status account_create(struct ctx *cx, struct services *services, const struct account *user,
                      text password_hash) CHECKED;

/** Checks address and password, counting failures by address, account and both. DENIED: wrong.
 * QUOTA: too many failures. */
status account_sign_in(struct call *call, text email, text password, struct account *out) CHECKED;

/* ---- sessions: account_session.c ---- */

/** Opens a sign-in: a family, its first refresh token, an access token. */
status session_open(struct ctx *cx, struct services *services, const struct account *user,
                    struct session *out) CHECKED;

/** Exchanges a refresh token for new tokens. DENIED: unknown, ended, revoked, or used before, which
 * ends the whole sign-in. */
status session_refresh(struct ctx *cx, struct services *services, text refresh_token,
                       struct session *out) CHECKED;

/** Ends the sign-in that the refresh token (may be absent) belongs to, and the one named by family
 * and access token id (may be absent). Unknown ones are fine. */
status session_close(struct ctx *cx, struct services *services, text refresh_token, text family_id,
                     text token_id) CHECKED;

/* ---- revocations: account_revoke.c ---- */

/** Inside a transaction: no access token with that jti or family is taken any more. */
status revoke_add(struct ctx *cx, struct db_tx *tx, text id, int64_t now_ms) CHECKED;

/** After that transaction: tells this process and the shared cache. */
void revoke_tell(struct services *services, text id);

/** DENIED when the token or its sign-in was revoked. */
status revoke_check(struct ctx *cx, struct services *services, text token_id,
                    text family_id) CHECKED;

#endif
