/* blob_fs.c: the local-disk driver: opening the store, finding objects, reading and deleting them.
 *
 * Owns: the store's two folder descriptors. Everything is reached from them part by part, never
 * through a path, and no symbolic link is followed. Deleting removes folders that become empty; a
 * folder can so vanish between being opened and being used, which writers answer by trying again.
 * Threads: any; the handle is constant after opening, except the cached usage under its lock. */
#include "store/blob/blob_fs.h"

#include "base/random.h"
#include "base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

/* Makes the folder and those above it, as mkdir -p. */
static status make_path(struct ctx *cx, const char *path) {
    char *whole = arena_copy(cx->arena, path, strlen(path));
    TRY_NEW(cx, whole);
    for (char *at = whole + 1; *at; at++) {
        if (*at != '/') continue;
        *at = '\0';
        if (mkdir(whole, 0700) != 0 && errno != EEXIST)
            return ctx_fail_errno(cx, "Making the folder", whole);
        *at = '/';
    }
    if (mkdir(whole, 0700) != 0 && errno != EEXIST)
        return ctx_fail_errno(cx, "Making the folder", path);
    return OK;
}

static status open_inner(struct ctx *cx, int at, const char *name, int *out) {
    if (mkdirat(at, name, 0700) != 0 && errno != EEXIST)
        return ctx_fail_errno(cx, "Making the store's folder", name);
    int fd = openat(at, name, FOLDER_FLAGS);
    if (fd < 0) return ctx_fail_errno(cx, "Opening the store's folder", name);
    *out = fd;
    return OK;
}

static void fs_close(struct blob_store *store) {
    struct fs_store *fs = (struct fs_store *)store;
    scope_close(&fs->objects);
    scope_close(&fs->stages);
    (void)pthread_mutex_destroy(&fs->usage_lock);
    free(fs);
}

static void close_half(struct fs_store **fs) {
    if (*fs) fs_close(&(*fs)->base);
}

static status fs_open(struct ctx *cx, const char *where, struct blob_store **out) {
    if (!*where) return ctx_fail(cx, INVALID, "The object store's path is empty.");
    TRY(make_path(cx, where));
    scoped(scope_close) int top = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (top < 0) return ctx_fail_errno(cx, "Opening the object store", where);
    scoped(close_half) struct fs_store *fs = malloc(sizeof *fs);
    TRY_NEW(cx, fs);
    *fs = (struct fs_store){.base.driver = &blob_fs, .objects = -1, .stages = -1};
    (void)pthread_mutex_init(&fs->usage_lock, NULL);
    TRY(open_inner(cx, top, "objects", &fs->objects));
    TRY(open_inner(cx, top, "stages", &fs->stages));
    if (fsync(top) != 0) return ctx_fail_errno(cx, "Syncing the object store", where);
    fs_sweep_hidden(fs);
    *out = &move(&fs)->base;
    return OK;
}

/* Opens one folder below another. A folder that is there but not ours to enter (a file, a link)
 * keeps its errno. */
static int enter(int at, const char *part, bool make) {
    int fd = openat(at, part, FOLDER_FLAGS);
    if (fd >= 0 || errno != ENOENT || !make) return fd;
    if (mkdirat(at, part, 0700) != 0 && errno != EEXIST) return -1;
    if (fsync(at) != 0) return -1;
    return openat(at, part, FOLDER_FLAGS);
}

static status no_object(struct ctx *cx, text key) {
    return ctx_fail(cx, NOT_FOUND, "There is no object %.*s.", TEXT_ARG(key));
}

/* What a failed step on the way to a key means. */
static status step_failed(struct ctx *cx, text key, bool make) {
    if (errno == ENOENT) return no_object(cx, key);
    if (errno == ENOTDIR && !make) return no_object(cx, key);
    if (errno == ENOTDIR)
        return ctx_fail(cx, CONFLICT, "An object lies where %.*s needs a folder.", TEXT_ARG(key));
    return ctx_fail_errno(cx, "Opening the folder of an object", "in the store");
}

static void copy_part(text part, char out[BLOB_PART_BYTES + 1]) {
    memcpy(out, part.at, part.len);
    out[part.len] = '\0';
}

status fs_folder_of(struct ctx *cx, struct fs_store *fs, text key, bool make, int *out_folder,
                    char leaf[BLOB_PART_BYTES + 1]) {
    scoped(scope_close) int at = fcntl(fs->objects, F_DUPFD_CLOEXEC, 0);
    if (at < 0) return ctx_fail_errno(cx, "Opening", "the object store");
    text part;
    text rest = key;
    while (text_cut(rest, '/', &part, &rest)) {
        copy_part(part, leaf);
        if (!rest.at) break;
        int next = enter(at, leaf, make);
        if (next < 0) return step_failed(cx, key, make);
        scope_close(&at);
        at = next;
    }
    *out_folder = fd_move(&at);
    return OK;
}

status fs_folder_at(struct ctx *cx, struct fs_store *fs, text prefix, int *out_folder) {
    /* Opened anew, for a duplicate would share the place in the listing. */
    scoped(scope_close) int at = openat(fs->objects, ".", FOLDER_FLAGS);
    if (at < 0) return ctx_fail_errno(cx, "Opening", "the object store");
    text rest = prefix.len ? text_part(prefix, 0, prefix.len - 1) : NO_TEXT;
    text part;
    while (text_cut(rest, '/', &part, &rest)) {
        char name[BLOB_PART_BYTES + 1];
        copy_part(part, name);
        int next = enter(at, name, false);
        if (next < 0) return step_failed(cx, prefix, false);
        scope_close(&at);
        at = next;
    }
    *out_folder = fd_move(&at);
    return OK;
}

void fs_prune(struct fs_store *fs, text key) {
    char path[BLOB_KEY_BYTES + 1];
    memcpy(path, key.at, key.len);
    path[key.len] = '\0';
    /* Each parent is found anew, so that no link planted in the store is followed. */
    for (char *slash = strrchr(path, '/'); slash; slash = strrchr(path, '/')) {
        *slash = '\0';
        struct ctx quiet = {0};
        char leaf[BLOB_PART_BYTES + 1];
        scoped(scope_close) int parent = -1;
        if (fs_folder_of(&quiet, fs, text_of(path), false, &parent, leaf) != OK) continue;
        if (unlinkat(parent, leaf, AT_REMOVEDIR) != 0 && errno != ENOENT) return;
    }
}

/* Opens an object's file and tells what it is. */
static status open_object(struct ctx *cx, struct fs_store *fs, text key, int *out_fd,
                          struct stat *out) {
    char leaf[BLOB_PART_BYTES + 1];
    scoped(scope_close) int folder = -1;
    TRY(fs_folder_of(cx, fs, key, false, &folder, leaf));
    scoped(scope_close) int fd =
        openat(folder, leaf, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return step_failed(cx, key, false);
    if (fstat(fd, out) != 0) return ctx_fail_errno(cx, "Looking at", "an object");
    if (!S_ISREG(out->st_mode)) return no_object(cx, key);
    *out_fd = fd_move(&fd);
    return OK;
}

static int64_t modified_ms(const struct stat *entry) {
    return (int64_t)entry->st_mtim.tv_sec * 1000 + entry->st_mtim.tv_nsec / 1000000;
}

static status fs_stat(struct ctx *cx, struct blob_store *store, text key, struct blob_info *out) {
    scoped(scope_close) int fd = -1;
    struct stat entry;
    TRY(open_object(cx, (struct fs_store *)store, key, &fd, &entry));
    *out = (struct blob_info){.size_bytes = entry.st_size, .modified_ms = modified_ms(&entry)};
    return OK;
}

static status fs_read(struct ctx *cx, struct blob_store *store, text key, int64_t offset_bytes,
                      void *buffer, size_t size, size_t *out_read) {
    scoped(scope_close) int fd = -1;
    struct stat entry;
    TRY(open_object(cx, (struct fs_store *)store, key, &fd, &entry));
    size_t got = 0;
    while (got < size) {
        ssize_t n = pread(fd, (char *)buffer + got, size - got, offset_bytes + (off_t)got);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return ctx_fail_errno(cx, "Reading", "an object");
        if (n == 0) break;
        got += (size_t)n;
    }
    *out_read = got;
    return OK;
}

static status fs_open_fd(struct ctx *cx, struct blob_store *store, text key, int *out_fd,
                         int64_t *out_size_bytes) {
    struct stat entry;
    int fd;
    TRY(open_object(cx, (struct fs_store *)store, key, &fd, &entry));
    *out_fd = fd;
    *out_size_bytes = entry.st_size;
    return OK;
}

static status fs_delete(struct ctx *cx, struct blob_store *store, text key) {
    struct fs_store *fs = (struct fs_store *)store;
    struct ctx inner = *cx;
    char leaf[BLOB_PART_BYTES + 1];
    scoped(scope_close) int folder = -1;
    status found = fs_folder_of(&inner, fs, key, false, &folder, leaf);
    if (found == NOT_FOUND) return OK;
    if (found != OK) {
        cx->fault = inner.fault;
        return found;
    }
    if (unlinkat(folder, leaf, 0) != 0) {
        if (errno == ENOENT || errno == EISDIR) return OK;
        return ctx_fail_errno(cx, "Deleting", "an object");
    }
    if (fsync(folder) != 0) return ctx_fail_errno(cx, "Syncing", "a folder of the store");
    fs_prune(fs, key);
    return OK;
}

static status fs_ping(struct ctx *cx, struct blob_store *store) {
    struct fs_store *fs = (struct fs_store *)store;
    static const char said[] = "matinee";
    char id[ID_BYTES];
    char name[32];
    random_id_c(id);
    (void)snprintf(name, sizeof name, ".ping-%s", id);
    scoped(scope_close) int fd =
        openat(fs->stages, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return ctx_fail_errno(cx, "Writing to", "the object store");
    char heard[sizeof said] = {0};
    status wrote = fs_write_at(cx, fd, 0, said, sizeof said);
    bool same = wrote == OK && pread(fd, heard, sizeof heard, 0) == (ssize_t)sizeof heard &&
                memcmp(said, heard, sizeof said) == 0;
    if (unlinkat(fs->stages, name, 0) != 0)
        return ctx_fail_errno(cx, "Deleting from", "the object store");
    TRY(wrote);
    return same ? OK : ctx_fail(cx, IO, "The object store doesn't read back what was written.");
}

const struct blob_driver blob_fs = {
    .scheme = "file",
    .open = fs_open,
    .close = fs_close,
    .stage_open = fs_stage_open,
    .stage_append = fs_stage_append,
    .stage_patch = fs_stage_patch,
    .stage_cut = fs_stage_cut,
    .stage_sync = fs_stage_sync,
    .stage_fd = fs_stage_fd,
    .stage_size = fs_stage_size,
    .stage_seal = fs_stage_seal,
    .stage_close = fs_stage_close,
    .stage_drop = fs_stage_drop,
    .stage_forget = fs_stage_forget,
    .put = fs_put,
    .stat = fs_stat,
    .read = fs_read,
    .open_fd = fs_open_fd,
    .delete = fs_delete,
    .delete_all = fs_delete_all,
    .walk = fs_walk,
    .walk_stages = fs_walk_stages,
    .ping = fs_ping,
    .usage = fs_usage,
};
