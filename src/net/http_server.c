/* http_server.c: starting, draining and stopping; the only place that starts the library's daemons.
 *
 * Owns: the server, its listening sockets, its daemons (one for TCP, one for the unix socket) and
 * pools. Invariant of stopping: nothing is suspended when a daemon is stopped, and the pools
 * outlive the daemons, as the last connections still hand them work. Threads: open, drain and close
 * from one thread. */
#include "net/http_inner.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/scope.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 4096, DRAIN_STEP_MS = 5, POLL_THREADS_MOST = 4 };

static void defaults(struct http_options *options) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (!options->address) options->address = "127.0.0.1";
    if (options->poll_threads <= 0) options->poll_threads = processors > 0 ? (int)processors : 1;
    if (options->poll_threads > POLL_THREADS_MOST) options->poll_threads = POLL_THREADS_MOST;
    if (options->workers <= 0) options->workers = 8;
    if (options->writers <= 0) options->writers = 2;
    if (options->queue_length <= 0) options->queue_length = 256;
    if (options->connection_limit <= 0) options->connection_limit = 2000;
    if (options->connections_per_address <= 0) options->connections_per_address = 200;
    if (options->header_timeout_ms <= 0) options->header_timeout_ms = 10000;
    if (options->idle_timeout_ms <= 0) options->idle_timeout_ms = 60000;
    if (options->heartbeat_ms <= 0) options->heartbeat_ms = 15000;
    if (options->min_body_bytes_per_s <= 0) options->min_body_bytes_per_s = 256;
    if (options->arena_cap_bytes == 0) options->arena_cap_bytes = 8u << 20;
}

static status tcp_listen(struct ctx *cx, const struct http_options *options, int *out) {
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } at = {0};
    socklen_t size = sizeof at.four;
    if (inet_pton(AF_INET, options->address, &at.four.sin_addr) == 1) {
        at.four.sin_family = AF_INET;
        at.four.sin_port = htons(options->port);
    } else if (inet_pton(AF_INET6, options->address, &at.six.sin6_addr) == 1) {
        at.six.sin6_family = AF_INET6;
        at.six.sin6_port = htons(options->port);
        size = sizeof at.six;
    } else {
        return ctx_fail(cx, INVALID, "\"%s\" isn't an IP address to listen on.", options->address);
    }
    scoped(scope_close) int fd =
        socket(at.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return ctx_fail_errno(cx, "opening a socket for", options->address);
    int on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, &at.any, size) != 0 || listen(fd, BACKLOG) != 0) {
        if (errno == EADDRINUSE)
            return ctx_fail(cx, IO,
                            "Port %u on %s is taken by another program; choose another PORT.",
                            options->port, options->address);
        return ctx_fail_errno(cx, "listening on", options->address);
    }
    *out = fd_move(&fd);
    return OK;
}

static status unix_listen(struct ctx *cx, const char *path, int *out) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof at.sun_path)
        return ctx_fail(cx, INVALID, "The path of the unix socket is longer than %zu bytes.",
                        sizeof at.sun_path - 1);
    memcpy(at.sun_path, path, strlen(path) + 1);
    scoped(scope_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return ctx_fail_errno(cx, "opening a socket for", path);
    struct stat is;
    /* One left behind by a process that was killed would make bind fail. */
    if (lstat(path, &is) == 0 && S_ISSOCK(is.st_mode)) (void)unlink(path);
    if (bind(fd, (const struct sockaddr *)&at, sizeof at) != 0 || listen(fd, BACKLOG) != 0)
        return ctx_fail_errno(cx, "listening on", path);
    *out = fd_move(&fd);
    return OK;
}

static uint16_t port_of(int fd) {
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } at = {0};
    socklen_t size = sizeof at;
    if (getsockname(fd, &at.any, &size) != 0) return 0;
    return ntohs(at.any.sa_family == AF_INET6 ? at.six.sin6_port : at.four.sin_port);
}

/* Paths and queries stay as they are: the guard decodes them once, itself. */
static size_t unescape_nothing(void *argument, struct MHD_Connection *connection, char *t) {
    (void)argument;
    (void)connection;
    return strlen(t);
}

static struct MHD_Daemon *daemon_begin(struct http_server *server, int fd) {
    const struct http_options *options = &server->options;
    unsigned flags =
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC;
    unsigned idle_s = (unsigned)((options->idle_timeout_ms + 999) / 1000 + 1);
    /* A pool of one thread isn't a pool to the library. */
    unsigned threads = options->poll_threads > 1 ? (unsigned)options->poll_threads : 0;
    return MHD_start_daemon(flags, 0, http_link_accept, server, http_exchange_access, server,
                            MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE, threads,
                            MHD_OPTION_CONNECTION_LIMIT, (unsigned)options->connection_limit,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)LINK_POOL_BYTES,
                            MHD_OPTION_CONNECTION_TIMEOUT, idle_s, MHD_OPTION_STRICT_FOR_CLIENT, 1,
                            MHD_OPTION_NOTIFY_CONNECTION, http_link_notify, server,
                            MHD_OPTION_NOTIFY_COMPLETED, http_flight_completed, server,
                            MHD_OPTION_URI_LOG_CALLBACK, http_flight_target, server,
                            MHD_OPTION_UNESCAPE_CALLBACK, unescape_nothing, NULL, MHD_OPTION_END);
}

/* The library's threads inherit our mask: signals are for the thread that waits for them. */
static status daemon_start(struct ctx *cx, struct http_server *server, int i) {
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    server->daemons[i] = daemon_begin(server, server->listen_fds[i]);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!server->daemons[i]) return ctx_fail(cx, IO, "The HTTP library refused to start.");
    return OK;
}

static status server_start(struct ctx *cx, struct http_server *server) {
    const struct http_options *options = &server->options;
    TRY(http_link_proxies(cx, server, options->trusted_proxies));
    TRY(tcp_listen(cx, options, &server->listen_fds[0]));
    server->port = port_of(server->listen_fds[0]);
    if (options->unix_path) {
        TRY(unix_listen(cx, options->unix_path, &server->listen_fds[1]));
        server->unix_path = strdup(options->unix_path);
        TRY_NEW(cx, server->unix_path);
    }
    TRY(http_pool_start(cx, &server->workers, "http-worker", options->workers,
                        options->queue_length));
    TRY(http_pool_start(cx, &server->writers, "http-writer", options->writers,
                        options->queue_length));
    TRY(http_watchdog_start(cx, server));
    for (int i = 0; i < DAEMONS; i++) {
        if (server->listen_fds[i] >= 0) TRY(daemon_start(cx, server, i));
    }
    return OK;
}

status http_server_open(struct ctx *cx, const struct http_options *options,
                        const struct http_app *app, struct http_server **out) {
    struct http_server *server = calloc(1, sizeof *server);
    TRY_NEW(cx, server);
    server->options = *options;
    server->app = *app;
    defaults(&server->options);
    for (int i = 0; i < DAEMONS; i++) server->listen_fds[i] = -1;
    (void)pthread_mutex_init(&server->links_lock, NULL);
    (void)pthread_mutex_init(&server->streams_lock, NULL);
    random_bytes(&server->request_seed, sizeof server->request_seed);
    *out = server;
    status started = server_start(cx, server);
    if (started == OK) return OK;
    *out = NULL;
    http_server_close(server);
    return started;
}

uint16_t http_server_port(const struct http_server *server) {
    return server->port;
}

/* Connections that TCP has accepted for us, perhaps with a request on board, are taken in before
 * the socket goes deaf, so that a drain loses none of them. */
static void backlog_take(struct http_server *server, int i, int fd) {
    for (;;) {
        struct sockaddr_storage from = {0};
        socklen_t size = sizeof from;
        int taken = accept4(fd, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (taken < 0) break;
        if (MHD_add_connection(server->daemons[i], taken, (const struct sockaddr *)&from, size) !=
            MHD_YES)
            break;
    }
    (void)shutdown(fd, SHUT_RDWR);
}

void http_server_drain(struct http_server *server, int64_t grace_ms) {
    int64_t until_ms = clock_ticks_ms() + grace_ms;
    if (atomic_exchange(&server->draining, true)) return;
    for (int i = 0; i < DAEMONS; i++) {
        int fd = server->daemons[i] ? MHD_quiesce_daemon(server->daemons[i]) : -1;
        if (fd >= 0) backlog_take(server, i, fd);
    }
    do {
        http_events_end_all(server);
        http_watchdog_cut_idle(server);
        if (atomic_load(&server->connections) == 0 && atomic_load(&server->active) == 0) return;
        clock_sleep_ms(DRAIN_STEP_MS);
    } while (clock_ticks_ms() < until_ms);
    http_watchdog_cut_all(server);
}

static void daemons_stop(struct http_server *server) {
    atomic_store(&server->stopping, true);
    do {
        http_events_end_all(server);
        if (atomic_load(&server->suspended) == 0) break;
        clock_sleep_ms(1);
    } while (true);
    for (int i = 0; i < DAEMONS; i++) {
        if (server->daemons[i]) MHD_stop_daemon(server->daemons[i]);
        server->daemons[i] = NULL;
        scope_close(&server->listen_fds[i]);
    }
}

void http_server_close(struct http_server *server) {
    if (!server) return;
    http_server_drain(server, 0);
    daemons_stop(server);
    http_watchdog_stop(server);
    http_pool_stop(&server->writers);
    http_pool_stop(&server->workers);
    if (server->unix_path) (void)unlink(server->unix_path);
    free(server->unix_path);
    http_link_done(server);
    (void)pthread_mutex_destroy(&server->links_lock);
    (void)pthread_mutex_destroy(&server->streams_lock);
    free(server);
}

struct deferred {
    struct http_task task;
    void (*work)(void *argument);
    void *argument;
};

static void deferred_task(void *argument) {
    struct deferred *deferred = argument;
    deferred->work(deferred->argument);
    free(deferred);
}

status http_defer_work(struct http_server *server, void (*work)(void *argument), void *argument) {
    struct deferred *deferred = malloc(sizeof *deferred);
    if (!deferred) return NO_MEMORY;
    *deferred = (struct deferred){
        .task = {.work = deferred_task, .argument = deferred}, .work = work, .argument = argument};
    status queued = http_pool_submit(&server->workers, &deferred->task, false);
    if (queued != OK) free(deferred);
    return queued;
}

void http_figures_of(struct http_server *server, struct http_figures *out) {
    struct http_figures figures = {
        .connections = atomic_load_explicit(&server->connections, memory_order_relaxed),
        .exchanges_active = atomic_load_explicit(&server->active, memory_order_relaxed),
        .exchanges_total = atomic_load_explicit(&server->total, memory_order_relaxed),
        .refused_total = atomic_load_explicit(&server->refused, memory_order_relaxed),
        .workers_busy = atomic_load_explicit(&server->workers.busy, memory_order_relaxed),
        .bytes_in_total = atomic_load_explicit(&server->bytes_in, memory_order_relaxed),
        .bytes_out_total = atomic_load_explicit(&server->bytes_out, memory_order_relaxed),
        .event_listeners = atomic_load_explicit(&server->listeners, memory_order_relaxed),
    };
    LOCKED(&server->workers.lock);
    figures.queued = server->workers.waiting;
    *out = figures;
}
