/* blob_driver.h: the slots behind blob.h, for drivers and decorators only.
 *
 * A driver file exports one `const struct blob_driver` and embeds `struct blob_store` and `struct
 * blob_stage` as the first member of its own structs. All slots are mandatory. blob.c has checked
 * names, keys, prefixes and ranges before a slot is called, so a driver sees well-formed ones only.
 * The slots mean what the functions of the same name in blob.h say. Threads: as blob.h. */
#ifndef STORE_BLOB_BLOB_DRIVER_H
#define STORE_BLOB_BLOB_DRIVER_H

#include "store/blob/blob.h"

/** What every store begins with. */
struct blob_store {
    const struct blob_driver *driver;
};

/** What every open stage begins with. */
struct blob_stage {
    const struct blob_driver *driver;
};

/** The slots. */
struct blob_driver {
    const char *scheme; /**< What comes before the ':' of the URL, such as "file". */

    /** Opens the store; `where` is the URL behind the ':'. */
    status (*open)(struct ctx *cx, const char *where, struct blob_store **out);
    void (*close)(struct blob_store *store);

    /** Takes the stage for itself alone, across processes; death of the holder frees it. */
    status (*stage_open)(struct ctx *cx, struct blob_store *store, text name,
                         struct blob_stage **out, int64_t *out_size_bytes);
    /** Appends all or nothing. */
    status (*stage_append)(struct ctx *cx, struct blob_stage *stage, const void *bytes,
                           size_t size);
    status (*stage_patch)(struct ctx *cx, struct blob_stage *stage, int64_t offset_bytes,
                          const void *bytes, size_t size);
    status (*stage_cut)(struct ctx *cx, struct blob_stage *stage, int64_t size_bytes);
    status (*stage_sync)(struct ctx *cx, struct blob_stage *stage);
    int (*stage_fd)(struct blob_stage *stage);
    int64_t (*stage_size)(struct blob_stage *stage);
    /** Frees the stage's handle on success. */
    status (*stage_seal)(struct ctx *cx, struct blob_stage *stage, text key);
    void (*stage_close)(struct blob_stage *stage);
    void (*stage_drop)(struct blob_stage *stage);
    /** CONFLICT when a holder has it open. */
    status (*stage_forget)(struct ctx *cx, struct blob_store *store, text name);

    status (*put)(struct ctx *cx, struct blob_store *store, text key, const void *bytes,
                  size_t size);
    status (*stat)(struct ctx *cx, struct blob_store *store, text key, struct blob_info *out);
    status (*read)(struct ctx *cx, struct blob_store *store, text key, int64_t offset_bytes,
                   void *buffer, size_t size, size_t *out_read);
    status (*open_fd)(struct ctx *cx, struct blob_store *store, text key, int *out_fd,
                      int64_t *out_size_bytes);
    status (*delete)(struct ctx *cx, struct blob_store *store, text key);
    status (*delete_all)(struct ctx *cx, struct blob_store *store, text prefix);
    status (*walk)(struct ctx *cx, struct blob_store *store, text prefix, blob_visit *each,
                   void *argument);
    status (*walk_stages)(struct ctx *cx, struct blob_store *store, blob_visit *each,
                          void *argument);
    status (*ping)(struct ctx *cx, struct blob_store *store);
    status (*usage)(struct ctx *cx, struct blob_store *store, int64_t *out_used_bytes,
                    int64_t *out_free_bytes);
};

/** Objects as files of a local disk. */
extern const struct blob_driver blob_fs;

/** Longest key, part of a key, and name of a stage. */
enum { BLOB_KEY_BYTES = 512, BLOB_PART_BYTES = 255, BLOB_STAGE_NAME_BYTES = 200 };

/** True when the key obeys the rules of blob.h. */
bool blob_is_key(text key);

/** True when the text is one part of a key of at most BLOB_STAGE_NAME_BYTES. */
bool blob_is_stage_name(text name);

/** Wraps a store for tests: all calls are counted, and from call number `at` (1 = the next one) on
 *  `count` calls fail with `code` before they reach the inner store. Closing it closes the inner
 *  one. NULL when there is no memory: the inner store stays the caller's. */
struct blob_store *blob_faulty_open(struct blob_store *inner) CHECKED;
void blob_faulty_set(struct blob_store *faulty, int64_t at, int64_t count, status code);

#endif
