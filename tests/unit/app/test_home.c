/* test_home.c: the folder of an instance: keys made once, one server, no strangers. */
#include "../store/folder.h"

#include "app/home.h"

#include <sys/stat.h>
#include <sys/wait.h>

static const char *inside(struct folder *folder, const char *name) {
    text path;
    assert_int_equal(text_format(folder->cx.arena, &path, "%s/%s", folder->path, name), OK);
    return path.at;
}

static void test_made_private(void **state) {
    struct folder *folder = *state;
    const char *home = inside(folder, "a/b/home");
    struct stat entry;
    assert_ok(&folder->cx, home_open(&folder->cx, home));
    assert_ok(&folder->cx, home_open(&folder->cx, home));
    assert_int_equal(stat(home, &entry), 0);
    assert_int_equal(entry.st_mode & 0777, 0700);
    assert_int_equal(chmod(home, 0777), 0);
    assert_fails(&folder->cx, home_open(&folder->cx, home), DENIED);
}

static void test_keys(void **state) {
    struct folder *folder = *state;
    text first;
    text again;
    text other;
    struct stat entry;
    assert_ok(&folder->cx, home_key(&folder->cx, folder->path, "url", &first));
    assert_ok(&folder->cx, home_key(&folder->cx, folder->path, "url", &again));
    assert_ok(&folder->cx, home_key(&folder->cx, folder->path, "address", &other));
    assert_int_equal(first.len, HOME_KEY_BYTES);
    assert_true(text_equal(first, again));
    assert_false(text_equal(first, other));
    assert_int_equal(stat(inside(folder, "keys/url"), &entry), 0);
    assert_int_equal(entry.st_mode & 0777, 0600);
    assert_int_equal(truncate(inside(folder, "keys/url"), 7), 0);
    assert_fails(&folder->cx, home_key(&folder->cx, folder->path, "url", &first), INVALID);
}

/* Processes that start at the same time all get the same key. */
static void test_race(void **state) {
    struct folder *folder = *state;
    enum { RACERS = 8 };
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    for (int i = 0; i < RACERS; i++) {
        if (fork() != 0) continue;
        text key;
        status made = home_key(&folder->cx, folder->path, "url", &key);
        _exit(made == OK && write(ends[1], key.at, key.len) == HOME_KEY_BYTES ? 0 : 1);
    }
    char keys[RACERS][HOME_KEY_BYTES];
    for (int i = 0; i < RACERS; i++) {
        int how = -1;
        assert_true(wait(&how) > 0);
        assert_int_equal(how, 0);
        assert_int_equal(read(ends[0], keys[i], HOME_KEY_BYTES), HOME_KEY_BYTES);
        assert_memory_equal(keys[i], keys[0], HOME_KEY_BYTES);
    }
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void test_lock(void **state) {
    struct folder *folder = *state;
    int first = -1;
    int second = -1;
    assert_ok(&folder->cx, home_lock(&folder->cx, folder->path, &first));
    assert_int_equal(home_lock(&folder->cx, folder->path, &second), CONFLICT);
    assert_non_null(strstr(folder->cx.fault.detail, "Another server already runs"));
    ctx_clear(&folder->cx);
    scope_close(&first);
    assert_ok(&folder->cx, home_lock(&folder->cx, folder->path, &second));
    scope_close(&second);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(test_made_private),
        FOLDER_TEST(test_keys),
        FOLDER_TEST(test_race),
        FOLDER_TEST(test_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
