/* api_fixture.h: a real server with a dispatcher over test routes, and a client of a few lines.
 *
 * Owns: the server, its cache and one arena for a test; replies are texts in that arena. Each
 * request has its own connection. Threads: tests run on one; handlers on the server's workers. */
#ifndef TESTS_UNIT_API_FIXTURE_H
#define TESTS_UNIT_API_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/api.h"
#include "base/scope.h"
#include "store/cache/cache.h"

#include <stdatomic.h>

/** What a test gets as its state. */
struct api_fixture {
    struct ctx cx;
    struct api *api;
    struct http_server *server;
    struct cache *cache;
    char contract[64]; /**< Path of the contract log. */
};

/** What the streamed routes saw; reset for each test. */
struct stream_seen {
    _Atomic int opened, broken, ended, ran;
    _Atomic int64_t bytes;
    _Atomic uint64_t sum; /**< Sum over position-weighted bytes, so that order counts. */
    char title[64];
    char filename[64];
    char filetype[64];
};
extern struct stream_seen stream_seen;

/** What the observer was told last, and how often. */
struct observed {
    _Atomic int count;
    _Atomic int code;
    char route[64];
    char user[32];
};
extern struct observed observed;

/** Starts a server over the test's routes; `change` may alter the options before. */
int fixture_open(void **state, void (*change)(struct api_options *options));
int fixture_close(void **state);

/** A reply as it came. */
struct reply {
    int code;
    text head; /**< Status line and headers. */
    text body;
};

/** Sends the bytes and reads until the server closes. Fails the test when there is no reply. */
struct reply fixture_send(struct api_fixture *fixture, text request);

/** The same in pieces, with a pause between them, so that the server reads them apart. */
struct reply fixture_send_cut(struct api_fixture *fixture, text request, size_t piece);

/** Sends the bytes and closes without reading. */
void fixture_send_and_go(struct api_fixture *fixture, text request);

/** printf of a request line with headers; adds Host, Connection: close and, with a body, its
 * length. */
struct reply fixture_ask(struct api_fixture *fixture, const char *line, const char *headers,
                         const char *body);

/** A reply header's value, or the absent text. */
text reply_header(const struct reply *reply, const char *name);

/** The body holds these bytes. */
bool reply_says(const struct reply *reply, const char *bytes);

/** Waits until the counter has the value, at most two seconds. */
bool wait_for(_Atomic int *counter, int value);

#endif
