/* harness.h: a context per test, for cmocka. Owns: the arena of the running test. Threads: one. */
#ifndef TESTS_UNIT_BASE_HARNESS_H
#define TESTS_UNIT_BASE_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/ctx.h"
#include "base/scope.h"

/** A context with an arena of `cap_bytes`, as the test's state. */
static inline int harness_open(void **state) {
    struct ctx *cx = calloc(1, sizeof *cx);
    cx->arena = arena_new(1 << 20);
    *state = cx;
    return cx->arena ? 0 : -1;
}

static inline int harness_close(void **state) {
    struct ctx *cx = *state;
    arena_free(cx->arena);
    free(cx);
    return 0;
}

#define HARNESS_TEST(test) cmocka_unit_test_setup_teardown(test, harness_open, harness_close)

/** Both texts have the same bytes. */
#define assert_text(value, expected)                                                               \
    do {                                                                                           \
        text value_ = (value);                                                                     \
        text expected_ = text_of(expected);                                                        \
        assert_int_equal(value_.len, expected_.len);                                               \
        assert_memory_equal(value_.at ? value_.at : "", expected_.at, expected_.len);              \
    } while (0)

#endif
