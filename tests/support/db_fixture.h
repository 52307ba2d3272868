/* db_fixture.h: a fresh, empty database for each test, on one engine after the other.
 *
 * Owns: a temporary folder (SQLite) or the schema "public" of the server that TEST_DATABASE_URL
 * names (PostgreSQL), which is emptied before each test. Threads: cmocka's assertions belong to the
 * thread that runs the tests; others hand back a status. */
#ifndef TESTS_SUPPORT_DB_FIXTURE_H
#define TESTS_SUPPORT_DB_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/ctx.h"
#include "base/scope.h"
#include "store/db/db.h"
#include "store/db/sql.h"

/** What a test gets as its state. */
struct db_fixture {
    struct ctx cx;
    struct db *db;      /**< Open, with the steps of db_fixture_steps taken. */
    const char *engine; /**< "sqlite" or "postgres". */
    char url[300];      /**< To open it once more. */
    char folder[64];    /**< SQLite's; "" otherwise. */
};

/** The steps that every fixture takes; set by the test program before it runs. */
extern const struct migration *db_fixture_steps;
extern size_t db_fixture_step_count;

/** Set-up and tear-down for cmocka_unit_test_setup_teardown. */
int db_fixture_open(void **state);
int db_fixture_close(void **state);

/** Opens the fixture's database once more, as another process would. */
status db_fixture_connect(struct ctx *cx, const struct db_fixture *fixture,
                          struct db **out) CHECKED;

/** Runs the tests on SQLite and, where TEST_DATABASE_URL is set, on PostgreSQL; the number of
 * failures, for main to return. */
int db_fixture_run(const struct CMUnitTest *tests, size_t count);

#define DB_TEST(test) cmocka_unit_test_setup_teardown(test, db_fixture_open, db_fixture_close)

/** Fails the test with the fault's sentence when the call doesn't answer OK. */
#define assert_ok(cx, call)                                                                        \
    do {                                                                                           \
        status status_ = (call);                                                                   \
        if (status_ != OK)                                                                         \
            fail_msg("%s: %s: %s", #call, status_name(status_), (cx)->fault.detail);               \
    } while (0)

/** The call answers this status; the fault is forgotten. */
#define assert_status(cx, expected, call)                                                          \
    do {                                                                                           \
        status status_ = (call);                                                                   \
        if (status_ != (expected))                                                                 \
            fail_msg("%s: %s: %s", #call, status_name(status_), (cx)->fault.detail);               \
        ctx_clear(cx);                                                                             \
    } while (0)

/** The text has exactly these bytes. */
#define assert_text(value, expected)                                                               \
    do {                                                                                           \
        text value_ = (value);                                                                     \
        text expected_ = text_of(expected);                                                        \
        assert_int_equal(value_.len, expected_.len);                                               \
        assert_memory_equal(value_.at ? value_.at : "", expected_.at, expected_.len);              \
    } while (0)

#endif
