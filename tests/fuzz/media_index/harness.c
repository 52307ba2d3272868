/* harness.c: any bytes as a segment index; what is accepted must write back as the same bytes.
 * Owns: one arena an input. Threads: one. */
#include "base/scope.h"
#include "media/segment_index.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    scoped(arena_done) struct arena *arena = arena_new(16 << 20);
    if (!arena) return 0;
    struct ctx cx = {.arena = arena};
    struct segment_index index;
    text again = NO_TEXT;
    if (segment_index_read(&cx, (text){(const char *)bytes, size}, &index) != OK) return 0;
    if (segment_index_duration_ms(&index) < 0 || segment_index_longest_ms(&index) < 0) abort();
    if (segment_index_write(&cx, &index, &again) != OK) abort();
    if (again.len != size || memcmp(again.at, bytes, size) != 0) abort();
    segment_index_measure(&index);
    if (index.bandwidth_bps < index.average_bandwidth_bps) abort();
    return 0;
}
