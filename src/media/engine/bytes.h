/* bytes.h: a growing buffer of bytes for what is written big endian: boxes and parameter sets.
 *
 * Owns: its block (malloc), freed by bytes_done. The first failure sticks and later puts do
 * nothing, so callers check `failed` once. Invariant: len ≤ room ≤ BYTES_MOST. Threads: one at a
 * time. */
#ifndef MEDIA_ENGINE_BYTES_H
#define MEDIA_ENGINE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The most bytes a buffer may hold. */
enum { BYTES_MOST = 512 * 1024 * 1024 };

/** A buffer; zero-initialised it is empty. */
struct bytes {
    uint8_t *at;
    size_t len;
    size_t room;
    bool failed; /**< Memory or BYTES_MOST was exceeded. */
};

/** Frees the block and empties the buffer. */
void bytes_done(struct bytes *bytes);

/** Empties the buffer and keeps its block. */
void bytes_clear(struct bytes *bytes);

/** Appends `size` bytes. */
void bytes_put(struct bytes *bytes, const void *from, size_t size);

/** Appends an integer of 1, 2, 3, 4 or 8 bytes, big endian. */
void bytes_put_u8(struct bytes *bytes, unsigned value);
void bytes_put_u16(struct bytes *bytes, unsigned value);
void bytes_put_u24(struct bytes *bytes, uint32_t value);
void bytes_put_u32(struct bytes *bytes, uint32_t value);
void bytes_put_u64(struct bytes *bytes, uint64_t value);

/** Appends `count` zero bytes. */
void bytes_put_zeros(struct bytes *bytes, size_t count);

/** Overwrites four bytes at an offset below len. */
void bytes_set_u32(struct bytes *bytes, size_t offset, uint32_t value);

/** Begins an ISO base media box (ISO/IEC 14496-12 §4.2) of that four-letter type and gives the
 *  offset of its size, which bytes_box_end fills in. */
size_t bytes_box(struct bytes *bytes, const char type[4]);

/** Begins a full box with version and 24 bits of flags. */
size_t bytes_full_box(struct bytes *bytes, const char type[4], unsigned version, uint32_t flags);

/** Ends the box that began at that offset. */
void bytes_box_end(struct bytes *bytes, size_t box);

#endif
