/* queue.h: jobs that are never lost and whose result appears once.
 *
 * The row in table `jobs` is the truth: state, attempt, lease, not-before, error. Enqueuing is part
 * of the transaction that causes the job. A worker takes a job under a lease, renews it while it
 * works, and finishes it in the transaction that stores the result; every one of these is fenced by
 * the attempt number, so a worker that lost its lease changes nothing (CONFLICT). A lapsed lease
 * makes the job available again; a failure waits exponentially longer (with jitter) before the next
 * attempt; after the last attempt the job is a dead letter, kept with its error, and can be
 * re-queued. Order: priority first (lower number first), then age, where each unfinished job that
 * its user had already counts like a minute of youth: so a bulk of one user does not keep the
 * others waiting, nor starves. Threads: any. */
#ifndef STORE_QUEUE_QUEUE_H
#define STORE_QUEUE_QUEUE_H

#include "store/db/db.h"

struct queue;

/** A job as it lies in the table. State: "ready", "running", "done", "dead". */
struct job {
    text id;                /**< 11-character id. */
    text kind;              /**< Such as "video.transcode". */
    text subject;           /**< What it is about, such as the video's id. */
    text payload;           /**< JSON; the handler's own. */
    text user_id;           /**< For fairness; may be absent. */
    text state;             /**< See above. */
    int64_t priority;       /**< 0 is first; default 100. */
    int64_t attempt;        /**< 0 before the first; the fence. */
    int64_t max_attempts;   /**< Then it is a dead letter. */
    int64_t not_before_ms;  /**< Wall clock. */
    int64_t lease_until_ms; /**< Wall clock; 0 unless running. */
    text worker;            /**< Who holds the lease. */
    text error;             /**< Last failure's sentence. */
    int64_t created_at_ms;
    int64_t updated_at_ms;
};
extern const struct schema job_schema;

/** What to enqueue; zero values take the defaults (priority 100, 5 attempts, not before now). */
struct job_new {
    text kind;
    text subject;
    text payload;
    text user_id;
    int64_t priority;
    int64_t max_attempts;
    int64_t delay_ms;
    bool only_one; /**< CONFLICT when an unfinished job of this kind and subject exists. */
};

/** Opens the queue on a database. The caller closes it before the database. */
status queue_open(struct ctx *cx, struct db *db, struct queue **out) CHECKED;
void queue_close(struct queue *queue);

/** Adds a job inside the transaction that causes it; waiting workers wake after the commit. */
status queue_add(struct ctx *cx, struct queue *queue, struct db_tx *tx, const struct job_new *job,
                 text *out_id) CHECKED;

/** Takes the next job of one of the kinds (space-separated list) under a lease of `lease_ms`,
 * waiting up to `wait_ms` for one to appear. At most 8 kinds. NOT_FOUND when none did. Lapsed
 * leases are swept on the way; those out of attempts become dead letters ("the worker died"). */
status queue_take(struct ctx *cx, struct queue *queue, text kinds, text worker, int64_t lease_ms,
                  int64_t wait_ms, struct job *out) CHECKED;

/** Extends the lease. CONFLICT: it was lost; stop working. */
status queue_renew(struct ctx *cx, struct queue *queue, const struct job *job,
                   int64_t lease_ms) CHECKED;

/** Finishes the job inside the transaction that stores its result. CONFLICT: lease lost; the
 *  transaction must be given up. */
status queue_done(struct ctx *cx, struct queue *queue, struct db_tx *tx,
                  const struct job *job) CHECKED;

/** Whether a failure can be cured by trying again. */
enum queue_verdict { QUEUE_RETRY, QUEUE_GIVE_UP };

/** Records a failed attempt inside a transaction. `*out_dead` tells whether it is now a dead
 * letter. */
status queue_fail(struct ctx *cx, struct queue *queue, struct db_tx *tx, const struct job *job,
                  enum queue_verdict verdict, text error, bool *out_dead) CHECKED;

/** Gives an unfinished job back unharmed (graceful stop): ready at once. The
 *  attempt is not counted against it, though its number, the fence, is used up. */
status queue_give_back(struct ctx *cx, struct queue *queue, const struct job *job) CHECKED;

/** Takes the jobs of dead workers, whose names begin with `workers`, away from them: ready at once,
 * and up to 20 times in a job's life without costing it an attempt. For those who know that a
 * worker is dead; what nobody knows ends with its lease. */
status queue_abandon(struct ctx *cx, struct queue *queue, text workers) CHECKED;

/** Removes unfinished jobs of a subject inside a transaction (the video was deleted); a running
 *  worker finds its lease lost. */
status queue_cancel(struct ctx *cx, struct queue *queue, struct db_tx *tx, text subject) CHECKED;

/** Dead letters, newest first, and putting one back with attempts anew (NOT_FOUND if it is none).
 */
status queue_dead(struct ctx *cx, struct queue *queue, int64_t limit, list *out_jobs) CHECKED;
status queue_requeue(struct ctx *cx, struct queue *queue, text id) CHECKED;

/** Removes jobs that were finished more than `older_than_ms` ago. Dead letters stay. */
status queue_purge(struct ctx *cx, struct queue *queue, int64_t older_than_ms) CHECKED;

/** Wakes every waiter, so that a stopping worker leaves queue_take at once with NOT_FOUND. */
void queue_wake(struct queue *queue);

/** Figures for /metrics and health. */
struct queue_figures {
    int64_t ready, running, dead;
    int64_t oldest_ready_ms; /**< Age of the oldest ready job, 0 if none. */
};
status queue_figures_of(struct ctx *cx, struct queue *queue, struct queue_figures *out) CHECKED;

#endif
