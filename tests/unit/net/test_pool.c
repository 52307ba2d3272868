/* test_pool.c: the pool of workers runs what it accepted, once, and refuses what is too much. */
#include "net_test.h"

#include "base/clock.h"
#include "net/http_pool.h"

enum { TASKS = 500 };

struct count {
    struct http_task task;
    _Atomic int *sum;
    int64_t wait_ms;
};

static void count_up(void *argument) {
    struct count *count = argument;
    if (count->wait_ms) clock_sleep_ms(count->wait_ms);
    (void)atomic_fetch_add(count->sum, 1);
}

static void what_was_accepted_is_run_before_the_stop(void **state) {
    static struct count counts[TASKS];
    struct http_pool pool = {0};
    _Atomic int sum = 0;
    assert_int_equal(http_pool_start(*state, &pool, "test", 3, TASKS), OK);
    for (int i = 0; i < TASKS; i++) {
        counts[i] = (struct count){{.work = count_up, .argument = &counts[i]}, &sum, 0};
        assert_int_equal(http_pool_submit(&pool, &counts[i].task, false), OK);
    }
    http_pool_stop(&pool);
    assert_int_equal(sum, TASKS);
    http_pool_stop(&pool); /* again is fine */
}

static void too_much_is_refused_unless_it_must_be(void **state) {
    static struct count counts[4];
    struct http_pool pool = {0};
    _Atomic int sum = 0;
    assert_int_equal(http_pool_start(*state, &pool, "test", 1, 1), OK);
    for (int i = 0; i < 4; i++)
        counts[i] = (struct count){{.work = count_up, .argument = &counts[i]}, &sum, 50};
    assert_int_equal(http_pool_submit(&pool, &counts[0].task, false), OK);
    while (atomic_load(&pool.busy) == 0) clock_sleep_ms(1);
    assert_int_equal(http_pool_submit(&pool, &counts[1].task, false), OK);
    assert_int_equal(http_pool_submit(&pool, &counts[2].task, false), BUSY);
    assert_int_equal(http_pool_submit(&pool, &counts[3].task, true), OK);
    http_pool_stop(&pool);
    assert_int_equal(sum, 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        NET_TEST(what_was_accepted_is_run_before_the_stop),
        NET_TEST(too_much_is_refused_unless_it_must_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
