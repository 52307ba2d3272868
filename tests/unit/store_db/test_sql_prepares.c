/* test_sql_prepares.c: every statement of the program is valid on both engines, against the schema
 * that the migrations make. The build gathers the statements, so a new .sql file is checked by
 * itself. */
#include "db_fixture.h"

#include "migrations/migrations.h"
#include "sql_index.h"

static void every_statement_prepares(void **state) {
    struct db_fixture *f = *state;
    size_t count = 0;
    size_t bad = 0;
    for (size_t i = 0; i < sql_set_count; i++) {
        for (size_t j = 0; j < sql_sets[i].count; j++, count++) {
            const struct sql *sql = sql_sets[i].statements[j];
            status result = db_check(&f->cx, f->db, sql);
            if (result != OK) print_error("%s.sql: %s\n", sql_sets[i].name, f->cx.fault.detail);
            bad += result != OK;
            ctx_clear(&f->cx);
        }
    }
    print_message("%zu statements of %zu files on %s\n", count, sql_set_count, f->engine);
    assert_true(count > 0);
    assert_int_equal(bad, 0);
}

static const struct sql broken = {
    .name = "broken",
    .kind = SQL_ONE,
    .text_sqlite = "SELECT id FROM jobs WHERE no_such_column = 1",
    .text_postgres = "SELECT id FROM jobs WHERE no_such_column = 1",
};

static void a_broken_statement_is_seen(void **state) {
    struct db_fixture *f = *state;
    assert_status(&f->cx, BUG, db_check(&f->cx, f->db, &broken));
}

static void the_newest_schema_needs_no_step(void **state) {
    struct db_fixture *f = *state;
    struct db_figures before;
    struct db_figures after;
    db_figures_of(f->db, &before);
    assert_ok(&f->cx, db_migrate(&f->cx, f->db));
    db_figures_of(f->db, &after);
    assert_int_equal(after.writes, before.writes + 1); /* one look, no step */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        DB_TEST(every_statement_prepares),
        DB_TEST(a_broken_statement_is_seen),
        DB_TEST(the_newest_schema_needs_no_step),
    };
    db_fixture_steps = migrations_all;
    db_fixture_step_count = migrations_count;
    return db_fixture_run(tests, COUNT_OF(tests));
}
