/* db.h: one interface to the database, whichever engine stands behind it.
 *
 * Owns: connections, prepared statements, and on SQLite the one writer thread that commits waiting
 * writes together (group commit). All work happens in a function that gets a transaction:
 * `db_write` runs it on the writer, `db_read` on a snapshot. Statements are the constants that
 * tools/sqlgen makes from .sql files, with parameters bound from DB_ARGS; rows land in records by
 * column name. Invariants: nothing is acknowledged before it is durable; a work function may be run
 * again (PostgreSQL serialisation failure, or its group's commit failing), so it must compute its
 * results afresh each time and have no other effects. Threads: every function may be called from
 * any thread; a `struct db_tx` stays in the thread that got it; a work function never calls db_read
 * or db_write itself. */
#ifndef STORE_DB_DB_H
#define STORE_DB_DB_H

#include "base/ctx.h"
#include "base/field.h"
#include "store/db/sql.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct db_tx;

/** How a database is opened. */
struct db_options {
    const char *url; /**< "sqlite:PATH" or "postgres://…"; the caller's until db_open returns. */
    const char *read_url; /**< Replica for reads, or NULL (PostgreSQL only). */
    int readers;          /**< Connections for reads, 1 to 64. */
    int writers;          /**< Connections for writes (PostgreSQL); SQLite always has one. */
};

/** Opens the database and its connections. INVALID: malformed URL; IO: cannot be reached or opened.
 *  The caller closes it with db_close. */
status db_open(struct ctx *cx, const struct db_options *options, struct db **out) CHECKED;

/** Finishes waiting writes, joins threads, closes connections. NULL is fine. */
void db_close(struct db *db);

/** "sqlite" or "postgres". */
const char *db_dialect(const struct db *db);

/** Brings the schema to the newest migration, one transaction each, under a lock so that several
 *  servers can start at once. CONFLICT: the database is newer than this program. */
status db_migrate(struct ctx *cx, struct db *db) CHECKED;

/** Answers whether the database can be read and written now; for health checks. BUSY or IO if not.
 */
status db_ping(struct ctx *cx, struct db *db) CHECKED;

/** One value of a parameter. */
struct db_value {
    enum { DB_NULL, DB_INT, DB_REAL, DB_TEXT } kind;
    int64_t number; /**< DB_INT; bools are 0 and 1. */
    double real;    /**< DB_REAL. */
    text text;      /**< DB_TEXT; the caller's until the call returns. */
};

/** A text; the absent text is NULL. */
static inline struct db_value db_value_text(text value) {
    return (struct db_value){.kind = value.at ? DB_TEXT : DB_NULL, .text = value};
}
/** A C string; NULL is NULL. */
static inline struct db_value db_value_c(const char *value) {
    return db_value_text(text_of(value));
}
/** An integer; NO_INT is NULL. */
static inline struct db_value db_value_int(int64_t value) {
    return (struct db_value){.kind = value == NO_INT ? DB_NULL : DB_INT, .number = value};
}
/** A truth as 0 or 1. */
static inline struct db_value db_value_bool(bool value) {
    return (struct db_value){.kind = DB_INT, .number = value};
}
/** A real; NaN is NULL. */
static inline struct db_value db_value_real(double value) {
    return (struct db_value){.kind = value != value ? DB_NULL : DB_REAL, .real = value};
}

/** A parameter from an expression of type text, const char *, integer, bool or double. */
#define DB_VALUE(x)                                                                                \
    _Generic((x), text: db_value_text, const char *: db_value_c, char *: db_value_c,               \
             bool: db_value_bool, int: db_value_int, unsigned: db_value_int,                       \
             int64_t: db_value_int, uint64_t: db_value_int, double: db_value_real)(x)

/** Parameters of a statement, in the order of $1, $2, …; at most 32. */
struct db_args {
    struct db_value at[32];
    size_t len;
};

#define DB_EACH_1_(a) DB_VALUE(a)
#define DB_EACH_2_(a, ...) DB_VALUE(a), DB_EACH_1_(__VA_ARGS__)
#define DB_EACH_3_(a, ...) DB_VALUE(a), DB_EACH_2_(__VA_ARGS__)
#define DB_EACH_4_(a, ...) DB_VALUE(a), DB_EACH_3_(__VA_ARGS__)
#define DB_EACH_5_(a, ...) DB_VALUE(a), DB_EACH_4_(__VA_ARGS__)
#define DB_EACH_6_(a, ...) DB_VALUE(a), DB_EACH_5_(__VA_ARGS__)
#define DB_EACH_7_(a, ...) DB_VALUE(a), DB_EACH_6_(__VA_ARGS__)
#define DB_EACH_8_(a, ...) DB_VALUE(a), DB_EACH_7_(__VA_ARGS__)
#define DB_EACH_9_(a, ...) DB_VALUE(a), DB_EACH_8_(__VA_ARGS__)
#define DB_EACH_10_(a, ...) DB_VALUE(a), DB_EACH_9_(__VA_ARGS__)
#define DB_EACH_11_(a, ...) DB_VALUE(a), DB_EACH_10_(__VA_ARGS__)
#define DB_EACH_12_(a, ...) DB_VALUE(a), DB_EACH_11_(__VA_ARGS__)
#define DB_EACH_13_(a, ...) DB_VALUE(a), DB_EACH_12_(__VA_ARGS__)
#define DB_EACH_14_(a, ...) DB_VALUE(a), DB_EACH_13_(__VA_ARGS__)
#define DB_EACH_15_(a, ...) DB_VALUE(a), DB_EACH_14_(__VA_ARGS__)
#define DB_EACH_16_(a, ...) DB_VALUE(a), DB_EACH_15_(__VA_ARGS__)
#define DB_EACH_17_(a, ...) DB_VALUE(a), DB_EACH_16_(__VA_ARGS__)
#define DB_EACH_18_(a, ...) DB_VALUE(a), DB_EACH_17_(__VA_ARGS__)
#define DB_EACH_19_(a, ...) DB_VALUE(a), DB_EACH_18_(__VA_ARGS__)
#define DB_EACH_20_(a, ...) DB_VALUE(a), DB_EACH_19_(__VA_ARGS__)
#define DB_PICK_(_1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, _13, _14, _15, _16, _17, _18,  \
                 _19, _20, name, ...)                                                              \
    name
#define DB_EACH_(...)                                                                              \
    DB_PICK_(__VA_ARGS__, DB_EACH_20_, DB_EACH_19_, DB_EACH_18_, DB_EACH_17_, DB_EACH_16_,         \
             DB_EACH_15_, DB_EACH_14_, DB_EACH_13_, DB_EACH_12_, DB_EACH_11_, DB_EACH_10_,         \
             DB_EACH_9_, DB_EACH_8_, DB_EACH_7_, DB_EACH_6_, DB_EACH_5_, DB_EACH_4_, DB_EACH_3_,   \
             DB_EACH_2_, DB_EACH_1_)                                                               \
    (__VA_ARGS__)
#define DB_COUNT_(...)                                                                             \
    (sizeof((struct db_value[]){DB_EACH_(__VA_ARGS__)}) / sizeof(struct db_value))

/** DB_ARGS(video->id, now_ms): 1 to 20 parameters. DB_NO_ARGS: none. */
#define DB_ARGS(...)                                                                               \
    (&(const struct db_args){.at = {DB_EACH_(__VA_ARGS__)}, .len = DB_COUNT_(__VA_ARGS__)})
#define DB_NO_ARGS (&(const struct db_args){.len = 0})

/** Work inside one transaction. Any status but OK rolls it back and is passed to the caller. So
 * does the first statement that the engine refuses, whatever the work makes of it: to go on behind
 * a taken name, let the statement say ON CONFLICT DO NOTHING and look at the rows changed. Work
 * runs as if alone (serialisable). It reads and writes the database and nothing else, and doesn't
 * dawdle: on SQLite all writers wait for it. */
typedef status db_work(struct ctx *cx, struct db_tx *tx, void *argument);

/** Runs `work` in a write transaction and returns once it is durable. On SQLite it shares its
 * commit with others that wait. BUSY or TIMEOUT when the engine is overloaded, IO when it is away.
 */
status db_write(struct ctx *cx, struct db *db, db_work *work, void *argument) CHECKED;

/** Runs `work` on a consistent snapshot, without changing anything. */
status db_read(struct ctx *cx, struct db *db, db_work *work, void *argument) CHECKED;

/** Runs a statement that answers at most one row and fills `record` from it by column name; a
 * column that the schema does not know is a BUG. NOT_FOUND (without a fault sentence) when there is
 * none. Texts live in cx->arena. CONFLICT: a UNIQUE or foreign key constraint refused. INVALID: a
 * parameter's text holds NUL or isn't UTF-8. */
status tx_get(struct ctx *cx, struct db_tx *tx, const struct sql *sql, const struct db_args *args,
              const struct schema *schema, void *record) CHECKED;

/** Runs a statement that answers rows; `out->at` is an array of records in cx->arena. */
status tx_list(struct ctx *cx, struct db_tx *tx, const struct sql *sql, const struct db_args *args,
               const struct schema *schema, list *out) CHECKED;

/** Runs a statement that changes rows; `out_changed` (may be NULL) gets how many. CONFLICT as
 * above. */
status tx_run(struct ctx *cx, struct db_tx *tx, const struct sql *sql, const struct db_args *args,
              int64_t *out_changed) CHECKED;

/** The same for a single statement in its own transaction. On PostgreSQL it runs at READ COMMITTED:
 * what it decides by other rows (INSERT … SELECT … WHERE NOT EXISTS) belongs into db_write. */
status db_get(struct ctx *cx, struct db *db, const struct sql *sql, const struct db_args *args,
              const struct schema *schema, void *record) CHECKED;
status db_list(struct ctx *cx, struct db *db, const struct sql *sql, const struct db_args *args,
               const struct schema *schema, list *out) CHECKED;
status db_run(struct ctx *cx, struct db *db, const struct sql *sql, const struct db_args *args,
              int64_t *out_changed) CHECKED;

/** Calls `after(argument)` once, after the transaction has become durable (never if it rolls back):
 *  waking workers, publishing events, deleting blobs. `argument` must live until db_write returns.
 */
status tx_after_commit(struct ctx *cx, struct db_tx *tx, void (*after)(void *argument),
                       void *argument) CHECKED;

/** Prepares the statement without running it: the check that every statement is valid on this
 * engine. */
status db_check(struct ctx *cx, struct db *db, const struct sql *sql) CHECKED;

/** Figures for /metrics. */
struct db_figures {
    int64_t connections_open;   /**< Connections of all pools. */
    int64_t connections_in_use; /**< Of these, busy now. */
    int64_t writes;             /**< Write transactions since start. */
    int64_t commits;            /**< Commits since start; fewer than writes when grouped. */
};
void db_figures_of(struct db *db, struct db_figures *out);

#endif
