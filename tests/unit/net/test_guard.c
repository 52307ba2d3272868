/* test_guard.c: the guard's rules on heads and paths, and the proof that a head has one reading. */
#include "net_test.h"

#include "net/http_guard.h"

#include <stdio.h>

enum { HEADERS = 8 };

/* Cuts "Name: value\n…" into headers, which is not how the server does it: here the guard is
 * tested. */
static size_t headers_of(text lines, struct http_header *out) {
    text line = NO_TEXT;
    size_t count = 0;
    while (count < HEADERS && text_cut(lines, '\n', &line, &lines)) {
        ptrdiff_t colon = text_find(line, ':');
        if (colon < 0) continue;
        out[count].name = text_part(line, 0, (size_t)colon);
        out[count].value = text_trim(text_part(line, (size_t)colon + 1, SIZE_MAX));
        count++;
    }
    return count;
}

static int check(struct ctx *cx, const char *method, const char *target, const char *version,
                 const char *headers, struct guard_result *out) {
    struct http_header at[HEADERS];
    struct guard_request request = {.method = text_of(method),
                                    .target = text_of(target),
                                    .version = text_of(version),
                                    .headers = at,
                                    .header_count = headers_of(text_of(headers), at)};
    return guard_check(cx->arena, &request, out).code;
}

static void an_ordinary_head_is_read(void **state) {
    struct guard_result result;
    assert_int_equal(check(*state, "PATCH", "/api/v1/videos/a%20b?limit=1&x", "HTTP/1.1",
                           "Host: a.example:8080\nContent-Length: 12\nExpect: 100-continue",
                           &result),
                     0);
    assert_int_equal(result.method, HTTP_PATCH);
    assert_text(result.path, "/api/v1/videos/a b");
    assert_text(result.query, "limit=1&x");
    assert_int_equal(result.content_length_bytes, 12);
    assert_true(result.has_body && result.expects_continue);
}

static void a_head_without_a_body_has_none(void **state) {
    struct guard_result result;
    assert_int_equal(check(*state, "GET", "/", "HTTP/1.0", "", &result), 0);
    assert_false(result.has_body || result.expects_continue);
    assert_null(result.query.at);
    assert_int_equal(
        check(*state, "GET", "/?", "HTTP/1.1", "Host: [::1]:80\nContent-Length: 0", &result), 0);
    assert_false(result.has_body);
    assert_non_null(result.query.at);
}

static void chunked_has_no_length(void **state) {
    struct guard_result result;
    assert_int_equal(
        check(*state, "POST", "/", "HTTP/1.1", "Host: a\nTransfer-Encoding: chunked", &result), 0);
    assert_int_equal(result.content_length_bytes, -1);
    assert_true(result.has_body);
}

static void bad_heads_are_refused(void **state) {
    static const struct {
        int code;
        const char *method, *target, *version, *headers;
    } bad[] = {
        {501, "BREW", "/", "HTTP/1.1", "Host: a"},
        {501, "get", "/", "HTTP/1.1", "Host: a"},
        {400, "G\tT", "/", "HTTP/1.1", "Host: a"},
        {505, "GET", "/", "HTTP/1.2", "Host: a"},
        {505, "GET", "/", "HTTP/3.0", "Host: a"},
        {400, "GET", "/", "HTTP/1.1", ""},
        {400, "GET", "/", "HTTP/1.1", "Host:"},
        {400, "GET", "/", "HTTP/1.1", "Host: a b"},
        {400, "GET", "/", "HTTP/1.1", "Host: a:123456"},
        {400, "GET", "/", "HTTP/1.1", "Host: [::1"},
        {400, "GET", "/", "HTTP/1.1", "Host: []"},
        {400, "GET", "/", "HTTP/1.1", "Host: a\nHost: a"},
        {400, "GET", "/", "HTTP/1.1", "Host: a\nX A: b"},
        {400, "GET", "/", "HTTP/1.1", "Host: a\nX\x01: b"},
        {400, "GET", "/", "HTTP/1.1", "Host: a\nX: b\x02"},
        {400, "GET", "/", "HTTP/1.1", "Host: a\nAuthorization: b\nauthorization: b"},
        {400, "PUT", "/", "HTTP/1.1", "Host: a\nContent-Length: 1\nTransfer-Encoding: chunked"},
        {400, "PUT", "/", "HTTP/1.1", "Host: a\nContent-Length: 1\ncontent-length: 1"},
        {400, "PUT", "/", "HTTP/1.1", "Host: a\nContent-Length: 1,1"},
        {400, "PUT", "/", "HTTP/1.1", "Host: a\nContent-Length: -1"},
        {400, "PUT", "/", "HTTP/1.1", "Host: a\nContent-Length: 9999999999999999999"},
        {400, "PUT", "/", "HTTP/1.1", "Host: a\nTransfer-Encoding: Chunked"},
        {400, "PUT", "/", "HTTP/1.0", "Host: a\nTransfer-Encoding: chunked"},
        {417, "PUT", "/", "HTTP/1.1", "Host: a\nContent-Length: 1\nExpect: tea"},
        {400, "GET", "", "HTTP/1.1", "Host: a"},
        {400, "GET", "*", "HTTP/1.1", "Host: a"},
        {400, "GET", "/\xC3\xA4", "HTTP/1.1", "Host: a"},
        {400, "GET", "/#", "HTTP/1.1", "Host: a"},
        {400, "GET", "http://b/", "HTTP/1.1", "Host: a"},
        {400, "GET", "http:///", "HTTP/1.1", "Host: a"},
        {400, "GET", "file:///etc", "HTTP/1.1", "Host: a"},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct guard_result result;
        int code =
            check(*state, bad[i].method, bad[i].target, bad[i].version, bad[i].headers, &result);
        if (code != bad[i].code) fail_msg("%s gave %d", bad[i].headers, code);
    }
}

static void paths_are_decoded_once(void **state) {
    struct ctx *cx = *state;
    static const char *const good[][2] = {
        {"/", "/"},         {"/a%2Bb+c", "/a+b+c"}, {"/%C3%A4", "/ä"},    {"/100%25", "/100%"},
        {"/a//b", "/a//b"}, {"/...", "/..."},       {"/.a/b.", "/.a/b."}, {"/a;b", "/a;b"},
    };
    static const char *const bad[] = {
        "",       "a",          "/%",      "/%4",        "/%zz",          "/%00",
        "/%0a",   "/%7f",       "/a%2Fb",  "/a%2fb",     "/a%5cb",        "/a\\b",
        "/.",     "/..",        "/a/../b", "/a/./b",     "/%2e%2e",       "/.%2E/",
        "/%252e", "/%25%32%65", "/%c0%ae", "/%e0%80%ae", "/%f0%80%80%ae", "/%ed%a0%80",
        "/%ff",   "/..;a/b",    "/a/.;/b", "/%2e;x",
    };
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        text path = NO_TEXT;
        assert_int_equal(guard_path(cx->arena, text_of(good[i][0]), &path).code, 0);
        assert_text(path, good[i][1]);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        text path = NO_TEXT;
        int code = guard_path(cx->arena, text_of(bad[i]), &path).code;
        if (code != 400) fail_msg("%s gave %d", bad[i], code);
        assert_null(path.at);
    }
}

/* A block as the library leaves it, with places for two headers. */
struct laid {
    char bytes[128];
    struct http_header headers[2];
    struct guard_block block;
};

static text at(const struct laid *laid, size_t from, size_t len) {
    return (text){laid->bytes + from, len};
}

static void lay(struct laid *out) {
    static const char bytes[] = "GET\0/a\0HTTP/1.1\0\0Host\0 h\0\0X\0\tyz\0\0\0";
    memcpy(out->bytes, bytes, sizeof bytes);
    out->headers[0] = (struct http_header){at(out, 17, 4), at(out, 23, 1)};
    out->headers[1] = (struct http_header){at(out, 26, 1), at(out, 29, 2)};
    out->block = (struct guard_block){.at = out->bytes,
                                      .size = sizeof bytes,
                                      .method = at(out, 0, 3),
                                      .target = at(out, 4, 2),
                                      .version = at(out, 7, 8),
                                      .headers = out->headers,
                                      .header_count = 2};
}

static void a_block_is_tiled_without_a_gap(void **state) {
    struct laid laid;
    (void)state;
    lay(&laid);
    assert_true(guard_layout(&laid.block));
    laid.block.size--; /* the empty line isn't whole */
    assert_false(guard_layout(&laid.block));
    laid.block.size += 2;
    assert_false(guard_layout(&laid.block));
    lay(&laid);
    laid.block.header_count = 1; /* a line that the library didn't tell of */
    assert_false(guard_layout(&laid.block));
    lay(&laid);
    laid.headers[1].name.at++; /* a name that was moved elsewhere, as folding does */
    assert_false(guard_layout(&laid.block));
    lay(&laid);
    laid.headers[0].value.len = 0; /* a value cut short by a NUL */
    assert_false(guard_layout(&laid.block));
    lay(&laid);
    laid.block.target.len = 1;
    assert_false(guard_layout(&laid.block));
}

/* Every byte of the block that isn't part of a name or value matters. */
static void no_other_byte_may_stand_between(void **state) {
    static const size_t separators[] = {3, 6, 15, 16, 21, 24, 25, 27, 31, 32, 33, 34};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(separators); i++) {
        struct laid laid;
        lay(&laid);
        laid.bytes[separators[i]] = 'x';
        if (guard_layout(&laid.block)) fail_msg("byte %zu was not looked at", separators[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        NET_TEST(an_ordinary_head_is_read),        NET_TEST(a_head_without_a_body_has_none),
        NET_TEST(chunked_has_no_length),           NET_TEST(bad_heads_are_refused),
        NET_TEST(paths_are_decoded_once),          NET_TEST(a_block_is_tiled_without_a_gap),
        NET_TEST(no_other_byte_may_stand_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
