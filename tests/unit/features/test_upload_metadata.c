/* test_upload_metadata.c: what clients say of their files, and what first bytes give away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/scope.h"
#include "features/uploads/upload.h"

#include <string.h>

/* In memory that lives until the next call. */
static status read_header(text header, struct upload_metadata *out) {
    static struct arena *arena;
    if (!arena) arena = arena_new(1 << 20);
    arena_reset(arena);
    struct ctx cx = {.arena = arena};
    status read = upload_metadata_read(&cx, header, out);
    if (read != OK) {
        assert_int_equal(cx.fault.code, read);
        assert_true(strlen(cx.fault.detail) > 10);
    }
    return read;
}

static void known_keys_are_taken(void **state) {
    (void)state;
    struct upload_metadata got;
    text header =
        TEXT("filename SMO2bGlkYXkubXA0, filetype dmlkZW8vbXA0,title SMO2aGU=,"
             "description ,visibility cHJpdmF0ZQ==,is_confidential,unknown AAAA");
    assert_int_equal(read_header(header, &got), OK);
    assert_true(text_is(got.file_name, "Höliday.mp4"));
    assert_true(text_is(got.file_type, "video/mp4"));
    assert_true(text_is(got.words.title, "Höhe"));
    assert_true(got.words.description.at && got.words.description.len == 0);
    assert_true(text_is(got.words.visibility, "private"));
}

static void nothing_is_fine(void **state) {
    (void)state;
    struct upload_metadata got;
    assert_int_equal(read_header(NO_TEXT, &got), OK);
    assert_null(got.file_name.at);
    assert_int_equal(read_header(TEXT("   "), &got), OK);
}

static void malformed_headers_are_refused(void **state) {
    (void)state;
    const char *bad[] = {
        ",", "title YQ==,", "title YQ==,,filename YQ==", "title !", "title YQ", "title YQ= =",
        "title YQ==,title Yg==", "filename YQ==,filename YQ==", "title /w==", "t\001x YQ==",
        "\xC3\xA4 YQ==",
    };
    struct upload_metadata got;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        if (read_header(text_of(bad[i]), &got) != INVALID) fail_msg("'%s' was taken", bad[i]);
    }
}

static void size_and_number_are_limited(void **state) {
    (void)state;
    char header[UPLOAD_METADATA_CAP_BYTES + 2];
    struct upload_metadata got;
    memset(header, 'A', sizeof header);
    memcpy(header, "title ", 6);
    assert_int_equal(read_header((text){header, sizeof header - 1}, &got), INVALID);
    size_t len = 0;
    for (int i = 0; i < UPLOAD_METADATA_PAIRS + 1; i++)
        len += (size_t)snprintf(header + len, sizeof header - len, "%sk%d YQ==", i ? "," : "", i);
    assert_int_equal(read_header((text){header, len}, &got), INVALID);
    len = (size_t)(strrchr(header, ',') - header);
    assert_int_equal(read_header((text){header, len}, &got), OK);
}

static void file_names_lose_their_paths(void **state) {
    (void)state;
    const struct {
        const char *sent, *kept;
    } cases[] = {
        {"a.mp4", "a.mp4"},          {"/etc/passwd", "passwd"},  {"..\\..\\x.mkv", "x.mkv"},
        {"a/", ""},                  {"", ""},                   {"\x01\x1f\x7f", ""},
        {"a\xC2\x85" "b.mp4", "ab.mp4"}, {"\xFF\xFE.mp4", ""},   {"  x  ", "x"},
        {"日本/語.mp4", "語.mp4"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        scoped(arena_done) struct arena *arena = arena_new(1 << 16);
        struct ctx cx = {.arena = arena};
        text kept = NO_TEXT;
        assert_int_equal(upload_file_name(&cx, text_of(cases[i].sent), &kept), OK);
        if (!text_is(kept, cases[i].kept)) fail_msg("'%.*s'", TEXT_ARG(kept));
    }
}

static void long_file_names_end_at_a_whole_character(void **state) {
    (void)state;
    char name[600];
    for (size_t i = 0; i < sizeof name; i += 3) memcpy(name + i, "日", 3);
    scoped(arena_done) struct arena *arena = arena_new(1 << 16);
    struct ctx cx = {.arena = arena};
    text kept = NO_TEXT;
    assert_int_equal(upload_file_name(&cx, (text){name, sizeof name}, &kept), OK);
    assert_int_equal(kept.len, 255);
    assert_true(text_is_utf8(kept));
}

static void first_bytes_give_away_what_is_no_film(void **state) {
    (void)state;
    const text no_films[] = {TEXT("%PDF-1.4"), TEXT("PK\003\004xx"), TEXT("<!DOCTYPE html>"),
                             TEXT("\x7f" "ELF\x02"), TEXT("\x89PNG\r\n\x1a\n")};
    const text maybe_films[] = {TEXT(""), TEXT("%"), TEXT("\0\0\0\x18" "ftypisom"),
                                TEXT("\x1a\x45\xdf\xa3"), TEXT("RIFF....AVI "), TEXT("P")};
    for (size_t i = 0; i < COUNT_OF(no_films); i++) {
        struct ctx cx = {0};
        assert_int_equal(upload_sniff(&cx, no_films[i].at, no_films[i].len), INVALID);
        assert_non_null(strstr(cx.fault.detail, "no film"));
    }
    for (size_t i = 0; i < COUNT_OF(maybe_films); i++) {
        struct ctx cx = {0};
        assert_int_equal(upload_sniff(&cx, maybe_films[i].at, maybe_films[i].len), OK);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_keys_are_taken),
        cmocka_unit_test(nothing_is_fine),
        cmocka_unit_test(malformed_headers_are_refused),
        cmocka_unit_test(size_and_number_are_limited),
        cmocka_unit_test(file_names_lose_their_paths),
        cmocka_unit_test(long_file_names_end_at_a_whole_character),
        cmocka_unit_test(first_bytes_give_away_what_is_no_film),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
