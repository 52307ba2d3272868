/* arena.c: a chain of blocks that grows by doubling and is freed at once.
 *
 * Owns: the blocks and the list of deferred releases, which lives in the blocks themselves.
 * Invariants: `used` counts what callers took (rounded to alignment) and never passes `cap`; the
 * newest block is the head of the chain. Large requests get a block of their own. Threads: one at a
 * time. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BLOCK_BYTES = 4096, LARGEST_BLOCK_BYTES = 256 * 1024 };
#define ALIGNMENT alignof(max_align_t)

struct block {
    struct block *next;
    size_t size;
    size_t used;
    alignas(max_align_t) unsigned char bytes[];
};

struct deferred {
    struct deferred *next;
    void (*release)(void *);
    void *handle;
};

struct arena {
    size_t cap;
    size_t used;
    size_t next_block_bytes;
    struct block *blocks;
    struct deferred *deferred;
};

struct arena *arena_new(size_t cap_bytes) {
    struct arena *arena = calloc(1, sizeof *arena);
    if (!arena) return NULL;
    arena->cap = cap_bytes;
    arena->next_block_bytes = FIRST_BLOCK_BYTES;
    return arena;
}

/* Runs the releases newest first; each may still read memory of the arena. */
static void release_deferred(struct arena *arena) {
    while (arena->deferred) {
        struct deferred *first = arena->deferred;
        arena->deferred = first->next;
        first->release(first->handle);
    }
}

void arena_reset(struct arena *arena) {
    release_deferred(arena);
    struct block *keep = NULL;
    for (struct block *block = arena->blocks; block;) {
        struct block *next = block->next;
        if (!next && block->size <= LARGEST_BLOCK_BYTES) {
            keep = block;
        } else {
            free(block);
        }
        block = next;
    }
    if (keep) keep->used = 0;
    arena->blocks = keep;
    arena->used = 0;
    arena->next_block_bytes = FIRST_BLOCK_BYTES;
}

void arena_free(struct arena *arena) {
    if (!arena) return;
    release_deferred(arena);
    for (struct block *block = arena->blocks; block;) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
    free(arena);
}

void arena_done(struct arena **arena) {
    arena_free(*arena);
    *arena = NULL;
}

static struct block *block_add(struct arena *arena, size_t least) {
    size_t size = least > arena->next_block_bytes ? least : arena->next_block_bytes;
    struct block *block = malloc(sizeof *block + size);
    if (!block) return NULL;
    block->size = size;
    block->used = 0;
    block->next = arena->blocks;
    arena->blocks = block;
    if (arena->next_block_bytes < LARGEST_BLOCK_BYTES) arena->next_block_bytes *= 2;
    return block;
}

void *arena_take(struct arena *arena, size_t size) {
    if (size > SIZE_MAX - ALIGNMENT) return NULL;
    size_t rounded = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    if (rounded == 0) rounded = ALIGNMENT;
    if (rounded > arena->cap - arena->used) return NULL;
    struct block *block = arena->blocks;
    if (!block || block->size - block->used < rounded) {
        block = block_add(arena, rounded);
        if (!block) return NULL;
    }
    void *at = block->bytes + block->used;
    block->used += rounded;
    arena->used += rounded;
    return memset(at, 0, rounded);
}

void *arena_take_array(struct arena *arena, size_t count, size_t size) {
    size_t total = 0;
    if (__builtin_mul_overflow(count, size, &total)) return NULL;
    return arena_take(arena, total);
}

void *arena_copy(struct arena *arena, const void *from, size_t size) {
    if (size == SIZE_MAX) return NULL;
    char *at = arena_take(arena, size + 1);
    if (at && size) memcpy(at, from, size);
    return at;
}

status arena_defer(struct arena *arena, void (*release)(void *), void *handle) {
    struct deferred *entry = arena_take(arena, sizeof *entry);
    if (!entry) return NO_MEMORY;
    *entry = (struct deferred){.next = arena->deferred, .release = release, .handle = handle};
    arena->deferred = entry;
    return OK;
}

size_t arena_used_bytes(const struct arena *arena) {
    return arena->used;
}
