/* test_openapi.c: the document is well-formed, whole, the same each time, and refuses
 * contradictions. */
#include "api_fixture.h"

#include "api/openapi.h"

#include <jansson.h>
#include <string.h>

static int plain(void **state) {
    return fixture_open(state, NULL);
}

static void tree_done(json_t **tree) {
    json_decref(*tree);
}

static json_t *at(json_t *tree, const char *const *path) {
    for (; *path; path++) {
        tree = json_object_get(tree, *path);
        if (!tree) fail_msg("the document lacks %s", *path);
    }
    return tree;
}
#define AT(tree, ...) at((tree), (const char *const[]){__VA_ARGS__, NULL})

/* Every $ref leads to something. */
static void follow(json_t *root, json_t *node) {
    const char *key = NULL;
    json_t *value = NULL;
    size_t index = 0;
    if (json_is_array(node)) {
        json_array_foreach(node, index, value) follow(root, value);
    }
    json_object_foreach(node, key, value) {
        if (strcmp(key, "$ref") == 0) {
            char folder[32], name[64];
            assert_int_equal(
                sscanf(json_string_value(value), "#/components/%31[^/]/%63s", folder, name), 2);
            assert_non_null(AT(root, "components", folder, name));
        }
        follow(root, value);
    }
}

static void is_whole(void **state) {
    struct api_fixture *f = *state;
    text document = api_document(f->api);
    scoped(tree_done) json_t *root =
        json_loadb(document.at, document.len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    assert_string_equal(json_string_value(AT(root, "openapi")), "3.1.0");
    follow(root, root);
    json_t *post = AT(root, "paths", "/api/things/{id}", "post");
    assert_string_equal(json_string_value(AT(post, "operationId")), "thing_echo");
    assert_true(json_is_true(AT(post, "requestBody", "required")));
    assert_string_equal(
        json_string_value(
            AT(AT(post, "requestBody", "content", "application/json", "schema"), "$ref")),
        "#/components/schemas/ThingInput");
    assert_non_null(AT(post, "responses", "201", "content", "application/json", "schema", "$ref"));
    assert_non_null(AT(post, "responses", "422", "$ref"));
    json_t *parameter = json_array_get(AT(post, "parameters"), 0);
    assert_string_equal(json_string_value(AT(parameter, "name")), "id");
    assert_string_equal(json_string_value(AT(parameter, "in")), "path");
    json_t *input = AT(root, "components", "schemas", "ThingInput");
    assert_null(json_object_get(AT(input, "properties"), "id"));
    assert_true(json_is_false(AT(input, "additionalProperties")));
    json_t *output = AT(root, "components", "schemas", "Thing");
    assert_int_equal(json_array_size(AT(output, "required")), 7);
    assert_string_equal(
        json_string_value(json_array_get(AT(output, "properties", "size", "type"), 1)), "null");
    json_t *form = AT(root, "components", "schemas", "Upload");
    assert_string_equal(json_string_value(AT(form, "properties", "file", "format")), "binary");
    assert_null(json_object_get(AT(form, "properties"), "filename"));
    assert_string_equal(
        json_string_value(json_array_get(AT(root, "paths", "/api/search", "get", "x-also-at"), 0)),
        "/api/v0/find");
    assert_string_equal(json_string_value(AT(root, "paths", "/api/staff", "get", "x-role")),
                        "moderator");
}

static void is_served_with_its_etag(void **state) {
    struct api_fixture *f = *state;
    struct reply r = fixture_ask(f, "GET /api/openapi.json", NULL, NULL);
    assert_int_equal(r.code, 200);
    assert_true(text_equal(r.body, api_document(f->api)));
    text header = NO_TEXT;
    assert_int_equal(text_format(f->cx.arena, &header, "If-None-Match: %.*s\r\n",
                                 TEXT_ARG(reply_header(&r, "ETag"))),
                     OK);
    r = fixture_ask(f, "GET /api/openapi.json", header.at, NULL);
    assert_int_equal(r.code, 304);
}

struct one {
    text a;
};
static const struct field one_fields[] = {FIELD(struct one, a)};
static const struct schema first = SCHEMA("Same", struct one, one_fields, "One.");
static const struct schema second = SCHEMA("Same", struct one, one_fields, "Another.");

static status nothing(struct call *call, const void *in, void *out) {
    (void)call;
    (void)in;
    (void)out;
    return OK;
}

static void refuses_two_schemas_with_one_name(void **state) {
    struct api_fixture *f = *state;
    const struct route rows[] = {
        {.method = HTTP_GET, .pattern = "/a", .name = "a", .run = nothing, .out = &first},
        {.method = HTTP_GET, .pattern = "/b", .name = "b", .run = nothing, .out = &second},
    };
    struct route_table table = {.routes = rows, .count = 2};
    text document = NO_TEXT;
    assert_int_equal(openapi_write(&f->cx, &table, 1, "T", "1", &document), BUG);
    table.count = 1;
    ctx_clear(&f->cx);
    text again = NO_TEXT;
    assert_int_equal(openapi_write(&f->cx, &table, 1, "T", "1", &document), OK);
    assert_int_equal(openapi_write(&f->cx, &table, 1, "T", "1", &again), OK);
    assert_true(text_equal(document, again));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(is_whole, plain, fixture_close),
        cmocka_unit_test_setup_teardown(is_served_with_its_etag, plain, fixture_close),
        cmocka_unit_test_setup_teardown(refuses_two_schemas_with_one_name, plain, fixture_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
