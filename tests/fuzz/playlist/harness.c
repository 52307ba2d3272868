/* harness.c: any bytes as a segment index; one that is taken must give a playlist that players
 * take: a line for each segment, no duration over the target, no bytes but printable ASCII.
 * Owns: one arena an input. Threads: one. */
#include "base/scope.h"
#include "features/playback/playback.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void must(bool right) {
    if (!right) abort();
}

/* The number behind a tag's colon; NaN when the line has another tag. */
static double number_behind(text line, text tag) {
    return text_starts(line, tag) ? strtod(line.at + tag.len, NULL) : NAN;
}

static void check(text playlist, uint32_t count) {
    text line = NO_TEXT;
    double target = 0;
    uint32_t durations = 0, addresses = 0;
    for (size_t i = 0; i < playlist.len; i++)
        must(playlist.at[i] == '\n' || (playlist.at[i] >= ' ' && playlist.at[i] <= '~'));
    must(text_starts(playlist, TEXT("#EXTM3U\n")) && text_ends(playlist, TEXT("#EXT-X-ENDLIST\n")));
    while (text_cut(playlist, '\n', &line, &playlist)) {
        double said = number_behind(line, TEXT("#EXT-X-TARGETDURATION:"));
        if (!isnan(said)) target = said;
        double duration = number_behind(line, TEXT("#EXTINF:"));
        if (!isnan(duration)) durations++;
        must(isnan(duration) || floor(duration + 0.5) <= target);
        if (line.len && line.at[0] != '#') addresses++;
    }
    must(durations == count && addresses == count && target >= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    scoped(arena_done) struct arena *arena = arena_new(32 << 20);
    if (!arena) return 0;
    struct ctx cx = {.arena = arena};
    struct segment_index index;
    text playlist = NO_TEXT;
    if (segment_index_read(&cx, (text){(const char *)bytes, size}, &index) != OK) return 0;
    if (playlist_write_media(&cx, &index, TEXT("v=run"), &playlist) == OK)
        check(playlist, index.count);
    return 0;
}
