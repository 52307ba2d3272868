/* http_watchdog.c: cuts connections that take too long, as the library only knows one time-out.
 *
 * Owns one thread that looks at every link each tick. It cuts by shutting the socket down; the poll
 * thread sees that and cleans up. Watched are: the whole head, first or later (from its first byte,
 * which TCP's counter shows); idle keep-alives; the least rate of bodies; lingering. Suspended
 * exchanges are left alone, their own deadlines hold. Invariant: links_lock is held while a link's
 * descriptor is used. Threads: its own; cut_idle and cut_all from the thread that drains. */
#include "net/http_inner.h"

#include "base/clock.h"

#include <linux/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum {
    TICK_MS = 1000,        /* at most between two looks */
    TICK_LEAST_MS = 10,    /* and at least */
    QUIET_MS = 50,         /* a connection idle for so long is cut by a drain */
    BATCH = 128,           /* links asked about in one system call */
    RATE_WINDOW_HEADS = 3, /* a body's rate is measured over so many header times (30 s) */
};

/* Bytes that TCP has received on the connection so far; 0 where it can't say (unix sockets). */
static uint64_t bytes_received(const struct link *link) {
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    if (getsockopt(link->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
    return info.tcpi_bytes_received;
}

/* First look at a link in its present state. */
static void state_seen(struct link *link, int64_t since_ms, int state) {
    bool first = !atomic_load_explicit(&link->used, memory_order_relaxed);
    link->seen_ms = since_ms;
    link->quiet_bytes = state == LINK_IDLE ? bytes_received(link) : 0;
    link->head_ms = state == LINK_IDLE && first ? since_ms : 0;
    link->window_ms = since_ms;
    link->window_bytes = 0;
}

static bool idle_over(struct link *link, int64_t since_ms, int64_t now_ms) {
    const struct http_options *options = &link->server->options;
    if (link->head_ms == 0 && bytes_received(link) != link->quiet_bytes) link->head_ms = now_ms;
    if (link->head_ms) return now_ms - link->head_ms > options->header_timeout_ms;
    return now_ms - since_ms > options->idle_timeout_ms;
}

static bool body_over(struct link *link, int64_t now_ms) {
    const struct http_options *options = &link->server->options;
    int64_t window_ms = RATE_WINDOW_HEADS * options->header_timeout_ms;
    int64_t bytes = atomic_load_explicit(&link->body_bytes, memory_order_relaxed);
    if (now_ms - link->window_ms < window_ms) return false;
    bool slow = (bytes - link->window_bytes) * 1000 < options->min_body_bytes_per_s * window_ms;
    link->window_ms = now_ms;
    link->window_bytes = bytes;
    return slow;
}

static bool link_over(struct link *link, int64_t now_ms) {
    int state = atomic_load_explicit(&link->state, memory_order_acquire);
    int64_t since_ms = atomic_load_explicit(&link->since_ms, memory_order_relaxed);
    if (link->seen_ms != since_ms) state_seen(link, since_ms, state);
    switch (state) {
    case LINK_IDLE:
        return idle_over(link, since_ms, now_ms);
    case LINK_HEAD:
        return now_ms - since_ms > link->server->options.header_timeout_ms;
    case LINK_BODY:
        return body_over(link, now_ms);
    case LINK_LINGER:
        return now_ms - since_ms > LINGER_MS;
    default:
        return false;
    }
}

/* Links whose peer may have hung up unnoticed. */
struct batch {
    struct pollfd fds[BATCH];
    nfds_t count;
};

/* The library reads until a call gives less than it asked for, and then waits for the next event.
 * If the peer's last bytes and its end came together, that was the last event, and the end goes
 * unseen. Shutting our ear makes another one; a request that is complete by then is still answered.
 */
static void batch_look(struct batch *batch) {
    if (poll(batch->fds, batch->count, 0) > 0) {
        for (nfds_t i = 0; i < batch->count; i++) {
            int waiting = 0;
            bool ended = batch->fds[i].revents & (POLLRDHUP | POLLHUP | POLLERR);
            if (ended && ioctl(batch->fds[i].fd, FIONREAD, &waiting) == 0 && waiting == 0)
                (void)shutdown(batch->fds[i].fd, SHUT_RD);
        }
    }
    batch->count = 0;
}

static bool listens(const struct link *link) {
    int state = atomic_load_explicit(&link->state, memory_order_acquire);
    return state == LINK_IDLE || state == LINK_HEAD || state == LINK_BODY || state == LINK_LINGER;
}

static void links_look(struct http_server *server, int64_t now_ms) {
    struct batch batch = {.count = 0};
    LOCKED(&server->links_lock);
    for (struct link *link = server->links; link; link = link->next) {
        if (link_over(link, now_ms))
            (void)shutdown(link->fd, SHUT_RDWR);
        else if (listens(link))
            batch.fds[batch.count++] = (struct pollfd){.fd = link->fd, .events = POLLRDHUP};
        if (batch.count == BATCH) batch_look(&batch);
    }
    batch_look(&batch);
}

/* Shuts our ear, so that the poll thread finds the connection ended. A request may come at this
 * very moment; then either it is seen here (the link isn't idle any more) or it sees that it came
 * too late (http_exchange.c answers 503): going on with it would be in vain, as the library drops a
 * resumed connection at whose end it arrives. */
static void ear_shut(struct link *link) {
    atomic_store(&link->deaf, true);
    if (atomic_load(&link->state) == LINK_IDLE)
        (void)shutdown(link->fd, SHUT_RD);
    else
        atomic_store(&link->deaf, false);
}

void http_watchdog_cut_idle(struct http_server *server) {
    int64_t now_ms = clock_ticks_ms();
    LOCKED(&server->links_lock);
    for (struct link *link = server->links; link; link = link->next) {
        int waiting = 0;
        int64_t since_ms = atomic_load_explicit(&link->since_ms, memory_order_relaxed);
        if (atomic_load(&link->state) != LINK_IDLE || now_ms - since_ms < QUIET_MS) continue;
        if (ioctl(link->fd, FIONREAD, &waiting) == 0 && waiting == 0) ear_shut(link);
    }
}

void http_watchdog_cut_all(struct http_server *server) {
    LOCKED(&server->links_lock);
    for (struct link *link = server->links; link; link = link->next)
        (void)shutdown(link->fd, SHUT_RDWR);
}

static bool tick_wait(struct http_server *server, int64_t tick_ms) {
    LOCKED(&server->watchdog_lock);
    if (!server->watchdog_stop)
        (void)condition_wait(&server->watchdog_wake, &server->watchdog_lock,
                             clock_ticks_ms() + tick_ms);
    return !server->watchdog_stop;
}

static void *watchdog_thread(void *argument) {
    struct http_server *server = argument;
    int64_t tick_ms = server->options.header_timeout_ms / 10;
    if (tick_ms > server->options.heartbeat_ms / 4) tick_ms = server->options.heartbeat_ms / 4;
    if (tick_ms > TICK_MS) tick_ms = TICK_MS;
    if (tick_ms < TICK_LEAST_MS) tick_ms = TICK_LEAST_MS;
    while (tick_wait(server, tick_ms)) {
        int64_t now_ms = clock_ticks_ms();
        links_look(server, now_ms);
        http_events_beat(server, now_ms);
    }
    return NULL;
}

status http_watchdog_start(struct ctx *cx, struct http_server *server) {
    (void)pthread_mutex_init(&server->watchdog_lock, NULL);
    condition_init(&server->watchdog_wake);
    status started = thread_start(&server->watchdog, "http-watchdog", watchdog_thread, server);
    if (started != OK)
        return ctx_fail(cx, started, "The system refused a thread for the HTTP server.");
    server->watchdog_runs = true;
    return OK;
}

void http_watchdog_stop(struct http_server *server) {
    if (!server->watchdog_runs) return;
    {
        LOCKED(&server->watchdog_lock);
        server->watchdog_stop = true;
        (void)pthread_cond_signal(&server->watchdog_wake);
    }
    thread_join(server->watchdog);
    server->watchdog_runs = false;
}
