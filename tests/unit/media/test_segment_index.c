/* test_segment_index.c: the table of segments is written as documented and read strictly. */
#include "harness.h"

#include "media/segment_index.h"

static const struct segment three[] = {
    {.offset_bytes = 900, .size_bytes = 5000, .duration = 40000, .key_bytes = 700},
    {.offset_bytes = 5900, .size_bytes = 3000, .duration = 40000, .key_bytes = 600},
    {.offset_bytes = 8900, .size_bytes = 100, .duration = 400, .key_bytes = 90},
};

static struct segment_index sample(void) {
    return (struct segment_index){
        .kind = SEGMENT_INDEX_VIDEO,
        .codecs = TEXT("avc1.64001f"),
        .timescale = 10000,
        .init_bytes = 800,
        .bandwidth_bps = 9000,
        .average_bandwidth_bps = 8000,
        .width = 640,
        .height = 360,
        .frame_rate_milli = 25000,
        .count = 3,
        .segments = three,
    };
}

static void a_table_round_trips(void **state) {
    struct ctx *cx = *state;
    struct segment_index index = sample(), again;
    text bytes = NO_TEXT;
    assert_int_equal(segment_index_write(cx, &index, &bytes), OK);
    assert_int_equal(bytes.len, SEGMENT_INDEX_HEADER_BYTES + 11 + 3 * SEGMENT_INDEX_ENTRY_BYTES);
    assert_memory_equal(bytes.at, "MSIX\1\1\13\0\x10\x27\0\0\x20\3\0\0", 16);
    assert_int_equal(segment_index_read(cx, bytes, &again), OK);
    assert_text(again.codecs, "avc1.64001f");
    assert_int_equal(again.count, 3);
    assert_memory_equal(again.segments, three, sizeof three);
    assert_int_equal(segment_index_duration_ms(&again), 8040);
    assert_int_equal(segment_index_longest_ms(&again), 4000);
}

/* Every single byte cut off, and a byte too many. */
static void no_other_length_is_read(void **state) {
    struct ctx *cx = *state;
    struct segment_index index = sample(), again;
    text bytes = NO_TEXT;
    assert_int_equal(segment_index_write(cx, &index, &bytes), OK);
    for (size_t len = 0; len < bytes.len; len++) {
        ctx_clear(cx);
        assert_int_equal(segment_index_read(cx, (text){bytes.at, len}, &again), INVALID);
    }
    char longer[512] = {0};
    memcpy(longer, bytes.at, bytes.len);
    assert_int_equal(segment_index_read(cx, (text){longer, bytes.len + 1}, &again), INVALID);
}

static void refuse(struct ctx *cx, text bytes, size_t at, char value, const char *words) {
    char changed[512];
    struct segment_index again;
    memcpy(changed, bytes.at, bytes.len);
    changed[at] = value;
    ctx_clear(cx);
    assert_int_equal(segment_index_read(cx, (text){changed, bytes.len}, &again), INVALID);
    assert_fault(cx, words);
}

static void broken_tables_are_refused(void **state) {
    struct ctx *cx = *state;
    struct segment_index index = sample();
    text bytes = NO_TEXT;
    assert_int_equal(segment_index_write(cx, &index, &bytes), OK);
    refuse(cx, bytes, 0, 'X', "begin");
    refuse(cx, bytes, 4, 2, "version");
    refuse(cx, bytes, 5, 3, "kind");
    refuse(cx, bytes, 5, 2, "size");
    refuse(cx, bytes, 23, (char)0x80, "before zero");
    refuse(cx, bytes, 25, 0, "peak");
    refuse(cx, bytes, 44, '\n', "codecs");
    refuse(cx, bytes, 44, '"', "codecs");
    size_t first = SEGMENT_INDEX_HEADER_BYTES + 11, second = first + SEGMENT_INDEX_ENTRY_BYTES;
    refuse(cx, bytes, first + 1, 0, "overlap");
    refuse(cx, bytes, second, 0, "overlap");
    refuse(cx, bytes, second + 7, (char)0xFF, "too far");
    refuse(cx, bytes, first + 17, (char)0xFF, "key frame");
}

static void what_breaks_the_rules_is_not_written(void **state) {
    struct ctx *cx = *state;
    struct segment_index index = sample();
    text bytes = NO_TEXT;
    index.count = 0;
    assert_int_equal(segment_index_write(cx, &index, &bytes), BUG);
    index = sample();
    index.codecs = TEXT("avc1 evil");
    ctx_clear(cx);
    assert_int_equal(segment_index_write(cx, &index, &bytes), BUG);
}

/* The short last segment must not count as peak; the run of the first must. */
static void peak_and_average_are_measured(void **state) {
    (void)state;
    struct segment_index index = sample();
    segment_index_measure(&index);
    assert_int_equal(index.average_bandwidth_bps, 8060); /* 8100 bytes in 8.04 s */
    assert_int_equal(index.bandwidth_bps, 10000);        /* 5000 bytes in 4 s */
    index.count = 1;
    segment_index_measure(&index);
    assert_int_equal(index.bandwidth_bps, 10000);
    assert_int_equal(index.average_bandwidth_bps, 10000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        HARNESS_TEST(a_table_round_trips),
        HARNESS_TEST(no_other_length_is_read),
        HARNESS_TEST(broken_tables_are_refused),
        HARNESS_TEST(what_breaks_the_rules_is_not_written),
        HARNESS_TEST(peak_and_average_are_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
