/* job_run.c: an attempt: lease, run, outcome. Owns nothing beyond the slot. Threads: see job_run.h.
 */
#include "app/job_run.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/scope.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { RECORD_TRIES = 4, RECORD_PAUSE_MS = 250, BEAT_RETRY_MS = 1000 };

static const char *const outcome_names[JOB_OUTCOMES] = {
    [JOB_DONE] = "done", [JOB_FAILED] = "failed",
    [JOB_DEAD] = "dead", [JOB_GIVEN_BACK] = "given_back",
    [JOB_LOST] = "lost",
};

const char *job_outcome_name(enum job_outcome outcome) {
    return outcome_names[outcome];
}

status job_slot_init(struct ctx *cx, struct services *services, struct job_slot *slot) {
    *slot = (struct job_slot){.services = services, .control.stop_fd = -1};
    (void)pthread_mutex_init(&slot->lock, NULL);
    slot->control.stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (slot->control.stop_fd < 0) return ctx_fail_errno(cx, "Preparing", "a worker");
    return OK;
}

void job_slot_done(struct job_slot *slot) {
    scope_close(&slot->control.stop_fd);
    (void)pthread_mutex_destroy(&slot->lock);
}

static void ring(const struct job_slot *slot) {
    uint64_t one = 1;
    if (write(slot->control.stop_fd, &one, sizeof one) < 0) return; /* it is readable already */
}

static void lose_lease(struct job_slot *slot) {
    int expected = JOB_GO;
    if (atomic_compare_exchange_strong(&slot->control.stop, &expected, JOB_LEASE_LOST)) ring(slot);
}

void job_stop(struct job_slot *slot) {
    if (atomic_exchange(&slot->control.stop, JOB_GIVE_BACK) != JOB_GIVE_BACK) ring(slot);
}

/* Before an attempt: the lost lease of the last one is forgotten, a stopping worker is not. */
static void lower_stop(struct job_slot *slot) {
    int expected = JOB_LEASE_LOST;
    if (!atomic_compare_exchange_strong(&slot->control.stop, &expected, JOB_GO)) return;
    uint64_t count;
    ssize_t taken = read(slot->control.stop_fd, &count, sizeof count);
    /* The bell may have been rung again in between. */
    if (taken > 0 && job_stopping(&slot->control) != JOB_GO) ring(slot);
}

void job_beat(struct ctx *cx, struct job_slot *slot) {
    LOCKED(&slot->lock);
    if (!slot->busy) return;
    int64_t now = clock_ticks_ms();
    if (now < slot->renew_at_ticks) return;
    status renewed = queue_renew(cx, slot->services->queue, &slot->job, slot->lease_ms);
    if (renewed == OK) {
        slot->renew_at_ticks = now + slot->lease_ms / 3;
        slot->lost_at_ticks = now + slot->lease_ms;
    } else if (renewed == CONFLICT || now >= slot->lost_at_ticks) {
        lose_lease(slot);
        slot->renew_at_ticks = INT64_MAX;
    } else { /* the database is away: try again while the lease lasts */
        slot->renew_at_ticks = now + BEAT_RETRY_MS;
    }
    ctx_clear(cx);
}

static void occupy(struct job_slot *slot, const struct job_kind *kind, const struct job *job) {
    LOCKED(&slot->lock);
    int64_t now = clock_ticks_ms();
    slot->job = *job;
    slot->lease_ms = kind->lease_ms > 0 ? kind->lease_ms : JOB_LEASE_MS;
    slot->lost_at_ticks = now + JOB_LEASE_MS;
    /* Another length than the one it was taken with is told to the queue at once. */
    slot->renew_at_ticks = slot->lease_ms == JOB_LEASE_MS ? now + JOB_LEASE_MS / 3 : now;
    slot->busy = true;
}

static void vacate(struct job_slot *slot) {
    LOCKED(&slot->lock);
    slot->busy = false;
}

/* What goes into the transaction that records a failure. */
struct failure {
    struct services *services;
    const struct job_kind *kind;
    const struct job *job;
    enum queue_verdict verdict;
    text error;
    bool dead;
};

static status record_failure(struct ctx *cx, struct db_tx *tx, void *argument) {
    struct failure *failure = argument;
    TRY(queue_fail(cx, failure->services->queue, tx, failure->job, failure->verdict, failure->error,
                   &failure->dead));
    if (!failure->kind->failed) return OK;
    return failure->kind->failed(cx, failure->services, tx, failure->job, failure->error,
                                 failure->dead);
}

static enum queue_verdict verdict_of(status code) {
    bool final = code == INVALID || code == DENIED || code == NOT_FOUND || code == GONE;
    return final ? QUEUE_GIVE_UP : QUEUE_RETRY;
}

static enum job_outcome failed(struct ctx *cx, const struct job_slot *slot,
                               const struct job_kind *kind, const struct job *job, status code) {
    struct failure failure = {
        .services = slot->services, .kind = kind, .job = job, .verdict = verdict_of(code)};
    const char *said = cx->fault.detail[0] ? cx->fault.detail : status_name(code);
    if (text_copy(cx->arena, text_of(said), &failure.error) != OK)
        failure.error = TEXT("There was no memory left to say why.");
    status recorded = BUSY;
    for (int i = 0; i < RECORD_TRIES && recorded != OK && recorded != CONFLICT; i++) {
        if (i > 0) clock_sleep_ms(RECORD_PAUSE_MS << i);
        ctx_clear(cx);
        recorded = db_write(cx, slot->services->db, record_failure, &failure);
    }
    if (recorded == OK && kind->announce)
        kind->announce(cx, slot->services, job, failure.error, failure.dead);
    /* That a film is none is its owner's business; that we can't do our work is the operator's. */
    bool ours = failure.dead && failure.verdict == QUEUE_RETRY;
    log_event(ours ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "job failed", LOG_TEXT("kind", job->kind),
              LOG_TEXT("job_id", job->id), LOG_TEXT("video_id", job->subject),
              LOG_INT("attempt", job->attempt), LOG_TEXT("code", text_of(status_name(code))),
              LOG_TEXT("error", failure.error),
              LOG_TEXT("recorded", text_of(status_name(recorded))));
    if (recorded == CONFLICT) return JOB_LOST;
    return failure.dead ? JOB_DEAD : JOB_FAILED;
}

static enum job_outcome settle(struct ctx *cx, struct job_slot *slot, const struct job_kind *kind,
                               const struct job *job, status code) {
    if (code == OK) return JOB_DONE;
    enum job_stop why = job_stopping(&slot->control);
    if (why == JOB_LEASE_LOST) return JOB_LOST;
    if (why != JOB_GIVE_BACK || code != BUSY) return failed(cx, slot, kind, job, code);
    ctx_clear(cx);
    /* If even this fails the lease lapses by itself, only later. */
    status given = queue_give_back(cx, slot->services->queue, job);
    return given == CONFLICT ? JOB_LOST : JOB_GIVEN_BACK;
}

enum job_outcome job_run(struct ctx *cx, struct job_slot *slot, const struct job_kind *kind,
                         const struct job *job, int64_t *out_run_us) {
    lower_stop(slot);
    occupy(slot, kind, job);
    int64_t began_us = clock_ticks_us();
    status code = BUSY;
    if (job_stopping(&slot->control) == JOB_GO)
        code = kind->run(cx, slot->services, job, &slot->control);
    int64_t run_us = clock_ticks_us() - began_us;
    vacate(slot);
    enum job_outcome outcome = settle(cx, slot, kind, job, code);
    if (outcome != JOB_FAILED && outcome != JOB_DEAD)
        log_event(LOG_LEVEL_INFO, "job ended", LOG_TEXT("kind", job->kind),
                  LOG_TEXT("job_id", job->id), LOG_TEXT("video_id", job->subject),
                  LOG_INT("attempt", job->attempt),
                  LOG_TEXT("outcome", text_of(job_outcome_name(outcome))),
                  LOG_INT("duration_ms", run_us / 1000));
    *out_run_us = run_us;
    return outcome;
}
