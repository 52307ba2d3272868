/* harness.c: any bytes as a film through the child's whole path, without the cage: demux, inspect,
 * plan, decode, filter, scale, encode, package. What comes out must be whole: an index that reads
 * back. Owns: files in memory and an arena an input. Threads: those of a run. */
#include "base/scope.h"
#include "media/engine/inspect.h"
#include "media/engine/run.h"
#include "media/segment_index.h"

#include <libavutil/log.h>

#include <stdlib.h>
#include <sys/mman.h>

enum { ARENA_BYTES = 64 << 20, PARTS_MOST = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct outputs {
    int fds[PARTS_MOST];
    size_t count;
};

static void outputs_done(struct outputs *outputs) {
    for (size_t i = 0; i < outputs->count; i++) (void)close(outputs->fds[i]);
}

static void check(struct ctx *cx, const struct media_result *result) {
    for (size_t i = 0; i < result->renditions.len; i++) {
        struct segment_index index;
        if (segment_index_read(cx, media_made(result, i)->index, &index) != OK) abort();
        if (media_made(result, i)->duration_ms < 0) abort();
    }
}

static status inspect_film(struct ctx *cx, int fd, int64_t size, struct media_info *out) {
    scoped(source_done) struct source *source = NULL;
    TRY(source_open(cx, fd, size, &source));
    return inspect(cx, source, out);
}

static status run_all(struct ctx *cx, int fd, int64_t size) {
    struct media_limits limits = {
        .max_rung = 144, .max_pixels = 512 * 512, .max_duration_ms = 60000};
    struct media_info info;
    struct media_plan plan;
    TRY(inspect_film(cx, fd, size, &info));
    TRY(media_plan(cx, &limits, &info, &plan));
    scoped(outputs_done) struct outputs outputs = {.count = 0};
    if (plan.renditions.len > PARTS_MOST) abort();
    for (size_t i = 0; i < plan.renditions.len; i++) {
        outputs.fds[i] = memfd_create("rendition", MFD_CLOEXEC);
        if (outputs.fds[i] < 0) return OK;
        outputs.count++;
    }
    scoped(report_close) struct report report;
    TRY(report_open(cx, -1, plan.renditions.len, plan.duration_ms, &report));
    struct media_result result;
    scoped(source_done) struct source *source = NULL;
    TRY(source_open(cx, fd, size, &source));
    TRY(run_film(cx, source, &plan, outputs.fds, 1, &report, &result));
    check(cx, &result);
    return OK;
}

/* The film as a descriptor, as the child gets it. */
static int film_of(const uint8_t *bytes, size_t size) {
    int fd = memfd_create("film", MFD_CLOEXEC);
    if (fd >= 0 && write(fd, bytes, size) != (ssize_t)size) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    av_log_set_level(AV_LOG_QUIET);
    scoped(arena_done) struct arena *arena = arena_new(ARENA_BYTES);
    scoped(scope_close) int fd = film_of(bytes, size);
    if (!arena || fd < 0) return 0;
    struct ctx cx = {.arena = arena};
    status done = run_all(&cx, fd, (int64_t)size);
    /* Whatever is wrong with the film is its fault: never ours, and never without a sentence. */
    if (done == BUG || done == GONE || (done != OK && !cx.fault.detail[0])) abort();
    return 0;
}
