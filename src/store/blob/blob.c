/* blob.c: the front of blob.h: checks keys, names and ranges once, then calls the driver's slot.
 *
 * Owns: the list of drivers. Invariant: no slot ever sees a malformed key, so no key can leave the
 * store's folder, whatever a driver does with it. Threads: any. */
#include "store/blob/blob_driver.h"

#include <string.h>

static const struct blob_driver *const drivers[] = {&blob_fs};

static bool is_part_byte(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '.' || byte == '_' || byte == '-';
}

/* One part: not empty, no leading '.' (so neither "." nor ".." nor our own hidden files). */
static bool is_part(text part) {
    if (part.len == 0 || part.len > BLOB_PART_BYTES || part.at[0] == '.') return false;
    for (size_t i = 0; i < part.len; i++)
        if (!is_part_byte(part.at[i])) return false;
    return true;
}

bool blob_is_key(text key) {
    if (key.len == 0 || key.len > BLOB_KEY_BYTES) return false;
    text part;
    text rest = key;
    while (text_cut(rest, '/', &part, &rest))
        if (!is_part(part)) return false;
    return true;
}

bool blob_is_stage_name(text name) {
    return name.len <= BLOB_STAGE_NAME_BYTES && is_part(name);
}

static status check_key(struct ctx *cx, text key) {
    if (blob_is_key(key)) return OK;
    return ctx_fail(cx, INVALID,
                    "This object key is malformed: parts of A-Z a-z 0-9 . _ - joined "
                    "by '/', none beginning with '.', at most 512 bytes.");
}

static status check_stage_name(struct ctx *cx, text name) {
    if (blob_is_stage_name(name)) return OK;
    return ctx_fail(cx, INVALID,
                    "This stage name is malformed: 1 to 200 of A-Z a-z 0-9 . _ -, not "
                    "beginning with '.'.");
}

/* A prefix is a key with '/' behind it. */
static status check_prefix(struct ctx *cx, text prefix) {
    if (prefix.len > 1 && prefix.len <= BLOB_KEY_BYTES && text_ends(prefix, TEXT("/")) &&
        blob_is_key(text_part(prefix, 0, prefix.len - 1)))
        return OK;
    return ctx_fail(cx, INVALID, "An object prefix is a key with '/' behind it.");
}

status blob_open(struct ctx *cx, const char *url, struct blob_store **out) {
    for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++) {
        size_t length = strlen(drivers[i]->scheme);
        if (strncmp(url, drivers[i]->scheme, length) == 0 && url[length] == ':')
            return drivers[i]->open(cx, url + length + 1, out);
    }
    return ctx_fail(cx, INVALID, "The object store must be given as file:PATH.");
}

void blob_close(struct blob_store *store) {
    if (store) store->driver->close(store);
}

status blob_stage_open(struct ctx *cx, struct blob_store *store, text name, struct blob_stage **out,
                       int64_t *out_size_bytes) {
    TRY(check_stage_name(cx, name));
    return store->driver->stage_open(cx, store, name, out, out_size_bytes);
}

status blob_stage_append(struct ctx *cx, struct blob_stage *stage, const void *bytes, size_t size) {
    if (size == 0) return OK;
    return stage->driver->stage_append(cx, stage, bytes, size);
}

status blob_stage_patch(struct ctx *cx, struct blob_stage *stage, int64_t offset_bytes,
                        const void *bytes, size_t size) {
    int64_t present = blob_stage_size(stage);
    if (offset_bytes < 0 || offset_bytes > present || (int64_t)size > present - offset_bytes)
        return ctx_fail(cx, INVALID, "A patch must lie inside what the stage holds.");
    if (size == 0) return OK;
    return stage->driver->stage_patch(cx, stage, offset_bytes, bytes, size);
}

status blob_stage_cut(struct ctx *cx, struct blob_stage *stage, int64_t size_bytes) {
    if (size_bytes < 0 || size_bytes > blob_stage_size(stage))
        return ctx_fail(cx, INVALID, "A stage can only be cut to a size it has reached.");
    return stage->driver->stage_cut(cx, stage, size_bytes);
}

status blob_stage_sync(struct ctx *cx, struct blob_stage *stage) {
    return stage->driver->stage_sync(cx, stage);
}

int blob_stage_fd(struct blob_stage *stage) {
    return stage->driver->stage_fd(stage);
}

int64_t blob_stage_size(struct blob_stage *stage) {
    return stage->driver->stage_size(stage);
}

status blob_stage_seal(struct ctx *cx, struct blob_stage *stage, text key) {
    TRY(check_key(cx, key));
    return stage->driver->stage_seal(cx, stage, key);
}

void blob_stage_close(struct blob_stage *stage) {
    if (stage) stage->driver->stage_close(stage);
}

void blob_stage_drop(struct blob_stage *stage) {
    if (stage) stage->driver->stage_drop(stage);
}

status blob_stage_forget(struct ctx *cx, struct blob_store *store, text name) {
    TRY(check_stage_name(cx, name));
    return store->driver->stage_forget(cx, store, name);
}

status blob_put(struct ctx *cx, struct blob_store *store, text key, const void *bytes,
                size_t size) {
    TRY(check_key(cx, key));
    return store->driver->put(cx, store, key, bytes, size);
}

status blob_stat(struct ctx *cx, struct blob_store *store, text key, struct blob_info *out) {
    TRY(check_key(cx, key));
    return store->driver->stat(cx, store, key, out);
}

status blob_read(struct ctx *cx, struct blob_store *store, text key, int64_t offset_bytes,
                 void *buffer, size_t size, size_t *out_read) {
    TRY(check_key(cx, key));
    if (offset_bytes < 0) return ctx_fail(cx, INVALID, "An offset can't be negative.");
    return store->driver->read(cx, store, key, offset_bytes, buffer, size, out_read);
}

status blob_open_fd(struct ctx *cx, struct blob_store *store, text key, int *out_fd,
                    int64_t *out_size_bytes) {
    TRY(check_key(cx, key));
    return store->driver->open_fd(cx, store, key, out_fd, out_size_bytes);
}

status blob_delete(struct ctx *cx, struct blob_store *store, text key) {
    TRY(check_key(cx, key));
    return store->driver->delete (cx, store, key);
}

status blob_delete_all(struct ctx *cx, struct blob_store *store, text prefix) {
    TRY(check_prefix(cx, prefix));
    return store->driver->delete_all(cx, store, prefix);
}

status blob_walk(struct ctx *cx, struct blob_store *store, text prefix, blob_visit *each,
                 void *argument) {
    if (prefix.len > 0) TRY(check_prefix(cx, prefix));
    return store->driver->walk(cx, store, prefix, each, argument);
}

status blob_walk_stages(struct ctx *cx, struct blob_store *store, blob_visit *each,
                        void *argument) {
    return store->driver->walk_stages(cx, store, each, argument);
}

status blob_ping(struct ctx *cx, struct blob_store *store) {
    return store->driver->ping(cx, store);
}

status blob_usage(struct ctx *cx, struct blob_store *store, int64_t *out_used_bytes,
                  int64_t *out_free_bytes) {
    return store->driver->usage(cx, store, out_used_bytes, out_free_bytes);
}
