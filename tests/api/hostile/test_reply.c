/* test_reply.c: what ordinary clients rely on: event streams, ranges of real files, conditions,
 * expect, proxies, the unix socket, limits per address.
 *
 * Usage: test_reply ECHO_SERVER FILE, a file of at least 100,000 bytes. */
#include "driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/scope.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { MEASURE_MEMORY = 0 };
#else
enum { MEASURE_MEMORY = 1 };
#endif

enum { LISTENERS = 400, LISTENER_KIB = 24, FILE_BYTES = 100000 };

static const char *program;
static char file_option[1024];
static char film[FILE_BYTES];

static const char events[] = "GET /events HTTP/1.1\r\nHost: a\r\n\r\n";

/* One request, one answer; the caller frees it. */
static struct answers ask(const struct echo *echo, const char *request) {
    int fd = echo_connect(echo);
    assert_true(socket_send(fd, request, strlen(request)));
    struct answers answers = answers_read(fd, 1, 10000);
    (void)close(fd);
    assert_int_equal(answers.count, 1);
    assert_true(answers.whole);
    return answers;
}

static void expect(const struct echo *echo, const char *request, int code, const char *holds) {
    struct answers answers = ask(echo, request);
    assert_int_equal(answers.codes[0], code);
    assert_non_null(answers.at);
    if (!strstr(answers.at, holds)) fail_msg("no \"%s\" in: %s", holds, answers.at);
    answers_done(&answers);
}

static const char *body_of(const struct answers *answers) {
    const char *end = strstr(answers->at, "\r\n\r\n");
    return end ? end + 4 : "";
}

static void file_part(const struct echo *echo, const char *path, const char *range, int from,
                      int size) {
    char request[256];
    (void)snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: a\r\nRange: %s\r\n\r\n", path,
                   range);
    struct answers answers = ask(echo, request);
    assert_int_equal(answers.codes[0], 206);
    assert_int_equal(answers.size - (size_t)(body_of(&answers) - answers.at), size);
    assert_memory_equal(body_of(&answers), film + from, size);
    answers_done(&answers);
}

static void ranges_of_files_are_the_right_bytes(void **state) {
    const char *options[] = {file_option, NULL};
    struct echo echo = echo_start(program, options);
    (void)state;
    file_part(&echo, "/file", "bytes=0-99", 0, 100);
    file_part(&echo, "/file", "bytes=5000-5000", 5000, 1);
    file_part(&echo, "/file", "bytes=100-99999", 100, 99900); /* too large to be copied */
    file_part(&echo, "/virtual?from=20&size=90000", "bytes=5-", 25, 89995);
    file_part(&echo, "/virtual?from=1000&size=500", "bytes=100-199", 1100, 100);
    file_part(&echo, "/virtual?from=1000&size=500", "bytes=-10", 1490, 10);
    file_part(&echo, "/virtual?from=1000&size=500", "bytes=490-9999", 1490, 10);
    expect(&echo,
           "GET /virtual?from=1000&size=500 HTTP/1.1\r\nHost: a\r\nRange: bytes=500-\r\n\r\n", 416,
           "Content-Range: bytes */500\r\n");
    expect(&echo, "GET /virtual?from=1000&size=500 HTTP/1.1\r\nHost: a\r\nRange: bytes=3-4\r\n\r\n",
           206, "Content-Range: bytes 3-4/500\r\n");
    assert_int_equal(echo_stop(&echo, ""), 0);
}

static void conditions_are_answered(void **state) {
    const char *options[] = {file_option, NULL};
    struct echo echo = echo_start(program, options);
    (void)state;
    expect(&echo, "GET /file HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"film\"\r\n\r\n", 304,
           "ETag: \"film\"");
    expect(&echo, "GET /file?size=9 HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"other\"\r\n\r\n", 200,
           "Content-Length: 9\r\n");
    expect(&echo, "GET /file HTTP/1.1\r\nHost: a\r\nIf-Match: \"other\"\r\n\r\n", 412, "");
    expect(&echo,
           "GET /file HTTP/1.1\r\nHost: a\r\n"
           "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n",
           304, "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT");
    expect(&echo,
           "GET /file?size=9 HTTP/1.1\r\nHost: a\r\nRange: bytes=1-2\r\n"
           "If-Range: \"other\"\r\n\r\n",
           200, "Content-Length: 9\r\n");
    expect(&echo,
           "GET /file?size=9 HTTP/1.1\r\nHost: a\r\nRange: bytes=1-2\r\n"
           "If-Range: \"film\"\r\n\r\n",
           206, "Content-Length: 2\r\n");
    assert_int_equal(echo_stop(&echo, ""), 0);
}

static void head_has_the_headers_and_no_body(void **state) {
    const char *options[] = {file_option, NULL};
    struct echo echo = echo_start(program, options);
    static const char request[] = "HEAD /file?size=900 HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\n"
                                  "Connection: close\r\n\r\n";
    (void)state;
    int fd = echo_connect(&echo);
    assert_true(socket_send(fd, request, sizeof request - 1));
    struct answers answers = answers_read(fd, 0, 5000);
    assert_int_equal(answers.codes[0], 200); /* ranges are for GET */
    assert_non_null(strstr(answers.at, "Content-Length: 900\r\n"));
    assert_string_equal(body_of(&answers), "");
    answers_done(&answers);
    (void)close(fd);
    assert_int_equal(echo_stop(&echo, ""), 0);
}

static void expect_continue_is_answered_before_the_body(void **state) {
    static const char *const options[] = {NULL};
    struct echo echo = echo_start(program, options);
    static const char head[] = "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
                               "Expect: 100-continue\r\n\r\n";
    char line[64] = "";
    (void)state;
    int fd = echo_connect(&echo);
    assert_true(socket_send(fd, head, sizeof head - 1));
    assert_true(recv(fd, line, 25, MSG_WAITALL) == 25);
    assert_string_equal(line, "HTTP/1.1 100 Continue\r\n\r\n");
    assert_true(socket_send(fd, "hallo", 5));
    struct answers answers = answers_read(fd, 1, 5000);
    assert_int_equal(answers.codes[0], 201);
    answers_done(&answers);
    (void)close(fd);
    assert_int_equal(echo_stop(&echo, ""), 0);
}

/* Reads until the text has come; false after 5 s or at the end. */
static bool await_text(int fd, const char *wanted) {
    char got[4096] = "";
    size_t size = 0;
    struct timeval most = {.tv_sec = 5};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
    while (!strstr(got, wanted)) {
        if (size > sizeof got / 2) size = 0;
        ssize_t part = recv(fd, got + size, sizeof got - size - 1, 0);
        if (part <= 0) return false;
        size += (size_t)part;
        got[size] = '\0';
    }
    return true;
}

static void events_come_as_they_are_pushed(void **state) {
    static const char *const options[] = {"beat_ms=150", NULL};
    struct echo echo = echo_start(program, options);
    (void)state;
    int fd = echo_connect(&echo);
    assert_true(socket_send(fd, events, sizeof events - 1));
    assert_true(await_text(fd, "id: 0\nevent: hello\ndata: first\ndata: second\n\n"));
    assert_true(await_text(fd, ":\n\n")); /* a heartbeat */
    assert_int_equal(echo_ask(&echo, "POST /push?size=7 HTTP/1.1\r\nHost: a\r\n"
                                     "Content-Length: 0\r\n\r\n"),
                     204);
    assert_true(await_text(fd, "data: xxxxxxx\n\n"));
    assert_int_equal(echo_figure(&echo, "listeners"), 1);
    (void)close(fd);
    assert_true(echo_await(&echo, "listeners", 0, 3000)); /* heard by nobody: the watchdog asks */
    assert_int_equal(echo_figure(&echo, "closed"), 1);
    assert_int_equal(echo_stop(&echo, ""), 0);
}

static void a_listener_who_does_not_read_is_dropped(void **state) {
    static const char *const options[] = {NULL};
    struct echo echo = echo_start(program, options);
    (void)state;
    int fd = echo_connect(&echo);
    assert_true(socket_send(fd, events, sizeof events - 1));
    assert_true(echo_await(&echo, "listeners", 1, 3000));
    for (int i = 0; i < 200 && echo_figure(&echo, "closed") == 0; i++)
        (void)echo_ask(&echo, "POST /push?size=4000&times=40 HTTP/1.1\r\nHost: a\r\n"
                              "Content-Length: 0\r\n\r\n");
    assert_true(echo_await(&echo, "listeners", 0, 3000));
    (void)close(fd);
    assert_int_equal(echo_stop(&echo, ""), 0);
}

static void an_idle_listener_is_cheap(void **state) {
    static const char *const options[] = {"threads=1", NULL};
    struct echo echo = echo_start(program, options);
    int fds[LISTENERS];
    (void)state;
    for (int i = 0; i < 20; i++) { /* so that the server's own first allocations don't count */
        int fd = echo_connect(&echo);
        assert_true(socket_send(fd, events, sizeof events - 1));
        assert_true(await_text(fd, "second\n\n"));
        (void)close(fd);
    }
    int64_t before_kib = echo_resident_kib(&echo);
    for (int i = 0; i < LISTENERS; i++) {
        fds[i] = echo_connect(&echo);
        assert_true(socket_send(fds[i], events, sizeof events - 1));
        assert_true(await_text(fds[i], "second\n\n"));
    }
    int64_t each_bytes = (echo_resident_kib(&echo) - before_kib) * 1024 / LISTENERS;
    print_message("an idle listener takes %d bytes\n", (int)each_bytes);
    if (MEASURE_MEMORY) assert_true(each_bytes <= LISTENER_KIB * 1024);
    assert_int_equal(echo_stop(&echo, "drain 3000\n"), 0); /* a drain ends them all */
    for (int i = 0; i < LISTENERS; i++) (void)close(fds[i]);
    assert_true(echo.completed >= LISTENERS);
    assert_int_equal(echo.begun, echo.ended);
}

static void only_listed_proxies_are_believed(void **state) {
    static const char *const none[] = {NULL};
    static const char *const listed[] = {"proxies=10.0.0.0/8 127.0.0.1", NULL};
    static const char request[] = "GET /who HTTP/1.1\r\nHost: a\r\nX-Request-Id: from-the-proxy\r\n"
                                  "X-Forwarded-For: 203.0.113.9, 198.51.100.7, 10.1.2.3\r\n\r\n";
    (void)state;
    struct echo echo = echo_start(program, none);
    expect(&echo, request, 200, "peer=127.0.0.1\n");
    assert_int_equal(echo_stop(&echo, ""), 0);
    echo = echo_start(program, listed);
    expect(&echo, request, 200, "peer=198.51.100.7\n");
    expect(&echo, request, 200, "id=from-the-proxy\n");
    expect(&echo, "GET /who HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: you\r\n\r\n", 200,
           "peer=127.0.0.1\n");
    assert_int_equal(echo_stop(&echo, ""), 0);
}

static void the_unix_socket_answers_too(void **state) {
    char option[200];
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    static const char request[] = "GET /who HTTP/1.1\r\nHost: a\r\n"
                                  "X-Forwarded-For: 2001:db8::7\r\nConnection: close\r\n\r\n";
    (void)state;
    (void)snprintf(at.sun_path, sizeof at.sun_path, "/tmp/hostile-%d.sock", (int)getpid());
    (void)snprintf(option, sizeof option, "unix=%s", at.sun_path);
    const char *options[] = {option, NULL};
    struct echo echo = echo_start(program, options);
    scoped(scope_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_true(socket_send(fd, request, sizeof request - 1));
    struct answers answers = answers_read(fd, 0, 5000);
    assert_int_equal(answers.codes[0], 200);
    assert_non_null(strstr(answers.at, "peer=2001:db8::7\n"));
    answers_done(&answers);
    assert_int_equal(echo_stop(&echo, "drain 1000\n"), 0);
    assert_int_equal(access(at.sun_path, F_OK), -1); /* and is gone afterwards */
}

/* An address of this machine that isn't the loopback's. */
static bool other_address(struct in_addr *out) {
    struct ifaddrs *all = NULL;
    bool found = false;
    if (getifaddrs(&all) != 0) return false;
    for (const struct ifaddrs *one = all; one && !found; one = one->ifa_next) {
        if (!one->ifa_addr || one->ifa_addr->sa_family != AF_INET) continue;
        *out = ((const struct sockaddr_in *)(const void *)one->ifa_addr)->sin_addr;
        found = (ntohl(out->s_addr) >> 24) != 127;
    }
    freeifaddrs(all);
    return found;
}

static int ask_from(const struct echo *echo, struct in_addr from, int *out_fd) {
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(echo->port), .sin_addr = from};
    static const char request[] = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *out_fd = fd;
    if (connect(fd, (const struct sockaddr *)&at, sizeof at) != 0) return 0;
    (void)socket_send(fd, request, sizeof request - 1);
    struct answers answers = answers_read(fd, 1, 3000);
    int code = answers.count ? answers.codes[0] : 0;
    answers_done(&answers);
    return code;
}

static void one_address_may_not_take_all_connections(void **state) {
    static const char *const options[] = {"any=1", "per_address=5", NULL};
    struct in_addr from = {0};
    int fds[8];
    (void)state;
    if (!other_address(&from)) skip();
    struct echo echo = echo_start(program, options);
    for (int i = 0; i < 8; i++) assert_int_equal(ask_from(&echo, from, &fds[i]), i < 5 ? 200 : 0);
    assert_int_equal(echo_ask(&echo, "GET /health HTTP/1.1\r\nHost: a\r\n\r\n"), 200);
    for (int i = 0; i < 8; i++) (void)close(fds[i]);
    assert_true(echo_await(&echo, "connections", 1, 3000));
    assert_int_equal(ask_from(&echo, from, &fds[0]), 200); /* those gone make room */
    (void)close(fds[0]);
    assert_int_equal(echo_stop(&echo, ""), 0);
}

int main(int count, char **words) {
    if (count != 3) return 2;
    program = words[1];
    (void)snprintf(file_option, sizeof file_option, "file=%s", words[2]);
    FILE *file = fopen(words[2], "rbe");
    if (!file || fread(film, 1, sizeof film, file) != sizeof film) return 2;
    (void)fclose(file);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_of_files_are_the_right_bytes),
        cmocka_unit_test(conditions_are_answered),
        cmocka_unit_test(head_has_the_headers_and_no_body),
        cmocka_unit_test(expect_continue_is_answered_before_the_body),
        cmocka_unit_test(events_come_as_they_are_pushed),
        cmocka_unit_test(a_listener_who_does_not_read_is_dropped),
        cmocka_unit_test(an_idle_listener_is_cheap),
        cmocka_unit_test(only_listed_proxies_are_believed),
        cmocka_unit_test(the_unix_socket_answers_too),
        cmocka_unit_test(one_address_may_not_take_all_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
