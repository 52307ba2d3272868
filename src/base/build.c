/* build.c: the growing text of text.h. Owns: bytes in the arena named by the builder. The room
 * doubles, so old copies stay in the arena until it is reset: at most as much again. Threads: one
 * at a time. */
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* Makes room for `more` bytes and a NUL. */
static bool grow(struct build *build, size_t more) {
    if (build->failed != OK) return false;
    size_t need = build->len + more + 1;
    if (need <= build->room) return true;
    size_t room = build->room ? build->room : 64;
    while (room < need) room *= 2;
    char *at = arena_take(build->arena, room);
    if (!at && need < room) {
        room = need; /* close to the cap, exact fit is better than failure */
        at = arena_take(build->arena, room);
    }
    if (!at) {
        build->failed = NO_MEMORY;
        return false;
    }
    if (build->len) memcpy(at, build->at, build->len);
    build->at = at;
    build->room = room;
    return true;
}

void build_put(struct build *build, text t) {
    if (!grow(build, t.len)) return;
    if (t.len) memcpy(build->at + build->len, t.at, t.len);
    build->len += t.len;
}

void build_c(struct build *build, const char *c_string) {
    build_put(build, text_of(c_string));
}

void build_byte(struct build *build, char byte) {
    if (!grow(build, 1)) return;
    build->at[build->len++] = byte;
}

void build_format_v(struct build *build, const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length < 0) {
        if (build->failed == OK) build->failed = BUG;
    } else if (grow(build, (size_t)length)) {
        (void)vsnprintf(build->at + build->len, (size_t)length + 1, format, again);
        build->len += (size_t)length;
    }
    va_end(again);
}

void build_format(struct build *build, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    build_format_v(build, format, arguments);
    va_end(arguments);
}

status build_text(struct build *build, text *out) {
    if (!grow(build, 0)) return build->failed;
    build->at[build->len] = '\0';
    *out = (text){build->at, build->len};
    return OK;
}
