/* cache.c: the in-process cache: shards for values and shards for counters and limits.
 *
 * Owns: both sets of shards. Counters have their own room, so that a flood of cached values can't
 * make a limit forget who it is counting. Keys are hashed under a random key (SipHash), so that
 * nobody can aim at one bucket. Threads: any; one lock a shard. */
#include "store/cache/cache.h"

#include "base/clock.h"
#include "base/scope.h"
#include "store/cache/cache_table.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { SHARDS = 16, COUNTER_PART = 8, LEAST_SHARD_BYTES = 8192, MINUTE_US = 60 * 1000 * 1000 };

struct cache {
    unsigned char hash_key[crypto_shorthash_KEYBYTES];
    struct cache_table values[SHARDS];
    struct cache_table cells[SHARDS];
};

status cache_open(struct ctx *cx, int64_t cap_bytes, struct cache **out) {
    struct cache *cache = calloc(1, sizeof *cache);
    TRY_NEW(cx, cache);
    crypto_shorthash_keygen(cache->hash_key);
    int64_t cells_bytes = cap_bytes / COUNTER_PART / SHARDS;
    int64_t values_bytes = cap_bytes / SHARDS - cells_bytes;
    if (cells_bytes < LEAST_SHARD_BYTES) cells_bytes = LEAST_SHARD_BYTES;
    for (size_t i = 0; i < SHARDS; i++) {
        cache_table_init(&cache->values[i], values_bytes);
        cache_table_init(&cache->cells[i], cells_bytes);
    }
    *out = cache;
    return OK;
}

void cache_close(struct cache *cache) {
    if (!cache) return;
    for (size_t i = 0; i < SHARDS; i++) {
        cache_table_done(&cache->values[i]);
        cache_table_done(&cache->cells[i]);
    }
    free(cache);
}

/* Shard and bucket come from different halves of one hash. */
struct place {
    size_t shard;
    unsigned hash;
};

static struct place place_of(const struct cache *cache, text key) {
    unsigned char bytes[crypto_shorthash_BYTES];
    uint64_t number;
    (void)crypto_shorthash(bytes, (const unsigned char *)(key.at ? key.at : ""), key.len,
                           cache->hash_key);
    memcpy(&number, bytes, sizeof number);
    return (struct place){.shard = (number >> 32) % SHARDS, .hash = (unsigned)number};
}

status cache_get(struct ctx *cx, struct cache *cache, text key, text *out) {
    struct place place = place_of(cache, key);
    struct cache_table *table = &cache->values[place.shard];
    int64_t now = clock_ticks_ms();
    LOCKED(&table->lock);
    text found;
    if (!cache_table_get(table, key, place.hash, now, &found)) return NOT_FOUND;
    if (text_copy(cx->arena, found, out) != OK) return ctx_no_memory(cx);
    return OK;
}

void cache_put(struct cache *cache, text key, text value, int64_t ttl_ms) {
    struct place place = place_of(cache, key);
    struct cache_table *table = &cache->values[place.shard];
    int64_t expires = clock_ticks_ms() + ttl_ms;
    LOCKED(&table->lock);
    if (ttl_ms > 0)
        cache_table_put(table, key, place.hash, value, expires);
    else
        cache_table_delete(table, key, place.hash);
}

void cache_delete(struct cache *cache, text key) {
    struct place place = place_of(cache, key);
    struct cache_table *table = &cache->values[place.shard];
    LOCKED(&table->lock);
    cache_table_delete(table, key, place.hash);
}

status cache_count(struct cache *cache, text key, int64_t by, int64_t window_ms, int64_t *out_sum,
                   int64_t *out_ends_ticks_ms) {
    struct place place = place_of(cache, key);
    struct cache_table *table = &cache->cells[place.shard];
    int64_t now = clock_ticks_ms();
    LOCKED(&table->lock);
    struct cache_cell *cell = cache_table_cell(table, key, place.hash, now);
    if (!cell) return NO_MEMORY;
    if (cell->ticks == 0) {
        cell->ticks = now + window_ms;
        cache_table_keep(cell, cell->ticks);
    }
    cell->amount += by;
    *out_sum = cell->amount;
    *out_ends_ticks_ms = cell->ticks;
    return OK;
}

/* The generic cell rate algorithm (ITU-T I.371): the cell keeps the theoretical arrival time of the
 * next request at the exact rate; a request may come `burst` steps before it. */
status cache_limit(struct cache *cache, text key, int64_t rate_per_minute, int64_t burst,
                   int64_t *out_retry_ms) {
    struct place place = place_of(cache, key);
    struct cache_table *table = &cache->cells[place.shard];
    int64_t step_us = MINUTE_US / (rate_per_minute > 0 ? rate_per_minute : 1);
    int64_t now_us = clock_ticks_us();
    LOCKED(&table->lock);
    struct cache_cell *cell = cache_table_cell(table, key, place.hash, now_us / 1000);
    if (!cell) return OK; /* without memory the service matters more than its limits */
    int64_t arrival_us = cell->ticks > now_us ? cell->ticks : now_us;
    int64_t early_us = arrival_us - now_us - burst * step_us;
    if (early_us > 0) {
        *out_retry_ms = (early_us + 999) / 1000;
        return QUOTA;
    }
    cell->ticks = arrival_us + step_us;
    cache_table_keep(cell, cell->ticks / 1000 + 1);
    return OK;
}

void cache_figures_of(struct cache *cache, struct cache_figures *out) {
    struct cache_figures sum = {0};
    for (size_t i = 0; i < 2 * SHARDS; i++) {
        struct cache_table *table = i < SHARDS ? &cache->values[i] : &cache->cells[i - SHARDS];
        LOCKED(&table->lock);
        sum.hits += table->hits;
        sum.misses += table->misses;
        sum.entries += table->count;
        sum.bytes += table->bytes;
    }
    *out = sum;
}
