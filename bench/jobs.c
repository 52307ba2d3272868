/* jobs.c: trivial jobs a second through the queue: each is added, taken and finished in
 * transactions of its own, all of them durable.
 *
 *     jobs [DATABASE-URL]
 *
 * Measured with an empty queue (32 callers who add a job and finish one) and over 20,000 waiting
 * ones, since taking must not get slower with the queue's length. The budget: 2,000 a second. It
 * ends with code 1 when that is missed (on SQLite). Threads: 32 callers. */
#include "bench_db.h"

#include "base/scope.h"
#include "migrations/migrations.h"
#include "store/queue/queue.h"

#include <stdio.h>
#include <string.h>

enum { CALLERS = 32, ROUNDS = 5, ROUND_MS = 1500, WAITING = 20000, AT_ONCE = 500, BUDGET = 2000 };

static status add_one(struct ctx *cx, struct db_tx *tx, void *argument) {
    text id;
    struct job_new job = {.kind = TEXT("bench"), .subject = TEXT("nothing")};
    return queue_add(cx, argument, tx, &job, &id);
}

static status add_many(struct ctx *cx, struct db_tx *tx, void *argument) {
    for (int i = 0; i < AT_ONCE; i++) TRY(add_one(cx, tx, argument));
    return OK;
}

/* A job being finished. */
struct done {
    struct queue *queue;
    struct job job;
};

static status finish(struct ctx *cx, struct db_tx *tx, void *argument) {
    struct done *done = argument;
    return queue_done(cx, done->queue, tx, &done->job);
}

static status pass_one(struct ctx *cx, struct bench *bench, void *argument, int64_t number) {
    struct done done = {.queue = argument};
    (void)number;
    TRY(db_write(cx, bench->db, add_one, argument));
    TRY(queue_take(cx, argument, TEXT("bench"), TEXT("bench"), 60000, 5000, &done.job));
    return db_write(cx, bench->db, finish, &done);
}

static double measure(struct bench *bench, struct queue *queue) {
    double rounds[ROUNDS];
    for (int i = 0; i < ROUNDS; i++)
        rounds[i] = bench_crowd(bench, CALLERS, ROUND_MS, pass_one, queue);
    return bench_median(rounds, ROUNDS);
}

static status fill(struct bench *bench, struct queue *queue) {
    for (int i = 0; i < WAITING / AT_ONCE; i++) {
        TRY(db_write(&bench->cx, bench->db, add_many, queue));
        arena_reset(bench->cx.arena);
    }
    return OK;
}

int main(int argc, char **argv) {
    struct bench bench;
    struct queue *queue = NULL;
    bench_open(&bench, argc > 1 ? argv[1] : NULL, migrations_all, migrations_count);
    if (queue_open(&bench.cx, bench.db, &queue) != OK) return 1;
    double empty = measure(&bench, queue);
    if (fill(&bench, queue) != OK) {
        (void)fprintf(stderr, "bench: %s\n", bench.cx.fault.detail);
        return 1;
    }
    double full = measure(&bench, queue);
    bool sqlite = strcmp(db_dialect(bench.db), "sqlite") == 0;
    bool kept = empty >= BUDGET && full >= BUDGET;
    queue_close(queue);
    bench_close(&bench);
    (void)printf("jobs added, taken and finished, %d callers, median of %d rounds\n", CALLERS,
                 ROUNDS);
    (void)printf("  none waiting     %8.0f /s\n", empty);
    (void)printf("  %d waiting    %8.0f /s\n", WAITING, full);
    if (sqlite) (void)printf("  budget           %8d /s  %s\n", BUDGET, kept ? "kept" : "missed");
    return sqlite && !kept;
}
