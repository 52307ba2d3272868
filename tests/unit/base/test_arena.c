/* test_arena.c: the cap is a status, releases run in reverse, a reset arena is like new. */
#include "harness.h"

#include "base/arena.h"

#include <stdalign.h>
#include <string.h>

static void caps_are_kept(void **state) {
    (void)state;
    scoped(arena_done) struct arena *arena = arena_new(1000);
    assert_non_null(arena_take(arena, 900));
    assert_null(arena_take(arena, 200));
    assert_non_null(arena_take(arena, 64));
    assert_true(arena_used_bytes(arena) <= 1000);
    assert_null(arena_take(arena, SIZE_MAX));
    assert_null(arena_take_array(arena, SIZE_MAX / 2, 3));
}

static void memory_is_zeroed_aligned_and_apart(void **state) {
    (void)state;
    scoped(arena_done) struct arena *arena = arena_new(1 << 20);
    unsigned char *before = NULL;
    for (size_t size = 0; size < 600; size += 7) {
        unsigned char *at = arena_take(arena, size);
        assert_non_null(at);
        assert_int_equal((uintptr_t)at % alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++) assert_int_equal(at[i], 0);
        memset(at, 0xFF, size);
        assert_ptr_not_equal(at, before);
        before = at;
    }
}

static int order[3];
static int released;

static void release(void *handle) {
    order[released++] = *(int *)handle;
}

static void releases_run_in_reverse(void **state) {
    (void)state;
    int numbers[3] = {1, 2, 3};
    released = 0;
    struct arena *arena = arena_new(4096);
    for (int i = 0; i < 3; i++) assert_int_equal(arena_defer(arena, release, &numbers[i]), OK);
    arena_reset(arena);
    assert_int_equal(released, 3);
    assert_int_equal(order[0], 3);
    assert_int_equal(order[2], 1);
    assert_int_equal(arena_used_bytes(arena), 0);
    assert_non_null(arena_take(arena, 4000));
    arena_free(arena);
    assert_int_equal(released, 3);
}

static void copies_end_with_nul(void **state) {
    (void)state;
    scoped(arena_done) struct arena *arena = arena_new(4096);
    char *copy = arena_copy(arena, "abc", 3);
    assert_string_equal(copy, "abc");
    arena_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(caps_are_kept),
        cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(releases_run_in_reverse),
        cmocka_unit_test(copies_end_with_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
