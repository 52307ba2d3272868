/* report.c: see report.h. */
#include "media/engine/report.h"

#include "base/clock.h"
#include "base/thread.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARENA_BYTES = 64 * 1024, TICK_MS = 500 };

status report_open(struct ctx *cx, int socket, size_t parts, int64_t duration_ms,
                   struct report *out) {
    *out = (struct report){.socket = socket,
                           .parts = parts,
                           .duration_ms = duration_ms,
                           .started_ticks_ms = clock_ticks_ms()};
    out->arena = arena_new(ARENA_BYTES);
    TRY_NEW(cx, out->arena);
    (void)pthread_mutex_init(&out->mutex, NULL);
    return OK;
}

void report_close(struct report *report) {
    if (!report->arena) return;
    arena_free(report->arena);
    (void)pthread_mutex_destroy(&report->mutex);
    *report = (struct report){0};
}

void report_fail(struct report *report, status code, const struct ctx *cx) {
    LOCKED(&report->mutex);
    if (report->code != OK) return;
    report->code = code;
    (void)snprintf(report->detail, sizeof report->detail, "%s", cx->fault.detail);
}

bool report_failed(struct report *report) {
    LOCKED(&report->mutex);
    return report->code != OK;
}

status report_result(struct report *report, struct ctx *cx) {
    LOCKED(&report->mutex);
    if (report->code == OK) return OK;
    ctx_clear(cx);
    return ctx_fail(cx, report->code, "%s", report->detail);
}

static struct media_progress measure(const struct report *report, int64_t now_ms) {
    int64_t slowest = INT64_MAX;
    for (size_t i = 0; i < report->parts; i++) {
        if (report->positions_ms[i] < slowest) slowest = report->positions_ms[i];
    }
    struct media_progress progress = {
        .stage = TEXT("encoding"), .frames = report->frames, .speed = NAN, .eta_ms = NO_INT};
    bool known = report->duration_ms != NO_INT && report->duration_ms > 0;
    if (slowest == INT64_MAX) slowest = known ? report->duration_ms : 0;
    progress.position_ms = slowest;
    if (known) {
        int64_t percent = slowest * 100 / report->duration_ms;
        progress.percent = percent > 99 ? 99 : percent; /* done is said by the result */
    }
    int64_t spent_ms = now_ms - report->started_ticks_ms;
    if (spent_ms > 0) progress.speed = (double)slowest / (double)spent_ms;
    if (known && slowest > 0 && slowest <= report->duration_ms) {
        progress.eta_ms = (report->duration_ms - slowest) * spent_ms / slowest;
    }
    if (report->finishing) progress.stage = TEXT("finishing");
    return progress;
}

/* The lock is held, so messages of several threads do not mix. */
static void tell(struct report *report) {
    int64_t now_ms = clock_ticks_ms();
    if (report->socket < 0 || now_ms - report->told_ticks_ms < TICK_MS) return;
    report->told_ticks_ms = now_ms;
    arena_reset(report->arena);
    struct ctx cx = {.arena = report->arena};
    struct media_progress progress = measure(report, now_ms);
    status sent = message_send_record(&cx, report->socket, MESSAGE_PROGRESS, &media_progress_schema,
                                      &progress);
    if (sent == GONE) _Exit(1); /* nobody is left to work for */
}

void report_position(struct report *report, size_t part, int64_t position_ms) {
    LOCKED(&report->mutex);
    if (position_ms > report->positions_ms[part]) report->positions_ms[part] = position_ms;
    tell(report);
}

void report_alive(struct report *report) {
    LOCKED(&report->mutex);
    tell(report);
}

void report_frame(struct report *report) {
    LOCKED(&report->mutex);
    report->frames++;
}

void report_finishing(struct report *report) {
    LOCKED(&report->mutex);
    report->finishing = true;
    report->told_ticks_ms = 0;
    tell(report);
}
