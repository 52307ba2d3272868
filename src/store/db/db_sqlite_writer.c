/* db_sqlite_writer.c: the one thread that writes, and its group commit.
 *
 * Owns: the writing connection and the line of waiting requests. A sync of the disk costs
 * milliseconds and a statement microseconds, so all work that waits when the lock is taken runs in
 * one transaction and shares one sync; meanwhile the next line forms. Each request runs inside a
 * savepoint, so that one that fails takes nothing of the others with it. Invariants: a caller is
 * told OK only after COMMIT returned; the lock (BEGIN IMMEDIATE) is held only while there is work,
 * never while waiting for it; a request is started at most once. Threads: callers wait in
 * sqlite_writer_do while the thread uses their context and arena; the mutex orders the two. */
#include "store/db/db_sqlite.h"

#include "base/clock.h"
#include "base/scope.h"
#include "base/thread.h"
#include "store/db/db_sql.h"

#include <stdlib.h>

enum {
    GROUP_MAX = 1000,     /* requests of one transaction */
    GROUP_TIME_MS = 25,   /* after this long no more are let in */
    LOCK_WAIT_MS = 10000, /* another process may hold the lock this long */
    LINE_WAIT_MS = 30000, /* a request without a deadline waits this long for its turn */
    STRETCH_MS = 50,      /* after this long without a pause, others get one */
};

/* One caller's work; lives on the caller's stack. */
struct request {
    struct ctx *cx;
    db_work *work;
    void *argument;
    status result;
    bool started;
    bool finished;
    struct db_after *after;
    pthread_cond_t done;
    struct request *next; /* in the line, then in the group */
};

struct sqlite_writer {
    struct db *db;
    struct sqlite_connection *connection; /* the thread's alone */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    struct request *first; /* the line, oldest first */
    struct request **end;
    bool closing;
};

/* The requests of the present transaction. */
struct group {
    struct request *first;
    struct request **end;
    int len;
    int64_t begun_ms;
    bool lost; /* the engine gave up the whole transaction */
};

static struct request *take_request(struct sqlite_writer *writer) {
    LOCKED(&writer->lock);
    struct request *request = writer->first;
    if (!request) return NULL;
    writer->first = request->next;
    if (!writer->first) writer->end = &writer->first;
    request->next = NULL;
    request->started = true;
    return request;
}

static void finish(struct sqlite_writer *writer, struct request *request, status result) {
    LOCKED(&writer->lock);
    request->result = result;
    request->finished = true;
    (void)pthread_cond_signal(&request->done);
}

/* Runs one request inside its savepoint. A failure of savepoints themselves loses the group. */
static status run_request(struct sqlite_writer *writer, struct request *request) {
    struct sqlite_connection *connection = writer->connection;
    struct db_tx tx = {.db = writer->db, .connection = connection, .writable = true};
    tx.after_end = &tx.after;
    TRY(sqlite_do(request->cx, connection, &sql_db_savepoint));
    status result = db_work_run(request->cx, &tx, request->work, request->argument);
    if (result == OK) result = sqlite_do(request->cx, connection, &sql_db_release);
    if (result == OK) {
        request->after = tx.after;
        return OK;
    }
    if (sqlite3_get_autocommit(connection->handle)) return result; /* all is undone already */
    struct ctx unused = {0};
    if (sqlite_do(&unused, connection, &sql_db_rollback_savepoint) != OK ||
        sqlite_do(&unused, connection, &sql_db_release) != OK)
        sqlite_roll_back(connection);
    return result;
}

/* Requests that arrive while the group runs join it, up to a bound. */
static void run_group(struct sqlite_writer *writer, struct group *group) {
    while (group->len < GROUP_MAX && clock_ticks_ms() - group->begun_ms <= GROUP_TIME_MS) {
        struct request *request = take_request(writer);
        if (!request) return;
        *group->end = request;
        group->end = &request->next;
        group->len++;
        request->result = run_request(writer, request);
        group->lost = sqlite3_get_autocommit(writer->connection->handle) != 0;
        if (group->lost) return;
    }
}

/* Tells everybody of the group; those whose work was fine get `outcome`. */
static void finish_group(struct sqlite_writer *writer, struct group *group, status outcome,
                         const struct ctx *why) {
    for (struct request *request = group->first; request;) {
        struct request *next = request->next; /* the caller may be gone after finish */
        status result = request->result;
        if (result == OK && outcome != OK) {
            result = outcome;
            request->cx->fault = why->fault;
        }
        finish(writer, request, result);
        request = next;
    }
}

static status commit_group(struct sqlite_writer *writer, struct group *group, struct ctx *cx) {
    if (group->lost)
        return ctx_fail(cx, IO, "The database gave up the transaction that this was part of.");
    status result = sqlite_do(cx, writer->connection, &sql_db_commit);
    if (result == OK) {
        atomic_fetch_add(&writer->db->commits, 1);
        return OK;
    }
    sqlite_roll_back(writer->connection);
    return result;
}

static bool is_line_empty(struct sqlite_writer *writer) {
    LOCKED(&writer->lock);
    return writer->first == NULL;
}

/* Takes the lock among processes. While another holds it, callers may run out of patience and leave
 * the line, so this looks at it between attempts. NOT_FOUND: nobody waits any more. */
static status begin(struct sqlite_writer *writer, struct ctx *cx) {
    int64_t give_up_ms = clock_ticks_ms() + LOCK_WAIT_MS;
    for (;;) {
        ctx_clear(cx);
        status result = sqlite_do(cx, writer->connection, &sql_db_begin_write);
        if (result != BUSY) return result;
        if (is_line_empty(writer)) return NOT_FOUND;
        if (clock_ticks_ms() > give_up_ms) return result;
    }
}

/* One transaction for those who wait now. */
static void serve_line(struct sqlite_writer *writer) {
    struct ctx cx = {0}; /* db.sql's statements need no arena */
    status result = begin(writer, &cx);
    if (result == NOT_FOUND) return;
    struct group group = {.begun_ms = clock_ticks_ms()};
    group.end = &group.first;
    if (result == OK) {
        run_group(writer, &group);
        result = commit_group(writer, &group, &cx);
    } else { /* nobody can be served now; whoever waits is told so */
        for (struct request *request; (request = take_request(writer)); group.len++) {
            *group.end = request;
            group.end = &request->next;
        }
    }
    atomic_fetch_add(&writer->db->writes, group.len);
    finish_group(writer, &group, result, &cx);
}

/* Waits for work; false when there is none left and the writer closes. */
static bool wait_for_line(struct sqlite_writer *writer) {
    LOCKED(&writer->lock);
    while (!writer->first && !writer->closing)
        (void)condition_wait(&writer->arrived, &writer->lock, 0);
    return writer->first != NULL;
}

static void *run_writer(void *argument) {
    struct sqlite_writer *writer = argument;
    int64_t paused_ms = clock_ticks_ms();
    while (wait_for_line(writer)) {
        serve_line(writer);
        /* SQLite's lock has no queue: without a gap now and then, another process would find it
         * taken for as long as this one is busy. */
        int64_t now_ms = clock_ticks_ms();
        if (!is_line_empty(writer) && now_ms - paused_ms < STRETCH_MS) continue;
        if (!is_line_empty(writer)) clock_sleep_ms(2);
        paused_ms = clock_ticks_ms();
    }
    return NULL;
}

/* Puts the request at the line's end and waits until it is finished. TIMEOUT when its turn did not
 * come in time; once started it is waited for, since its work uses the caller's memory. */
static bool wait_finished(struct sqlite_writer *writer, struct request *request) {
    int64_t deadline_ms = request->cx->deadline_ms;
    if (deadline_ms == 0) deadline_ms = clock_ticks_ms() + LINE_WAIT_MS;
    LOCKED(&writer->lock);
    *writer->end = request;
    writer->end = &request->next;
    (void)pthread_cond_signal(&writer->arrived);
    while (!request->finished) {
        bool in_time =
            condition_wait(&request->done, &writer->lock, request->started ? 0 : deadline_ms);
        if (in_time || request->started) continue;
        struct request **place = &writer->first;
        while (*place != request) place = &(*place)->next;
        *place = request->next;
        if (writer->end == &request->next) writer->end = place;
        return false;
    }
    return true;
}

status sqlite_writer_do(struct ctx *cx, struct sqlite_writer *writer, db_work *work,
                        void *argument) {
    struct request request = {.cx = cx, .work = work, .argument = argument};
    condition_init(&request.done);
    bool finished = wait_finished(writer, &request);
    (void)pthread_cond_destroy(&request.done);
    if (!finished)
        return ctx_fail(cx, TIMEOUT, "The database is too busy to write this now; try again.");
    if (request.result == OK) db_after_run(request.after);
    return request.result;
}

status sqlite_writer_open(struct ctx *cx, struct db *db, struct sqlite_connection *connection,
                          struct sqlite_writer **out) {
    struct sqlite_writer *writer = calloc(1, sizeof *writer);
    TRY_NEW(cx, writer);
    writer->db = db;
    writer->connection = connection;
    writer->end = &writer->first;
    (void)pthread_mutex_init(&writer->lock, NULL);
    condition_init(&writer->arrived);
    status result = thread_start(&writer->thread, "db-writer", run_writer, writer);
    if (result != OK) {
        free(writer);
        return ctx_fail(cx, result, "The database's writer thread can't be started.");
    }
    *out = writer;
    return OK;
}

void sqlite_writer_close(struct sqlite_writer *writer) {
    if (!writer) return;
    {
        LOCKED(&writer->lock);
        writer->closing = true;
        (void)pthread_cond_signal(&writer->arrived);
    }
    thread_join(writer->thread);
    sqlite_disconnect(writer->connection);
    (void)pthread_cond_destroy(&writer->arrived);
    (void)pthread_mutex_destroy(&writer->lock);
    free(writer);
}
