/* blob_fs.h: what the files of the local-disk driver share.
 *
 * Layout below the store's folder: objects/<key> and stages/<name>; names beginning with '.' in
 * stages/ are this driver's own (objects on their way in, probes). Files are opened part by part
 * with O_NOFOLLOW, so a symbolic link planted in the store leads nowhere. Threads: as blob.h. */
#ifndef STORE_BLOB_BLOB_FS_H
#define STORE_BLOB_BLOB_FS_H

#include "base/thread.h"
#include "store/blob/blob_driver.h"

/** An open store: two folders, held by descriptor so renaming them harms nothing. */
struct fs_store {
    struct blob_store base;
    int objects; /**< Descriptor of objects/. */
    int stages;  /**< Descriptor of stages/. */
    pthread_mutex_t usage_lock;
    int64_t used_bytes;        /**< Last count, guarded by usage_lock. */
    int64_t usage_until_ticks; /**< Till when that count is good enough. */
};

/** An open stage. */
struct fs_stage {
    struct blob_stage base;
    struct fs_store *store;
    int fd;               /**< Holds the exclusive flock. */
    bool fresh;           /**< Made by this handle; its folder entry isn't synced yet. */
    int64_t pushed_bytes; /**< Up to where write-back was started. */
    char name[BLOB_STAGE_NAME_BYTES + 1];
};

/** Opens the folder that holds the key's last part, which is copied to `leaf`; with `make` the
 *  missing folders are made, durably. NOT_FOUND without `make`. The caller closes `*out_folder`. */
status fs_folder_of(struct ctx *cx, struct fs_store *fs, text key, bool make, int *out_folder,
                    char leaf[BLOB_PART_BYTES + 1]);

/** Opens the folder named by all parts of a prefix ("" = all objects). NOT_FOUND. */
status fs_folder_at(struct ctx *cx, struct fs_store *fs, text prefix, int *out_folder);

/** Removes the folders named before the last slash that are empty now, from the inside out. */
void fs_prune(struct fs_store *fs, text key);

/** Moves a synced file of stages/ to its key, durably. */
status fs_publish(struct ctx *cx, struct fs_store *fs, const char *stage_name, text key);

/** Writes all bytes at the offset. */
status fs_write_at(struct ctx *cx, int fd, int64_t offset_bytes, const void *bytes, size_t size);

/** Removes the driver's own leftovers in stages/ whose maker is dead. */
void fs_sweep_hidden(struct fs_store *fs);

/** The slot `stage_open` of blob_driver.h. */
status fs_stage_open(struct ctx *cx, struct blob_store *store, text name, struct blob_stage **out,
                     int64_t *out_size_bytes);

/** The slot `stage_append` of blob_driver.h. */
status fs_stage_append(struct ctx *cx, struct blob_stage *stage, const void *bytes, size_t size);

/** The slot `stage_patch` of blob_driver.h. */
status fs_stage_patch(struct ctx *cx, struct blob_stage *stage, int64_t offset_bytes,
                      const void *bytes, size_t size);

/** The slot `stage_cut` of blob_driver.h. */
status fs_stage_cut(struct ctx *cx, struct blob_stage *stage, int64_t size_bytes);

/** The slot `stage_sync` of blob_driver.h. */
status fs_stage_sync(struct ctx *cx, struct blob_stage *stage);

/** The slot `stage_fd` of blob_driver.h. */
int fs_stage_fd(struct blob_stage *stage);

/** The slot `stage_size` of blob_driver.h. */
int64_t fs_stage_size(struct blob_stage *stage);

/** The slot `stage_seal` of blob_driver.h. */
status fs_stage_seal(struct ctx *cx, struct blob_stage *stage, text key);

/** The slot `stage_close` of blob_driver.h. */
void fs_stage_close(struct blob_stage *stage);

/** The slot `stage_drop` of blob_driver.h. */
void fs_stage_drop(struct blob_stage *stage);

/** The slot `stage_forget` of blob_driver.h. */
status fs_stage_forget(struct ctx *cx, struct blob_store *store, text name);

/** The slot `put` of blob_driver.h. */
status fs_put(struct ctx *cx, struct blob_store *store, text key, const void *bytes, size_t size);

/** The slot `delete_all` of blob_driver.h. */
status fs_delete_all(struct ctx *cx, struct blob_store *store, text prefix);

/** The slot `walk` of blob_driver.h. */
status fs_walk(struct ctx *cx, struct blob_store *store, text prefix, blob_visit *each,
               void *argument);

/** The slot `walk_stages` of blob_driver.h. */
status fs_walk_stages(struct ctx *cx, struct blob_store *store, blob_visit *each, void *argument);

/** The slot `usage` of blob_driver.h. */
status fs_usage(struct ctx *cx, struct blob_store *store, int64_t *out_used_bytes,
                int64_t *out_free_bytes);

#endif
