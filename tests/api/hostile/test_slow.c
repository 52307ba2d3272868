/* test_slow.c: peers that take their time, with the server's time-outs set short: drips, idle
 * connections, slow writers behind fast senders.
 *
 * Usage: test_slow ECHO_SERVER. */
#include "driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { MEASURE_MEMORY = 0 };
#else
enum { MEASURE_MEMORY = 1 };
#endif

enum { HEAD_MS = 400, IDLE_MS = 1200, PIECE = 1 << 20 };

static const char *program;
static const char *const quick[] = {"head_ms=400", "idle_ms=1200", "rate=1000", NULL};
static const char health[] = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";

/* Sends a byte each `gap_ms` until the server ends the connection; how long that took, or -1. */
static int64_t drip(int fd, const char *bytes, int gap_ms, int64_t most_ms) {
    int64_t began_ms = clock_ticks_ms();
    for (size_t i = 0; clock_ticks_ms() - began_ms < most_ms; i++) {
        struct pollfd poll_for = {.fd = fd, .events = POLLIN};
        char byte = bytes[i] ? bytes[i] : 'x';
        if (!bytes[i]) bytes -= 1; /* stay at the last byte */
        if (!socket_send(fd, &byte, 1)) return clock_ticks_ms() - began_ms;
        if (poll(&poll_for, 1, gap_ms) > 0) return clock_ticks_ms() - began_ms;
    }
    return -1;
}

static void a_head_that_drips_is_cut(void **state) {
    struct echo echo = echo_start(program, quick);
    int fd = echo_connect(&echo);
    int64_t took_ms = drip(fd, "GET /health HTTP/1.1\r\nHost: a\r\nX-A: ", 20, 5000);
    (void)state;
    (void)close(fd);
    assert_in_range(took_ms, HEAD_MS / 2, HEAD_MS * 4);
    assert_int_equal(echo_stop(&echo, ""), 0);
}

static void a_later_head_that_drips_is_cut_too(void **state) {
    struct echo echo = echo_start(program, quick);
    int fd = echo_connect(&echo);
    (void)state;
    assert_true(socket_send(fd, health, sizeof health - 1));
    struct answers answers = answers_read(fd, 1, 3000);
    assert_int_equal(answers.count, 1);
    answers_done(&answers);
    clock_sleep_ms(150); /* so that the watchdog has seen it idle */
    int64_t took_ms = drip(fd, "GET /health", 20, 5000);
    (void)close(fd);
    assert_in_range(took_ms, HEAD_MS / 2, IDLE_MS - 1);
    assert_int_equal(echo_stop(&echo, ""), 0);
}

static void an_idle_connection_is_kept_for_its_time(void **state) {
    struct echo echo = echo_start(program, quick);
    int fd = echo_connect(&echo);
    (void)state;
    for (int i = 0; i < 3; i++) { /* each request begins the time anew */
        assert_true(socket_send(fd, health, sizeof health - 1));
        struct answers answers = answers_read(fd, 1, 3000);
        assert_int_equal(answers.count, 1);
        assert_false(answers.closed);
        answers_done(&answers);
        clock_sleep_ms(IDLE_MS / 2);
    }
    int64_t began_ms = clock_ticks_ms();
    struct answers answers = answers_read(fd, 0, 5000);
    assert_true(answers.closed);
    assert_in_range(clock_ticks_ms() - began_ms, 0, IDLE_MS * 2);
    answers_done(&answers);
    (void)close(fd);
    assert_int_equal(echo_stop(&echo, ""), 0);
}

static void body_drips(const char *path, int gap_ms, bool cut) {
    struct echo echo = echo_start(program, quick);
    char head[128];
    int fd = echo_connect(&echo);
    (void)snprintf(head, sizeof head,
                   "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n", path);
    assert_true(socket_send(fd, head, strlen(head)));
    int64_t took_ms = drip(fd, "x", gap_ms, HEAD_MS * 6);
    (void)close(fd);
    if (cut)
        assert_in_range(took_ms, HEAD_MS, HEAD_MS * 8);
    else
        assert_int_equal(took_ms, -1);
    assert_int_equal(echo_stop(&echo, ""), 0);
}

static void a_body_below_the_least_rate_is_cut(void **state) {
    (void)state;
    body_drips("/echo", 20, true);
    body_drips("/upload", 20, true);
    body_drips("/nothing", 20, true);
}

/* 100 bytes at a time, 5,000 a second. */
static void a_body_above_the_least_rate_is_not(void **state) {
    struct echo echo = echo_start(program, quick);
    static const char head[] = "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n";
    char bytes[100];
    int fd = echo_connect(&echo);
    (void)state;
    memset(bytes, 'x', sizeof bytes);
    assert_true(socket_send(fd, head, sizeof head - 1));
    for (int i = 0; i < 100; i++) {
        assert_true(socket_send(fd, bytes, sizeof bytes));
        clock_sleep_ms(20);
    }
    struct answers answers = answers_read(fd, 1, 5000);
    assert_int_equal(answers.codes[0], 201);
    answers_done(&answers);
    (void)close(fd);
    assert_int_equal(echo_stop(&echo, ""), 0);
}

static void chunk_send(int fd, const char *piece, int64_t pieces) {
    for (int64_t i = 0; i < pieces; i++) assert_true(socket_send(fd, piece, PIECE));
}

/* The sender could push gigabytes a second, the writer takes 50 MB: the rest must wait in TCP. */
static void a_slow_writer_holds_a_fast_sender_back(void **state) {
    static const char *const options[] = {"threads=1", NULL};
    static const char head[] =
        "POST /upload/slow HTTP/1.1\r\nHost: a\r\nContent-Length: 83886080\r\n\r\n";
    struct echo echo = echo_start(program, options);
    char *piece = calloc(1, PIECE);
    int fd = echo_connect(&echo);
    (void)state;
    assert_non_null(piece);
    assert_int_equal(echo_ask(&echo, health), 200);
    int64_t before_kib = echo_resident_kib(&echo);
    assert_true(socket_send(fd, head, sizeof head - 1));
    chunk_send(fd, piece, 40);
    assert_int_equal(echo_ask(&echo, health), 200); /* others aren't held up */
    int64_t during_kib = echo_resident_kib(&echo);
    chunk_send(fd, piece, 40);
    struct answers answers = answers_read(fd, 1, 20000);
    assert_int_equal(answers.codes[0], 201);
    assert_non_null(strstr(answers.at, "{\"bytes\":83886080,\"sum\":0}"));
    answers_done(&answers);
    (void)close(fd);
    free(piece);
    print_message("an upload of 80 MiB grew the server by %d KiB\n",
                  (int)(during_kib - before_kib));
    if (MEASURE_MEMORY) assert_true(during_kib - before_kib < 4 * 1024);
    assert_int_equal(echo_stop(&echo, ""), 0);
}

/* A refused sender who goes on sending still gets to read why. */
static void a_sender_refused_in_mid_body_reads_the_reply(void **state) {
    static const char *const paths[] = {"/upload/full", "/upload/closed", "/upload/capped",
                                        "/nothing"};
    static const int codes[] = {507, 403, 413, 404};
    struct echo echo = echo_start(program, quick);
    char *piece = calloc(1, PIECE);
    (void)state;
    assert_non_null(piece);
    for (size_t i = 0; i < 4; i++) {
        char head[128];
        int fd = echo_connect(&echo);
        (void)snprintf(head, sizeof head,
                       "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999\r\n\r\n",
                       paths[i]);
        assert_true(socket_send(fd, head, strlen(head)));
        for (int pieces = 0; pieces < 8; pieces++) (void)socket_send(fd, piece, PIECE);
        struct answers answers = answers_read(fd, 1, 5000);
        assert_int_equal(answers.count, 1);
        assert_int_equal(answers.codes[0], codes[i]);
        assert_true(answers.whole);
        answers_done(&answers);
        (void)close(fd);
    }
    free(piece);
    assert_true(echo_await(&echo, "active", 1, 5000));
    assert_int_equal(echo_figure(&echo, "broken"), 1); /* only /upload/full had been opened */
    assert_int_equal(echo_stop(&echo, ""), 0);
}

int main(int count, char **words) {
    if (count != 2) return 2;
    program = words[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_that_drips_is_cut),
        cmocka_unit_test(a_later_head_that_drips_is_cut_too),
        cmocka_unit_test(an_idle_connection_is_kept_for_its_time),
        cmocka_unit_test(a_body_below_the_least_rate_is_cut),
        cmocka_unit_test(a_body_above_the_least_rate_is_not),
        cmocka_unit_test(a_slow_writer_holds_a_fast_sender_back),
        cmocka_unit_test(a_sender_refused_in_mid_body_reads_the_reply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
