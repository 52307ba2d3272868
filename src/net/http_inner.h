/* http_inner.h: the parts of the HTTP server as they see each other; nobody else may.
 *
 * Owns the shapes of three things. A *server* owns daemons, pools, the list of links and of
 * streams. A *link* is one TCP or unix connection, from accept to close. A *flight* is one request
 * on its way, with the exchange that the app sees; it usually dies before its link, and outlives it
 * only when the body of an upload broke off and writers still have work. Invariants: a flight is in
 * one hand at a time: its poll thread, or, while its connection is suspended, one worker. Only what
 * the flight's lock guards is shared. A callback of the library runs on a poll thread. Locks are
 * taken in this order: server.links_lock, server.streams_lock, event_stream.lock, and the library's
 * own last; nothing calls the app with one of them held. */
#ifndef NET_HTTP_INNER_H
#define NET_HTTP_INNER_H

#include "base/thread.h"
#include "net/http.h"
#include "net/http_guard.h"
#include "net/http_pool.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <stdatomic.h>

/** Sizes and times of the server's own. */
enum {
    LINK_PEER_BYTES = 48, /* an IPv6 address as text */
    /* The library's memory for one connection. It must hold the largest head
     * (GUARD_HEADER_BLOCK_BYTES), an entry for each of its headers, and still 3 kB for the head of
     * the reply. */
    LINK_POOL_BYTES = 16384,
    SWALLOW_BYTES = 65536,   /* a refused body up to this is read and dropped, and the link kept */
    LINGER_MS = 5000,        /* how long a refused sender may go on before it is cut */
    LINGER_BYTES = 256 << 20, /* and how much of it is read: a client that writes all it has before
                                 it reads must not lose the refusal to a reset */
    PIECE_BYTES = 1 << 20,   /* an upload's buffer; less when many run, see http_intake.c */
    DAEMONS = 2,             /* TCP and unix */
};

struct MHD_Connection;
struct flight;

/** What a connection is doing, for the watchdog. */
enum link_state {
    LINK_IDLE,   /* between requests */
    LINK_HEAD,   /* the request line has come */
    LINK_BODY,   /* receiving a body */
    LINK_WORK,   /* suspended: a worker or writer has it */
    LINK_REPLY,  /* sending */
    LINK_EVENTS, /* an event stream */
    LINK_LINGER, /* refused in mid-body */
};

/** One connection. Atomics are written by its poll thread and read by the watchdog. */
struct link {
    struct link *next, *previous;
    struct http_server *server;
    int fd;
    bool counted;            /* in the table of addresses */
    bool trusted;            /* a listed proxy or the unix socket */
    struct in6_addr address; /* IPv4 as mapped IPv6 */
    char peer[LINK_PEER_BYTES];
    struct flight *spare;       /* a finished flight, kept for the next request */
    _Atomic int state;          /* enum link_state */
    _Atomic int64_t since_ms;   /* when the state was entered */
    _Atomic int64_t body_bytes; /* received in state LINK_BODY */
    _Atomic bool used;          /* a request has been answered */
    _Atomic bool deaf;          /* our ear is, or is about to be, shut by a drain */
    int64_t seen_ms;            /* watchdog's own: the since_ms that the next four belong to */
    uint64_t quiet_bytes;       /* TCP's count of received bytes when the link was found idle */
    int64_t head_ms;            /* when a head's first bytes were noticed; 0 = not yet */
    int64_t window_ms;          /* begin of the present window of a body */
    int64_t window_bytes;       /* body_bytes at that time */
};

/** Where a flight is. */
enum phase {
    PHASE_HEAD,     /* request line read; the rest of the head comes */
    PHASE_OPENING,  /* suspended; a worker runs `open` */
    PHASE_OPENED,   /* back from it */
    PHASE_BODY,     /* taking in the body */
    PHASE_WORKING,  /* suspended; a worker runs `run`, or writers still write */
    PHASE_ANSWERED, /* the reply is made and waits to be queued */
    PHASE_SWALLOW,  /* the same, but the body is read to its end first, and dropped */
    PHASE_LINGER,   /* the reply has been sent by hand; what still comes is dropped */
    PHASE_QUEUED,   /* the reply is the library's */
};

/** A piece of an upload in memory. */
struct piece {
    char *at;
    size_t size;
    size_t room;
};

/** Taking in a body. The flight's lock guards all from `filling` on while
 * writers are at work. */
struct intake {
    char *bytes; /* WHOLE: growing, malloc */
    size_t size, room;
    int64_t received_bytes;
    bool opened;          /* `open` succeeded and `run` hasn't begun: a break must be told */
    struct piece filling; /* being filled by the poll thread */
    struct piece writing; /* with the writers */
    struct piece spare;   /* empty, kept for the next filling */
    bool waiting;         /* suspended until `writing` is free */
    bool ended;           /* the body is complete */
    bool cut;             /* the connection is gone */
    bool failed;          /* `piece` failed; its reply stands in the exchange */
};

/** One request on its way. */
struct flight {
    struct http_exchange exchange;
    struct http_server *server;
    struct link *link; /* NULL once the connection is gone */
    struct MHD_Connection *connection;
    enum phase phase;
    struct http_decision decision;
    struct guard_result head;
    text raw_target;
    size_t target_len; /* as it lies in the library's buffer */
    const char *target_at;
    struct http_header *headers; /* copies in the arena */
    size_t header_count;
    bool begun;     /* `begin` was called, so `end` must be */
    bool ran;       /* `run` was called */
    bool sent;      /* the reply was sent by hand */
    bool completed; /* for the `end` that a worker calls */
    int64_t linger_bytes;
    struct MHD_Response *response; /* made, not yet queued */
    int response_code;
    int64_t response_bytes;
    int64_t unsent_bytes; /* of the entity that a 304 stands for */
    struct event_stream *events;
    struct intake intake;
    struct http_task task;
    pthread_mutex_t lock; /* last: everything before it is cleared for a new request */
};

/** A trusted proxy, or a network of them. */
struct proxy {
    struct in6_addr address;
    int bits;
};

/** Open connections of one address. */
struct address_count;

/** The server: what http.h hides. */
struct http_server {
    struct http_options options;
    struct http_app app;
    struct MHD_Daemon *daemons[DAEMONS];
    int listen_fds[DAEMONS];
    uint16_t port;
    char *unix_path;
    struct proxy *proxies;
    size_t proxy_count;
    struct http_pool workers, writers;
    pthread_mutex_t links_lock;
    struct link *links;
    struct address_count *addresses;
    pthread_mutex_t streams_lock;
    struct event_stream *streams;
    pthread_t watchdog;
    bool watchdog_runs, workers_run, writers_run;
    pthread_mutex_t watchdog_lock;
    pthread_cond_t watchdog_wake;
    bool watchdog_stop;
    _Atomic bool draining; /* each reply closes its connection */
    _Atomic bool stopping; /* no more suspending */
    _Atomic int64_t connections, active, total, refused, bytes_in, bytes_out, listeners, uploads;
    _Atomic int64_t suspended; /* connections asleep, for the stop to wait on */
    _Atomic uint64_t request_number;
    uint64_t request_seed;
};

/* http_link.c */
void http_link_notify(void *server, struct MHD_Connection *connection, void **context,
                      enum MHD_ConnectionNotificationCode code);
enum MHD_Result http_link_accept(void *server, const struct sockaddr *address, socklen_t length);
void http_link_enter(struct link *link, enum link_state state);
text http_link_client(struct flight *flight);
status http_link_proxies(struct ctx *cx, struct http_server *server, const char *words) CHECKED;
void http_link_done(struct http_server *server);

/* http_flight.c: life and death of a flight, suspending and resuming */
void *http_flight_target(void *server, const char *target, struct MHD_Connection *connection);
void http_flight_completed(void *server, struct MHD_Connection *connection, void **context,
                           enum MHD_RequestTerminationCode why);
/* False when the server is being stopped: then close the connection instead. The stopping side
 * waits until `suspended` is 0, as the library can't be stopped with a suspended connection. */
bool http_flight_suspend(struct flight *flight, enum phase phase) CHECKED;
void http_flight_resume(struct flight *flight, enum phase phase);
void http_flight_over(struct flight *flight, bool completed);
void http_flight_free(struct flight *flight);

/* http_exchange.c: the course of a request */
enum MHD_Result http_exchange_access(void *server, struct MHD_Connection *connection,
                                     const char *url, const char *method, const char *version,
                                     const char *data, size_t *size, void **context);
void http_exchange_refuse(struct flight *flight, int code, const char *sentence);
void http_exchange_run(void *flight);

/* http_intake.c */
enum MHD_Result http_intake_take(struct flight *flight, const char *data, size_t *size);
enum MHD_Result http_intake_end(struct flight *flight);
void http_intake_leave(struct flight *flight, bool completed);
void http_intake_done(struct flight *flight);

/* http_reply.c: from the exchange's reply to the library's response */
void http_reply_make(struct flight *flight);
enum MHD_Result http_reply_queue(struct flight *flight);
void http_reply_drop(struct flight *flight);

/* http_farewell.c: refusing a sender in mid-body */
enum MHD_Result http_farewell(struct flight *flight);
enum MHD_Result http_farewell_linger(struct flight *flight, size_t *size);

/* http_events.c */
struct MHD_Response *http_events_response(struct flight *flight);
void http_events_gone(struct event_stream *stream);
void http_events_beat(struct http_server *server, int64_t now_ms);
void http_events_end_all(struct http_server *server);

/* http_watchdog.c */
status http_watchdog_start(struct ctx *cx, struct http_server *server) CHECKED;
void http_watchdog_stop(struct http_server *server);
void http_watchdog_cut_idle(struct http_server *server);
void http_watchdog_cut_all(struct http_server *server);

#endif
