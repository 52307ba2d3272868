/* test_storm.c: many at once: connections cut at random points, more work than workers, a drain
 * under load.
 *
 * What the clients saw is held against what the server counted: each exchange that began must have
 * ended, and at a drain each one must have been answered. Usage: test_storm ECHO_SERVER FILE. */
#include "driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/thread.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STORM = 600, AT_ONCE = 40, CLIENTS = 12, BODY = 300000 };

static const char *program;
static char file_option[1024];

/* What is begun and then left: in the head, in the body, while a worker has it, in the reply. */
static const char *const beginnings[] = {
    "GET /health HTTP/1.1\r\nHost: a\r\n",
    "GET /work?ms=20 HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /file HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /events HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n",
    "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n",
    "POST /upload/slow HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n",
    "POST /upload/full HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n",
    "POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n493e0\r\n",
    "GET /health HTTP/1.1\r\nHost: a\r\n\r\nGET /work?ms=5 HTTP/1.1\r\nHost: a\r\n\r\n",
};

static int storm_begin(const struct echo *echo, const char *body) {
    const char *head = beginnings[random_below(sizeof beginnings / sizeof beginnings[0])];
    size_t size = strlen(head);
    int fd = echo_connect(echo);
    if (random_below(4) == 0) {
        (void)socket_send(fd, head, random_below((uint32_t)size + 1));
        return fd;
    }
    (void)socket_send(fd, head, size);
    if (head[0] == 'P') (void)send(fd, body, random_below(BODY), MSG_NOSIGNAL | MSG_DONTWAIT);
    return fd;
}

/* Half of them with a reset instead of a proper end. */
static void storm_end(int fd) {
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    if (random_below(2)) (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    (void)close(fd);
}

static void cut_connections_leave_nothing_behind(void **state) {
    const char *options[] = {"threads=2", "workers=3", file_option, "beat_ms=200", NULL};
    struct echo echo = echo_start(program, options);
    char *body = calloc(1, BODY);
    int fds[AT_ONCE];
    (void)state;
    assert_non_null(body);
    for (int i = 0; i < AT_ONCE; i++) fds[i] = -1;
    for (int i = 0; i < STORM; i++) {
        uint32_t at = random_below(AT_ONCE);
        if (fds[at] >= 0) storm_end(fds[at]);
        fds[at] = storm_begin(&echo, body);
    }
    for (int i = 0; i < AT_ONCE; i++) {
        if (fds[i] >= 0) storm_end(fds[i]);
    }
    free(body);
    assert_int_equal(echo_ask(&echo, "GET /health HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
    assert_true(echo_await(&echo, "active", 1, 10000));
    assert_true(echo_await(&echo, "connections", 1, 10000));
    assert_int_equal(echo_figure(&echo, "listeners"), 0);
    assert_int_equal(echo_stop(&echo, "drain 5000\n"), 0);
    assert_int_equal(echo.begun, echo.ended);
}

/* The same cut short: the server is ended while they run. */
static void a_server_may_be_ended_in_the_middle_of_it(void **state) {
    char *body = calloc(1, BODY);
    (void)state;
    assert_non_null(body);
    for (int round = 0; round < 8; round++) {
        const char *options[] = {"threads=2", "workers=2", file_option, NULL};
        struct echo echo = echo_start(program, options);
        int fds[AT_ONCE];
        for (int i = 0; i < AT_ONCE; i++) fds[i] = storm_begin(&echo, body);
        clock_sleep_ms(random_below(30));
        assert_int_equal(echo_stop(&echo, round % 2 ? "drain 100\n" : ""), 0);
        assert_int_equal(echo.begun, echo.ended);
        for (int i = 0; i < AT_ONCE; i++) (void)close(fds[i]);
    }
    free(body);
}

static void more_work_than_workers_is_refused_in_time(void **state) {
    static const char *const options[] = {"threads=1", "workers=1", "queue=2", NULL};
    static const char work[] = "GET /work?ms=800 HTTP/1.1\r\nHost: a\r\n\r\n";
    struct echo echo = echo_start(program, options);
    int fds[8];
    int worked = 0;
    int refused = 0;
    (void)state;
    for (int i = 0; i < 8; i++) {
        fds[i] = echo_connect(&echo);
        assert_true(socket_send(fds[i], work, sizeof work - 1));
        clock_sleep_ms(5);
    }
    int64_t began_ms = clock_ticks_ms();
    assert_int_equal(echo_ask(&echo, "GET /health HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
    assert_true(clock_ticks_ms() - began_ms < 700); /* a poll thread doesn't wait for workers */
    for (int i = 0; i < 8; i++) {
        struct answers answers = answers_read(fds[i], 1, 10000);
        assert_int_equal(answers.count, 1);
        worked += answers.codes[0] == 200;
        if (answers.codes[0] == 503) {
            refused++;
            assert_non_null(strstr(answers.at, "Retry-After: 1\r\n"));
        }
        answers_done(&answers);
        (void)close(fds[i]);
    }
    assert_int_equal(worked, 3); /* one at work and two in the queue */
    assert_int_equal(refused, 5);
    assert_int_equal(echo_stop(&echo, ""), 0);
}

struct clients {
    const struct echo *echo;
    _Atomic int64_t answered;
    _Atomic int64_t broken;  /* an answer that began and didn't end */
    _Atomic int64_t refused; /* answered, but with an error */
    _Atomic bool wrong;      /* and that wasn't 503 */
};

/* Asks on one connection, as fast as answers come, until the server has no more. */
static void *client(void *argument) {
    struct clients *clients = argument;
    static const char *const requests[] = {
        "GET /work?ms=15 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /health HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /upload/slow HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhallo",
        "GET /file HTTP/1.1\r\nHost: a\r\n\r\n",
    };
    int fd = echo_connect(clients->echo);
    for (size_t i = 0;; i++) {
        const char *request = requests[(i + (size_t)fd) % 4];
        if (!socket_send(fd, request, strlen(request))) break;
        struct answers answers = answers_read(fd, 1, 10000);
        bool whole = answers.count == 1 && answers.whole;
        if (whole)
            atomic_fetch_add(&clients->answered, 1);
        else if (answers.size)
            atomic_fetch_add(&clients->broken, 1);
        if (whole && answers.codes[0] >= 300) atomic_fetch_add(&clients->refused, 1);
        if (whole && answers.codes[0] >= 300 && answers.codes[0] != 503)
            atomic_store(&clients->wrong, true);
        answers_done(&answers);
        if (!whole) break;
    }
    (void)close(fd);
    return NULL;
}

static void a_drain_answers_all_that_has_begun(void **state) {
    (void)state;
    for (int round = 0; round < 4; round++) {
        const char *options[] = {"threads=2", "workers=4", file_option, NULL};
        struct echo echo = echo_start(program, options);
        struct clients clients = {.echo = &echo};
        pthread_t threads[CLIENTS];
        for (int i = 0; i < CLIENTS; i++)
            assert_int_equal(thread_start(&threads[i], "client", client, &clients), OK);
        clock_sleep_ms(150 + 40 * round);
        assert_int_equal(echo_stop(&echo, "drain 10000\n"), 0);
        for (int i = 0; i < CLIENTS; i++) thread_join(threads[i]);
        assert_true(echo.begun > CLIENTS);
        assert_int_equal(echo.begun, echo.ended);
        assert_int_equal(echo.begun, echo.completed);
        assert_int_equal(clients.answered - clients.refused, echo.completed);
        assert_int_equal(clients.broken, 0);
        /* A request that comes just when its idle connection is cut is told so. */
        assert_false(clients.wrong);
    }
}

/* Work that is longer than the grace is cut, but the drain ends in time. */
static void a_drain_ends_with_its_grace(void **state) {
    static const char *const options[] = {"workers=2", NULL};
    struct echo echo = echo_start(program, options);
    static const char stalled[] = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhal";
    int fd = echo_connect(&echo);
    (void)state;
    assert_true(socket_send(fd, stalled, sizeof stalled - 1));
    clock_sleep_ms(50);
    int64_t began_ms = clock_ticks_ms();
    assert_int_equal(echo_stop(&echo, "drain 300\n"), 0);
    assert_in_range(clock_ticks_ms() - began_ms, 290, 2000);
    assert_int_equal(echo.begun, 1);
    assert_int_equal(echo.completed, 0);
    (void)close(fd);
}

int main(int count, char **words) {
    if (count != 3 || random_open() != OK) return 2;
    program = words[1];
    (void)snprintf(file_option, sizeof file_option, "file=%s", words[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_connections_leave_nothing_behind),
        cmocka_unit_test(a_server_may_be_ended_in_the_middle_of_it),
        cmocka_unit_test(more_work_than_workers_is_refused_in_time),
        cmocka_unit_test(a_drain_answers_all_that_has_begun),
        cmocka_unit_test(a_drain_ends_with_its_grace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
