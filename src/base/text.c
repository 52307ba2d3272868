/* text.c: the operations on texts. Owns nothing. Threads: any. */
#include "base/text.h"

#include <stdio.h>
#include <string.h>

text text_of(const char *c_string) {
    return c_string ? (text){c_string, strlen(c_string)} : NO_TEXT;
}

bool text_equal(text a, text b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool text_is(text t, const char *c_string) {
    return text_equal(t, text_of(c_string));
}

static unsigned char lower(char byte) {
    unsigned char u = (unsigned char)byte;
    return (u >= 'A' && u <= 'Z') ? (unsigned char)(u + 32) : u;
}

bool text_equal_nocase(text a, text b) {
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.at[i]) != lower(b.at[i])) return false;
    }
    return true;
}

bool text_starts(text t, text prefix) {
    return t.len >= prefix.len && text_equal((text){t.at, prefix.len}, prefix);
}

bool text_ends(text t, text suffix) {
    return t.len >= suffix.len && text_equal(text_part(t, t.len - suffix.len, suffix.len), suffix);
}

bool text_has_nul(text t) {
    return t.len && memchr(t.at, 0, t.len) != NULL;
}

/* Length of the well-formed UTF-8 sequence at `at`, or 0 (RFC 3629, table 3-7 of Unicode). */
static size_t utf8_length(const unsigned char *at, size_t left) {
    unsigned char first = at[0];
    if (first < 0x80) return 1;
    size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || left < length) return 0;
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
    if (at[1] < low || at[1] > high) return 0;
    for (size_t i = 2; i < length; i++) {
        if (at[i] < 0x80 || at[i] > 0xBF) return 0;
    }
    return length;
}

bool text_is_utf8(text t) {
    const unsigned char *at = (const unsigned char *)t.at;
    for (size_t i = 0; i < t.len;) {
        size_t length = utf8_length(at + i, t.len - i);
        if (length == 0) return false;
        i += length;
    }
    return true;
}

size_t text_code_points(text t) {
    const unsigned char *at = (const unsigned char *)t.at;
    size_t count = 0;
    for (size_t i = 0; i < t.len; count++) {
        size_t length = utf8_length(at + i, t.len - i);
        i += length ? length : 1;
    }
    return count;
}

text text_part(text t, size_t from, size_t len) {
    if (from > t.len) from = t.len;
    if (len > t.len - from) len = t.len - from;
    return (text){t.at ? t.at + from : NULL, len};
}

static bool is_space(char byte) {
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

text text_trim(text t) {
    while (t.len && is_space(t.at[0])) t = text_part(t, 1, t.len);
    while (t.len && is_space(t.at[t.len - 1])) t.len--;
    return t;
}

ptrdiff_t text_find(text t, char byte) {
    const char *at = t.len ? memchr(t.at, byte, t.len) : NULL;
    return at ? at - t.at : -1;
}

bool text_cut(text t, char separator, text *head, text *rest) {
    if (!t.at) return false;
    ptrdiff_t at = text_find(t, separator);
    if (at < 0) {
        *head = t;
        *rest = NO_TEXT;
    } else {
        text whole = t;
        *head = text_part(whole, 0, (size_t)at);
        *rest = text_part(whole, (size_t)at + 1, whole.len);
    }
    return true;
}

status text_to_int(text t, int64_t *out) {
    bool negative = t.len && t.at[0] == '-';
    if (negative) t = text_part(t, 1, t.len);
    if (t.len == 0) return INVALID;
    int64_t value = 0;
    for (size_t i = 0; i < t.len; i++) {
        if (t.at[i] < '0' || t.at[i] > '9') return INVALID;
        int digit = t.at[i] - '0';
        if (__builtin_mul_overflow(value, 10, &value)) return INVALID;
        if (__builtin_add_overflow(value, negative ? -digit : digit, &value)) return INVALID;
    }
    *out = value;
    return OK;
}

status text_copy(struct arena *arena, text t, text *out) {
    if (!t.at) {
        *out = NO_TEXT;
        return OK;
    }
    const char *at = arena_copy(arena, t.at, t.len);
    if (!at) return NO_MEMORY;
    *out = (text){at, t.len};
    return OK;
}

status text_format(struct arena *arena, text *out, const char *format, ...) {
    struct build build = {.arena = arena};
    va_list arguments;
    va_start(arguments, format);
    build_format_v(&build, format, arguments);
    va_end(arguments);
    return build_text(&build, out);
}

status text_lower(struct arena *arena, text t, text *out) {
    text copy = NO_TEXT;
    TRY(text_copy(arena, t, &copy));
    char *at = (char *)copy.at; /* our own fresh copy */
    for (size_t i = 0; i < copy.len; i++) at[i] = (char)lower(at[i]);
    *out = copy;
    return OK;
}

status text_to_c(struct arena *arena, text t, const char **out) {
    if (text_has_nul(t)) return INVALID;
    text copy = NO_TEXT;
    TRY(text_copy(arena, t.at ? t : TEXT(""), &copy));
    *out = copy.at;
    return OK;
}
