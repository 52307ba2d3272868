/* http_reply.c: from the reply that the app built to the library's response.
 *
 * Owns: the response until it is queued, and the file descriptor and event stream that a reply
 * carried. Conditions and ranges are settled here, so that no handler has to know them. Invariant:
 * after http_reply_make there is a response, or memory was short and the connection will be closed.
 * Threads: one at a time a flight: workers make, poll threads queue. */
#include "net/http_inner.h"

#include "base/clock.h"
#include "net/http_range.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    VALUE_BYTES = 1024,   /* header values up to this are made NUL-terminated on the stack */
    COPIED_BYTES = 65536, /* files up to this are sent from memory */
};

status http_reply_header(struct http_exchange *exchange, const char *name, text value) {
    struct http_reply *reply = &exchange->reply;
    for (size_t i = 0; i < value.len; i++) {
        unsigned char byte = (unsigned char)value.at[i];
        if ((byte < 0x20 && byte != '\t') || byte == 0x7F)
            return ctx_fail(&exchange->cx, BUG, "The reply's header %s holds a control character.",
                            name);
    }
    if (reply->header_count == HTTP_REPLY_HEADERS)
        return ctx_fail(&exchange->cx, BUG, "The reply has no room for its header %s.", name);
    reply->headers[reply->header_count++] = (struct http_header){text_of(name), value};
    return OK;
}

static void file_close(struct http_reply *reply) {
    if (reply->fd >= 0 && reply->kind == HTTP_BODY_FILE) (void)close(reply->fd);
    reply->fd = -1;
}

static struct validators validators_of(const struct http_reply *reply) {
    return (struct validators){.etag = reply->etag, .modified_ms = reply->modified_ms};
}

static struct conditions conditions_of(const struct http_exchange *exchange) {
    return (struct conditions){
        .if_match = http_header_of(exchange, "If-Match"),
        .if_none_match = http_header_of(exchange, "If-None-Match"),
        .if_modified_since = http_header_of(exchange, "If-Modified-Since"),
        .if_unmodified_since = http_header_of(exchange, "If-Unmodified-Since"),
    };
}

/* RFC 9110 §13.2.2; true when the reply is settled by it. */
static bool settle_conditions(struct flight *flight) {
    struct http_exchange *exchange = &flight->exchange;
    struct http_reply *reply = &exchange->reply;
    struct conditions conditions = conditions_of(exchange);
    struct validators validators = validators_of(reply);
    int code = range_conditions(&conditions, &validators);
    if (code == 200) return false;
    file_close(reply);
    if (code == 412) {
        http_exchange_refuse(flight, 412, "It has changed since the version that was named.");
        return true;
    }
    reply->code = 304;
    flight->unsent_bytes =
        reply->kind == HTTP_BODY_FILE ? reply->file_size_bytes : (int64_t)reply->bytes.len;
    reply->kind = HTTP_BODY_NONE;
    reply->content_type = NO_TEXT;
    return true;
}

static void settle_outside(struct flight *flight, int64_t size_bytes) {
    struct http_exchange *exchange = &flight->exchange;
    text told = NO_TEXT;
    file_close(&exchange->reply);
    http_exchange_refuse(flight, 416, "The range lies outside; ask for one that begins within.");
    status made = text_format(exchange->cx.arena, &told, "bytes */%" PRId64, size_bytes);
    if (made == OK) made = http_reply_header(exchange, "Content-Range", told);
    (void)made; /* the header is a courtesy */
}

/* RFC 9110 §14: ranges exist for GET alone. */
static void settle_range(struct flight *flight) {
    struct http_exchange *exchange = &flight->exchange;
    struct http_reply *reply = &exchange->reply;
    bool file = reply->kind == HTTP_BODY_FILE;
    if (!file && reply->kind != HTTP_BODY_BYTES) return;
    if (http_reply_header(exchange, "Accept-Ranges", TEXT("bytes")) != OK) return;
    text header = http_header_of(exchange, "Range");
    struct validators validators = validators_of(reply);
    if (!header.at || exchange->method != HTTP_GET) return;
    if (!range_if_range(http_header_of(exchange, "If-Range"), &validators)) return;
    int64_t size = file ? reply->file_size_bytes : (int64_t)reply->bytes.len;
    struct range range = range_of(header, size);
    if (range.kind == RANGE_WHOLE) return;
    if (range.kind == RANGE_OUTSIDE) {
        settle_outside(flight, size);
        return;
    }
    text told = NO_TEXT;
    status made = text_format(exchange->cx.arena, &told, "bytes %" PRId64 "-%" PRId64 "/%" PRId64,
                              range.first_byte, range.first_byte + range.size_bytes - 1, size);
    if (made == OK) made = http_reply_header(exchange, "Content-Range", told);
    if (made != OK) return; /* the whole entity is a right answer too */
    reply->code = 206;
    reply->file_offset_bytes += range.first_byte;
    reply->file_size_bytes = range.size_bytes;
    if (!file)
        reply->bytes = text_part(reply->bytes, (size_t)range.first_byte, (size_t)range.size_bytes);
}

static void settle(struct flight *flight) {
    struct http_exchange *exchange = &flight->exchange;
    struct http_reply *reply = &exchange->reply;
    if (reply->code == 0) reply->code = reply->kind == HTTP_BODY_NONE ? 204 : 200;
    bool reads = exchange->method == HTTP_GET || exchange->method == HTTP_HEAD;
    if (!reads || reply->code != 200 || (!reply->etag.at && reply->modified_ms <= 0)) return;
    if (!settle_conditions(flight)) settle_range(flight);
}

static bool header_add(struct flight *flight, const char *name, text value) {
    char buffer[VALUE_BYTES];
    const char *c = buffer;
    if (value.len >= sizeof buffer) {
        if (text_to_c(flight->exchange.cx.arena, value, &c) != OK) return false;
    } else {
        memcpy(buffer, value.at, value.len);
        buffer[value.len] = '\0';
    }
    return MHD_add_response_header(flight->response, name, c) == MHD_YES;
}

static bool headers_add(struct flight *flight) {
    const struct http_reply *reply = &flight->exchange.reply;
    char date[CLOCK_ISO_BYTES];
    bool good = true;
    /* After a chunked body the next byte's place in the stream rests on the library's reading of
     * chunk extensions and bare line feeds, which can't be seen from here: so there is no next
     * request. */
    if (reply->close || flight->head.content_length_bytes < 0 ||
        atomic_load_explicit(&flight->server->draining, memory_order_relaxed))
        good = header_add(flight, "Connection", TEXT("close"));
    if (reply->content_type.at)
        good = good && header_add(flight, "Content-Type", reply->content_type);
    text cache = reply->cache_control.at ? reply->cache_control : TEXT("no-store");
    good = good && header_add(flight, "Cache-Control", cache);
    if (reply->etag.at) good = good && header_add(flight, "ETag", reply->etag);
    if (reply->modified_ms > 0)
        good = good && header_add(flight, "Last-Modified",
                                  text_of(clock_http_date(reply->modified_ms, date)));
    for (size_t i = 0; i < reply->header_count && good; i++)
        good = header_add(flight, reply->headers[i].name.at, reply->headers[i].value);
    return good;
}

/* 304 tells the size of what it doesn't send (RFC 9110 §8.6), so its reader is never called. */
static ssize_t read_nothing(void *argument, uint64_t position, char *out, size_t max) {
    (void)argument;
    (void)position;
    (void)out;
    (void)max;
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

/* A small file is sent from memory: head and body leave in one system call and one segment, where
 * the library's way to send a file takes five calls and pushes the head out alone. */
static struct MHD_Response *response_copied(struct http_reply *reply) {
    size_t size = (size_t)reply->file_size_bytes;
    char *bytes = malloc(size ? size : 1);
    if (!bytes) return NULL;
    ssize_t got = pread(reply->fd, bytes, size, reply->file_offset_bytes);
    if (got < 0 || (size_t)got != size) {
        free(bytes);
        return NULL;
    }
    struct MHD_Response *response =
        MHD_create_response_from_buffer(size, bytes, MHD_RESPMEM_MUST_FREE);
    if (!response) free(bytes);
    return response;
}

/* The descriptor is the library's on success. */
static struct MHD_Response *response_of_file(struct flight *flight) {
    struct http_reply *reply = &flight->exchange.reply;
    struct MHD_Response *response = NULL;
    flight->response_bytes = reply->file_size_bytes;
    if (reply->file_size_bytes <= COPIED_BYTES) response = response_copied(reply);
    if (response) {
        file_close(reply);
        return response;
    }
    response = MHD_create_response_from_fd_at_offset64((uint64_t)reply->file_size_bytes, reply->fd,
                                                       (uint64_t)reply->file_offset_bytes);
    if (response) reply->fd = -1;
    return response;
}

static struct MHD_Response *response_of(struct flight *flight) {
    struct http_reply *reply = &flight->exchange.reply;
    if (reply->kind == HTTP_BODY_FILE) return response_of_file(flight);
    if (reply->kind == HTTP_BODY_EVENTS) return http_events_response(flight);
    if (flight->unsent_bytes)
        return MHD_create_response_from_callback((uint64_t)flight->unsent_bytes, 1, read_nothing,
                                                 NULL, NULL);
    text bytes = reply->kind == HTTP_BODY_BYTES ? reply->bytes : NO_TEXT;
    flight->response_bytes = (int64_t)bytes.len;
    /* The library doesn't write to persistent buffers; its parameter only lacks the const. */
    return MHD_create_response_from_buffer(bytes.len, (void *)(uintptr_t)(bytes.at ? bytes.at : ""),
                                           MHD_RESPMEM_PERSISTENT);
}

void http_reply_make(struct flight *flight) {
    struct http_reply *reply = &flight->exchange.reply;
    settle(flight);
    flight->response_code = reply->code;
    flight->response = response_of(flight);
    if (!flight->response || headers_add(flight)) return;
    MHD_destroy_response(flight->response);
    flight->response = NULL;
}

enum MHD_Result http_reply_queue(struct flight *flight) {
    struct MHD_Response *response = flight->response;
    if (!response) return MHD_NO;
    flight->response = NULL;
    flight->phase = PHASE_QUEUED;
    http_link_enter(flight->link, flight->events ? LINK_EVENTS : LINK_REPLY);
    enum MHD_Result queued =
        MHD_queue_response(flight->connection, (unsigned)flight->response_code, response);
    MHD_destroy_response(response);
    return queued;
}

void http_reply_drop(struct flight *flight) {
    if (flight->response) MHD_destroy_response(flight->response);
    flight->response = NULL;
    file_close(&flight->exchange.reply);
    struct event_stream *stream = flight->events ? flight->events
                                                 : (flight->exchange.reply.kind == HTTP_BODY_EVENTS
                                                        ? flight->exchange.reply.events
                                                        : NULL);
    if (stream) http_events_gone(stream);
    flight->events = NULL;
}
