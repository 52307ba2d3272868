/* things.h: the table and record that the tests of store/db work on. Owns: nothing. */
#ifndef TESTS_UNIT_STORE_DB_THINGS_H
#define TESTS_UNIT_STORE_DB_THINGS_H

#include "db_fixture.h"
#include "things_sql.h"

#include <math.h>
#include <string.h>

/** A record with a member of each kind. */
struct thing {
    text id;
    text name;
    int64_t amount;
    double ratio;
    bool shown;
    maybe liked;
    text parent;
};

static const struct field thing_fields[] = {
    FIELD(struct thing, id),     FIELD(struct thing, name),  FIELD(struct thing, amount),
    FIELD(struct thing, ratio),  FIELD(struct thing, shown), FIELD(struct thing, liked),
    FIELD(struct thing, parent),
};
static const struct schema thing_schema =
    SCHEMA("Thing", struct thing, thing_fields, "A thing to test with.");

#define THINGS_TABLE                                                                               \
    "CREATE TABLE things (id TEXT NOT NULL PRIMARY KEY, name TEXT UNIQUE, amount BIGINT NOT NULL," \
    " ratio DOUBLE PRECISION, shown BIGINT NOT NULL, liked BIGINT,"                                \
    " parent TEXT REFERENCES things (id));"                                                        \
    "CREATE INDEX things_parent ON things (parent)"

static const struct migration thing_steps[] = {
    {1, "things", THINGS_TABLE, THINGS_TABLE},
};

/** The parameters of thing_insert. */
#define THING_ARGS(t)                                                                              \
    DB_ARGS((t)->id, (t)->name, (t)->amount, (t)->ratio, (t)->shown,                               \
            (t)->liked == MAYBE_ABSENT ? NO_INT : (int64_t)((t)->liked == MAYBE_YES), (t)->parent)

/** Inserts a thing with this id as its name. */
static inline status thing_put(struct ctx *cx, struct db *db, const char *id, int64_t amount) {
    struct thing thing = {.id = text_of(id), .name = text_of(id), .amount = amount, .ratio = NAN};
    return db_run(cx, db, &sql_thing_insert, THING_ARGS(&thing), NULL);
}

/** The amount of the thing with this id, or -1 when there is none, -2 when reading failed. */
static inline int64_t thing_amount(struct ctx *cx, struct db *db, const char *id) {
    struct thing thing;
    status result = db_get(cx, db, &sql_thing_get, DB_ARGS(id), &thing_schema, &thing);
    return result == OK ? thing.amount : result == NOT_FOUND ? -1 : -2;
}

/** How many things there are, or -2. */
static inline int64_t thing_count(struct ctx *cx, struct db *db) {
    struct thing thing;
    status result = db_get(cx, db, &sql_thing_count, DB_NO_ARGS, &thing_schema, &thing);
    return result == OK ? thing.amount : -2;
}

/** The main function of a test program over this table. */
static inline int things_run(const struct CMUnitTest *tests, size_t count) {
    db_fixture_steps = thing_steps;
    db_fixture_step_count = COUNT_OF(thing_steps);
    return db_fixture_run(tests, count);
}

#endif
