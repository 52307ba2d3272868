/* test_videos_books.c: what is kept of objects, and a video's way from processing on, on both
 * engines: a run's results appear once, dead runs and deleted videos leave nothing. */
#include "books.h"

#include "base/random.h"
#include "books_sql.h"
#include "migrations/migrations.h"
#include "store/blob/blob.h"

#include <stdio.h>
#include <string.h>

static bool has_file(text id, const char *run) {
    char key[VIDEO_KEY_BYTES];
    return house_has(video_processed_key(id, text_of(run), TEXT("144p.mp4"), key));
}

static void a_run_is_published_once(void **state) {
    (void)state;
    text id = house_processing();
    assert_ok(house.cx, house_publish(id, "run00000001"));
    struct video video = house_video(id);
    assert_text(video.status, "ready");
    assert_true(video.playable);
    assert_text(video.render, "run00000001");
    assert_int_equal(video.renditions.len, 1);
    const struct video_rendition *one = video.renditions.at;
    assert_true(one->frame_rate > 25.4 && one->frame_rate < 25.6);
    assert_int_equal(books_of(id).renders, 0);
    assert_status(house.cx, CONFLICT, house_publish(id, "run00000002"));
    assert_text(house_video(id).render, "run00000001");
    house_tick(&video_audit_tick);
    assert_true(has_file(id, "run00000001"));
}

static status resubmit_work(struct ctx *cx, struct db_tx *tx, void *argument) {
    return video_resubmit(cx, tx, *(const text *)argument);
}

static void a_second_run_replaces_the_first(void **state) {
    (void)state;
    text id = house_processing();
    assert_ok(house.cx, house_publish(id, "run00000001"));
    int64_t published = house_video(id).published_at_ms;
    assert_ok(house.cx, db_write(house.cx, house.services.db, resubmit_work, &id));
    assert_true(house_video(id).playable);
    assert_status(house.cx, CONFLICT,
                  db_write(house.cx, house.services.db, resubmit_work, &id));
    assert_ok(house.cx, house_publish(id, "run00000002"));
    house_tick(&video_trash_tick);
    assert_false(has_file(id, "run00000001"));
    assert_true(has_file(id, "run00000002"));
    assert_int_equal(house_video(id).published_at_ms, published);
    assert_int_equal(books_of(id).trash, 0);
}

struct failing {
    text id, error;
};

static status fail_work(struct ctx *cx, struct db_tx *tx, void *argument) {
    const struct failing *failing = argument;
    return video_failed(cx, tx, failing->id, failing->error);
}

static void a_failure_is_told_but_what_plays_plays_on(void **state) {
    (void)state;
    struct failing failing = {house_processing(), TEXT("It is broken.")};
    assert_ok(house.cx, db_write(house.cx, house.services.db, fail_work, &failing));
    struct video video = house_video(failing.id);
    assert_text(video.status, "failed");
    assert_text(video.error, "It is broken.");
    assert_null(video.playback.hls.at);
    assert_status(house.cx, CONFLICT, db_write(house.cx, house.services.db, fail_work, &failing));
    assert_ok(house.cx, db_write(house.cx, house.services.db, resubmit_work, &failing.id));
    assert_ok(house.cx, house_publish(failing.id, "run00000001"));
    assert_ok(house.cx, db_write(house.cx, house.services.db, resubmit_work, &failing.id));
    assert_ok(house.cx, db_write(house.cx, house.services.db, fail_work, &failing));
    video = house_video(failing.id);
    assert_text(video.status, "ready");
    assert_null(video.error.at);
    assert_true(video.playback.hls.at != NULL);
}

/* A run as it is when its worker dies: a stage, an object, a row. */
static void die_in_run(text id, const char *run) {
    char name[VIDEO_KEY_BYTES];
    struct blob_stage *stage = NULL;
    int64_t bytes = 0;
    struct ctx *cx = house.cx;
    assert_ok(cx, video_render_begin(cx, &house.services, id, text_of(run), 60000));
    assert_ok(cx, blob_stage_open(cx, house.services.blobs,
                                  video_render_stage(text_of(run), TEXT("720p"), name), &stage,
                                  &bytes));
    blob_stage_close(stage);
    assert_ok(cx, blob_put(cx, house.services.blobs,
                           video_processed_key(id, text_of(run), TEXT("144p.mp4"), name), "a", 1));
}

static void assert_run_gone(text id, const char *run, bool gone) {
    char name[VIDEO_KEY_BYTES];
    assert_int_equal(house_has_stage(video_render_stage(text_of(run), TEXT("720p"), name)), !gone);
    assert_int_equal(has_file(id, run), !gone);
    assert_int_equal(books_of(id).renders, !gone);
}

static void dead_runs_are_swept_live_ones_not(void **state) {
    (void)state;
    text id = house_processing();
    die_in_run(id, "run00000001");
    house_tick(&video_trash_tick);
    house_tick(&video_audit_tick);
    assert_run_gone(id, "run00000001", false);
    assert_ok(house.cx, db_run(house.cx, house.services.db, &sql_books_age_render,
                               DB_ARGS("run00000001"), NULL));
    house_tick(&video_trash_tick);
    assert_run_gone(id, "run00000001", true);
}

static void a_new_run_sweeps_its_predecessors(void **state) {
    (void)state;
    text id = house_processing();
    die_in_run(id, "run00000001");
    assert_ok(house.cx, video_render_begin(house.cx, &house.services, id, TEXT("run00000002"), 1));
    assert_ok(house.cx, video_render_sweep_others(house.cx, &house.services, id,
                                                  TEXT("run00000002")));
    assert_int_equal(books_of(id).renders, 1);
    assert_false(has_file(id, "run00000001"));
}

static void a_published_run_is_never_swept(void **state) {
    (void)state;
    text id = house_processing();
    assert_ok(house.cx, house_publish(id, "run00000001"));
    assert_ok(house.cx, video_render_sweep(house.cx, &house.services, id, TEXT("run00000001")));
    assert_true(has_file(id, "run00000001"));
}

static void the_audit_removes_what_no_row_knows(void **state) {
    (void)state;
    const char *const keys[] = {"videos/source/gone0000000",
                                "videos/processed/gone0000000/r/144p.mp4",
                                "videos/processed/stray", "other/stays"};
    text id = house_processing();
    struct blob_stage *stage = NULL;
    int64_t bytes = 0;
    char key[VIDEO_KEY_BYTES];
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        assert_ok(house.cx, blob_put(house.cx, house.services.blobs, text_of(keys[i]), "x", 1));
    assert_ok(house.cx, blob_stage_open(house.cx, house.services.blobs, TEXT("upload-gone0000000"),
                                        &stage, &bytes));
    blob_stage_close(stage);
    die_in_run(id, "run00000001");
    assert_ok(house.cx, video_delete(house.cx, &house.services, id));
    house_tick(&video_audit_tick);
    assert_false(house_has(text_of(keys[0])) || house_has(text_of(keys[1])));
    assert_true(house_has(text_of(keys[2])) && house_has(text_of(keys[3])));
    assert_false(house_has_stage(TEXT("upload-gone0000000")));
    assert_false(house_has(video_source_key(id, key)));
}

static void deleting_takes_everything(void **state) {
    (void)state;
    char key[VIDEO_KEY_BYTES];
    text id = house_processing();
    assert_ok(house.cx, house_publish(id, "run00000001"));
    assert_ok(house.cx, video_delete(house.cx, &house.services, id));
    struct books books = books_of(id);
    assert_int_equal(books.videos + books.jobs + books.uploads + books.files + books.trash, 0);
    assert_false(has_file(id, "run00000001") || house_has(video_source_key(id, key)));
    assert_status(house.cx, NOT_FOUND, video_delete(house.cx, &house.services, id));
}

static void pages_meet_each_once_also_at_equal_times(void **state) {
    (void)state;
    const struct actor nobody = {0};
    struct video_query query = {.limit = 2};
    char run[ID_BYTES], seen[8][ID_BYTES];
    size_t count = 0;
    for (int i = 0; i < 7; i++) {
        text id = house_processing();
        (void)snprintf(run, sizeof run, "run0000000%d", i);
        assert_ok(house.cx, house_publish(id, run));
        assert_ok(house.cx, db_run(house.cx, house.services.db, &sql_books_publish_at,
                                   DB_ARGS(id, (int64_t)(1000 + i / 3)), NULL));
    }
    struct video_page page;
    do {
        assert_ok(house.cx, video_list(house.cx, &house.services, &nobody, &query, &page));
        const struct video *videos = page.items.at;
        for (size_t i = 0; i < page.items.len; i++) {
            assert_int_equal(videos[i].renditions.len, 1);
            for (size_t s = 0; s < count; s++) assert_false(text_is(videos[i].id, seen[s]));
            assert_true(count < 7);
            (void)snprintf(seen[count++], ID_BYTES, "%.*s", TEXT_ARG(videos[i].id));
        }
        query.cursor = page.next_cursor;
    } while (page.next_cursor.at);
    assert_int_equal(count, 7);
}

static void access_follows_changes_at_once(void **state) {
    (void)state;
    text id = house_processing();
    struct video_access access;
    assert_ok(house.cx, video_access_of(house.cx, &house.services, id, &access));
    assert_null(access.render.at);
    assert_ok(house.cx, house_publish(id, "run00000001"));
    assert_ok(house.cx, video_access_of(house.cx, &house.services, id, &access));
    assert_text(access.render, "run00000001");
    assert_text(access.owner_id, "ann");
    assert_ok(house.cx, video_access_of(house.cx, &house.services, id, &access)); /* kept now */
    assert_text(access.visibility, "public");
    assert_ok(house.cx, video_delete(house.cx, &house.services, id));
    assert_status(house.cx, NOT_FOUND,
                  video_access_of(house.cx, &house.services, id, &access));
}

int main(void) {
    db_fixture_steps = migrations_all;
    db_fixture_step_count = migrations_count;
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(a_run_is_published_once),
        HOUSE_TEST(a_second_run_replaces_the_first),
        HOUSE_TEST(a_failure_is_told_but_what_plays_plays_on),
        HOUSE_TEST(dead_runs_are_swept_live_ones_not),
        HOUSE_TEST(a_new_run_sweeps_its_predecessors),
        HOUSE_TEST(a_published_run_is_never_swept),
        HOUSE_TEST(the_audit_removes_what_no_row_knows),
        HOUSE_TEST(deleting_takes_everything),
        HOUSE_TEST(pages_meet_each_once_also_at_equal_times),
        HOUSE_TEST(access_follows_changes_at_once),
    };
    return db_fixture_run(tests, COUNT_OF(tests));
}
