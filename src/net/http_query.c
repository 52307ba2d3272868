/* http_query.c: queries and cookies; see http_query.h, and http.h for the functions over exchanges.
 *
 * Owns nothing. Invariant: each parameter is decoded once, after it was cut off, so an escaped '&'
 * or '=' never separates. Threads: pure. */
#include "net/http_query.h"

#include "net/http.h"

#include <string.h>

int query_hex(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

status query_decode(struct arena *arena, text raw, text *out) {
    char *bytes = arena_take(arena, raw.len + 1);
    if (!bytes) return NO_MEMORY;
    size_t len = 0;
    for (size_t i = 0; i < raw.len; i++) {
        char byte = raw.at[i];
        if (byte == '+') byte = ' ';
        if (byte == '%') {
            int high = i + 2 < raw.len ? query_hex(raw.at[i + 1]) : -1;
            int low = i + 2 < raw.len ? query_hex(raw.at[i + 2]) : -1;
            if (high < 0 || low < 0) return INVALID;
            byte = (char)(high << 4 | low);
            i += 2;
        }
        if (byte == '\0') return INVALID;
        bytes[len++] = byte;
    }
    if (!text_is_utf8((text){bytes, len})) return INVALID;
    *out = (text){bytes, len};
    return OK;
}

bool query_next(text *query, text *out_name, text *out_value) {
    text part = NO_TEXT;
    while (text_cut(*query, '&', &part, query)) {
        if (part.len == 0) continue;
        text value = NO_TEXT;
        (void)text_cut(part, '=', out_name, &value);
        *out_value = value.at ? value : TEXT("");
        return true;
    }
    return false;
}

text query_cookie(text header, const char *name) {
    text pair = NO_TEXT;
    while (text_cut(header, ';', &pair, &header)) {
        text key = NO_TEXT;
        text value = NO_TEXT;
        (void)text_cut(text_trim(pair), '=', &key, &value);
        if (!value.at || !text_is(text_trim(key), name)) continue;
        value = text_trim(value);
        if (value.len >= 2 && value.at[0] == '"' && value.at[value.len - 1] == '"')
            value = text_part(value, 1, value.len - 2);
        return value;
    }
    return NO_TEXT;
}

status http_query_each(struct http_exchange *exchange, http_query_visit *visit, void *argument) {
    struct ctx *cx = &exchange->cx;
    text rest = exchange->query;
    text name = NO_TEXT;
    text value = NO_TEXT;
    while (query_next(&rest, &name, &value)) {
        status decoded = query_decode(cx->arena, name, &name);
        if (decoded == OK) decoded = query_decode(cx->arena, value, &value);
        if (decoded == NO_MEMORY) return ctx_no_memory(cx);
        if (decoded != OK)
            return ctx_fail(cx, INVALID, "The address has a parameter that isn't escaped UTF-8.");
        TRY(visit(exchange, name, value, argument));
    }
    return OK;
}

struct wanted {
    const char *name;
    text value;
};

static status take_wanted(struct http_exchange *exchange, text name, text value, void *argument) {
    struct wanted *wanted = argument;
    if (!text_is(name, wanted->name)) return OK;
    if (wanted->value.at)
        return ctx_fail_field(&exchange->cx, INVALID, wanted->name,
                              "The address names this parameter twice; name it once.");
    wanted->value = value;
    return OK;
}

status http_query(struct http_exchange *exchange, const char *name, text *out) {
    struct wanted wanted = {.name = name};
    TRY(http_query_each(exchange, take_wanted, &wanted));
    *out = wanted.value;
    return OK;
}

text http_cookie_of(const struct http_exchange *exchange, const char *name) {
    return query_cookie(http_header_of(exchange, "Cookie"), name);
}
