/* db_sqlite.h: the parts of the SQLite driver to each other.
 *
 * Owns: one connection for writing, used by the writer thread alone (db_sqlite_writer.c), and a
 * pool of connections for reading, opened when first needed (db_sqlite.c). What a connection can do
 * is in db_sqlite_connection.c. Invariants: WAL, every commit synced (synchronous=FULL), foreign
 * keys enforced. Threads: a connection belongs to one thread at a time (SQLite's own mutexes are
 * off). */
#ifndef STORE_DB_DB_SQLITE_H
#define STORE_DB_DB_SQLITE_H

#include "store/db/db_driver.h"

#include <pthread.h>
#include <sqlite3.h>

/** One open handle on the file. */
struct sqlite_connection {
    sqlite3 *handle;
    struct db_slots prepared;       /**< struct sqlite_statement by struct sql. */
    int64_t deadline_ms;            /**< Ticks at which a running read is interrupted, 0 = none. */
    struct sqlite_connection *next; /**< In the pool's free list. */
};

/** Which side a connection is for. */
enum sqlite_role { SQLITE_READER, SQLITE_WRITER };

/** Opens the file (making it when missing, readable by the owner only). IO. */
status sqlite_connect(struct ctx *cx, const char *path, enum sqlite_role role,
                      struct sqlite_connection **out) CHECKED;

/** Finalises its statements and closes it. NULL is fine. */
void sqlite_disconnect(struct sqlite_connection *connection);

/** Runs one of db.sql's statements that has neither parameters nor rows. */
status sqlite_do(struct ctx *cx, struct sqlite_connection *connection,
                 const struct sql *sql) CHECKED;

/** Ends a transaction without keeping anything, where there is nobody to tell if that fails. */
void sqlite_roll_back(struct sqlite_connection *connection);

/** Slots `run`, `script` and `check` of the driver. */
status sqlite_run(struct ctx *cx, struct db_tx *tx, const struct sql *sql,
                  const struct db_args *args, struct db_sink *sink, int64_t *out_changed) CHECKED;
status sqlite_script(struct ctx *cx, struct db_tx *tx, const char *statements) CHECKED;
status sqlite_check(struct ctx *cx, struct db_tx *tx, const struct sql *sql) CHECKED;

/** The writer thread with its line of waiting work. */
struct sqlite_writer;

/** Starts the thread on a connection, which it takes over on success. */
status sqlite_writer_open(struct ctx *cx, struct db *db, struct sqlite_connection *connection,
                          struct sqlite_writer **out) CHECKED;

/** Lets waiting work finish, joins the thread, closes the connection. NULL is fine. */
void sqlite_writer_close(struct sqlite_writer *writer);

/** Has the work run by the thread and returns when its group is durable or has failed; then makes
 * the after-commit calls here. TIMEOUT: the deadline passed before its turn; BUSY: another process
 * held the lock for too long. */
status sqlite_writer_do(struct ctx *cx, struct sqlite_writer *writer, db_work *work,
                        void *argument) CHECKED;

#endif
