/* http_path.c: guard_path, the one place where a request's path is decoded.
 *
 * Owns nothing. Invariant: decoding happens once, here; a path that a second decoding would change
 * into another one with slashes or dots is refused, so it doesn't matter whether anybody decodes
 * again. Threads: pure. */
#include "net/http_guard.h"

#include "net/http_query.h"

#include <string.h>

static const struct guard_verdict accepted = {0, NULL};

static struct guard_verdict refuse(const char *sentence) {
    return (struct guard_verdict){400, sentence};
}

/* Decodes the escape at `raw.at[at]`; -1 when it is malformed. */
static int escape_at(text raw, size_t at) {
    if (raw.len - at < 3) return -1;
    int high = query_hex(raw.at[at + 1]);
    int low = query_hex(raw.at[at + 2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* True when the part, or what is before a ';' in it (a path parameter to some servers), is "." or
 * "..". */
static bool is_dots(text part) {
    ptrdiff_t semicolon = text_find(part, ';');
    if (semicolon >= 0) part.len = (size_t)semicolon;
    return text_is(part, ".") || text_is(part, "..");
}

static bool has_dot_part(text path) {
    text part = NO_TEXT;
    text rest = path;
    while (text_cut(rest, '/', &part, &rest)) {
        if (is_dots(part)) return true;
    }
    return false;
}

/* True when a decoded path still holds something that reads as an escape ("%252e" was sent). */
static bool has_escape(text path) {
    for (size_t i = 0; i + 2 < path.len; i++) {
        if (path.at[i] == '%' && escape_at(path, i) >= 0) return true;
    }
    return false;
}

struct guard_verdict guard_path(struct arena *arena, text raw, text *out) {
    char *bytes = arena_take(arena, raw.len + 1);
    if (!bytes) return (struct guard_verdict){503, "The server is short of memory; try again."};
    text path = {bytes, 0};
    for (size_t i = 0; i < raw.len; i++) {
        unsigned char byte = (unsigned char)raw.at[i];
        if (byte == '%') {
            int value = escape_at(raw, i);
            if (value < 0) return refuse("The path holds a malformed escape.");
            if (value == '/') return refuse("The path holds an escaped slash.");
            byte = (unsigned char)value;
            i += 2;
        }
        if (byte < 0x20 || byte == 0x7F) return refuse("The path holds a control character.");
        if (byte == '\\') return refuse("The path holds a backslash.");
        bytes[path.len++] = (char)byte;
    }
    if (path.len == 0 || bytes[0] != '/') return refuse("The path must begin with a slash.");
    if (!text_is_utf8(path)) return refuse("The path isn't UTF-8.");
    if (has_escape(path)) return refuse("The path was escaped twice.");
    if (has_dot_part(path)) return refuse("The path holds \".\" or \"..\" as a part.");
    *out = path;
    return accepted;
}
