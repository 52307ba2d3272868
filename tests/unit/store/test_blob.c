/* test_blob.c: the contract of blob.h, run over every driver: what is written is read back whole,
 * what is malformed never reaches the disk, failures leave the store as it was. */
#include "folder.h"

#include "base/thread.h"
#include "store/blob/blob_driver.h"

#include <fcntl.h>
#include <sys/stat.h>

static struct blob_store *open_store(struct folder *folder) {
    char url[300];
    struct blob_store *store = NULL;
    (void)snprintf(url, sizeof url, "file:%s/deep/er/store", folder->path);
    assert_ok(&folder->cx, blob_open(&folder->cx, url, &store));
    return store;
}

/* A second driver over the first: the contract holds through a decorator too. */
static struct blob_store *open_decorated(struct folder *folder) {
    struct blob_store *store = blob_faulty_open(open_store(folder));
    assert_non_null(store);
    return store;
}

typedef struct blob_store *maker(struct folder *folder);
static maker *const makers[] = {open_store, open_decorated};

/* Runs one contract test over all drivers, each in a folder of its own. */
static void over_all(void **state, void (*test)(struct ctx *cx, struct blob_store *store)) {
    struct folder *folder = *state;
    size_t length = strlen(folder->path);
    for (size_t i = 0; i < COUNT_OF(makers); i++) {
        (void)snprintf(folder->path + length, sizeof folder->path - length, "/%zu", i);
        struct blob_store *store = makers[i](folder);
        test(&folder->cx, store);
        blob_close(store);
        folder->path[length] = '\0';
    }
}

static void expect_object(struct ctx *cx, struct blob_store *store, const char *key,
                          const char *content) {
    char buffer[256];
    size_t got = 0;
    struct blob_info info;
    assert_ok(cx, blob_stat(cx, store, text_of(key), &info));
    assert_int_equal(info.size_bytes, strlen(content));
    assert_ok(cx, blob_read(cx, store, text_of(key), 0, buffer, sizeof buffer, &got));
    assert_int_equal(got, strlen(content));
    assert_memory_equal(buffer, content, got);
}

static void expect_absent(struct ctx *cx, struct blob_store *store, const char *key) {
    struct blob_info info;
    assert_fails(cx, blob_stat(cx, store, text_of(key), &info), NOT_FOUND);
}

static status count_one(struct ctx *cx, text key, const struct blob_info *info, void *argument) {
    (void)cx;
    (void)info;
    assert_true(blob_is_key(key));
    (*(int *)argument)++;
    return OK;
}

static int objects_under(struct ctx *cx, struct blob_store *store, const char *prefix) {
    int count = 0;
    assert_ok(cx, blob_walk(cx, store, text_of(prefix), count_one, &count));
    return count;
}

static int stages_in(struct ctx *cx, struct blob_store *store) {
    int count = 0;
    assert_ok(cx, blob_walk_stages(cx, store, count_one, &count));
    return count;
}

static struct blob_stage *stage_of(struct ctx *cx, struct blob_store *store, const char *name,
                                   int64_t expected_size) {
    struct blob_stage *stage = NULL;
    int64_t size = -1;
    assert_ok(cx, blob_stage_open(cx, store, text_of(name), &stage, &size));
    assert_int_equal(size, expected_size);
    return stage;
}

static void stage_becomes_object(struct ctx *cx, struct blob_store *store) {
    struct blob_stage *stage = stage_of(cx, store, "upload-1", 0);
    assert_ok(cx, blob_stage_append(cx, stage, "hello ", 6));
    assert_ok(cx, blob_stage_append(cx, stage, "world", 5));
    assert_ok(cx, blob_stage_append(cx, stage, NULL, 0));
    assert_ok(cx, blob_stage_patch(cx, stage, 0, "J", 1));
    assert_fails(cx, blob_stage_patch(cx, stage, 10, "xy", 2), INVALID);
    assert_int_equal(blob_stage_size(stage), 11);
    expect_absent(cx, store, "videos/source/abc");
    assert_ok(cx, blob_stage_seal(cx, stage, TEXT("videos/source/abc")));
    expect_object(cx, store, "videos/source/abc", "Jello world");
    assert_int_equal(stages_in(cx, store), 0);
    char part[4];
    size_t got = 0;
    assert_ok(cx, blob_read(cx, store, TEXT("videos/source/abc"), 9, part, sizeof part, &got));
    assert_int_equal(got, 2);
    assert_ok(cx, blob_read(cx, store, TEXT("videos/source/abc"), 99, part, sizeof part, &got));
    assert_int_equal(got, 0);
}

static void stage_is_continued(struct ctx *cx, struct blob_store *store) {
    struct blob_stage *stage = stage_of(cx, store, "upload-2", 0);
    assert_ok(cx, blob_stage_append(cx, stage, "0123456789", 10));
    struct blob_stage *second = NULL;
    int64_t size = 0;
    assert_fails(cx, blob_stage_open(cx, store, TEXT("upload-2"), &second, &size), CONFLICT);
    assert_fails(cx, blob_stage_forget(cx, store, TEXT("upload-2")), CONFLICT);
    assert_ok(cx, blob_stage_sync(cx, stage));
    blob_stage_close(stage);
    stage = stage_of(cx, store, "upload-2", 10);
    assert_fails(cx, blob_stage_cut(cx, stage, 11), INVALID);
    assert_ok(cx, blob_stage_cut(cx, stage, 4));
    assert_ok(cx, blob_stage_append(cx, stage, "x", 1));
    assert_ok(cx, blob_stage_seal(cx, stage, TEXT("b/c")));
    expect_object(cx, store, "b/c", "0123x");
    blob_stage_drop(stage_of(cx, store, "upload-2", 0));
    blob_stage_close(stage_of(cx, store, "upload-3", 0));
    assert_int_equal(stages_in(cx, store), 1);
    assert_ok(cx, blob_stage_forget(cx, store, TEXT("upload-3")));
    assert_ok(cx, blob_stage_forget(cx, store, TEXT("upload-3")));
    assert_int_equal(stages_in(cx, store), 0);
}

static void replacing_is_whole(struct ctx *cx, struct blob_store *store) {
    assert_ok(cx, blob_put(cx, store, TEXT("p/q"), "old content", 11));
    int fd = -1;
    int64_t size = 0;
    assert_ok(cx, blob_open_fd(cx, store, TEXT("p/q"), &fd, &size));
    assert_int_equal(size, 11);
    assert_ok(cx, blob_put(cx, store, TEXT("p/q"), "new", 3));
    expect_object(cx, store, "p/q", "new");
    char buffer[16];
    assert_int_equal(read(fd, buffer, sizeof buffer), 11);
    assert_memory_equal(buffer, "old content", 11);
    (void)close(fd);
    assert_ok(cx, blob_put(cx, store, TEXT("p/empty"), NULL, 0));
    expect_object(cx, store, "p/empty", "");
    assert_int_equal(stages_in(cx, store), 0);
}

static void deleting(struct ctx *cx, struct blob_store *store) {
    static const char *const keys[] = {"v/p/one/a", "v/p/one/b", "v/p/one/c/d", "v/p/two/a", "v/s"};
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        assert_ok(cx, blob_put(cx, store, text_of(keys[i]), keys[i], strlen(keys[i])));
    assert_int_equal(objects_under(cx, store, ""), 5);
    assert_int_equal(objects_under(cx, store, "v/p/one/"), 3);
    assert_int_equal(objects_under(cx, store, "v/nothing/"), 0);
    assert_ok(cx, blob_delete_all(cx, store, TEXT("v/p/one/")));
    assert_ok(cx, blob_delete_all(cx, store, TEXT("v/p/one/")));
    assert_int_equal(objects_under(cx, store, ""), 2);
    expect_object(cx, store, "v/p/two/a", "v/p/two/a");
    assert_ok(cx, blob_delete(cx, store, TEXT("v/p/two/a")));
    assert_ok(cx, blob_delete(cx, store, TEXT("v/p/two/a")));
    assert_ok(cx, blob_delete(cx, store, TEXT("no/such/folder")));
    /* The emptied folders are gone, so their name is free for an object. */
    assert_ok(cx, blob_put(cx, store, TEXT("v/p"), "x", 1));
    expect_object(cx, store, "v/p", "x");
    /* An object is no folder, and a folder no object. */
    assert_fails(cx, blob_put(cx, store, TEXT("v/p/q"), "x", 1), CONFLICT);
    assert_fails(cx, blob_put(cx, store, TEXT("v"), "x", 1), CONFLICT);
    expect_absent(cx, store, "v");
    expect_absent(cx, store, "v/p/q");
    assert_ok(cx, blob_delete(cx, store, TEXT("v")));
    assert_int_equal(objects_under(cx, store, ""), 2);
    assert_int_equal(stages_in(cx, store), 0);
}

static void usage_and_ping(struct ctx *cx, struct blob_store *store) {
    assert_ok(cx, blob_put(cx, store, TEXT("u/one"), "12345", 5));
    assert_ok(cx, blob_ping(cx, store));
    assert_int_equal(stages_in(cx, store), 0);
    int64_t used = 0;
    int64_t spare = 0;
    assert_ok(cx, blob_usage(cx, store, &used, &spare));
    assert_int_equal(used, 5);
    assert_true(spare > 0);
}

static void hostile_names(struct ctx *cx, struct blob_store *store) {
    static char long_part[600];
    memset(long_part, 'a', sizeof long_part - 1);
    const char *const keys[] = {
        "",          "/",   "/etc/passwd", "a/",      "a//b", "..",      "../x",  ".",
        "a/../../x", "a/.", ".hidden",     "a/.b",    "a\\b", "a b",     "a%2fb", "\xc3\xa9",
        "a\nb",      "a:b", "~",           "a/..b/c", "$(x)", long_part, "*",     "a/b/",
    };
    struct blob_info info;
    struct blob_stage *stage = NULL;
    int64_t size = 0;
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        text key = text_of(keys[i]);
        assert_fails(cx, blob_put(cx, store, key, "x", 1), INVALID);
        assert_fails(cx, blob_stat(cx, store, key, &info), INVALID);
        assert_fails(cx, blob_delete(cx, store, key), INVALID);
        assert_fails(cx, blob_stage_open(cx, store, key, &stage, &size), INVALID);
        assert_fails(cx, blob_stage_forget(cx, store, key), INVALID);
    }
    text nul = {"a\0b", 3};
    assert_fails(cx, blob_put(cx, store, nul, "x", 1), INVALID);
    assert_fails(cx, blob_stage_open(cx, store, TEXT("a/b"), &stage, &size), INVALID);
    assert_fails(cx, blob_delete_all(cx, store, TEXT("")), INVALID);
    assert_fails(cx, blob_delete_all(cx, store, TEXT("/")), INVALID);
    assert_fails(cx, blob_delete_all(cx, store, TEXT("../")), INVALID);
    assert_fails(cx, blob_delete_all(cx, store, TEXT("a")), INVALID);
    stage = stage_of(cx, store, "fine", 0);
    assert_fails(cx, blob_stage_seal(cx, stage, TEXT("a/../b")), INVALID);
    assert_ok(cx, blob_stage_append(cx, stage, "still open", 10));
    blob_stage_drop(stage);
    assert_int_equal(objects_under(cx, store, ""), 0);
    long_part[255] = '\0';
    assert_ok(cx, blob_put(cx, store, text_of(long_part), "x", 1));
}

static void test_contract(void **state) {
    over_all(state, stage_becomes_object);
    over_all(state, stage_is_continued);
}

static void test_replacing(void **state) {
    over_all(state, replacing_is_whole);
}

static void test_deleting(void **state) {
    over_all(state, deleting);
}

static void test_usage(void **state) {
    over_all(state, usage_and_ping);
}

static void test_hostile_names(void **state) {
    over_all(state, hostile_names);
}

/* Somebody with access to the disk plants links; none of them is followed. */
static void test_links_lead_nowhere(void **state) {
    struct folder *folder = *state;
    struct ctx *cx = &folder->cx;
    struct blob_store *store = open_store(folder);
    char outside[300];
    char link[400];
    (void)snprintf(outside, sizeof outside, "%s/outside", folder->path);
    assert_int_equal(mkdir(outside, 0700), 0);
    (void)snprintf(link, sizeof link, "%s/deep/er/store/objects/out", folder->path);
    assert_int_equal(symlink(outside, link), 0);
    (void)snprintf(link, sizeof link, "%s/deep/er/store/objects/file", folder->path);
    assert_int_equal(symlink("/etc/passwd", link), 0);
    (void)snprintf(link, sizeof link, "%s/deep/er/store/stages/upload-9", folder->path);
    assert_int_equal(symlink("/etc/passwd", link), 0);
    struct blob_info info;
    struct blob_stage *stage = NULL;
    int64_t size = 0;
    assert_true(blob_put(cx, store, TEXT("out/x"), "x", 1) != OK);
    ctx_clear(cx);
    assert_true(blob_stat(cx, store, TEXT("file"), &info) != OK);
    ctx_clear(cx);
    assert_true(blob_stage_open(cx, store, TEXT("upload-9"), &stage, &size) != OK);
    ctx_clear(cx);
    assert_int_equal(objects_under(cx, store, ""), 0);
    assert_ok(cx, blob_put(cx, store, TEXT("file"), "mine", 4));
    expect_object(cx, store, "file", "mine");
    (void)snprintf(link, sizeof link, "%s/outside/x", folder->path);
    assert_int_not_equal(access(link, F_OK), 0);
    blob_close(store);
}

static void test_failures_change_nothing(void **state) {
    struct folder *folder = *state;
    struct ctx *cx = &folder->cx;
    struct blob_store *store = open_decorated(folder);
    struct blob_stage *stage = stage_of(cx, store, "s", 0);
    assert_ok(cx, blob_stage_append(cx, stage, "abc", 3));
    blob_faulty_set(store, 2, 2, QUOTA);
    assert_ok(cx, blob_stage_append(cx, stage, "def", 3));
    assert_fails(cx, blob_stage_append(cx, stage, "ghi", 3), QUOTA);
    assert_fails(cx, blob_stage_seal(cx, stage, TEXT("k")), QUOTA);
    assert_int_equal(blob_stage_size(stage), 6);
    assert_ok(cx, blob_stage_seal(cx, stage, TEXT("k")));
    expect_object(cx, store, "k", "abcdef");
    blob_close(store);
}

/* Writers, replacers and deleters of neighbouring keys: folders come and go under their feet. */
struct crowd {
    struct blob_store *store;
    int number;
};

static void *crowd_member(void *argument) {
    struct crowd *crowd = argument;
    struct ctx cx = {.arena = arena_new(1 << 20)};
    char key[64];
    for (int i = 0; i < 60; i++) {
        (void)snprintf(key, sizeof key, "crowd/%d/x/%d", i % 3, crowd->number);
        if (blob_put(&cx, crowd->store, text_of(key), key, strlen(key)) != OK) break;
        char buffer[64];
        size_t got = 0;
        if (blob_read(&cx, crowd->store, text_of(key), 0, buffer, sizeof buffer, &got) != OK) break;
        if (got != strlen(key) || memcmp(buffer, key, got) != 0) break;
        if (blob_delete(&cx, crowd->store, text_of(key)) != OK) break;
        crowd->number += 10;
    }
    arena_free(cx.arena);
    return NULL;
}

static void test_crowd(void **state) {
    struct folder *folder = *state;
    struct blob_store *store = open_store(folder);
    struct crowd crowd[4];
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        crowd[i] = (struct crowd){.store = store, .number = i};
        assert_int_equal(thread_start(&threads[i], "crowd", crowd_member, &crowd[i]), OK);
    }
    for (int i = 0; i < 4; i++) thread_join(threads[i]);
    for (int i = 0; i < 4; i++) assert_int_equal(crowd[i].number, i + 600);
    assert_int_equal(objects_under(&folder->cx, store, ""), 0);
    assert_int_equal(stages_in(&folder->cx, store), 0);
    blob_close(store);
}

static void test_bad_urls(void **state) {
    struct folder *folder = *state;
    struct ctx *cx = &folder->cx;
    struct blob_store *store = NULL;
    assert_fails(cx, blob_open(cx, "s3:bucket", &store), INVALID);
    assert_fails(cx, blob_open(cx, "file:", &store), INVALID);
    assert_fails(cx, blob_open(cx, "files:/x", &store), INVALID);
    assert_true(blob_open(cx, "file:/proc/nowhere", &store) != OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(test_contract),
        FOLDER_TEST(test_replacing),
        FOLDER_TEST(test_deleting),
        FOLDER_TEST(test_usage),
        FOLDER_TEST(test_hostile_names),
        FOLDER_TEST(test_links_lead_nowhere),
        FOLDER_TEST(test_failures_change_nothing),
        FOLDER_TEST(test_crowd),
        FOLDER_TEST(test_bad_urls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
