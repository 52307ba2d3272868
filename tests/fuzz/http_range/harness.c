/* harness.c: any bytes as a Range header and as the conditional headers: a part lies within the
 * entity. The first byte chooses the entity's size. Owns nothing. Threads: one. */
#include "net/http_range.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_range(text header, int64_t size_bytes) {
    struct range range = range_of(header, size_bytes);
    if (range.kind == RANGE_OUTSIDE) return;
    assert(range.first_byte >= 0 && range.size_bytes >= 0);
    assert(range.size_bytes <= size_bytes - range.first_byte);
    if (range.kind == RANGE_PART)
        assert(range.size_bytes > 0);
    else
        assert(range.size_bytes == size_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static const int64_t sizes[] = {0, 1, 10, 65536, INT64_MAX};
    if (size == 0) return 0;
    text header = {(const char *)bytes + 1, size - 1};
    const struct validators film = {TEXT("\"a\""), 784111777000};
    const struct conditions each[] = {{.if_match = header},
                                      {.if_none_match = header},
                                      {.if_modified_since = header},
                                      {.if_unmodified_since = header}};
    check_range(header, sizes[bytes[0] % 5]);
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
        int code = range_conditions(&each[i], &film);
        assert(code == 200 || code == 304 || code == 412);
    }
    if (range_if_range(header, &film)) assert(!text_starts(text_trim(header), TEXT("W/")));
    return 0;
}
