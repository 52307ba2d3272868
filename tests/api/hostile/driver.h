/* driver.h: what the tests of the HTTP server share: starting echo_server, raw sockets, reading
 * answers.
 *
 * Owns the started process until echo_stop. All waits are bounded; failing to start or to connect
 * ends the test program, as nothing could be shown without. Threads: any, an answers struct has one
 * owner. */
#ifndef TESTS_HOSTILE_DRIVER_H
#define TESTS_HOSTILE_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** A running echo_server. */
struct echo {
    pid_t pid;
    int in;  /**< Its standard input. */
    int out; /**< Its standard output. */
    uint16_t port;
    int64_t begun, ended, completed; /**< Of all exchanges, set by echo_stop. */
};

/** Most answers that are told apart on one connection. */
enum { ANSWERS = 16 };

/** What came back on a connection. */
struct answers {
    int codes[ANSWERS];
    int count;
    bool whole;  /**< The last answer's body was complete. */
    bool closed; /**< The server ended the connection (also by a reset) before the time was up. */
    char *at;    /**< All bytes, NUL-terminated; freed by answers_done. */
    size_t size;
};

/** Starts the program with up to 8 options ("workers=2", …), NULL-terminated. */
struct echo echo_start(const char *program, const char *const *options);

/** Says `word` ("drain 5000\n", or "" to end at once), waits for the end and returns the exit code;
 * 3 means that a begun exchange was never ended, 128 and more a signal. */
int echo_stop(struct echo *echo, const char *word);

/** A connected socket. */
int echo_connect(const struct echo *echo);

/** Sends all bytes; false when the peer has gone. */
bool socket_send(int fd, const void *bytes, size_t size);

/** Reads until the server closes, `count` whole answers have come (0 = any number) or time is up.
 */
struct answers answers_read(int fd, int count, int timeout_ms);
void answers_done(struct answers *answers);

/** Sends one request text on a new connection, reads one answer and closes: its code, 0 for none.
 */
int echo_ask(const struct echo *echo, const char *request);

/** A figure of GET /figures by its name, or -1. */
int64_t echo_figure(const struct echo *echo, const char *name);

/** Waits until the figure has that value; false after the time. */
bool echo_await(const struct echo *echo, const char *name, int64_t value, int timeout_ms);

/** Resident memory of the server in KiB. */
int64_t echo_resident_kib(const struct echo *echo);

#endif
