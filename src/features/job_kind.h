/* job_kind.h: how a feature gives the worker something to do: jobs by kind, and periodic ticks.
 *
 * A feature exports constant rows (`const struct job_kind transcode_job`, `const struct tick
 * upload_expiry_tick`); app/ collects them in one table each and runs them. Owns nothing.
 * The worker takes a job under a lease, renews the lease from another thread while `run` works, and
 * raises the control's flag when the work must end early.
 * Threads: `run` in a worker thread, several jobs at once in several; ticks one at a time. */
#ifndef FEATURES_JOB_KIND_H
#define FEATURES_JOB_KIND_H

#include "base/ctx.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct db_tx;
struct job;
struct services;

/** Why a running job should end early. */
enum job_stop {
    JOB_GO = 0,     /**< Go on. */
    JOB_GIVE_BACK,  /**< The worker stops: kill the child, keep the checkpoints, return BUSY. */
    JOB_LEASE_LOST, /**< Another worker may have the job (or it was cancelled): drop this attempt's
                         stages, change no row, return CONFLICT. */
};

/** What the worker tells a running job. */
struct job_control {
    _Atomic int stop; /**< enum job_stop; read it with job_stopping. */
    int stop_fd;      /**< Becomes (and stays) readable once `stop` isn't JOB_GO: for poll(2) beside
                           a child's pipe. Never read from or closed by the job. */
};

/** Why the job should end now, or JOB_GO. */
static inline enum job_stop job_stopping(const struct job_control *control) {
    return (enum job_stop)atomic_load_explicit(&control->stop, memory_order_acquire);
}

/** One kind of job. */
struct job_kind {
    const char *kind;       /**< As in the table, such as "video.transcode". */
    int64_t lease_ms;       /**< Lease, renewed at a third of it; 0 = 30 s. */
    size_t arena_cap_bytes;/**< Memory of one run; 0 = 16 MiB. */

    /** Does the work. OK: the result is stored and queue_done was called in the same transaction.
     *  Otherwise the fault's sentence becomes the job's error, and the worker records the failure:
     *  INVALID, DENIED, NOT_FOUND and GONE can't be cured by trying again (dead letter now), all
     *  others are tried again later. BUSY after JOB_GIVE_BACK: handed back, attempt not counted.
     *  The context's deadline is not set. */
    status (*run)(struct ctx *cx, struct services *services, const struct job *job,
                  struct job_control *control);

    /** Called inside the transaction that records a failed attempt (queue_fail has been called), to
     *  bring the feature's own rows along: `dead` says that no further attempt will come. May run
     *  again, so it changes rows only. NULL: nothing to do. */
    status (*failed)(struct ctx *cx, struct services *services, struct db_tx *tx,
                     const struct job *job, text error, bool dead);

    /** Called once after that transaction is durable: publish events, drop stages. May be NULL. */
    void (*announce)(struct ctx *cx, struct services *services, const struct job *job, text error,
                     bool dead);
};

/** Something done every now and then by one thread of a worker. Several workers may run the same
 *  tick at the same time, so it must be harmless twice (conditional updates in one transaction).
 *  This is also the place to follow dead letters of workers that died without a word: their jobs'
 *  rows are made dead by the queue's own sweep, and nobody called `failed`. */
struct tick {
    const char *name;  /**< For logs and metrics, such as "uploads.expire". */
    int64_t every_ms;  /**< Pause between two runs; the first comes soon after the start. */
    status (*run)(struct ctx *cx, struct services *services);
};

#endif
