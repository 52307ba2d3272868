/* account.h: who people are: accounts, sign-in, tokens, and the check that every call goes through.
 *
 * Owns: the tables users, refresh_families, refresh_tokens, revoked_tokens and signing_keys.
 * Invariants: a password is stored as Argon2id only, a refresh token as SHA-256 only; a refresh
 * token works once, and its second use ends the whole sign-in; an e-mail address in its normal form
 * is one account. Threads: every function from any thread; those that compute Argon2 take tenths of
 * a second. */
#ifndef FEATURES_ACCOUNTS_ACCOUNT_H
#define FEATURES_ACCOUNTS_ACCOUNT_H

#include "api/route.h"

struct account_keys;
struct db;
struct services;
struct tick;

/** How long tokens last (mission A2), in milliseconds. */
#define ACCOUNT_ACCESS_LIFETIME_MS (INT64_C(30) * 60 * 1000)
#define ACCOUNT_REFRESH_LIFETIME_MS (INT64_C(7) * 24 * 3600 * 1000)

/** A user as the API shows one. */
struct account {
    text id;
    text email; /**< Only to the user and to those who administer. */
    text display_name;
    text role; /**< "viewer", "creator", "moderator" or "admin". */
    int64_t created_at_ms;
};
extern const struct schema account_schema;

/** Routes of sign-in: /api/auth/…, /.well-known/jwks.json. */
extern const struct route_table account_routes;

/** Removes tokens, revocations and keys that have ended. */
extern const struct tick account_purge_tick;

/** The verify hook of api_options: who an access token belongs to. DENIED: forged, expired,
 * revoked; the sentence says what to do. BUSY, IO: the database can't be asked. */
status account_verify(struct call *call, text token, struct actor *out);

/** The user with that id. NOT_FOUND with a sentence. */
status account_find(struct ctx *cx, struct services *services, text id,
                    struct account *out) CHECKED;

/** Makes the account admin@localhost with a random password when there is no admin yet; both texts
 * live in the context's arena and are to be shown once. NOT_FOUND (no fault): there is an admin
 * already. */
status account_first_admin(struct ctx *cx, struct services *services, text *out_email,
                           text *out_password) CHECKED;

/** `matinee password reset`: gives the account with that address a random
 *  password and signs it out everywhere; other servers notice within seconds. The password lives in
 * the context's arena and is to be shown once. NOT_FOUND: there is no such account. */
status account_reset_password(struct ctx *cx, struct services *services, text email,
                              text *out_password) CHECKED;

/** Opens the ring of signing keys for services->keys. Asks the database only when a key is first
 *  needed. `secret` is the installation's (32 bytes; copied in derived form): private keys are
 * sealed with it. `issuer` is copied; "" = "matinee". The caller closes it with account_keys_close.
 */
status account_keys_open(struct ctx *cx, struct db *db, text secret, const char *issuer,
                         struct account_keys **out) CHECKED;
void account_keys_close(struct account_keys *keys); /**< NULL is fine. */

/** `matinee keys rotate`: a new key signs from now on; the old one is kept until the last token
 * that it signed has ended, so nobody is signed out. Gives the new key's id. Other servers take the
 * new key into use within a minute. CONFLICT: somebody else rotated at the same moment. */
status account_keys_rotate(struct ctx *cx, struct account_keys *keys, text *out_kid) CHECKED;

#endif
