/* account.c: accounts: finding, making, signing in. Owns nothing; see account.h. Threads: any.
 *
 * Only failures are counted against a sign-in, so people who sign in often aren't slowed. Three
 * counters work together: one address against one account (a person who forgot), one address
 * against all, and one account from everywhere; the last is high, so that a stranger can hardly
 * lock somebody out. */
#include "features/accounts/account.h"

#include "base/clock.h"
#include "base/digest.h"
#include "features/accounts/account_inner.h"
#include "features/accounts/account_password.h"
#include "features/accounts/account_sql.h"
#include "features/accounts/account_token.h"

enum { TRIES_WINDOW_MS = 10 * 60 * 1000, TRIES_PAIR = 10, TRIES_ADDRESS = 60, TRIES_ACCOUNT = 100 };

static const char *const role_choices[] = {"viewer", "creator", "moderator", "admin", NULL};

static const struct field account_fields[] = {
    FIELD(struct account, id, .flags = REQUIRED, .format = "id"),
    FIELD(struct account, email, .flags = REQUIRED, .max = 254, .format = "email",
          .doc = "In lower case; shown to the user alone."),
    FIELD(struct account, display_name, .flags = REQUIRED, .min = 1, .max = 80),
    FIELD(struct account, role, .flags = REQUIRED, .choices = role_choices),
    FIELD(struct account, created_at_ms, .flags = REQUIRED, .doc = "Milliseconds since 1970 UTC."),
};
const struct schema account_schema =
    SCHEMA("User", struct account, account_fields, "Somebody with an account.");

/* Rows carry the secret as well; the names of the columns are those of the members. */
static const struct field row_fields[] = {
    {.name = "id", .kind = FIELD_TEXT, .offset = offsetof(struct account_row, user.id)},
    {.name = "email", .kind = FIELD_TEXT, .offset = offsetof(struct account_row, user.email)},
    {.name = "display_name",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct account_row, user.display_name)},
    {.name = "role", .kind = FIELD_TEXT, .offset = offsetof(struct account_row, user.role)},
    {.name = "created_at_ms",
     .kind = FIELD_INT,
     .offset = offsetof(struct account_row, user.created_at_ms)},
    FIELD(struct account_row, password_hash, .flags = SECRET),
};
static const struct schema row_schema =
    SCHEMA("UserRow", struct account_row, row_fields, "A user as it is stored.");

status account_by_email(struct ctx *cx, struct services *services, text email,
                        struct account_row *out) {
    return db_get(cx, services->db, &sql_user_by_email, DB_ARGS(email), &row_schema, out);
}

status account_find(struct ctx *cx, struct services *services, text id, struct account *out) {
    struct account_row row;
    status found = db_get(cx, services->db, &sql_user_by_id, DB_ARGS(id), &row_schema, &row);
    if (found == NOT_FOUND) return ctx_fail(cx, NOT_FOUND, "There is no such user.");
    TRY(found);
    *out = row.user;
    return OK;
}

status account_create(struct ctx *cx, struct services *services, const struct account *user,
                      text password_hash) {
    status made = db_run(cx, services->db, &sql_user_insert,
                         DB_ARGS(user->id, user->email, user->display_name, user->role,
                                 password_hash, user->created_at_ms),
                         NULL);
    if (made != CONFLICT) return made;
    ctx_clear(cx);
    return ctx_fail_field(cx, CONFLICT, "email",
                          "There is an account with this e-mail address already; sign in instead.");
}

/* Keys of the three counters; addresses of people never lie in a cache in clear. */
struct tries {
    text pair;
    text address;
    text account;
};

static status tries_of(struct call *call, text email, struct tries *out) {
    unsigned char hash[SHA256_BYTES];
    char hex[SHA256_HEX_BYTES];
    struct arena *arena = call->cx.arena;
    text peer = call->exchange->peer;
    digest_hmac_sha256(call->services->settings.address_key, email.at, email.len, hash);
    hex_write(hash, sizeof hash, hex);
    hex[32] = '\0';
    if (text_format(arena, &out->pair, "tries:%.*s:%s", TEXT_ARG(peer), hex) != OK ||
        text_format(arena, &out->address, "tries:%.*s", TEXT_ARG(peer)) != OK ||
        text_format(arena, &out->account, "tries:account:%s", hex) != OK)
        return ctx_no_memory(&call->cx);
    return OK;
}

static status count_tries(struct call *call, const struct tries *tries, int64_t by) {
    int64_t spare = by ? 0 : -1; /* looking asks for room for one more */
    TRY(call_tries(call, tries->pair, by, TRIES_PAIR + spare, TRIES_WINDOW_MS));
    TRY(call_tries(call, tries->address, by, TRIES_ADDRESS + spare, TRIES_WINDOW_MS));
    return call_tries(call, tries->account, by, TRIES_ACCOUNT + spare, TRIES_WINDOW_MS);
}

/* A hash of an older cost is replaced while the password is at hand; failing to do so harms
 * nothing. */
static void renew_hash(struct call *call, const struct account_row *row, text password) {
    if (!password_is_old(row->password_hash)) return;
    struct services *services = call->services;
    text fresh = NO_TEXT;
    status done = password_hash(&call->cx, &services->keys->gate, password, &fresh);
    if (done == OK)
        done = db_run(&call->cx, services->db, &sql_user_set_password,
                      DB_ARGS(row->user.id, fresh, row->password_hash, clock_now_ms()), NULL);
    if (done != OK) ctx_clear(&call->cx);
}

status account_sign_in(struct call *call, text email, text password, struct account *out) {
    struct ctx *cx = &call->cx;
    struct account_row row = {0};
    struct tries tries;
    text normal = NO_TEXT;
    bool fits = false;
    TRY(rules_email(cx, email, &normal));
    TRY(tries_of(call, normal, &tries));
    TRY(count_tries(call, &tries, 0));
    status found = account_by_email(cx, call->services, normal, &row);
    if (found != OK && found != NOT_FOUND) return found;
    TRY(password_fits(cx, &call->services->keys->gate, password, row.password_hash, &fits));
    if (!fits) {
        TRY(count_tries(call, &tries, 1));
        return ctx_fail(cx, DENIED, "The e-mail address or the password is wrong.");
    }
    renew_hash(call, &row, password);
    *out = row.user;
    return OK;
}

status account_verify(struct call *call, text token, struct actor *out) {
    struct ctx *cx = &call->cx;
    struct services *services = call->services;
    struct token_claims claims;
    TRY(token_check(cx, services->keys, token, clock_now_ms(), false, &claims));
    TRY(revoke_check(cx, services, claims.jti, claims.sid));
    *out = (struct actor){.user_id = claims.sub,
                          .role = role_from(claims.role),
                          .token_id = claims.jti,
                          .family_id = claims.sid};
    return OK;
}
