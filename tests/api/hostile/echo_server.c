/* echo_server.c: a small application on the real HTTP server, for the tests of src/net and its
 * bench.
 *
 * Owns one server. It is no mock of Matinee: it has just the routes that show each way through the
 * server. Started with options (see usage); prints "port N" when it listens; "drain MS" on standard
 * input drains and ends it, the end of standard input ends it at once.
 * Routes: GET /health inline; GET /work?ms= on a worker; GET /file?size= and /virtual?from=&size=
 * from a file; GET /bytes; POST /echo whole; POST /upload stream, counting, with /slow and /fail
 * beside it; GET /events; GET /figures; GET /who. Threads: those of the server. */
#include "base/clock.h"
#include "base/random.h"
#include "base/scope.h"
#include "base/thread.h"
#include "net/http.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { BODY_CAP_BYTES = 1 << 20, LISTENERS = 4096, RING_BYTES = 8192 };

struct upload {
    int64_t received_bytes;
    uint32_t checksum;
};

struct listener {
    struct event_stream *stream;
    bool taken;
};

static struct {
    struct http_server *server;
    const char *file;
    pthread_mutex_t lock;
    struct listener listeners[LISTENERS];
    _Atomic int64_t begun, ended, completed, broken, closed, kept_bytes;
} echo = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int64_t number_of(struct http_exchange *exchange, const char *name, int64_t otherwise) {
    text value = NO_TEXT;
    int64_t number = otherwise;
    if (http_query(exchange, name, &value) != OK || !value.at) return otherwise;
    return text_to_int(value, &number) == OK ? number : otherwise;
}

static void say(struct http_exchange *exchange, int code, const char *type, text bytes) {
    exchange->reply.code = code;
    exchange->reply.kind = HTTP_BODY_BYTES;
    exchange->reply.content_type = text_of(type);
    exchange->reply.bytes = bytes;
}

static void say_failed(struct http_exchange *exchange, int code) {
    say(exchange, code, "text/plain", text_of(exchange->cx.fault.detail));
}

static void file_reply(struct http_exchange *exchange, int64_t from, int64_t size) {
    struct http_reply *reply = &exchange->reply;
    int fd = open(echo.file, O_RDONLY | O_CLOEXEC);
    struct stat is;
    if (fd < 0 || fstat(fd, &is) != 0) {
        if (fd >= 0) (void)close(fd);
        say(exchange, 404, "text/plain", TEXT("no file"));
        return;
    }
    reply->kind = HTTP_BODY_FILE;
    reply->fd = fd;
    reply->content_type = TEXT("video/mp4");
    reply->file_offset_bytes = from;
    reply->file_size_bytes = size > 0 ? size : is.st_size - from;
    reply->etag = TEXT("\"film\"");
    reply->modified_ms = 784111777000; /* the date of RFC 9110's examples */
    reply->cache_control = TEXT("public, max-age=60");
}

static void listener_closed(void *argument) {
    struct listener *listener = argument;
    LOCKED(&echo.lock);
    listener->stream = NULL;
    listener->taken = false;
    atomic_fetch_add(&echo.closed, 1);
}

static struct listener *listener_take(void) {
    LOCKED(&echo.lock);
    for (size_t i = 0; i < LISTENERS; i++) {
        if (echo.listeners[i].taken) continue;
        echo.listeners[i].taken = true;
        return &echo.listeners[i];
    }
    return NULL;
}

static void events_reply(struct http_exchange *exchange) {
    struct listener *listener = listener_take();
    struct event_stream *stream = NULL;
    if (!listener || event_open(&exchange->cx, echo.server, RING_BYTES, listener_closed, listener,
                                &stream) != OK) {
        say(exchange, 503, "text/plain", TEXT("full"));
        return;
    }
    event_push(stream, TEXT("0"), TEXT("hello"), TEXT("first\nsecond"));
    exchange->reply.kind = HTTP_BODY_EVENTS;
    exchange->reply.events = stream;
    LOCKED(&echo.lock);
    listener->stream = stream;
}

/* POST /push: one event of ?size= bytes to all, ?times= times. */
static void push_reply(struct http_exchange *exchange) {
    int64_t size = number_of(exchange, "size", 5);
    int64_t times = number_of(exchange, "times", 1);
    char *bytes = arena_take(exchange->cx.arena, (size_t)size + 1);
    if (!bytes) {
        say(exchange, 507, "text/plain", TEXT("too much"));
        return;
    }
    memset(bytes, 'x', (size_t)size);
    LOCKED(&echo.lock);
    for (int64_t time = 0; time < times; time++) {
        for (size_t i = 0; i < LISTENERS; i++) {
            if (echo.listeners[i].stream)
                event_push(echo.listeners[i].stream, NO_TEXT, NO_TEXT, (text){bytes, (size_t)size});
        }
    }
}

static void figures_reply(struct http_exchange *exchange) {
    struct http_figures figures;
    text json = NO_TEXT;
    http_figures_of(echo.server, &figures);
    status made =
        text_format(exchange->cx.arena, &json,
                    "{\"connections\":%" PRId64 ",\"active\":%" PRId64 ",\"begun\":%" PRId64
                    ",\"ended\":%" PRId64 ",\"completed\":%" PRId64 ",\"broken\":%" PRId64
                    ",\"listeners\":%" PRId64 ",\"closed\":%" PRId64 ",\"kept\":%" PRId64
                    ",\"refused\":%" PRId64 ",\"bytes_in\":%" PRId64 "}\n",
                    figures.connections, figures.exchanges_active, atomic_load(&echo.begun),
                    atomic_load(&echo.ended), atomic_load(&echo.completed),
                    atomic_load(&echo.broken), figures.event_listeners, atomic_load(&echo.closed),
                    atomic_load(&echo.kept_bytes), figures.refused_total, figures.bytes_in_total);
    if (made == OK) say(exchange, 200, "application/json", json);
}

/* What the server made of a request's head, for the tests to compare. */
static void who_reply(struct http_exchange *exchange) {
    text name = NO_TEXT;
    text answer = NO_TEXT;
    if (http_query(exchange, "name", &name) != OK) {
        say_failed(exchange, 400);
        return;
    }
    text cookie = http_cookie_of(exchange, "token");
    status made = text_format(exchange->cx.arena, &answer,
                              "peer=%.*s\npath=%.*s\nname=%.*s\ncookie=%.*s\nid=%s\n",
                              TEXT_ARG(exchange->peer), TEXT_ARG(exchange->path), TEXT_ARG(name),
                              TEXT_ARG(cookie), exchange->cx.request_id);
    if (made == OK) say(exchange, 200, "text/plain", answer);
}

static void upload_reply(struct http_exchange *exchange) {
    struct upload *upload = exchange->app_state;
    text answer = NO_TEXT;
    if (text_is(exchange->path, "/upload/slow")) clock_sleep_ms(20);
    status made = text_format(exchange->cx.arena, &answer, "{\"bytes\":%" PRId64 ",\"sum\":%u}\n",
                              upload->received_bytes, upload->checksum);
    if (made == OK) say(exchange, 201, "application/json", answer);
}

static bool path_is(const struct http_exchange *exchange, const char *path) {
    return text_is(exchange->path, path);
}

static void on_run(void *app, struct http_exchange *exchange) {
    (void)app;
    struct http_reply *reply = &exchange->reply;
    if (path_is(exchange, "/health")) {
        say(exchange, 200, "application/json", TEXT("{\"status\":\"ok\"}\n"));
    } else if (path_is(exchange, "/work")) {
        clock_sleep_ms(number_of(exchange, "ms", 1));
        say(exchange, 200, "text/plain", TEXT("worked\n"));
    } else if (path_is(exchange, "/file")) {
        file_reply(exchange, 0, number_of(exchange, "size", 0));
    } else if (path_is(exchange, "/virtual")) {
        file_reply(exchange, number_of(exchange, "from", 0), number_of(exchange, "size", 1));
    } else if (path_is(exchange, "/bytes")) {
        say(exchange, 200, "text/plain", TEXT("0123456789"));
        reply->etag = TEXT("\"ten\"");
    } else if (path_is(exchange, "/echo")) {
        say(exchange, 200, "application/octet-stream", exchange->body);
    } else if (text_starts(exchange->path, TEXT("/upload"))) {
        upload_reply(exchange);
    } else if (path_is(exchange, "/events")) {
        events_reply(exchange);
    } else if (path_is(exchange, "/push")) {
        push_reply(exchange);
    } else if (path_is(exchange, "/figures")) {
        figures_reply(exchange);
    } else if (path_is(exchange, "/who")) {
        who_reply(exchange);
    } else {
        reply->code = 204;
    }
}

static void on_begin(void *app, struct http_exchange *exchange, struct http_decision *out) {
    static const char *const known[] = {"/health", "/work",    "/file", "/virtual", "/bytes",
                                        "/events", "/figures", "/who",  "/empty"};
    (void)app;
    atomic_fetch_add(&echo.begun, 1);
    bool reads = exchange->method == HTTP_GET || exchange->method == HTTP_HEAD;
    if (text_starts(exchange->path, TEXT("/upload")) && !reads) {
        out->intake = HTTP_INTAKE_STREAM;
        out->body_cap_bytes = path_is(exchange, "/upload/capped") ? 100000 : INT64_MAX / 2;
        return;
    }
    if ((path_is(exchange, "/echo") || path_is(exchange, "/push")) && !reads) {
        out->intake = HTTP_INTAKE_WHOLE;
        out->body_cap_bytes = BODY_CAP_BYTES;
        return;
    }
    for (size_t i = 0; reads && i < COUNT_OF(known); i++) {
        if (!path_is(exchange, known[i])) continue;
        out->inline_run = !path_is(exchange, "/work") && !path_is(exchange, "/events");
        return;
    }
    say(exchange, 404, "text/plain", TEXT("nothing here\n"));
    out->refuse = true;
}

static status on_open(void *app, struct http_exchange *exchange) {
    (void)app;
    if (path_is(exchange, "/upload/closed")) {
        say(exchange, 403, "text/plain", TEXT("closed\n"));
        return ctx_fail(&exchange->cx, DENIED, "closed");
    }
    exchange->app_state = arena_new_of(exchange->cx.arena, struct upload);
    TRY_NEW(&exchange->cx, exchange->app_state);
    return OK;
}

static status on_piece(void *app, struct http_exchange *exchange, const void *bytes, size_t size) {
    struct upload *upload = exchange->app_state;
    const unsigned char *at = bytes;
    (void)app;
    if (path_is(exchange, "/upload/slow")) clock_sleep_ms(20);
    bool sums = !path_is(exchange, "/upload/count");
    for (size_t i = 0; sums && i < size; i++) upload->checksum = upload->checksum * 31 + at[i];
    upload->received_bytes += (int64_t)size;
    if (path_is(exchange, "/upload/full")) {
        say(exchange, 507, "text/plain", TEXT("disk full\n"));
        return ctx_fail(&exchange->cx, QUOTA, "full");
    }
    return OK;
}

static void on_broken(void *app, struct http_exchange *exchange) {
    const struct upload *upload = exchange->app_state;
    (void)app;
    atomic_fetch_add(&echo.broken, 1);
    atomic_fetch_add(&echo.kept_bytes, upload->received_bytes);
}

static void on_end(void *app, struct http_exchange *exchange, bool completed) {
    (void)app;
    (void)exchange;
    atomic_fetch_add(&echo.ended, 1);
    if (completed) atomic_fetch_add(&echo.completed, 1);
}

static void on_refusal(void *app, struct http_exchange *exchange, int code, const char *sentence) {
    text body = NO_TEXT;
    (void)app;
    status made = text_format(exchange->cx.arena, &body, "refused: %s\n", sentence);
    say(exchange, code, "text/plain", made == OK ? body : TEXT("refused\n"));
}

static int usage(void) {
    (void)fprintf(stderr,
                  "usage: echo_server [file=PATH] [port=N] [threads=N] [workers=N] [queue=N]"
                  " [head_ms=N] [idle_ms=N] [rate=N] [beat_ms=N] [unix=PATH] [proxies=LIST]\n");
    return 2;
}

static bool option_read(const char *word, struct http_options *options) {
    text name = NO_TEXT;
    text value = NO_TEXT;
    int64_t number = 0;
    (void)text_cut(text_of(word), '=', &name, &value);
    if (!value.at) return false;
    if (text_is(name, "file")) return (echo.file = value.at) != NULL;
    if (text_is(name, "unix")) return (options->unix_path = value.at) != NULL;
    if (text_is(name, "proxies")) return (options->trusted_proxies = value.at) != NULL;
    if (text_to_int(value, &number) != OK) return false;
    if (text_is(name, "port"))
        options->port = (uint16_t)number;
    else if (text_is(name, "threads"))
        options->poll_threads = (int)number;
    else if (text_is(name, "workers"))
        options->workers = (int)number;
    else if (text_is(name, "queue"))
        options->queue_length = (int)number;
    else if (text_is(name, "head_ms"))
        options->header_timeout_ms = number;
    else if (text_is(name, "idle_ms"))
        options->idle_timeout_ms = number;
    else if (text_is(name, "beat_ms"))
        options->heartbeat_ms = number;
    else if (text_is(name, "any"))
        options->address = number ? "0.0.0.0" : NULL;
    else if (text_is(name, "per_address"))
        options->connections_per_address = (int)number;
    else if (text_is(name, "rate"))
        options->min_body_bytes_per_s = number;
    else
        return false;
    return true;
}

/* Waits for the word to end; tells how long the drain may take, 0 for none. */
static int64_t grace_read(void) {
    char line[64];
    int64_t grace_ms = 0;
    if (!fgets(line, sizeof line, stdin)) return 0;
    text word = text_trim(text_of(line));
    if (!text_starts(word, TEXT("drain "))) return 0;
    return text_to_int(text_part(word, 6, SIZE_MAX), &grace_ms) == OK ? grace_ms : 0;
}

int main(int count, char **words) {
    struct http_options options = {.poll_threads = 2, .workers = 4, .writers = 2};
    for (int i = 1; i < count; i++) {
        if (!option_read(words[i], &options)) return usage();
    }
    const struct http_app app = {.begin = on_begin,
                                 .open = on_open,
                                 .piece = on_piece,
                                 .run = on_run,
                                 .end = on_end,
                                 .refusal = on_refusal,
                                 .broken = on_broken};
    (void)signal(SIGPIPE, SIG_IGN);
    struct ctx cx = {.arena = arena_new(65536)};
    if (!cx.arena || random_open() != OK) return 1;
    if (http_server_open(&cx, &options, &app, &echo.server) != OK) {
        (void)fprintf(stderr, "%s\n", cx.fault.detail);
        return 1;
    }
    (void)printf("port %u\n", http_server_port(echo.server));
    (void)fflush(stdout);
    int64_t grace_ms = grace_read();
    if (grace_ms > 0) http_server_drain(echo.server, grace_ms);
    http_server_close(echo.server);
    (void)printf("begun %" PRId64 " ended %" PRId64 " completed %" PRId64 "\n",
                 atomic_load(&echo.begun), atomic_load(&echo.ended), atomic_load(&echo.completed));
    arena_free(cx.arena);
    return atomic_load(&echo.begun) == atomic_load(&echo.ended) ? 0 : 3;
}
