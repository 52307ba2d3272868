/* test_timeline.c: reliable times out of what sources claim. */
#include "harness.h"

#include "media/engine/timeline.h"

/* 25 frames a second in units of 1/12800 s: a frame is 512, a key time comes every 25600. */
static struct timeline even_timeline(void) {
    return (struct timeline){.timescale = 12800,
                             .frame = 512,
                             .even = true,
                             .least_gap = 160,
                             .key_interval = 25600,
                             .keys_a_segment = 2,
                             .most = 12800 * 1000};
}

static struct timeline_step step_of(struct timeline *timeline, int64_t claimed) {
    struct timeline_step step = {.time = -1};
    bool more = true;
    assert_true(timeline_next(timeline, claimed, 0, &step, &more));
    assert_false(more);
    return step;
}

static void leave_out(struct timeline *timeline, int64_t claimed) {
    struct timeline_step step;
    bool more = true;
    assert_false(timeline_next(timeline, claimed, 0, &step, &more));
    assert_false(more);
}

static void keys_and_segments_are_on_the_grid(void **state) {
    (void)state;
    struct timeline timeline = even_timeline();
    for (int64_t i = 0; i < 501; i++) {
        struct timeline_step step = step_of(&timeline, i * 512);
        assert_int_equal(step.time, i * 512);
        assert_int_equal(step.key, i % 50 == 0);
        assert_int_equal(step.segment, i % 100 == 0);
    }
    assert_int_equal(timeline_end(&timeline), 501 * 512);
}

static void rounded_times_are_put_right(void **state) {
    (void)state;
    struct timeline timeline = even_timeline();
    static const int64_t claimed[] = {0, 505, 1030, 1536, 2055, 2548};
    for (size_t i = 0; i < COUNT_OF(claimed); i++) {
        assert_int_equal(step_of(&timeline, claimed[i]).time, (int64_t)i * 512);
    }
    assert_int_equal(step_of(&timeline, 3200).time, 3200); /* too far off: kept as it is */
}

static void a_late_first_frame_is_held(void **state) {
    (void)state;
    struct timeline timeline = even_timeline();
    assert_int_equal(step_of(&timeline, 3 * 512).time, 0);
    assert_int_equal(step_of(&timeline, 4 * 512).time, 4 * 512);
}

static void gaps_are_filled_at_key_times(void **state) {
    (void)state;
    struct timeline timeline = even_timeline();
    struct timeline_step step;
    bool more = true;
    (void)step_of(&timeline, 0);
    int64_t repeats[] = {25600, 51200, 76800};
    for (size_t i = 0; i < COUNT_OF(repeats); i++) {
        assert_true(timeline_next(&timeline, 90112, 0, &step, &more));
        assert_true(more && step.repeat && step.key);
        assert_int_equal(step.time, repeats[i]);
        assert_int_equal(step.segment, i == 1);
    }
    assert_true(timeline_next(&timeline, 90112, 0, &step, &more));
    assert_false(more || step.repeat || step.key);
    assert_int_equal(step.time, 90112);
}

static void absurd_and_absent_times_follow_in_order(void **state) {
    (void)state;
    struct timeline timeline = even_timeline();
    (void)step_of(&timeline, 0);
    assert_int_equal(step_of(&timeline, TIMELINE_NO_TIME).time, 512);
    assert_int_equal(step_of(&timeline, INT64_MAX).time, 1024);
    assert_int_equal(step_of(&timeline, 1536).time, 1536);
}

static void frames_that_go_back_are_left_out(void **state) {
    (void)state;
    struct timeline timeline = even_timeline();
    (void)step_of(&timeline, 0);
    (void)step_of(&timeline, 5120);
    leave_out(&timeline, 512);
    leave_out(&timeline, 5120);
    assert_int_equal(step_of(&timeline, 5632).time, 5632);
}

/* When every time is the same, order has to do after a while. */
static void worthless_times_are_replaced(void **state) {
    (void)state;
    struct timeline timeline = even_timeline();
    int shown = 0;
    for (int i = 0; i < 200; i++) {
        struct timeline_step step;
        bool more = false;
        shown += timeline_next(&timeline, 0, 0, &step, &more);
    }
    assert_true(shown > 100);
}

static void fast_frames_are_thinned(void **state) {
    (void)state;
    struct timeline timeline = even_timeline();
    timeline.even = false;
    timeline.least_gap = 460;
    (void)step_of(&timeline, 0);
    leave_out(&timeline, 256);
    assert_int_equal(step_of(&timeline, 512).time, 512);
}

static void the_last_frame_lasts_as_it_says(void **state) {
    (void)state;
    struct timeline timeline = even_timeline();
    struct timeline_step step;
    bool more = false;
    assert_int_equal(timeline_end(&timeline), 0);
    assert_true(timeline_next(&timeline, 0, 3000, &step, &more));
    assert_int_equal(timeline_end(&timeline), 3000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_and_segments_are_on_the_grid),
        cmocka_unit_test(rounded_times_are_put_right),
        cmocka_unit_test(a_late_first_frame_is_held),
        cmocka_unit_test(gaps_are_filled_at_key_times),
        cmocka_unit_test(absurd_and_absent_times_follow_in_order),
        cmocka_unit_test(frames_that_go_back_are_left_out),
        cmocka_unit_test(worthless_times_are_replaced),
        cmocka_unit_test(fast_frames_are_thinned),
        cmocka_unit_test(the_last_frame_lasts_as_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
