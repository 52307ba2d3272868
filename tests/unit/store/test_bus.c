/* test_bus.c: messages reach exactly those who listen, and nobody once unsubscribe returned. */
#include "folder.h"

#include "base/thread.h"
#include "store/bus/bus.h"

#include <stdatomic.h>

static void count_listener(void *argument, text topic, text message) {
    (void)topic;
    assert_true(text_is(message, "news"));
    (*(int *)argument)++;
}

static void test_topics(void **state) {
    struct ctx *cx = &((struct folder *)*state)->cx;
    struct bus *bus = NULL;
    assert_ok(cx, bus_open(cx, &bus));
    int exact = 0;
    int same = 0;
    int prefix = 0;
    int all = 0;
    struct bus_subscription *held[4];
    assert_ok(cx, bus_subscribe(bus, TEXT("video:progress:abc"), count_listener, &exact, &held[0]));
    assert_ok(cx, bus_subscribe(bus, TEXT("video:progress:abc"), count_listener, &same, &held[1]));
    assert_ok(cx, bus_subscribe(bus, TEXT("video:progress:*"), count_listener, &prefix, &held[2]));
    assert_ok(cx, bus_subscribe(bus, TEXT("*"), count_listener, &all, &held[3]));
    bus_publish(bus, TEXT("video:progress:abc"), TEXT("news"));
    bus_publish(bus, TEXT("video:progress:xyz"), TEXT("news"));
    bus_publish(bus, TEXT("video:progress"), TEXT("news"));
    assert_int_equal(exact, 1);
    assert_int_equal(same, 1);
    assert_int_equal(prefix, 2);
    assert_int_equal(all, 3);
    bus_unsubscribe(bus, held[0]);
    bus_unsubscribe(bus, held[3]);
    bus_unsubscribe(bus, NULL);
    bus_publish(bus, TEXT("video:progress:abc"), TEXT("news"));
    assert_int_equal(exact, 1);
    assert_int_equal(same, 2);
    assert_int_equal(prefix, 3);
    assert_int_equal(all, 3);
    bus_unsubscribe(bus, held[1]);
    bus_close(bus);
}

/* Listeners whose memory is freed as soon as they are unsubscribed, while others publish. */
struct storm {
    struct bus *bus;
    atomic_bool stop;
    atomic_int heard;
};

struct ear {
    struct storm *storm;
    int alive;
};

static void ear_listener(void *argument, text topic, text message) {
    struct ear *ear = argument;
    (void)topic;
    (void)message;
    if (ear->alive != 4711) abort();
    (void)atomic_fetch_add(&ear->storm->heard, 1);
}

static void *publisher(void *argument) {
    struct storm *storm = argument;
    while (!atomic_load(&storm->stop)) bus_publish(storm->bus, TEXT("t:1"), TEXT("news"));
    return NULL;
}

static void *subscriber(void *argument) {
    struct storm *storm = argument;
    for (int i = 0; i < 300; i++) {
        struct ear *ear = malloc(sizeof *ear);
        struct bus_subscription *held = NULL;
        *ear = (struct ear){.storm = storm, .alive = 4711};
        text topic = i % 2 ? TEXT("t:1") : TEXT("t:*");
        if (bus_subscribe(storm->bus, topic, ear_listener, ear, &held) != OK) abort();
        bus_unsubscribe(storm->bus, held);
        ear->alive = 0;
        free(ear);
    }
    return NULL;
}

static void test_storm(void **state) {
    struct ctx *cx = &((struct folder *)*state)->cx;
    struct storm storm = {0};
    pthread_t threads[4];
    assert_ok(cx, bus_open(cx, &storm.bus));
    struct ear ear = {.storm = &storm, .alive = 4711};
    struct bus_subscription *held = NULL;
    assert_ok(cx, bus_subscribe(storm.bus, TEXT("t:1"), ear_listener, &ear, &held));
    for (int i = 0; i < 4; i++)
        assert_int_equal(thread_start(&threads[i], "storm", i < 2 ? publisher : subscriber, &storm),
                         OK);
    thread_join(threads[2]);
    thread_join(threads[3]);
    while (atomic_load(&storm.heard) == 0) (void)sched_yield();
    atomic_store(&storm.stop, true);
    thread_join(threads[0]);
    thread_join(threads[1]);
    bus_unsubscribe(storm.bus, held);
    bus_close(storm.bus);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(test_topics),
        FOLDER_TEST(test_storm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
