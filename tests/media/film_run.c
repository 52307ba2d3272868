/* film_run.c: see film_run.h. */
#include "film_run.h"

#include "base/scope.h"
#include "film_facts.h"
#include "media/segment_index.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { ARENA_BYTES = 64 * 1024 * 1024, PARTS_MOST = 16 };

/* One film under test and what is found wrong with it. */
struct trial {
    struct ctx cx;
    const struct expected *expected;
    struct media_plan plan;
    struct media_result result;
    struct media_output outputs[PARTS_MOST];
    size_t output_count;
    struct facts facts[PARTS_MOST];
    struct segment_index indexes[PARTS_MOST];
    int problems;
    int ticks; /* calls of on_progress */
};

static void problem(struct trial *trial, const char *format, ...) PRINTF_LIKE(2, 3);
static void problem(struct trial *trial, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)printf("#   ");
    (void)vprintf(format, arguments);
    (void)printf("\n");
    va_end(arguments);
    trial->problems++;
}

static void outputs_done(struct trial *trial) {
    for (size_t i = 0; i < trial->output_count; i++) (void)close(trial->outputs[i].fd);
    arena_free(trial->cx.arena);
}

static status count_ticks(void *argument, const struct media_progress *progress) {
    struct trial *trial = argument;
    trial->ticks++;
    if (progress->percent < 0 || progress->percent > 100) problem(trial, "percent out of range");
    return OK;
}

static status make(struct trial *trial, const char *program, int source_fd) {
    struct media_options options = {.program = program, .threads = 2};
    struct media_limits limits = {.max_rung = 240}; /* small is enough to be right */
    struct media_info info;
    TRY(media_probe(&trial->cx, &options, source_fd, &info));
    TRY(media_plan(&trial->cx, &limits, &info, &trial->plan));
    for (size_t i = 0; i < trial->plan.renditions.len; i++) {
        trial->outputs[i].rendition = media_planned(&trial->plan, i)->name;
        trial->outputs[i].fd = memfd_create("rendition", MFD_CLOEXEC);
        trial->output_count++;
    }
    return media_run(&trial->cx, &options, &trial->plan, source_fd, trial->outputs,
                     trial->output_count, count_ticks, trial, &trial->result);
}

static bool near(double a, double b, double tolerance) {
    return fabs(a - b) <= tolerance;
}

/* The whole file must decode without a word of warning. */
static void check_file(struct trial *trial, size_t part, const char *bytes, size_t size) {
    const struct media_rendition *made = media_made(&trial->result, part);
    struct facts *facts = &trial->facts[part];
    facts_read(bytes, size, facts);
    if (facts->failure[0]) problem(trial, "%.*s: %s", TEXT_ARG(made->name), facts->failure);
    if (facts->warnings) problem(trial, "%.*s: %s", TEXT_ARG(made->name), facts->first_warning);
    if (!facts->video) return;
    if (facts->width != made->width || facts->height != made->height || !facts->square) {
        problem(trial, "%.*s has %d × %d", TEXT_ARG(made->name), facts->width, facts->height);
    }
    if (!near(facts->start_s, 0, 0.001)) {
        problem(trial, "%.*s starts at %f", TEXT_ARG(made->name), facts->start_s);
    }
    double usual_ms =
        (facts->end_s - facts->last_s) * 1000; /* of uneven frames the mean is taken */
    double slack_ms = trial->plan.variable_frame_rate ? usual_ms + 40 : 1.5;
    if (trial->expected->held) facts->end_s = (double)made->duration_ms / 1000;
    if (!near(facts->end_s * 1000, (double)made->duration_ms, slack_ms)) {
        problem(trial, "%.*s ends at %f, not %lld ms", TEXT_ARG(made->name), facts->end_s,
                (long long)made->duration_ms);
    }
}

/* Each segment alone, behind the initialisation part, must play from its own time on. */
static void check_segments(struct trial *trial, size_t part, const char *bytes) {
    const struct segment_index *index = &trial->indexes[part];
    double time_s = 0;
    for (uint32_t i = 0; i < index->count; i++) {
        const struct segment *segment = &index->segments[i];
        size_t size = index->init_bytes + segment->size_bytes;
        scoped(scope_free) char *piece = malloc(size);
        struct facts facts;
        if (!piece) return;
        memcpy(piece, bytes, index->init_bytes);
        memcpy(piece + index->init_bytes, bytes + segment->offset_bytes, segment->size_bytes);
        facts_read(piece, size, &facts);
        if (facts.failure[0]) problem(trial, "segment %u: %s", i, facts.failure);
        if (facts.warnings) problem(trial, "segment %u: %s", i, facts.first_warning);
        if (!near(facts.start_s, time_s, facts.video ? 0.001 : 0.03)) {
            problem(trial, "segment %u starts at %f instead of %f", i, facts.start_s, time_s);
        }
        if (facts.video && facts.key_count == 0) problem(trial, "segment %u has no key frame", i);
        time_s += (double)segment->duration / index->timescale;
    }
}

static void check_part(struct trial *trial, size_t part) {
    const struct media_rendition *made = media_made(&trial->result, part);
    size_t size = (size_t)made->size_bytes;
    char *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, trial->outputs[part].fd, 0);
    if (bytes == MAP_FAILED) {
        problem(trial, "%.*s cannot be read", TEXT_ARG(made->name));
        return;
    }
    if (segment_index_read(&trial->cx, made->index, &trial->indexes[part]) != OK) {
        problem(trial, "%.*s: %s", TEXT_ARG(made->name), trial->cx.fault.detail);
    } else {
        check_file(trial, part, bytes, size);
        check_segments(trial, part, bytes);
    }
    (void)munmap(bytes, size);
}

/* Key frames lie on the two second grid: each is the first frame at or behind a grid time. */
static void check_grid(struct trial *trial, const struct facts *facts) {
    double step_s = (double)trial->plan.key_interval_ms / 1000;
    double frame_s = facts->frames > 0 ? facts->end_s / (double)facts->frames : 1;
    if (trial->expected->damaged) return;
    for (int i = 0; i < facts->key_count; i++) {
        double behind = facts->keys_s[i] - floor(facts->keys_s[i] / step_s + 0.001) * step_s;
        if (behind > frame_s * 1.5 + 0.5) problem(trial, "a key frame at %f", facts->keys_s[i]);
    }
    if (facts->key_count < (int)floor((facts->end_s - 0.6) / step_s)) {
        problem(trial, "only %d key frames in %f s", facts->key_count, facts->end_s);
    }
}

/* All sizes have the same frames, key frames and segments. */
static void check_alike(struct trial *trial, size_t part) {
    const struct facts *first = &trial->facts[0], *facts = &trial->facts[part];
    const struct segment_index *one = &trial->indexes[0], *other = &trial->indexes[part];
    if (!facts->video || !first->video || part == 0) return;
    bool alike = first->frames == facts->frames && first->key_count == facts->key_count &&
                 memcmp(first->keys_s, facts->keys_s, sizeof first->keys_s) == 0;
    if (!alike) problem(trial, "renditions differ in frames or key frames");
    alike = one->count == other->count && one->timescale == other->timescale;
    for (uint32_t i = 0; alike && i < one->count; i++) {
        alike = one->segments[i].duration == other->segments[i].duration;
    }
    if (!alike) problem(trial, "renditions differ in their segments");
}

static void check_content(struct trial *trial, const struct facts *facts) {
    const struct expected *expected = trial->expected;
    if (expected->duration_s > 0 && facts->video == !expected->blind) {
        double frame_s = facts->frames > 0 ? facts->end_s / (double)facts->frames : 0;
        if (!facts->video) frame_s = 0.05;
        if (!near(facts->end_s, expected->duration_s, frame_s * 1.05 + 0.001)) {
            problem(trial, "lasts %f s, not %f", facts->end_s, expected->duration_s);
        }
    }
    double when_s = facts->video ? facts->flash_s : facts->beep_s;
    if (expected->flash_s > 0 && !near(when_s, expected->flash_s, 0.06)) {
        problem(trial, "%s at %f instead of %f", facts->video ? "flash" : "beep", when_s,
                expected->flash_s);
    }
    const double *lit = facts->quarters;
    bool upright = lit[0] > lit[1] + 25 && lit[0] > lit[2] + 25 && fabs(lit[1] - lit[3]) < 12 &&
                   fabs(lit[2] - lit[3]) < 12;
    if (facts->video && expected->quarters && !upright) {
        problem(trial, "not upright: %.0f %.0f %.0f %.0f", lit[0], lit[1], lit[2], lit[3]);
    }
}

static void check_reasons(struct trial *trial) {
    const list *reasons = &trial->plan.reasons;
    if (!trial->expected->reason) return;
    for (size_t i = 0; i < reasons->len; i++) {
        if (strstr(((const text *)reasons->at)[i].at, trial->expected->reason)) return;
    }
    problem(trial, "no reason says '%s'", trial->expected->reason);
}

static void check_whole(struct trial *trial) {
    const struct expected *expected = trial->expected;
    const struct facts *first = &trial->facts[0];
    size_t count = trial->result.renditions.len;
    bool has_sound = count > 0 && !trial->facts[count - 1].video;
    if (expected->silent == has_sound) problem(trial, "sound: %s", has_sound ? "yes" : "no");
    if (expected->blind == first->video) problem(trial, "picture: %s", first->video ? "yes" : "no");
    bool other =
        first->width != expected->width || (expected->height && first->height != expected->height);
    if (expected->width && other) {
        problem(trial, "is %d × %d, not %d × %d", first->width, first->height, expected->width,
                expected->height);
    }
    const struct facts *last = &trial->facts[count - 1];
    bool both = has_sound && first->video;
    if (both && !near(first->start_s, last->start_s, 0.04)) {
        problem(trial, "picture starts at %f, sound at %f", first->start_s, last->start_s);
    }
    if (both && expected->flash_s > 0 && !near(first->flash_s, last->beep_s, 0.04)) {
        problem(trial, "flash at %f, beep at %f", first->flash_s, last->beep_s);
    }
    bool picture = trial->result.thumbnail.len > 100;
    if (picture != first->video) problem(trial, "thumbnail: %s", picture ? "yes" : "no");
    check_reasons(trial);
}

static void check_refusal(struct trial *trial, status outcome) {
    const char *words = trial->expected->refused;
    const char *detail = trial->cx.fault.detail;
    if (outcome == OK) {
        problem(trial, "was not refused");
    } else if ((outcome != INVALID && outcome != QUOTA) || !strstr(detail, words)) {
        problem(trial, "was refused as %s: %s", status_name(outcome), detail);
    }
}

bool film_run(const char *program, const char *path, const struct expected *expected) {
    scoped(outputs_done) struct trial trial = {.expected = expected};
    trial.cx.arena = arena_new(ARENA_BYTES);
    scoped(scope_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || !trial.cx.arena) {
        problem(&trial, "%s cannot be opened", path);
        return false;
    }
    status outcome = make(&trial, program, fd);
    if (expected->refused) {
        check_refusal(&trial, outcome);
        return trial.problems == 0;
    }
    if (outcome != OK) {
        problem(&trial, "%s: %s", status_name(outcome), trial.cx.fault.detail);
        return false;
    }
    for (size_t i = 0; i < trial.result.renditions.len; i++) {
        check_part(&trial, i);
        check_alike(&trial, i);
        if (trial.facts[i].video) check_grid(&trial, &trial.facts[i]);
        if (!expected->damaged) check_content(&trial, &trial.facts[i]);
    }
    check_whole(&trial);
    return trial.problems == 0;
}
