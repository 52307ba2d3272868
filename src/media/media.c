/* media.c: media_probe and media_run: a child each, watched until it has answered or died.
 *
 * Owns: the child for the length of a call. Invariant: what a child says is checked before it is
 * believed; it may have been taken over by the film it decodes. Threads: see media.h. */
#include "media/media.h"

#include "base/clock.h"
#include "base/record.h"
#include "base/scope.h"
#include "media/segment_index.h"
#include "media/child.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { OUTPUTS_MOST = 16, TICK_MS = 500, THUMBNAIL_MOST_BYTES = 1024 * 1024 };
enum { PROBE_TIME_MS = 60 * 1000, SILENCE_MS = 120 * 1000, PROBE_PROCESSOR_S = 120 };
#define MEMORY_LIMIT_BYTES (INT64_C(4) << 30)

/* One call: its child and what it has said so far. */
struct watch {
    struct ctx *cx;
    struct child *child;
    const struct media_plan *plan; /* NULL for a probe */
    int64_t silence_limit_ms;
    int64_t end_ticks_ms; /* 0 = none */
    int64_t heard_ticks_ms;
    int64_t told_ticks_ms;
    media_on_progress *on_progress;
    void *argument;
    struct media_progress progress; /* last one heard */
    text indexes[OUTPUTS_MOST];
    size_t index_count;
    text thumbnail;
};

static status liar(struct ctx *cx, const char *what) {
    ctx_clear(cx);
    return ctx_fail(cx, INVALID,
                    "The media process answered with %s that makes no sense; the film "
                    "may be an attack on its decoder.",
                    what);
}

/* Reads a record that the child sent. */
static status believe(struct ctx *cx, const struct schema *schema, text body, const char *what,
                      void *out) {
    status read = record_from_json(cx, schema, body, out);
    return read == INVALID ? liar(cx, what) : read;
}

/* What the child gave as reason; codes it has no business with become IO. */
static status take_fault(struct ctx *cx, text body) {
    struct message_fault fault;
    TRY(believe(cx, &message_fault_schema, body, "a reason", &fault));
    status code = message_status_from(fault.code);
    if (code == NO_MEMORY) { /* its own limit was reached */
        return ctx_fail(cx, QUOTA, "Processing the film needs more memory than is allowed.");
    }
    if (code != INVALID && code != QUOTA && code != BUG) code = IO;
    return ctx_fail(cx, code, "%.*s", TEXT_ARG(fault.detail));
}

static status take_progress(struct watch *watch, text body) {
    struct arena *arena __attribute__((cleanup(arena_done))) = arena_new(64 * 1024);
    TRY_NEW(watch->cx, arena);
    struct ctx inner = {.arena = arena};
    struct media_progress heard;
    if (record_from_json(&inner, &media_progress_schema, body, &heard) != OK) {
        return liar(watch->cx, "progress");
    }
    const char *const stages[] = {"starting", "encoding", "finishing"};
    for (size_t i = 0; i < COUNT_OF(stages); i++) { /* texts must outlive the inner arena */
        if (text_is(heard.stage, stages[i])) heard.stage = text_of(stages[i]);
    }
    watch->progress = heard;
    return OK;
}

static status take_index(struct watch *watch, text body) {
    if (!watch->plan || watch->index_count >= watch->plan->renditions.len) {
        return liar(watch->cx, "an index");
    }
    text *place = &watch->indexes[watch->index_count++];
    return text_copy(watch->cx->arena, body, place) == OK ? OK : ctx_no_memory(watch->cx);
}

static status take_thumbnail(struct watch *watch, text body) {
    bool jpeg = body.len > 3 && memcmp(body.at, "\xFF\xD8\xFF", 3) == 0;
    if (!watch->plan || !jpeg || body.len > THUMBNAIL_MOST_BYTES) {
        return liar(watch->cx, "a thumbnail");
    }
    text copy = NO_TEXT;
    if (text_copy(watch->cx->arena, body, &copy) != OK) return ctx_no_memory(watch->cx);
    watch->thumbnail = copy;
    return OK;
}

/* Deals with everything but the final answer, which is left for the caller. */
static status take_message(struct watch *watch, const struct message *message, bool *out_final) {
    *out_final = false;
    switch (message->kind) {
    case MESSAGE_PROGRESS:
        return take_progress(watch, message->body);
    case MESSAGE_INDEX:
        return take_index(watch, message->body);
    case MESSAGE_THUMBNAIL:
        return take_thumbnail(watch, message->body);
    case MESSAGE_FAULT:
        return take_fault(watch->cx, message->body);
    case MESSAGE_INFO:
    case MESSAGE_RESULT:
        *out_final = true;
        return OK;
    case MESSAGE_JOB:
        break;
    }
    return liar(watch->cx, "a message");
}

/* Passes progress on at most every half second, and enforces the limits of time. */
static status keep_time(struct watch *watch) {
    int64_t now_ms = clock_ticks_ms();
    struct ctx *cx = watch->cx;
    if (watch->end_ticks_ms && now_ms > watch->end_ticks_ms) {
        return ctx_fail(cx, TIMEOUT, "Looking into the film took longer than is allowed.");
    }
    if (now_ms - watch->heard_ticks_ms > watch->silence_limit_ms) {
        return ctx_fail(cx, TIMEOUT, "The media process reported nothing for %lld seconds.",
                        (long long)(watch->silence_limit_ms / 1000));
    }
    if (!watch->on_progress || now_ms - watch->told_ticks_ms < TICK_MS) return OK;
    watch->told_ticks_ms = now_ms;
    return watch->on_progress(watch->argument, &watch->progress);
}

/* Listens until the final message of that kind; its body lives until the child is ended. */
static status listen_for(struct watch *watch, enum message_kind final, text *out) {
    watch->heard_ticks_ms = clock_ticks_ms();
    watch->progress = (struct media_progress){.stage = TEXT("starting"), .eta_ms = NO_INT};
    while (true) {
        struct message message;
        bool there = false;
        TRY(child_next(watch->cx, watch->child, TICK_MS, &message, &there));
        if (there) {
            bool is_final = false;
            watch->heard_ticks_ms = clock_ticks_ms();
            TRY(take_message(watch, &message, &is_final));
            if (is_final && message.kind != final) return liar(watch->cx, "a message");
            if (is_final) {
                *out = message.body;
                return OK;
            }
        }
        TRY(keep_time(watch));
    }
}

static status source_size(struct ctx *cx, int source_fd, int64_t *out) {
    struct stat about;
    if (fstat(source_fd, &about) != 0) return ctx_fail_errno(cx, "Reading", "the film");
    if (!S_ISREG(about.st_mode)) return ctx_fail(cx, INVALID, "The film is no regular file.");
    if (about.st_size == 0) return ctx_fail(cx, INVALID, "The file is empty.");
    *out = about.st_size;
    return OK;
}

static int64_t or_default(int64_t given, int64_t fallback) {
    return given > 0 ? given : fallback;
}

static int64_t threads_of(const struct media_options *options) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    int64_t threads = or_default(options->threads, processors > 0 ? processors : 1);
    return threads > 64 ? 64 : threads;
}

static struct message_job job_of(const struct media_options *options, const char *command,
                                 int64_t size_bytes) {
    return (struct message_job){
        .command = text_of(command),
        .source_size_bytes = size_bytes,
        .threads = threads_of(options),
        .memory_limit_bytes = or_default(options->memory_limit_bytes, MEMORY_LIMIT_BYTES),
        .processor_limit_s = PROBE_PROCESSOR_S,
    };
}

static struct watch watch_of(struct ctx *cx, const struct media_options *options, int64_t time_ms) {
    int64_t end_ms = time_ms > 0 ? clock_ticks_ms() + time_ms : 0;
    if (cx->deadline_ms && (!end_ms || cx->deadline_ms < end_ms)) end_ms = cx->deadline_ms;
    return (struct watch){
        .cx = cx,
        .silence_limit_ms = or_default(options->silence_limit_ms, SILENCE_MS),
        .end_ticks_ms = end_ms,
    };
}

status media_probe(struct ctx *cx, const struct media_options *options, int source_fd,
                   struct media_info *out) {
    int64_t size_bytes = 0;
    TRY(source_size(cx, source_fd, &size_bytes));
    struct message_job job = job_of(options, "probe", size_bytes);
    scoped(child_done) struct child *child = NULL;
    TRY(child_start(cx, options->program, &source_fd, 1, &child));
    TRY(child_send(cx, child, &message_job_schema, &job, MESSAGE_JOB));
    struct watch watch = watch_of(cx, options, or_default(options->time_limit_ms, PROBE_TIME_MS));
    watch.child = child;
    text body = NO_TEXT;
    TRY(listen_for(&watch, MESSAGE_INFO, &body));
    struct media_info info;
    TRY(believe(cx, &media_info_schema, body, "a description", &info));
    *out = info;
    return OK;
}

/* Generous bounds that only a runaway reaches: sixty times real time of processor, half more than
 * the rate caps allow of bytes. */
static void set_bounds(const struct media_plan *plan, struct message_job *job) {
    enum { UNKNOWN_S = 4 * 86400, LEAST_S = 600, TIMES_REAL = 60 };
    const int64_t least_bytes = INT64_C(64) << 20;
    int64_t fastest_bps = 0;
    for (size_t i = 0; i < plan->renditions.len; i++) {
        int64_t rate_bps = media_planned(plan, i)->max_rate_bps;
        if (rate_bps > fastest_bps) fastest_bps = rate_bps;
    }
    bool known = plan->duration_ms != NO_INT && plan->duration_ms > 0;
    int64_t seconds = known ? plan->duration_ms / 1000 + 1 : 0;
    job->processor_limit_s = known ? LEAST_S + seconds * TIMES_REAL : UNKNOWN_S;
    job->file_limit_bytes = known ? least_bytes + seconds * (fastest_bps / 8) * 3 / 2
                                  : job->source_size_bytes * 4 + (INT64_C(1) << 30);
}

/* The outputs' descriptors in the plan's order, emptied, behind the source's. */
static status arrange(struct ctx *cx, const struct media_plan *plan, int source_fd,
                      const struct media_output *outputs, size_t count, int *fds) {
    if (plan->renditions.len > OUTPUTS_MOST) return ctx_fail(cx, BUG, "Too many renditions.");
    fds[0] = source_fd;
    for (size_t i = 0; i < plan->renditions.len; i++) {
        fds[i + 1] = -1;
        for (size_t k = 0; k < count; k++) {
            if (text_equal(media_planned(plan, i)->name, outputs[k].rendition)) {
                fds[i + 1] = outputs[k].fd;
            }
        }
        if (fds[i + 1] < 0) return ctx_fail(cx, BUG, "A rendition has no output.");
        /* What an attempt before left behind would follow the new bytes. */
        if (ftruncate(fds[i + 1], 0) != 0) return ctx_fail_errno(cx, "Emptying", "an output");
    }
    return OK;
}

/* Holds a rendition's claims against the plan, its index and the size of its file. */
static status check_rendition(struct ctx *cx, const struct media_rendition_plan *planned,
                              const struct media_rendition *made, int fd) {
    struct segment_index index;
    status read = segment_index_read(cx, made->index, &index);
    if (read != OK) return read == INVALID ? liar(cx, "an index") : read;
    struct stat about;
    if (fstat(fd, &about) != 0) return ctx_fail_errno(cx, "Reading", "a rendition");
    const struct segment *last = &index.segments[index.count - 1];
    bool video = text_is(planned->kind, "video");
    bool right = text_equal(planned->name, made->name) && text_equal(planned->kind, made->kind) &&
                 text_equal(made->codecs, index.codecs) &&
                 video == (index.kind == SEGMENT_INDEX_VIDEO) &&
                 (!video || (made->width == index.width && made->height == index.height)) &&
                 made->width == planned->width && made->height == planned->height &&
                 made->size_bytes == about.st_size &&
                 last->offset_bytes + last->size_bytes <= (uint64_t)about.st_size;
    return right ? OK : liar(cx, "a rendition");
}

static status check_result(struct watch *watch, const int *fds, struct media_result *result) {
    const struct media_plan *plan = watch->plan;
    if (result->renditions.len != plan->renditions.len ||
        watch->index_count != plan->renditions.len) {
        return liar(watch->cx, "a result");
    }
    struct media_rendition *made = result->renditions.at;
    for (size_t i = 0; i < plan->renditions.len; i++) {
        made[i].index = watch->indexes[i];
        TRY(check_rendition(watch->cx, media_planned(plan, i), &made[i], fds[i + 1]));
    }
    result->thumbnail = watch->thumbnail;
    return OK;
}

status media_run(struct ctx *cx, const struct media_options *options, const struct media_plan *plan,
                 int source_fd, const struct media_output *outputs, size_t count,
                 media_on_progress *on_progress, void *argument, struct media_result *out) {
    enum { DEFAULT_NICE = 10 };
    int fds[OUTPUTS_MOST + 1];
    int64_t size_bytes = 0;
    TRY(arrange(cx, plan, source_fd, outputs, count, fds));
    TRY(source_size(cx, source_fd, &size_bytes));
    struct message_job job = job_of(options, "run", size_bytes);
    job.nice = options->nice > 0 ? options->nice : DEFAULT_NICE;
    struct media_plan copy = *plan;
    job.plan = &copy;
    set_bounds(plan, &job);
    scoped(child_done) struct child *child = NULL;
    TRY(child_start(cx, options->program, fds, plan->renditions.len + 1, &child));
    TRY(child_send(cx, child, &message_job_schema, &job, MESSAGE_JOB));
    struct watch watch = watch_of(cx, options, options->time_limit_ms);
    watch.child = child;
    watch.plan = plan;
    watch.on_progress = on_progress;
    watch.argument = argument;
    text body = NO_TEXT;
    TRY(listen_for(&watch, MESSAGE_RESULT, &body));
    struct media_result result;
    TRY(believe(cx, &media_result_schema, body, "a result", &result));
    TRY(check_result(&watch, fds, &result));
    *out = result;
    return OK;
}
