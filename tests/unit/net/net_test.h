/* net_test.h: an arena per test and comparing of texts, for the unit tests of src/net.
 * Owns: the context of the running test. Threads: one. */
#ifndef TESTS_UNIT_NET_TEST_H
#define TESTS_UNIT_NET_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/ctx.h"
#include "base/scope.h"

#include <string.h>

/** A context as the test's state. */
static inline int net_setup(void **state) {
    struct ctx *cx = calloc(1, sizeof *cx);
    if (!cx) return -1;
    cx->arena = arena_new(1 << 20);
    *state = cx;
    return cx->arena ? 0 : -1;
}

/** Frees it. */
static inline int net_teardown(void **state) {
    struct ctx *cx = *state;
    arena_free(cx->arena);
    free(cx);
    return 0;
}

/** A test with a context. */
#define NET_TEST(test) cmocka_unit_test_setup_teardown(test, net_setup, net_teardown)

/** Both texts have the same bytes. */
#define assert_text(value, expected)                                                               \
    do {                                                                                           \
        text value_ = (value);                                                                     \
        text expected_ = text_of(expected);                                                        \
        if (!text_equal(value_, expected_))                                                        \
            fail_msg("\"%.*s\" isn't \"%s\"", TEXT_ARG(value_), expected_.at);                     \
    } while (0)

#endif
