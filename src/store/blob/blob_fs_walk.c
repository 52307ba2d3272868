/* blob_fs_walk.c: everything below a prefix of the local-disk driver: visits, mass deletion, usage,
 * and sweeping the driver's own leftovers.
 *
 * Owns: nothing between calls. Folders are read while others write: what vanishes on the way is
 * passed over, what is added may or may not be seen. Threads: any. */
#include "store/blob/blob_fs.h"

#include "base/clock.h"
#include "base/scope.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* One walk. The key grows and shrinks in place as folders are entered and left. */
struct walk {
    struct ctx *cx;
    blob_visit *each;
    void *argument;
    char key[BLOB_KEY_BYTES + 1];
    size_t len;
};

static void close_folder(DIR **folder) {
    if (*folder) (void)closedir(*folder);
}

/* Takes the descriptor over. NULL with errno. */
static DIR *list_folder(int *fd) {
    DIR *folder = fdopendir(*fd);
    if (folder) *fd = -1;
    return folder;
}

static bool extend(struct walk *walk, const char *name) {
    size_t length = strlen(name);
    size_t slash = walk->len > 0 && walk->key[walk->len - 1] != '/';
    if (walk->len + slash + length > BLOB_KEY_BYTES) return false;
    if (slash) walk->key[walk->len++] = '/';
    memcpy(walk->key + walk->len, name, length + 1);
    walk->len += length;
    return true;
}

static status walk_folder(struct walk *walk, int fd);

static status walk_entry(struct walk *walk, int folder, const char *name) {
    struct stat entry;
    if (fstatat(folder, name, &entry, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? OK : ctx_fail_errno(walk->cx, "Looking at", name);
    if (S_ISDIR(entry.st_mode)) {
        int inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (inner >= 0) return walk_folder(walk, inner);
        return errno == ENOENT ? OK : ctx_fail_errno(walk->cx, "Opening the folder", name);
    }
    if (!S_ISREG(entry.st_mode)) return OK;
    struct blob_info info = {
        .size_bytes = entry.st_size,
        .modified_ms = (int64_t)entry.st_mtim.tv_sec * 1000 + entry.st_mtim.tv_nsec / 1000000,
    };
    return walk->each(walk->cx, (text){walk->key, walk->len}, &info, walk->argument);
}

/* Consumes the descriptor. The depth is bounded by the key's length. */
static status walk_folder(struct walk *walk, int fd) {
    scoped(scope_close) int held = fd;
    scoped(close_folder) DIR *folder = list_folder(&held);
    if (!folder) return ctx_fail_errno(walk->cx, "Listing", "a folder of the object store");
    for (const struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.') continue;
        size_t before = walk->len;
        status went = OK;
        if (extend(walk, entry->d_name)) went = walk_entry(walk, dirfd(folder), entry->d_name);
        walk->len = before;
        walk->key[before] = '\0';
        TRY(went);
    }
    return OK;
}

status fs_walk(struct ctx *cx, struct blob_store *store, text prefix, blob_visit *each,
               void *argument) {
    struct ctx inner = *cx;
    int top = -1;
    status found = fs_folder_at(&inner, (struct fs_store *)store, prefix, &top);
    if (found == NOT_FOUND) return OK;
    if (found != OK) {
        cx->fault = inner.fault;
        return found;
    }
    struct walk walk = {.cx = cx, .each = each, .argument = argument, .len = prefix.len};
    if (prefix.len) memcpy(walk.key, prefix.at, prefix.len);
    return walk_folder(&walk, top);
}

status fs_walk_stages(struct ctx *cx, struct blob_store *store, blob_visit *each, void *argument) {
    struct fs_store *fs = (struct fs_store *)store;
    int top = openat(fs->stages, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (top < 0) return ctx_fail_errno(cx, "Listing", "the stages of the object store");
    struct walk walk = {.cx = cx, .each = each, .argument = argument};
    return walk_folder(&walk, top);
}

/* Empties a folder; consumes the descriptor. A folder that gets a new object meanwhile stays. */
static status empty_folder(struct ctx *cx, int fd) {
    scoped(scope_close) int held = fd;
    scoped(close_folder) DIR *folder = list_folder(&held);
    if (!folder) return ctx_fail_errno(cx, "Listing", "a folder of the object store");
    for (const struct dirent *entry; (entry = readdir(folder));) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
        if (unlinkat(dirfd(folder), name, 0) == 0 || errno == ENOENT) continue;
        if (errno != EISDIR) return ctx_fail_errno(cx, "Deleting", "an object");
        int inner = openat(dirfd(folder), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (inner < 0) continue;
        TRY(empty_folder(cx, inner));
        (void)unlinkat(dirfd(folder), name, AT_REMOVEDIR);
    }
    if (fsync(dirfd(folder)) != 0) return ctx_fail_errno(cx, "Syncing", "a folder of the store");
    return OK;
}

status fs_delete_all(struct ctx *cx, struct blob_store *store, text prefix) {
    struct fs_store *fs = (struct fs_store *)store;
    struct ctx inner = *cx;
    int top = -1;
    status found = fs_folder_at(&inner, fs, prefix, &top);
    if (found == NOT_FOUND) return OK;
    if (found != OK) {
        cx->fault = inner.fault;
        return found;
    }
    TRY(empty_folder(cx, top));
    fs_prune(fs, prefix);
    return OK;
}

static status add_size(struct ctx *cx, text key, const struct blob_info *info, void *argument) {
    (void)cx;
    (void)key;
    *(int64_t *)argument += info->size_bytes;
    return OK;
}

/* Counting visits every file, so the result serves for a minute, or for a hundred times what the
 * counting took: it never costs more than a hundredth of one processor. */
status fs_usage(struct ctx *cx, struct blob_store *store, int64_t *out_used_bytes,
                int64_t *out_free_bytes) {
    struct fs_store *fs = (struct fs_store *)store;
    struct statvfs medium;
    if (fstatvfs(fs->objects, &medium) != 0)
        return ctx_fail_errno(cx, "Measuring", "the object store");
    LOCKED(&fs->usage_lock);
    int64_t began = clock_ticks_ms();
    if (began >= fs->usage_until_ticks) {
        int64_t used = 0;
        TRY(fs_walk(cx, store, NO_TEXT, add_size, &used));
        TRY(fs_walk_stages(cx, store, add_size, &used));
        int64_t ended = clock_ticks_ms();
        int64_t pause = (ended - began) * 100;
        fs->used_bytes = used;
        fs->usage_until_ticks = ended + (pause > 60000 ? pause : 60000);
    }
    *out_used_bytes = fs->used_bytes;
    *out_free_bytes = (int64_t)medium.f_bavail * (int64_t)medium.f_frsize;
    return OK;
}

/* The maker of a hidden file holds its lock, or has made it this instant and is about to. */
void fs_sweep_hidden(struct fs_store *fs) {
    scoped(scope_close) int top = openat(fs->stages, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    scoped(close_folder) DIR *folder = top >= 0 ? list_folder(&top) : NULL;
    if (!folder) return;
    int64_t recent_s = clock_now_ms() / 1000 - 60;
    for (const struct dirent *entry; (entry = readdir(folder));) {
        const char *name = entry->d_name;
        struct stat found;
        if (name[0] != '.' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
        scoped(scope_close) int fd =
            openat(fs->stages, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0 || fstat(fd, &found) != 0 || !S_ISREG(found.st_mode)) continue;
        if (found.st_mtim.tv_sec < recent_s && flock(fd, LOCK_EX | LOCK_NB) == 0)
            (void)unlinkat(fs->stages, name, 0);
    }
}
