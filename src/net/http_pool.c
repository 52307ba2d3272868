/* http_pool.c: the pool's queue and threads; see http_pool.h.
 *
 * Owns the threads' array. Invariant: `first` is NULL exactly when `waiting` is 0. Threads: any. */
#include "net/http_pool.h"

#include "base/thread.h"

#include <stdlib.h>

/* The oldest task, or NULL when the pool is being stopped and the queue is empty. */
static struct http_task *task_take(struct http_pool *pool) {
    LOCKED(&pool->lock);
    while (!pool->first && !pool->stopping) (void)condition_wait(&pool->wake, &pool->lock, 0);
    struct http_task *task = pool->first;
    if (!task) return NULL;
    pool->first = task->next;
    if (!pool->first) pool->last = NULL;
    pool->waiting--;
    return task;
}

static void *pool_thread(void *argument) {
    struct http_pool *pool = argument;
    for (;;) {
        struct http_task *task = task_take(pool);
        if (!task) return NULL;
        atomic_fetch_add_explicit(&pool->busy, 1, memory_order_relaxed);
        task->work(task->argument);
        atomic_fetch_sub_explicit(&pool->busy, 1, memory_order_relaxed);
    }
}

status http_pool_start(struct ctx *cx, struct http_pool *pool, const char *name, int threads,
                       int limit) {
    pool->limit = limit;
    pool->threads = calloc((size_t)threads, sizeof *pool->threads);
    TRY_NEW(cx, pool->threads);
    (void)pthread_mutex_init(&pool->lock, NULL);
    condition_init(&pool->wake);
    for (int i = 0; i < threads; i++) {
        status started = thread_start(&pool->threads[i], name, pool_thread, pool);
        if (started != OK) {
            http_pool_stop(pool);
            return ctx_fail(cx, started, "The system refused a thread for the HTTP server.");
        }
        pool->thread_count++;
    }
    return OK;
}

status http_pool_submit(struct http_pool *pool, struct http_task *task, bool must) {
    LOCKED(&pool->lock);
    if (!must && pool->waiting >= pool->limit) return BUSY;
    task->next = NULL;
    if (pool->last)
        pool->last->next = task;
    else
        pool->first = task;
    pool->last = task;
    pool->waiting++;
    (void)pthread_cond_signal(&pool->wake);
    return OK;
}

static void stop_tell(struct http_pool *pool) {
    LOCKED(&pool->lock);
    pool->stopping = true;
    (void)pthread_cond_broadcast(&pool->wake);
}

void http_pool_stop(struct http_pool *pool) {
    if (!pool->threads) return;
    stop_tell(pool);
    for (int i = 0; i < pool->thread_count; i++) thread_join(pool->threads[i]);
    (void)pthread_cond_destroy(&pool->wake);
    (void)pthread_mutex_destroy(&pool->lock);
    free(pool->threads);
    pool->threads = NULL;
    pool->thread_count = 0;
}
