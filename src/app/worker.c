/* worker.c: job slots, heartbeat and ticks as threads.
 *
 * Owns: see worker.h. The wait for work is the queue's; worker_stop wakes it. Heartbeat and ticks
 * wait on one condition, signalled when the worker stops, and when a job begins or ends. Threads:
 * see worker.h. */
#include "app/worker.h"

#include "app/job_run.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/scope.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    TAKE_WAIT_MS = 10 * 1000,
    TROUBLE_PAUSE_MS = 1000,
    TROUBLE_MOST_MS = 8000,
    BEAT_MS = 1000,
    FIRST_TICK_MS = 1000,
    WORK_ARENA_BYTES = 16 * 1024 * 1024,
    NAME_BYTES = 128,
    MAX_TICKS = 16
};

struct slot {
    struct worker *worker;
    struct job_slot at;
    pthread_t thread;
    bool started;
    char name[NAME_BYTES]; /* the lease's holder: process and slot */
};

struct worker {
    struct services *services;
    struct worker_options options;
    text kinds; /* space-separated, for queue_take; in the arena */
    struct arena *arena;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping;
    int running; /* jobs that the heartbeat has to keep alive */
    pthread_t heartbeat;
    bool heartbeat_started;
    pthread_t ticker;
    bool ticker_started;
    struct slot slots[];
};

static bool is_stopping(struct worker *worker) {
    LOCKED(&worker->lock);
    return worker->stopping;
}

/* Waits until the tick or the end; true when the worker stops. */
static bool pause_until(struct worker *worker, int64_t ticks_ms) {
    LOCKED(&worker->lock);
    while (!worker->stopping && condition_wait(&worker->changed, &worker->lock, ticks_ms)) continue;
    return worker->stopping;
}

static size_t kind_index(const struct worker *worker, text kind) {
    for (size_t i = 0; i < worker->options.kind_count; i++)
        if (text_is(kind, worker->options.kinds[i]->kind)) return i;
    return worker->options.kind_count;
}

static void count_running(struct worker *worker, int by) {
    LOCKED(&worker->lock);
    worker->running += by;
    (void)pthread_cond_broadcast(&worker->changed);
}

static void work_on(struct slot *slot, const struct job *job) {
    struct worker *worker = slot->worker;
    size_t index = kind_index(worker, job->kind);
    if (index == worker->options.kind_count) return; /* not ours: the lease will lapse */
    const struct job_kind *kind = worker->options.kinds[index];
    size_t cap = kind->arena_cap_bytes ? kind->arena_cap_bytes : (size_t)WORK_ARENA_BYTES;
    scoped(arena_done) struct arena *arena = arena_new(cap);
    if (!arena) return;
    struct ctx inner = {.arena = arena};
    (void)snprintf(inner.request_id, sizeof inner.request_id, "%.*s", TEXT_ARG(job->id));
    int64_t run_us = 0;
    count_running(worker, 1);
    enum job_outcome outcome = job_run(&inner, &slot->at, kind, job, &run_us);
    count_running(worker, -1);
    struct job_tally *tally = &worker->options.meter->tallies[index];
    (void)atomic_fetch_add(&tally->outcomes[outcome], 1);
    (void)atomic_fetch_add(&tally->run_us, run_us);
}

/* Says that the queue can't be asked, and waits: longer each time. Returns how long. */
static int64_t rest_after_trouble(struct worker *worker, const struct ctx *cx, int64_t last_ms) {
    int64_t pause_ms = last_ms == 0 ? TROUBLE_PAUSE_MS : last_ms * 2;
    if (pause_ms > TROUBLE_MOST_MS) pause_ms = TROUBLE_MOST_MS;
    log_event(LOG_LEVEL_WARNING, "no job could be taken",
              LOG_TEXT("error", text_of(cx->fault.detail)));
    (void)pause_until(worker, clock_ticks_ms() + pause_ms);
    return pause_ms;
}

static void *slot_thread(void *argument) {
    struct slot *slot = argument;
    struct worker *worker = slot->worker;
    struct ctx cx = {.arena = arena_new(WORK_ARENA_BYTES)};
    int64_t trouble_ms = 0;
    while (cx.arena && !is_stopping(worker)) {
        struct job job;
        status taken = queue_take(&cx, worker->services->queue, worker->kinds, text_of(slot->name),
                                  JOB_LEASE_MS, TAKE_WAIT_MS, &job);
        if (taken == OK) {
            work_on(slot, &job);
        } else if (taken != NOT_FOUND) {
            trouble_ms = rest_after_trouble(worker, &cx, trouble_ms);
        }
        if (taken == OK || taken == NOT_FOUND) trouble_ms = 0;
        ctx_clear(&cx);
        arena_reset(cx.arena);
    }
    arena_free(cx.arena);
    return NULL;
}

/* Sleeps while nothing runs, else for a beat. False when it is over: leases must hold till the jobs
 * of a stopping worker have been given back. */
static bool heartbeat_wait(struct worker *worker) {
    LOCKED(&worker->lock);
    while (!worker->stopping && worker->running == 0)
        (void)condition_wait(&worker->changed, &worker->lock, 0);
    if (worker->running > 0)
        (void)condition_wait(&worker->changed, &worker->lock, clock_ticks_ms() + BEAT_MS);
    return !worker->stopping || worker->running > 0;
}

static void *heartbeat_thread(void *argument) {
    struct worker *worker = argument;
    struct ctx cx = {.arena = arena_new(WORK_ARENA_BYTES)};
    while (cx.arena && heartbeat_wait(worker)) {
        for (int i = 0; i < worker->options.slots; i++) {
            job_beat(&cx, &worker->slots[i].at);
            ctx_clear(&cx);
            arena_reset(cx.arena);
        }
    }
    arena_free(cx.arena);
    return NULL;
}

static void run_tick(struct worker *worker, struct ctx *cx, const struct tick *tick) {
    int64_t began = clock_ticks_ms();
    status code = tick->run(cx, worker->services);
    int64_t took_ms = clock_ticks_ms() - began;
    if (code != OK)
        log_event(LOG_LEVEL_WARNING, "tick failed", LOG_TEXT("tick", text_of(tick->name)),
                  LOG_TEXT("code", text_of(status_name(code))),
                  LOG_TEXT("error", text_of(cx->fault.detail)), LOG_INT("duration_ms", took_ms));
    ctx_clear(cx);
    arena_reset(cx->arena);
}

static void *tick_thread(void *argument) {
    struct worker *worker = argument;
    struct ctx cx = {.arena = arena_new(WORK_ARENA_BYTES)};
    int64_t due[MAX_TICKS];
    for (size_t i = 0; i < worker->options.tick_count; i++)
        due[i] = clock_ticks_ms() + FIRST_TICK_MS + (int64_t)random_below(FIRST_TICK_MS);
    while (cx.arena && worker->options.tick_count > 0) {
        size_t first = 0;
        for (size_t i = 1; i < worker->options.tick_count; i++)
            if (due[i] < due[first]) first = i;
        if (pause_until(worker, due[first])) break;
        run_tick(worker, &cx, worker->options.ticks[first]);
        due[first] = clock_ticks_ms() + worker->options.ticks[first]->every_ms;
    }
    arena_free(cx.arena);
    return NULL;
}

static status start_threads(struct ctx *cx, struct worker *worker) {
    for (int i = 0; i < worker->options.slots; i++) {
        struct slot *slot = &worker->slots[i];
        (void)snprintf(slot->name, sizeof slot->name, "%s-%d", worker->options.name, i);
        TRY(thread_start(&slot->thread, "job", slot_thread, slot));
        slot->started = true;
    }
    if (worker->options.slots > 0) {
        TRY(thread_start(&worker->heartbeat, "heartbeat", heartbeat_thread, worker));
        worker->heartbeat_started = true;
    }
    if (thread_start(&worker->ticker, "ticks", tick_thread, worker) != OK)
        return ctx_fail(cx, BUSY, "The system refuses another thread.");
    worker->ticker_started = true;
    return OK;
}

static status list_kinds(struct worker *worker) {
    struct build kinds = {.arena = worker->arena};
    for (size_t i = 0; i < worker->options.kind_count; i++) {
        build_format(&kinds, "%s%s", i ? " " : "", worker->options.kinds[i]->kind);
        worker->options.meter->tallies[i].kind = worker->options.kinds[i]->kind;
    }
    return build_text(&kinds, &worker->kinds);
}

status worker_start(struct ctx *cx, struct services *services, const struct worker_options *options,
                    struct worker **out) {
    if (options->kind_count > JOB_METER_KINDS || options->tick_count > MAX_TICKS)
        return ctx_fail(cx, BUG, "There are more kinds of jobs than the worker has room for.");
    struct worker *worker =
        calloc(1, sizeof *worker + (size_t)options->slots * sizeof worker->slots[0]);
    TRY_NEW(cx, worker);
    worker->services = services;
    worker->options = *options;
    (void)pthread_mutex_init(&worker->lock, NULL);
    condition_init(&worker->changed);
    worker->arena = arena_new(64 * 1024);
    status ready = worker->arena ? list_kinds(worker) : NO_MEMORY;
    for (int i = 0; i < options->slots; i++) {
        worker->slots[i].worker = worker;
        status made = job_slot_init(cx, services, &worker->slots[i].at);
        if (ready == OK) ready = made;
    }
    if (ready == OK) ready = start_threads(cx, worker);
    if (ready != OK) {
        worker_join(worker);
        return ready;
    }
    *out = worker;
    return OK;
}

static void begin_stop(struct worker *worker) {
    LOCKED(&worker->lock);
    worker->stopping = true;
    (void)pthread_cond_broadcast(&worker->changed);
}

void worker_stop(struct worker *worker) {
    if (!worker) return;
    begin_stop(worker);
    for (int i = 0; i < worker->options.slots; i++) job_stop(&worker->slots[i].at);
    queue_wake(worker->services->queue);
}

void worker_join(struct worker *worker) {
    if (!worker) return;
    worker_stop(worker);
    for (int i = 0; i < worker->options.slots; i++)
        if (worker->slots[i].started) thread_join(worker->slots[i].thread);
    if (worker->heartbeat_started) thread_join(worker->heartbeat);
    if (worker->ticker_started) thread_join(worker->ticker);
    for (int i = 0; i < worker->options.slots; i++) job_slot_done(&worker->slots[i].at);
    arena_free(worker->arena);
    (void)pthread_cond_destroy(&worker->changed);
    (void)pthread_mutex_destroy(&worker->lock);
    free(worker);
}
