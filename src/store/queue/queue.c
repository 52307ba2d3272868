/* queue.c: jobs as rows: adding, taking under a lease, finishing, failing, sweeping.
 *
 * Owns: the condition on which waiting takers of this process sleep. Everything else is in table
 * jobs, so that any number of processes can work on one database: one that added nothing itself
 * finds the others' jobs by looking again now and then. Invariant: attempt only ever grows, and a
 * change by a holder names attempt and worker. Threads: any. */
#include "store/queue/queue.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/scope.h"
#include "base/thread.h"
#include "store/queue/queue_sql.h"

#include <stdlib.h>

enum {
    KINDS_MAX = 8,
    PRIORITY_DEFAULT = 100,
    ATTEMPTS_DEFAULT = 5,
    GIFTS_MOST = 20,     /* attempts that a killed worker doesn't cost its job */
    LOOK_FIRST_MS = 250, /* between looks for jobs that other processes added */
    LOOK_LAST_MS = 1000,
    BACKOFF_FIRST_MS = 1000,
    BACKOFF_MOST_MS = 5 * 60 * 1000,
    PURGE_AT_ONCE = 1000, /* as job_purge says */
};

struct queue {
    struct db *db;
    pthread_mutex_t lock;
    pthread_cond_t news;
    uint64_t changes; /* grows when a job may have become ready */
    uint64_t calls;   /* grows with queue_wake */
};

static const struct field job_fields[] = {
    FIELD(struct job, id, .doc = "Id of 11 characters."),
    FIELD(struct job, kind, .doc = "Such as video.transcode."),
    FIELD(struct job, subject, .doc = "What it is about, such as a video's id."),
    FIELD(struct job, payload, .flags = HIDDEN, .doc = "The handler's own."),
    FIELD(struct job, user_id, .doc = "Whose job it is."),
    FIELD(struct job, state, .doc = "ready, running, done or dead."),
    FIELD(struct job, priority, .doc = "0 is first."),
    FIELD(struct job, attempt, .doc = "Attempts so far."),
    FIELD(struct job, max_attempts, .doc = "Attempts before it is a dead letter."),
    FIELD(struct job, not_before_ms, .doc = "When it may be taken."),
    FIELD(struct job, lease_until_ms, .doc = "Until when its worker has it."),
    FIELD(struct job, worker, .doc = "Who works on it."),
    FIELD(struct job, error, .doc = "Why the last attempt failed."),
    FIELD(struct job, created_at_ms, .doc = "When it was added."),
    FIELD(struct job, updated_at_ms, .doc = "When it last changed."),
};
const struct schema job_schema = SCHEMA("Job", struct job, job_fields, "A piece of work.");

status queue_open(struct ctx *cx, struct db *db, struct queue **out) {
    struct queue *queue = calloc(1, sizeof *queue);
    TRY_NEW(cx, queue);
    queue->db = db;
    (void)pthread_mutex_init(&queue->lock, NULL);
    condition_init(&queue->news);
    *out = queue;
    return OK;
}

void queue_close(struct queue *queue) {
    if (!queue) return;
    (void)pthread_cond_destroy(&queue->news);
    (void)pthread_mutex_destroy(&queue->lock);
    free(queue);
}

static void tell_change(void *argument) {
    struct queue *queue = argument;
    LOCKED(&queue->lock);
    queue->changes++;
    (void)pthread_cond_broadcast(&queue->news);
}

void queue_wake(struct queue *queue) {
    LOCKED(&queue->lock);
    queue->calls++;
    (void)pthread_cond_broadcast(&queue->news);
}

status queue_add(struct ctx *cx, struct queue *queue, struct db_tx *tx, const struct job_new *job,
                 text *out_id) {
    text id;
    int64_t added = 0;
    int64_t now_ms = clock_now_ms();
    TRY(random_id(cx->arena, &id));
    TRY(tx_run(cx, tx, &sql_job_insert,
               DB_ARGS(id, job->kind, job->subject, job->payload.at ? job->payload : TEXT("{}"),
                       job->user_id, job->priority ? job->priority : PRIORITY_DEFAULT,
                       job->max_attempts ? job->max_attempts : ATTEMPTS_DEFAULT,
                       now_ms + job->delay_ms, now_ms, job->only_one),
               &added));
    if (added == 0) return ctx_fail(cx, CONFLICT, "This is already waiting or being worked on.");
    TRY(tx_after_commit(cx, tx, tell_change, queue));
    *out_id = id;
    return OK;
}

/* The kinds a taker wants, filled up by repeating the last. */
struct kinds {
    text at[KINDS_MAX];
};

static status read_kinds(struct ctx *cx, text list_of_kinds, struct kinds *out) {
    struct kinds kinds = {0};
    size_t len = 0;
    text kind;
    while (text_cut(list_of_kinds, ' ', &kind, &list_of_kinds)) {
        if (kind.len == 0) continue;
        if (len == KINDS_MAX)
            return ctx_fail(cx, BUG, "A worker takes at most %d kinds.", KINDS_MAX);
        kinds.at[len++] = kind;
    }
    if (len == 0) return ctx_fail(cx, BUG, "A worker names the kinds it takes.");
    for (size_t i = len; i < KINDS_MAX; i++) kinds.at[i] = kinds.at[len - 1];
    *out = kinds;
    return OK;
}

#define KINDS_ARGS(k)                                                                              \
    (k)->at[0], (k)->at[1], (k)->at[2], (k)->at[3], (k)->at[4], (k)->at[5], (k)->at[6], (k)->at[7]

/* What a look at the table tells. */
struct outlook {
    bool ready;
    bool lapsed;
};
static const struct field outlook_fields[] = {FIELD(struct outlook, ready),
                                              FIELD(struct outlook, lapsed)};
static const struct schema outlook_schema =
    SCHEMA("JobOutlook", struct outlook, outlook_fields, "Whether there is something to do.");

struct next {
    int64_t next_ms;
};
static const struct field next_fields[] = {FIELD(struct next, next_ms)};
static const struct schema next_schema =
    SCHEMA("JobNext", struct next, next_fields, "When the next job may be taken.");

static status sweep(struct ctx *cx, struct db_tx *tx, void *argument) {
    struct queue *queue = argument;
    int64_t now_ms = clock_now_ms();
    TRY(tx_run(cx, tx, &sql_job_sweep_dead, DB_ARGS(now_ms), NULL));
    TRY(tx_run(cx, tx, &sql_job_sweep_ready, DB_ARGS(now_ms), NULL));
    return tx_after_commit(cx, tx, tell_change, queue);
}

/* Sweeps if need be, and takes a job if there is one. NOT_FOUND: none. */
static status try_take(struct ctx *cx, struct queue *queue, const struct kinds *kinds, text worker,
                       int64_t lease_ms, struct job *out) {
    struct outlook outlook;
    TRY(db_get(cx, queue->db, &sql_job_outlook, DB_ARGS(clock_now_ms(), KINDS_ARGS(kinds)),
               &outlook_schema, &outlook));
    if (outlook.lapsed) TRY(db_write(cx, queue->db, sweep, queue));
    if (!outlook.ready && !outlook.lapsed) return NOT_FOUND;
    int64_t now_ms = clock_now_ms();
    return db_get(cx, queue->db, &sql_job_take,
                  DB_ARGS(worker, now_ms + lease_ms, now_ms, KINDS_ARGS(kinds)), &job_schema, out);
}

/* When to look again: at the latest after `look_ms`, earlier when a job's time comes before. */
static status next_look(struct ctx *cx, struct queue *queue, const struct kinds *kinds,
                        int64_t look_ms, int64_t *out_ticks_ms) {
    struct next next;
    TRY(db_get(cx, queue->db, &sql_job_next, DB_ARGS(KINDS_ARGS(kinds)), &next_schema, &next));
    int64_t wait_ms = next.next_ms == NO_INT ? look_ms : next.next_ms - clock_now_ms();
    if (wait_ms > look_ms) wait_ms = look_ms;
    *out_ticks_ms = clock_ticks_ms() + (wait_ms < 1 ? 1 : wait_ms);
    return OK;
}

/* Sleeps until something changed, the time has come or somebody called; true when called. */
static bool wait_for_news(struct queue *queue, uint64_t changes, uint64_t calls,
                          int64_t until_ticks_ms) {
    LOCKED(&queue->lock);
    while (queue->changes == changes && queue->calls == calls) {
        if (!condition_wait(&queue->news, &queue->lock, until_ticks_ms)) break;
    }
    return queue->calls != calls;
}

static void look_at(struct queue *queue, uint64_t *changes, uint64_t *calls) {
    LOCKED(&queue->lock);
    *changes = queue->changes;
    *calls = queue->calls;
}

status queue_take(struct ctx *cx, struct queue *queue, text kinds, text worker, int64_t lease_ms,
                  int64_t wait_ms, struct job *out) {
    struct kinds wanted;
    TRY(read_kinds(cx, kinds, &wanted));
    int64_t deadline_ms = clock_ticks_ms() + wait_ms;
    int64_t look_ms = LOOK_FIRST_MS;
    uint64_t changes = 0;
    uint64_t calls = 0;
    look_at(queue, &changes, &calls);
    for (uint64_t first_calls = calls;;) {
        status result = try_take(cx, queue, &wanted, worker, lease_ms, out);
        if (result != NOT_FOUND) return result;
        if (clock_ticks_ms() >= deadline_ms) return NOT_FOUND;
        int64_t until_ms = 0;
        TRY(next_look(cx, queue, &wanted, look_ms, &until_ms));
        if (until_ms > deadline_ms) until_ms = deadline_ms;
        if (wait_for_news(queue, changes, first_calls, until_ms)) return NOT_FOUND;
        look_at(queue, &changes, &calls);
        look_ms = look_ms * 2 > LOOK_LAST_MS ? LOOK_LAST_MS : look_ms * 2;
    }
}

static status lost(struct ctx *cx) {
    return ctx_fail(cx, CONFLICT, "Another worker has this job now; its lease was lost.");
}

status queue_renew(struct ctx *cx, struct queue *queue, const struct job *job, int64_t lease_ms) {
    int64_t changed = 0;
    int64_t now_ms = clock_now_ms();
    TRY(db_run(cx, queue->db, &sql_job_renew,
               DB_ARGS(job->id, job->attempt, job->worker, now_ms + lease_ms, now_ms), &changed));
    return changed ? OK : lost(cx);
}

status queue_done(struct ctx *cx, struct queue *queue, struct db_tx *tx, const struct job *job) {
    (void)queue;
    int64_t changed = 0;
    TRY(tx_run(cx, tx, &sql_job_done, DB_ARGS(job->id, job->attempt, job->worker, clock_now_ms()),
               &changed));
    return changed ? OK : lost(cx);
}

/* 1 s, 2 s, 4 s … up to 5 min, each a fifth more or less, so that what failed together does not
 * come back together. */
static int64_t backoff_ms(int64_t attempt) {
    int64_t wait_ms = BACKOFF_FIRST_MS;
    for (int64_t i = 1; i < attempt && wait_ms < BACKOFF_MOST_MS; i++) wait_ms *= 2;
    if (wait_ms > BACKOFF_MOST_MS) wait_ms = BACKOFF_MOST_MS;
    return wait_ms * (80 + (int64_t)random_below(41)) / 100;
}

status queue_fail(struct ctx *cx, struct queue *queue, struct db_tx *tx, const struct job *job,
                  enum queue_verdict verdict, text error, bool *out_dead) {
    int64_t changed = 0;
    int64_t now_ms = clock_now_ms();
    bool dead = verdict == QUEUE_GIVE_UP || job->attempt >= job->max_attempts;
    if (dead)
        TRY(tx_run(cx, tx, &sql_job_bury,
                   DB_ARGS(job->id, job->attempt, job->worker, error, now_ms), &changed));
    else
        TRY(tx_run(cx, tx, &sql_job_retry,
                   DB_ARGS(job->id, job->attempt, job->worker, error,
                           now_ms + backoff_ms(job->attempt), now_ms),
                   &changed));
    if (changed == 0) return lost(cx);
    TRY(tx_after_commit(cx, tx, tell_change, queue));
    *out_dead = dead;
    return OK;
}

status queue_give_back(struct ctx *cx, struct queue *queue, const struct job *job) {
    int64_t changed = 0;
    TRY(db_run(cx, queue->db, &sql_job_give_back,
               DB_ARGS(job->id, job->attempt, job->worker, clock_now_ms()), &changed));
    if (changed == 0) return lost(cx);
    tell_change(queue);
    return OK;
}

/* What one call of queue_abandon works on. */
struct abandoned {
    struct queue *queue;
    text workers;
};

static status abandon(struct ctx *cx, struct db_tx *tx, void *argument) {
    const struct abandoned *abandoned = argument;
    int64_t now_ms = clock_now_ms();
    TRY(tx_run(cx, tx, &sql_job_abandon, DB_ARGS(abandoned->workers, now_ms, GIFTS_MOST), NULL));
    TRY(tx_run(cx, tx, &sql_job_lapse, DB_ARGS(abandoned->workers, now_ms), NULL));
    return tx_after_commit(cx, tx, tell_change, abandoned->queue);
}

status queue_abandon(struct ctx *cx, struct queue *queue, text workers) {
    struct abandoned abandoned = {.queue = queue, .workers = workers};
    return db_write(cx, queue->db, abandon, &abandoned);
}

status queue_cancel(struct ctx *cx, struct queue *queue, struct db_tx *tx, text subject) {
    (void)queue;
    return tx_run(cx, tx, &sql_job_cancel, DB_ARGS(subject), NULL);
}

status queue_dead(struct ctx *cx, struct queue *queue, int64_t limit, list *out_jobs) {
    return db_list(cx, queue->db, &sql_job_list_dead, DB_ARGS(limit), &job_schema, out_jobs);
}

status queue_requeue(struct ctx *cx, struct queue *queue, text id) {
    int64_t changed = 0;
    TRY(db_run(cx, queue->db, &sql_job_requeue, DB_ARGS(id, clock_now_ms()), &changed));
    if (changed == 0) return ctx_fail(cx, NOT_FOUND, "There is no dead letter with this id.");
    tell_change(queue);
    return OK;
}

status queue_purge(struct ctx *cx, struct queue *queue, int64_t older_than_ms) {
    int64_t before_ms = clock_now_ms() - older_than_ms;
    int64_t removed = PURGE_AT_ONCE;
    while (removed >= PURGE_AT_ONCE)
        TRY(db_run(cx, queue->db, &sql_job_purge, DB_ARGS(before_ms), &removed));
    return OK;
}

static const struct field figures_fields[] = {
    FIELD(struct queue_figures, ready),
    FIELD(struct queue_figures, running),
    FIELD(struct queue_figures, dead),
    FIELD(struct queue_figures, oldest_ready_ms),
};
static const struct schema figures_schema =
    SCHEMA("QueueFigures", struct queue_figures, figures_fields, "How the queue stands.");

status queue_figures_of(struct ctx *cx, struct queue *queue, struct queue_figures *out) {
    struct queue_figures figures;
    int64_t now_ms = clock_now_ms();
    TRY(db_get(cx, queue->db, &sql_job_figures, DB_ARGS(now_ms), &figures_schema, &figures));
    bool none = figures.oldest_ready_ms == NO_INT || figures.oldest_ready_ms > now_ms;
    figures.oldest_ready_ms = none ? 0 : now_ms - figures.oldest_ready_ms;
    *out = figures;
    return OK;
}
