/* text.h: strings as pointer and length, and a builder that grows inside an arena.
 *
 * A `text` does not own its bytes: they live in an arena, a literal or a buffer that the producer
 * names. It may hold any bytes; where it was made by a function of this file from an arena, a NUL
 * follows the last byte, so `.at` can go to C interfaces if text_has_nul is false.
 * Invariant: `.at == NULL` means "absent" and implies `.len == 0`. Threads: values, no state. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/arena.h"
#include "base/status.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes with a length. */
typedef struct text {
    const char *at; /**< First byte; NULL when the text is absent. */
    size_t len;     /**< Length in bytes, without any NUL behind it. */
} text;

/** A text from a string literal. */
#define TEXT(literal) ((text){(literal), sizeof(literal) - 1})

/** The text that is not there. */
#define NO_TEXT ((text){NULL, 0})

/** Arguments for "%.*s". */
#define TEXT_ARG(t) (int)(t).len, ((t).at ? (t).at : "")

/** A text over a C string, which must outlive it; NULL gives the absent text. */
text text_of(const char *c_string);

/** True when both have the same bytes; absent equals empty. */
bool text_equal(text a, text b);

/** True when `t` has exactly the bytes of the C string. */
bool text_is(text t, const char *c_string);

/** ASCII case-insensitive equality (header names, host names). */
bool text_equal_nocase(text a, text b);

/** True when `t` begins (ends) with the bytes of the second text. */
bool text_starts(text t, text prefix);
bool text_ends(text t, text suffix);

/** True when a NUL byte is among the bytes. */
bool text_has_nul(text t);

/** True when the bytes are well-formed UTF-8 (RFC 3629: no overlongs, no surrogates). */
bool text_is_utf8(text t);

/** Number of code points of well-formed UTF-8; bytes that are none count one each. */
size_t text_code_points(text t);

/** The part from `from` (clamped) with at most `len` bytes. */
text text_part(text t, size_t from, size_t len);

/** Without ASCII white space (space, tab, CR, LF) on both ends. */
text text_trim(text t);

/** Cuts at the first `separator`: `*head` gets what is before, `*rest` what is behind (absent when
 *  there is none). False when `t` is absent, so that `while (text_cut(rest, ',', &item, &rest))`
 *  ends. */
bool text_cut(text t, char separator, text *head, text *rest);

/** Offset of the first such byte, or -1. */
ptrdiff_t text_find(text t, char byte);

/** Decimal integer, whole text, optional leading '-': INVALID if anything else or out of range. */
status text_to_int(text t, int64_t *out) CHECKED;

/** A copy in the arena with a NUL behind it; NO_MEMORY over the cap. Absent stays absent. */
status text_copy(struct arena *arena, text t, text *out) CHECKED;

/** printf into the arena. NO_MEMORY over the cap. */
status text_format(struct arena *arena, text *out, const char *format, ...) CHECKED
    PRINTF_LIKE(3, 4);

/** ASCII lower case copy in the arena. */
status text_lower(struct arena *arena, text t, text *out) CHECKED;

/** A C string for foreign interfaces: copied into the arena; INVALID when a NUL is inside. */
status text_to_c(struct arena *arena, text t, const char **out) CHECKED;

/** A growing text inside an arena. The first failure sticks: later puts do nothing, and build_text
 *  tells it, so that callers check once at the end. Zero-initialise and set `.arena`. */
struct build {
    struct arena *arena; /**< Where the bytes live; the caller's. */
    char *at;            /**< Bytes so far (internal). */
    size_t len;          /**< Length so far in bytes. */
    size_t room;         /**< Allocated bytes (internal). */
    status failed;       /**< First failure, or OK. */
};

/** Appends bytes, a C string, one byte, or formatted text. */
void build_put(struct build *build, text t);
void build_c(struct build *build, const char *c_string);
void build_byte(struct build *build, char byte);
void build_format(struct build *build, const char *format, ...) PRINTF_LIKE(2, 3);
void build_format_v(struct build *build, const char *format, va_list arguments);

/** The result with a NUL behind it (owned by the arena), or the first failure. */
status build_text(struct build *build, text *out) CHECKED;

#endif
