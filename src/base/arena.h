/* arena.h: memory that lives as long as one request, job or tick, under a hard cap.
 *
 * Owns: every block handed out; all are freed together by arena_free or arena_reset. Foreign
 * handles (statements, file descriptors) are tied to it with arena_defer and released in reverse
 * order.
 * Invariant: the sum of what was taken never exceeds the cap, so "too big" is a status and no
 * abort.
 * Threads: an arena belongs to one thread at a time; it has no lock. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/status.h"

#include <stddef.h>

struct arena;

/** A new arena that hands out at most `cap_bytes`. The caller frees it with arena_free. NULL when
 *  the process has no memory. */
struct arena *arena_new(size_t cap_bytes) CHECKED;

/** Runs the deferred releases, newest first, and frees everything. NULL is fine. */
void arena_free(struct arena *arena);

/** Like arena_free, but the arena can be used again and keeps one block for speed. */
void arena_reset(struct arena *arena);

/** `size` zeroed bytes aligned for any type (size 0 gives a valid pointer), or NULL over the
 *  cap. */
void *arena_take(struct arena *arena, size_t size) CHECKED;

/** `count` × `size` zeroed bytes; NULL on overflow or over the cap. */
void *arena_take_array(struct arena *arena, size_t count, size_t size) CHECKED;

/** A copy of `size` bytes at `from`, with one NUL byte behind them; NULL over the cap. */
void *arena_copy(struct arena *arena, const void *from, size_t size) CHECKED;

/** Calls `release(handle)` when the arena is freed or reset. NO_MEMORY over the cap: then the
 *  handle stays the caller's ("consumed on success, untouched on failure"). */
status arena_defer(struct arena *arena, void (*release)(void *handle), void *handle) CHECKED;

/** Bytes taken so far, in bytes of the cap. */
size_t arena_used_bytes(const struct arena *arena);

/** For `scoped(arena_done) struct arena *arena = …`. */
void arena_done(struct arena **arena);

/** A zeroed object of the type, or NULL over the cap. */
#define arena_new_of(arena, type) ((type *)arena_take((arena), sizeof(type)))

#endif
