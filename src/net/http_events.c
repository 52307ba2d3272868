/* http_events.c: streams of server-sent events (HTML Standard §9.2): a bounded ring a listener.
 *
 * Owns each stream from event_open until `closed` has returned. A stream with nothing to say has
 * its connection suspended and no ring at all, which is what makes idle listeners cheap.
 * Invariants: at most `cap` bytes wait for a listener, a slower one is dropped; `closed` is called
 * once, with no lock held. Threads: pushes from any; the reader and the end on the poll thread;
 * heartbeats from the watchdog. */
#include "net/http_inner.h"

#include "base/clock.h"
#include "base/scope.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_RING_BYTES = 1024, ASKED_PER_BEAT = 5 };

struct event_stream {
    struct event_stream *next, *previous; /* under streams_lock */
    struct http_server *server;
    void (*closed)(void *argument);
    void *argument;
    pthread_mutex_t lock; /* guards what follows */
    struct MHD_Connection *connection;
    char *ring;
    size_t begin, len, room, cap;
    int64_t spoke_ms;
    int64_t asked_ms; /* when it was last looked whether the peer is there */
    int fd;           /* of the connection, once it has one; valid while `connection` is */
    bool asleep;      /* the connection is suspended */
    bool ending;      /* end when the ring is empty */
    bool dropped;
};

static void stream_list(struct event_stream *stream) {
    struct http_server *server = stream->server;
    LOCKED(&server->streams_lock);
    stream->next = server->streams;
    if (server->streams) server->streams->previous = stream;
    server->streams = stream;
}

static void stream_unlist(struct event_stream *stream) {
    struct http_server *server = stream->server;
    LOCKED(&server->streams_lock);
    if (stream->next) stream->next->previous = stream->previous;
    if (stream->previous)
        stream->previous->next = stream->next;
    else
        server->streams = stream->next;
}

status event_open(struct ctx *cx, struct http_server *server, size_t ring_bytes,
                  void (*closed)(void *argument), void *argument, struct event_stream **out) {
    struct event_stream *stream = calloc(1, sizeof *stream);
    TRY_NEW(cx, stream);
    stream->server = server;
    stream->closed = closed;
    stream->argument = argument;
    stream->cap = ring_bytes;
    stream->fd = -1;
    stream->spoke_ms = clock_ticks_ms();
    (void)pthread_mutex_init(&stream->lock, NULL);
    stream_list(stream);
    atomic_fetch_add_explicit(&server->listeners, 1, memory_order_relaxed);
    *out = stream;
    return OK;
}

/* Under the stream's lock: its poll thread comes and reads. */
static void wake(struct event_stream *stream) {
    if (!stream->asleep) return;
    stream->asleep = false;
    MHD_resume_connection(stream->connection);
    atomic_fetch_sub(&stream->server->suspended, 1);
}

/* Room for `more` bytes, or false: that listener is too slow. Under the lock. */
static bool ring_grow(struct event_stream *stream, size_t more) {
    size_t needed = stream->len + more;
    if (needed > stream->cap) return false;
    if (needed <= stream->room) return true;
    size_t room = stream->room ? stream->room : FIRST_RING_BYTES;
    while (room < needed) room *= 2;
    if (room > stream->cap) room = stream->cap;
    char *ring = malloc(room);
    if (!ring) return false;
    size_t first =
        stream->room - stream->begin < stream->len ? stream->room - stream->begin : stream->len;
    if (stream->len) memcpy(ring, stream->ring + stream->begin, first);
    if (stream->len > first) memcpy(ring + first, stream->ring, stream->len - first);
    free(stream->ring);
    stream->ring = ring;
    stream->begin = 0;
    stream->room = room;
    return true;
}

/* There is room. */
static void ring_put(struct event_stream *stream, text t) {
    size_t at = stream->room ? (stream->begin + stream->len) % stream->room : 0;
    size_t first = stream->room - at < t.len ? stream->room - at : t.len;
    if (first) memcpy(stream->ring + at, t.at, first);
    if (t.len > first) memcpy(stream->ring, t.at + first, t.len - first);
    stream->len += t.len;
}

/* A field in one line: what follows a line feed would be another field. */
static text one_line(text t) {
    for (size_t i = 0; i < t.len; i++) {
        if (t.at[i] == '\n' || t.at[i] == '\r') return text_part(t, 0, i);
    }
    return t;
}

/* Takes the next line off, whichever way it ends. */
static text line_take(text *rest) {
    text line = one_line(*rest);
    size_t skip = line.len;
    if (skip < rest->len && rest->at[skip] == '\r') skip++;
    if (skip < rest->len && rest->at[skip] == '\n') skip++;
    *rest = text_part(*rest, skip, SIZE_MAX);
    return line;
}

static size_t data_size(text data) {
    size_t size = 0;
    do size += sizeof "data: \n" - 1 + line_take(&data).len;
    while (data.len);
    return size;
}

static void field_put(struct event_stream *stream, text name, text value) {
    ring_put(stream, name);
    ring_put(stream, value);
    ring_put(stream, TEXT("\n"));
}

void event_push(struct event_stream *stream, text id, text event, text data) {
    id = one_line(id);
    event = one_line(event);
    size_t size = data_size(data) + 1;
    if (id.at) size += sizeof "id: \n" - 1 + id.len;
    if (event.at) size += sizeof "event: \n" - 1 + event.len;
    LOCKED(&stream->lock);
    if (stream->ending || stream->dropped) return;
    if (!ring_grow(stream, size)) {
        stream->dropped = true;
        wake(stream);
        return;
    }
    if (id.at) field_put(stream, TEXT("id: "), id);
    if (event.at) field_put(stream, TEXT("event: "), event);
    do field_put(stream, TEXT("data: "), line_take(&data));
    while (data.len);
    ring_put(stream, TEXT("\n"));
    wake(stream);
}

void event_end(struct event_stream *stream) {
    LOCKED(&stream->lock);
    stream->ending = true;
    wake(stream);
}

void http_events_gone(struct event_stream *stream) {
    stream_unlist(stream);
    atomic_fetch_sub_explicit(&stream->server->listeners, 1, memory_order_relaxed);
    {
        LOCKED(&stream->lock);
        stream->dropped = true;
    }
    if (stream->closed) stream->closed(stream->argument);
    (void)pthread_mutex_destroy(&stream->lock);
    free(stream->ring);
    free(stream);
}

void event_close(struct event_stream *stream) {
    http_events_gone(stream);
}

/* Nothing to send: the connection goes to sleep until somebody pushes. Under the lock. */
static ssize_t sleep_or_end(struct event_stream *stream) {
    struct http_server *server = stream->server;
    if (stream->ending || atomic_load_explicit(&server->draining, memory_order_relaxed))
        return MHD_CONTENT_READER_END_OF_STREAM;
    free(stream->ring);
    stream->ring = NULL;
    stream->begin = 0;
    stream->room = 0;
    atomic_fetch_add(&server->suspended, 1);
    if (atomic_load(&server->stopping)) {
        atomic_fetch_sub(&server->suspended, 1);
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    stream->asleep = true;
    MHD_suspend_connection(stream->connection);
    return 0;
}

static ssize_t stream_read(void *argument, uint64_t position, char *out, size_t max) {
    struct event_stream *stream = argument;
    (void)position;
    LOCKED(&stream->lock);
    if (stream->dropped) return MHD_CONTENT_READER_END_WITH_ERROR;
    if (stream->len == 0) return sleep_or_end(stream);
    size_t part = stream->room - stream->begin;
    if (part > stream->len) part = stream->len;
    if (part > max) part = max;
    memcpy(out, stream->ring + stream->begin, part);
    stream->begin = (stream->begin + part) % stream->room;
    stream->len -= part;
    stream->spoke_ms = clock_ticks_ms();
    return (ssize_t)part;
}

struct MHD_Response *http_events_response(struct flight *flight) {
    struct http_reply *reply = &flight->exchange.reply;
    struct event_stream *stream = reply->events;
    if (!stream) return NULL;
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 1024, stream_read, stream, NULL);
    if (!response) return NULL;
    flight->events = stream;
    if (!reply->content_type.at) reply->content_type = TEXT("text/event-stream; charset=utf-8");
    status told = http_reply_header(&flight->exchange, "X-Accel-Buffering", TEXT("no"));
    (void)told; /* only a hint to a proxy */
    LOCKED(&stream->lock);
    stream->connection = flight->connection;
    stream->fd = flight->link->fd;
    return response;
}

/* A sleeping connection hears nothing, so it is asked whether its peer has hung up. */
static bool hung_up(const struct event_stream *stream) {
    struct pollfd poll_for = {.fd = stream->fd, .events = POLLRDHUP};
    return poll(&poll_for, 1, 0) > 0 && poll_for.revents;
}

/* A comment keeps proxies from hanging up. */
static void beat(struct event_stream *stream, int64_t now_ms) {
    int64_t beat_ms = stream->server->options.heartbeat_ms;
    LOCKED(&stream->lock);
    if (!stream->asleep || now_ms - stream->asked_ms < beat_ms / ASKED_PER_BEAT) return;
    stream->asked_ms = now_ms;
    if (hung_up(stream)) {
        stream->dropped = true;
        wake(stream);
    } else if (now_ms - stream->spoke_ms >= beat_ms && ring_grow(stream, 3)) {
        ring_put(stream, TEXT(":\n\n"));
        wake(stream);
    }
}

void http_events_beat(struct http_server *server, int64_t now_ms) {
    LOCKED(&server->streams_lock);
    for (struct event_stream *stream = server->streams; stream; stream = stream->next)
        beat(stream, now_ms);
}

void http_events_end_all(struct http_server *server) {
    LOCKED(&server->streams_lock);
    for (struct event_stream *stream = server->streams; stream; stream = stream->next)
        event_end(stream);
}
