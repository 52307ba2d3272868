/* account_keys.h: the ring of signing keys as tokens use it.
 *
 * Owns: see account_inner.h's struct account_keys. The ring is read from the database when a key is
 * first needed, once a minute (so that a rotation elsewhere is taken up), and when a token names an
 * unknown key. Threads: any; a lock guards the ring, keys are held by reference outside it. */
#ifndef FEATURES_ACCOUNTS_ACCOUNT_KEYS_H
#define FEATURES_ACCOUNTS_ACCOUNT_KEYS_H

#include "features/accounts/account_keyring.h"

struct account_keys;

/** The key that signs now, made when there is none. The caller lets go of it. */
status keys_signing(struct ctx *cx, struct account_keys *keys, struct keyring_key **out) CHECKED;

/** The key with that id which may verify at `now_ms`. NOT_FOUND (no fault). The caller lets go of
 * it. */
status keys_named(struct ctx *cx, struct account_keys *keys, text kid, int64_t now_ms,
                  struct keyring_key **out) CHECKED;

/** All keys that tokens may be signed with, as `list` of struct jwk, the signing one first. */
status keys_jwks(struct ctx *cx, struct account_keys *keys, list *out) CHECKED;

#endif
