/* test_cache.c: values live as long as they should, memory is bounded, limits count right. */
#include "folder.h"

#include "base/clock.h"
#include "base/thread.h"
#include "store/cache/cache.h"

static struct cache *open_cache(struct ctx *cx, int64_t cap_bytes) {
    struct cache *cache = NULL;
    assert_ok(cx, cache_open(cx, cap_bytes, &cache));
    return cache;
}

static void test_values(void **state) {
    struct ctx *cx = &((struct folder *)*state)->cx;
    struct cache *cache = open_cache(cx, 1 << 20);
    text got;
    assert_int_equal(cache_get(cx, cache, TEXT("a"), &got), NOT_FOUND);
    assert_int_equal(cx->fault.code, OK);
    cache_put(cache, TEXT("a"), TEXT("one"), 60000);
    cache_put(cache, TEXT("b"), TEXT(""), 60000);
    assert_ok(cx, cache_get(cx, cache, TEXT("a"), &got));
    assert_true(text_is(got, "one"));
    cache_put(cache, TEXT("a"), TEXT("two!"), 60000);
    assert_ok(cx, cache_get(cx, cache, TEXT("a"), &got));
    assert_true(text_is(got, "two!"));
    assert_ok(cx, cache_get(cx, cache, TEXT("b"), &got));
    assert_int_equal(got.len, 0);
    cache_delete(cache, TEXT("a"));
    cache_delete(cache, TEXT("never"));
    assert_int_equal(cache_get(cx, cache, TEXT("a"), &got), NOT_FOUND);
    struct cache_figures figures;
    cache_figures_of(cache, &figures);
    assert_int_equal(figures.hits, 3);
    assert_int_equal(figures.misses, 2);
    assert_int_equal(figures.entries, 1);
    cache_close(cache);
}

static void test_lifetimes(void **state) {
    struct ctx *cx = &((struct folder *)*state)->cx;
    struct cache *cache = open_cache(cx, 1 << 20);
    text got;
    cache_put(cache, TEXT("short"), TEXT("x"), 30);
    cache_put(cache, TEXT("long"), TEXT("x"), 60000);
    cache_put(cache, TEXT("none"), TEXT("x"), 0);
    assert_ok(cx, cache_get(cx, cache, TEXT("short"), &got));
    assert_int_equal(cache_get(cx, cache, TEXT("none"), &got), NOT_FOUND);
    clock_sleep_ms(50);
    assert_int_equal(cache_get(cx, cache, TEXT("short"), &got), NOT_FOUND);
    assert_ok(cx, cache_get(cx, cache, TEXT("long"), &got));
    cache_close(cache);
}

/* Fills far beyond the cap: the bound holds, the newest stay, what is used stays. */
static void test_bounds(void **state) {
    struct ctx *cx = &((struct folder *)*state)->cx;
    int64_t cap = 1 << 20;
    struct cache *cache = open_cache(cx, cap);
    static char value[1000];
    char key[32];
    text got;
    cache_put(cache, TEXT("loved"), TEXT("x"), 60000);
    for (int i = 0; i < 5000; i++) {
        (void)snprintf(key, sizeof key, "key-%d", i);
        cache_put(cache, text_of(key), (text){value, sizeof value}, 60000);
        if (i % 10 == 0) assert_ok(cx, cache_get(cx, cache, TEXT("loved"), &got));
    }
    struct cache_figures figures;
    cache_figures_of(cache, &figures);
    assert_true(figures.bytes <= cap);
    assert_true(figures.entries > 500);
    assert_int_equal(cache_get(cx, cache, TEXT("key-0"), &got), NOT_FOUND);
    assert_ok(cx, cache_get(cx, cache, text_of(key), &got));
    static char huge[1 << 18];
    cache_put(cache, TEXT("huge"), (text){huge, sizeof huge}, 60000);
    assert_int_equal(cache_get(cx, cache, TEXT("huge"), &got), NOT_FOUND);
    cache_close(cache);
}

static void test_counters(void **state) {
    struct ctx *cx = &((struct folder *)*state)->cx;
    struct cache *cache = open_cache(cx, 1 << 20);
    int64_t sum = 0;
    int64_t ends = 0;
    int64_t now = clock_ticks_ms();
    assert_ok(cx, cache_count(cache, TEXT("c"), 2, 80, &sum, &ends));
    assert_int_equal(sum, 2);
    assert_true(ends >= now + 80 && ends <= clock_ticks_ms() + 80);
    int64_t first_end = ends;
    assert_ok(cx, cache_count(cache, TEXT("c"), 3, 80, &sum, &ends));
    if (clock_ticks_ms() < first_end) assert_int_equal(sum, 5);
    clock_sleep_ms(100);
    assert_ok(cx, cache_count(cache, TEXT("c"), 1, 80, &sum, &ends));
    assert_int_equal(sum, 1);
    assert_true(ends > first_end);
    cache_close(cache);
}

/* Burst and one more at once, then exactly the rate; other keys are unharmed. */
static void test_limit(void **state) {
    struct ctx *cx = &((struct folder *)*state)->cx;
    struct cache *cache = open_cache(cx, 1 << 20);
    int64_t retry = 0;
    int allowed = 0;
    for (int i = 0; i < 30; i++)
        if (cache_limit(cache, TEXT("votes"), 10, 5, &retry) == OK) allowed++;
    assert_int_equal(allowed, 6);
    assert_true(retry > 5000 && retry <= 6000);
    assert_int_equal(cache_limit(cache, TEXT("other"), 10, 5, &retry), OK);
    allowed = 0;
    while (cache_limit(cache, TEXT("fast"), 1200, 0, &retry) == OK) allowed++;
    assert_int_equal(allowed, 1);
    assert_true(retry > 0 && retry <= 50);
    clock_sleep_ms(retry + 1);
    assert_int_equal(cache_limit(cache, TEXT("fast"), 1200, 0, &retry), OK);
    cache_close(cache);
}

/* A flood of values doesn't make a limit forget. */
static void test_limit_survives_flood(void **state) {
    struct ctx *cx = &((struct folder *)*state)->cx;
    struct cache *cache = open_cache(cx, 256 << 10);
    static char value[500];
    char key[32];
    int64_t retry = 0;
    assert_int_equal(cache_limit(cache, TEXT("login"), 1, 0, &retry), OK);
    for (int i = 0; i < 3000; i++) {
        (void)snprintf(key, sizeof key, "key-%d", i);
        cache_put(cache, text_of(key), (text){value, sizeof value}, 60000);
    }
    assert_int_equal(cache_limit(cache, TEXT("login"), 1, 0, &retry), QUOTA);
    cache_close(cache);
}

static void *hammer(void *argument) {
    struct cache *cache = argument;
    struct ctx cx = {.arena = arena_new(4 << 20)};
    char key[32];
    int64_t sum;
    int64_t ends;
    for (int i = 0; i < 4000; i++) {
        text got;
        (void)snprintf(key, sizeof key, "key-%d", i % 97);
        cache_put(cache, text_of(key), text_of(key), i % 7 == 0 ? 1 : 60000);
        if (cache_get(&cx, cache, text_of(key), &got) == OK && !text_is(got, key)) abort();
        if (i % 13 == 0) cache_delete(cache, text_of(key));
        if (cache_count(cache, TEXT("all"), 1, 600000, &sum, &ends) != OK) abort();
        arena_reset(cx.arena);
    }
    arena_free(cx.arena);
    return NULL;
}

static void test_threads(void **state) {
    struct ctx *cx = &((struct folder *)*state)->cx;
    struct cache *cache = open_cache(cx, 64 << 10);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(thread_start(&threads[i], "hammer", hammer, cache), OK);
    for (int i = 0; i < 4; i++) thread_join(threads[i]);
    int64_t sum = 0;
    int64_t ends = 0;
    assert_ok(cx, cache_count(cache, TEXT("all"), 0, 600000, &sum, &ends));
    assert_int_equal(sum, 16000);
    cache_close(cache);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(test_values),  FOLDER_TEST(test_lifetimes),
        FOLDER_TEST(test_bounds),  FOLDER_TEST(test_counters),
        FOLDER_TEST(test_limit),   FOLDER_TEST(test_limit_survives_flood),
        FOLDER_TEST(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
