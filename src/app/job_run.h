/* job_run.h: one attempt of one job, from its row to what is recorded of it. For worker.c only.
 *
 * Owns: the slot's copy of what the heartbeat needs. Threads: `job_run` in the slot's thread,
 * `job_beat` in the heartbeat's, `job_stop` in any. */
#ifndef APP_JOB_RUN_H
#define APP_JOB_RUN_H

#include "app/job_meter.h"
#include "base/thread.h"
#include "features/job_kind.h"
#include "features/services.h"
#include "store/queue/queue.h"

/** What a job is taken with; renewed at a third of it. */
enum { JOB_LEASE_MS = 30 * 1000 };

/** A place where one job at a time can run. */
struct job_slot {
    struct services *services;
    pthread_mutex_t lock; /**< Guards busy, job, and the two times. */
    bool busy;
    struct job job; /**< Texts live in the running attempt's arena. */
    int64_t lease_ms;
    int64_t renew_at_ticks; /**< When the heartbeat has to do something. */
    int64_t lost_at_ticks;  /**< When the lease lapses if nothing is done. */
    struct job_control control;
};

/** Prepares a slot; NO_MEMORY or IO when there are no descriptors. */
status job_slot_init(struct ctx *cx, struct services *services, struct job_slot *slot) CHECKED;
void job_slot_done(struct job_slot *slot);

/** Runs one attempt of the job, which was taken under JOB_LEASE_MS, records and logs its outcome.
 */
enum job_outcome job_run(struct ctx *cx, struct job_slot *slot, const struct job_kind *kind,
                         const struct job *job, int64_t *out_run_us);

/** Renews the lease of what runs if it is time; tells the running job when it is lost. */
void job_beat(struct ctx *cx, struct job_slot *slot);

/** Asks the running job, and all that follow in this slot, to be given back. */
void job_stop(struct job_slot *slot);

#endif
