/* test_multipart.c: forms, cut at every place, and forms that try to break the reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/multipart.h"
#include "base/scope.h"

#include <stdio.h>
#include <string.h>

/* Writes down what it hears: "<name|filename|type>bytes</>". */
struct hearing {
    struct build build;
    int parts;
};

static status hear_part(void *argument, const struct multipart_part *part) {
    struct hearing *hearing = argument;
    build_format(&hearing->build, "<%.*s|%.*s|%.*s>", TEXT_ARG(part->name),
                 TEXT_ARG(part->filename), TEXT_ARG(part->type));
    hearing->parts++;
    return OK;
}

static status hear_bytes(void *argument, const char *bytes, size_t size) {
    struct hearing *hearing = argument;
    build_put(&hearing->build, (text){bytes, size});
    return OK;
}

static status hear_end(void *argument) {
    build_c(&((struct hearing *)argument)->build, "</>");
    return OK;
}

static int set_up(void **state) {
    struct ctx *cx = calloc(1, sizeof *cx);
    cx->arena = arena_new(32 << 20);
    *state = cx;
    return 0;
}

static int tear_down(void **state) {
    struct ctx *cx = *state;
    arena_free(cx->arena);
    free(cx);
    return 0;
}

/* Feeds the body in pieces cut at `first` and then every `step` bytes. */
static status parse(struct ctx *cx, text boundary, text body, size_t first, size_t step,
                    text *out) {
    struct hearing hearing = {.build = {.arena = cx->arena}};
    struct multipart_sink sink = {&hearing, hear_part, hear_bytes, hear_end};
    struct multipart *parser = NULL;
    TRY(multipart_open(cx, boundary, &sink, &parser));
    size_t at = 0, next = first ? first : step;
    while (at < body.len) {
        text piece = text_part(body, at, next);
        /* An exact copy, so that a read beyond the piece is seen. */
        scoped(scope_free) char *copy = malloc(piece.len);
        memcpy(copy, piece.at, piece.len);
        TRY(multipart_feed(cx, parser, copy, piece.len));
        at += piece.len;
        next = step;
    }
    TRY(multipart_finish(cx, parser));
    return build_text(&hearing.build, out);
}

static const char form[] = "--XX\r\n"
                           "Content-Disposition: form-data; name=\"title\"\r\n\r\n"
                           "A film\r\n"
                           "--XX\r\n"
                           "Content-Type: video/mp4\r\n"
                           "content-disposition: FORM-DATA; name=file; filename=\"a b.mp4\"\r\n\r\n"
                           "\r\n--X\r\n--XY\r\r\n--\r\n-\n--XX\r\r\n"
                           "\r\n--XX--\r\nbye\r\n";
static const char heard[] = "<title||>A film</>"
                            "<file|a b.mp4|video/mp4>\r\n--X\r\n--XY\r\r\n--\r\n-\n--XX\r\r\n</>";

static void reads_a_form_cut_anywhere(void **state) {
    struct ctx *cx = *state;
    text body = TEXT(form);
    for (size_t first = 0; first <= body.len; first++) {
        text got = NO_TEXT;
        assert_int_equal(parse(cx, TEXT("XX"), body, first, body.len, &got), OK);
        assert_true(text_is(got, heard));
        arena_reset(cx->arena);
    }
    for (size_t step = 1; step < 40; step++) {
        text got = NO_TEXT;
        assert_int_equal(parse(cx, TEXT("XX"), body, 0, step, &got), OK);
        assert_true(text_is(got, heard));
        arena_reset(cx->arena);
    }
}

static void passes_over_preamble_and_epilogue(void **state) {
    struct ctx *cx = *state;
    static const char *const starts[] = {"",   "\r\n",     "hello\r\n", "--X\r\n", "\r\n--X\r\n",
                                         "\r", "\r\n\r\n", "-\r\n"};
    for (size_t i = 0; i < COUNT_OF(starts); i++) {
        for (size_t step = 1; step < 9; step++) {
            text body = NO_TEXT, got = NO_TEXT;
            const char *sep = strlen(starts[i]) == 1 ? "\r\n" : "";
            assert_int_equal(
                text_format(cx->arena, &body,
                            "%s%s--XX  \t\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n"
                            "\r\n--XX--  whatever\r\n--XX\r\n",
                            starts[i], sep),
                OK);
            assert_int_equal(parse(cx, TEXT("XX"), body, 0, step, &got), OK);
            assert_true(text_is(got, "<a||></>"));
        }
    }
}

/* A part with these headers and no content, as a whole form. */
static status with_headers(struct ctx *cx, const char *headers, text *out) {
    text body = NO_TEXT;
    if (text_format(cx->arena, &body, "--b\r\n%s\r\nx\r\n--b--", headers) != OK) return NO_MEMORY;
    ctx_clear(cx);
    return parse(cx, TEXT("b"), body, 0, 7, out);
}

static void reads_names_as_browsers_write_them(void **state) {
    static const struct {
        const char *headers, *heard;
    } cases[] = {
        {"Content-Disposition: form-data; name=\"a\"\r\n", "<a||>x</>"},
        {"Content-Disposition:form-data;name=a\r\n", "<a||>x</>"},
        {"Content-Disposition: form-data; name=\"a%22b\"; filename=\"q%22.mp4\"\r\n",
         "<a\"b|q\".mp4|>x</>"},
        {"Content-Disposition: form-data; name=\"a\\\"b\"\r\n", "<a\"b||>x</>"},
        {"Content-Disposition: form-data; name=\"100%\"\r\n", "<100%||>x</>"},
        {"Content-Disposition: form-data; name=\"file\"; filename=\"C:\\films\\a.mp4\"\r\n",
         "<file|a.mp4|>x</>"},
        {"Content-Disposition: form-data; name=\"file\"; filename=\"../../etc/passwd\"\r\n",
         "<file|passwd|>x</>"},
        {"Content-Disposition: form-data; name=\"file\"; filename=\"a;b.mp4\"; "
         "filename*=UTF-8''z\r\n",
         "<file|a;b.mp4|>x</>"},
        {"Content-Disposition: form-data; name=\"f\"; filename=\"\"\r\n", "<f||>x</>"},
        {"X-Other: 1\r\nContent-Disposition: form-data; name=\"Größe\"\r\n", "<Größe||>x</>"},
        {"Content-Transfer-Encoding: binary\r\nContent-Disposition: form-data; name=\"a\"\r\n",
         "<a||>x</>"},
    };
    struct ctx *cx = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        text got = NO_TEXT;
        if (with_headers(cx, cases[i].headers, &got) != OK) fail_msg("%s", cases[i].headers);
        if (!text_is(got, cases[i].heard)) fail_msg("%s: %.*s", cases[i].headers, TEXT_ARG(got));
    }
}

static void refuses_bad_headers(void **state) {
    static const char *const cases[] = {
        "",
        "Content-Type: text/plain\r\n",
        "Content-Disposition: attachment; name=\"a\"\r\n",
        "Content-Disposition: form-data\r\n",
        "Content-Disposition: form-data; name=\"\"\r\n",
        "Content-Disposition: form-data; name=\"a\r\n",
        "Content-Disposition: form-data; name=\"a\"; name=\"b\"\r\n",
        "Content-Disposition: form-data; name=\"a\"; filename=b; filename=c\r\n",
        "Content-Disposition: form-data; name=\"a\"x\r\n",
        "Content-Disposition: form-data; name\r\n",
        ("Content-Disposition: form-data; name=\"a\"\r\n"
         "Content-Disposition: form-data; name=\"b\"\r\n"),
        "Content-Disposition: form-data; name=\"a\"\r\n folded: yes\r\n",
        "Content-Disposition form-data; name=\"a\"\r\n",
        ": form-data; name=\"a\"\r\n",
        "Content-Disposition: form-data; name=\"a\"\nX: y\r\n",
        "Content-Disposition: form-data; name=\"a\"\rX: y\r\n",
        "Content-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: base64\r\n",
    };
    struct ctx *cx = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        text got = NO_TEXT;
        if (with_headers(cx, cases[i], &got) != INVALID) fail_msg("was taken: %s", cases[i]);
    }
    text got = NO_TEXT;
    ctx_clear(cx);
    static const char nul[] =
        "--b\r\nContent-Disposition: form-data; name=\"a\0b\"\r\n\r\nx\r\n--b--";
    assert_int_equal(parse(cx, TEXT("b"), TEXT(nul), 0, 5, &got), INVALID);
}

static void refuses_bad_frames(void **state) {
    static const char *const cases[] = {
        "",
        "x",
        "--",
        "--b",
        "--b\r\n",
        "--b-",
        "--bx\r\n",
        "--b\n",
        "--b\r\nContent-Disposition: form-",
        "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nno end",
        "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nno end\r\n--b",
        "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b-\r\n",
        "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--bc\r\n",
        "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\n--b--\r\n",
    };
    struct ctx *cx = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (size_t step = 1; step < 12; step += 5) {
            text got = NO_TEXT;
            ctx_clear(cx);
            if (parse(cx, TEXT("b"), text_of(cases[i]), 0, step, &got) != INVALID)
                fail_msg("was taken: %s", cases[i]);
        }
    }
}

/* `count` times the text, between a beginning and an end. */
static text repeated(struct ctx *cx, const char *before, const char *unit, size_t count,
                     const char *after) {
    struct build build = {.arena = cx->arena};
    build_c(&build, before);
    for (size_t i = 0; i < count; i++) build_c(&build, unit);
    build_c(&build, after);
    text out = NO_TEXT;
    assert_int_equal(build_text(&build, &out), OK);
    return out;
}

static void bounds_everything(void **state) {
    struct ctx *cx = *state;
    text got = NO_TEXT;
    static const char part[] = "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n";
    assert_int_equal(parse(cx, TEXT("b"), repeated(cx, "", part, 100, "--b--"), 0, 999, &got), OK);
    assert_int_equal(parse(cx, TEXT("b"), repeated(cx, "", part, 101, "--b--"), 0, 999, &got),
                     INVALID);
    ctx_clear(cx);
    text header = repeated(cx, "--b\r\nX: ", "y", 9000, "\r\n\r\nx\r\n--b--");
    assert_int_equal(parse(cx, TEXT("b"), header, 0, 100, &got), INVALID);
    ctx_clear(cx);
    text preamble = repeated(cx, "", "y", 5000, "\r\n--b--");
    assert_int_equal(parse(cx, TEXT("b"), preamble, 0, 100, &got), INVALID);
    ctx_clear(cx);
    text epilogue = repeated(cx, "--b--", "y", 5000, "");
    assert_int_equal(parse(cx, TEXT("b"), epilogue, 0, 100, &got), INVALID);
    ctx_clear(cx);
    text blanks = repeated(cx, "--b", " ", 100000, "\r\n");
    assert_int_equal(parse(cx, TEXT("b"), blanks, 0, 1000, &got), INVALID);
}

static void keeps_large_bodies_whole(void **state) {
    struct ctx *cx = *state;
    text got = NO_TEXT;
    text body = repeated(cx, "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n", "\r\n--a\r\r",
                         300000, "\r\n--b--");
    assert_int_equal(parse(cx, TEXT("b"), body, 0, 65536, &got), OK);
    assert_int_equal(got.len, 300000 * 7 + strlen("<a||></>"));
    assert_true(text_ends(got, TEXT("\r\n--a\r\r</>")));
}

static void reads_the_boundary(void **state) {
    static const struct {
        const char *type, *boundary;
    } cases[] = {
        {"multipart/form-data; boundary=abc", "abc"},
        {"Multipart/Form-Data;charset=utf-8; BOUNDARY=\"a b'()+_,-./:=?z\"", "a b'()+_,-./:=?z"},
        {"multipart/form-data", NULL},
        {"multipart/form-data; boundary=", NULL},
        {"multipart/form-data; boundary=a; boundary=b", NULL},
        {"multipart/form-data; boundary=\"a \"", NULL},
        {"multipart/form-data; boundary=a\x01"
         "b",
         NULL},
        {"multipart/form-data; boundary=a\"b", NULL},
        {"multipart/mixed; boundary=a", NULL},
        {"text/plain; boundary=a", NULL},
        {"multipart/form-data; boundary="
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         NULL},
    };
    struct ctx *cx = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        text got = NO_TEXT;
        ctx_clear(cx);
        status read = multipart_boundary(cx, text_of(cases[i].type), &got);
        assert_int_equal(read, cases[i].boundary ? OK : INVALID);
        if (cases[i].boundary) assert_true(text_is(got, cases[i].boundary));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_a_form_cut_anywhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(passes_over_preamble_and_epilogue, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_names_as_browsers_write_them, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_bad_headers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_bad_frames, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bounds_everything, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_large_bodies_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_the_boundary, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
