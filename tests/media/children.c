/* children.c PROGRAM: the media child from its parent's side: ended, killed, orphaned, limited,
 * many.
 *
 * Prints TAP. Owns: a folder of made films. Threads: the main one, and several for the last test.
 */
#include "film_make.h"

#include "base/clock.h"
#include "base/scope.h"
#include "media/media.h"
#include "media/sanitizer.h"

#include <errno.h>
#include <fcntl.h>
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { PARTS_MOST = 16, ARENA_BYTES = 32 * 1024 * 1024, MANY = 4 };

static const char *program;
static char film[MAKER_PATH_BYTES];
static int number, failures;

static void tell(bool good, const char *name, const char *detail) {
    (void)printf("%s %d - %s%s%s\n", good ? "ok" : "not ok", ++number, name, good ? "" : ": ",
                 good ? "" : detail);
    (void)fflush(stdout);
    failures += !good;
}

/* One film on its way: the context, and what the callback is to do. */
struct journey {
    struct ctx cx;
    struct media_options options;
    struct media_result result;
    int ticks;
    int cancel_at;   /* tick at which the callback gives up, 0 never */
    int kill_at;     /* tick at which it kills the child */
    char status[64]; /* what /proc says of the child's cage */
    size_t child_fds;
};

/* The pid of this thread's one child, 0 if there is none. */
static pid_t child_of(pid_t parent) {
    char path[64];
    int child = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
    scoped(scope_fclose) FILE *file = fopen(path, "r");
    if (!file || fscanf(file, "%d", &child) != 1) return 0;
    return child;
}

static size_t count_fds(pid_t process) {
    char path[64];
    size_t count = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/fd", (int)process);
    DIR *folder = opendir(path);
    if (!folder) return 0;
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        count += entry->d_name[0] != '.';
    }
    (void)closedir(folder);
    return count;
}

/* Reads "NoNewPrivs" and "Seccomp" of the child. */
static void look_at(pid_t child, char out[64]) {
    char path[64], line[256];
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)child);
    scoped(scope_fclose) FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        int value = 0;
        if (sscanf(line, "NoNewPrivs: %d", &value) == 1) {
            (void)snprintf(out, 64, "privileges %d", value);
        } else if (sscanf(line, "Seccomp: %d", &value) == 1) {
            size_t len = strlen(out);
            (void)snprintf(out + len, 64 - len, " seccomp %d", value);
        }
    }
}

static status on_progress(void *argument, const struct media_progress *progress) {
    struct journey *journey = argument;
    (void)progress;
    journey->ticks++;
    pid_t child = child_of(getpid());
    if (journey->ticks == 1 && child) {
        look_at(child, journey->status);
        journey->child_fds = count_fds(child);
    }
    if (journey->cancel_at == journey->ticks) {
        return ctx_fail(&journey->cx, CONFLICT, "Enough of this.");
    }
    if (journey->kill_at == journey->ticks && child) (void)kill(child, SIGKILL);
    return OK;
}

static void journey_done(struct journey *journey) {
    arena_free(journey->cx.arena);
}

struct outputs {
    struct media_output at[PARTS_MOST];
    size_t count;
};

static void outputs_done(struct outputs *outputs) {
    for (size_t i = 0; i < outputs->count; i++) (void)close(outputs->at[i].fd);
}

static status travel(struct journey *journey) {
    struct ctx *cx = &journey->cx;
    struct media_options probe = {.program = program};
    struct media_limits limits = {.max_rung = 720};
    struct media_info info;
    struct media_plan plan;
    scoped(outputs_done) struct outputs outputs = {.count = 0};
    scoped(scope_close) int fd = open(film, O_RDONLY | O_CLOEXEC);
    TRY(media_probe(cx, &probe, fd, &info));
    TRY(media_plan(cx, &limits, &info, &plan));
    for (size_t i = 0; i < plan.renditions.len; i++) {
        outputs.at[i].rendition = media_planned(&plan, i)->name;
        outputs.at[i].fd = memfd_create("rendition", MFD_CLOEXEC);
        outputs.count++;
    }
    return media_run(cx, &journey->options, &plan, fd, outputs.at, outputs.count, on_progress,
                     journey, &journey->result);
}

static struct journey journey_new(void) {
    struct journey journey = {.options = {.program = program, .threads = 2}};
    journey.cx.arena = arena_new(ARENA_BYTES);
    if (!journey.cx.arena) abort();
    return journey;
}

static void expect(struct journey *journey, const char *name, status wanted, const char *words) {
    status got = travel(journey);
    bool right = got == wanted && (wanted == OK || strstr(journey->cx.fault.detail, words));
    bool alone = waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
    char detail[600];
    (void)snprintf(detail, sizeof detail, "%s, %s%s", status_name(got), journey->cx.fault.detail,
                   alone ? "" : " and a child is left");
    tell(right && alone, name, detail);
}

static void test_outcomes(void) {
    scoped(journey_done) struct journey plain = journey_new();
    size_t before = count_fds(getpid());
    expect(&plain, "a film is made", OK, "");
    tell(plain.ticks >= 1 && strcmp(plain.status, "privileges 1 seccomp 2") == 0,
         "the child is caged when it works", plain.status);
    /* 0 to 2, the socket, the film and an output a rendition; hidden from ordinary users */
    bool hidden = plain.child_fds == 0 || SANITIZER_ON;
    tell(hidden || plain.child_fds == 5 + plain.result.renditions.len,
         "the child has just its descriptors", "others were found");
    scoped(journey_done) struct journey cancelled = journey_new();
    cancelled.cancel_at = 2;
    expect(&cancelled, "the callback ends the child", CONFLICT, "Enough");
    scoped(journey_done) struct journey killed = journey_new();
    killed.kill_at = 2;
    expect(&killed, "a killed child is told", IO, "killed from outside");
    scoped(journey_done) struct journey late = journey_new();
    late.options.time_limit_ms = 200;
    expect(&late, "the time limit holds", TIMEOUT, "longer than is allowed");
    scoped(journey_done) struct journey silent = journey_new();
    silent.options.silence_limit_ms = 1;
    expect(&silent, "silence is not waited for", TIMEOUT, "reported nothing");
    scoped(journey_done) struct journey absent = journey_new();
    absent.options.program = "/nowhere/matinee-media";
    expect(&absent, "a missing program is told", IO, "cannot be started");
    scoped(journey_done) struct journey wrong = journey_new();
    wrong.options.program = "/bin/true";
    expect(&wrong, "a program that says nothing is told", IO, "without a result");
    scoped(journey_done) struct journey narrow = journey_new();
    narrow.options.memory_limit_bytes = 40 << 20;
    expect(&narrow, "the memory limit holds", SANITIZER_ON ? OK : QUOTA, "memory");
    tell(count_fds(getpid()) == before, "no descriptor is left open", "some are");
}

/* A process of our own does the run and is killed: its media child must go with it. */
static void test_orphan(void) {
    pid_t parent = fork();
    if (parent == 0) {
        struct journey journey = journey_new();
        _exit(travel(&journey) == OK ? 0 : 1);
    }
    pid_t child = 0;
    int64_t until_ms = clock_ticks_ms() + 20000;
    struct journey look = {.ticks = 0};
    /* The first child is the probe's; the one that matters lives for a while. */
    int64_t seen_ms = 0;
    while (clock_ticks_ms() < until_ms) {
        pid_t now = child_of(parent);
        if (now != child) seen_ms = clock_ticks_ms();
        child = now;
        if (child && clock_ticks_ms() - seen_ms > 400) break;
        clock_sleep_ms(20);
    }
    if (child) look_at(child, look.status);
    (void)kill(parent, SIGKILL);
    (void)waitpid(parent, NULL, 0);
    bool gone = false;
    for (int i = 0; i < 100 && !gone; i++) {
        char path[64], state = 'Z';
        (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)child);
        scoped(scope_fclose) FILE *file = fopen(path, "r");
        gone = !file || fscanf(file, "%*d %*s %c", &state) != 1 || state == 'Z' || state == 'X';
        clock_sleep_ms(20);
    }
    tell(child != 0 && gone, "the child of a killed parent is gone",
         child ? "it lives" : "none seen");
}

static void *travel_in_thread(void *argument) {
    struct journey *journey = argument;
    journey->result.renditions.len = travel(journey) == OK ? journey->result.renditions.len : 0;
    return NULL;
}

static void test_many(void) {
    struct journey journeys[MANY];
    pthread_t threads[MANY];
    bool all = true;
    for (int i = 0; i < MANY; i++) {
        journeys[i] = journey_new();
        all = all && pthread_create(&threads[i], NULL, travel_in_thread, &journeys[i]) == 0;
    }
    for (int i = 0; i < MANY; i++) {
        (void)pthread_join(threads[i], NULL);
        all = all && journeys[i].result.renditions.len > 0;
        all = all && text_equal(journeys[i].result.thumbnail, journeys[0].result.thumbnail);
    }
    tell(all, "several films at once come out the same", "one failed or differs");
    for (int i = 0; i < MANY; i++) journey_done(&journeys[i]);
}

int main(int argc, char **argv) {
    scoped(maker_close) struct maker maker;
    if (argc != 2 || !maker_open(&maker)) return 2;
    program = argv[1];
    maker_path(&maker, "film.mp4", film);
    if (!maker_film(&maker, "film.mp4",
                    "-vf scale=1280:720 -c:v libx264 -preset ultrafast -c:a aac")) {
        return 2;
    }
    test_outcomes();
    test_orphan();
    test_many();
    (void)printf("1..%d\n", number);
    return failures ? 1 : 0;
}
