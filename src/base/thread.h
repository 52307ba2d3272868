/* thread.h: locks that cannot be forgotten, threads with names, and a latch for waiting.
 *
 * Owns nothing global. A failing pthread call is a programmer's error here and stops the process.
 * Threads: all of it is for several. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include "base/status.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/** Locks and unlocks; stop the process on misuse. */
void lock_take(pthread_mutex_t *mutex);
void lock_give(pthread_mutex_t **mutex);

/** Holds the mutex until the end of the block. */
#define LOCKED_NAME_(line) locked_##line
#define LOCKED_EXPAND_(mutex, line)                                                                \
    __attribute__((cleanup(lock_give), unused)) pthread_mutex_t *LOCKED_NAME_(line) =              \
        (lock_take(mutex), (mutex))
#define LOCKED_LINE_(mutex, line) LOCKED_EXPAND_(mutex, line)
#define LOCKED(mutex) LOCKED_LINE_(mutex, __LINE__)

/** Prepares a condition that waits on the monotonic clock. */
void condition_init(pthread_cond_t *condition);

/** Waits until signalled or the tick (clock_ticks_ms) is reached; false on time-out. A deadline of
 *  0 waits for ever. The mutex must be held. */
bool condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t deadline_ms);

/** Starts a thread with a name (at most 15 bytes are kept) and all signals blocked. NO_MEMORY or
 *  BUSY when the system refuses. The caller joins it with thread_join. */
status thread_start(pthread_t *out, const char *name, void *(*run)(void *), void *argument) CHECKED;

/** Waits for the thread's end. */
void thread_join(pthread_t thread);

#endif
