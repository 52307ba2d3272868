/* account_keys.c: the ring: loading, making the first key, rotating. Owns: struct account_keys.
 *
 * A key that retires is known until the last token it may have signed has ended: the tokens'
 * lifetime after the moment when every server has read the ring again. */
#include "features/accounts/account_keys.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/scope.h"
#include "features/accounts/account_inner.h"
#include "features/accounts/account_sql.h"

#include <sodium.h>
#include <string.h>

enum { RELOAD_MS = 60 * 1000, UNKNOWN_RELOAD_MS = 1000, GRACE_MS = 5 * RELOAD_MS };

static void ring_clear(struct account_keys *keys) {
    for (size_t i = 0; i < keys->count; i++) keyring_release(keys->ring[i]);
    keys->count = 0;
}

/* Puts the rows in place of the ring. */
static status ring_take(struct ctx *cx, struct account_keys *keys, const list *rows) {
    struct keyring_key *fresh[KEYS_MOST];
    size_t count = 0;
    status opened = OK;
    for (size_t i = 0; i < rows->len && count < KEYS_MOST && opened == OK; i++) {
        opened = keyring_open(cx, keys->seal, (const struct key_row *)rows->at + i, &fresh[count]);
        if (opened == OK) count++;
    }
    if (opened != OK) {
        for (size_t i = 0; i < count; i++) keyring_release(fresh[i]);
        return opened;
    }
    ring_clear(keys);
    memcpy(keys->ring, fresh, count * sizeof fresh[0]);
    keys->count = count;
    keys->loaded_ticks_ms = clock_ticks_ms();
    return OK;
}

/* A ring that is there but a bit old is better than none: a database that is away doesn't stop
 * sign-in checks. The lock is held. */
static status ring_load(struct ctx *cx, struct account_keys *keys) {
    list rows = {0};
    status loaded =
        db_list(cx, keys->db, &sql_key_list, DB_ARGS(clock_now_ms()), &key_row_schema, &rows);
    if (loaded == OK) return ring_take(cx, keys, &rows);
    if (keys->count == 0) return loaded;
    ctx_clear(cx);
    keys->loaded_ticks_ms = clock_ticks_ms();
    return OK;
}

struct making {
    struct account_keys *keys;
    text instead_of; /* kid of the present key, which is to retire; absent = none is expected */
    struct key_row fresh;
    list rows; /* out: the ring afterwards */
    bool made; /* out */
};

static const struct key_row *signing_row(const list *rows) {
    const struct key_row *first = rows->at;
    return rows->len && first->retired_at_ms == NO_INT ? first : NULL;
}

/* Makes `fresh` the signing key, unless somebody else has changed it meanwhile: then theirs stands.
 */
static status make_work(struct ctx *cx, struct db_tx *tx, void *argument) {
    struct making *making = argument;
    int64_t now_ms = clock_now_ms();
    making->made = false;
    TRY(tx_list(cx, tx, &sql_key_list, DB_ARGS(now_ms), &key_row_schema, &making->rows));
    const struct key_row *present = signing_row(&making->rows);
    bool expected = present ? text_equal(present->kid, making->instead_of) : !making->instead_of.at;
    if (!expected) return OK;
    if (present) {
        int64_t until_ms = now_ms + ACCOUNT_ACCESS_LIFETIME_MS + GRACE_MS;
        TRY(tx_run(cx, tx, &sql_key_retire, DB_ARGS(now_ms, until_ms, present->kid), NULL));
    }
    const struct key_row *fresh = &making->fresh;
    TRY(tx_run(cx, tx, &sql_key_insert,
               DB_ARGS(fresh->kid, fresh->public_key, fresh->sealed_private_key, now_ms), NULL));
    making->made = true;
    return tx_list(cx, tx, &sql_key_list, DB_ARGS(now_ms), &key_row_schema, &making->rows);
}

/* The lock is held. CONFLICT from the database means that another server made one at the same
 * moment: then a second look finds theirs. */
static status make_key(struct ctx *cx, struct account_keys *keys, text instead_of, bool *out_made) {
    struct making making = {.keys = keys, .instead_of = instead_of};
    TRY(keyring_make(cx, keys->seal, clock_now_ms(), &making.fresh));
    status made = db_write(cx, keys->db, make_work, &making);
    if (made == CONFLICT) {
        ctx_clear(cx);
        made = db_write(cx, keys->db, make_work, &making);
    }
    TRY(made);
    *out_made = making.made;
    return ring_take(cx, keys, &making.rows);
}

static bool is_old(const struct account_keys *keys, int64_t most_ms) {
    return keys->loaded_ticks_ms == 0 || clock_ticks_ms() - keys->loaded_ticks_ms > most_ms;
}

/* The first key of the ring when it signs, or, sealed with another secret, as what is to be
 * replaced. */
static status ring_ready(struct ctx *cx, struct account_keys *keys) {
    bool made = false;
    if (is_old(keys, RELOAD_MS)) TRY(ring_load(cx, keys));
    if (keys->count && keys->ring[0]->signs) return OK;
    text instead_of = NO_TEXT;
    if (keys->count && keys->ring[0]->expires_at_ms == NO_INT &&
        text_copy(cx->arena, text_of(keys->ring[0]->kid), &instead_of) != OK)
        return ctx_no_memory(cx);
    TRY(make_key(cx, keys, instead_of, &made));
    if (keys->count && keys->ring[0]->signs) return OK;
    return ctx_fail(cx, IO, "The signing keys are sealed with another secret than this server's.");
}

status keys_signing(struct ctx *cx, struct account_keys *keys, struct keyring_key **out) {
    LOCKED(&keys->lock);
    TRY(ring_ready(cx, keys));
    *out = keyring_hold(keys->ring[0]);
    return OK;
}

static struct keyring_key *ring_find(struct account_keys *keys, text kid, int64_t now_ms) {
    for (size_t i = 0; i < keys->count; i++) {
        struct keyring_key *key = keys->ring[i];
        bool alive = key->expires_at_ms == NO_INT || key->expires_at_ms > now_ms;
        if (alive && text_is(kid, key->kid)) return key;
    }
    return NULL;
}

status keys_named(struct ctx *cx, struct account_keys *keys, text kid, int64_t now_ms,
                  struct keyring_key **out) {
    LOCKED(&keys->lock);
    struct keyring_key *key = ring_find(keys, kid, now_ms);
    if (!key && is_old(keys, UNKNOWN_RELOAD_MS)) {
        TRY(ring_load(cx, keys));
        key = ring_find(keys, kid, now_ms);
    }
    if (!key) return NOT_FOUND;
    *out = keyring_hold(key);
    return OK;
}

status keys_jwks(struct ctx *cx, struct account_keys *keys, list *out) {
    LOCKED(&keys->lock);
    TRY(ring_ready(cx, keys));
    struct jwk *items = arena_take_array(cx->arena, keys->count, sizeof *items);
    TRY_NEW(cx, items);
    for (size_t i = 0; i < keys->count; i++) TRY(keyring_jwk(cx, keys->ring[i], &items[i]));
    *out = (list){items, keys->count};
    return OK;
}

status account_keys_rotate(struct ctx *cx, struct account_keys *keys, text *out_kid) {
    LOCKED(&keys->lock);
    bool made = false;
    text old = NO_TEXT;
    TRY(ring_load(cx, keys));
    bool present = keys->count && keys->ring[0]->expires_at_ms == NO_INT;
    if (present && text_copy(cx->arena, text_of(keys->ring[0]->kid), &old) != OK)
        return ctx_no_memory(cx);
    TRY(make_key(cx, keys, old, &made));
    if (!made) return ctx_fail(cx, CONFLICT, "Somebody else rotated the keys at the same moment.");
    return text_copy(cx->arena, text_of(keys->ring[0]->kid), out_kid) == OK ? OK
                                                                            : ctx_no_memory(cx);
}

status account_keys_open(struct ctx *cx, struct db *db, text secret, const char *issuer,
                         struct account_keys **out) {
    static const char label[] = "matinee: seal of signing keys, 1";
    if (!issuer || !issuer[0]) issuer = "matinee";
    if (secret.len < 16) return ctx_fail(cx, INVALID, "The installation's secret is too short.");
    if (strlen(issuer) >= KEYS_ISSUER_BYTES)
        return ctx_fail(cx, INVALID, "The public URL is too long.");
    struct account_keys *keys = calloc(1, sizeof *keys);
    TRY_NEW(cx, keys);
    keys->db = db;
    digest_hmac_sha256(secret, label, sizeof label - 1, keys->seal);
    memcpy(keys->issuer, issuer, strlen(issuer) + 1);
    pthread_mutex_init(&keys->lock, NULL);
    pthread_mutex_init(&keys->gate.lock, NULL);
    condition_init(&keys->gate.freed);
    *out = keys;
    return OK;
}

void account_keys_close(struct account_keys *keys) {
    if (!keys) return;
    ring_clear(keys);
    sodium_memzero(keys->seal, sizeof keys->seal);
    pthread_cond_destroy(&keys->gate.freed);
    pthread_mutex_destroy(&keys->gate.lock);
    pthread_mutex_destroy(&keys->lock);
    free(keys);
}
