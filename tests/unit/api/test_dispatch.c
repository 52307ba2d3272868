/* test_dispatch.c: which route a path leads to, and which tables are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/dispatch.h"
#include "base/scope.h"

#include <string.h>

struct parts {
    text id;
    text rendition;
    text n;
    text a, b, c;
};
static const struct field parts_fields[] = {
    FIELD(struct parts, id), FIELD(struct parts, rendition), FIELD(struct parts, n),
    FIELD(struct parts, a),  FIELD(struct parts, b),         FIELD(struct parts, c),
};
static const struct schema parts_schema = SCHEMA("Parts", struct parts, parts_fields, "Parts.");

static status nothing(struct call *call, const void *in, void *out) {
    (void)call;
    (void)in;
    (void)out;
    return OK;
}

#define ROW(method_, pattern_, name_)                                                              \
    {                                                                                              \
        .method = (method_), .pattern = (pattern_), .name = (name_), .run = nothing,               \
        .in = &parts_schema                                                                        \
    }

static const struct route routes[] = {
    ROW(HTTP_GET, "/api/videos", "list"),
    ROW(HTTP_POST, "/api/videos", "create"),
    ROW(HTTP_GET, "/api/videos/{id}", "get"),
    ROW(HTTP_GET, "/api/videos/popular", "popular"),
    ROW(HTTP_GET, "/media/{id}/master.m3u8", "master"),
    ROW(HTTP_GET, "/media/{id}/{rendition}/index.m3u8", "index"),
    ROW(HTTP_GET, "/media/{id}/{rendition}/init.mp4", "init"),
    ROW(HTTP_GET, "/media/{id}/{rendition}/{n}.m4s", "segment"),
    ROW(HTTP_GET, "/media/{id}/{rendition}/{n}", "other"),
    ROW(HTTP_GET, "/deep/{a}/x/{b}", "deep_x"),
    ROW(HTTP_GET, "/deep/{a}/{b}/{c}", "deep_any"),
    ROW(HTTP_HEAD, "/tus/{id}", "tus_head"),
    ROW(HTTP_GET, "/tus/{id}", "tus_get"),
    ROW(HTTP_GET, "/", "root"),
};
static const struct route_alias aliases[] = {
    {HTTP_GET, "/v/{id}/see", "/api/videos/{id}"},
    {HTTP_GET, "/back/{rendition}/{id}/index.m3u8", "/media/{id}/{rendition}/index.m3u8"},
};
static const struct route_table good = {.routes = routes,
                                        .count = COUNT_OF(routes),
                                        .aliases = aliases,
                                        .alias_count = COUNT_OF(aliases)};

static int set_up(void **state) {
    struct ctx *cx = calloc(1, sizeof *cx);
    cx->arena = arena_new(1 << 20);
    *state = cx;
    return 0;
}

static int tear_down(void **state) {
    struct ctx *cx = *state;
    arena_free(cx->arena);
    free(cx);
    return 0;
}

static void free_tree(struct dispatch **tree) {
    dispatch_free(*tree);
}

static const char *leads_to(const struct dispatch *tree, enum http_method method, const char *path,
                            struct match *out) {
    dispatch_find(tree, method, text_of(path), out);
    return out->bound ? out->bound->route->name : "";
}

static void finds_the_most_literal(void **state) {
    static const struct {
        enum http_method method;
        const char *path, *name, *first;
    } cases[] = {
        {HTTP_GET, "/api/videos", "list", NULL},
        {HTTP_GET, "/api/videos/", "list", NULL},
        {HTTP_POST, "/api/videos/", "create", NULL},
        {HTTP_GET, "/api/videos/popular", "popular", NULL},
        {HTTP_GET, "/api/videos/populax", "get", "populax"},
        {HTTP_GET, "/api/videos/popular/", "popular", NULL},
        {HTTP_HEAD, "/api/videos/abc", "get", "abc"},
        {HTTP_HEAD, "/tus/abc", "tus_head", "abc"},
        {HTTP_GET, "/tus/abc", "tus_get", "abc"},
        {HTTP_GET, "/media/v1/master.m3u8", "master", "v1"},
        {HTTP_GET, "/media/v1/720p/index.m3u8", "index", "v1"},
        {HTTP_GET, "/media/v1/720p/12.m4s", "segment", "v1"},
        {HTTP_GET, "/media/v1/720p/.m4s", "other", "v1"},
        {HTTP_GET, "/media/v1/720p/12.mp4", "other", "v1"},
        {HTTP_GET, "/deep/1/x/3", "deep_x", "1"},
        {HTTP_GET, "/deep/1/y/3", "deep_any", "1"},
        {HTTP_GET, "/v/abc/see", "get", "abc"},
        {HTTP_GET, "/", "root", NULL},
        {HTTP_GET, "/api", "", NULL},
        {HTTP_GET, "/api//videos", "", NULL},
        {HTTP_GET, "/api/videos//", "", NULL},
        {HTTP_GET, "/api/videos/a/b", "", NULL},
        {HTTP_PATCH, "/api/videos", "", NULL},
        {HTTP_GET, "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r", "", NULL},
    };
    struct ctx *cx = *state;
    scoped(free_tree) struct dispatch *tree = NULL;
    assert_int_equal(dispatch_build(cx, &good, 1, &tree), OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct match match;
        assert_string_equal(leads_to(tree, cases[i].method, cases[i].path, &match), cases[i].name);
        if (cases[i].first) assert_true(text_is(match.values[0], cases[i].first));
    }
}

static void gives_parts_by_name(void **state) {
    struct ctx *cx = *state;
    struct match match;
    scoped(free_tree) struct dispatch *tree = NULL;
    assert_int_equal(dispatch_build(cx, &good, 1, &tree), OK);
    (void)leads_to(tree, HTTP_GET, "/media/v1/720p/12.m4s", &match);
    assert_int_equal(match.bound->name_count, 3);
    assert_true(text_is(match.bound->names[2], "n") && text_is(match.values[2], "12"));
    assert_string_equal(leads_to(tree, HTTP_GET, "/back/720p/v1/index.m3u8", &match), "index");
    assert_true(text_is(match.bound->names[0], "rendition") && text_is(match.values[0], "720p"));
    assert_true(text_is(match.bound->names[1], "id") && text_is(match.values[1], "v1"));
    assert_null(field_find(&match.bound->given, TEXT("id")));
    assert_non_null(field_find(&match.bound->given, TEXT("n")));
}

static void tells_the_methods_of_a_path(void **state) {
    struct ctx *cx = *state;
    struct match match;
    scoped(free_tree) struct dispatch *tree = NULL;
    assert_int_equal(dispatch_build(cx, &good, 1, &tree), OK);
    dispatch_find(tree, HTTP_DELETE, TEXT("/api/videos"), &match);
    assert_null(match.bound);
    assert_int_equal(match.methods, 1u << HTTP_GET | 1u << HTTP_HEAD | 1u << HTTP_POST);
    dispatch_find(tree, HTTP_GET, TEXT("/nowhere"), &match);
    assert_int_equal(match.methods, 0);
    assert_true(dispatch_claims(tree, TEXT("/api/anything")));
    assert_true(dispatch_claims(tree, TEXT("/media")));
    assert_false(dispatch_claims(tree, TEXT("/watch/abc")));
    assert_false(dispatch_claims(tree, TEXT("/apis")));
}

static void refuses(struct ctx *cx, const struct route *rows, size_t count,
                    const struct route_alias *more, const char *word) {
    struct route_table table = {
        .routes = rows, .count = count, .aliases = more, .alias_count = more ? 1 : 0};
    struct dispatch *tree = NULL;
    assert_int_equal(dispatch_build(cx, &table, 1, &tree), BUG);
    assert_null(tree);
    assert_non_null(strstr(cx->fault.detail, word));
    ctx_clear(cx);
}

static void refuses_tables_that_contradict_themselves(void **state) {
    struct ctx *cx = *state;
    refuses(cx, (struct route[]){ROW(HTTP_GET, "/a/{id}", "one"), ROW(HTTP_GET, "/a/{n}", "two")},
            2, NULL, "two");
    refuses(cx, (struct route[]){ROW(HTTP_GET, "/a", "same"), ROW(HTTP_GET, "/b", "same")}, 2, NULL,
            "same");
    refuses(cx, (struct route[]){ROW(HTTP_GET, "/a/{unheard}", "one")}, 1, NULL, "unheard");
    refuses(cx, (struct route[]){ROW(HTTP_GET, "a", "one")}, 1, NULL, "one");
    refuses(cx, (struct route[]){ROW(HTTP_GET, "/a", "one")}, 1,
            &(struct route_alias){HTTP_GET, "/b", "/c"}, "/b");
    refuses(cx, (struct route[]){{.method = HTTP_GET, .pattern = "/a", .name = "one"}}, 1, NULL,
            "one");
    refuses(cx,
            (struct route[]){{.method = HTTP_POST,
                              .pattern = "/a",
                              .name = "one",
                              .run = nothing,
                              .body = BODY_RAW}},
            1, NULL, "stream");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finds_the_most_literal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gives_parts_by_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_the_methods_of_a_path, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_tables_that_contradict_themselves, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
