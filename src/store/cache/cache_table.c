/* cache_table.c: hash table and use-ordered list of one shard.
 *
 * Owns: the entries. Invariants: every entry is in both the table and the list; `bytes` is the sum
 * of their sizes and never over the cap when a call returns. Expired entries are dropped when met
 * or when they have become the oldest. Threads: the caller holds the lock. */
#include "store/cache/cache_table.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct cache_entry {
    UT_hash_handle hh;
    struct cache_entry *newer;
    struct cache_entry *older;
    int64_t expires_ticks;
    size_t key_len;
    size_t value_len;
    struct cache_cell cell; /* the value of counters and limits */
    char bytes[];           /* key, then value */
};

void cache_table_init(struct cache_table *table, int64_t cap_bytes) {
    *table = (struct cache_table){.cap_bytes = cap_bytes};
    (void)pthread_mutex_init(&table->lock, NULL);
}

static int64_t size_of(size_t key_len, size_t value_len) {
    return (int64_t)(sizeof(struct cache_entry) + key_len + value_len + 16);
}

static void unlink_entry(struct cache_table *table, struct cache_entry *entry) {
    *(entry->newer ? &entry->newer->older : &table->newest) = entry->older;
    *(entry->older ? &entry->older->newer : &table->oldest) = entry->newer;
}

static void link_newest(struct cache_table *table, struct cache_entry *entry) {
    entry->newer = NULL;
    entry->older = table->newest;
    if (table->newest) table->newest->newer = entry;
    table->newest = entry;
    if (!table->oldest) table->oldest = entry;
}

static void drop(struct cache_table *table, struct cache_entry *entry) {
    HASH_DELETE(hh, table->entries, entry);
    unlink_entry(table, entry);
    table->bytes -= size_of(entry->key_len, entry->value_len);
    table->count--;
    free(entry);
}

void cache_table_done(struct cache_table *table) {
    while (table->oldest) drop(table, table->oldest);
    (void)pthread_mutex_destroy(&table->lock);
}

/* The living entry of the key, moved to the front; NULL when there is none. */
static struct cache_entry *find(struct cache_table *table, text key, unsigned hash,
                                int64_t now_ticks) {
    struct cache_entry *entry = NULL;
    HASH_FIND_BYHASHVALUE(hh, table->entries, key.at, key.len, hash, entry);
    if (!entry) return NULL;
    if (entry->expires_ticks <= now_ticks) {
        drop(table, entry);
        return NULL;
    }
    if (table->newest != entry) {
        unlink_entry(table, entry);
        link_newest(table, entry);
    }
    return entry;
}

bool cache_table_get(struct cache_table *table, text key, unsigned hash, int64_t now_ticks,
                     text *out) {
    struct cache_entry *entry = find(table, key, hash, now_ticks);
    if (!entry) {
        table->misses++;
        return false;
    }
    table->hits++;
    *out = (text){entry->bytes + entry->key_len, entry->value_len};
    return true;
}

/* Adds a new entry at the front, pushing out the oldest until it fits. */
static struct cache_entry *add(struct cache_table *table, text key, unsigned hash, text value,
                               int64_t expires_ticks) {
    int64_t size = size_of(key.len, value.len);
    if (size > table->cap_bytes / 4) return NULL;
    struct cache_entry *entry = calloc(1, sizeof *entry + key.len + value.len);
    if (!entry) return NULL;
    entry->expires_ticks = expires_ticks;
    entry->key_len = key.len;
    entry->value_len = value.len;
    if (key.len) memcpy(entry->bytes, key.at, key.len);
    if (value.len) memcpy(entry->bytes + key.len, value.at, value.len);
    while (table->oldest && table->bytes + size > table->cap_bytes) drop(table, table->oldest);
    HASH_ADD_KEYPTR_BYHASHVALUE(hh, table->entries, entry->bytes, key.len, hash, entry);
    if (!entry->hh.tbl) { /* the table could not grow */
        free(entry);
        return NULL;
    }
    link_newest(table, entry);
    table->bytes += size;
    table->count++;
    return entry;
}

void cache_table_put(struct cache_table *table, text key, unsigned hash, text value,
                     int64_t expires_ticks) {
    cache_table_delete(table, key, hash);
    (void)add(table, key, hash, value, expires_ticks);
}

void cache_table_delete(struct cache_table *table, text key, unsigned hash) {
    struct cache_entry *entry = NULL;
    HASH_FIND_BYHASHVALUE(hh, table->entries, key.at, key.len, hash, entry);
    if (entry) drop(table, entry);
}

struct cache_cell *cache_table_cell(struct cache_table *table, text key, unsigned hash,
                                    int64_t now_ticks) {
    struct cache_entry *entry = find(table, key, hash, now_ticks);
    if (!entry) entry = add(table, key, hash, NO_TEXT, INT64_MAX);
    return entry ? &entry->cell : NULL;
}

void cache_table_keep(struct cache_cell *cell, int64_t expires_ticks) {
    struct cache_entry *entry =
        (struct cache_entry *)((char *)cell - offsetof(struct cache_entry, cell));
    entry->expires_ticks = expires_ticks;
}
