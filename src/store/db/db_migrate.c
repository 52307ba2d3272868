/* db_migrate.c: brings the schema to the newest step.
 *
 * Owns: table schema_migrations. Each step runs in one transaction with the row that records it,
 * under a lock that only one process of an installation can hold, and looks up afresh what has been
 * taken: so several servers may start at once, and one that is killed half-way leaves a whole
 * number of steps. Threads: any. */
#include "store/db/db_driver.h"

#include "base/clock.h"
#include "migrations/migrations.h"
#include "store/db/db_sql.h"

/* The row of migrations_newest. */
struct newest {
    int64_t number;
};
static const struct field newest_fields[] = {FIELD(struct newest, number)};
static const struct schema newest_schema =
    SCHEMA("NewestMigration", struct newest, newest_fields, "The last step taken.");

/* What to bring the schema to, and whether the last call took a step. */
struct course {
    const struct migration *steps;
    size_t count;
    bool moved;
};

static status take_step(struct ctx *cx, struct db_tx *tx, const struct migration *step) {
    bool sqlite = tx->db->driver == &db_sqlite;
    TRY(tx->db->driver->script(cx, tx, sqlite ? step->text_sqlite : step->text_postgres));
    return tx_run(cx, tx, &sql_migration_insert, DB_ARGS(step->number, step->name, clock_now_ms()),
                  NULL);
}

static status take_next(struct ctx *cx, struct db_tx *tx, void *argument) {
    struct course *course = argument;
    struct newest newest;
    course->moved = false;
    TRY(tx_run(cx, tx, &sql_migrations_table, DB_NO_ARGS, NULL));
    TRY(tx_get(cx, tx, &sql_migrations_newest, DB_NO_ARGS, &newest_schema, &newest));
    if (newest.number > (int64_t)course->count)
        return ctx_fail(
            cx, CONFLICT,
            "The database is at step %lld, but this program knows %zu: use a newer one.",
            (long long)newest.number, course->count);
    if (newest.number == (int64_t)course->count) return OK;
    course->moved = true;
    return take_step(cx, tx, &course->steps[newest.number]);
}

status db_migrate_to(struct ctx *cx, struct db *db, const struct migration *steps, size_t count) {
    struct course course = {.steps = steps, .count = count, .moved = true};
    while (course.moved) TRY(db->driver->write_alone(cx, db, take_next, &course));
    return OK;
}

status db_migrate(struct ctx *cx, struct db *db) {
    return db_migrate_to(cx, db, migrations_all, migrations_count);
}
