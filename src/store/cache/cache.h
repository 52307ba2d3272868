/* cache.h: values under keys with a lifetime; may forget at any time, never lies.
 *
 * Owns: a sharded in-process LRU (Redis beside it later, behind the same calls), bounded in bytes.
 * Counters are for limits: atomic, fixed window. Threads: any. */
#ifndef STORE_CACHE_CACHE_H
#define STORE_CACHE_CACHE_H

#include "base/ctx.h"

#include <stdint.h>

struct cache;

/** Opens an in-process cache of at most `cap_bytes`. */
status cache_open(struct ctx *cx, int64_t cap_bytes, struct cache **out) CHECKED;
void cache_close(struct cache *cache);

/** Copies the value into the context's arena. NOT_FOUND (no fault sentence) when absent or expired.
 */
status cache_get(struct ctx *cx, struct cache *cache, text key, text *out) CHECKED;

/** Stores a copy for `ttl_ms`. A value over a shard's share is simply not kept. */
void cache_put(struct cache *cache, text key, text value, int64_t ttl_ms);

/** Forgets the key. */
void cache_delete(struct cache *cache, text key);

/** Adds `by` to the counter of the key in its present window of `window_ms`, and gives the sum and
 *  when the window ends (monotonic ticks). NO_MEMORY only. */
status cache_count(struct cache *cache, text key, int64_t by, int64_t window_ms, int64_t *out_sum,
                   int64_t *out_ends_ticks_ms) CHECKED;

/** Token bucket of `rate_per_minute` with `burst` on top of one token a request: OK, or QUOTA with
 * the time until the next token in `*out_retry_ms` (GCRA). */
status cache_limit(struct cache *cache, text key, int64_t rate_per_minute, int64_t burst,
                   int64_t *out_retry_ms) CHECKED;

/** Figures for /metrics. */
struct cache_figures {
    int64_t hits, misses, entries, bytes;
};
void cache_figures_of(struct cache *cache, struct cache_figures *out);

#endif
