/* bench_db.c: the database, the threads and the medians of bench_db.h. */
#include "bench_db.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/scope.h"
#include "base/thread.h"
#include "store/db/db_driver.h"

#include <ftw.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS_MAX = 256 };

static _Noreturn void give_up(const struct ctx *cx, status code, const char *doing) {
    (void)fprintf(stderr, "bench: %s: %s: %s\n", doing, status_name(code), cx->fault.detail);
    exit(1);
}

void bench_open(struct bench *bench, const char *url, const struct migration *steps, size_t count) {
    *bench = (struct bench){.cx.arena = arena_new(4 << 20)};
    const char *place = getenv("TMPDIR");
    (void)snprintf(bench->url, sizeof bench->url, "%s", url ? url : "");
    if (!url) {
        (void)snprintf(bench->folder, sizeof bench->folder, "%s/matinee-bench-XXXXXX",
                       place ? place : "/tmp");
        if (!mkdtemp(bench->folder)) give_up(&bench->cx, IO, "making a folder");
        (void)snprintf(bench->url, sizeof bench->url, "sqlite:%s/bench.db", bench->folder);
    }
    struct db_options options = {.url = bench->url, .readers = 16, .writers = 16};
    status result = random_open();
    if (result == OK) result = db_open(&bench->cx, &options, &bench->db);
    if (result == OK) result = db_migrate_to(&bench->cx, bench->db, steps, count);
    if (result != OK) give_up(&bench->cx, result, "opening the database");
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk) {
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

void bench_close(struct bench *bench) {
    db_close(bench->db);
    arena_free(bench->cx.arena);
    if (bench->folder[0]) (void)nftw(bench->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

struct crowd {
    struct bench *bench;
    bench_call *call;
    void *argument;
    int64_t end_ms;
    atomic_llong calls;
};

static atomic_llong numbers;

static void *call_often(void *argument) {
    struct crowd *crowd = argument;
    scoped(arena_done) struct arena *arena = arena_new(1 << 20);
    struct ctx cx = {.arena = arena};
    while (clock_ticks_ms() < crowd->end_ms) {
        status result =
            crowd->call(&cx, crowd->bench, crowd->argument, atomic_fetch_add(&numbers, 1));
        if (result != OK) give_up(&cx, result, "a call");
        atomic_fetch_add(&crowd->calls, 1);
        arena_reset(arena);
    }
    return NULL;
}

double bench_crowd(struct bench *bench, int threads, int64_t duration_ms, bench_call *call,
                   void *argument) {
    pthread_t started[THREADS_MAX];
    int64_t begun_us = clock_ticks_us();
    struct crowd crowd = {.bench = bench,
                          .call = call,
                          .argument = argument,
                          .end_ms = clock_ticks_ms() + duration_ms};
    if (threads > THREADS_MAX) threads = THREADS_MAX;
    for (int i = 0; i < threads; i++) {
        status result = thread_start(&started[i], "bench", call_often, &crowd);
        if (result != OK) give_up(&bench->cx, result, "starting a thread");
    }
    for (int i = 0; i < threads; i++) thread_join(started[i]);
    return (double)crowd.calls * 1e6 / (double)(clock_ticks_us() - begun_us);
}

static int compare(const void *a, const void *b) {
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

double bench_median(double *values, size_t count) {
    qsort(values, count, sizeof *values, compare);
    return values[count / 2];
}
