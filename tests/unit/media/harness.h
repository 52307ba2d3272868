/* harness.h: a context per test, for cmocka. Owns: the arena of the running test. Threads: one. */
#ifndef TESTS_UNIT_MEDIA_HARNESS_H
#define TESTS_UNIT_MEDIA_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/ctx.h"
#include "base/scope.h"

#include <string.h>

/** A context with an arena of a few MiB, as the test's state. */
static inline int harness_open(void **state) {
    struct ctx *cx = calloc(1, sizeof *cx);
    cx->arena = arena_new(8 << 20);
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

/** The text has the bytes of the C string. */
#define assert_text(value, expected)                                                               \
    do {                                                                                           \
        text value_ = (value);                                                                     \
        assert_int_equal(value_.len, strlen(expected));                                            \
        assert_memory_equal(value_.at ? value_.at : "", expected, value_.len);                     \
    } while (0)

/** The fault's sentence contains the words. */
#define assert_fault(cx, words)                                                                    \
    do {                                                                                           \
        if (!strstr((cx)->fault.detail, words)) fail_msg("fault: %s", (cx)->fault.detail);         \
    } while (0)

#endif
