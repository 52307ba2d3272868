/* driver.c: see driver.h. */
#include "driver.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char *what) {
    (void)fprintf(stderr, "driver: %s: %s\n", what, strerror(errno));
    exit(99);
}

static void child(const char *program, const char *const *options, int in, int out) {
    char *words[12] = {(char *)(uintptr_t)program};
    for (int i = 0; options[i] && i < 10; i++) words[i + 1] = (char *)(uintptr_t)options[i];
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0) _exit(98);
    (void)execv(program, words);
    _exit(98);
}

static uint16_t port_read(int fd) {
    char line[32] = "";
    for (size_t at = 0; at + 1 < sizeof line; at++) {
        if (read(fd, line + at, 1) != 1 || line[at] == '\n') break;
    }
    long port = strncmp(line, "port ", 5) == 0 ? strtol(line + 5, NULL, 10) : 0;
    if (port <= 0) fail("the server didn't start");
    return (uint16_t)port;
}

struct echo echo_start(const char *program, const char *const *options) {
    int in[2];
    int out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) fail("pipe");
    (void)signal(SIGPIPE, SIG_IGN);
    pid_t pid = fork();
    if (pid < 0) fail("fork");
    if (pid == 0) child(program, options, in[0], out[1]);
    (void)close(in[0]);
    (void)close(out[1]);
    struct echo echo = {.pid = pid, .in = in[1], .out = out[0]};
    echo.port = port_read(echo.out);
    return echo;
}

static void last_words(struct echo *echo) {
    char line[256] = "";
    ssize_t got = read(echo->out, line, sizeof line - 1);
    if (got <= 0 || sscanf(line, "begun %" SCNd64 " ended %" SCNd64 " completed %" SCNd64,
                           &echo->begun, &echo->ended, &echo->completed) != 3)
        echo->begun = -1;
}

int echo_stop(struct echo *echo, const char *word) {
    int state = 0;
    if (write(echo->in, word, strlen(word)) < 0) state = -1;
    (void)close(echo->in);
    if (waitpid(echo->pid, &state, 0) != echo->pid) fail("waitpid");
    last_words(echo);
    (void)close(echo->out);
    return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

int echo_connect(const struct echo *echo) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(echo->port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) != 0) fail("connect");
    return fd;
}

bool socket_send(int fd, const void *bytes, size_t size) {
    const char *at = bytes;
    while (size) {
        ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        at += sent;
        size -= (size_t)sent;
    }
    return true;
}

/* Length of the answer at `at`: -1 when it isn't complete. Sets the code. */
static ptrdiff_t answer_length(const char *at, size_t size, int *out_code) {
    const char *end = memmem(at, size, "\r\n\r\n", 4);
    *out_code = 0;
    if (size < 12 || strncmp(at, "HTTP/1.1 ", 9) != 0) return -1;
    *out_code = (int)strtol(at + 9, NULL, 10);
    if (!end) return -1;
    ptrdiff_t head = end + 4 - at;
    const char *length = strcasestr(at, "\r\nContent-Length:");
    long body = length && length < end ? strtol(length + 17, NULL, 10) : 0;
    if (*out_code == 304 || *out_code == 204) body = 0;
    return (size_t)(head + body) <= size ? head + body : -1;
}

static void answers_parse(struct answers *answers) {
    const char *at = answers->at;
    size_t left = answers->size;
    answers->count = 0;
    answers->whole = true;
    while (at && left && answers->count < ANSWERS) {
        int code = 0;
        ptrdiff_t length = answer_length(at, left, &code);
        if (code != 100 && code != 0) answers->codes[answers->count++] = code;
        if (length < 0) {
            answers->whole = false;
            return;
        }
        at += length;
        left -= (size_t)length;
    }
}

/* Reads once; false at the end of time or of the connection. */
static bool answers_more(int fd, struct answers *answers, size_t *room, int64_t until_ms) {
    struct pollfd poll_for = {.fd = fd, .events = POLLIN};
    int64_t left_ms = until_ms - clock_ticks_ms();
    if (left_ms <= 0 || poll(&poll_for, 1, (int)left_ms) <= 0) return false;
    if (answers->size + 65536 > *room) {
        *room = *room ? *room * 2 : 131072;
        answers->at = realloc(answers->at, *room);
        if (!answers->at) fail("realloc");
    }
    ssize_t got = recv(fd, answers->at + answers->size, 65535, 0);
    if (got <= 0) {
        answers->closed = true;
        return false;
    }
    answers->size += (size_t)got;
    answers->at[answers->size] = '\0';
    return true;
}

struct answers answers_read(int fd, int count, int timeout_ms) {
    struct answers answers = {0};
    size_t room = 0;
    int64_t until_ms = clock_ticks_ms() + timeout_ms;
    while (answers_more(fd, &answers, &room, until_ms)) {
        if (count == 0) continue;
        answers_parse(&answers);
        if (answers.count >= count && answers.whole) return answers;
    }
    if (answers.at) answers_parse(&answers);
    return answers;
}

void answers_done(struct answers *answers) {
    free(answers->at);
    *answers = (struct answers){0};
}

int echo_ask(const struct echo *echo, const char *request) {
    int fd = echo_connect(echo);
    (void)socket_send(fd, request, strlen(request));
    struct answers answers = answers_read(fd, 1, 10000);
    int code = answers.count && answers.whole ? answers.codes[0] : 0;
    answers_done(&answers);
    (void)close(fd);
    return code;
}

int64_t echo_figure(const struct echo *echo, const char *name) {
    static const char request[] = "GET /figures HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    char quoted[64];
    int fd = echo_connect(echo);
    (void)socket_send(fd, request, sizeof request - 1);
    struct answers answers = answers_read(fd, 1, 10000);
    (void)snprintf(quoted, sizeof quoted, "\"%s\":", name);
    const char *found = answers.at ? strstr(answers.at, quoted) : NULL;
    int64_t value = found ? strtoll(found + strlen(quoted), NULL, 10) : -1;
    answers_done(&answers);
    (void)close(fd);
    return value;
}

bool echo_await(const struct echo *echo, const char *name, int64_t value, int timeout_ms) {
    int64_t until_ms = clock_ticks_ms() + timeout_ms;
    while (echo_figure(echo, name) != value) {
        if (clock_ticks_ms() > until_ms) return false;
        clock_sleep_ms(20);
    }
    return true;
}

int64_t echo_resident_kib(const struct echo *echo) {
    char path[64];
    char line[256];
    int64_t kib = -1;
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)echo->pid);
    FILE *status_file = fopen(path, "re");
    if (!status_file) return -1;
    while (fgets(line, sizeof line, status_file)) {
        if (strncmp(line, "VmRSS:", 6) == 0) kib = strtoll(line + 6, NULL, 10);
    }
    (void)fclose(status_file);
    return kib;
}
