/* http.h: the HTTP server as the floors above see it: exchanges, bodies, replies, event streams.
 *
 * Owns: the listening sockets, the poll threads, the pool of workers that run handlers, the upload
 * writers, the watchdog. The adapter behind it (GNU libmicrohttpd) is nobody else's business.
 * One exchange = one request and its reply. Its life: `begin` on a poll thread (must not block:
 * look up the route, decide) → body is taken in as decided → `run` on a worker → reply is sent →
 * `end`. Invariants: the guard has refused whatever is ambiguous (RFC 9112 §11.2 smuggling, folded
 * headers, NUL) before `begin` sees it; the path was decoded exactly once; a handler never runs on
 * a poll thread. Threads: `begin` on poll threads; `run`, `piece`, `finish` on workers or writers,
 * never two at once for one exchange; event_push from any thread. */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include "base/ctx.h"
#include "base/field.h"

#include <stdbool.h>
#include <stdint.h>

struct http_server;
struct event_stream;

/** The methods that get past the guard; others are refused with 501. */
enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_OPTIONS
};

/** What a reply's body is made of. */
enum http_body_kind { HTTP_BODY_NONE, HTTP_BODY_BYTES, HTTP_BODY_FILE, HTTP_BODY_EVENTS };

/** A header to send. */
struct http_header {
    text name;
    text value;
};

/** Room for headers in a reply, beside those that the server sets itself. */
enum { HTTP_REPLY_HEADERS = 24 };

/** The answer being built. Texts live in the exchange's arena or are constants. */
struct http_reply {
    int code; /**< HTTP status; 0 = 200, or 204 without a body. */
    enum http_body_kind kind;
    text content_type;
    text bytes;                  /**< HTTP_BODY_BYTES: lives until `end`. */
    int fd;                      /**< HTTP_BODY_FILE: consumed by the server. */
    int64_t file_offset_bytes;   /**< Where the entity begins in the file (a virtual segment). */
    int64_t file_size_bytes;     /**< Size of the entity. */
    int64_t modified_ms;         /**< For Last-Modified; 0 = none. */
    text etag;                   /**< With quotes. With it or modified_ms set, conditional
                                      requests (If-Match, If-None-Match, If-Modified-Since,
                                      If-Unmodified-Since, If-Range) and, for files and bytes, Range
                                      are answered by the server: 206, 304, 412, 416. */
    text cache_control;          /**< Absent: "no-store". */
    struct event_stream *events; /**< HTTP_BODY_EVENTS: consumed by the server. */
    struct http_header headers[HTTP_REPLY_HEADERS];
    size_t header_count;
    bool close; /**< Close the connection after the reply. */
};

/** How the body of a request is taken in, decided in `begin`. */
enum http_intake {
    HTTP_INTAKE_NONE,   /**< A body is refused with 400. */
    HTTP_INTAKE_WHOLE,  /**< Kept in memory up to `body_cap_bytes`; 413 beyond. */
    HTTP_INTAKE_STREAM, /**< `open`, then `piece` for up to 1 MiB at a time with back-pressure, then
                             `run`. */
};

/** One request and its reply. */
struct http_exchange {
    struct ctx cx; /**< Arena, fault and request id of this exchange. */
    enum http_method method;
    text path;  /**< Decoded once, begins with '/', no NUL, no ".." or "." parts. */
    text query; /**< Raw, without '?'; use http_query. */
    text peer;  /**< Client's address as text; forwarded ones only from listed proxies. */
    int64_t content_length_bytes; /**< -1 when chunked; 0 without body. */
    text body;                    /**< HTTP_INTAKE_WHOLE: the body. */
    int64_t began_ticks_us;       /**< For durations. */
    struct http_reply reply;
    void *app_state; /**< The app's own, for between its callbacks. */
    void *internal;  /**< The adapter's. */
};

/** A request header's value (absent when missing); names are case-insensitive. */
text http_header_of(const struct http_exchange *exchange, const char *name);

/** Decoded value of a query parameter (absent when missing). INVALID: malformed escape or repeated.
 */
status http_query(struct http_exchange *exchange, const char *name, text *out) CHECKED;

/** Visits each query parameter, decoded, in order. */
typedef status http_query_visit(struct http_exchange *exchange, text name, text value,
                                void *argument);
status http_query_each(struct http_exchange *exchange, http_query_visit *visit,
                       void *argument) CHECKED;

/** A cookie's value (absent when missing). */
text http_cookie_of(const struct http_exchange *exchange, const char *name);

/** Adds a reply header; values with control characters are a BUG. */
status http_reply_header(struct http_exchange *exchange, const char *name, text value) CHECKED;

/** What the app decides in `begin`. */
struct http_decision {
    enum http_intake intake;
    int64_t body_cap_bytes; /**< For both intakes; 0 = none allowed. */
    bool inline_run;        /**< `run` is quick and never blocks: run it on the poll thread. */
    bool refuse;            /**< The reply is already set in `begin`: send it, take no body. */
};

/** The floors above, as the server calls them. `app` is theirs. */
struct http_app {
    void *app;
    /** Routes and decides. Poll thread: must not block. */
    void (*begin)(void *app, struct http_exchange *exchange, struct http_decision *out);
    /** HTTP_INTAKE_STREAM: before the first piece (worker). Failure: `run` is not called, the reply
     * as set by `open` is sent and the connection closed after the rest is refused. */
    status (*open)(void *app, struct http_exchange *exchange);
    /** HTTP_INTAKE_STREAM: a piece of the body (upload writer), in order. Failure: as with `open`,
     *  but `broken` is called after the reply was sent. */
    status (*piece)(void *app, struct http_exchange *exchange, const void *bytes, size_t size);
    /** Makes the reply (worker). The body is complete. Unless it was streamed, cx.deadline_ms is
     * set to 30 s from now; a request that found no worker until then is answered with 503 instead.
     *  It must come to an end: stopping the server waits for it. */
    void (*run)(void *app, struct http_exchange *exchange);
    /** The exchange is over: sent, failed, or the client has gone (`completed` false: the whole
     * reply was not delivered, or, before `run`, the body broke off). Called exactly once for each
     *  `begin`. For a stream that was opened on a worker; else on a poll thread, so anything slow
     *  must be handed off (see http_defer_work). */
    void (*end)(void *app, struct http_exchange *exchange, bool completed);
    /** Fills a reply for a refusal by the server itself (guard, overload, 413 …): problem+json.
     * When the guard refused, `begin` was not called and of the request only its id and peer are
     * known (the path is "/"). Any thread; must not block. */
    void (*refusal)(void *app, struct http_exchange *exchange, int code, const char *sentence);
    /** HTTP_INTAKE_STREAM: the body broke off after `open`, or `piece` failed (worker, before
     * `end`, after the pieces that had come): keep or drop what came. */
    void (*broken)(void *app, struct http_exchange *exchange);
};

/** How the server is set up; zero values take the defaults in brackets. */
struct http_options {
    const char *address;          /**< ["127.0.0.1"] */
    uint16_t port;                /**< 0 = any free one; see http_server_port. */
    const char *unix_path;        /**< Also listen here, or NULL. */
    int poll_threads;             /**< 1 to 4 [number of processors, at most 4]. */
    int workers;                  /**< Handler threads [8]. */
    int writers;                  /**< Upload writers [2]. */
    int queue_length;             /**< Waiting exchanges before 503 [256]. */
    int connection_limit;         /**< [2000] */
    int connections_per_address;  /**< [200]; loopback and listed proxies are exempt. */
    int64_t header_timeout_ms;    /**< Whole header must have come [10000]. */
    int64_t idle_timeout_ms;      /**< Keep-alive [60000]. */
    int64_t heartbeat_ms;         /**< Comments to idle event listeners [15000]. */
    int64_t min_body_bytes_per_s; /**< Slower bodies over 30 s are cut [256]. */
    size_t arena_cap_bytes;       /**< Per exchange [8 MiB]. */
    const char
        *trusted_proxies; /**< Space-separated addresses believed in X-Forwarded-For, or NULL. */
};

/** Starts listening. IO: the port is taken (the sentence says so). INVALID: an option is malformed.
 *  Copies options and app. `out` is written before the first request can come in, and is NULL again
 *  after a failure: callbacks may use what it points to. */
status http_server_open(struct ctx *cx, const struct http_options *options,
                        const struct http_app *app, struct http_server **out) CHECKED;

/** The bound TCP port. */
uint16_t http_server_port(const struct http_server *server);

/** Stops accepting, ends event streams, lets exchanges finish for up to `grace_ms`, then cuts them.
 */
void http_server_drain(struct http_server *server, int64_t grace_ms);

/** Frees everything; drains first with no grace if that was not done, and waits for runs and pieces
 *  that are under way. NULL is fine. */
void http_server_close(struct http_server *server);

/** Runs `work(argument)` on a worker, for callbacks that must not block. BUSY: the queue is full;
 * the caller then does without, or does it later. NO_MEMORY. No fault is set. */
status http_defer_work(struct http_server *server, void (*work)(void *argument),
                       void *argument) CHECKED;

/** Figures for /metrics. */
struct http_figures {
    int64_t connections, exchanges_active, exchanges_total, refused_total, workers_busy, queued;
    int64_t bytes_in_total, bytes_out_total, event_listeners;
};
void http_figures_of(struct http_server *server, struct http_figures *out);

/** Server-sent events (HTML Standard §9.2): a bounded ring per listener. `closed` is called exactly
 * once when the listener is gone, on any thread, possibly inside event_close; after it no push has
 * effect. */
status event_open(struct ctx *cx, struct http_server *server, size_t ring_bytes,
                  void (*closed)(void *argument), void *argument,
                  struct event_stream **out) CHECKED;

/** Appends one event (multi-line data is split into data: lines); a full ring drops the listener
 * (it will reconnect with Last-Event-ID). `id` and `event` may be absent. Any thread; never blocks.
 */
void event_push(struct event_stream *stream, text id, text event, text data);

/** The stream will end after what was pushed. The handle stays valid until `closed` was called. */
void event_end(struct event_stream *stream);

/** Gives up a stream that was never put into a reply. */
void event_close(struct event_stream *stream);

#endif
