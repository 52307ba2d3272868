/* blob_fs_stage.c: stages on the local disk: append, sync, seal; and small objects in one call.
 *
 * Owns: one file in stages/ per stage. The holder has an exclusive flock on it, which the system
 * releases when the holder dies, so another process can go on. A media child that inherited the
 * descriptor keeps the lock while it lives: nobody else appends behind its back.
 * Sealing: sync the bytes, rename into place, sync both folders. Threads: one holder per stage. */
#include "store/blob/blob_fs.h"

#include "base/random.h"
#include "base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Write-back is started after so many new bytes, so that the sync at the end finds little to do. */
enum { PUSH_BYTES = 8 * 1024 * 1024, RACE_TRIES = 16 };

/* Gives the lock back at once even when a child has just inherited the descriptor. */
static void release(int fd) {
    (void)flock(fd, LOCK_UN);
    (void)close(fd);
}

/* True when the locked file is still the one that the name leads to (not sealed or dropped). */
static bool still_named(const struct fs_store *fs, const char *name, int fd) {
    struct stat held;
    struct stat named;
    return fstat(fd, &held) == 0 && fstatat(fs->stages, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

/* NOT_FOUND (without a fault) when it isn't there and `make` is false. */
static status take(struct ctx *cx, struct fs_store *fs, const char *name, bool make, int *out_fd) {
    int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (make ? O_CREAT : 0);
    for (int i = 0; i < RACE_TRIES; i++) {
        int fd = openat(fs->stages, name, flags, 0600);
        if (fd < 0 && errno == ENOENT && !make) return NOT_FOUND;
        if (fd < 0) return ctx_fail_errno(cx, "Opening the stage", name);
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            int number = errno;
            (void)close(fd);
            if (number == EWOULDBLOCK)
                return ctx_fail(cx, CONFLICT, "The stage %s is being written by someone else.",
                                name);
            errno = number;
            return ctx_fail_errno(cx, "Locking the stage", name);
        }
        if (still_named(fs, name, fd)) {
            *out_fd = fd;
            return OK;
        }
        release(fd);
    }
    return ctx_fail(cx, CONFLICT, "The stage %s is being written by someone else.", name);
}

status fs_write_at(struct ctx *cx, int fd, int64_t offset_bytes, const void *bytes, size_t size) {
    size_t done = 0;
    while (done < size) {
        ssize_t n = pwrite(fd, (const char *)bytes + done, size - done, offset_bytes + (off_t)done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return ctx_fail_errno(cx, "Writing to", "the object store");
        done += (size_t)n;
    }
    return OK;
}

static status sync_folder(struct ctx *cx, int folder) {
    if (fsync(folder) != 0) return ctx_fail_errno(cx, "Syncing", "a folder of the object store");
    return OK;
}

status fs_stage_open(struct ctx *cx, struct blob_store *store, text name, struct blob_stage **out,
                     int64_t *out_size_bytes) {
    struct fs_store *fs = (struct fs_store *)store;
    scoped(scope_free) struct fs_stage *stage = malloc(sizeof *stage);
    TRY_NEW(cx, stage);
    *stage = (struct fs_stage){.base.driver = store->driver, .store = fs, .fd = -1, .fresh = true};
    memcpy(stage->name, name.at, name.len);
    TRY(take(cx, fs, stage->name, true, &stage->fd));
    int64_t size = fs_stage_size(&stage->base);
    stage->pushed_bytes = size;
    /* What is told here is believed to be durable, also if the last holder died unsynced. */
    status synced = size > 0 ? fs_stage_sync(cx, &stage->base) : OK;
    if (synced != OK) {
        release(stage->fd);
        return synced;
    }
    *out_size_bytes = size;
    *out = &move(&stage)->base;
    return OK;
}

int64_t fs_stage_size(struct blob_stage *stage) {
    struct stat entry;
    if (fstat(((struct fs_stage *)stage)->fd, &entry) != 0) return 0;
    return entry.st_size;
}

status fs_stage_append(struct ctx *cx, struct blob_stage *stage, const void *bytes, size_t size) {
    struct fs_stage *file = (struct fs_stage *)stage;
    int64_t before = fs_stage_size(stage);
    status wrote = fs_write_at(cx, file->fd, before, bytes, size);
    if (wrote != OK) {
        /* All or nothing: a full disk mustn't leave half a piece behind. */
        if (ftruncate(file->fd, before) != 0) return wrote;
        return wrote;
    }
    int64_t end = before + (int64_t)size;
    if (end - file->pushed_bytes >= PUSH_BYTES) {
        (void)sync_file_range(file->fd, file->pushed_bytes, end - file->pushed_bytes,
                              SYNC_FILE_RANGE_WRITE);
        file->pushed_bytes = end;
    }
    return OK;
}

status fs_stage_patch(struct ctx *cx, struct blob_stage *stage, int64_t offset_bytes,
                      const void *bytes, size_t size) {
    return fs_write_at(cx, ((struct fs_stage *)stage)->fd, offset_bytes, bytes, size);
}

status fs_stage_cut(struct ctx *cx, struct blob_stage *stage, int64_t size_bytes) {
    struct fs_stage *file = (struct fs_stage *)stage;
    if (ftruncate(file->fd, size_bytes) != 0) return ctx_fail_errno(cx, "Cutting", "a stage");
    if (file->pushed_bytes > size_bytes) file->pushed_bytes = size_bytes;
    return OK;
}

status fs_stage_sync(struct ctx *cx, struct blob_stage *stage) {
    struct fs_stage *file = (struct fs_stage *)stage;
    if (fdatasync(file->fd) != 0) return ctx_fail_errno(cx, "Syncing", "a stage");
    if (file->fresh) TRY(sync_folder(cx, file->store->stages));
    file->fresh = false;
    return OK;
}

int fs_stage_fd(struct blob_stage *stage) {
    return ((struct fs_stage *)stage)->fd;
}

/* Renames into the key's folder, which may be pruned by a delete at any moment: then try again. */
static status rename_to(struct ctx *cx, struct fs_store *fs, const char *name, text key,
                        int *out_folder) {
    for (int i = 0; i < RACE_TRIES; i++) {
        struct ctx inner = *cx;
        char leaf[BLOB_PART_BYTES + 1];
        scoped(scope_close) int folder = -1;
        status found = fs_folder_of(&inner, fs, key, true, &folder, leaf);
        if (found == NOT_FOUND) continue;
        if (found != OK) {
            cx->fault = inner.fault;
            return found;
        }
        if (renameat(fs->stages, name, folder, leaf) == 0) {
            *out_folder = fd_move(&folder);
            return OK;
        }
        if (errno == EISDIR || errno == ENOTEMPTY || errno == EEXIST)
            return ctx_fail(cx, CONFLICT, "A folder lies where the object %.*s should be.",
                            TEXT_ARG(key));
        if (errno != ENOENT) return ctx_fail_errno(cx, "Moving an object to", "its place");
    }
    return ctx_fail(cx, BUSY, "The folder of the object %.*s keeps vanishing.", TEXT_ARG(key));
}

status fs_publish(struct ctx *cx, struct fs_store *fs, const char *stage_name, text key) {
    scoped(scope_close) int folder = -1;
    TRY(rename_to(cx, fs, stage_name, key, &folder));
    TRY(sync_folder(cx, folder));
    return sync_folder(cx, fs->stages);
}

status fs_stage_seal(struct ctx *cx, struct blob_stage *stage, text key) {
    struct fs_stage *file = (struct fs_stage *)stage;
    if (fdatasync(file->fd) != 0) return ctx_fail_errno(cx, "Syncing", "a stage");
    TRY(fs_publish(cx, file->store, file->name, key));
    fs_stage_close(stage);
    return OK;
}

void fs_stage_close(struct blob_stage *stage) {
    struct fs_stage *file = (struct fs_stage *)stage;
    release(file->fd);
    free(file);
}

void fs_stage_drop(struct blob_stage *stage) {
    struct fs_stage *file = (struct fs_stage *)stage;
    (void)unlinkat(file->store->stages, file->name, 0);
    fs_stage_close(stage);
}

status fs_stage_forget(struct ctx *cx, struct blob_store *store, text name) {
    struct fs_store *fs = (struct fs_store *)store;
    char c_name[BLOB_STAGE_NAME_BYTES + 1];
    memcpy(c_name, name.at, name.len);
    c_name[name.len] = '\0';
    int fd = -1;
    status taken = take(cx, fs, c_name, false, &fd);
    if (taken == NOT_FOUND) return OK;
    TRY(taken);
    (void)unlinkat(fs->stages, c_name, 0);
    release(fd);
    return OK;
}

status fs_put(struct ctx *cx, struct blob_store *store, text key, const void *bytes, size_t size) {
    struct fs_store *fs = (struct fs_store *)store;
    char id[ID_BYTES];
    char name[32];
    random_id_c(id);
    (void)snprintf(name, sizeof name, ".put-%s", id);
    int fd = -1;
    TRY(take(cx, fs, name, true, &fd));
    status done = fs_write_at(cx, fd, 0, bytes, size);
    if (done == OK && fdatasync(fd) != 0) done = ctx_fail_errno(cx, "Syncing", "an object");
    if (done == OK) done = fs_publish(cx, fs, name, key);
    if (done != OK) (void)unlinkat(fs->stages, name, 0);
    release(fd);
    return done;
}
