/* harness.c: any bytes as a Cookie header: a value that is found lies within the header.
 * Owns nothing. Threads: one. */
#include "net/http_query.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    text header = {(const char *)bytes, size};
    static const char *const names[] = {"a", "token", "", "matinee_refresh"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        text value = query_cookie(header, names[i]);
        if (!value.at) continue;
        assert(value.at >= header.at && value.at + value.len <= header.at + header.len);
        assert(text_find(value, ';') < 0);
    }
    return 0;
}
