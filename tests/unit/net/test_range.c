/* test_range.c: ranges and preconditions, against the tables of RFC 9110 §13 and §14. */
#include "net_test.h"

#include "net/http_range.h"

static void ranges_are_read(void **state) {
    static const struct {
        const char *header;
        int64_t size;
        struct range wanted;
    } cases[] = {
        {"bytes=0-0", 10, {RANGE_PART, 0, 1}},
        {"bytes=0-", 10, {RANGE_PART, 0, 10}},
        {"BYTES=2-4", 10, {RANGE_PART, 2, 3}},
        {"bytes= 2-4 ", 10, {RANGE_PART, 2, 3}},
        {"bytes=9-100", 10, {RANGE_PART, 9, 1}},
        {"bytes=-3", 10, {RANGE_PART, 7, 3}},
        {"bytes=-100", 10, {RANGE_PART, 0, 10}},
        {"bytes=0-99999999999999999999", 10, {RANGE_PART, 0, 10}},
        {"bytes=9223372036854775806-9223372036854775807",
         INT64_MAX,
         {RANGE_PART, INT64_MAX - 1, 1}},
        {"bytes=10-", 10, {RANGE_OUTSIDE, 0, 0}},
        {"bytes=99999999999999999999-", 10, {RANGE_OUTSIDE, 0, 0}},
        {"bytes=-0", 10, {RANGE_OUTSIDE, 0, 0}},
        {"bytes=0-", 0, {RANGE_OUTSIDE, 0, 0}},
        {"bytes=-5", 0, {RANGE_OUTSIDE, 0, 0}},
        {"bytes=4-2", 10, {RANGE_WHOLE, 0, 10}},
        {"bytes=0-1,3-4", 10, {RANGE_WHOLE, 0, 10}},
        {"bytes=", 10, {RANGE_WHOLE, 0, 10}},
        {"bytes=-", 10, {RANGE_WHOLE, 0, 10}},
        {"bytes=--1", 10, {RANGE_WHOLE, 0, 10}},
        {"bytes=1--", 10, {RANGE_WHOLE, 0, 10}},
        {"bytes=1", 10, {RANGE_WHOLE, 0, 10}},
        {"bytes=a-b", 10, {RANGE_WHOLE, 0, 10}},
        {"bytes=0x1-2", 10, {RANGE_WHOLE, 0, 10}},
        {"bytes 1-2", 10, {RANGE_WHOLE, 0, 10}},
        {"lines=1-2", 10, {RANGE_WHOLE, 0, 10}},
        {"", 10, {RANGE_WHOLE, 0, 10}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct range range = range_of(text_of(cases[i].header), cases[i].size);
        bool same = range.kind == cases[i].wanted.kind &&
                    range.first_byte == cases[i].wanted.first_byte &&
                    range.size_bytes == cases[i].wanted.size_bytes;
        if (!same) fail_msg("\"%s\"", cases[i].header);
    }
}

static const char date[] = "Sun, 06 Nov 1994 08:49:37 GMT";
static const char earlier[] = "Sun, 06 Nov 1994 08:49:36 GMT";
static const char later[] = "Sun, 06 Nov 1994 08:49:38 GMT";
/* With milliseconds, which dates in headers can't tell. */
static const struct validators film = {{"\"a\"", 3}, 784111777555};

static void preconditions_lead_to_their_codes(void **state) {
    const struct {
        int code;
        struct conditions conditions;
    } cases[] = {
        {200, {.if_match = NO_TEXT}},
        {200, {.if_match = TEXT("\"a\"")}},
        {200, {.if_match = TEXT("*")}},
        {200, {.if_match = TEXT("\"x\", \"a\"")}},
        {412, {.if_match = TEXT("\"x\"")}},
        {412, {.if_match = TEXT("W/\"a\"")}},
        {412, {.if_match = TEXT("a")}},
        {412, {.if_unmodified_since = text_of(earlier)}},
        {200, {.if_unmodified_since = text_of(date)}},
        {200, {.if_unmodified_since = TEXT("yesterday")}},
        {200, {.if_match = TEXT("\"a\""), .if_unmodified_since = text_of(earlier)}},
        {304, {.if_none_match = TEXT("\"a\"")}},
        {304, {.if_none_match = TEXT("W/\"a\"")}},
        {304, {.if_none_match = TEXT("*")}},
        {304, {.if_none_match = TEXT("\"x,y\" ,W/\"a\"")}},
        {200, {.if_none_match = TEXT("\"x\"")}},
        {200, {.if_none_match = TEXT("\"a")}},
        {304, {.if_modified_since = text_of(date)}},
        {304, {.if_modified_since = text_of(later)}},
        {200, {.if_modified_since = text_of(earlier)}},
        {200, {.if_modified_since = TEXT("06 Nov 1994")}},
        {200, {.if_none_match = TEXT("\"x\""), .if_modified_since = text_of(date)}},
        {412, {.if_match = TEXT("\"x\""), .if_none_match = TEXT("\"a\"")}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int code = range_conditions(&cases[i].conditions, &film);
        if (code != cases[i].code) fail_msg("case %zu gave %d", i, code);
    }
}

static void without_validators_there_is_nothing_to_match(void **state) {
    const struct validators none = {0};
    const struct conditions since = {.if_modified_since = text_of(date)};
    const struct conditions match = {.if_none_match = TEXT("\"\"")};
    (void)state;
    assert_int_equal(range_conditions(&since, &none), 200);
    assert_int_equal(range_conditions(&match, &none), 200);
    assert_false(range_if_range(text_of(date), &none));
}

static void if_range_compares_strongly(void **state) {
    const struct validators weak = {TEXT("W/\"a\""), 0};
    (void)state;
    assert_true(range_if_range(NO_TEXT, &film));
    assert_true(range_if_range(TEXT("\"a\""), &film));
    assert_true(range_if_range(text_of(date), &film));
    assert_false(range_if_range(text_of(later), &film));
    assert_false(range_if_range(TEXT("W/\"a\""), &film));
    assert_false(range_if_range(TEXT("W/\"a\""), &weak));
    assert_false(range_if_range(TEXT("\"b\""), &film));
    assert_false(range_if_range(TEXT(""), &film));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_read),
        cmocka_unit_test(preconditions_lead_to_their_codes),
        cmocka_unit_test(without_validators_there_is_nothing_to_match),
        cmocka_unit_test(if_range_compares_strongly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
