/* main.c: matinee-media, the one program that knows libav: a media child, or a tool for people.
 *
 * As a child (--child, started by media/child.c) it reads one job from its socket, locks itself up
 * (cage.h), does the job and answers; otherwise the command line of cli.h. Threads: the main one; a
 * run starts more. */
#include "base/record.h"
#include "base/scope.h"
#include "media/engine/cage.h"
#include "media/engine/cli.h"
#include "media/engine/inspect.h"
#include "media/engine/run.h"
#include "media/sanitizer.h"

#include <libavutil/log.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES = 256 * 1024 * 1024 };

#if SANITIZER_ON
/* The leak checker needs system calls that the cage forbids; the fuzz target checks leaks
 * instead. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) {
    return "detect_leaks=0";
}
const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void) {
    return "halt_on_error=1:print_stacktrace=1";
}
#endif

/* Reads the one message a child is sent. */
static status read_job(struct ctx *cx, struct message_job *out) {
    scoped(message_reader_done) struct message_reader reader = {0};
    struct message message;
    bool there = false;
    while (!there) {
        char bytes[16384];
        ssize_t size = read(MESSAGE_FD_SOCKET, bytes, sizeof bytes);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) return ctx_fail(cx, GONE, "The parent has gone.");
        TRY(message_reader_feed(cx, &reader, bytes, (size_t)size));
        TRY(message_reader_next(cx, &reader, &message, &there));
    }
    if (message.kind != MESSAGE_JOB) return ctx_fail(cx, BUG, "The first message is no job.");
    return record_from_json(cx, &message_job_schema, message.body, out);
}

static status enter_cage(struct ctx *cx, const struct message_job *job) {
    size_t outputs = job->plan ? job->plan->renditions.len : 0;
    struct cage_limits limits = {
        .memory_bytes = job->memory_limit_bytes,
        .processor_s = job->processor_limit_s,
        .file_bytes = job->file_limit_bytes,
        .nice = (int)job->nice,
        .last_fd = MESSAGE_FD_OUTPUTS - 1 + (int)outputs,
    };
    return cage_enter(cx, &limits);
}

static status do_probe(struct ctx *cx, const struct message_job *job) {
    scoped(source_done) struct source *source = NULL;
    TRY(source_open(cx, MESSAGE_FD_SOURCE, job->source_size_bytes, &source));
    struct media_info info;
    TRY(inspect(cx, source, &info));
    return message_send_record(cx, MESSAGE_FD_SOCKET, MESSAGE_INFO, &media_info_schema, &info);
}

static status answer(struct ctx *cx, const struct media_result *result) {
    for (size_t i = 0; i < result->renditions.len; i++) {
        TRY(message_send(cx, MESSAGE_FD_SOCKET, MESSAGE_INDEX, media_made(result, i)->index));
    }
    if (result->thumbnail.len) {
        TRY(message_send(cx, MESSAGE_FD_SOCKET, MESSAGE_THUMBNAIL, result->thumbnail));
    }
    return message_send_record(cx, MESSAGE_FD_SOCKET, MESSAGE_RESULT, &media_result_schema, result);
}

static status do_run(struct ctx *cx, const struct message_job *job) {
    int fds[REPORT_PARTS_MOST];
    if (!job->plan || job->plan->renditions.len > REPORT_PARTS_MOST) {
        return ctx_fail(cx, BUG, "A run needs a plan.");
    }
    size_t count = job->plan->renditions.len;
    for (size_t i = 0; i < count; i++) fds[i] = MESSAGE_FD_OUTPUTS + (int)i;
    scoped(source_done) struct source *source = NULL;
    TRY(source_open(cx, MESSAGE_FD_SOURCE, job->source_size_bytes, &source));
    scoped(report_close) struct report report;
    TRY(report_open(cx, MESSAGE_FD_SOCKET, count, job->plan->duration_ms, &report));
    struct media_result result;
    TRY(run_film(cx, source, job->plan, fds, (int)job->threads, &report, &result));
    return answer(cx, &result);
}

static status do_job(struct ctx *cx) {
    struct message_job job;
    TRY(read_job(cx, &job));
    TRY(enter_cage(cx, &job));
    return text_is(job.command, "probe") ? do_probe(cx, &job) : do_run(cx, &job);
}

/* Tells the parent why, with memory of its own, as the job's may be what ran out. */
static void confess(const struct ctx *failed, status code) {
    scoped(arena_done) struct arena *arena = arena_new(64 * 1024);
    struct ctx cx = {.arena = arena};
    const char *detail = failed->fault.detail;
    struct message_fault fault = {
        .code = text_of(status_name(code)),
        .detail = detail[0] ? text_of(detail) : TEXT("Processing the film failed."),
    };
    if (!arena) return;
    (void)!message_send_record(&cx, MESSAGE_FD_SOCKET, MESSAGE_FAULT, &message_fault_schema,
                               &fault);
}

static int be_child(int parent) {
    scoped(arena_done) struct arena *arena = arena_new(ARENA_BYTES);
    if (!arena) return 1;
    struct ctx cx = {.arena = arena};
    if (cage_follow_parent(&cx, parent) != OK) return 1;
    av_log_set_level(AV_LOG_QUIET);
    status done = do_job(&cx);
    if (done == GONE) return 1;
    if (done != OK) confess(&cx, done);
    return 0;
}

int main(int argc, char **argv) {
    int64_t parent = 0;
    if (argc == 3 && strcmp(argv[1], "--child") == 0) {
        return text_to_int(text_of(argv[2]), &parent) == OK ? be_child((int)parent) : 2;
    }
    return cli_main(argc, argv);
}
