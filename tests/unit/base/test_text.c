/* test_text.c: texts, the builder, numbers and UTF-8. */
#include "harness.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/random.h"

#include <string.h>

static void cutting_and_trimming(void **state) {
    (void)state;
    text head = NO_TEXT;
    text rest = TEXT("a,b,,c");
    const char *expected[] = {"a", "b", "", "c"};
    size_t seen = 0;
    while (text_cut(rest, ',', &head, &rest)) assert_text(head, expected[seen++]);
    assert_int_equal(seen, 4);
    assert_text(text_trim(TEXT(" \t x y\r\n")), "x y");
    assert_true(text_starts(TEXT("abc"), TEXT("ab")) && text_ends(TEXT("abc"), TEXT("bc")));
    assert_false(text_starts(TEXT("a"), TEXT("ab")));
    assert_true(text_equal(NO_TEXT, TEXT("")));
    assert_true(text_equal_nocase(TEXT("Host"), TEXT("hOST")));
}

static void numbers_are_read_exactly(void **state) {
    (void)state;
    int64_t value = 0;
    assert_int_equal(text_to_int(TEXT("-9223372036854775808"), &value), OK);
    assert_true(value == INT64_MIN);
    assert_int_equal(text_to_int(TEXT("9223372036854775807"), &value), OK);
    const char *bad[] = {"", "-", "+1", " 1", "1 ", "1e3", "0x10", "9223372036854775808", "١"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_int_equal(text_to_int(text_of(bad[i]), &value), INVALID);
    }
}

static void utf8_is_checked(void **state) {
    (void)state;
    assert_true(text_is_utf8(TEXT("Größe 日本 \xF0\x9F\x8E\xAC")));
    assert_int_equal(text_code_points(TEXT("日本\xF0\x9F\x8E\xAC")), 3);
    const char *bad[] = {"\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                         "\xE2\x82", "\xFF", "a\x80"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) assert_false(text_is_utf8(text_of(bad[i])));
}

static void building_grows_and_fails_once(void **state) {
    struct ctx *cx = *state;
    struct build build = {.arena = cx->arena};
    for (int i = 0; i < 100; i++) build_format(&build, "%d,", i);
    text made = NO_TEXT;
    assert_int_equal(build_text(&build, &made), OK);
    assert_int_equal(made.len, 10 * 2 + 90 * 3);
    assert_int_equal(made.at[made.len], 0);
    scoped(arena_done) struct arena *tight = arena_new(256);
    struct build small = {.arena = tight};
    for (int i = 0; i < 1000; i++) build_c(&small, "0123456789");
    assert_int_equal(build_text(&small, &made), NO_MEMORY);
}

static void base64_is_strict(void **state) {
    struct ctx *cx = *state;
    for (size_t size = 0; size < 40; size++) {
        char bytes[40];
        random_bytes(bytes, size);
        text encoded = NO_TEXT;
        text decoded = NO_TEXT;
        assert_int_equal(base64url_encode(cx->arena, bytes, size, &encoded), OK);
        assert_int_equal(base64url_decode(cx->arena, encoded, &decoded), OK);
        assert_true(text_equal(decoded, (text){bytes, size}));
    }
    text out = NO_TEXT;
    assert_int_equal(base64_decode(cx->arena, TEXT("bGlnaHQgdw=="), &out), OK);
    assert_text(out, "light w");
    const char *bad[] = {"A", "AB=", "AB==A", "A===", "====", "AB\n=", "AC==x", "AB-="};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_int_equal(base64_decode(cx->arena, text_of(bad[i]), &out), INVALID);
    }
    assert_int_equal(base64url_decode(cx->arena, TEXT("AB"), &out), INVALID); /* stray bits */
}

static void digests_match_published_vectors(void **state) {
    (void)state;
    unsigned char hash[SHA256_BYTES];
    char hex[SHA256_HEX_BYTES];
    digest_sha256("abc", 3, hash); /* FIPS 180-4 example */
    hex_write(hash, sizeof hash, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_hmac_sha256(TEXT("Jefe"), "what do ya want for nothing?", 28, hash); /* RFC 4231 */
    hex_write(hash, sizeof hash, hex);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    struct digest *sha1 = digest_open(TEXT("sha1"));
    size_t size = 0;
    digest_feed(sha1, "ab", 2);
    digest_feed(sha1, "c", 1);
    digest_finish(sha1, hash, &size);
    digest_close(sha1);
    hex_write(hash, size, hex);
    assert_string_equal(hex, "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_null(digest_open(TEXT("md6")));
}

static void dates_go_there_and_back(void **state) {
    (void)state;
    char buffer[CLOCK_ISO_BYTES];
    int64_t time_ms = 0;
    assert_string_equal(clock_http_date(784111777000, buffer), "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_int_equal(clock_from_http_date(text_of(buffer), &time_ms), OK);
    assert_true(time_ms == 784111777000);
    assert_string_equal(clock_iso(1500, buffer), "1970-01-01T00:00:01.500Z");
    const char *bad[] = {"Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC", "x",
                         "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_int_equal(clock_from_http_date(text_of(bad[i]), &time_ms), INVALID);
    }
}

static void ids_are_ids(void **state) {
    struct ctx *cx = *state;
    for (int i = 0; i < 1000; i++) {
        text id = NO_TEXT;
        assert_int_equal(random_id(cx->arena, &id), OK);
        assert_true(random_is_id(id));
        assert_int_not_equal(id.at[0], '-');
    }
    assert_false(random_is_id(TEXT("short")));
    assert_false(random_is_id(TEXT("elevenchar/")));
}

int main(void) {
    if (random_open() != OK) return 1;
    const struct CMUnitTest tests[] = {
        HARNESS_TEST(cutting_and_trimming),          HARNESS_TEST(numbers_are_read_exactly),
        HARNESS_TEST(utf8_is_checked),               HARNESS_TEST(building_grows_and_fails_once),
        HARNESS_TEST(base64_is_strict),              HARNESS_TEST(digests_match_published_vectors),
        HARNESS_TEST(dates_go_there_and_back),       HARNESS_TEST(ids_are_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
