/* http_flight.c: the life of a flight: born with its request line, suspended, resumed, told over.
 *
 * Owns the flights' memory. Invariants: `end` is called once for each `begin`; a flight that goes
 * to another thread isn't touched by the one that gave it away. Threads: poll threads;
 * http_flight_resume and http_flight_over also on workers and writers. */
#include "net/http_inner.h"

#include "base/clock.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct link *link_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static struct flight *flight_new(struct http_server *server) {
    struct flight *flight = calloc(1, sizeof *flight);
    if (!flight) return NULL;
    flight->exchange.cx.arena = arena_new(server->options.arena_cap_bytes);
    if (!flight->exchange.cx.arena || pthread_mutex_init(&flight->lock, NULL) != 0) {
        arena_free(flight->exchange.cx.arena);
        free(flight);
        return NULL;
    }
    return flight;
}

void http_flight_free(struct flight *flight) {
    if (!flight) return;
    arena_free(flight->exchange.cx.arena);
    (void)pthread_mutex_destroy(&flight->lock);
    free(flight);
}

/* 13 characters of base 32 from a counter that was scrambled with a secret: unique in this process,
 * and not to be mistaken for that of another one. */
static void request_id(struct http_server *server, char out[REQUEST_ID_BYTES]) {
    uint64_t bits = server->request_seed +
                    atomic_fetch_add_explicit(&server->request_number, 1, memory_order_relaxed) *
                        0x9E3779B97F4A7C15u;
    bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9u;
    bits = (bits ^ bits >> 27) * 0x94D049BB133111EBu;
    bits ^= bits >> 31;
    for (int i = 0; i < 13; i++, bits >>= 5) out[i] = "0123456789abcdefghjkmnpqrstvwxyz"[bits & 31];
    out[13] = '\0';
}

/* A used flight was cleared when its exchange was over, down to its arena and its lock. */
static struct flight *flight_take(struct link *link) {
    struct flight *flight = link->spare ? link->spare : flight_new(link->server);
    link->spare = NULL;
    if (!flight) return NULL;
    flight->server = link->server;
    flight->link = link;
    flight->exchange.internal = flight;
    flight->exchange.began_ticks_us = clock_ticks_us();
    flight->exchange.reply.fd = -1;
    request_id(link->server, flight->exchange.cx.request_id);
    return flight;
}

/* The library would cut the query into parameters and keep each in its memory for the connection,
 * for nobody, until that is full, and then loses its way. It has found the '?' by now but not yet
 * looked behind it, so an early end leaves it nothing to do. The buffer is the connection's own. */
static void query_hide(const char *target) {
    char *mark = strchr((char *)(uintptr_t)target, '?');
    if (mark) mark[1] = '\0';
}

void *http_flight_target(void *argument, const char *target, struct MHD_Connection *connection) {
    struct http_server *server = argument;
    struct link *link = link_of(connection);
    struct flight *flight = link && target ? flight_take(link) : NULL;
    if (!flight) return NULL;
    atomic_fetch_add_explicit(&server->active, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&server->total, 1, memory_order_relaxed);
    http_link_enter(link, LINK_HEAD);
    flight->connection = connection;
    flight->phase = PHASE_HEAD;
    flight->target_at = target;
    flight->target_len = strlen(target);
    /* The library is about to cut the query up in place, so this is the only time to see it whole.
     */
    status copied = text_copy(flight->exchange.cx.arena, (text){target, flight->target_len},
                              &flight->raw_target);
    if (copied != OK) flight->raw_target = NO_TEXT;
    query_hide(target);
    return flight;
}

bool http_flight_suspend(struct flight *flight, enum phase phase) {
    struct http_server *server = flight->server;
    atomic_fetch_add(&server->suspended, 1);
    if (atomic_load(&server->stopping)) {
        atomic_fetch_sub(&server->suspended, 1);
        return false;
    }
    flight->phase = phase;
    http_link_enter(flight->link, LINK_WORK);
    MHD_suspend_connection(flight->connection);
    return true;
}

void http_flight_resume(struct flight *flight, enum phase phase) {
    struct MHD_Connection *connection = flight->connection;
    struct http_server *server = flight->server;
    flight->phase = phase;
    http_link_enter(flight->link, phase == PHASE_BODY ? LINK_BODY : LINK_WORK);
    MHD_resume_connection(connection);
    atomic_fetch_sub(&server->suspended, 1);
}

/* Ready for the next request on the same connection. */
static void flight_clear(struct flight *flight) {
    struct arena *arena = flight->exchange.cx.arena;
    arena_reset(arena);
    memset(flight, 0, offsetof(struct flight, lock));
    flight->exchange.cx.arena = arena;
}

void http_flight_over(struct flight *flight, bool completed) {
    struct http_server *server = flight->server;
    struct link *link = flight->link;
    if (flight->begun && server->app.end)
        server->app.end(server->app.app, &flight->exchange, completed);
    if (completed)
        atomic_fetch_add_explicit(&server->bytes_out, flight->response_bytes, memory_order_relaxed);
    http_reply_drop(flight);
    http_intake_done(flight);
    flight_clear(flight);
    if (link && !link->spare)
        link->spare = flight;
    else
        http_flight_free(flight);
    atomic_fetch_sub_explicit(&server->active, 1, memory_order_release);
}

void http_flight_completed(void *argument, struct MHD_Connection *connection, void **context,
                           enum MHD_RequestTerminationCode why) {
    struct flight *flight = *context;
    (void)argument;
    (void)connection;
    *context = NULL;
    if (!flight) return;
    struct link *link = flight->link;
    bool completed = flight->sent ||
                     (why == MHD_REQUEST_TERMINATED_COMPLETED_OK && flight->phase == PHASE_QUEUED);
    if (flight->intake.opened)
        http_intake_leave(flight, completed);
    else
        http_flight_over(flight, completed);
    atomic_store_explicit(&link->used, true, memory_order_relaxed);
    http_link_enter(link, LINK_IDLE);
}
