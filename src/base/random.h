/* random.h: unpredictable bytes and the ids made from them (libsodium).
 *
 * Owns nothing after random_open. Threads: any, once random_open has returned. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include "base/arena.h"
#include "base/text.h"

/** Length of a public id: 11 characters of the URL-safe alphabet, 64 bits as YouTube's ids. */
enum { ID_CHARACTERS = 11, ID_BYTES = 12 };

/** Prepares libsodium; call once at start. BUG when the system offers no randomness. */
status random_open(void) CHECKED;

/** Fills the buffer. */
void random_bytes(void *buffer, size_t size);

/** A uniform number below `bound` (bound > 0). */
uint32_t random_below(uint32_t bound);

/** Writes a new id of 11 URL-safe characters and a NUL, never beginning with '-'. */
void random_id_c(char out[ID_BYTES]);

/** A new id in the arena. */
status random_id(struct arena *arena, text *out) CHECKED;

/** `bytes` random bytes as base64url text without padding, for tokens. */
status random_token(struct arena *arena, size_t bytes, text *out) CHECKED;

/** True when `t` is 11 characters of the URL-safe alphabet. */
bool random_is_id(text t);

#endif
