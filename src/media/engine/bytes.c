/* bytes.c: see bytes.h. Owns the buffers' blocks. Threads: one at a time per buffer. */
#include "media/engine/bytes.h"

#include <stdlib.h>
#include <string.h>

void bytes_done(struct bytes *bytes) {
    free(bytes->at);
    *bytes = (struct bytes){0};
}

void bytes_clear(struct bytes *bytes) {
    bytes->len = 0;
}

/* Makes room for `size` more bytes; false sets `failed`. */
static bool grow(struct bytes *bytes, size_t size) {
    if (bytes->failed || size > BYTES_MOST - bytes->len) {
        bytes->failed = true;
        return false;
    }
    if (bytes->len + size <= bytes->room) return true;
    size_t room = bytes->room ? bytes->room : 1024;
    while (room < bytes->len + size) room *= 2;
    uint8_t *grown = realloc(bytes->at, room);
    if (!grown) {
        bytes->failed = true;
        return false;
    }
    bytes->at = grown;
    bytes->room = room;
    return true;
}

void bytes_put(struct bytes *bytes, const void *from, size_t size) {
    if (size == 0 || !grow(bytes, size)) return;
    memcpy(bytes->at + bytes->len, from, size);
    bytes->len += size;
}

static void put_number(struct bytes *bytes, uint64_t value, size_t size) {
    uint8_t big[8];
    for (size_t i = 0; i < size; i++) big[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
    bytes_put(bytes, big, size);
}

void bytes_put_u8(struct bytes *bytes, unsigned value) {
    put_number(bytes, value, 1);
}

void bytes_put_u16(struct bytes *bytes, unsigned value) {
    put_number(bytes, value, 2);
}

void bytes_put_u24(struct bytes *bytes, uint32_t value) {
    put_number(bytes, value, 3);
}

void bytes_put_u32(struct bytes *bytes, uint32_t value) {
    put_number(bytes, value, 4);
}

void bytes_put_u64(struct bytes *bytes, uint64_t value) {
    put_number(bytes, value, 8);
}

void bytes_put_zeros(struct bytes *bytes, size_t count) {
    if (count == 0 || !grow(bytes, count)) return;
    memset(bytes->at + bytes->len, 0, count);
    bytes->len += count;
}

void bytes_set_u32(struct bytes *bytes, size_t offset, uint32_t value) {
    if (bytes->failed) return;
    for (size_t i = 0; i < 4; i++) bytes->at[offset + i] = (uint8_t)(value >> (24 - 8 * i));
}

size_t bytes_box(struct bytes *bytes, const char type[4]) {
    size_t box = bytes->len;
    bytes_put_u32(bytes, 0);
    bytes_put(bytes, type, 4);
    return box;
}

size_t bytes_full_box(struct bytes *bytes, const char type[4], unsigned version, uint32_t flags) {
    size_t box = bytes_box(bytes, type);
    bytes_put_u8(bytes, version);
    bytes_put_u24(bytes, flags);
    return box;
}

void bytes_box_end(struct bytes *bytes, size_t box) {
    bytes_set_u32(bytes, box, (uint32_t)(bytes->len - box));
}
