/* harness.c: any bytes as a query: what is decoded is UTF-8 without NUL and no longer than it was.
 * Owns: one arena an input. Threads: one. */
#include "net/http.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static status visit(struct http_exchange *exchange, text name, text value, void *argument) {
    size_t *total = argument;
    (void)exchange;
    assert(text_is_utf8(name) && text_is_utf8(value));
    assert(!text_has_nul(name) && !text_has_nul(value));
    *total += name.len + value.len;
    return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct http_exchange exchange = {.cx = {.arena = arena_new(1 << 20)},
                                     .query = {(const char *)bytes, size}};
    size_t total = 0;
    text value = NO_TEXT;
    if (!exchange.cx.arena) return 0;
    if (http_query_each(&exchange, visit, &total) == OK) assert(total <= size);
    ctx_clear(&exchange.cx);
    if (http_query(&exchange, "a", &value) != OK) assert(exchange.cx.fault.code != OK);
    arena_free(exchange.cx.arena);
    return 0;
}
