/* home.c: makes and guards the instance's folder. Owns nothing between calls. Threads: see home.h.
 */
#include "app/home.h"

#include "base/random.h"
#include "base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static status make_folder(struct ctx *cx, const char *path) {
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return ctx_fail_errno(cx, "Making the folder", path);
    return OK;
}

status home_open(struct ctx *cx, const char *home) {
    char *path = arena_copy(cx->arena, home, strlen(home));
    TRY_NEW(cx, path);
    for (char *at = path + 1; *at; at++) {
        if (*at != '/') continue;
        *at = '\0';
        TRY(make_folder(cx, path));
        *at = '/';
    }
    TRY(make_folder(cx, path));
    struct stat found;
    if (stat(home, &found) != 0) return ctx_fail_errno(cx, "Opening MATINEE_HOME", home);
    if (!S_ISDIR(found.st_mode))
        return ctx_fail(cx, INVALID, "MATINEE_HOME %s is no folder.", home);
    if (found.st_uid != geteuid() || (found.st_mode & 022) != 0)
        return ctx_fail(
            cx, DENIED,
            "MATINEE_HOME %s holds keys: it must belong to the user who starts Matinee, "
            "and no one else may write there.",
            home);
    return OK;
}

/* NOT_FOUND without a fault when there is no such file yet. */
static status read_key(struct ctx *cx, const char *path, text *out) {
    scoped(scope_close) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return NOT_FOUND;
    if (fd < 0) return ctx_fail_errno(cx, "Opening the key", path);
    char bytes[HOME_KEY_BYTES + 1];
    ssize_t size = read(fd, bytes, sizeof bytes);
    if (size != HOME_KEY_BYTES)
        return ctx_fail(cx, INVALID,
                        "%s should hold %d bytes; restore it from a backup, or delete "
                        "it to get a new key.",
                        path, HOME_KEY_BYTES);
    if (text_copy(cx->arena, (text){bytes, HOME_KEY_BYTES}, out) != OK) return ctx_no_memory(cx);
    explicit_bzero(bytes, sizeof bytes);
    return OK;
}

/* Writes a new key under a name of its own and links it to the right one: the first link wins. */
static status make_key(struct ctx *cx, const char *folder, const char *path) {
    char id[ID_BYTES];
    text aside;
    random_id_c(id);
    if (text_format(cx->arena, &aside, "%s.%s", path, id) != OK) return ctx_no_memory(cx);
    scoped(scope_close) int fd = open(aside.at, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return ctx_fail_errno(cx, "Making the key", path);
    unsigned char bytes[HOME_KEY_BYTES];
    random_bytes(bytes, sizeof bytes);
    bool kept = write(fd, bytes, sizeof bytes) == (ssize_t)sizeof bytes && fsync(fd) == 0 &&
                (link(aside.at, path) == 0 || errno == EEXIST);
    int number = errno;
    explicit_bzero(bytes, sizeof bytes);
    (void)unlink(aside.at);
    errno = number;
    if (!kept) return ctx_fail_errno(cx, "Writing the key", path);
    scoped(scope_close) int entry = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (entry < 0 || fsync(entry) != 0) return ctx_fail_errno(cx, "Syncing", folder);
    return OK;
}

status home_key(struct ctx *cx, const char *home, const char *name, text *out) {
    text folder;
    text path;
    if (text_format(cx->arena, &folder, "%s/keys", home) != OK ||
        text_format(cx->arena, &path, "%s/keys/%s", home, name) != OK)
        return ctx_no_memory(cx);
    TRY(make_folder(cx, folder.at));
    status there = read_key(cx, path.at, out);
    if (there != NOT_FOUND) return there;
    TRY(make_key(cx, folder.at, path.at));
    there = read_key(cx, path.at, out);
    return there == NOT_FOUND ? ctx_fail(cx, IO, "The key %s vanished.", path.at) : there;
}

status home_lock(struct ctx *cx, const char *home, int *out_fd) {
    text path;
    if (text_format(cx->arena, &path, "%s/server.lock", home) != OK) return ctx_no_memory(cx);
    scoped(scope_close) int fd = open(path.at, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return ctx_fail_errno(cx, "Opening", path.at);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return ctx_fail_errno(cx, "Locking", path.at);
        return ctx_fail(cx, CONFLICT,
                        "Another server already runs on %s; stop it, or give this one a "
                        "MATINEE_HOME of its own.",
                        home);
    }
    *out_fd = fd_move(&fd);
    return OK;
}
