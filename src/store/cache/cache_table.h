/* cache_table.h: one shard of the cache: a hash table whose entries are also a list by last use.
 *
 * Owns: copies of keys and values, at most `cap_bytes` with all overhead. Every function wants the
 * shard's lock held by the caller. Times are monotonic ticks (base/clock.h). Threads: as said. */
#ifndef STORE_CACHE_CACHE_TABLE_H
#define STORE_CACHE_CACHE_TABLE_H

#include "base/text.h"
#include "base/thread.h"

#include <stdint.h>

struct cache_entry;

/** A shard; zero-initialise, then cache_table_init. */
struct cache_table {
    pthread_mutex_t lock;
    struct cache_entry *entries; /**< Hash table. */
    struct cache_entry *newest;
    struct cache_entry *oldest;
    int64_t bytes;
    int64_t cap_bytes;
    int64_t count;
    int64_t hits;
    int64_t misses;
};

/** Two numbers kept under a key: counters and limits. */
struct cache_cell {
    int64_t amount;
    int64_t ticks;
};

/** An empty table of at most `cap_bytes`. */
void cache_table_init(struct cache_table *table, int64_t cap_bytes);
/** Frees all entries. */
void cache_table_done(struct cache_table *table);

/** The value, valid while the lock is held; false when absent or expired. Counts as a use. */
bool cache_table_get(struct cache_table *table, text key, unsigned hash, int64_t now_ticks,
                     text *out);

/** Stores a copy; does nothing when it is over a quarter of the cap or memory is out. */
void cache_table_put(struct cache_table *table, text key, unsigned hash, text value,
                     int64_t expires_ticks);

/** Forgets the key. */
void cache_table_delete(struct cache_table *table, text key, unsigned hash);

/** The cell of the key, made zeroed when absent or expired, its expiry set anew. NULL: no memory.
 */
struct cache_cell *cache_table_cell(struct cache_table *table, text key, unsigned hash,
                                    int64_t now_ticks);

/** Sets when the cell last returned may be forgotten. */
void cache_table_keep(struct cache_cell *cell, int64_t expires_ticks);

#endif
