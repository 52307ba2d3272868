/* test_video_rules.c: who may see what, titles, cursors, keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/scope.h"
#include "features/videos/video.h"

#include <string.h>

static void who_may_see_and_change(void **state) {
    (void)state;
    const struct actor nobody = {0};
    const struct actor owner = {.user_id = TEXT("owner"), .role = ROLE_CREATOR};
    const struct actor other = {.user_id = TEXT("other"), .role = ROLE_CREATOR};
    const struct actor moderator = {.user_id = TEXT("m"), .role = ROLE_MODERATOR};
    const struct actor admin = {.user_id = TEXT("a"), .role = ROLE_ADMIN};
    const struct actor *const actors[] = {&nobody, &owner, &other, &moderator, &admin};
    const char *const visibilities[] = {"public", "unlisted", "private"};
    for (size_t v = 0; v < COUNT_OF(visibilities); v++) {
        struct video video = {.owner_id = TEXT("owner"), .visibility = text_of(visibilities[v])};
        for (size_t a = 0; a < COUNT_OF(actors); a++) {
            bool may_change = a == 1 || a >= 3;
            assert_int_equal(video_may_change(&video, actors[a]), may_change);
            assert_int_equal(video_may_see(&video, actors[a]), v < 2 || may_change);
        }
    }
    struct video ownerless = {.visibility = TEXT("private")};
    assert_false(video_may_see(&ownerless, &nobody));
}

static void check_title(const char *title, const char *file_name, const char *expected) {
    scoped(arena_done) struct arena *arena = arena_new(1 << 16);
    struct ctx cx = {.arena = arena};
    struct video_new record = {.title = text_of(title)};
    assert_int_equal(video_new_prepare(&cx, text_of(file_name), &record), OK);
    if (!text_is(record.title, expected)) fail_msg("'%.*s'", TEXT_ARG(record.title));
    assert_true(text_is(record.visibility, "public"));
    assert_true(record.description.at && record.description.len == 0);
}

static void titles_come_from_file_names(void **state) {
    (void)state;
    char long_name[900];
    for (size_t i = 0; i < 897; i += 3) memcpy(long_name + i, "日", 3);
    long_name[897] = '\0';
    char cut[601];
    memcpy(cut, long_name, 600);
    cut[600] = '\0';
    check_title("Mine", "x.mp4", "Mine");
    check_title(NULL, "A day.at the sea.mp4", "A day.at the sea");
    check_title("  ", "clip", "clip");
    check_title(NULL, ".mp4", ".mp4");
    check_title(NULL, "a.longextension", "a.longextension");
    check_title(NULL, "", "Untitled");
    check_title(NULL, "\xFF\xFE", "Untitled");
    check_title(NULL, long_name, cut);
}

static void words_are_checked(void **state) {
    (void)state;
    char long_title[VIDEO_TITLE_CAP + 2];
    memset(long_title, 'x', sizeof long_title - 1);
    long_title[sizeof long_title - 1] = '\0';
    const struct video_new bad[] = {
        {.title = text_of(long_title)},
        {.title = TEXT("t"), .visibility = TEXT("secret")},
        {.title = TEXT("be\al")},
        {.title = TEXT("t"), .description = TEXT("\xC3")},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        scoped(arena_done) struct arena *arena = arena_new(1 << 16);
        struct ctx cx = {.arena = arena};
        struct video_new record = bad[i];
        assert_int_equal(video_new_prepare(&cx, TEXT("f"), &record), INVALID);
    }
}

static void line_breaks_are_unified(void **state) {
    (void)state;
    scoped(arena_done) struct arena *arena = arena_new(1 << 16);
    struct ctx cx = {.arena = arena};
    text got = NO_TEXT;
    assert_int_equal(video_unify_lines(&cx, TEXT("a\r\nb\rc\r\n\r\n"), &got), OK);
    assert_true(text_is(got, "a\nb\rc\n\n"));
}

static void cursors_come_back(void **state) {
    (void)state;
    scoped(arena_done) struct arena *arena = arena_new(1 << 16);
    struct ctx cx = {.arena = arena};
    text cursor = NO_TEXT, id = NO_TEXT;
    int64_t time_ms = 0;
    assert_int_equal(video_cursor_write(&cx, 1700000000123, TEXT("dQw4w9WgXcQ"), &cursor), OK);
    assert_int_equal(video_cursor_read(&cx, cursor, &time_ms, &id), OK);
    assert_true(time_ms == 1700000000123 && text_is(id, "dQw4w9WgXcQ"));
    assert_int_equal(video_cursor_read(&cx, NO_TEXT, &time_ms, &id), OK);
    assert_true(time_ms > 4000000000000);
    const char *bad[] = {"%", "a", "...", "1.dQw4w9WgXc", "-1.dQw4w9WgXcQ", "1.dQw4w9WgXcQ.",
                         "1e3.dQw4w9WgXcQ", ".dQw4w9WgXcQ", "1.dQw4w9WgX Q"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        ctx_clear(&cx);
        text coded = text_of(bad[i]);
        if (i > 1) {
            assert_int_equal(base64url_encode(arena, bad[i], strlen(bad[i]), &coded), OK);
        }
        assert_int_equal(video_cursor_read(&cx, coded, &time_ms, &id), INVALID);
        assert_string_equal(cx.fault.field, "cursor");
    }
}

static void keys_fit_or_are_absent(void **state) {
    (void)state;
    char buffer[VIDEO_KEY_BYTES], long_part[VIDEO_KEY_BYTES];
    memset(long_part, 'x', sizeof long_part);
    text key = video_processed_key(TEXT("v"), TEXT("r"), TEXT("720p.mp4"), buffer);
    assert_true(text_is(key, "videos/processed/v/r/720p.mp4"));
    assert_true(text_is(video_source_key(TEXT("v"), buffer), "videos/source/v"));
    text long_id = {long_part, sizeof long_part};
    assert_null(video_source_key(long_id, buffer).at);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_may_see_and_change), cmocka_unit_test(titles_come_from_file_names),
        cmocka_unit_test(words_are_checked),      cmocka_unit_test(line_breaks_are_unified),
        cmocka_unit_test(cursors_come_back),      cmocka_unit_test(keys_fit_or_are_absent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
