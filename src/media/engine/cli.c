/* cli.c: see cli.h. */
#include "media/engine/cli.h"

#include "base/record.h"
#include "base/scope.h"
#include "media/media.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { ARENA_BYTES = 256 * 1024 * 1024, PATH_BYTES = 4096, RENDITIONS_MOST = 16 };

static const char usage[] =
    "usage: matinee-media probe [--json] FILE\n"
    "       matinee-media plan [--json] [--rung LINES] FILE\n"
    "       matinee-media run [--json] [--rung LINES] [--threads N] FILE FOLDER\n"
    "\n"
    "probe tells what is in a film, plan what would be made of it and why, run makes it:\n"
    "FOLDER/NAME.mp4 and FOLDER/NAME.index for each rendition, and FOLDER/thumbnail.jpg.\n";

/* What was asked. */
struct wish {
    const char *command, *file, *folder;
    bool json;
    int64_t rung, threads;
};

static bool take_number(const char *from, int64_t *out) {
    return from && text_to_int(text_of(from), out) == OK && *out > 0;
}

static bool understand(int argc, char **argv, struct wish *wish) {
    const char *plain[3] = {NULL, NULL, NULL};
    size_t count = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            wish->json = true;
        } else if (strcmp(argv[i], "--rung") == 0) {
            if (!take_number(argv[++i], &wish->rung)) return false;
        } else if (strcmp(argv[i], "--threads") == 0) {
            if (!take_number(argv[++i], &wish->threads)) return false;
        } else if (argv[i][0] == '-' || count == COUNT_OF(plain)) {
            return false;
        } else {
            plain[count++] = argv[i];
        }
    }
    if (count < 2) return false;
    *wish = (struct wish){plain[0], plain[1], plain[2], wish->json, wish->rung, wish->threads};
    bool run = strcmp(wish->command, "run") == 0;
    bool known = run || strcmp(wish->command, "probe") == 0 || strcmp(wish->command, "plan") == 0;
    return known && (count == 3) == run;
}

static status print_json(struct ctx *cx, const struct schema *schema, const void *record) {
    text json = NO_TEXT;
    TRY(record_to_json(cx, schema, record, &json));
    (void)printf("%.*s\n", TEXT_ARG(json));
    return OK;
}

static void print_sentences(const list *sentences) {
    for (size_t i = 0; i < sentences->len; i++) {
        (void)printf("  %.*s\n", TEXT_ARG(((const text *)sentences->at)[i]));
    }
}

static void print_stream(const struct media_stream *stream) {
    (void)printf("  stream %lld: %.*s %.*s", (long long)stream->index, TEXT_ARG(stream->kind),
                 TEXT_ARG(stream->codec));
    if (stream->width != NO_INT) {
        (void)printf(", %lld × %lld shown as %lld × %lld, %.*s", (long long)stream->width,
                     (long long)stream->height, (long long)stream->display_width,
                     (long long)stream->display_height, TEXT_ARG(stream->pixel_format));
    }
    if (!isnan(stream->frame_rate)) (void)printf(", %.3f frames/s", stream->frame_rate);
    if (stream->channels != NO_INT) {
        (void)printf(", %lld Hz %.*s", (long long)stream->sample_rate_hz,
                     TEXT_ARG(stream->channel_layout));
    }
    (void)printf("%s\n", stream->decodable ? "" : ", not decodable");
}

static void print_info(const struct media_info *info) {
    (void)printf("%.*s, %lld bytes, ", TEXT_ARG(info->container), (long long)info->size_bytes);
    if (info->duration_ms == NO_INT) {
        (void)printf("length unknown\n");
    } else {
        (void)printf("%.3f s\n", (double)info->duration_ms / 1000.0);
    }
    for (size_t i = 0; i < info->streams.len; i++) {
        print_stream((const struct media_stream *)info->streams.at + i);
    }
    print_sentences(&info->notes);
}

static void print_plan(const struct media_plan *plan) {
    for (size_t i = 0; i < plan->renditions.len; i++) {
        const struct media_rendition_plan *rendition = media_planned(plan, i);
        (void)printf("%-6.*s %.*s", TEXT_ARG(rendition->name), TEXT_ARG(rendition->mode));
        if (rendition->width != NO_INT) {
            (void)printf(" %lld × %lld", (long long)rendition->width, (long long)rendition->height);
        }
        (void)printf(", at most %lld kbit/s\n", (long long)(rendition->max_rate_bps / 1000));
    }
    print_sentences(&plan->reasons);
}

static void print_result(const struct media_result *result) {
    for (size_t i = 0; i < result->renditions.len; i++) {
        const struct media_rendition *made = media_made(result, i);
        (void)printf("%-6.*s %-14.*s %7.3f s %9lld bytes, average %lld, peak %lld kbit/s\n",
                     TEXT_ARG(made->name), TEXT_ARG(made->codecs),
                     (double)made->duration_ms / 1000.0, (long long)made->size_bytes,
                     (long long)(made->average_bandwidth_bps / 1000),
                     (long long)(made->bandwidth_bps / 1000));
    }
    print_sentences(&result->notes);
}

static status show_progress(void *argument, const struct media_progress *progress) {
    (void)argument;
    (void)fprintf(stderr, "\r%3lld %%  %.1f s", (long long)progress->percent,
                  (double)progress->position_ms / 1000.0);
    if (!isnan(progress->speed)) (void)fprintf(stderr, "  %.2f × real time", progress->speed);
    if (progress->eta_ms != NO_INT) {
        (void)fprintf(stderr, "  %lld s left", (long long)(progress->eta_ms / 1000));
    }
    (void)fprintf(stderr, "   ");
    return OK;
}

/* Files that a run writes, closed on every path. */
struct outputs {
    struct media_output at[RENDITIONS_MOST];
    size_t count;
};

static void outputs_done(struct outputs *outputs) {
    for (size_t i = 0; i < outputs->count; i++) (void)close(outputs->at[i].fd);
}

static status open_output(struct ctx *cx, const char *folder, text name, const char *ending,
                          int *out) {
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/%.*s%s", folder, TEXT_ARG(name), ending);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) return ctx_fail_errno(cx, "Writing", path);
    *out = fd;
    return OK;
}

static status write_file(struct ctx *cx, const char *folder, text name, const char *ending,
                         text bytes) {
    scoped(scope_close) int fd = -1;
    TRY(open_output(cx, folder, name, ending, &fd));
    for (size_t at = 0; at < bytes.len;) {
        ssize_t done = write(fd, bytes.at + at, bytes.len - at);
        if (done < 0) return ctx_fail_errno(cx, "Writing", "a file");
        at += (size_t)done;
    }
    return OK;
}

static status do_run(struct ctx *cx, const struct wish *wish, const struct media_options *options,
                     const struct media_plan *plan, int source_fd) {
    scoped(outputs_done) struct outputs outputs = {.count = 0};
    if (mkdir(wish->folder, 0755) != 0 && errno != EEXIST) {
        return ctx_fail_errno(cx, "Making", wish->folder);
    }
    for (size_t i = 0; i < plan->renditions.len; i++) {
        struct media_output *output = &outputs.at[i];
        output->rendition = media_planned(plan, i)->name;
        TRY(open_output(cx, wish->folder, output->rendition, ".mp4", &output->fd));
        outputs.count++;
    }
    bool terminal = isatty(STDERR_FILENO) && !wish->json;
    struct media_result result;
    status ran = media_run(cx, options, plan, source_fd, outputs.at, outputs.count,
                           terminal ? show_progress : NULL, NULL, &result);
    if (terminal) (void)fprintf(stderr, "\r%60s\r", "");
    TRY(ran);
    for (size_t i = 0; i < result.renditions.len; i++) {
        const struct media_rendition *made = media_made(&result, i);
        TRY(write_file(cx, wish->folder, made->name, ".index", made->index));
    }
    if (result.thumbnail.len) {
        TRY(write_file(cx, wish->folder, TEXT("thumbnail"), ".jpg", result.thumbnail));
    }
    if (wish->json) return print_json(cx, &media_result_schema, &result);
    print_result(&result);
    return OK;
}

static status do_wish(struct ctx *cx, const struct wish *wish) {
    struct media_options options = {.program = "/proc/self/exe", .threads = (int)wish->threads};
    scoped(scope_close) int fd = open(wish->file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return ctx_fail_errno(cx, "Opening", wish->file);
    struct media_info info;
    TRY(media_probe(cx, &options, fd, &info));
    bool probe = strcmp(wish->command, "probe") == 0, run = strcmp(wish->command, "run") == 0;
    if (probe && wish->json) return print_json(cx, &media_info_schema, &info);
    if (!wish->json) print_info(&info);
    if (probe) return OK;
    struct media_limits limits = {.max_rung = wish->rung};
    struct media_plan plan;
    TRY(media_plan(cx, &limits, &info, &plan));
    if (!run && wish->json) return print_json(cx, &media_plan_schema, &plan);
    if (!wish->json) print_plan(&plan);
    return run ? do_run(cx, wish, &options, &plan, fd) : OK;
}

int cli_main(int argc, char **argv) {
    struct wish wish = {.command = NULL};
    if (!understand(argc, argv, &wish)) {
        (void)fputs(usage, stderr);
        return 2;
    }
    scoped(arena_done) struct arena *arena = arena_new(ARENA_BYTES);
    if (!arena) return 1;
    struct ctx cx = {.arena = arena};
    if (do_wish(&cx, &wish) == OK) return 0;
    (void)fprintf(stderr, "matinee-media: %s\n", cx.fault.detail);
    return 1;
}
