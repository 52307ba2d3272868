/* test_serve.c: whole requests: dispatch, input, rights, limits, origins, problems, headers. */
#include "api_fixture.h"

#include <stdio.h>
#include <string.h>

static int plain(void **state) {
    return fixture_open(state, NULL);
}

static void answers_json(void **state) {
    struct api_fixture *f = *state;
    struct reply r = fixture_ask(
        f, "POST /api/things/abcdefghij_", "Content-Type: application/json; charset=utf-8\r\n",
        "{\"title\":\" A \\u00fc "
        "\",\"size\":7,\"tags\":[\"a\",\"b\"],\"weight\":null,\"open\":true}");
    assert_int_equal(r.code, 201);
    assert_true(text_is(reply_header(&r, "Content-Type"), "application/json"));
    assert_true(text_is(r.body,
                        "{\"id\":\"abcdefghij_\",\"title\":\"A \xc3\xbc\",\"size\":7,\"open\":true,"
                        "\"weight\":null,\"tags\":[\"a\",\"b\"],\"loud\":false}"));
    assert_true(wait_for(&observed.count, 1));
    assert_string_equal(observed.route, "thing_echo");
    assert_int_equal(observed.code, 201);
}

static void names_what_is_wrong_with_a_body(void **state) {
    static const struct {
        const char *body;
        int code;
        const char *field;
    } cases[] = {
        {"{\"title\":\"A\"", 400, ""},
        {"[]", 422, "body"},
        {"{\"title\":\"A\",\"titel\":\"B\"}", 422, "titel"},
        {"{\"title\":\"A\",\"title\":\"B\"}", 400, ""},
        {"{\"title\":\"A\",\"id\":\"abcdefghijk\"}", 422, "id"},
        {"{}", 422, "title"},
        {"", 422, "title"},
        {"{\"title\":null}", 422, "title"},
        {"{\"title\":\"\"}", 422, "title"},
        {"{\"title\":7}", 422, "title"},
        {"{\"title\":\"A\",\"size\":101}", 422, "size"},
        {"{\"title\":\"A\",\"size\":1.5}", 422, "size"},
        {"{\"title\":\"A\",\"size\":99999999999999999999}", 400, ""},
        {"{\"title\":\"A\",\"tags\":[1]}", 422, "tags"},
        {"{\"title\":\"A\",\"tags\":[\"1\",\"2\",\"3\",\"4\"]}", 422, "tags"},
        {"{\"title\":\"\\u0001A\"}", 422, "title"},
        {"{\"title\":\"123456789012345678901\"}", 422, "title"},
    };
    struct api_fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char field[64];
        struct reply r = fixture_ask(f, "POST /api/things/abcdefghijk",
                                     "Content-Type: application/json\r\n", cases[i].body);
        if (r.code != cases[i].code)
            fail_msg("%s: %d %.*s", cases[i].body, r.code, TEXT_ARG(r.body));
        assert_true(text_is(reply_header(&r, "Content-Type"), "application/problem+json"));
        (void)snprintf(field, sizeof field, "\"field\":\"%s\"", cases[i].field);
        assert_int_equal(reply_says(&r, field), cases[i].field[0] != '\0');
        assert_true(reply_says(&r, "\"code\":\"invalid\""));
    }
}

static void asks_for_the_right_type(void **state) {
    struct api_fixture *f = *state;
    struct reply r = fixture_ask(f, "POST /api/things/abcdefghijk", "Content-Type: text/plain\r\n",
                                 "{\"title\":\"A\"}");
    assert_int_equal(r.code, 415);
    r = fixture_ask(f, "POST /api/things/abcdefghijk", "", "{\"title\":\"A\"}");
    assert_int_equal(r.code, 415);
    r = fixture_ask(f, "POST /api/form", "Content-Type: application/json\r\n", "{}");
    assert_int_equal(r.code, 415);
}

static void reads_the_query_strictly(void **state) {
    static const struct {
        const char *query;
        int code;
        const char *says;
    } cases[] = {
        {"", 200, "{\"bytes\":-1,\"sum\":0,\"who\":null}"},
        {"?q=a%20b&limit=7&deep=true", 200, "{\"bytes\":7,\"sum\":2,\"who\":\"a b\"}"},
        {"?limit=0", 422, "\"field\":\"limit\""},
        {"?limit=x", 422, "\"field\":\"limit\""},
        {"?limti=3", 422, "'limti' is not known here"},
        {"?limit=1&limit=2", 422, "given twice"},
        {"?q=12345678901", 422, "\"field\":\"q\""},
        {"?deep=perhaps", 422, "\"field\":\"deep\""},
    };
    struct api_fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char line[128];
        (void)snprintf(line, sizeof line, "GET /api/search%s", cases[i].query);
        struct reply r = fixture_ask(f, line, NULL, NULL);
        if (r.code != cases[i].code || !reply_says(&r, cases[i].says))
            fail_msg("%s: %d %.*s", line, r.code, TEXT_ARG(r.body));
    }
    struct reply r = fixture_ask(f, "GET /api/v0/find/?limit=9", NULL, NULL);
    assert_true(r.code == 200 && reply_says(&r, "\"bytes\":9"));
    r = fixture_ask(f, "POST /api/things/abcdefghijk?x=1", "Content-Type: application/json\r\n",
                    "{\"title\":\"A\"}");
    assert_int_equal(r.code, 422);
}

static void looks_paths_up(void **state) {
    static const struct {
        const char *line;
        int code;
        const char *allow;
    } cases[] = {
        {"GET /api/nothing", 404, NULL},
        {"GET /api/things/abcdefghijk", 405, "POST, PATCH, DELETE, OPTIONS"},
        {"PUT /api/search", 405, "GET, HEAD, OPTIONS"},
        {"DELETE /api/things/short", 404, NULL},
        {"DELETE /api/things/abcdefghij%21", 404, NULL},
        {"DELETE /api/things/abcdefghijk", 204, NULL},
        {"DELETE /api/things/abcdefghijk/", 204, NULL},
        {"OPTIONS /api/search", 204, "GET, HEAD, OPTIONS"},
        {"OPTIONS /api/nothing", 404, NULL},
        {"HEAD /api/search", 200, NULL},
        {"GET /api/openapi.json", 200, NULL},
    };
    struct api_fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct reply r = fixture_ask(f, cases[i].line, NULL, NULL);
        if (r.code != cases[i].code) fail_msg("%s: %d", cases[i].line, r.code);
        if (cases[i].allow) assert_true(text_is(reply_header(&r, "Allow"), cases[i].allow));
        if (strncmp(cases[i].line, "HEAD", 4) == 0) assert_int_equal(r.body.len, 0);
    }
    struct reply r = fixture_ask(f, "POST /api/nothing", NULL, "body");
    assert_int_equal(r.code, 404);
}

static void serves_pages_elsewhere(void **state) {
    struct api_fixture *f = *state;
    struct reply r = fixture_ask(f, "GET /watch/abc", NULL, NULL);
    assert_true(r.code == 200 && reply_says(&r, "<h1>page</h1>"));
    assert_true(text_find(reply_header(&r, "Content-Security-Policy"), '\'') > 0);
    assert_true(text_is(reply_header(&r, "X-Frame-Options"), "DENY"));
    r = fixture_ask(f, "GET /missing.js", NULL, NULL);
    assert_int_equal(r.code, 404);
    r = fixture_ask(f, "POST /watch/abc", NULL, NULL);
    assert_int_equal(r.code, 404);
}

static void checks_who_calls(void **state) {
    static const struct {
        const char *path, *headers;
        int code;
        const char *says;
    } cases[] = {
        {"/api/me", "", 401, "Sign in first"},
        {"/api/me", "Authorization: Bearer viewer:ada\r\n", 200, "\"who\":\"ada\""},
        {"/api/me", "authorization: bearer viewer:ada\r\n", 200, "\"who\":\"ada\""},
        {"/api/me", "Authorization: Bearer nonsense\r\n", 401, "That token is bad"},
        {"/api/me", "Authorization: Bearer\r\n", 401, "Sign in first"},
        {"/api/me", "Authorization: Basic viewer:ada\r\n", 401, "Sign in first"},
        {"/api/maybe", "", 200, "\"who\":null"},
        {"/api/maybe", "Authorization: Bearer admin:eve\r\n", 200, "\"who\":\"eve\""},
        {"/api/maybe", "Authorization: Bearer nonsense\r\n", 401, "That token is bad"},
        {"/api/staff", "Authorization: Bearer creator:bob\r\n", 403, "needs the role moderator"},
        {"/api/staff", "Authorization: Bearer moderator:bob\r\n", 200, "bob"},
        {"/api/staff", "Authorization: Bearer admin:bob\r\n", 200, "bob"},
        {"/api/staff", "", 401, "Sign in first"},
        {"/api/search", "Authorization: Bearer nonsense\r\n", 200, "bytes"},
    };
    struct api_fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char line[64];
        (void)snprintf(line, sizeof line, "GET %s", cases[i].path);
        struct reply r = fixture_ask(f, line, cases[i].headers, NULL);
        if (r.code != cases[i].code || !reply_says(&r, cases[i].says))
            fail_msg("%s %s: %d %.*s", line, cases[i].headers, r.code, TEXT_ARG(r.body));
        if (r.code == 401)
            assert_true(text_starts(reply_header(&r, "WWW-Authenticate"), TEXT("Bearer")));
    }
}

static void refuses_other_sites(void **state) {
    static const struct {
        const char *headers;
        int code;
    } cases[] = {
        {"", 204},
        {"Origin: http://films.example\r\n", 204},
        {"Origin: https://films.example\r\nSec-Fetch-Site: same-origin\r\n", 204},
        {"Origin: https://friend.example\r\nSec-Fetch-Site: cross-site\r\n", 204},
        {"Origin: http://other.example:81\r\n", 204},
        {"Origin: http://other.example\r\n", 403},
        {"Origin: https://evil.example\r\n", 403},
        {"Origin: https://evilfilms.example\r\n", 403},
        {"Origin: https://films.example.evil.example\r\n", 403},
        {"Origin: https://films.example:8443\r\n", 403},
        {"Origin: null\r\n", 403},
        {"Sec-Fetch-Site: cross-site\r\n", 403},
        {"Sec-Fetch-Site: same-site\r\n", 403},
        {"Origin: https://evil.example\r\nAuthorization: Bearer viewer:ada\r\n", 204},
    };
    struct api_fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct reply r = fixture_ask(f, "DELETE /api/things/abcdefghijk", cases[i].headers, NULL);
        if (r.code != cases[i].code) fail_msg("%s: %d", cases[i].headers, r.code);
    }
    struct reply r = fixture_ask(f, "GET /api/search", "Origin: https://evil.example\r\n", NULL);
    assert_int_equal(r.code, 200);
    assert_null(reply_header(&r, "Access-Control-Allow-Origin").at);
}

static void answers_preflights(void **state) {
    struct api_fixture *f = *state;
    const char *ask = "Access-Control-Request-Method: POST\r\nOrigin: https://friend.example\r\n";
    struct reply r = fixture_ask(f, "OPTIONS /api/things/abcdefghijk", ask, NULL);
    assert_int_equal(r.code, 204);
    assert_true(text_is(reply_header(&r, "Access-Control-Allow-Origin"), "https://friend.example"));
    assert_true(text_is(reply_header(&r, "Access-Control-Allow-Credentials"), "true"));
    assert_true(text_is(reply_header(&r, "Access-Control-Allow-Methods"), "POST, PATCH, DELETE"));
    assert_true(text_is(reply_header(&r, "Vary"), "Origin"));
    ask = "Access-Control-Request-Method: POST\r\nOrigin: https://evil.example\r\n";
    r = fixture_ask(f, "OPTIONS /api/things/abcdefghijk", ask, NULL);
    assert_null(reply_header(&r, "Access-Control-Allow-Origin").at);
    assert_null(reply_header(&r, "Access-Control-Allow-Methods").at);
    r = fixture_ask(f, "GET /api/search", "Origin: https://friend.example\r\n", NULL);
    assert_true(text_is(reply_header(&r, "Access-Control-Allow-Origin"), "https://friend.example"));
    assert_true(reply_header(&r, "Access-Control-Expose-Headers").len > 0);
}

static void tells_failures(void **state) {
    static const struct {
        char letter;
        int code;
        const char *says;
    } cases[] = {
        {'c', 409, "\"code\":\"conflict\""}, {'q', 413, "It is full."},
        {'g', 410, "\"code\":\"gone\""},     {'d', 401, "You may not."},
        {'b', 503, "\"code\":\"busy\""},     {'t', 504, "\"code\":\"timeout\""},
        {'i', 500, "\"code\":\"io\""},       {'4', 460, "The checksum differs."},
    };
    struct api_fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char line[64];
        (void)snprintf(line, sizeof line, "GET /api/fail/%cbcdefghijk", cases[i].letter);
        struct reply r = fixture_ask(f, line, NULL, NULL);
        if (r.code != cases[i].code || !reply_says(&r, cases[i].says))
            fail_msg("%s: %d %.*s", line, r.code, TEXT_ARG(r.body));
        assert_true(text_is(reply_header(&r, "Content-Type"), "application/problem+json"));
        assert_false(reply_says(&r, "secret"));
        assert_int_equal(reply_header(&r, "Retry-After").at != NULL, r.code == 503);
    }
}

static void adds_headers_and_cookies(void **state) {
    struct api_fixture *f = *state;
    struct reply r = fixture_ask(f, "GET /api/fail/sbcdefghijk", NULL, NULL);
    assert_int_equal(r.code, 204);
    assert_true(text_is(reply_header(&r, "Set-Cookie"),
                        "crumb=abc; Path=/api; Max-Age=60; HttpOnly; SameSite=Strict"));
    assert_true(text_is(reply_header(&r, "X-Content-Type-Options"), "nosniff"));
    assert_true(
        text_starts(reply_header(&r, "Content-Security-Policy"), TEXT("default-src 'none'")));
    assert_true(reply_header(&r, "X-Request-Id").len > 0);
    assert_null(reply_header(&r, "Strict-Transport-Security").at);
}

static void make_https(struct api_options *options) {
    options->public_url = "https://public.example/";
}

static int https(void **state) {
    return fixture_open(state, make_https);
}

static void is_secure_on_https(void **state) {
    struct api_fixture *f = *state;
    struct reply r = fixture_ask(f, "GET /api/fail/sbcdefghijk", NULL, NULL);
    assert_true(text_ends(reply_header(&r, "Set-Cookie"), TEXT("; Secure")));
    assert_true(reply_header(&r, "Strict-Transport-Security").len > 0);
    r = fixture_ask(f, "DELETE /api/things/abcdefghijk", "Origin: https://public.example\r\n",
                    NULL);
    assert_int_equal(r.code, 204);
    r = fixture_ask(f, "DELETE /api/things/abcdefghijk", "Origin: http://films.example\r\n", NULL);
    assert_int_equal(r.code, 403);
}

static void overrides_methods_where_allowed(void **state) {
    struct api_fixture *f = *state;
    struct reply r =
        fixture_ask(f, "POST /api/things/abcdefghijk", "X-HTTP-Method-Override: DELETE\r\n", NULL);
    assert_int_equal(r.code, 204);
    assert_true(wait_for(&observed.count, 1));
    assert_string_equal(observed.route, "thing_delete");
    r = fixture_ask(f, "POST /api/things/abcdefghijk", "X-HTTP-Method-Override: PATCH\r\n", NULL);
    assert_int_equal(r.code, 422); /* still a POST, which wants a title */
    r = fixture_ask(f, "GET /api/search", "X-HTTP-Method-Override: DELETE\r\n", NULL);
    assert_int_equal(r.code, 200);
}

static void limits_callers(void **state) {
    struct api_fixture *f = *state;
    struct reply r = {0};
    for (int i = 0; i < 3; i++) r = fixture_ask(f, "GET /api/few", NULL, NULL);
    assert_int_equal(r.code, 200);
    r = fixture_ask(f, "GET /api/few", NULL, NULL);
    assert_int_equal(r.code, 429);
    assert_true(text_is(reply_header(&r, "Retry-After"), "1"));
    assert_true(reply_says(&r, "\"code\":\"quota\""));
    int taken = 0;
    for (int i = 0; i < 24; i++)
        taken += fixture_ask(f, "GET /api/default", NULL, NULL).code == 200;
    assert_in_range(taken, 20, 22); /* 100 a minute, burst 20: the one at hand and 20 more */
    r = fixture_ask(f, "GET /api/fail/lbcdefghijk", NULL, NULL);
    assert_int_equal(r.code, 204);
    r = fixture_ask(f, "GET /api/fail/lbcdefghijk", NULL, NULL);
    assert_int_equal(r.code, 429);
    assert_true(reply_header(&r, "Retry-After").len > 0);
}

static void slows_guessing_of_tokens(void **state) {
    struct api_fixture *f = *state;
    struct reply r = {0};
    for (int i = 0; i < 40; i++)
        r = fixture_ask(f, "GET /api/me", "Authorization: Bearer x\r\n", NULL);
    assert_int_equal(r.code, 429);
    r = fixture_ask(f, "GET /api/me", "Authorization: Bearer viewer:ada\r\n", NULL);
    assert_int_equal(r.code, 200);
}

static void turn_limits_off(struct api_options *options) {
    options->limits_off = true;
}

static int unlimited(void **state) {
    return fixture_open(state, turn_limits_off);
}

static void can_be_unlimited(void **state) {
    struct api_fixture *f = *state;
    for (int i = 0; i < 30; i++)
        assert_int_equal(fixture_ask(f, "GET /api/few", NULL, NULL).code, 200);
}

static text contract_lines(struct api_fixture *f) {
    scoped(scope_fclose) FILE *file = fopen(f->contract, "r");
    char *bytes = arena_take(f->cx.arena, 65536);
    size_t size = file ? fread(bytes, 1, 65535, file) : 0;
    return (text){bytes, size};
}

static bool holds(text all, const char *part) {
    return memmem(all.at, all.len, part, strlen(part)) != NULL;
}

static void notes_the_contract(void **state) {
    struct api_fixture *f = *state;
    (void)fixture_ask(f, "GET /api/search?limit=3", NULL, NULL);
    (void)fixture_ask(f, "GET /api/fail/cbcdefghijk", NULL, NULL);
    (void)fixture_ask(f, "GET /api/fail/ubcdefghijk", NULL, NULL);
    text lines = contract_lines(f);
    assert_true(holds(
        lines, "{\"route\":\"search_echo\",\"method\":\"GET\",\"status\":200,\"breach\":null}"));
    assert_true(holds(lines, "\"status\":409,\"breach\":null}"));
    assert_true(holds(lines, "\"status\":299,\"breach\":\"The status 299 is not declared.\"}"));
}

#define SERVE_TEST(test) cmocka_unit_test_setup_teardown(test, plain, fixture_close)

int main(void) {
    const struct CMUnitTest tests[] = {
        SERVE_TEST(answers_json),
        SERVE_TEST(names_what_is_wrong_with_a_body),
        SERVE_TEST(asks_for_the_right_type),
        SERVE_TEST(reads_the_query_strictly),
        SERVE_TEST(looks_paths_up),
        SERVE_TEST(serves_pages_elsewhere),
        SERVE_TEST(checks_who_calls),
        SERVE_TEST(refuses_other_sites),
        SERVE_TEST(answers_preflights),
        SERVE_TEST(tells_failures),
        SERVE_TEST(adds_headers_and_cookies),
        cmocka_unit_test_setup_teardown(is_secure_on_https, https, fixture_close),
        SERVE_TEST(overrides_methods_where_allowed),
        SERVE_TEST(limits_callers),
        SERVE_TEST(slows_guessing_of_tokens),
        cmocka_unit_test_setup_teardown(can_be_unlimited, unlimited, fixture_close),
        SERVE_TEST(notes_the_contract),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
