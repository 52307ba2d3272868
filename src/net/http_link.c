/* http_link.c: connections: who they are, how many an address may have, whose word is believed.
 *
 * Owns: the list of links and the table of open connections by address, both under links_lock; the
 * list of trusted proxies, constant after start. Invariant: a link is in the list exactly while its
 * descriptor is open, so whoever holds links_lock may use it. Threads: poll threads and the
 * watchdog. */
#include "net/http_inner.h"

#include "base/clock.h"
#include "base/scope.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <uthash.h>

struct address_count {
    struct in6_addr address;
    int open;
    UT_hash_handle hh;
};

/* IPv4 becomes ::ffff:a.b.c.d, so that there is one form. False for unix sockets. */
static bool address_of(const struct sockaddr *from, struct in6_addr *out) {
    if (from->sa_family == AF_INET6) {
        *out = ((const struct sockaddr_in6 *)(const void *)from)->sin6_addr;
        return true;
    }
    if (from->sa_family != AF_INET) return false;
    *out = (struct in6_addr){.s6_addr = {[10] = 0xFF, [11] = 0xFF}};
    memcpy(&out->s6_addr[12], &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
    return true;
}

static void address_text(const struct in6_addr *address, char out[LINK_PEER_BYTES]) {
    const void *from =
        IN6_IS_ADDR_V4MAPPED(address) ? (const void *)&address->s6_addr[12] : address;
    int family = IN6_IS_ADDR_V4MAPPED(address) ? AF_INET : AF_INET6;
    if (!inet_ntop(family, from, out, LINK_PEER_BYTES)) out[0] = '\0';
}

/* Reads "192.0.2.1" or "2001:db8::1". */
static bool address_read(text t, struct in6_addr *out) {
    char buffer[LINK_PEER_BYTES];
    if (t.len == 0 || t.len >= sizeof buffer) return false;
    memcpy(buffer, t.at, t.len);
    buffer[t.len] = '\0';
    if (inet_pton(AF_INET6, buffer, out) == 1) return true;
    *out = (struct in6_addr){.s6_addr = {[10] = 0xFF, [11] = 0xFF}};
    return inet_pton(AF_INET, buffer, &out->s6_addr[12]) == 1;
}

static bool is_loopback(const struct in6_addr *address) {
    return IN6_IS_ADDR_LOOPBACK(address) ||
           (IN6_IS_ADDR_V4MAPPED(address) && address->s6_addr[12] == 127);
}

static bool within(const struct in6_addr *address, const struct proxy *proxy) {
    int whole = proxy->bits / 8;
    int rest = proxy->bits % 8;
    if (memcmp(address->s6_addr, proxy->address.s6_addr, (size_t)whole) != 0) return false;
    if (rest == 0) return true;
    unsigned char mask = (unsigned char)(0xFF << (8 - rest));
    return ((address->s6_addr[whole] ^ proxy->address.s6_addr[whole]) & mask) == 0;
}

static bool is_proxy(const struct http_server *server, const struct in6_addr *address) {
    for (size_t i = 0; i < server->proxy_count; i++) {
        if (within(address, &server->proxies[i])) return true;
    }
    return false;
}

static status proxy_read(struct ctx *cx, text word, struct proxy *out) {
    text address = NO_TEXT;
    text bits = NO_TEXT;
    (void)text_cut(word, '/', &address, &bits);
    int64_t count = 0;
    bool good = address_read(address, &out->address);
    bool four = good && IN6_IS_ADDR_V4MAPPED(&out->address);
    if (good && bits.at)
        good = text_to_int(bits, &count) == OK && count >= 0;
    else
        count = four ? 32 : 128;
    if (!good || count > (four ? 32 : 128))
        return ctx_fail(cx, INVALID,
                        "\"%.*s\" among the trusted proxies is neither an address nor "
                        "an address/bits.",
                        TEXT_ARG(word));
    out->bits = (int)count + (four ? 96 : 0);
    return OK;
}

status http_link_proxies(struct ctx *cx, struct http_server *server, const char *words) {
    text word = NO_TEXT;
    text rest = text_of(words);
    while (text_cut(rest, ' ', &word, &rest)) {
        if (word.len == 0) continue;
        struct proxy proxy = {0};
        TRY(proxy_read(cx, word, &proxy));
        struct proxy *more =
            reallocarray(server->proxies, server->proxy_count + 1, sizeof *server->proxies);
        TRY_NEW(cx, more);
        server->proxies = more;
        server->proxies[server->proxy_count++] = proxy;
    }
    return OK;
}

static struct address_count *count_find(struct http_server *server,
                                        const struct in6_addr *address) {
    struct address_count *found = NULL;
    HASH_FIND(hh, server->addresses, address, sizeof *address, found);
    return found;
}

enum MHD_Result http_link_accept(void *argument, const struct sockaddr *from, socklen_t length) {
    struct http_server *server = argument;
    struct in6_addr address;
    (void)length;
    if (!address_of(from, &address) || is_loopback(&address) || is_proxy(server, &address))
        return MHD_YES;
    LOCKED(&server->links_lock);
    const struct address_count *count = count_find(server, &address);
    if (!count || count->open < server->options.connections_per_address) return MHD_YES;
    atomic_fetch_add_explicit(&server->refused, 1, memory_order_relaxed);
    return MHD_NO;
}

/* Under links_lock. Without memory the address simply goes uncounted. */
static void count_up(struct link *link) {
    struct address_count *count = count_find(link->server, &link->address);
    if (!count) {
        count = calloc(1, sizeof *count);
        if (!count) return;
        count->address = link->address;
        HASH_ADD(hh, link->server->addresses, address, sizeof count->address, count);
    }
    count->open++;
    link->counted = true;
}

static void count_down(struct link *link) {
    struct address_count *count = link->counted ? count_find(link->server, &link->address) : NULL;
    if (!count || --count->open > 0) return;
    HASH_DEL(link->server->addresses, count);
    free(count);
}

void http_link_enter(struct link *link, enum link_state state) {
    atomic_store_explicit(&link->body_bytes, 0, memory_order_relaxed);
    atomic_store_explicit(&link->since_ms, clock_ticks_ms(), memory_order_relaxed);
    atomic_store(&link->state, (int)state); /* in order with `deaf`, see http_watchdog.c */
}

static void link_open(struct http_server *server, struct MHD_Connection *connection,
                      void **context) {
    const union MHD_ConnectionInfo *fd =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const union MHD_ConnectionInfo *from =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct link *link = calloc(1, sizeof *link);
    if (!link || !fd) {
        free(link);
        return;
    }
    link->server = server;
    link->fd = fd->connect_fd;
    bool internet = from && from->client_addr && address_of(from->client_addr, &link->address);
    if (!internet) link->address = (struct in6_addr)IN6ADDR_LOOPBACK_INIT;
    link->trusted = !internet || is_proxy(server, &link->address);
    address_text(&link->address, link->peer);
    http_link_enter(link, LINK_IDLE);
    *context = link;
    atomic_fetch_add_explicit(&server->connections, 1, memory_order_relaxed);
    LOCKED(&server->links_lock);
    if (internet) count_up(link);
    link->next = server->links;
    if (server->links) server->links->previous = link;
    server->links = link;
}

static void link_unlist(struct link *link) {
    struct http_server *server = link->server;
    LOCKED(&server->links_lock);
    count_down(link);
    if (link->next) link->next->previous = link->previous;
    if (link->previous)
        link->previous->next = link->next;
    else
        server->links = link->next;
}

void http_link_notify(void *argument, struct MHD_Connection *connection, void **context,
                      enum MHD_ConnectionNotificationCode code) {
    struct http_server *server = argument;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        link_open(server, connection, context);
        return;
    }
    struct link *link = *context;
    *context = NULL;
    if (!link) return;
    link_unlist(link);
    atomic_fetch_sub_explicit(&server->connections, 1, memory_order_relaxed);
    http_flight_free(link->spare);
    free(link);
}

/* The nearest address in X-Forwarded-For that isn't one of our proxies: those before it are
 * hearsay. */
static bool forwarded(const struct http_server *server, text hops, struct in6_addr *out) {
    while (hops.at) {
        size_t comma = hops.len;
        while (comma > 0 && hops.at[comma - 1] != ',') comma--;
        text item = text_trim(text_part(hops, comma, SIZE_MAX));
        struct in6_addr address;
        if (!address_read(item, &address)) return false;
        *out = address;
        if (!is_proxy(server, &address)) return true;
        if (comma == 0) return true;
        hops = text_part(hops, 0, comma - 1);
    }
    return false;
}

text http_link_client(struct flight *flight) {
    struct link *link = flight->link;
    text hops = link->trusted ? http_header_of(&flight->exchange, "X-Forwarded-For") : NO_TEXT;
    struct in6_addr address = link->address;
    char buffer[LINK_PEER_BYTES];
    if (hops.at && !forwarded(link->server, hops, &address)) address = link->address;
    address_text(&address, buffer);
    text copy = NO_TEXT;
    status copied = text_copy(flight->exchange.cx.arena, text_of(buffer), &copy);
    return copied == OK ? copy : text_of(link->peer);
}

void http_link_done(struct http_server *server) {
    struct address_count *count = NULL;
    struct address_count *next = NULL;
    HASH_ITER(hh, server->addresses, count, next) {
        HASH_DEL(server->addresses, count);
        free(count);
    }
    free(server->proxies);
}
