/* test_record.c: one field table drives reading, checking and writing. */
#include "harness.h"

#include "base/record.h"

#include <math.h>
#include <string.h>

struct inner {
    text name;
    int64_t count;
};
static const struct field inner_fields[] = {
    FIELD(struct inner, name, .flags = REQUIRED, .min = 1, .max = 5),
    FIELD(struct inner, count, .min = 0, .max = 10),
};
static const struct schema inner_schema = SCHEMA("Inner", struct inner, inner_fields, "Inside.");

struct outer {
    text title;
    text mood;
    text password;
    int64_t size;
    double ratio;
    bool open;
    maybe sure;
    struct inner in_place;
    struct inner *pointed;
    list several;
    list words;
};
static const char *const moods[] = {"glad", "sad", NULL};
static const struct field outer_fields[] = {
    FIELD(struct outer, title, .flags = REQUIRED, .min = 1, .max = 10),
    FIELD(struct outer, mood, .choices = moods),
    FIELD(struct outer, password, .flags = SECRET | KEEP_SPACE),
    FIELD(struct outer, size),
    FIELD(struct outer, ratio),
    FIELD(struct outer, open),
    FIELD(struct outer, sure),
    FIELD_OBJECT_OF(struct outer, in_place, inner_schema),
    {.name = "pointed", .kind = FIELD_MAYBE_OBJECT, .offset = offsetof(struct outer, pointed),
     .of = &inner_schema},
    {.name = "several", .kind = FIELD_LIST, .offset = offsetof(struct outer, several),
     .of = &inner_schema, .max = 2},
    FIELD(struct outer, words, .max = 3),
};
static const struct schema outer_schema = SCHEMA("Outer", struct outer, outer_fields, "Outside.");

static void whole_records_round_trip(void **state) {
    struct ctx *cx = *state;
    text json = TEXT("{\"title\":\" a \\u00e9\\\"\\n \",\"mood\":\"glad\",\"password\":\" p \","
                     "\"size\":-7,\"ratio\":0.5,\"open\":true,\"sure\":false,"
                     "\"in_place\":{\"name\":\"x\",\"count\":3},\"pointed\":{\"name\":\"y\"},"
                     "\"several\":[{\"name\":\"z\",\"count\":null}],\"words\":[\"u\",\"v\"]}");
    struct outer record;
    assert_int_equal(record_from_json(cx, &outer_schema, json, &record), OK);
    assert_text(record.title, "a \xC3\xA9\"");
    assert_text(record.password, " p ");
    assert_true(record.size == -7 && record.ratio == 0.5 && record.open && record.sure == MAYBE_NO);
    assert_true(record.pointed->count == NO_INT);
    assert_int_equal(record.words.len, 2);
    text written = NO_TEXT;
    assert_int_equal(record_to_json(cx, &outer_schema, &record, &written), OK);
    assert_text(written,
                "{\"title\":\"a \xC3\xA9\\\"\",\"mood\":\"glad\",\"size\":-7,\"ratio\":0.5,"
                "\"open\":true,\"sure\":false,\"in_place\":{\"name\":\"x\",\"count\":3},"
                "\"pointed\":{\"name\":\"y\",\"count\":null},"
                "\"several\":[{\"name\":\"z\",\"count\":null}],\"words\":[\"u\",\"v\"]}");
}

static void absent_members_are_absent(void **state) {
    struct ctx *cx = *state;
    struct outer record;
    assert_int_equal(record_from_json(cx, &outer_schema,
                                      TEXT("{\"title\":\"t\",\"in_place\":{\"name\":\"n\"}}"),
                                      &record), OK);
    assert_null(record.mood.at);
    assert_true(record.size == NO_INT && isnan(record.ratio) && record.sure == MAYBE_ABSENT);
    assert_null(record.pointed);
    assert_int_equal(record.several.len, 0);
}

/* Each bad body fails as INVALID and names its field. */
static void bad_bodies_name_their_field(void **state) {
    struct ctx *cx = *state;
    static const struct {
        const char *json, *field;
    } bad[] = {
        {"", ""},
        {"[]", "body"},
        {"{\"title\":\"t\"} x", ""},
        {"{\"title\":\"a\",\"title\":\"b\"}", ""},
        {"{\"in_place\":{\"name\":\"n\"}}", "title"},
        {"{\"title\":\"  \",\"in_place\":{\"name\":\"n\"}}", "title"},
        {"{\"title\":\"12345678901\",\"in_place\":{\"name\":\"n\"}}", "title"},
        {"{\"title\":7}", "title"},
        {"{\"title\":\"a\\u0007\",\"in_place\":{\"name\":\"n\"}}", "title"},
        {"{\"title\":\"t\",\"mood\":\"odd\",\"in_place\":{\"name\":\"n\"}}", "mood"},
        {"{\"title\":\"t\",\"size\":1.5}", "size"},
        {"{\"title\":\"t\",\"open\":1}", "open"},
        {"{\"title\":\"t\",\"unknown\":1}", "unknown"},
        {"{\"title\":\"t\",\"in_place\":{\"name\":\"n\",\"count\":11}}", "count"},
        {"{\"title\":\"t\",\"in_place\":{\"name\":\"n\"},\"words\":[\"a\",1]}", "words"},
        {"{\"title\":\"t\",\"in_place\":{\"name\":\"n\"},\"words\":[\"a\",\"b\",\"c\",\"d\"]}",
         "words"},
        {"{\"title\":\"t\",\"several\":[{}]}", "name"},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct outer record;
        ctx_clear(cx);
        int code = record_from_json(cx, &outer_schema, text_of(bad[i].json), &record);
        if (code != INVALID || strcmp(cx->fault.field, bad[i].field) != 0) {
            print_message("%s: %d, field '%s'\n", bad[i].json, code, cx->fault.field);
        }
        assert_int_equal(code, INVALID);
        assert_string_equal(cx->fault.field, bad[i].field);
        assert_true(strlen(cx->fault.detail) > 0);
    }
}

static void depth_is_bounded(void **state) {
    struct ctx *cx = *state;
    struct build build = {.arena = cx->arena};
    for (int i = 0; i < 50000; i++) build_byte(&build, '[');
    text json = NO_TEXT;
    assert_int_equal(build_text(&build, &json), OK);
    struct outer record;
    assert_int_equal(record_from_json(cx, &outer_schema, json, &record), INVALID);
}

static void form_values_are_typed(void **state) {
    struct ctx *cx = *state;
    struct outer record;
    record_clear(&outer_schema, &record);
    assert_int_equal(record_set_from_text(cx, &outer_schema, &record, TEXT("size"), TEXT("12")),
                     OK);
    assert_int_equal(record_set_from_text(cx, &outer_schema, &record, TEXT("open"), TEXT("1")), OK);
    assert_true(record.size == 12 && record.open);
    assert_int_equal(record_set_from_text(cx, &outer_schema, &record, TEXT("nope"), TEXT("1")),
                     NOT_FOUND);
    assert_int_equal(record_set_from_text(cx, &outer_schema, &record, TEXT("size"), TEXT("1x")),
                     INVALID);
    assert_string_equal(cx->fault.field, "size");
}

static void bytes_that_are_no_utf8_are_replaced(void **state) {
    struct ctx *cx = *state;
    struct build build = {.arena = cx->arena};
    json_write_text(&build, TEXT("a\xFF\x01z"));
    text made = NO_TEXT;
    assert_int_equal(build_text(&build, &made), OK);
    assert_text(made, "\"a\xEF\xBF\xBD\\u0001z\"");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        HARNESS_TEST(whole_records_round_trip),   HARNESS_TEST(absent_members_are_absent),
        HARNESS_TEST(bad_bodies_name_their_field), HARNESS_TEST(depth_is_bounded),
        HARNESS_TEST(form_values_are_typed),      HARNESS_TEST(bytes_that_are_no_utf8_are_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
