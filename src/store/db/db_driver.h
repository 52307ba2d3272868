/* db_driver.h: what an engine offers to db.c, and what db.c offers to the engines.
 *
 * Owns: the shape of a transaction and of a driver. A driver is one constant table of functions,
 * all mandatory; each embeds `struct db` at the start of its own state. Only files of store/db
 * include this. Invariants: a driver translates its engine's codes into a status where they appear,
 * and spoils the transaction when a statement fails, so that both engines behave alike: what failed
 * half-way is never committed, whatever the work function makes of the status. Threads: as db.h
 * says; a `struct db_tx` and its connection belong to one thread at a time. */
#ifndef STORE_DB_DB_DRIVER_H
#define STORE_DB_DB_DRIVER_H

#include "store/db/db.h"

#include <stdatomic.h>

struct db_driver;

/** What every driver's state begins with. */
struct db {
    const struct db_driver *driver;
    atomic_llong connections_open;
    atomic_llong connections_in_use;
    atomic_llong writes;
    atomic_llong commits;
};

/** A call that waits for the commit; a list in the order of registration, in cx->arena. */
struct db_after {
    void (*call)(void *argument);
    void *argument;
    struct db_after *next;
};

/** One transaction. */
struct db_tx {
    struct db *db;
    void *connection; /**< The driver's own. */
    bool writable;    /**< False on a snapshot: tx_after_commit has no meaning there. */
    bool again;       /**< The engine asks to run the work again (serialisation failure). */
    status spoiled;   /**< Of the first statement that failed; such a transaction rolls back. */
    struct db_after *after; /**< Calls to make once durable. */
    struct db_after **after_end;
};

/** How much a piece of work does: a single statement needs no transaction around it. */
enum db_span { DB_MANY_STATEMENTS, DB_ONE_STATEMENT };

/** A result as a driver shows it, one row after the other. */
struct db_rows {
    int columns;
    /** Name of the column, valid while the statement runs. */
    const char *(*name)(const struct db_rows *rows, int column);
    /** The present row's value, read for a member of that kind (DB_INT for bools). Texts are valid
     *  until the next row. BUG: the engine holds something that can't be read so. */
    status (*value)(struct ctx *cx, const struct db_rows *rows, int column, enum field_kind kind,
                    struct db_value *out);
};

/** Takes rows; a status other than OK ends the statement and is passed up. */
struct db_sink {
    status (*row)(struct ctx *cx, struct db_sink *sink, const struct db_rows *rows);
};

/** An engine. */
struct db_driver {
    const char *dialect; /**< "sqlite" or "postgres"; picks the statements' text. */
    const char *scheme;  /**< Beginning of the URLs that are its own. */

    /** As db_open; `out` begins with a zeroed struct db that has its driver set. */
    status (*open)(struct ctx *cx, const struct db_options *options, struct db **out);
    /** As db_close; never called with NULL. */
    void (*close)(struct db *db);
    /** As db_write; runs the after-commit calls in the caller's thread. */
    status (*write)(struct ctx *cx, struct db *db, enum db_span span, db_work *work,
                    void *argument);
    /** As db_read. */
    status (*read)(struct ctx *cx, struct db *db, enum db_span span, db_work *work, void *argument);
    /** As `write`, but no two such calls run at once in any process on this database, and each sees
     *  what the one before it committed. */
    status (*write_alone)(struct ctx *cx, struct db *db, db_work *work, void *argument);
    /** Runs one statement, gives its rows to the sink (NULL: they are dropped) and the number of
     * rows changed. A failure of the engine (not of the sink) spoils the transaction. */
    status (*run)(struct ctx *cx, struct db_tx *tx, const struct sql *sql,
                  const struct db_args *args, struct db_sink *sink, int64_t *out_changed);
    /** Runs any number of statements without parameters: a step of the schema. */
    status (*script)(struct ctx *cx, struct db_tx *tx, const char *statements);
    /** Prepares one statement without running it. */
    status (*check)(struct ctx *cx, struct db_tx *tx, const struct sql *sql);
    /** Whether this engine can be read and written now. */
    status (*ping)(struct ctx *cx, struct db *db);
};

/** SQLite (db_sqlite.c). */
extern const struct db_driver db_sqlite;

/** PostgreSQL (db_postgres.c). */
extern const struct db_driver db_postgres;

/** Runs the work as the thread's only one (it stops the program when one is inside another), and
 *  answers its status, or that of the statement that spoiled the transaction. */
status db_work_run(struct ctx *cx, struct db_tx *tx, db_work *work, void *argument) CHECKED;

/** Makes the calls registered by tx_after_commit, in order. */
void db_after_run(const struct db_after *after);

/** Marks the transaction as failed with this status unless it is already, and gives it back. */
status db_tx_spoil(struct db_tx *tx, status code);

/** The statement's text for this database. */
const char *db_text(const struct db *db, const struct sql *sql);

/** Fault for an engine's refusal: CONFLICT has its own sentence, others tell the engine's words. */
status db_refused(struct ctx *cx, status code, int64_t foreign, const char *doing,
                  const char *words);

/* db_row.c: rows into records. */

/** The most columns of a result. */
enum { DB_COLUMNS_MAX = 64 };

/** Fills one record, or a list of them. */
struct db_mapper {
    struct db_sink sink;         /**< First, so that the sink is the mapper. */
    const struct schema *schema; /**< What is filled. */
    void *record;                /**< db_mapper_one: where the only row goes. */
    char *at;                    /**< db_mapper_many: rows so far, in cx->arena. */
    size_t len;                  /**< Rows so far. */
    size_t room;                 /**< Rows that fit. */
    int columns;                 /**< 0 until the first row named them. */
    const struct field *fields[DB_COLUMNS_MAX];
};

/** For at most one row: a second one is a BUG. */
void db_mapper_one(struct db_mapper *mapper, const struct schema *schema, void *record);

/** For any number of rows. */
void db_mapper_many(struct db_mapper *mapper, const struct schema *schema);

/* db_migrate.c */

/** As db_migrate, with these steps: number i + 1 at element i. */
status db_migrate_to(struct ctx *cx, struct db *db, const struct migration *steps,
                     size_t count) CHECKED;

/* db_slots: what a connection has prepared, by the statement's address. */

/** One prepared statement. */
struct db_slot {
    const struct sql *sql; /**< NULL: free. */
    void *prepared;        /**< The driver's own, not NULL. */
};

/** Open addressing table; zero-initialised is empty. */
struct db_slots {
    struct db_slot *at;
    size_t room; /**< Power of two, or 0. */
    size_t used;
};

/** What was put under this statement, or NULL. */
void *db_slots_get(const struct db_slots *slots, const struct sql *sql) CHECKED;

/** Keeps `prepared` under the statement, which must not be there yet. NO_MEMORY. */
status db_slots_put(struct db_slots *slots, const struct sql *sql, void *prepared) CHECKED;

/** Calls `release` (may be NULL) for each and frees the table. */
void db_slots_done(struct db_slots *slots, void (*release)(void *prepared));

#endif
