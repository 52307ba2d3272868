/* index_cache.c: segment indexes in memory, so that cutting a segment needs no read but the
 * segment's.
 *
 * Owns: up to INDEXES_MOST indexes of together INDEXES_CAP_BYTES, least recently used first out.
 * An index is never changed once kept; who uses one holds a count, and the last to give it back
 * frees it if it was dropped meanwhile. A key names a run, whose objects never change, so
 * nothing here grows stale. Threads: any; one lock. */
#include "base/scope.h"
#include "base/thread.h"
#include "features/playback/playback.h"
#include "store/blob/blob.h"

#include <stdio.h>
#include <string.h>

enum {
    INDEXES_MOST = 128,
    INDEXES_CAP_BYTES = 16 << 20,
    INDEX_CAP_BYTES = 64 << 20, /* of one while it is read: a day's film takes 1 MiB */
};

struct kept_index {
    char key[VIDEO_KEY_BYTES];
    struct arena *arena;
    struct segment_index index;
    size_t bytes;
    int uses;      /* under `lock` */
    bool listed;   /* under `lock` */
    uint64_t used; /* when, in uses of the cache */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct kept_index *kept_all[INDEXES_MOST];
static size_t kept_bytes;
static uint64_t clock_of_uses;

static void release(struct kept_index *kept) {
    if (!kept) return;
    arena_free(kept->arena);
    free(kept);
}

static void kept_done(struct kept_index **kept) {
    release(*kept);
}

const struct segment_index *index_cache_of(const struct kept_index *kept) {
    return &kept->index;
}

static void unlist(size_t at) {
    struct kept_index *kept = kept_all[at];
    kept_all[at] = NULL;
    kept->listed = false;
    kept_bytes -= kept->bytes;
    if (kept->uses == 0) release(kept);
}

void index_cache_give(struct kept_index *kept) {
    if (!kept) return;
    LOCKED(&lock);
    if (--kept->uses == 0 && !kept->listed) release(kept);
}

void index_cache_clear(void) {
    LOCKED(&lock);
    for (size_t i = 0; i < INDEXES_MOST; i++) {
        if (kept_all[i]) unlist(i);
    }
}

static struct kept_index *find(const char *key) {
    LOCKED(&lock);
    for (size_t i = 0; i < INDEXES_MOST; i++) {
        struct kept_index *kept = kept_all[i];
        if (!kept || strcmp(kept->key, key) != 0) continue;
        kept->uses++;
        kept->used = ++clock_of_uses;
        return kept;
    }
    return NULL;
}

/* A free place, made by dropping the longest unused; more is dropped until the bytes fit. */
static size_t make_room(size_t bytes) {
    for (;;) {
        size_t oldest = INDEXES_MOST, empty = INDEXES_MOST;
        for (size_t i = 0; i < INDEXES_MOST; i++) {
            if (!kept_all[i]) {
                empty = i;
            } else if (oldest == INDEXES_MOST || kept_all[i]->used < kept_all[oldest]->used) {
                oldest = i;
            }
        }
        bool fits = kept_bytes + bytes <= INDEXES_CAP_BYTES || oldest == INDEXES_MOST;
        if (empty < INDEXES_MOST && fits) return empty;
        unlist(oldest);
    }
}

/* Two who miss at once keep the same index twice; the older one is dropped in its turn. */
static void keep(struct kept_index *kept) {
    LOCKED(&lock);
    kept_all[make_room(kept->bytes)] = kept;
    kept_bytes += kept->bytes;
    kept->listed = true;
    kept->uses = 1;
    kept->used = ++clock_of_uses;
}

static status load(struct ctx *cx, struct services *services, struct kept_index *kept) {
    struct blob_info info = {0};
    text key = text_of(kept->key);
    struct ctx own = {.arena = kept->arena};
    TRY(blob_stat(cx, services->blobs, key, &info));
    if (info.size_bytes < 0 || info.size_bytes > INDEX_CAP_BYTES / 2)
        return ctx_fail(cx, IO, "A segment index has an impossible size.");
    size_t read = 0;
    char *bytes = malloc((size_t)info.size_bytes + 1);
    scoped(scope_free) char *owned = bytes;
    TRY_NEW(cx, bytes);
    TRY(blob_read(cx, services->blobs, key, 0, bytes, (size_t)info.size_bytes, &read));
    if (segment_index_read(&own, (text){bytes, read}, &kept->index) != OK ||
        text_copy(kept->arena, kept->index.codecs, &kept->index.codecs) != OK)
        return ctx_fail(cx, IO, "A segment index is damaged: %s", own.fault.detail);
    kept->bytes = arena_used_bytes(kept->arena) + sizeof *kept;
    return OK;
}

status index_cache_take(struct ctx *cx, struct services *services, text id, text render,
                        text rendition, struct kept_index **out) {
    char key[VIDEO_KEY_BYTES], file[64];
    (void)snprintf(file, sizeof file, "%.*s.index", (int)(rendition.len < 32 ? rendition.len : 32),
                   rendition.at);
    if (!video_processed_key(id, render, text_of(file), key).at)
        return ctx_fail(cx, NOT_FOUND, "There is no such rendition.");
    *out = find(key);
    if (*out) return OK;
    scoped(kept_done) struct kept_index *kept = calloc(1, sizeof *kept);
    TRY_NEW(cx, kept);
    memcpy(kept->key, key, sizeof key);
    kept->arena = arena_new(INDEX_CAP_BYTES);
    TRY_NEW(cx, kept->arena);
    TRY(load(cx, services, kept));
    keep(kept);
    *out = move(&kept);
    return OK;
}
