/* transcode_report.c: see transcode_report.h. */
#include "features/transcoding/transcode_report.h"

#include "base/clock.h"
#include "base/scope.h"

enum { STORE_EVERY_MS = 2000, ALIVE_EVERY_MS = 20000, ARENA_BYTES = 64 << 10 };

void transcode_report_init(struct transcode_report *report, struct services *services,
                           const struct video *video, text run) {
    *report = (struct transcode_report){.services = services, .run = run};
    report->alive_ticks_ms = clock_ticks_ms();
    video_progress_of(video, &report->now);
    report->now.eta_ms = NO_INT;
}

/* Times only grow, also when the clock is set back: listeners and the row go by them. */
static void stamp(struct transcode_report *report) {
    int64_t now = clock_now_ms();
    report->now.updated_at_ms =
        now > report->now.updated_at_ms ? now : report->now.updated_at_ms + 1;
}

static void store(struct transcode_report *report, bool at_once) {
    int64_t ticks = clock_ticks_ms();
    bool due = at_once || ticks - report->stored_ticks_ms >= STORE_EVERY_MS;
    bool sign = report->run.at && ticks - report->alive_ticks_ms >= ALIVE_EVERY_MS;
    if (!due && !sign) return;
    scoped(arena_done) struct arena *arena = arena_new(ARENA_BYTES);
    if (!arena) return;
    struct ctx cx = {.arena = arena};
    if (due && video_progress_store(&cx, report->services, &report->now) == OK)
        report->stored_ticks_ms = ticks;
    ctx_clear(&cx);
    if (sign && video_render_alive(&cx, report->services, report->run, TRANSCODE_ALIVE_MS) == OK)
        report->alive_ticks_ms = ticks;
}

void transcode_report_stage(struct transcode_report *report, const char *stage,
                            const char *message) {
    report->now.stage = text_of(stage);
    report->now.message = text_of(message);
    report->now.percent = 0;
    report->now.eta_ms = NO_INT;
    stamp(report);
    video_progress_publish(report->services, &report->now);
    store(report, true);
}

void transcode_report_encoding(struct transcode_report *report, int64_t percent, int64_t eta_ms) {
    if (percent < report->now.percent) percent = report->now.percent;
    if (percent > 100) percent = 100;
    bool same = percent == report->now.percent && eta_ms == report->now.eta_ms;
    report->now.percent = percent;
    report->now.eta_ms = eta_ms;
    if (!same) {
        stamp(report);
        video_progress_publish(report->services, &report->now);
    }
    store(report, false);
}

void transcode_report_ready(struct transcode_report *report) {
    report->now.status = TEXT("ready");
    report->now.stage = TEXT("ready");
    report->now.playable = true;
    report->now.percent = 100;
    report->now.message = TEXT("Ready to watch.");
    report->now.eta_ms = NO_INT;
    report->now.error = NO_TEXT;
    stamp(report);
    video_progress_publish(report->services, &report->now);
}

void transcode_report_row(struct transcode_report *report, const struct video *video) {
    video_progress_of(video, &report->now);
    video_progress_publish(report->services, &report->now);
}

status transcode_sentence(struct ctx *cx, int64_t attempts, text error, text *out) {
    if (attempts <= 1) {
        *out = error;
        return OK;
    }
    status made = text_format(cx->arena, out, "Processing failed %lld times; the last time: %.*s",
                              (long long)attempts, TEXT_ARG(error));
    return made == OK ? OK : ctx_no_memory(cx);
}
