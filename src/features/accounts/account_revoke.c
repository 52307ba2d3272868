/* account_revoke.c: access tokens that must no longer be taken. Owns nothing; see account_inner.h.
 *
 * The table is the truth. So that not each request asks it, an answer is kept in the cache under
 * `revoked:{id}`: "1" as long as a token can live, "0" for a few seconds, which is how long another
 * server may be behind. In this process a revocation counts at once: a look-up that was under way
 * while one happened doesn't keep its "0". */
#include "base/scope.h"
#include "features/accounts/account_inner.h"
#include "features/accounts/account_sql.h"
#include "store/cache/cache.h"

enum { GOOD_FOR_MS = 5000 };

struct existence {
    bool found;
};
static const struct field existence_fields[] = {FIELD(struct existence, found)};
static const struct schema existence_schema =
    SCHEMA("Existence", struct existence, existence_fields, "Whether there is one.");

static status key_of(struct ctx *cx, text id, text *out) {
    return text_format(cx->arena, out, "revoked:%.*s", TEXT_ARG(id)) == OK ? OK : ctx_no_memory(cx);
}

status revoke_add(struct ctx *cx, struct db_tx *tx, text id, int64_t now_ms) {
    int64_t until_ms = now_ms + ACCOUNT_ACCESS_LIFETIME_MS + 60000;
    return tx_run(cx, tx, &sql_revoked_insert, DB_ARGS(id, now_ms, until_ms), NULL);
}

void revoke_tell(struct services *services, text id) {
    scoped(arena_done) struct arena *arena = arena_new(4096);
    if (!arena) return;
    struct ctx cx = {.arena = arena};
    text key = NO_TEXT;
    atomic_fetch_add(&services->keys->revocations, 1);
    if (key_of(&cx, id, &key) != OK) return;
    cache_put(services->cache, key, TEXT("1"), ACCOUNT_ACCESS_LIFETIME_MS + 60000);
}

static status revoked(struct ctx *cx) {
    return ctx_fail(cx, DENIED, "You were signed out; sign in again.");
}

/* Keeps "not revoked" unless a revocation happened since `seen`. */
static void keep_good(struct services *services, const text *keys, uint64_t seen) {
    for (int i = 0; i < 2; i++) {
        cache_put(services->cache, keys[i], TEXT("0"), GOOD_FOR_MS);
        if (atomic_load(&services->keys->revocations) != seen)
            cache_delete(services->cache, keys[i]);
    }
}

status revoke_check(struct ctx *cx, struct services *services, text token_id, text family_id) {
    text keys[2] = {NO_TEXT, NO_TEXT};
    int known_good = 0;
    TRY(key_of(cx, token_id, &keys[0]));
    TRY(key_of(cx, family_id, &keys[1]));
    for (int i = 0; i < 2; i++) {
        text kept = NO_TEXT;
        if (cache_get(cx, services->cache, keys[i], &kept) != OK) continue;
        if (text_is(kept, "1")) return revoked(cx);
        known_good++;
    }
    if (known_good == 2) return OK;
    uint64_t seen = atomic_load(&services->keys->revocations);
    struct existence row = {false};
    TRY(db_get(cx, services->db, &sql_revoked_any, DB_ARGS(token_id, family_id), &existence_schema,
               &row));
    if (row.found) return revoked(cx);
    keep_good(services, keys, seen);
    return OK;
}
