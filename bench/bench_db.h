/* bench_db.h: a database of its own for one measurement, and threads that work on it side by side.
 *
 * Owns: a temporary folder (SQLite), removed afterwards. With an address as the program's first
 * argument it measures that database instead, which must be empty. Threads: bench_crowd starts
 * them. */
#ifndef BENCH_BENCH_DB_H
#define BENCH_BENCH_DB_H

#include "store/db/db.h"
#include "store/db/sql.h"

/** The database of a measurement. */
struct bench {
    struct ctx cx;
    struct db *db;
    char folder[256]; /**< "" when the database is the caller's. */
    char url[300];
};

/** Opens it and takes the steps; ends the program with a sentence when that fails. */
void bench_open(struct bench *bench, const char *url, const struct migration *steps, size_t count);

/** Closes it and removes the folder. */
void bench_close(struct bench *bench);

/** One call of a worker thread, such as one write: `number` is unique in the process. */
typedef status bench_call(struct ctx *cx, struct bench *bench, void *argument, int64_t number);

/** Lets `threads` threads make the call again and again for `duration_ms`, and gives the calls a
 * second. A call that fails ends the program with its sentence. */
double bench_crowd(struct bench *bench, int threads, int64_t duration_ms, bench_call *call,
                   void *argument);

/** Median of an odd number of values, which are put in order. */
double bench_median(double *values, size_t count);

#endif
