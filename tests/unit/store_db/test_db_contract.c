/* test_db_contract.c: what db.h promises to one caller at a time, held against both engines. */
#include "things.h"

#include "base/clock.h"

#include <pthread.h>

static void every_kind_comes_back(void **state) {
    struct db_fixture *f = *state;
    struct thing in = {.id = TEXT("a"),
                       .name = TEXT("Zoë “☃”"),
                       .amount = -9007199254740993,
                       .ratio = 0.1 + 0.2,
                       .shown = true,
                       .liked = MAYBE_NO,
                       .parent = TEXT("a")};
    struct thing out;
    assert_ok(&f->cx, db_run(&f->cx, f->db, &sql_thing_insert, THING_ARGS(&in), NULL));
    assert_ok(&f->cx, db_get(&f->cx, f->db, &sql_thing_get, DB_ARGS("a"), &thing_schema, &out));
    assert_text(out.id, "a");
    assert_text(out.name, "Zoë “☃”");
    assert_int_equal(out.amount, -9007199254740993);
    assert_true(out.ratio == in.ratio);
    assert_true(out.shown);
    assert_int_equal(out.liked, MAYBE_NO);
    assert_text(out.parent, "a");
}

static void null_is_absent(void **state) {
    struct db_fixture *f = *state;
    struct thing out;
    struct thing in = {.id = TEXT("a"), .ratio = NAN, .liked = MAYBE_ABSENT};
    assert_ok(&f->cx, db_run(&f->cx, f->db, &sql_thing_insert, THING_ARGS(&in), NULL));
    assert_ok(&f->cx, db_get(&f->cx, f->db, &sql_thing_get, DB_ARGS("a"), &thing_schema, &out));
    assert_null(out.name.at);
    assert_true(isnan(out.ratio));
    assert_false(out.shown);
    assert_int_equal(out.liked, MAYBE_ABSENT);
    assert_null(out.parent.at);
}

static void empty_text_is_not_absent(void **state) {
    struct db_fixture *f = *state;
    struct thing out;
    struct thing in = {.id = TEXT("a"), .name = TEXT(""), .ratio = NAN};
    assert_ok(&f->cx, db_run(&f->cx, f->db, &sql_thing_insert, THING_ARGS(&in), NULL));
    assert_ok(&f->cx, db_get(&f->cx, f->db, &sql_thing_get, DB_ARGS("a"), &thing_schema, &out));
    assert_non_null(out.name.at);
    assert_int_equal(out.name.len, 0);
}

static void unnamed_members_are_absent(void **state) {
    struct db_fixture *f = *state;
    struct thing out = {.amount = 5, .parent = TEXT("left over")};
    assert_ok(&f->cx, thing_put(&f->cx, f->db, "a", 1));
    assert_ok(&f->cx, db_get(&f->cx, f->db, &sql_thing_any, DB_NO_ARGS, &thing_schema, &out));
    assert_int_equal(out.amount, NO_INT);
    assert_null(out.parent.at);
}

static void nothing_found_has_no_fault(void **state) {
    struct db_fixture *f = *state;
    struct thing out = {.amount = 5};
    status result = db_get(&f->cx, f->db, &sql_thing_get, DB_ARGS("a"), &thing_schema, &out);
    assert_int_equal(result, NOT_FOUND);
    assert_int_equal(f->cx.fault.code, OK);
    assert_int_equal(out.amount, 5);
}

static void drift_is_a_bug(void **state) {
    struct db_fixture *f = *state;
    struct thing out = {.amount = 5};
    assert_ok(&f->cx, thing_put(&f->cx, f->db, "a", 1));
    assert_status(
        &f->cx, BUG,
        db_get(&f->cx, f->db, &sql_thing_unknown_column, DB_NO_ARGS, &thing_schema, &out));
    assert_status(&f->cx, BUG,
                  db_get(&f->cx, f->db, &sql_thing_wrong_type, DB_NO_ARGS, &thing_schema, &out));
    assert_status(&f->cx, BUG,
                  db_get(&f->cx, f->db, &sql_thing_broken, DB_NO_ARGS, &thing_schema, &out));
    assert_status(&f->cx, BUG,
                  db_get(&f->cx, f->db, &sql_thing_get, DB_NO_ARGS, &thing_schema, &out));
    assert_status(&f->cx, BUG, db_check(&f->cx, f->db, &sql_thing_broken));
    assert_int_equal(out.amount, 5);
}

static void one_means_one(void **state) {
    struct db_fixture *f = *state;
    struct thing out = {.amount = 5};
    assert_ok(&f->cx, thing_put(&f->cx, f->db, "a", 1));
    assert_ok(&f->cx, db_get(&f->cx, f->db, &sql_thing_any, DB_NO_ARGS, &thing_schema, &out));
    assert_ok(&f->cx, thing_put(&f->cx, f->db, "b", 1));
    out.amount = 5;
    assert_status(&f->cx, BUG,
                  db_get(&f->cx, f->db, &sql_thing_any, DB_NO_ARGS, &thing_schema, &out));
    assert_int_equal(out.amount, 5);
}

static void lists_keep_their_order(void **state) {
    struct db_fixture *f = *state;
    list things = {NULL, 99};
    assert_ok(&f->cx,
              db_list(&f->cx, f->db, &sql_thing_some, DB_ARGS(0, 10), &thing_schema, &things));
    assert_int_equal(things.len, 0);
    for (int i = 0; i < 100; i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "t%02d", i);
        assert_ok(&f->cx, thing_put(&f->cx, f->db, id, 99 - i));
    }
    assert_ok(&f->cx,
              db_list(&f->cx, f->db, &sql_thing_some, DB_ARGS(10, 80), &thing_schema, &things));
    assert_int_equal(things.len, 80);
    const struct thing *at = things.at;
    assert_text(at[0].id, "t89");
    for (int i = 0; i < 80; i++) assert_int_equal(at[i].amount, 10 + i);
}

static void changes_are_counted(void **state) {
    struct db_fixture *f = *state;
    int64_t changed = -1;
    assert_ok(&f->cx, thing_put(&f->cx, f->db, "a", 1));
    assert_ok(&f->cx, thing_put(&f->cx, f->db, "b", 1));
    assert_ok(&f->cx, db_run(&f->cx, f->db, &sql_thing_rename, DB_ARGS("a", "new"), &changed));
    assert_int_equal(changed, 1);
    assert_ok(&f->cx, db_run(&f->cx, f->db, &sql_thing_rename, DB_ARGS("a", "new"), &changed));
    assert_int_equal(changed, 0);
    assert_ok(&f->cx, db_run(&f->cx, f->db, &sql_thing_add_all, DB_NO_ARGS, &changed));
    assert_int_equal(changed, 2);
    assert_ok(&f->cx, db_run(&f->cx, f->db, &sql_thing_count, DB_NO_ARGS, &changed));
    assert_int_equal(changed, 0);
}

static void constraints_conflict(void **state) {
    struct db_fixture *f = *state;
    struct thing orphan = {.id = TEXT("c"), .ratio = NAN, .parent = TEXT("nobody")};
    assert_ok(&f->cx, thing_put(&f->cx, f->db, "a", 1));
    assert_status(&f->cx, CONFLICT, thing_put(&f->cx, f->db, "a", 2));
    assert_ok(&f->cx, thing_put(&f->cx, f->db, "b", 1));
    assert_status(&f->cx, CONFLICT,
                  db_run(&f->cx, f->db, &sql_thing_rename, DB_ARGS("b", "a"), NULL));
    assert_status(&f->cx, CONFLICT,
                  db_run(&f->cx, f->db, &sql_thing_insert, THING_ARGS(&orphan), NULL));
    orphan.parent = TEXT("a");
    assert_ok(&f->cx, db_run(&f->cx, f->db, &sql_thing_insert, THING_ARGS(&orphan), NULL));
    assert_status(&f->cx, CONFLICT, db_run(&f->cx, f->db, &sql_thing_delete, DB_ARGS("a"), NULL));
    assert_int_equal(thing_amount(&f->cx, f->db, "a"), 1);
}

static void returning_writes(void **state) {
    struct db_fixture *f = *state;
    struct thing out;
    assert_ok(&f->cx, db_get(&f->cx, f->db, &sql_thing_insert_returning, DB_ARGS("a", "name"),
                             &thing_schema, &out));
    assert_text(out.name, "name");
    assert_int_equal(thing_count(&f->cx, f->db), 1);
    assert_ok(&f->cx,
              db_get(&f->cx, f->db, &sql_thing_quoted_words, DB_NO_ARGS, &thing_schema, &out));
    assert_int_equal(out.amount, 7);
}

static void what_is_no_text_is_refused(void **state) {
    struct db_fixture *f = *state;
    text bad[] = {{"a\0b", 3}, TEXT("\xff"), TEXT("\xed\xa0\x80")};
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_status(&f->cx, INVALID,
                      db_run(&f->cx, f->db, &sql_thing_rename, DB_ARGS("a", bad[i]), NULL));
}

/* Inserts two things, then answers what its argument says. */
static status put_two(struct ctx *cx, struct db_tx *tx, void *argument) {
    struct thing thing = {.id = TEXT("a"), .ratio = NAN};
    TRY(tx_run(cx, tx, &sql_thing_insert, THING_ARGS(&thing), NULL));
    thing.id = TEXT("b");
    TRY(tx_run(cx, tx, &sql_thing_insert, THING_ARGS(&thing), NULL));
    return *(status *)argument;
}

static void a_status_rolls_back(void **state) {
    struct db_fixture *f = *state;
    status outcome = QUOTA;
    assert_status(&f->cx, QUOTA, db_write(&f->cx, f->db, put_two, &outcome));
    assert_int_equal(thing_count(&f->cx, f->db), 0);
    outcome = OK;
    assert_ok(&f->cx, db_write(&f->cx, f->db, put_two, &outcome));
    assert_int_equal(thing_count(&f->cx, f->db), 2);
}

/* Fails, and hides it. */
static status swallow(struct ctx *cx, struct db_tx *tx, void *argument) {
    struct thing thing = {.id = TEXT("a"), .ratio = NAN};
    status *second = argument;
    TRY(tx_run(cx, tx, &sql_thing_insert, THING_ARGS(&thing), NULL));
    status first = tx_run(cx, tx, &sql_thing_insert, THING_ARGS(&thing), NULL);
    if (first != CONFLICT) return BUG;
    thing.id = TEXT("b");
    *second = tx_run(cx, tx, &sql_thing_insert, THING_ARGS(&thing), NULL);
    return OK;
}

static void a_failed_statement_spoils_its_transaction(void **state) {
    struct db_fixture *f = *state;
    status second = OK;
    assert_status(&f->cx, CONFLICT, db_write(&f->cx, f->db, swallow, &second));
    assert_int_equal(second, CONFLICT);
    assert_int_equal(thing_count(&f->cx, f->db), 0);
}

/* What the call after the commit saw. */
struct after {
    struct db_fixture *fixture;
    pthread_t thread;
    int calls;
    int64_t seen;
    status outcome;
};

static void look_after(void *argument) {
    struct after *after = argument;
    after->calls++;
    after->thread = pthread_self();
    after->seen = thing_count(&after->fixture->cx, after->fixture->db);
}

static status put_and_look(struct ctx *cx, struct db_tx *tx, void *argument) {
    struct after *after = argument;
    TRY(tx_after_commit(cx, tx, look_after, after));
    TRY(tx_after_commit(cx, tx, look_after, after));
    return put_two(cx, tx, &after->outcome);
}

static void after_commit_is_after_the_commit(void **state) {
    struct db_fixture *f = *state;
    struct after after = {.fixture = f, .outcome = QUOTA};
    assert_status(&f->cx, QUOTA, db_write(&f->cx, f->db, put_and_look, &after));
    assert_int_equal(after.calls, 0);
    after.outcome = OK;
    assert_ok(&f->cx, db_write(&f->cx, f->db, put_and_look, &after));
    assert_int_equal(after.calls, 2);
    assert_int_equal(after.seen, 2);
    assert_true(pthread_equal(after.thread, pthread_self()));
}

static status add_hang_up(struct ctx *cx, struct db_tx *tx, void *argument) {
    int *runs = argument;
    struct thing unused;
    TRY(tx_run(cx, tx, &sql_thing_add, DB_ARGS("a", 1), NULL));
    if (++*runs > 1) return OK;
    return tx_get(cx, tx, &sql_thing_hang_up, DB_NO_ARGS, &thing_schema, &unused);
}

static void a_lost_connection_is_replaced(void **state) {
    struct db_fixture *f = *state;
    int runs = 0;
    assert_ok(&f->cx, thing_put(&f->cx, f->db, "a", 0));
    assert_ok(&f->cx, db_write(&f->cx, f->db, add_hang_up, &runs));
    assert_int_equal(runs, strcmp(f->engine, "postgres") == 0 ? 2 : 1);
    assert_int_equal(thing_amount(&f->cx, f->db, "a"), 1);
    assert_int_equal(f->cx.fault.code, OK);
}

static status write_in_read(struct ctx *cx, struct db_tx *tx, void *argument) {
    (void)argument;
    return tx_run(cx, tx, &sql_thing_add, DB_ARGS("a", 1), NULL);
}

static void a_read_changes_nothing(void **state) {
    struct db_fixture *f = *state;
    assert_ok(&f->cx, thing_put(&f->cx, f->db, "a", 1));
    assert_int_not_equal(db_read(&f->cx, f->db, write_in_read, NULL), OK);
    ctx_clear(&f->cx);
    assert_int_equal(thing_amount(&f->cx, f->db, "a"), 1);
}

static void a_slow_read_ends_at_its_deadline(void **state) {
    struct db_fixture *f = *state;
    struct thing out;
    int64_t begun_ms = clock_ticks_ms();
    f->cx.deadline_ms = begun_ms + 200;
    assert_status(&f->cx, TIMEOUT,
                  db_get(&f->cx, f->db, &sql_thing_slow, DB_NO_ARGS, &thing_schema, &out));
    assert_in_range(clock_ticks_ms() - begun_ms, 150, 5000);
    f->cx.deadline_ms = 0;
    assert_ok(&f->cx, thing_put(&f->cx, f->db, "a", 1));
}

static void an_arena_that_is_full_is_a_status(void **state) {
    struct db_fixture *f = *state;
    list things;
    for (int i = 0; i < 60; i++) {
        char id[600];
        (void)snprintf(id, sizeof id, "%0500d", i);
        assert_ok(&f->cx, thing_put(&f->cx, f->db, id, i));
    }
    scoped(arena_done) struct arena *small = arena_new(8000);
    struct ctx cx = {.arena = small};
    assert_status(&cx, NO_MEMORY,
                  db_list(&cx, f->db, &sql_thing_some, DB_ARGS(0, 100), &thing_schema, &things));
    assert_int_equal(thing_count(&f->cx, f->db), 60);
}

static void health_and_figures(void **state) {
    struct db_fixture *f = *state;
    struct db_figures before;
    struct db_figures after;
    assert_string_equal(db_dialect(f->db), f->engine);
    assert_ok(&f->cx, db_ping(&f->cx, f->db));
    db_figures_of(f->db, &before);
    assert_ok(&f->cx, thing_put(&f->cx, f->db, "a", 1));
    db_figures_of(f->db, &after);
    assert_int_equal(after.writes, before.writes + 1);
    assert_int_equal(after.commits, before.commits + 1);
    assert_int_equal(after.connections_in_use, 0);
    assert_in_range(after.connections_open, 2, 24);
}

static void bad_addresses_are_refused(void **state) {
    struct db_fixture *f = *state;
    struct db *db = NULL;
    static const struct {
        const char *url;
        status code;
    } bad[] = {
        {"", INVALID},
        {"mysql://x", INVALID},
        {"sqlite:", INVALID},
        {"sqlite:/no/such/folder/x.db", IO},
        {"postgres://127.0.0.1:1/none?connect_timeout=2", IO},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct db_options options = {.url = bad[i].url, .readers = 1, .writers = 1};
        assert_status(&f->cx, bad[i].code, db_open(&f->cx, &options, &db));
        assert_null(db);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        DB_TEST(every_kind_comes_back),
        DB_TEST(null_is_absent),
        DB_TEST(empty_text_is_not_absent),
        DB_TEST(unnamed_members_are_absent),
        DB_TEST(nothing_found_has_no_fault),
        DB_TEST(drift_is_a_bug),
        DB_TEST(one_means_one),
        DB_TEST(lists_keep_their_order),
        DB_TEST(changes_are_counted),
        DB_TEST(constraints_conflict),
        DB_TEST(returning_writes),
        DB_TEST(what_is_no_text_is_refused),
        DB_TEST(a_status_rolls_back),
        DB_TEST(a_failed_statement_spoils_its_transaction),
        DB_TEST(after_commit_is_after_the_commit),
        DB_TEST(a_lost_connection_is_replaced),
        DB_TEST(a_read_changes_nothing),
        DB_TEST(a_slow_read_ends_at_its_deadline),
        DB_TEST(an_arena_that_is_full_is_a_status),
        DB_TEST(health_and_figures),
        DB_TEST(bad_addresses_are_refused),
    };
    return things_run(tests, COUNT_OF(tests));
}
