/* film_facts.h: what libav sees in a finished rendition: the judge of the film tests.
 *
 * The test films show a brighter upper left quarter, flash white from second 2 on and beep with the
 * flash, so that shape, turn and sync can be read from the pictures themselves. Owns nothing after
 * facts_read.
 * Threads: one (libav's log is counted in a global). */
#ifndef TESTS_MEDIA_FILM_FACTS_H
#define TESTS_MEDIA_FILM_FACTS_H

#include "base/ctx.h"

#include <stdbool.h>
#include <stdint.h>

enum { FACTS_KEYS_MOST = 64, FACTS_WORDS = 200 };

/** A rendition, or a piece of one, decoded from beginning to end. */
struct facts {
    bool video;
    int width, height;
    bool square; /**< Pixels are square. */
    int64_t frames;
    double start_s, last_s, end_s;  /**< First frame, last frame, and where that ends. */
    double keys_s[FACTS_KEYS_MOST]; /**< Times of key frames. */
    int key_count;
    double flash_s, beep_s; /**< First bright frame, first loud sample; -1 none. */
    double quarters[4];     /**< Brightness of the first frame's quarters: ul, ur, ll, lr. */
    int warnings;           /**< libav's, from warning upward. */
    char first_warning[FACTS_WORDS];
    char failure[FACTS_WORDS]; /**< Why it could not be decoded, or "". */
};

/** Decodes the bytes, which are a whole file or an initialisation part and segments. */
void facts_read(const void *bytes, size_t size, struct facts *out);

#endif
