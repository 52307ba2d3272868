/* random.c: libsodium's generator behind our names. Owns nothing. Threads: any after
 * random_open. */
#include "base/random.h"

#include "base/digest.h"

#include <sodium.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

status random_open(void) {
    return sodium_init() < 0 ? BUG : OK;
}

void random_bytes(void *buffer, size_t size) {
    randombytes_buf(buffer, size);
}

uint32_t random_below(uint32_t bound) {
    return randombytes_uniform(bound);
}

void random_id_c(char out[ID_BYTES]) {
    unsigned char bytes[ID_CHARACTERS];
    do {
        randombytes_buf(bytes, sizeof bytes);
        /* An id that begins with '-' would be taken for an option on command lines. */
    } while (alphabet[bytes[0] & 63] == '-');
    for (size_t i = 0; i < ID_CHARACTERS; i++) out[i] = alphabet[bytes[i] & 63];
    out[ID_CHARACTERS] = '\0';
}

status random_id(struct arena *arena, text *out) {
    char id[ID_BYTES];
    random_id_c(id);
    return text_copy(arena, (text){id, ID_CHARACTERS}, out);
}

status random_token(struct arena *arena, size_t bytes, text *out) {
    unsigned char buffer[128];
    if (bytes > sizeof buffer) return INVALID;
    randombytes_buf(buffer, bytes);
    status done = base64url_encode(arena, buffer, bytes, out);
    sodium_memzero(buffer, sizeof buffer);
    return done;
}

bool random_is_id(text t) {
    if (t.len != ID_CHARACTERS) return false;
    for (size_t i = 0; i < t.len; i++) {
        if (!t.at[i] || !strchr(alphabet, t.at[i])) return false;
    }
    return true;
}
