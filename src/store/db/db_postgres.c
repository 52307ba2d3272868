/* db_postgres.c: the PostgreSQL driver: pools, transactions, trying again.
 *
 * Owns: a pool for writes and one for reads; connections are opened when first needed, kept, and
 * replaced when the server hung up. A work function runs in a serialisable transaction, so that
 * what is right on SQLite, where writes run one after the other, is right here; the server's demand
 * to try again is met here, with pauses that grow. A single statement needs no such help and runs
 * on its own. Invariant: when a connection breaks before COMMIT was sent, nothing was committed and
 * the work is run again; when it breaks after that, nobody knows, and the caller is told IO.
 * Threads: any. */
#include "store/db/db_postgres.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/scope.h"
#include "base/thread.h"
#include "store/db/db_sql.h"

#include <stdlib.h>
#include <string.h>

enum {
    CONNECTIONS_MAX = 64,
    CONNECTION_WAIT_MS = 10000, /* for a free one, without a deadline */
    TRIES_MAX = 25,             /* of one work function: a second or so in all */
    BREAKS_MAX = 3,             /* of these, for broken connections */
};

struct postgres_pool {
    char *url;
    pthread_mutex_t lock;
    pthread_cond_t given_back;
    struct postgres_connection *free; /* last used first */
    int open;
    int max;
};

struct postgres_db {
    struct db db; /* first, so that the db is this */
    struct postgres_pool writers;
    struct postgres_pool readers;
};

/* How a transaction begins, and whether it writes. */
struct manner {
    const struct sql *begin; /* NULL: a single statement */
    const struct sql *lock;  /* taken behind it, or NULL */
    bool writes;
};

static status pool_open(struct ctx *cx, struct postgres_pool *pool, const char *url, int max) {
    (void)pthread_mutex_init(&pool->lock, NULL);
    condition_init(&pool->given_back);
    pool->max = max < 1 ? 1 : max > CONNECTIONS_MAX ? CONNECTIONS_MAX : max;
    pool->url = strdup(url);
    TRY_NEW(cx, pool->url);
    return OK;
}

static void pool_close(struct postgres_pool *pool) {
    while (pool->free) {
        struct postgres_connection *connection = pool->free;
        pool->free = connection->next;
        postgres_disconnect(connection);
    }
    if (pool->max) {
        (void)pthread_cond_destroy(&pool->given_back);
        (void)pthread_mutex_destroy(&pool->lock);
    }
    free(pool->url);
}

/* Takes a free connection, or the right to open one (`*out` is NULL then). */
static status pool_claim(struct ctx *cx, struct postgres_pool *pool,
                         struct postgres_connection **out) {
    int64_t deadline_ms = cx->deadline_ms ? cx->deadline_ms : clock_ticks_ms() + CONNECTION_WAIT_MS;
    LOCKED(&pool->lock);
    while (!pool->free && pool->open >= pool->max) {
        if (!condition_wait(&pool->given_back, &pool->lock, deadline_ms))
            return ctx_fail(cx, BUSY, "All connections to the database are in use; try again.");
    }
    *out = pool->free;
    if (pool->free)
        pool->free = pool->free->next;
    else
        pool->open++;
    return OK;
}

static void pool_give(struct db *db, struct postgres_pool *pool,
                      struct postgres_connection *connection) {
    if (connection && connection->broken) {
        postgres_disconnect(connection);
        atomic_fetch_sub(&db->connections_open, 1);
        connection = NULL;
    }
    LOCKED(&pool->lock);
    if (connection) {
        connection->next = pool->free;
        pool->free = connection;
    } else {
        pool->open--;
    }
    (void)pthread_cond_signal(&pool->given_back);
}

static status pool_take(struct ctx *cx, struct db *db, struct postgres_pool *pool,
                        struct postgres_connection **out) {
    struct postgres_connection *connection = NULL;
    TRY(pool_claim(cx, pool, &connection));
    if (connection && !postgres_is_alive(connection)) {
        postgres_disconnect(connection);
        atomic_fetch_sub(&db->connections_open, 1);
        connection = NULL;
    }
    if (!connection) {
        status result = postgres_connect(cx, pool->url, &connection);
        if (result != OK) {
            pool_give(db, pool, NULL);
            return result;
        }
        atomic_fetch_add(&db->connections_open, 1);
    }
    *out = connection;
    return OK;
}

/* One try on one connection. */
struct attempt {
    struct db_tx tx;
    bool final; /* what was sent may have been committed: no second try if the connection breaks */
};

static status run_transaction(struct ctx *cx, struct attempt *attempt, const struct manner *manner,
                              db_work *work, void *argument) {
    struct postgres_connection *connection = attempt->tx.connection;
    TRY(postgres_do(cx, connection, manner->begin, &attempt->tx.again));
    if (manner->lock) TRY(postgres_do(cx, connection, manner->lock, &attempt->tx.again));
    TRY(db_work_run(cx, &attempt->tx, work, argument));
    if (!manner->writes) return OK;
    attempt->final = true;
    return postgres_do(cx, connection, &sql_db_commit, &attempt->tx.again);
}

/* One try. `*out_again` tells that nothing was committed and another one may do better. */
static status run_once(struct ctx *cx, struct db *db, struct postgres_pool *pool,
                       const struct manner *manner, db_work *work, void *argument,
                       bool *out_again) {
    struct postgres_connection *connection = NULL;
    TRY(pool_take(cx, db, pool, &connection));
    atomic_fetch_add(&db->connections_in_use, 1);
    struct attempt attempt = {
        .tx = {.db = db, .connection = connection, .writable = manner->writes},
        .final = manner->writes && !manner->begin,
    };
    attempt.tx.after_end = &attempt.tx.after;
    status result = manner->begin ? run_transaction(cx, &attempt, manner, work, argument)
                                  : db_work_run(cx, &attempt.tx, work, argument);
    postgres_roll_back(connection);
    *out_again = attempt.tx.again || (connection->broken && !attempt.final);
    pool_give(db, pool, connection);
    atomic_fetch_sub(&db->connections_in_use, 1);
    if (result != OK) return result;
    if (manner->writes) atomic_fetch_add(&db->commits, 1);
    db_after_run(attempt.tx.after);
    return OK;
}

/* Uneven pauses that grow: those who collided do not meet again at once. */
static void pause_before(int tries) {
    clock_sleep_ms(1 + random_below(2U << (tries < 6 ? tries : 6)));
}

static status run_until_done(struct ctx *cx, struct db *db, struct postgres_pool *pool,
                             const struct manner *manner, db_work *work, void *argument) {
    struct fault before = cx->fault;
    for (int tries = 1;; tries++) {
        bool again = false;
        status result = run_once(cx, db, pool, manner, work, argument, &again);
        bool late = cx->deadline_ms && clock_ticks_ms() > cx->deadline_ms;
        int most = result == IO ? BREAKS_MAX : TRIES_MAX;
        if (result == OK || !again || late || tries >= most) return result;
        cx->fault = before;
        pause_before(tries);
    }
}

static status postgres_write(struct ctx *cx, struct db *db, enum db_span span, db_work *work,
                             void *argument) {
    struct manner manner = {.begin = span == DB_ONE_STATEMENT ? NULL : &sql_db_begin_write,
                            .writes = true};
    atomic_fetch_add(&db->writes, 1);
    return run_until_done(cx, db, &((struct postgres_db *)db)->writers, &manner, work, argument);
}

static status postgres_write_alone(struct ctx *cx, struct db *db, db_work *work, void *argument) {
    struct manner manner = {
        .begin = &sql_db_begin_alone, .lock = &sql_db_lock_alone, .writes = true};
    atomic_fetch_add(&db->writes, 1);
    return run_until_done(cx, db, &((struct postgres_db *)db)->writers, &manner, work, argument);
}

static status postgres_read(struct ctx *cx, struct db *db, enum db_span span, db_work *work,
                            void *argument) {
    struct manner manner = {.begin = span == DB_ONE_STATEMENT ? NULL : &sql_db_begin_read};
    return run_until_done(cx, db, &((struct postgres_db *)db)->readers, &manner, work, argument);
}

/* The row of db_is_writable. */
struct writable {
    bool writable;
};
static const struct field writable_fields[] = {FIELD(struct writable, writable)};
static const struct schema writable_schema =
    SCHEMA("Writable", struct writable, writable_fields, "Whether the server takes writes.");

static status ping_run(struct ctx *cx, struct db_tx *tx, void *argument) {
    struct writable row;
    (void)argument;
    TRY(tx_get(cx, tx, &sql_db_is_writable, DB_NO_ARGS, &writable_schema, &row));
    if (row.writable) return OK;
    return ctx_fail(cx, BUSY, "The database takes no writes: it is a standby.");
}

static status postgres_ping(struct ctx *cx, struct db *db) {
    TRY(postgres_read(cx, db, DB_ONE_STATEMENT, ping_run, NULL));
    return postgres_write(cx, db, DB_ONE_STATEMENT, ping_run, NULL);
}

static void postgres_close_db(struct db *db) {
    struct postgres_db *postgres = (struct postgres_db *)db;
    pool_close(&postgres->writers);
    pool_close(&postgres->readers);
    free(postgres);
}

static void close_db(struct postgres_db **postgres) {
    if (*postgres) postgres_close_db(&(*postgres)->db);
}

/* The first connection is made here, so that a wrong address is told at the start. */
static status postgres_open_db(struct ctx *cx, const struct db_options *options, struct db **out) {
    if (options->read_url)
        return ctx_fail_field(cx, INVALID, "DATABASE_READ_URL",
                              "Reading from replicas isn't offered yet; leave this out.");
    scoped(close_db) struct postgres_db *postgres = calloc(1, sizeof *postgres);
    TRY_NEW(cx, postgres);
    postgres->db.driver = &db_postgres;
    TRY(pool_open(cx, &postgres->writers, options->url, options->writers));
    TRY(pool_open(cx, &postgres->readers, options->url, options->readers));
    struct postgres_connection *connection = NULL;
    TRY(pool_take(cx, &postgres->db, &postgres->writers, &connection));
    pool_give(&postgres->db, &postgres->writers, connection);
    *out = &move(&postgres)->db;
    return OK;
}

const struct db_driver db_postgres = {
    .dialect = "postgres",
    .scheme = "postgres",
    .open = postgres_open_db,
    .close = postgres_close_db,
    .write = postgres_write,
    .read = postgres_read,
    .write_alone = postgres_write_alone,
    .run = postgres_run,
    .script = postgres_script,
    .check = postgres_check,
    .ping = postgres_ping,
};
