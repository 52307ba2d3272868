/* test_stream.c: bodies that never lie in memory: raw ones and forms, whole, cut and broken off. */
#include "api_fixture.h"

#include <stdio.h>
#include <string.h>

static int plain(void **state) {
    return fixture_open(state, NULL);
}

static uint64_t sum_of(text bytes) {
    uint64_t sum = 0;
    for (size_t i = 0; i < bytes.len; i++) sum += (uint64_t)(i + 1) * (unsigned char)bytes.at[i];
    return sum;
}

static text filler(struct api_fixture *f, size_t size) {
    char *bytes = arena_take(f->cx.arena, size);
    for (size_t i = 0; i < size; i++) bytes[i] = (char)(2 + (i * 31 + i / 255) % 250);
    return (text){bytes, size};
}

static text request_of(struct api_fixture *f, const char *path, const char *headers, text body,
                       size_t told_length) {
    struct build build = {.arena = f->cx.arena};
    build_format(
        &build,
        "POST %s HTTP/1.1\r\nHost: films.example\r\nConnection: close\r\n%sContent-Length: "
        "%zu\r\n\r\n",
        path, headers, told_length);
    build_put(&build, body);
    text out = NO_TEXT;
    assert_int_equal(build_text(&build, &out), OK);
    return out;
}

static const char form_type[] = "Content-Type: multipart/form-data; boundary=bb\r\n";

static text form_of(struct api_fixture *f, const char *fields, text file, const char *after) {
    struct build build = {.arena = f->cx.arena};
    build_c(&build, fields);
    build_c(&build, "--bb\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mp4\"\r\n"
                    "Content-Type: video/mp4\r\n\r\n");
    build_put(&build, file);
    build_c(&build, after);
    text out = NO_TEXT;
    assert_int_equal(build_text(&build, &out), OK);
    return out;
}

static const char title_field[] =
    "--bb\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nOne\r\n";

static void takes_raw_bodies(void **state) {
    struct api_fixture *f = *state;
    text body = filler(f, 3 << 20);
    char said[64];
    struct reply r = fixture_send(f, request_of(f, "/api/raw", "", body, body.len));
    assert_int_equal(r.code, 200);
    (void)snprintf(said, sizeof said, "\"bytes\":%d,\"sum\":%llu", 3 << 20,
                   (unsigned long long)sum_of(body));
    assert_true(reply_says(&r, said));
    assert_true(wait_for(&stream_seen.ended, 1));
    assert_int_equal(stream_seen.opened, 1);
    assert_int_equal(stream_seen.broken, 0);
}

static void takes_empty_bodies(void **state) {
    struct api_fixture *f = *state;
    struct reply r = fixture_ask(f, "POST /api/raw", NULL, "");
    assert_int_equal(r.code, 200);
    assert_true(wait_for(&stream_seen.ended, 1));
    assert_int_equal(stream_seen.opened, 1);
    assert_int_equal(stream_seen.ran, 1);
}

static void takes_forms(void **state) {
    struct api_fixture *f = *state;
    text file = filler(f, 2 << 20);
    text body = form_of(f, title_field, file, "\r\n--bb--\r\n");
    struct reply r = fixture_send(f, request_of(f, "/api/form", form_type, body, body.len));
    if (r.code != 200) fail_msg("%d %.*s", r.code, TEXT_ARG(r.body));
    assert_int_equal(stream_seen.bytes, 2 << 20);
    assert_true(stream_seen.sum == sum_of(file));
    assert_string_equal(stream_seen.title, "One");
    assert_string_equal(stream_seen.filename, "a.mp4");
    assert_string_equal(stream_seen.filetype, "video/mp4");
    assert_true(wait_for(&stream_seen.ended, 1));
    assert_int_equal(stream_seen.broken, 0);
}

static void takes_forms_in_small_pieces(void **state) {
    struct api_fixture *f = *state;
    text body = form_of(f, title_field, TEXT("\r\n--b\r\n--bbb"), "\r\n--bb--\r\n");
    text request = request_of(f, "/api/form", form_type, body, body.len);
    struct reply r = fixture_send_cut(f, request, 3);
    assert_int_equal(r.code, 400); /* "--bbb" is the delimiter with a stray byte behind it */
    body = form_of(f, title_field, TEXT("\r\n--b\r\n--b\r\r"), "\r\n--bb--\r\n");
    request = request_of(f, "/api/form", form_type, body, body.len);
    stream_seen.bytes = 0;
    r = fixture_send_cut(f, request, 3);
    assert_int_equal(r.code, 200);
    assert_int_equal(stream_seen.bytes, 12);
}

static void refuses_bad_forms(void **state) {
    struct {
        const char *fields;
        const char *after;
        int code;
        const char *says;
        int broken;
    } cases[] = {
        {"", "\r\n--bb--", 422, "\"field\":\"title\"", 0},
        {"--bb\r\nContent-Disposition: form-data; name=\"titel\"\r\n\r\nOne\r\n", "\r\n--bb--", 422,
         "'titel' is not known", 0},
        {"--bb\r\nContent-Disposition: form-data; name=\"filename\"\r\n\r\nOne\r\n", "\r\n--bb--",
         422, "'filename' is not known", 0},
        {"--bb\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nrefuse\r\n", "\r\n--bb--",
         413, "Enough.", 0},
        {title_field, "", 400, "breaks off", 1},
        {title_field, "\r\n--bb\r\n", 400, "breaks off", 1},
        {title_field,
         "\r\n--bb\r\nContent-Disposition: form-data; name=f; filename=g\r\n\r\n\r\n--bb--", 422,
         "one file", 1},
        {title_field, "\1\r\n--bb--", 400, "A bad byte.", 1},
    };
    struct api_fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int ended = stream_seen.ended;
        stream_seen.broken = 0;
        stream_seen.ran = 0;
        int opened = stream_seen.opened;
        text body = form_of(f, cases[i].fields, TEXT("film"), cases[i].after);
        struct reply r = fixture_send(f, request_of(f, "/api/form", form_type, body, body.len));
        if (r.code != cases[i].code || !reply_says(&r, cases[i].says))
            fail_msg("%zu: %d %.*s", i, r.code, TEXT_ARG(r.body));
        if (stream_seen.opened > opened) assert_true(wait_for(&stream_seen.ended, ended + 1));
        assert_int_equal(stream_seen.broken, cases[i].broken);
        assert_int_equal(stream_seen.ran, 0);
    }
    text body = TEXT("--bb\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nOne\r\n--bb--");
    struct reply r = fixture_send(f, request_of(f, "/api/form", form_type, body, body.len));
    assert_true(r.code == 422 && reply_says(&r, "\"field\":\"file\""));
}

static void lets_fields_follow_the_file(void **state) {
    struct api_fixture *f = *state;
    text body =
        form_of(f, title_field, TEXT("film"),
                "\r\n--bb\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nN\r\n--bb--");
    struct reply r = fixture_send(f, request_of(f, "/api/form", form_type, body, body.len));
    assert_int_equal(r.code, 200);
}

static void bounds_fields(void **state) {
    struct api_fixture *f = *state;
    struct build build = {.arena = f->cx.arena};
    text fields = NO_TEXT;
    build_c(&build, title_field);
    build_c(&build, "--bb\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\n");
    for (int i = 0; i < 70000; i++) build_byte(&build, 'n');
    build_c(&build, "\r\n");
    assert_int_equal(build_text(&build, &fields), OK);
    text body = form_of(f, fields.at, TEXT("film"), "\r\n--bb--");
    struct reply r = fixture_send(f, request_of(f, "/api/form", form_type, body, body.len));
    assert_true(r.code == 400 && reply_says(&r, "longer than"));
    assert_int_equal(stream_seen.opened, 0);
}

static void tells_when_a_body_breaks_off(void **state) {
    struct api_fixture *f = *state;
    text body = filler(f, 2 << 20);
    fixture_send_and_go(f, request_of(f, "/api/raw", "", body, 3 << 20));
    assert_true(wait_for(&stream_seen.ended, 1));
    assert_int_equal(stream_seen.broken, 1);
    assert_int_equal(stream_seen.ran, 0);
}

static void keeps_caps(void **state) {
    struct api_fixture *f = *state;
    text body = filler(f, 1000);
    struct reply r = fixture_send(f, request_of(f, "/api/raw", "", body, 5 << 20));
    assert_int_equal(r.code, 413);
    assert_true(text_is(reply_header(&r, "Content-Type"), "application/problem+json"));
    assert_int_equal(stream_seen.opened, 0);
}

#define STREAM_TEST(test) cmocka_unit_test_setup_teardown(test, plain, fixture_close)

int main(void) {
    const struct CMUnitTest tests[] = {
        STREAM_TEST(takes_raw_bodies),  STREAM_TEST(takes_empty_bodies),
        STREAM_TEST(takes_forms),       STREAM_TEST(takes_forms_in_small_pieces),
        STREAM_TEST(refuses_bad_forms), STREAM_TEST(lets_fields_follow_the_file),
        STREAM_TEST(bounds_fields),     STREAM_TEST(tells_when_a_body_breaks_off),
        STREAM_TEST(keeps_caps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
