/* worker.h: threads that take jobs from the queue and run them, and the ticks beside them.
 *
 * Owns: one thread a job slot, a heartbeat that renews the leases of running jobs, and a thread for
 * ticks. Invariants: a job that cannot keep its lease is told so at once; a stopping worker hands
 * its jobs back; every finished attempt is logged once. Threads: start, stop, join from one thread.
 */
#ifndef APP_WORKER_H
#define APP_WORKER_H

#include "app/job_meter.h"
#include "features/job_kind.h"
#include "features/services.h"

struct worker;

/** What a worker does. The arrays must outlive it. */
struct worker_options {
    const char *name; /**< Of the process; leases are held under it, a hyphen and the slot. */
    int slots;        /**< Jobs at the same time; 0 = ticks only. */
    const struct job_kind *const *kinds; /**< At most JOB_METER_KINDS. */
    size_t kind_count;
    const struct tick *const *ticks;
    size_t tick_count;
    struct job_meter *meter; /**< Gets one mark for each attempt. */
};

/** Starts the threads. */
status worker_start(struct ctx *cx, struct services *services, const struct worker_options *options,
                    struct worker **out) CHECKED;

/** Asks all jobs to end and takes no new ones; returns at once. NULL is fine. */
void worker_stop(struct worker *worker);

/** Waits for the threads' end and frees the worker (stops it first). NULL is fine. */
void worker_join(struct worker *worker);

#endif
