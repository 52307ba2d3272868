/* test_query.c: queries and cookies. */
#include "net_test.h"

#include "net/http.h"
#include "net/http_query.h"

static struct http_exchange exchange_of(const struct ctx *cx, const char *query) {
    return (struct http_exchange){.cx = *cx, .query = text_of(query)};
}

static void parameters_are_decoded(void **state) {
    struct http_exchange exchange =
        exchange_of(*state, "a=1&&b=x%26y%3Dz&c=%C3%A4+b&d&e=&=f&g%3D=h");
    static const char *const wanted[][2] = {{"a", "1"}, {"b", "x&y=z"}, {"c", "ä b"}, {"d", ""},
                                            {"e", ""},  {"", "f"},      {"g=", "h"}};
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        text value = NO_TEXT;
        assert_int_equal(http_query(&exchange, wanted[i][0], &value), OK);
        assert_non_null(value.at);
        assert_text(value, wanted[i][1]);
    }
    text value = TEXT("untouched");
    assert_int_equal(http_query(&exchange, "z", &value), OK);
    assert_null(value.at);
}

static void malformed_queries_are_invalid(void **state) {
    static const char *const bad[] = {"a=%", "a=%4",    "a=%zz",   "a=%00", "a=%ff",
                                      "%=1", "b=%&a=1", "a=1&a=2", "a&a",   "a=%c0%80"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct http_exchange exchange = exchange_of(*state, bad[i]);
        text value = TEXT("untouched");
        assert_int_equal(http_query(&exchange, "a", &value), INVALID);
        assert_text(value, "untouched");
        assert_int_equal(exchange.cx.fault.code, INVALID);
    }
}

static status count_one(struct http_exchange *exchange, text name, text value, void *argument) {
    int *count = argument;
    (void)exchange;
    (void)value;
    (*count)++;
    return text_is(name, "stop") ? GONE : OK;
}

static void a_visitor_may_end_the_visit(void **state) {
    struct http_exchange exchange = exchange_of(*state, "a=1&stop=1&b=1");
    struct http_exchange none = exchange_of(*state, NULL);
    int count = 0;
    assert_int_equal(http_query_each(&exchange, count_one, &count), GONE);
    assert_int_equal(count, 2);
    assert_int_equal(http_query_each(&none, count_one, &count), OK);
    assert_int_equal(count, 2);
}

static void a_query_without_room_is_told(void **state) {
    struct ctx *cx = *state;
    struct arena *small = arena_new(8);
    struct http_exchange exchange = {.cx = {.arena = small},
                                     .query = TEXT("a=longer than eight bytes")};
    text value = NO_TEXT;
    (void)cx;
    assert_int_equal(http_query(&exchange, "a", &value), NO_MEMORY);
    arena_free(small);
}

static void cookies_are_found(void **state) {
    static const struct {
        const char *header, *name, *value;
    } cases[] = {
        {"a=1", "a", "1"},      {"a=1; b=2", "b", "2"}, {" a = 1 ;b=\"2\" ", "b", "2"},
        {"a=1; a=2", "a", "1"}, {"a=b=c", "a", "b=c"},  {"ab=1; a=", "a", ""},
        {"a=\"", "a", "\""},    {"xa=1", "a", NULL},    {"a", "a", NULL},
        {"A=1", "a", NULL},     {";;;", "a", NULL},     {"", "a", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        text value = query_cookie(text_of(cases[i].header), cases[i].name);
        if (!cases[i].value)
            assert_null(value.at);
        else
            assert_text(value, cases[i].value);
    }
    assert_null(query_cookie(NO_TEXT, "a").at);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        NET_TEST(parameters_are_decoded),      NET_TEST(malformed_queries_are_invalid),
        NET_TEST(a_visitor_may_end_the_visit), NET_TEST(a_query_without_room_is_told),
        NET_TEST(cookies_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
