/* thread.c: pthreads with the errors that cannot be handled turned into assertions.
 *
 * Owns nothing. Stacks are small (STACK_BYTES) because handlers keep their data in arenas; that is
 * what keeps an idle server small. Threads: any. */
#include "base/thread.h"

#include "base/clock.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Sanitizers need several times the stack of plain code. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { STACK_BYTES = 4 * 1024 * 1024 };
#else
enum { STACK_BYTES = 512 * 1024 };
#endif

struct start {
    char name[16];
    void *(*run)(void *);
    void *argument;
};

static void must(int result) {
    if (result != 0) abort();
}

void lock_take(pthread_mutex_t *mutex) {
    must(pthread_mutex_lock(mutex));
}

void lock_give(pthread_mutex_t **mutex) {
    must(pthread_mutex_unlock(*mutex));
}

void condition_init(pthread_cond_t *condition) {
    pthread_condattr_t attributes;
    must(pthread_condattr_init(&attributes));
    must(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC));
    must(pthread_cond_init(condition, &attributes));
    must(pthread_condattr_destroy(&attributes));
}

bool condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t deadline_ms) {
    if (deadline_ms == 0) {
        must(pthread_cond_wait(condition, mutex));
        return true;
    }
    struct timespec until = {.tv_sec = deadline_ms / 1000,
                             .tv_nsec = (long)(deadline_ms % 1000) * 1000000};
    int result = pthread_cond_timedwait(condition, mutex, &until);
    if (result == ETIMEDOUT) return false;
    must(result);
    return true;
}

static void *enter(void *argument) {
    struct start start = *(struct start *)argument;
    free(argument);
    (void)pthread_setname_np(pthread_self(), start.name);
    return start.run(start.argument);
}

status thread_start(pthread_t *out, const char *name, void *(*run)(void *), void *argument) {
    struct start *start = malloc(sizeof *start);
    if (!start) return NO_MEMORY;
    *start = (struct start){.run = run, .argument = argument};
    (void)snprintf(start->name, sizeof start->name, "%s", name);
    pthread_attr_t attributes;
    must(pthread_attr_init(&attributes));
    must(pthread_attr_setstacksize(&attributes, STACK_BYTES));
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    must(pthread_sigmask(SIG_BLOCK, &all, &before));
    int result = pthread_create(out, &attributes, enter, start);
    must(pthread_sigmask(SIG_SETMASK, &before, NULL));
    must(pthread_attr_destroy(&attributes));
    if (result != 0) free(start);
    return status_from_errno(result);
}

void thread_join(pthread_t thread) {
    must(pthread_join(thread, NULL));
}
