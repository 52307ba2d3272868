/* test_cmaf.c: fragments, decode times and the index of a track file, byte by byte where it
 * matters. */
#include "harness.h"

#include "media/engine/cmaf.h"

#include <fcntl.h>
#include <sys/mman.h>

static const uint8_t config[] = {1, 2, 3, 4};

static struct cmaf_track video_track(void) {
    return (struct cmaf_track){.kind = SEGMENT_INDEX_VIDEO,
                               .codecs = "avc1.64001f",
                               .timescale = 100,
                               .config = config,
                               .config_size = sizeof config,
                               .width = 64,
                               .height = 48,
                               .reorder = 1,
                               .delay = 10,
                               .primaries = 1,
                               .transfer = 1,
                               .matrix = 1,
                               .segments_expected = 8};
}

static uint64_t big(const uint8_t *at, size_t size) {
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) value = value << 8 | at[i];
    return value;
}

/* The first box of that type within the bytes at any depth; boxes here never hold the type by
 * chance. */
static const uint8_t *find_box(const uint8_t *at, size_t size, const char *type) {
    for (size_t i = 0; i + 8 <= size; i++) {
        if (memcmp(at + i + 4, type, 4) == 0) return at + i;
    }
    return NULL;
}

static void put_sample(struct ctx *cx, struct cmaf *cmaf, int64_t time, bool key, size_t size) {
    struct bytes *data = NULL;
    assert_int_equal(cmaf_sample(cx, cmaf, time, 0, key, &data), OK);
    for (size_t i = 0; i < size; i++) bytes_put_u8(data, (unsigned)time);
}

/* I P B B P … in decode order, 10 units a frame: fragments at 0 and 40, the segment at 80. */
static void write_film(struct ctx *cx, int fd, struct segment_index *index, int64_t *size) {
    struct cmaf_track track = video_track();
    struct cmaf *cmaf = NULL;
    assert_int_equal(cmaf_open(cx, fd, &track, &cmaf), OK);
    for (int64_t from = 0; from < 120; from += 40) {
        assert_int_equal(cmaf_end_fragment(cx, cmaf, from, false), OK);
        if (from == 80) assert_int_equal(cmaf_end_segment(cx, cmaf), OK);
        put_sample(cx, cmaf, from, true, 100);
        put_sample(cx, cmaf, from + 20, false, 50);
        put_sample(cx, cmaf, from + 10, false, 20);
        put_sample(cx, cmaf, from + 30, false, 40);
    }
    assert_int_equal(cmaf_end_fragment(cx, cmaf, 120, true), OK);
    assert_int_equal(cmaf_finish(cx, cmaf, index, size), OK);
    cmaf_close(cmaf);
}

static void segments_are_where_the_index_says(void **state) {
    struct ctx *cx = *state;
    scoped(scope_close) int fd = memfd_create("film", 0);
    struct segment_index index;
    int64_t size = 0;
    write_film(cx, fd, &index, &size);
    assert_int_equal(index.count, 2);
    assert_int_equal(index.segments[0].duration, 80);
    assert_int_equal(index.segments[1].duration, 40);
    assert_int_equal(index.frame_rate_milli, 10000);
    assert_int_equal(index.segments[1].offset_bytes + index.segments[1].size_bytes, size);
    static uint8_t file[65536];
    assert_int_equal(pread(fd, file, sizeof file, 0), size);
    for (size_t i = 0; i < index.count; i++) {
        const uint8_t *segment = file + index.segments[i].offset_bytes;
        assert_memory_equal(segment + 4, "moof", 4);
        const uint8_t *tfdt = find_box(segment, 200, "tfdt");
        assert_int_equal(big(tfdt + 12, 8), i * 80);
        /* the key frame's end */
        assert_int_equal(segment[index.segments[i].key_bytes - 1], i * 80);
    }
    const uint8_t *sidx = find_box(file, (size_t)size, "sidx");
    assert_true(sidx - file == index.init_bytes);
    assert_int_equal(big(sidx + 38, 2), 2);
    uint64_t first = (uint64_t)(sidx - file) + big(sidx, 4) + big(sidx + 28, 8);
    assert_int_equal(first, index.segments[0].offset_bytes);
    assert_int_equal(big(find_box(file, (size_t)size, "mehd") + 12, 8), 120);
}

/* Decode times go up, no frame is shown before it is decoded, and the edit takes the delay back. */
static void times_add_up(void **state) {
    struct ctx *cx = *state;
    scoped(scope_close) int fd = memfd_create("film", 0);
    struct segment_index index;
    int64_t size = 0;
    write_film(cx, fd, &index, &size);
    static uint8_t file[65536];
    assert_int_equal(pread(fd, file, sizeof file, 0), size);
    const uint8_t *elst = find_box(file, (size_t)size, "elst");
    assert_int_equal(big(elst + 20, 4), 10);
    static const int64_t shown[] = {0, 20, 10, 30};
    const uint8_t *trun = find_box(file, (size_t)size, "trun");
    assert_int_equal(big(trun + 12, 4), 4);
    assert_int_equal(big(trun + 20, 4), 0x02000000);
    bool even = (big(trun + 8, 4) & 0x100) == 0;
    assert_true(even); /* frames are evenly spaced, so their durations need no table */
    for (size_t i = 0; i < 4; i++) {
        int64_t offset = (int32_t)big(trun + 28 + 8 * i, 4);
        assert_true(offset >= 0);
        assert_int_equal((int64_t)i * 10 + offset, shown[i] + 10);
    }
}

static void disorder_is_our_bug(void **state) {
    struct ctx *cx = *state;
    scoped(scope_close) int fd = memfd_create("film", 0);
    struct cmaf_track track = video_track();
    struct cmaf *cmaf = NULL;
    assert_int_equal(cmaf_open(cx, fd, &track, &cmaf), OK);
    put_sample(cx, cmaf, 50, true, 1);
    assert_int_equal(cmaf_end_fragment(cx, cmaf, 50, false), BUG);
    cmaf_close(cmaf);
}

static void an_empty_film_is_refused(void **state) {
    struct ctx *cx = *state;
    scoped(scope_close) int fd = memfd_create("film", 0);
    struct cmaf_track track = video_track();
    struct cmaf *cmaf = NULL;
    struct segment_index index;
    int64_t size = 0;
    assert_int_equal(cmaf_open(cx, fd, &track, &cmaf), OK);
    assert_int_equal(cmaf_end_fragment(cx, cmaf, 10, false), OK);
    assert_int_equal(cmaf_finish(cx, cmaf, &index, &size), INVALID);
    cmaf_close(cmaf);
}

static void a_full_disk_is_told(void **state) {
    struct ctx *cx = *state;
    scoped(scope_close) int fd = open("/dev/full", O_RDWR);
    struct cmaf_track track = video_track();
    struct cmaf *cmaf = NULL;
    assert_true(fd >= 0);
    assert_int_equal(cmaf_open(cx, fd, &track, &cmaf), IO);
    assert_fault(cx, "disk is full");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        HARNESS_TEST(segments_are_where_the_index_says),
        HARNESS_TEST(times_add_up),
        HARNESS_TEST(disorder_is_our_bug),
        HARNESS_TEST(an_empty_film_is_refused),
        HARNESS_TEST(a_full_disk_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
