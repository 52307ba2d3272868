/* base64.c: RFC 4648 in both alphabets, strict in reading: no white space, no stray bits, exact
 * padding. Owns nothing. Threads: any. */
#include "base/digest.h"

#include <stdint.h>

static const char url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

status base64url_encode(struct arena *arena, const void *bytes, size_t size, text *out) {
    const unsigned char *from = bytes;
    struct build build = {.arena = arena};
    for (size_t i = 0; i < size; i += 3) {
        uint32_t group = (uint32_t)from[i] << 16;
        if (i + 1 < size) group |= (uint32_t)from[i + 1] << 8;
        if (i + 2 < size) group |= from[i + 2];
        size_t characters = size - i >= 3 ? 4 : size - i + 1;
        for (size_t k = 0; k < characters; k++) {
            build_byte(&build, url_alphabet[(group >> (18 - 6 * k)) & 63]);
        }
    }
    return build_text(&build, out);
}

static int value_of(char c, char plus, char slash) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == plus) return 62;
    if (c == slash) return 63;
    return -1;
}

/* Decodes unpadded text in the alphabet with the two given last characters. */
static status decode(struct arena *arena, text t, char plus, char slash, text *out) {
    if (t.len % 4 == 1) return INVALID;
    size_t size = t.len / 4 * 3 + (t.len % 4 ? t.len % 4 - 1 : 0);
    unsigned char *at = arena_take(arena, size + 1);
    if (!at) return NO_MEMORY;
    uint32_t bits = 0;
    int have = 0;
    size_t written = 0;
    for (size_t i = 0; i < t.len; i++) {
        int value = value_of(t.at[i], plus, slash);
        if (value < 0) return INVALID;
        bits = bits << 6 | (uint32_t)value;
        have += 6;
        if (have >= 8) {
            have -= 8;
            at[written++] = (unsigned char)(bits >> have);
            bits &= (1u << have) - 1;
        }
    }
    if (bits != 0) return INVALID; /* bits behind the last byte must be zero */
    *out = (text){(const char *)at, written};
    return OK;
}

status base64url_decode(struct arena *arena, text t, text *out) {
    return decode(arena, t, '-', '_', out);
}

status base64_decode(struct arena *arena, text t, text *out) {
    if (t.len % 4 != 0) return INVALID;
    if (t.len && t.at[t.len - 1] == '=') t.len--;
    if (t.len % 4 == 3 && t.at[t.len - 1] == '=') t.len--;
    return decode(arena, t, '+', '/', out);
}
