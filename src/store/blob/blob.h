/* blob.h: objects under keys ("videos/source/ID"), written atomically, read by range.
 *
 * Owns: the handle to a driver (local disk now; S3 later through the same slots). An object becomes
 * visible whole or not at all. It is written through a *stage*: a named, append-only, durable area
 * that survives a restart and can be continued (tus uploads, checkpoints), sealed under its final
 * key in one step, or dropped. Keys: parts of [A-Za-z0-9._-] of at most 255 bytes, joined by
 * '/', none beginning with '.', at most 512 bytes together; anything else is INVALID, so no key
 * leaves the store. A key can't be both an object and the folder of another: sealing is a CONFLICT.
 * Threads: any; one writer per stage at a time. */
#ifndef STORE_BLOB_BLOB_H
#define STORE_BLOB_BLOB_H

#include "base/ctx.h"

#include <stdbool.h>
#include <stdint.h>

struct blob_store;
struct blob_stage;

/** Opens the store at "file:PATH" (made when missing, mode 0700). */
status blob_open(struct ctx *cx, const char *url, struct blob_store **out) CHECKED;
void blob_close(struct blob_store *store);

/** Opens (making it if new) the stage of that name; `*out_size` is what is durable so far.
 *  CONFLICT: another holder has it open. End it with blob_stage_close, _seal or _drop. */
status blob_stage_open(struct ctx *cx, struct blob_store *store, text name, struct blob_stage **out,
                       int64_t *out_size_bytes) CHECKED;

/** Appends bytes (not yet durable). QUOTA: disk full. */
status blob_stage_append(struct ctx *cx, struct blob_stage *stage, const void *bytes,
                         size_t size) CHECKED;

/** Overwrites bytes inside what was already appended (patching a header). */
status blob_stage_patch(struct ctx *cx, struct blob_stage *stage, int64_t offset_bytes,
                        const void *bytes, size_t size) CHECKED;

/** Cuts the stage back to `size_bytes` (a piece whose checksum failed). */
status blob_stage_cut(struct ctx *cx, struct blob_stage *stage, int64_t size_bytes) CHECKED;

/** Makes everything appended so far durable. */
status blob_stage_sync(struct ctx *cx, struct blob_stage *stage) CHECKED;

/** A descriptor for reading and writing the stage directly (a media child writes into it), valid
 *  until the stage is ended and owned by it; -1 when the driver has none. */
int blob_stage_fd(struct blob_stage *stage);

/** Present size in bytes. */
int64_t blob_stage_size(struct blob_stage *stage);

/** Makes the stage the object at `key`, durable, replacing what was there. Consumes the stage on
 *  success; on failure it stays open. */
status blob_stage_seal(struct ctx *cx, struct blob_stage *stage, text key) CHECKED;

/** Keeps the stage for later and closes the handle. NULL is fine. */
void blob_stage_close(struct blob_stage *stage);

/** Deletes the stage and closes the handle. */
void blob_stage_drop(struct blob_stage *stage);

/** Deletes the stage of that name if it exists; OK if not. */
status blob_stage_forget(struct ctx *cx, struct blob_store *store, text name) CHECKED;

/** Small objects in one call. */
status blob_put(struct ctx *cx, struct blob_store *store, text key, const void *bytes,
                size_t size) CHECKED;

/** What is known of an object. */
struct blob_info {
    int64_t size_bytes;
    int64_t modified_ms;
};
status blob_stat(struct ctx *cx, struct blob_store *store, text key, struct blob_info *out) CHECKED;

/** Reads `size` bytes at the offset into `buffer`; `*out_read` is less only at the end. */
status blob_read(struct ctx *cx, struct blob_store *store, text key, int64_t offset_bytes,
                 void *buffer, size_t size, size_t *out_read) CHECKED;

/** Opens the object for reading as a descriptor, which the caller closes. BUSY when the driver has
 *  no local file (then use blob_read). NOT_FOUND. */
status blob_open_fd(struct ctx *cx, struct blob_store *store, text key, int *out_fd,
                    int64_t *out_size_bytes) CHECKED;

/** Deletes the object; OK when it is not there. */
status blob_delete(struct ctx *cx, struct blob_store *store, text key) CHECKED;

/** Deletes all objects whose key begins with the prefix (which must end in '/'). */
status blob_delete_all(struct ctx *cx, struct blob_store *store, text prefix) CHECKED;

/** Calls `each` for every object under the prefix (NO_TEXT or "" = all), in no order; a
 *  status other than OK ends the walk and is returned. */
typedef status blob_visit(struct ctx *cx, text key, const struct blob_info *info, void *argument);
status blob_walk(struct ctx *cx, struct blob_store *store, text prefix, blob_visit *each,
                 void *argument) CHECKED;

/** The same for stages, by name. */
status blob_walk_stages(struct ctx *cx, struct blob_store *store, blob_visit *each,
                        void *argument) CHECKED;

/** Writes, reads and deletes a small probe object; for health checks. */
status blob_ping(struct ctx *cx, struct blob_store *store) CHECKED;

/** Bytes stored and free bytes of the medium (-1 unknown). */
status blob_usage(struct ctx *cx, struct blob_store *store, int64_t *out_used_bytes,
                  int64_t *out_free_bytes) CHECKED;

#endif
