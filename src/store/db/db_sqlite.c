/* db_sqlite.c: the SQLite driver: opening, the pool of reading connections, reads.
 *
 * Owns: the path, the free list of readers, the writer. Readers are opened when first needed and
 * kept; each read runs on a snapshot of its own and never waits for the writer (WAL). Threads: any.
 */
#include "store/db/db_sqlite.h"

#include "base/clock.h"
#include "base/scope.h"
#include "base/thread.h"
#include "store/db/db_sql.h"

#include <stdlib.h>
#include <string.h>

enum { READERS_MAX = 64, READER_WAIT_MS = 10000 };

struct sqlite_db {
    struct db db; /* first, so that the db is this */
    char *path;
    struct sqlite_writer *writer;
    pthread_mutex_t lock;
    pthread_cond_t given_back;
    struct sqlite_connection *free; /* last used first: its cache is warm */
    int readers;                    /* open now */
    int readers_max;
};

static void sqlite_close_db(struct db *db) {
    struct sqlite_db *sqlite = (struct sqlite_db *)db;
    sqlite_writer_close(sqlite->writer);
    while (sqlite->free) {
        struct sqlite_connection *connection = sqlite->free;
        sqlite->free = connection->next;
        sqlite_disconnect(connection);
    }
    (void)pthread_cond_destroy(&sqlite->given_back);
    (void)pthread_mutex_destroy(&sqlite->lock);
    free(sqlite->path);
    free(sqlite);
}

static void close_db(struct sqlite_db **sqlite) {
    if (*sqlite) sqlite_close_db(&(*sqlite)->db);
}

static void close_connection(struct sqlite_connection **connection) {
    sqlite_disconnect(*connection);
}

static status sqlite_open_db(struct ctx *cx, const struct db_options *options, struct db **out) {
    const char *path = options->url + strlen(db_sqlite.scheme);
    if (!*path || *path == ':')
        return ctx_fail_field(cx, INVALID, "DATABASE_URL", "Name the file, as in sqlite:PATH.");
    if (options->read_url)
        return ctx_fail_field(cx, INVALID, "DATABASE_READ_URL", "SQLite has no replicas.");
    scoped(close_db) struct sqlite_db *sqlite = calloc(1, sizeof *sqlite);
    TRY_NEW(cx, sqlite);
    sqlite->db.driver = &db_sqlite;
    sqlite->readers_max = options->readers < 1 ? 1 : options->readers;
    if (sqlite->readers_max > READERS_MAX) sqlite->readers_max = READERS_MAX;
    (void)pthread_mutex_init(&sqlite->lock, NULL);
    condition_init(&sqlite->given_back);
    sqlite->path = strdup(path);
    TRY_NEW(cx, sqlite->path);
    scoped(close_connection) struct sqlite_connection *connection = NULL;
    TRY(sqlite_connect(cx, path, SQLITE_WRITER, &connection));
    TRY(sqlite_writer_open(cx, &sqlite->db, connection, &sqlite->writer));
    (void)move(&connection);
    atomic_fetch_add(&sqlite->db.connections_open, 1);
    *out = &move(&sqlite)->db;
    return OK;
}

/* Takes a free reader, or the right to open one (`*out` stays NULL). */
static status claim_reader(struct ctx *cx, struct sqlite_db *sqlite,
                           struct sqlite_connection **out) {
    int64_t deadline_ms = cx->deadline_ms ? cx->deadline_ms : clock_ticks_ms() + READER_WAIT_MS;
    LOCKED(&sqlite->lock);
    while (!sqlite->free && sqlite->readers >= sqlite->readers_max) {
        if (!condition_wait(&sqlite->given_back, &sqlite->lock, deadline_ms))
            return ctx_fail(cx, BUSY, "All connections to the database are in use; try again.");
    }
    *out = sqlite->free;
    if (sqlite->free)
        sqlite->free = sqlite->free->next;
    else
        sqlite->readers++;
    return OK;
}

static void give_reader(struct sqlite_db *sqlite, struct sqlite_connection *connection) {
    LOCKED(&sqlite->lock);
    if (connection) {
        connection->next = sqlite->free;
        sqlite->free = connection;
    } else { /* it could not be opened */
        sqlite->readers--;
    }
    (void)pthread_cond_signal(&sqlite->given_back);
}

static status take_reader(struct ctx *cx, struct sqlite_db *sqlite,
                          struct sqlite_connection **out) {
    struct sqlite_connection *connection = NULL;
    TRY(claim_reader(cx, sqlite, &connection));
    if (!connection) {
        status result = sqlite_connect(cx, sqlite->path, SQLITE_READER, &connection);
        if (result != OK) {
            give_reader(sqlite, NULL);
            return result;
        }
        atomic_fetch_add(&sqlite->db.connections_open, 1);
    }
    connection->deadline_ms = cx->deadline_ms;
    *out = connection;
    return OK;
}

static status read_on(struct ctx *cx, struct db *db, struct sqlite_connection *connection,
                      enum db_span span, db_work *work, void *argument) {
    struct db_tx tx = {.db = db, .connection = connection};
    if (span == DB_ONE_STATEMENT) return db_work_run(cx, &tx, work, argument);
    TRY(sqlite_do(cx, connection, &sql_db_begin_read));
    status result = db_work_run(cx, &tx, work, argument);
    connection->deadline_ms = 0;
    sqlite_roll_back(connection); /* a snapshot has nothing to keep */
    return result;
}

static status sqlite_read(struct ctx *cx, struct db *db, enum db_span span, db_work *work,
                          void *argument) {
    struct sqlite_db *sqlite = (struct sqlite_db *)db;
    struct sqlite_connection *connection = NULL;
    TRY(take_reader(cx, sqlite, &connection));
    atomic_fetch_add(&db->connections_in_use, 1);
    status result = read_on(cx, db, connection, span, work, argument);
    atomic_fetch_sub(&db->connections_in_use, 1);
    give_reader(sqlite, connection);
    return result;
}

static status sqlite_write(struct ctx *cx, struct db *db, enum db_span span, db_work *work,
                           void *argument) {
    (void)span; /* a single statement shares a commit as well */
    return sqlite_writer_do(cx, ((struct sqlite_db *)db)->writer, work, argument);
}

/* BEGIN IMMEDIATE keeps all other writers out already. */
static status sqlite_write_alone(struct ctx *cx, struct db *db, db_work *work, void *argument) {
    return sqlite_write(cx, db, DB_MANY_STATEMENTS, work, argument);
}

static status ping_run(struct ctx *cx, struct db_tx *tx, void *argument) {
    (void)argument;
    return tx_run(cx, tx, &sql_db_is_writable, DB_NO_ARGS, NULL);
}

static status sqlite_ping(struct ctx *cx, struct db *db) {
    TRY(sqlite_read(cx, db, DB_ONE_STATEMENT, ping_run, NULL));
    return sqlite_write(cx, db, DB_ONE_STATEMENT, ping_run, NULL);
}

const struct db_driver db_sqlite = {
    .dialect = "sqlite",
    .scheme = "sqlite:",
    .open = sqlite_open_db,
    .close = sqlite_close_db,
    .write = sqlite_write,
    .read = sqlite_read,
    .write_alone = sqlite_write_alone,
    .run = sqlite_run,
    .script = sqlite_script,
    .check = sqlite_check,
    .ping = sqlite_ping,
};
