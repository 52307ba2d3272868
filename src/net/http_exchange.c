/* http_exchange.c: the course of a request, as the library calls: head, body, run, reply.
 *
 * Owns nothing; it moves a flight from phase to phase. Invariants of the library that it stands on:
 * a response queued in the first call closes the connection, so it is used only to refuse; in
 * mid-body none can be queued, so such refusals are sent by hand (http_farewell.c); after a
 * suspension the call that suspended is made again. Threads: poll threads; the tasks run on
 * workers. */
#include "net/http_inner.h"

#include "base/clock.h"
#include "base/scope.h"

#include <stdio.h>
#include <string.h>

enum { RUN_CAP_MS = 30000 /* a request that found no worker for so long isn't worth running */ };

/* What the app would say; plain JSON when it has no opinion. */
void http_exchange_refuse(struct flight *flight, int code, const char *sentence) {
    struct http_exchange *exchange = &flight->exchange;
    const struct http_app *app = &flight->server->app;
    atomic_fetch_add_explicit(&flight->server->refused, 1, memory_order_relaxed);
    exchange->reply = (struct http_reply){.fd = -1};
    if (app->refusal) app->refusal(app->app, exchange, code, sentence);
    if (exchange->reply.code != 0) return;
    text body = NO_TEXT;
    status made = text_format(exchange->cx.arena, &body,
                              "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,"
                              "\"detail\":\"%s\"}",
                              code < 500 ? "Refused" : "Not now", code, sentence);
    exchange->reply.code = code;
    if (made != OK) return;
    exchange->reply.kind = HTTP_BODY_BYTES;
    exchange->reply.content_type = TEXT("application/problem+json");
    exchange->reply.bytes = body;
}

static void refuse_busy(struct flight *flight) {
    http_exchange_refuse(flight, 503, "The server is busy; try again in a second.");
    status told = http_reply_header(&flight->exchange, "Retry-After", TEXT("1"));
    (void)told; /* without room for the header the refusal stands all the same */
}

static bool pool_full(struct http_pool *pool) {
    LOCKED(&pool->lock);
    return pool->waiting >= pool->limit;
}

/* Refuses in the first call: the library closes the connection behind the reply. */
static enum MHD_Result refuse_now(struct flight *flight) {
    flight->exchange.reply.close = true;
    http_reply_make(flight);
    return http_reply_queue(flight);
}

/* The reply is set, but a body may be on its way. A client that still sends must get the chance to
 * read it, so either its body is read to the end and dropped, or the reply is sent at once and the
 * connection lingers: closing with unread bytes would reset it and take the reply along. */
static enum MHD_Result turn_away(struct flight *flight) {
    if (!flight->head.has_body) {
        http_reply_make(flight);
        flight->phase = PHASE_ANSWERED;
        return MHD_YES;
    }
    if (flight->head.expects_continue) return refuse_now(flight);
    if (flight->head.content_length_bytes < 0 || flight->head.content_length_bytes > SWALLOW_BYTES)
        return http_farewell(flight);
    http_reply_make(flight);
    flight->phase = PHASE_SWALLOW;
    http_link_enter(flight->link, LINK_BODY);
    return MHD_YES;
}

static void open_task(void *argument) {
    struct flight *flight = argument;
    struct http_exchange *exchange = &flight->exchange;
    const struct http_app *app = &flight->server->app;
    status opened = app->open ? app->open(app->app, exchange) : OK;
    flight->intake.opened = opened == OK;
    if (opened == OK)
        atomic_fetch_add_explicit(&flight->server->uploads, 1, memory_order_relaxed);
    else if (exchange->reply.code == 0)
        http_exchange_refuse(flight, 500, "The upload could not be begun.");
    http_flight_resume(flight, PHASE_OPENED);
}

/* Gives the flight to a worker; the poll thread must not touch it any more. */
static enum MHD_Result hand_over(struct flight *flight, enum phase phase,
                                 void (*work)(void *argument)) {
    flight->task = (struct http_task){.work = work, .argument = flight};
    if (!http_flight_suspend(flight, phase)) return MHD_NO;
    status queued = http_pool_submit(&flight->server->workers, &flight->task, true);
    return queued == OK ? MHD_YES : MHD_NO;
}

static enum MHD_Result body_begin(struct flight *flight) {
    struct http_server *server = flight->server;
    const struct http_decision *decision = &flight->decision;
    if (decision->refuse) return turn_away(flight);
    if (flight->head.has_body && decision->intake == HTTP_INTAKE_NONE) {
        http_exchange_refuse(flight, 400, "This request takes no body.");
        return turn_away(flight);
    }
    if (flight->head.content_length_bytes > decision->body_cap_bytes) {
        http_exchange_refuse(flight, 413, "The body is larger than this request may carry.");
        return turn_away(flight);
    }
    if (decision->intake == HTTP_INTAKE_STREAM) {
        if (!pool_full(&server->workers)) return hand_over(flight, PHASE_OPENING, open_task);
        refuse_busy(flight);
        return turn_away(flight);
    }
    flight->phase = PHASE_BODY;
    if (flight->head.has_body) http_link_enter(flight->link, LINK_BODY);
    return MHD_YES;
}

static enum MHD_Result opened(struct flight *flight) {
    if (!flight->intake.opened) return turn_away(flight);
    flight->phase = PHASE_BODY;
    http_link_enter(flight->link, LINK_BODY);
    return MHD_YES;
}

void http_exchange_run(void *argument) {
    struct flight *flight = argument;
    struct http_exchange *exchange = &flight->exchange;
    const struct http_app *app = &flight->server->app;
    bool late = exchange->cx.deadline_ms && clock_ticks_ms() > exchange->cx.deadline_ms;
    if (late || atomic_load_explicit(&flight->server->stopping, memory_order_relaxed)) {
        refuse_busy(flight);
    } else {
        flight->ran = true;
        app->run(app->app, exchange);
    }
    http_reply_make(flight);
    http_flight_resume(flight, PHASE_ANSWERED);
}

/* All of the body is here. */
static enum MHD_Result body_end(struct flight *flight) {
    struct http_server *server = flight->server;
    if (flight->decision.intake == HTTP_INTAKE_STREAM) return http_intake_end(flight);
    if (flight->decision.intake == HTTP_INTAKE_WHOLE)
        flight->exchange.body =
            (text){flight->intake.bytes ? flight->intake.bytes : "", flight->intake.size};
    if (flight->decision.inline_run) {
        flight->ran = true;
        server->app.run(server->app.app, &flight->exchange);
        http_reply_make(flight);
        return http_reply_queue(flight);
    }
    if (pool_full(&server->workers)) {
        refuse_busy(flight);
        http_reply_make(flight);
        return http_reply_queue(flight);
    }
    flight->exchange.cx.deadline_ms = clock_ticks_ms() + RUN_CAP_MS;
    return hand_over(flight, PHASE_WORKING, http_exchange_run);
}

struct headers_seen {
    struct http_header *at;
    size_t count;
};

static enum MHD_Result header_seen(void *argument, enum MHD_ValueKind kind, const char *name,
                                   size_t name_len, const char *value, size_t value_len) {
    struct headers_seen *seen = argument;
    (void)kind;
    if (seen->count <= GUARD_HEADERS)
        seen->at[seen->count] =
            (struct http_header){{name, name_len}, {value ? value : "", value_len}};
    seen->count++;
    return seen->count <= GUARD_HEADERS ? MHD_YES : MHD_NO;
}

/* Moves the headers into the arena: an upload's flight may outlive the library's buffer. One copy
 * of the block serves all of them. */
static bool headers_keep(struct flight *flight, const struct guard_block *block) {
    struct arena *arena = flight->exchange.cx.arena;
    const char *copy = arena_copy(arena, block->at, block->size);
    size_t count = block->header_count;
    struct http_header *headers = arena_take_array(arena, count, sizeof *headers);
    if (!copy || !headers) return false;
    for (size_t i = 0; i < count; i++) {
        const struct http_header *header = &block->headers[i];
        headers[i].name = (text){copy + (header->name.at - block->at), header->name.len};
        headers[i].value = (text){copy + (header->value.at - block->at), header->value.len};
    }
    flight->headers = headers;
    flight->header_count = count;
    return true;
}

static struct guard_verdict head_check(struct flight *flight, const struct guard_block *block) {
    if (block->target.len > GUARD_TARGET_BYTES)
        return (struct guard_verdict){414, "The request's target is too long."};
    if (block->header_count > GUARD_HEADERS)
        return (struct guard_verdict){431, "The request has too many headers."};
    if (block->size > GUARD_HEADER_BLOCK_BYTES)
        return (struct guard_verdict){431, "The request's headers are too long."};
    if (!guard_layout(block))
        return (struct guard_verdict){
            400, "The request's head has folded lines, stray bytes or line ends without CR."};
    if (!flight->raw_target.at || !headers_keep(flight, block))
        return (struct guard_verdict){503, "The server is short of memory; try again."};
    const struct guard_request request = {.method = block->method,
                                          .target = flight->raw_target,
                                          .version = block->version,
                                          .headers = flight->headers,
                                          .header_count = flight->header_count};
    return guard_check(flight->exchange.cx.arena, &request, &flight->head);
}

/* A proxy in front may have numbered the request already; from others the number isn't taken. */
static void request_id_take(struct flight *flight) {
    text id = flight->link->trusted ? http_header_of(&flight->exchange, "X-Request-Id") : NO_TEXT;
    if (id.len < 8 || id.len >= REQUEST_ID_BYTES) return;
    for (size_t i = 0; i < id.len; i++) {
        char byte = id.at[i];
        bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                     (byte >= 'A' && byte <= 'Z') || byte == '-' || byte == '_';
        if (!plain) return;
    }
    memcpy(flight->exchange.cx.request_id, id.at, id.len);
    flight->exchange.cx.request_id[id.len] = '\0';
}

static enum MHD_Result head_end(struct flight *flight, const char *method, const char *version) {
    struct http_exchange *exchange = &flight->exchange;
    const struct http_app *app = &flight->server->app;
    struct http_header at[GUARD_HEADERS + 1];
    struct headers_seen seen = {.at = at};
    (void)MHD_get_connection_values_n(flight->connection, MHD_HEADER_KIND, header_seen, &seen);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(flight->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    struct guard_block block = {.at = method,
                                .size = info ? info->header_size : 0,
                                .method = text_of(method),
                                .target = {flight->target_at, flight->target_len},
                                .version = text_of(version),
                                .headers = at,
                                .header_count = seen.count};
    struct guard_verdict verdict = head_check(flight, &block);
    if (!verdict.code && atomic_load(&flight->link->deaf))
        verdict = (struct guard_verdict){503, "The server is being stopped; try again."};
    exchange->peer = text_of(flight->link->peer);
    if (verdict.code) {
        exchange->path = TEXT("/");
        http_exchange_refuse(flight, verdict.code, verdict.sentence);
        return refuse_now(flight);
    }
    exchange->method = flight->head.method;
    exchange->path = flight->head.path;
    exchange->query = flight->head.query;
    exchange->content_length_bytes = flight->head.content_length_bytes;
    exchange->peer = http_link_client(flight);
    request_id_take(flight);
    flight->begun = true;
    app->begin(app->app, exchange, &flight->decision);
    return body_begin(flight);
}

enum MHD_Result http_exchange_access(void *server, struct MHD_Connection *connection,
                                     const char *url, const char *method, const char *version,
                                     const char *data, size_t *size, void **context) {
    struct flight *flight = *context;
    (void)server;
    (void)connection;
    (void)url;
    if (!flight || atomic_load_explicit(&flight->server->stopping, memory_order_relaxed))
        return MHD_NO;
    switch (flight->phase) {
    case PHASE_HEAD:
        return head_end(flight, method, version);
    case PHASE_OPENED:
        return opened(flight);
    case PHASE_BODY:
        return *size ? http_intake_take(flight, data, size) : body_end(flight);
    case PHASE_SWALLOW:
        if (*size == 0) return http_reply_queue(flight);
        atomic_fetch_add_explicit(&flight->link->body_bytes, (int64_t)*size, memory_order_relaxed);
        *size = 0;
        return MHD_YES;
    case PHASE_LINGER:
        return http_farewell_linger(flight, size);
    case PHASE_ANSWERED:
        return http_reply_queue(flight);
    case PHASE_OPENING:
    case PHASE_WORKING:
    case PHASE_QUEUED:
        break;
    }
    return MHD_NO;
}

text http_header_of(const struct http_exchange *exchange, const char *name) {
    const struct flight *flight = exchange->internal;
    text wanted = text_of(name);
    for (size_t i = 0; i < flight->header_count; i++) {
        if (text_equal_nocase(flight->headers[i].name, wanted)) return flight->headers[i].value;
    }
    return NO_TEXT;
}
