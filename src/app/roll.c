/* roll.c: files under locks as signs of life. Owns: see roll.h. Threads: see roll.h. */
#include "app/roll.h"

#include "base/log.h"
#include "base/random.h"
#include "base/scope.h"
#include "store/queue/queue.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { JOIN_TRIES = 16 };

static status open_folder(struct ctx *cx, const char *home, int *out) {
    text path;
    if (text_format(cx->arena, &path, "%s/workers", home) != OK) return ctx_no_memory(cx);
    if (mkdir(path.at, 0700) != 0 && errno != EEXIST)
        return ctx_fail_errno(cx, "Making the folder", path.at);
    *out = open(path.at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return *out < 0 ? ctx_fail_errno(cx, "Opening the folder", path.at) : OK;
}

/* Host names hold letters, digits, dots and hyphens; whatever else is there becomes a hyphen. */
static void name_process(char out[ROLL_NAME_BYTES]) {
    char host[48] = "host";
    char id[ID_BYTES]; /* process numbers repeat, also among containers of one name */
    (void)gethostname(host, sizeof host - 1);
    for (char *at = host; *at; at++) {
        bool plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
                     (*at >= '0' && *at <= '9') || (*at == '.' && at > host);
        if (!plain) *at = '-';
    }
    random_id_c(id);
    (void)snprintf(out, ROLL_NAME_BYTES, "%s-%d-%s", host, (int)getpid(), id);
}

static bool still_there(int folder, const char *name, int fd) {
    struct stat held;
    struct stat named;
    return fstat(fd, &held) == 0 && fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           held.st_ino == named.st_ino;
}

status roll_join(struct ctx *cx, const char *home, struct roll *out) {
    scoped(scope_close) int folder = -1;
    TRY(open_folder(cx, home, &folder));
    struct roll roll = {.home = home};
    for (int i = 0; i < JOIN_TRIES; i++) {
        name_process(roll.name);
        scoped(scope_close) int fd =
            openat(folder, roll.name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0) return ctx_fail_errno(cx, "Entering the roll of workers as", roll.name);
        /* Between making and locking it another process may have taken it for a dead one's. */
        if (flock(fd, LOCK_EX | LOCK_NB) != 0 || !still_there(folder, roll.name, fd)) continue;
        roll.fd = fd_move(&fd);
        *out = roll;
        return OK;
    }
    return ctx_fail(cx, BUSY, "This process can't enter the roll of workers in %s.", home);
}

/* True when the file's maker is dead; then the caller holds its lock through `*out_fd`. */
static bool is_dead(int folder, const char *name, int *out_fd) {
    scoped(scope_close) int fd =
        openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0 || !still_there(folder, name, fd)) return false;
    *out_fd = fd_move(&fd);
    return true;
}

static status bury_one(struct ctx *cx, struct queue *queue, int folder, const char *name) {
    text workers;
    /* With the hyphen, so that no other name can begin with this one. */
    if (text_format(cx->arena, &workers, "%s-", name) != OK) return ctx_no_memory(cx);
    TRY(queue_abandon(cx, queue, workers));
    (void)unlinkat(folder, name, 0);
    log_event(LOG_LEVEL_WARNING, "a worker process died", LOG_TEXT("worker", text_of(name)));
    return OK;
}

static void close_folder(DIR **folder) {
    if (*folder) (void)closedir(*folder);
}

status roll_bury(struct ctx *cx, const struct roll *roll, struct queue *queue) {
    int listed = -1;
    TRY(open_folder(cx, roll->home, &listed));
    scoped(close_folder) DIR *folder = fdopendir(listed);
    if (!folder) {
        scope_close(&listed);
        return ctx_fail_errno(cx, "Reading", "the roll of workers");
    }
    for (const struct dirent *entry; (entry = readdir(folder));) {
        scoped(scope_close) int fd = -1;
        if (entry->d_name[0] == '.' || strcmp(entry->d_name, roll->name) == 0) continue;
        if (!is_dead(dirfd(folder), entry->d_name, &fd)) continue;
        TRY(bury_one(cx, queue, dirfd(folder), entry->d_name));
    }
    return OK;
}

void roll_leave(struct roll *roll) {
    if (roll->fd < 0) return;
    struct arena *arena = arena_new(8192);
    struct ctx cx = {.arena = arena};
    scoped(scope_close) int folder = -1;
    if (arena && open_folder(&cx, roll->home, &folder) == OK) (void)unlinkat(folder, roll->name, 0);
    scope_close(&roll->fd);
    arena_free(arena);
}
