/* account_admin.c: the first administrator, and the tick that removes what has ended. Owns nothing.
 * Threads: any; several servers may start at once, one of them makes the account. */
#include "base/clock.h"
#include "base/random.h"
#include "features/accounts/account_inner.h"
#include "features/accounts/account_password.h"
#include "features/accounts/account_sql.h"
#include "features/job_kind.h"

enum { PASSWORD_CHARACTERS = 20, PURGE_EVERY_MS = 10 * 60 * 1000 };

struct existence {
    bool found;
};
static const struct field existence_fields[] = {FIELD(struct existence, found)};
static const struct schema existence_schema =
    SCHEMA("Existence", struct existence, existence_fields, "Whether there is one.");

/* Characters that can't be taken for one another when read from a screen: 115 bits in 20 of them.
 */
static status random_password(struct ctx *cx, text *out) {
    static const char alphabet[] = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    char password[PASSWORD_CHARACTERS];
    for (int i = 0; i < PASSWORD_CHARACTERS; i++)
        password[i] = alphabet[random_below(sizeof alphabet - 1)];
    return text_copy(cx->arena, (text){password, sizeof password}, out) == OK ? OK
                                                                              : ctx_no_memory(cx);
}

status account_first_admin(struct ctx *cx, struct services *services, text *out_email,
                           text *out_password) {
    static const text email = {"admin@localhost", 15};
    struct existence admin = {false};
    text id = NO_TEXT, password = NO_TEXT, hash = NO_TEXT;
    int64_t inserted = 0;
    TRY(db_get(cx, services->db, &sql_user_admin_exists, DB_NO_ARGS, &existence_schema, &admin));
    if (admin.found) return NOT_FOUND;
    TRY(random_password(cx, &password));
    TRY(password_hash(cx, &services->keys->gate, password, &hash));
    if (random_id(cx->arena, &id) != OK) return ctx_no_memory(cx);
    status made = db_run(cx, services->db, &sql_user_insert_first_admin,
                         DB_ARGS(id, email, "Administrator", hash, clock_now_ms()), &inserted);
    if (made == CONFLICT) {
        /* Another server was quicker, or the address belongs to somebody who is no administrator.
         */
        ctx_clear(cx);
        return NOT_FOUND;
    }
    TRY(made);
    if (inserted == 0) return NOT_FOUND;
    *out_email = email;
    *out_password = password;
    return OK;
}

/* What a reset writes. */
struct reset {
    text user_id;
    text hash;
};

static status reset_work(struct ctx *cx, struct db_tx *tx, void *argument) {
    const struct reset *reset = argument;
    int64_t now_ms = clock_now_ms();
    int64_t until_ms = now_ms + ACCOUNT_ACCESS_LIFETIME_MS + 60000;
    TRY(tx_run(cx, tx, &sql_user_reset_password, DB_ARGS(reset->user_id, reset->hash, now_ms),
               NULL));
    TRY(tx_run(cx, tx, &sql_revoked_insert_all, DB_ARGS(reset->user_id, now_ms, until_ms), NULL));
    return tx_run(cx, tx, &sql_family_revoke_all, DB_ARGS(reset->user_id, now_ms, TEXT("logout")),
                  NULL);
}

status account_reset_password(struct ctx *cx, struct services *services, text email,
                              text *out_password) {
    struct account_row row;
    struct reset reset = {NO_TEXT, NO_TEXT};
    text password = NO_TEXT;
    TRY(rules_email(cx, email, &email));
    status found = account_by_email(cx, services, email, &row);
    if (found == NOT_FOUND)
        return ctx_fail(cx, NOT_FOUND, "There is no account with the address %.*s.",
                        TEXT_ARG(text_part(email, 0, 100)));
    TRY(found);
    reset.user_id = row.user.id;
    TRY(random_password(cx, &password));
    TRY(password_hash(cx, &services->keys->gate, password, &reset.hash));
    TRY(db_write(cx, services->db, reset_work, &reset));
    *out_password = password;
    return OK;
}

static status purge_work(struct ctx *cx, struct db_tx *tx, void *argument) {
    (void)argument;
    int64_t now_ms = clock_now_ms();
    TRY(tx_run(cx, tx, &sql_purge_families, DB_ARGS(now_ms), NULL));
    TRY(tx_run(cx, tx, &sql_purge_revoked, DB_ARGS(now_ms), NULL));
    return tx_run(cx, tx, &sql_purge_keys, DB_ARGS(now_ms), NULL);
}

static status purge(struct ctx *cx, struct services *services) {
    return db_write(cx, services->db, purge_work, NULL);
}

const struct tick account_purge_tick = {
    .name = "accounts.purge", .every_ms = PURGE_EVERY_MS, .run = purge};
