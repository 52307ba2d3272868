/* test_session.c: sign-ins: rotation, reuse, revocation, the first administrator, rules, passwords.
 */
#include "accounts_fixture.h"

#include "base/random.h"
#include "base/thread.h"
#include "features/job_kind.h"

/* A statement is known by its address, so each place has one of its own. */
#define STATEMENT(kind_, words)                                                                    \
    (__extension__({                                                                               \
        static const struct sql statement_ = {                                                     \
            .name = (words), .kind = (kind_), .text_sqlite = (words), .text_postgres = (words)};   \
        &statement_;                                                                               \
    }))

static void run_statement(struct db_fixture *f, const struct sql *sql) {
    assert_ok(&f->cx, db_run(&f->cx, f->db, sql, DB_NO_ARGS, NULL));
}
#define run_sql(f, words) run_statement(f, STATEMENT(SQL_EXEC, words))

struct number {
    int64_t n;
};
static const struct field number_fields[] = {FIELD(struct number, n)};
static const struct schema number_schema =
    SCHEMA("Number", struct number, number_fields, "A number.");

static int64_t count_of(struct db_fixture *f, const struct sql *sql) {
    struct number number;
    assert_ok(&f->cx, db_get(&f->cx, f->db, sql, DB_NO_ARGS, &number_schema, &number));
    return number.n;
}
#define count(f, words) count_of(f, STATEMENT(SQL_ONE, words))

static struct account new_user(struct db_fixture *f, struct services *s, const char *email) {
    struct account user = {.email = text_of(email),
                           .display_name = TEXT("Ada"),
                           .role = TEXT("creator"),
                           .created_at_ms = clock_now_ms()};
    assert_int_equal(random_id(f->cx.arena, &user.id), OK);
    assert_ok(&f->cx, account_create(&f->cx, s, &user, TEXT("not a hash")));
    return user;
}

static status look(struct ctx *cx, struct services *s, text access_token) {
    struct token_claims claims;
    ctx_clear(cx);
    TRY(token_check(cx, s->keys, access_token, clock_now_ms(), false, &claims));
    return revoke_check(cx, s, claims.jti, claims.sid);
}

static void rotates_refresh_tokens(void **state) {
    struct db_fixture *f = *state;
    struct ctx *cx = &f->cx;
    scoped(services_done) struct services *s = services_new(f, TEST_SECRET);
    struct account user = new_user(f, s, "ada@example.org");
    struct session first, next, again;
    assert_ok(cx, session_open(cx, s, &user, &first));
    assert_int_equal(first.expires_in, 1800);
    assert_ok(cx, session_refresh(cx, s, first.refresh_token, &next));
    assert_false(text_equal(first.refresh_token, next.refresh_token));
    assert_text(next.user.email, "ada@example.org");
    assert_ok(cx, session_refresh(cx, s, next.refresh_token, &again));
    assert_int_equal(look(cx, s, first.access_token), OK);
    assert_int_equal(count(f, "SELECT count(*) AS n FROM refresh_families"), 1);
    assert_int_equal(count(f, "SELECT count(*) AS n FROM refresh_tokens WHERE used_at_ms IS NULL"),
                     1);
}

static void reuse_ends_the_whole_sign_in(void **state) {
    struct db_fixture *f = *state;
    struct ctx *cx = &f->cx;
    scoped(services_done) struct services *s = services_new(f, TEST_SECRET);
    struct account user = new_user(f, s, "ada@example.org");
    struct session first, second, third, other;
    assert_ok(cx, session_open(cx, s, &user, &first));
    assert_ok(cx, session_open(cx, s, &user, &other));
    assert_ok(cx, session_refresh(cx, s, first.refresh_token, &second));
    assert_int_equal(look(cx, s, second.access_token), OK);
    assert_status(cx, DENIED, session_refresh(cx, s, first.refresh_token, &third));
    assert_status(cx, DENIED, session_refresh(cx, s, second.refresh_token, &third));
    assert_int_equal(look(cx, s, first.access_token), DENIED);
    assert_int_equal(look(cx, s, second.access_token), DENIED);
    assert_int_equal(look(cx, s, other.access_token), OK); /* another device stays signed in */
    assert_ok(cx, session_refresh(cx, s, other.refresh_token, &third));
    assert_int_equal(
        count(f, "SELECT count(*) AS n FROM refresh_families WHERE revoked_why = 'reuse'"), 1);
}

static void unknown_and_ended_tokens_are_refused(void **state) {
    struct db_fixture *f = *state;
    struct ctx *cx = &f->cx;
    scoped(services_done) struct services *s = services_new(f, TEST_SECRET);
    struct account user = new_user(f, s, "ada@example.org");
    struct session session, out;
    text random = NO_TEXT;
    assert_int_equal(random_token(cx->arena, 32, &random), OK);
    assert_status(cx, DENIED, session_refresh(cx, s, NO_TEXT, &out));
    assert_status(cx, DENIED, session_refresh(cx, s, TEXT(""), &out));
    assert_status(cx, DENIED, session_refresh(cx, s, TEXT("'; DROP TABLE users; --"), &out));
    assert_status(cx, DENIED, session_refresh(cx, s, random, &out));
    assert_ok(cx, session_open(cx, s, &user, &session));
    run_sql(f, "UPDATE refresh_tokens SET expires_at_ms = 1");
    assert_status(cx, DENIED, session_refresh(cx, s, session.refresh_token, &out));
    assert_int_equal(look(cx, s, session.access_token), OK); /* ended, not stolen */
}

static void signing_out_ends_everything_of_it(void **state) {
    struct db_fixture *f = *state;
    struct ctx *cx = &f->cx;
    scoped(services_done) struct services *s = services_new(f, TEST_SECRET);
    scoped(services_done) struct services *elsewhere = services_new(f, TEST_SECRET);
    struct account user = new_user(f, s, "ada@example.org");
    struct session one, two, out;
    assert_ok(cx, session_open(cx, s, &user, &one));
    assert_ok(cx, session_open(cx, s, &user, &two));
    assert_int_equal(look(cx, s, one.access_token), OK); /* now cached as good */
    assert_ok(cx, session_close(cx, s, one.refresh_token, NO_TEXT, NO_TEXT));
    assert_int_equal(look(cx, s, one.access_token), DENIED);
    assert_int_equal(look(cx, elsewhere, one.access_token),
                     DENIED); /* another server asks the table */
    assert_status(cx, DENIED, session_refresh(cx, s, one.refresh_token, &out));
    struct token_claims claims;
    assert_ok(cx, token_check(cx, s->keys, two.access_token, clock_now_ms(), false, &claims));
    assert_ok(cx, session_close(cx, s, NO_TEXT, claims.sid, claims.jti));
    assert_int_equal(look(cx, s, two.access_token), DENIED);
    assert_status(cx, DENIED, session_refresh(cx, s, two.refresh_token, &out));
    assert_ok(cx, session_close(cx, s, NO_TEXT, NO_TEXT, NO_TEXT));
    assert_ok(cx, session_close(cx, s, TEXT("unknown"), NO_TEXT, NO_TEXT));
}

enum { RACERS = 8 };

struct racer {
    pthread_t thread;
    struct services *services;
    text token;
    status result;
};

static void *race(void *argument) {
    struct racer *racer = argument;
    scoped(arena_done) struct arena *arena = arena_new(1 << 20);
    struct ctx cx = {.arena = arena};
    struct session session;
    racer->result = session_refresh(&cx, racer->services, racer->token, &session);
    return NULL;
}

static void one_of_many_racers_wins_and_the_sign_in_ends(void **state) {
    struct db_fixture *f = *state;
    struct ctx *cx = &f->cx;
    scoped(services_done) struct services *s = services_new(f, TEST_SECRET);
    struct account user = new_user(f, s, "ada@example.org");
    struct session session;
    struct racer racers[RACERS];
    int won = 0, refused = 0;
    assert_ok(cx, session_open(cx, s, &user, &session));
    for (int i = 0; i < RACERS; i++) {
        racers[i] = (struct racer){.services = s, .token = session.refresh_token, .result = BUG};
        assert_int_equal(thread_start(&racers[i].thread, "racer", race, &racers[i]), OK);
    }
    for (int i = 0; i < RACERS; i++) {
        thread_join(racers[i].thread);
        won += racers[i].result == OK;
        refused += racers[i].result == DENIED;
    }
    assert_int_equal(won, 1);
    assert_int_equal(refused, RACERS - 1);
    assert_int_equal(look(cx, s, session.access_token), DENIED);
    assert_int_equal(count(f, "SELECT count(*) AS n FROM refresh_tokens"), 2);
}

struct stored {
    text n;
};
static const struct field stored_fields[] = {FIELD(struct stored, n)};
static const struct schema stored_schema =
    SCHEMA("Stored", struct stored, stored_fields, "A hash.");

static void tokens_are_not_stored(void **state) {
    struct db_fixture *f = *state;
    struct ctx *cx = &f->cx;
    scoped(services_done) struct services *s = services_new(f, TEST_SECRET);
    struct account user = new_user(f, s, "ada@example.org");
    struct session session;
    assert_ok(cx, session_open(cx, s, &user, &session));
    static const struct sql hashes = {.name = "hashes",
                                      .kind = SQL_ONE,
                                      .text_sqlite = "SELECT hash AS n FROM refresh_tokens",
                                      .text_postgres = "SELECT hash AS n FROM refresh_tokens"};
    struct stored stored;
    assert_ok(cx, db_get(cx, f->db, &hashes, DB_NO_ARGS, &stored_schema, &stored));
    assert_null(memmem(stored.n.at, stored.n.len, session.refresh_token.at, 20));
    assert_int_equal(count(f, "SELECT count(*) AS n FROM refresh_tokens WHERE length(hash) = 64"),
                     1);
}

static void makes_one_first_administrator(void **state) {
    struct db_fixture *f = *state;
    struct ctx *cx = &f->cx;
    scoped(services_done) struct services *s = services_new(f, TEST_SECRET);
    text email = NO_TEXT, password = NO_TEXT;
    struct account_row row;
    bool fits = false;
    (void)new_user(f, s, "ada@example.org");
    assert_ok(cx, account_first_admin(cx, s, &email, &password));
    assert_text(email, "admin@localhost");
    assert_int_equal(password.len, 20);
    assert_ok(cx, account_by_email(cx, s, email, &row));
    assert_text(row.user.role, "admin");
    assert_true(text_starts(row.password_hash, TEXT("$argon2id$v=19$m=65536,t=2,p=1$")));
    assert_ok(cx, password_fits(cx, &s->keys->gate, password, row.password_hash, &fits));
    assert_true(fits);
    assert_status(cx, NOT_FOUND, account_first_admin(cx, s, &email, &password));
    assert_int_equal(count(f, "SELECT count(*) AS n FROM users WHERE role = 'admin'"), 1);
}

static void an_address_is_one_account(void **state) {
    struct db_fixture *f = *state;
    struct ctx *cx = &f->cx;
    scoped(services_done) struct services *s = services_new(f, TEST_SECRET);
    struct account user = new_user(f, s, "ada@example.org");
    assert_int_equal(random_id(cx->arena, &user.id), OK);
    assert_int_equal(account_create(cx, s, &user, TEXT("hash")), CONFLICT);
    assert_string_equal(cx->fault.field, "email");
    ctx_clear(cx);
}

static void purges_what_has_ended(void **state) {
    struct db_fixture *f = *state;
    struct ctx *cx = &f->cx;
    scoped(services_done) struct services *s = services_new(f, TEST_SECRET);
    struct account user = new_user(f, s, "ada@example.org");
    struct session one, two, out;
    text kid = NO_TEXT;
    assert_ok(cx, session_open(cx, s, &user, &one));
    assert_ok(cx, session_close(cx, s, one.refresh_token, NO_TEXT, NO_TEXT));
    assert_ok(cx, account_keys_rotate(cx, s->keys, &kid));
    run_sql(f, "UPDATE refresh_families SET expires_at_ms = 1");
    run_sql(f, "UPDATE revoked_tokens SET expires_at_ms = 1");
    run_sql(f, "UPDATE signing_keys SET expires_at_ms = 1 WHERE retired_at_ms IS NOT NULL");
    assert_ok(cx, session_open(cx, s, &user, &two));
    assert_ok(cx, account_purge_tick.run(cx, s));
    assert_ok(cx, account_purge_tick.run(cx, s));
    assert_int_equal(count(f, "SELECT count(*) AS n FROM refresh_families"), 1);
    assert_int_equal(count(f, "SELECT count(*) AS n FROM refresh_tokens"), 1);
    assert_int_equal(count(f, "SELECT count(*) AS n FROM revoked_tokens"), 0);
    assert_int_equal(count(f, "SELECT count(*) AS n FROM signing_keys"), 1);
    assert_ok(cx, session_refresh(cx, s, two.refresh_token, &out));
}

static void rules_of_addresses(void **state) {
    struct db_fixture *f = *state;
    struct ctx *cx = &f->cx;
    static const struct {
        const char *given, *normal;
    } cases[] = {
        {"ada@example.org", "ada@example.org"},
        {"  Ada.Lovelace+films@Example.ORG ", "ada.lovelace+films@example.org"},
        {"admin@localhost", "admin@localhost"},
        {"gr\xc3\xbc\xc3\x9f"
         "e@b\xc3\xbc"
         "cher.example",
         "gr\xc3\xbc\xc3\x9f"
         "e@b\xc3\xbc"
         "cher.example"},
        {"", NULL},
        {"ada", NULL},
        {"@example.org", NULL},
        {"ada@", NULL},
        {"a da@example.org", NULL},
        {"ada@exa mple.org", NULL},
        {"ada@@example.org", NULL},
        {"ada@b@example.org", NULL},
        {".ada@example.org", NULL},
        {"ada.@example.org", NULL},
        {"a..da@example.org", NULL},
        {"ada@.example.org", NULL},
        {"ada@example..org", NULL},
        {"ada@-example.org", NULL},
        {"ada@example-.org", NULL},
        {"<ada@example.org>", NULL},
        {"ada@example.org\n", "ada@example.org"},
        {"ada\"x@example.org", NULL},
        {"ada@exam_ple.org", NULL},
        {"ada@example.org,b@c.d", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        text normal = NO_TEXT;
        ctx_clear(cx);
        status checked = rules_email(cx, text_of(cases[i].given), &normal);
        if (checked != (cases[i].normal ? OK : INVALID)) fail_msg("%s", cases[i].given);
        if (cases[i].normal) assert_text(normal, cases[i].normal);
    }
}

static void rules_of_names_and_passwords(void **state) {
    struct db_fixture *f = *state;
    struct ctx *cx = &f->cx;
    static const char *const good[] = {"Ada", "\xe5\xb1\xb1\xe7\x94\xb0", "A B",
                                       "\xf0\x9f\x8e\xac films"};
    static const char *const bad[] = {" ",
                                      "\xc2\xa0",
                                      "\xe2\x80\x8b",
                                      "a\nb",
                                      ("Ada\xe2\x80\xae"
                                       "moc"),
                                      "\xe2\x81\xa6x",
                                      "\xef\xbb\xbf",
                                      "\xe3\x85\xa4"};
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_ok(cx, rules_display_name(cx, text_of(good[i])));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_status(cx, INVALID, rules_display_name(cx, text_of(bad[i])));
    text email = TEXT("ada.lovelace@example.org"), name = TEXT("Ada Lovelace");
    assert_ok(cx, rules_password(cx, TEXT("correct horse"), email, name));
    assert_status(cx, INVALID, rules_password(cx, TEXT("Ada.Lovelace@example.org"), email, name));
    assert_status(cx, INVALID, rules_password(cx, TEXT("ada lovelace"), email, name));
    assert_status(cx, INVALID, rules_password(cx, TEXT("ada.lovelace"), email, name));
}

static void an_unknown_address_costs_as_much(void **state) {
    struct db_fixture *f = *state;
    struct ctx *cx = &f->cx;
    scoped(services_done) struct services *s = services_new(f, TEST_SECRET);
    text hash = NO_TEXT;
    bool fits = true;
    assert_ok(cx, password_hash(cx, &s->keys->gate, TEXT("correct horse"), &hash));
    assert_false(password_is_old(hash));
    assert_true(password_is_old(TEXT("$argon2id$v=19$m=8192,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$"
                                     "oYzp0tkq2aGN5vUeFqeYxA9s0wIXFHmRZM9cVZ8Yh1Y")));
    int64_t began_us = clock_ticks_us();
    assert_ok(cx, password_fits(cx, &s->keys->gate, TEXT("wrong horse"), hash, &fits));
    int64_t known_us = clock_ticks_us() - began_us;
    assert_false(fits);
    began_us = clock_ticks_us();
    assert_ok(cx, password_fits(cx, &s->keys->gate, TEXT("wrong horse"), NO_TEXT, &fits));
    int64_t unknown_us = clock_ticks_us() - began_us;
    assert_false(fits);
    /* A refusal without computing would take microseconds; the rest is the machine's noise. */
    assert_true(unknown_us > known_us / 8);
}

static void *hash_one(void *argument) {
    struct racer *racer = argument;
    scoped(arena_done) struct arena *arena = arena_new(1 << 16);
    struct ctx cx = {.arena = arena};
    text hash = NO_TEXT;
    racer->result = password_hash(&cx, &racer->services->keys->gate, racer->token, &hash);
    return NULL;
}

static void few_passwords_are_hashed_at_once(void **state) {
    struct db_fixture *f = *state;
    scoped(services_done) struct services *s = services_new(f, TEST_SECRET);
    enum { CROWD = PASSWORD_RUNNING_MOST + PASSWORD_WAITING_MOST + 4 };
    struct racer racers[CROWD];
    int done = 0, busy = 0;
    s->keys->gate.running = PASSWORD_RUNNING_MOST; /* as if all places were taken */
    for (int i = 0; i < CROWD; i++) {
        racers[i] = (struct racer){.services = s, .token = TEXT("correct horse"), .result = BUG};
        assert_int_equal(thread_start(&racers[i].thread, "hasher", hash_one, &racers[i]), OK);
    }
    for (int i = 0; i < 200 && s->keys->gate.waiting < PASSWORD_WAITING_MOST; i++)
        clock_sleep_ms(5);
    clock_sleep_ms(50);
    {
        LOCKED(&s->keys->gate.lock);
        assert_int_equal(s->keys->gate.waiting, PASSWORD_WAITING_MOST);
        s->keys->gate.running = 0;
        pthread_cond_broadcast(&s->keys->gate.freed);
    }
    for (int i = 0; i < CROWD; i++) {
        thread_join(racers[i].thread);
        done += racers[i].result == OK;
        busy += racers[i].result == BUSY;
    }
    assert_int_equal(done, PASSWORD_WAITING_MOST);
    assert_int_equal(busy, CROWD - PASSWORD_WAITING_MOST);
    assert_int_equal(s->keys->gate.running, 0);
}

int main(void) {
    take_migrations();
    const struct CMUnitTest tests[] = {
        DB_TEST(rotates_refresh_tokens),
        DB_TEST(reuse_ends_the_whole_sign_in),
        DB_TEST(unknown_and_ended_tokens_are_refused),
        DB_TEST(signing_out_ends_everything_of_it),
        DB_TEST(one_of_many_racers_wins_and_the_sign_in_ends),
        DB_TEST(tokens_are_not_stored),
        DB_TEST(makes_one_first_administrator),
        DB_TEST(an_address_is_one_account),
        DB_TEST(purges_what_has_ended),
        DB_TEST(rules_of_addresses),
        DB_TEST(rules_of_names_and_passwords),
        DB_TEST(an_unknown_address_costs_as_much),
        DB_TEST(few_passwords_are_hashed_at_once),
    };
    return db_fixture_run(tests, COUNT_OF(tests));
}
