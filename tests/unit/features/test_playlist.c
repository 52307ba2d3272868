/* test_playlist.c: playlists letter by letter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/scope.h"
#include "features/playback/playback.h"

#include <string.h>

static struct video_rendition picture(const char *name, int64_t width, int64_t height,
                                      double rate) {
    return (struct video_rendition){.name = text_of(name),
                                    .kind = TEXT("video"),
                                    .width = width,
                                    .height = height,
                                    .frame_rate = rate,
                                    .bandwidth_bps = height * 1000,
                                    .average_bandwidth_bps = height * 900,
                                    .codecs = TEXT("avc1.64001f")};
}

static struct video_rendition sound(void) {
    return (struct video_rendition){.name = TEXT("audio"),
                                    .kind = TEXT("audio"),
                                    .bandwidth_bps = 130000,
                                    .average_bandwidth_bps = 128000,
                                    .codecs = TEXT("mp4a.40.2")};
}

static void check_master(struct video_rendition *renditions, size_t count, text query,
                         const char *expected) {
    scoped(arena_done) struct arena *arena = arena_new(1 << 20);
    struct ctx cx = {.arena = arena};
    struct video video = {.renditions = {renditions, count}};
    text made = NO_TEXT;
    assert_int_equal(playlist_write_master(&cx, &video, query, &made), OK);
    assert_string_equal(made.at, expected);
}

static void picture_and_sound(void **state) {
    (void)state;
    struct video_rendition all[] = {picture("720p", 1280, 720, 25),
                                    picture("360p", 640, 360, 29.97), sound()};
    check_master(all, 3, NO_TEXT,
                 "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n"
                 "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"Audio\",DEFAULT=YES,"
                 "AUTOSELECT=YES,URI=\"audio/index.m3u8\"\n"
                 "#EXT-X-STREAM-INF:BANDWIDTH=850000,AVERAGE-BANDWIDTH=776000,"
                 "CODECS=\"avc1.64001f,mp4a.40.2\",RESOLUTION=1280x720,FRAME-RATE=25.000,"
                 "CLOSED-CAPTIONS=NONE,AUDIO=\"audio\"\n720p/index.m3u8\n"
                 "#EXT-X-STREAM-INF:BANDWIDTH=490000,AVERAGE-BANDWIDTH=452000,"
                 "CODECS=\"avc1.64001f,mp4a.40.2\",RESOLUTION=640x360,FRAME-RATE=29.970,"
                 "CLOSED-CAPTIONS=NONE,AUDIO=\"audio\"\n360p/index.m3u8\n");
}

static void picture_alone_is_signed(void **state) {
    (void)state;
    struct video_rendition all[] = {picture("144p", 256, 144, 24)};
    check_master(all, 1, TEXT("exp=1&sig=abc"),
                 "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n"
                 "#EXT-X-STREAM-INF:BANDWIDTH=144000,AVERAGE-BANDWIDTH=129600,"
                 "CODECS=\"avc1.64001f\",RESOLUTION=256x144,FRAME-RATE=24.000,"
                 "CLOSED-CAPTIONS=NONE\n144p/index.m3u8?exp=1&sig=abc\n");
}

static void sound_alone(void **state) {
    (void)state;
    struct video_rendition all[] = {sound()};
    check_master(all, 1, NO_TEXT,
                 "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n"
                 "#EXT-X-STREAM-INF:BANDWIDTH=130000,AVERAGE-BANDWIDTH=128000,"
                 "CODECS=\"mp4a.40.2\"\naudio/index.m3u8\n");
}

static void nothing_to_play(void **state) {
    (void)state;
    scoped(arena_done) struct arena *arena = arena_new(1 << 20);
    struct ctx cx = {.arena = arena};
    struct video video = {.renditions = {NULL, 0}};
    text made = NO_TEXT;
    assert_int_equal(playlist_write_master(&cx, &video, NO_TEXT, &made), NOT_FOUND);
    assert_null(made.at);
}

static void segments_in_order(void **state) {
    (void)state;
    scoped(arena_done) struct arena *arena = arena_new(1 << 20);
    struct ctx cx = {.arena = arena};
    const struct segment segments[] = {{800, 10, 48048, 0}, {810, 20, 48048, 0}, {830, 5, 6006, 0}};
    const struct segment_index index = {.timescale = 12000, .count = 3, .segments = segments};
    text made = NO_TEXT;
    assert_int_equal(playlist_write_media(&cx, &index, TEXT("v=run"), &made), OK);
    assert_string_equal(made.at, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:5\n"
                                 "#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n"
                                 "#EXT-X-MAP:URI=\"init.mp4?v=run\"\n"
                                 "#EXTINF:4.004000,\n0.m4s?v=run\n"
                                 "#EXTINF:4.004000,\n1.m4s?v=run\n"
                                 "#EXTINF:0.500500,\n2.m4s?v=run\n#EXT-X-ENDLIST\n");
}

static void a_days_film_is_too_big_for_a_small_arena_only(void **state) {
    (void)state;
    enum { COUNT = 21600 };
    struct segment *segments = calloc(COUNT, sizeof *segments);
    for (size_t i = 0; i < COUNT; i++) segments[i] = (struct segment){i + 1, 1, 4, 0};
    const struct segment_index index = {.timescale = 1, .count = COUNT, .segments = segments};
    const size_t caps[] = {64 << 10, 8 << 20};
    const status expected[] = {NO_MEMORY, OK};
    for (size_t i = 0; i < COUNT_OF(caps); i++) {
        scoped(arena_done) struct arena *arena = arena_new(caps[i]);
        struct ctx cx = {.arena = arena};
        text made = NO_TEXT;
        assert_int_equal(playlist_write_media(&cx, &index, NO_TEXT, &made), expected[i]);
    }
    free(segments);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(picture_and_sound),
        cmocka_unit_test(picture_alone_is_signed),
        cmocka_unit_test(sound_alone),
        cmocka_unit_test(nothing_to_play),
        cmocka_unit_test(segments_in_order),
        cmocka_unit_test(a_days_film_is_too_big_for_a_small_arena_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
