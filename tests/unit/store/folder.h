/* folder.h: a context and a fresh folder per test, removed with all that is in it.
 * Owns: that folder and the arena. Threads: one. */
#ifndef TESTS_UNIT_STORE_FOLDER_H
#define TESTS_UNIT_STORE_FOLDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/ctx.h"
#include "base/random.h"
#include "base/scope.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>

/** What a test gets. */
struct folder {
    struct ctx cx;
    char path[256];
};

static inline int folder_open(void **state) {
    struct folder *folder = calloc(1, sizeof *folder);
    const char *top = getenv("TMPDIR");
    (void)snprintf(folder->path, sizeof folder->path, "%s/matinee-test-XXXXXX", top ? top : "/tmp");
    folder->cx.arena = arena_new(8 << 20);
    *state = folder;
    return folder->cx.arena && mkdtemp(folder->path) && random_open() == OK ? 0 : -1;
}

static inline int folder_remove_one(const char *path, const struct stat *entry, int kind,
                                    struct FTW *at) {
    (void)entry;
    (void)kind;
    (void)at;
    return remove(path);
}

static inline int folder_close(void **state) {
    struct folder *folder = *state;
    (void)nftw(folder->path, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    arena_free(folder->cx.arena);
    free(folder);
    return 0;
}

#define FOLDER_TEST(test) cmocka_unit_test_setup_teardown(test, folder_open, folder_close)

/** The call succeeds; if not, the fault's sentence is shown. */
#define assert_ok(cx_, call)                                                                       \
    do {                                                                                           \
        status got_ = (call);                                                                      \
        if (got_ != OK) fail_msg("%s: %s: %s", #call, status_name(got_), (cx_)->fault.detail);     \
    } while (0)

/** The call fails with that code; its fault is cleared. */
#define assert_fails(cx_, call, code_)                                                             \
    do {                                                                                           \
        status got_ = (call);                                                                      \
        if (got_ != (code_))                                                                       \
            fail_msg("%s: %s instead of %s", #call, status_name(got_), status_name(code_));        \
        ctx_clear(cx_);                                                                            \
    } while (0)

#endif
