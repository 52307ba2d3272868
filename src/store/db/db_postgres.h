/* db_postgres.h: the parts of the PostgreSQL driver to each other.
 *
 * Owns: two pools of connections, one for writes and one for reads (db_postgres.c); what one
 * connection can do is in db_postgres_connection.c. Invariants: a connection is given back outside
 * any transaction or is closed; a work function's transaction is serialisable, a single statement's
 * is read committed. Threads: a connection belongs to one thread at a time. */
#ifndef STORE_DB_DB_POSTGRES_H
#define STORE_DB_DB_POSTGRES_H

#include "store/db/db_driver.h"

#include <libpq-fe.h>

/** One connection to the server. */
struct postgres_connection {
    PGconn *handle;
    struct db_slots prepared;         /**< Number of the prepared statement "sN" by struct sql. */
    uintptr_t prepared_last;          /**< The last such number. */
    bool broken;                      /**< To be closed, not given back. */
    struct postgres_connection *next; /**< In the pool's free list. */
};

/** Connects. IO: the server can't be reached or refuses (the sentence holds no password). */
status postgres_connect(struct ctx *cx, const char *url, struct postgres_connection **out) CHECKED;

/** Closes it. NULL is fine. */
void postgres_disconnect(struct postgres_connection *connection);

/** False when the server has hung up on an idle connection. Sends nothing. */
bool postgres_is_alive(struct postgres_connection *connection) CHECKED;

/** Runs one of db.sql's statements, without parameters; rows are dropped. `*out_again` is set when
 * the server asks for another try of the whole transaction (it may be NULL). */
status postgres_do(struct ctx *cx, struct postgres_connection *connection, const struct sql *sql,
                   bool *out_again) CHECKED;

/** Ends a transaction without keeping anything; what can't be ended breaks the connection. */
void postgres_roll_back(struct postgres_connection *connection);

/** Slots `run`, `script` and `check` of the driver. */
status postgres_run(struct ctx *cx, struct db_tx *tx, const struct sql *sql,
                    const struct db_args *args, struct db_sink *sink, int64_t *out_changed) CHECKED;
status postgres_script(struct ctx *cx, struct db_tx *tx, const char *statements) CHECKED;
status postgres_check(struct ctx *cx, struct db_tx *tx, const struct sql *sql) CHECKED;

#endif
