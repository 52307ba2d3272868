/* writes.c: durable writes a second with 64 callers: one commit each against commits that are
 * shared.
 *
 *     writes [DATABASE-URL]
 *
 * Both sides run in turns on the same database and file system, every commit synced. The budget: at
 * least 3,000 shared. It ends with code 1 when that is missed (on SQLite). Threads: 64 callers. */
#include "bench_db.h"
#include "bench_sql.h"

#include "base/scope.h"
#include "base/thread.h"

#include <string.h>

enum { CALLERS = 64, ROUNDS = 5, ROUND_MS = 1500, BUDGET = 3000 };

#define MARKS "CREATE TABLE marks (id BIGINT NOT NULL PRIMARY KEY, who TEXT, amount BIGINT)"
static const struct migration steps[] = {{1, "marks", MARKS, MARKS}};

static status write_one(struct ctx *cx, struct bench *bench, void *argument, int64_t number) {
    (void)argument;
    return db_run(cx, bench->db, &sql_mark_insert, DB_ARGS(number, "somebody", 1), NULL);
}

/* Under a lock around the whole write, so that no two can share a commit. */
static status write_alone(struct ctx *cx, struct bench *bench, void *argument, int64_t number) {
    pthread_mutex_t *lock = argument;
    LOCKED(lock);
    return write_one(cx, bench, NULL, number);
}

int main(int argc, char **argv) {
    struct bench bench;
    struct db_figures before;
    struct db_figures after;
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    double alone[ROUNDS];
    double shared[ROUNDS];
    double per_commit[ROUNDS];
    bench_open(&bench, argc > 1 ? argv[1] : NULL, steps, COUNT_OF(steps));
    for (int i = 0; i < ROUNDS; i++) {
        alone[i] = bench_crowd(&bench, CALLERS, ROUND_MS, write_alone, &lock);
        db_figures_of(bench.db, &before);
        shared[i] = bench_crowd(&bench, CALLERS, ROUND_MS, write_one, NULL);
        db_figures_of(bench.db, &after);
        per_commit[i] =
            (double)(after.writes - before.writes) / (double)(after.commits - before.commits);
    }
    bool sqlite = strcmp(db_dialect(bench.db), "sqlite") == 0;
    bench_close(&bench);
    double one = bench_median(alone, ROUNDS);
    double many = bench_median(shared, ROUNDS);
    (void)printf("durable writes, %d callers, median of %d rounds\n", CALLERS, ROUNDS);
    (void)printf("  a commit each    %8.0f /s\n", one);
    (void)printf("  shared commits   %8.0f /s  (%.1f writes a commit)\n", many,
                 bench_median(per_commit, ROUNDS));
    (void)printf("  ratio            %8.1f\n", many / one);
    if (sqlite)
        (void)printf("  budget           %8d /s  %s\n", BUDGET, many >= BUDGET ? "kept" : "missed");
    return sqlite && many < BUDGET;
}
