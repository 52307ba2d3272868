/* blob_faulty.c: a decorator that lets chosen calls fail, to test what callers do then.
 *
 * Owns: the inner store and a counter. A failing call never reaches the inner store, whose
 * state is that of a call that did nothing. Ending a stage (close, drop) never fails or counts.
 * Threads: any; the counter is under a lock. */
#include "base/thread.h"
#include "store/blob/blob_driver.h"

#include <stdlib.h>

struct faulty {
    struct blob_store base;
    struct blob_store *inner;
    pthread_mutex_t lock;
    int64_t calls_left; /* before the first failure */
    int64_t failures_left;
    status code;
};

struct faulty_stage {
    struct blob_stage base;
    struct faulty *store;
    struct blob_stage *inner;
};

static const struct blob_driver faulty_driver;

struct blob_store *blob_faulty_open(struct blob_store *inner) {
    struct faulty *faulty = malloc(sizeof *faulty);
    if (!faulty) return NULL;
    *faulty = (struct faulty){.base.driver = &faulty_driver, .inner = inner};
    (void)pthread_mutex_init(&faulty->lock, NULL);
    return &faulty->base;
}

void blob_faulty_set(struct blob_store *store, int64_t at, int64_t count, status code) {
    struct faulty *faulty = (struct faulty *)store;
    LOCKED(&faulty->lock);
    faulty->calls_left = at - 1;
    faulty->failures_left = count;
    faulty->code = code;
}

/* Counts one call; the status it has to fail with, or OK. */
static status gate(struct ctx *cx, struct faulty *faulty) {
    LOCKED(&faulty->lock);
    if (faulty->failures_left <= 0) return OK;
    if (faulty->calls_left > 0) {
        faulty->calls_left--;
        return OK;
    }
    faulty->failures_left--;
    return ctx_fail(cx, faulty->code, "The object store was told to fail here.");
}

static struct blob_store *pass(struct blob_store *store) {
    return ((struct faulty *)store)->inner;
}

static status gate_store(struct ctx *cx, struct blob_store *store) {
    return gate(cx, (struct faulty *)store);
}

static status gate_stage(struct ctx *cx, struct blob_stage *stage) {
    return gate(cx, ((struct faulty_stage *)stage)->store);
}

static struct blob_stage *inner_of(struct blob_stage *stage) {
    return ((struct faulty_stage *)stage)->inner;
}

static status faulty_open(struct ctx *cx, const char *where, struct blob_store **out) {
    (void)where;
    (void)out;
    return ctx_fail(cx, INVALID, "A faulty store is made around another one.");
}

static void faulty_close(struct blob_store *store) {
    struct faulty *faulty = (struct faulty *)store;
    blob_close(faulty->inner);
    (void)pthread_mutex_destroy(&faulty->lock);
    free(faulty);
}

static status faulty_stage_open(struct ctx *cx, struct blob_store *store, text name,
                                struct blob_stage **out, int64_t *out_size_bytes) {
    TRY(gate_store(cx, store));
    struct faulty_stage *stage = malloc(sizeof *stage);
    TRY_NEW(cx, stage);
    *stage = (struct faulty_stage){.base.driver = &faulty_driver, .store = (struct faulty *)store};
    status opened = blob_stage_open(cx, pass(store), name, &stage->inner, out_size_bytes);
    if (opened != OK) {
        free(stage);
        return opened;
    }
    *out = &stage->base;
    return OK;
}

static status faulty_append(struct ctx *cx, struct blob_stage *stage, const void *bytes,
                            size_t size) {
    TRY(gate_stage(cx, stage));
    return blob_stage_append(cx, inner_of(stage), bytes, size);
}

static status faulty_patch(struct ctx *cx, struct blob_stage *stage, int64_t offset_bytes,
                           const void *bytes, size_t size) {
    TRY(gate_stage(cx, stage));
    return blob_stage_patch(cx, inner_of(stage), offset_bytes, bytes, size);
}

static status faulty_cut(struct ctx *cx, struct blob_stage *stage, int64_t size_bytes) {
    TRY(gate_stage(cx, stage));
    return blob_stage_cut(cx, inner_of(stage), size_bytes);
}

static status faulty_sync(struct ctx *cx, struct blob_stage *stage) {
    TRY(gate_stage(cx, stage));
    return blob_stage_sync(cx, inner_of(stage));
}

static int faulty_fd(struct blob_stage *stage) {
    return blob_stage_fd(inner_of(stage));
}

static int64_t faulty_size(struct blob_stage *stage) {
    return blob_stage_size(inner_of(stage));
}

static status faulty_seal(struct ctx *cx, struct blob_stage *stage, text key) {
    TRY(gate_stage(cx, stage));
    TRY(blob_stage_seal(cx, inner_of(stage), key));
    free(stage);
    return OK;
}

static void faulty_stage_close(struct blob_stage *stage) {
    blob_stage_close(inner_of(stage));
    free(stage);
}

static void faulty_stage_drop(struct blob_stage *stage) {
    blob_stage_drop(inner_of(stage));
    free(stage);
}

static status faulty_forget(struct ctx *cx, struct blob_store *store, text name) {
    TRY(gate_store(cx, store));
    return blob_stage_forget(cx, pass(store), name);
}

static status faulty_put(struct ctx *cx, struct blob_store *store, text key, const void *bytes,
                         size_t size) {
    TRY(gate_store(cx, store));
    return blob_put(cx, pass(store), key, bytes, size);
}

static status faulty_stat(struct ctx *cx, struct blob_store *store, text key,
                          struct blob_info *out) {
    TRY(gate_store(cx, store));
    return blob_stat(cx, pass(store), key, out);
}

static status faulty_read(struct ctx *cx, struct blob_store *store, text key, int64_t offset_bytes,
                          void *buffer, size_t size, size_t *out_read) {
    TRY(gate_store(cx, store));
    return blob_read(cx, pass(store), key, offset_bytes, buffer, size, out_read);
}

static status faulty_open_fd(struct ctx *cx, struct blob_store *store, text key, int *out_fd,
                             int64_t *out_size_bytes) {
    TRY(gate_store(cx, store));
    return blob_open_fd(cx, pass(store), key, out_fd, out_size_bytes);
}

static status faulty_delete(struct ctx *cx, struct blob_store *store, text key) {
    TRY(gate_store(cx, store));
    return blob_delete(cx, pass(store), key);
}

static status faulty_delete_all(struct ctx *cx, struct blob_store *store, text prefix) {
    TRY(gate_store(cx, store));
    return blob_delete_all(cx, pass(store), prefix);
}

static status faulty_walk(struct ctx *cx, struct blob_store *store, text prefix, blob_visit *each,
                          void *argument) {
    TRY(gate_store(cx, store));
    return blob_walk(cx, pass(store), prefix, each, argument);
}

static status faulty_walk_stages(struct ctx *cx, struct blob_store *store, blob_visit *each,
                                 void *argument) {
    TRY(gate_store(cx, store));
    return blob_walk_stages(cx, pass(store), each, argument);
}

static status faulty_ping(struct ctx *cx, struct blob_store *store) {
    TRY(gate_store(cx, store));
    return blob_ping(cx, pass(store));
}

static status faulty_usage(struct ctx *cx, struct blob_store *store, int64_t *out_used_bytes,
                           int64_t *out_free_bytes) {
    TRY(gate_store(cx, store));
    return blob_usage(cx, pass(store), out_used_bytes, out_free_bytes);
}

static const struct blob_driver faulty_driver = {
    .scheme = "faulty",
    .open = faulty_open,
    .close = faulty_close,
    .stage_open = faulty_stage_open,
    .stage_append = faulty_append,
    .stage_patch = faulty_patch,
    .stage_cut = faulty_cut,
    .stage_sync = faulty_sync,
    .stage_fd = faulty_fd,
    .stage_size = faulty_size,
    .stage_seal = faulty_seal,
    .stage_close = faulty_stage_close,
    .stage_drop = faulty_stage_drop,
    .stage_forget = faulty_forget,
    .put = faulty_put,
    .stat = faulty_stat,
    .read = faulty_read,
    .open_fd = faulty_open_fd,
    .delete = faulty_delete,
    .delete_all = faulty_delete_all,
    .walk = faulty_walk,
    .walk_stages = faulty_walk_stages,
    .ping = faulty_ping,
    .usage = faulty_usage,
};
