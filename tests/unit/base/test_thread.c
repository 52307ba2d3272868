/* test_thread.c: locks, conditions with deadlines, and log lines that stay whole. */
#include "harness.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/record.h"
#include "base/thread.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { THREADS = 4, ROUNDS = 500 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int counter;

static void *count_up(void *argument) {
    (void)argument;
    for (int i = 0; i < ROUNDS; i++) {
        LOCKED(&mutex);
        counter++;
    }
    return NULL;
}

static void locks_exclude(void **state) {
    (void)state;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(thread_start(&threads[i], "count", count_up, NULL), OK);
    }
    for (int i = 0; i < THREADS; i++) thread_join(threads[i]);
    assert_int_equal(counter, THREADS * ROUNDS);
}

static void waiting_ends_at_the_deadline(void **state) {
    (void)state;
    pthread_cond_t condition;
    condition_init(&condition);
    int64_t deadline_ms = clock_ticks_ms() + 20;
    LOCKED(&mutex);
    while (condition_wait(&condition, &mutex, deadline_ms)) continue;
    assert_true(clock_ticks_ms() >= deadline_ms);
    (void)pthread_cond_destroy(&condition);
}

static void *write_lines(void *argument) {
    (void)argument;
    for (int i = 0; i < 50; i++) {
        log_event(LOG_LEVEL_INFO, "line\nwith \"odd\" bytes \xFF", LOG_INT("number", i),
                  LOG_TEXT("nothing", NO_TEXT), LOG_INT("none", NO_INT),
                  LOG_TEXT("text", TEXT("a\tb")));
    }
    return NULL;
}

static void log_lines_are_whole_json(void **state) {
    (void)state;
    FILE *file = tmpfile();
    assert_non_null(file);
    /* Appending is what lets several writers share a file. */
    assert_int_equal(fcntl(fileno(file), F_SETFL, O_APPEND), 0);
    log_open("test", LOG_LEVEL_INFO, fileno(file));
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(thread_start(&threads[i], "log", write_lines, NULL), OK);
    }
    for (int i = 0; i < THREADS; i++) thread_join(threads[i]);
    log_event(LOG_LEVEL_DEBUG, "not written", LOG_INT("x", 1));
    log_open("test", LOG_LEVEL_INFO, STDERR_FILENO);
    rewind(file);
    char line[4096];
    int lines = 0;
    while (fgets(line, sizeof line, file)) {
        json_t *json = json_loads(line, 0, NULL);
        assert_non_null(json);
        assert_string_equal(json_string_value(json_object_get(json, "service")), "test");
        assert_non_null(json_object_get(json, "timestamp"));
        assert_null(json_object_get(json, "none"));
        assert_null(json_object_get(json, "nothing"));
        json_decref(json);
        lines++;
    }
    (void)fclose(file);
    assert_int_equal(lines, THREADS * 50);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(locks_exclude),
        cmocka_unit_test(waiting_ends_at_the_deadline),
        cmocka_unit_test(log_lines_are_whole_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
