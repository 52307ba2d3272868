/* test_blob_crash.c: a writer in another process is killed with SIGKILL at every stage of its work;
 * afterwards an object is there whole or not at all, and the stage can be continued by another. */
#include "folder.h"

#include "base/clock.h"
#include "store/blob/blob_driver.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

enum { PIECE_BYTES = 64 * 1024, ROUNDS = 40, MOST_ROUNDS = 400 };

static struct blob_store *open_store(struct ctx *cx, const char *path) {
    char url[300];
    struct blob_store *store = NULL;
    (void)snprintf(url, sizeof url, "file:%s", path);
    if (blob_open(cx, url, &store) != OK) return NULL;
    return store;
}

/* Every byte of an object or stage is the letter of its offset's piece. */
static void fill(unsigned char *piece, int64_t number) {
    memset(piece, 'a' + (int)(number % 26), PIECE_BYTES);
}

/* The child: appends to the stage and seals it every eighth piece, for ever. Each synced piece
 * is acknowledged to the parent by one byte. */
static void write_for_ever(const char *path, int acknowledge) {
    struct ctx cx = {.arena = arena_new(1 << 20)};
    struct blob_store *store = open_store(&cx, path);
    static unsigned char piece[PIECE_BYTES];
    while (store) {
        struct blob_stage *stage = NULL;
        int64_t size = 0;
        if (blob_stage_open(&cx, store, TEXT("film"), &stage, &size) != OK) _exit(3);
        if (size % PIECE_BYTES != 0 && blob_stage_cut(&cx, stage, size - size % PIECE_BYTES) != OK)
            _exit(4);
        for (int64_t n = size / PIECE_BYTES; n < 8; n++) {
            fill(piece, n);
            if (blob_stage_append(&cx, stage, piece, PIECE_BYTES) != OK) _exit(5);
            if (blob_stage_sync(&cx, stage) != OK) _exit(6);
            if (write(acknowledge, "p", 1) != 1) _exit(7);
        }
        if (blob_stage_seal(&cx, stage, TEXT("videos/source/film")) != OK) _exit(8);
        if (write(acknowledge, "s", 1) != 1) _exit(9);
        if (blob_put(&cx, store, TEXT("videos/small"), piece, 1000) != OK) _exit(10);
    }
    _exit(2);
}

/* Reads what the child has acknowledged: pieces since the last seal, and whether it ever sealed. */
static void tally(int from, int64_t *pieces, bool *sealed) {
    char letters[256];
    for (ssize_t n; (n = read(from, letters, sizeof letters)) > 0;)
        for (ssize_t i = 0; i < n; i++) {
            *pieces = letters[i] == 'p' ? *pieces + 1 : 0;
            if (letters[i] == 's') *sealed = true;
        }
}

static void expect_whole(struct ctx *cx, struct blob_store *store) {
    static unsigned char expected[PIECE_BYTES];
    static unsigned char found[PIECE_BYTES];
    for (int64_t n = 0; n < 8; n++) {
        size_t got = 0;
        fill(expected, n);
        assert_ok(cx, blob_read(cx, store, TEXT("videos/source/film"), n * PIECE_BYTES, found,
                                PIECE_BYTES, &got));
        assert_int_equal(got, PIECE_BYTES);
        assert_memory_equal(found, expected, PIECE_BYTES);
    }
}

/* After the kill: acknowledged pieces are there, the lock is free, the object is whole. */
static void inspect(struct ctx *cx, const char *path, int64_t pieces, bool sealed) {
    struct blob_store *store = open_store(cx, path);
    assert_non_null(store);
    struct blob_stage *stage = NULL;
    int64_t size = -1;
    struct blob_info info;
    assert_ok(cx, blob_stage_open(cx, store, TEXT("film"), &stage, &size));
    status there = blob_stat(cx, store, TEXT("videos/source/film"), &info);
    ctx_clear(cx);
    if (sealed) assert_int_equal(there, OK);
    if (there == OK) {
        assert_int_equal(info.size_bytes, 8 * PIECE_BYTES);
        expect_whole(cx, store);
    }
    /* All eight pieces may have been sealed without the news having come. */
    if (!(pieces == 8 && size == 0)) assert_true(size >= pieces * PIECE_BYTES);
    blob_stage_close(stage);
    blob_close(store);
}

static void test_killed_writer(void **state) {
    struct folder *folder = *state;
    int64_t pieces = 0;
    bool sealed = false;
    /* On a busy machine the writer gets more time, until it has finished an object once. */
    for (int round = 0; round < ROUNDS || (!sealed && round < MOST_ROUNDS); round++) {
        int ends[2];
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            (void)close(ends[0]);
            write_for_ever(folder->path, ends[1]);
        }
        (void)close(ends[1]);
        clock_sleep_ms(1 + random_below(12 + (uint32_t)round));
        (void)kill(child, SIGKILL);
        int how = 0;
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_true(WIFSIGNALED(how)); /* it never ended by itself with an error */
        tally(ends[0], &pieces, &sealed);
        (void)close(ends[0]);
        inspect(&folder->cx, folder->path, pieces, sealed);
        struct blob_store *store = open_store(&folder->cx, folder->path);
        if (pieces == 8) pieces = 0; /* it was sealed, or the next round will do it */
        struct blob_stage *stage = NULL;
        int64_t size = 0;
        assert_ok(&folder->cx, blob_stage_open(&folder->cx, store, TEXT("film"), &stage, &size));
        pieces = size / PIECE_BYTES;
        blob_stage_close(stage);
        blob_close(store);
    }
    assert_true(sealed);
}

/* While another process holds a stage nobody else gets it; its death frees it. */
static void test_death_frees_the_stage(void **state) {
    struct folder *folder = *state;
    struct ctx *cx = &folder->cx;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct ctx inner = {.arena = arena_new(1 << 20)};
        struct blob_store *store = open_store(&inner, folder->path);
        struct blob_stage *stage = NULL;
        int64_t size = 0;
        if (!store || blob_stage_open(&inner, store, TEXT("s"), &stage, &size) != OK) _exit(1);
        if (write(ends[1], "x", 1) != 1) _exit(1);
        for (;;) (void)pause();
    }
    char byte;
    assert_int_equal(read(ends[0], &byte, 1), 1);
    struct blob_store *store = open_store(cx, folder->path);
    struct blob_stage *stage = NULL;
    int64_t size = 0;
    assert_fails(cx, blob_stage_open(cx, store, TEXT("s"), &stage, &size), CONFLICT);
    (void)kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_ok(cx, blob_stage_open(cx, store, TEXT("s"), &stage, &size));
    blob_stage_drop(stage);
    blob_close(store);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(test_killed_writer),
        FOLDER_TEST(test_death_frees_the_stage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
