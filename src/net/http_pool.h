/* http_pool.h: a bounded pool of threads that run tasks in order of arrival.
 *
 * Owns its threads; a task is the caller's memory and must live until its function was called.
 * Invariant: what was accepted is run exactly once, also when the pool is being stopped. Threads:
 * any. */
#ifndef NET_HTTP_POOL_H
#define NET_HTTP_POOL_H

#include "base/ctx.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/** One piece of work, linked into the queue while it waits. */
struct http_task {
    struct http_task *next;
    void (*work)(void *argument);
    void *argument;
};

/** The pool; its members are its own. */
struct http_pool {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct http_task *first, *last;
    int waiting; /**< Tasks in the queue. */
    int limit;   /**< More than these are refused. */
    int thread_count;
    pthread_t *threads;
    bool stopping;
    _Atomic int64_t busy; /**< Threads at work. */
};

/** Starts `threads` threads. The pool must have been zeroed. */
status http_pool_start(struct ctx *cx, struct http_pool *pool, const char *name, int threads,
                       int limit) CHECKED;

/** Queues the task. BUSY when the queue is full, unless `must`: work that ends what was begun, of
 * which there is at most one task a connection. */
status http_pool_submit(struct http_pool *pool, struct http_task *task, bool must) CHECKED;

/** Lets the threads run what is queued and joins them. A zeroed pool is fine. */
void http_pool_stop(struct http_pool *pool);

#endif
