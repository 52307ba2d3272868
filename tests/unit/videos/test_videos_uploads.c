/* test_videos_uploads.c: the order of upload steps, broken off after each of them, on both engines:
 * whatever came between, one video with one job and no leftovers. */
#include "books.h"

#include "base/thread.h"
#include "books_sql.h"
#include "migrations/migrations.h"
#include "store/blob/blob.h"
#include "store/queue/queue.h"

#include <string.h>

static void assert_processing_once(text id, int64_t size_bytes) {
    char key[VIDEO_KEY_BYTES];
    struct video video = house_video(id);
    struct books books = books_of(id);
    assert_text(video.status, "processing");
    assert_int_equal(video.size_bytes, size_bytes);
    assert_int_equal(books.jobs, 1);
    assert_true(house_has(video_source_key(id, key)));
    assert_false(house_has_stage(video_upload_stage(id, key)));
}

static void killed_when_all_bytes_were_there(void **state) {
    (void)state;
    struct upload upload = house_upload(2500);
    house_receive(&upload, 2500);
    assert_text(house_video(upload.id).status, "uploading");
    house_tick(&upload_tick);
    assert_processing_once(upload.id, 2500);
    house_tick(&upload_tick);
    assert_processing_once(upload.id, 2500);
}

static void killed_between_seal_and_rows(void **state) {
    (void)state;
    char name[VIDEO_KEY_BYTES], key[VIDEO_KEY_BYTES];
    struct upload upload = house_upload(2500);
    struct blob_stage *stage = NULL;
    int64_t bytes = 0;
    house_receive(&upload, 2500);
    assert_ok(house.cx, blob_stage_open(house.cx, house.services.blobs,
                                        video_upload_stage(upload.id, name), &stage, &bytes));
    assert_ok(house.cx, blob_stage_seal(house.cx, stage, video_source_key(upload.id, key)));
    house_tick(&video_audit_tick); /* takes nothing that a row knows */
    house_tick(&upload_tick);
    assert_processing_once(upload.id, 2500);
}

static void the_client_who_asks_finishes_it_too(void **state) {
    (void)state;
    struct upload upload = house_upload(2500);
    int64_t bytes = 0;
    house_receive(&upload, 2500);
    assert_ok(house.cx, upload_offset(house.cx, &house.services, &upload, &bytes));
    assert_int_equal(bytes, 2500);
    assert_text(upload.state, "done");
    assert_processing_once(upload.id, 2500);
}

static void a_part_is_kept_and_continued(void **state) {
    (void)state;
    struct upload upload = house_upload(2500);
    int64_t bytes = 0;
    house_receive(&upload, 1100);
    house_tick(&upload_tick);
    house_tick(&video_audit_tick);
    assert_ok(house.cx, upload_offset(house.cx, &house.services, &upload, &bytes));
    assert_int_equal(bytes, 1100);
    assert_text(house_video(upload.id).status, "uploading");
    house_receive(&upload, 1400);
    house_tick(&upload_tick);
    assert_processing_once(upload.id, 2500);
}

static void expired_parts_go(void **state) {
    (void)state;
    char name[VIDEO_KEY_BYTES];
    struct upload upload = house_upload(2500);
    house_receive(&upload, 1100);
    assert_ok(house.cx, db_run(house.cx, house.services.db, &sql_books_age_upload,
                               DB_ARGS(upload.id), NULL));
    struct upload found;
    assert_status(house.cx, GONE,
                  upload_find(house.cx, &house.services, upload.id, TEXT("ann"), &found));
    house_tick(&upload_tick);
    struct books books = books_of(upload.id);
    assert_int_equal(books.videos + books.uploads + books.trash + books.jobs, 0);
    assert_false(house_has_stage(video_upload_stage(upload.id, name)));
    assert_status(house.cx, NOT_FOUND,
                  upload_find(house.cx, &house.services, upload.id, NO_TEXT, &found));
}

/* Several who settle the same sealed object at once. */
struct settler {
    pthread_t thread;
    text id;
    status outcome;
};

static void *settle(void *argument) {
    struct settler *settler = argument;
    scoped(arena_done) struct arena *arena = arena_new(1 << 20);
    struct ctx cx = {.arena = arena};
    settler->outcome = upload_settle(&cx, &house.services, settler->id, 2500);
    return NULL;
}

static void of_many_who_settle_one_enqueues(void **state) {
    (void)state;
    char name[VIDEO_KEY_BYTES], key[VIDEO_KEY_BYTES];
    struct upload upload = house_upload(2500);
    struct blob_stage *stage = NULL;
    struct settler settlers[6];
    int64_t bytes = 0;
    house_receive(&upload, 2500);
    assert_ok(house.cx, blob_stage_open(house.cx, house.services.blobs,
                                        video_upload_stage(upload.id, name), &stage, &bytes));
    assert_ok(house.cx, blob_stage_seal(house.cx, stage, video_source_key(upload.id, key)));
    for (size_t i = 0; i < COUNT_OF(settlers); i++) {
        settlers[i] = (struct settler){.id = upload.id};
        assert_int_equal(thread_start(&settlers[i].thread, "settler", settle, &settlers[i]), OK);
    }
    for (size_t i = 0; i < COUNT_OF(settlers); i++) {
        thread_join(settlers[i].thread);
        assert_int_equal(settlers[i].outcome, OK);
    }
    assert_processing_once(upload.id, 2500);
}

static void a_video_deleted_meanwhile_leaves_no_object(void **state) {
    (void)state;
    char key[VIDEO_KEY_BYTES];
    struct upload upload = house_upload(1000);
    struct upload_intake *intake = NULL;
    char bytes[1000];
    memset(bytes, 'f', sizeof bytes);
    assert_ok(house.cx, upload_intake_open(house.cx, &house.services, &upload, &intake));
    assert_ok(house.cx, upload_intake_append(house.cx, intake, bytes, sizeof bytes));
    assert_ok(house.cx, video_delete(house.cx, &house.services, upload.id));
    assert_status(house.cx, GONE, upload_intake_keep(house.cx, intake, NULL));
    assert_status(house.cx, GONE, upload_intake_finish(house.cx, intake));
    upload_intake_close(intake);
    house_tick(&video_trash_tick);
    assert_false(house_has(video_source_key(upload.id, key)));
    assert_false(house_has_stage(video_upload_stage(upload.id, key)));
    assert_int_equal(books_of(upload.id).trash, 0);
}

static void one_writer_at_a_time(void **state) {
    (void)state;
    struct upload upload = house_upload(1000);
    struct upload_intake *first = NULL, *second = NULL;
    assert_ok(house.cx, upload_intake_open(house.cx, &house.services, &upload, &first));
    assert_ok(house.cx, upload_intake_append(house.cx, first, "abc", 3));
    assert_status(house.cx, CONFLICT,
                  upload_intake_open(house.cx, &house.services, &upload, &second));
    int64_t bytes = 0;
    assert_ok(house.cx, upload_offset(house.cx, &house.services, &upload, &bytes));
    assert_int_equal(bytes, 3);
    house_tick(&upload_tick); /* leaves it alone */
    assert_ok(house.cx, upload_intake_append(house.cx, first, "def", 3));
    upload_intake_close(first);
    assert_ok(house.cx, upload_intake_open(house.cx, &house.services, &upload, &second));
    assert_int_equal(upload_intake_size(second), 6);
    upload_intake_close(second);
}

static void what_is_announced_counts_against_the_quota(void **state) {
    (void)state;
    house.services.settings.user_quota_bytes = 5000;
    struct upload first = house_upload(3000);
    struct upload refused;
    struct upload_new what = {
        .owner_id = TEXT("ann"), .protocol = TEXT("tus"), .length_bytes = 2001};
    assert_status(house.cx, QUOTA, upload_create(house.cx, &house.services, &what, &refused));
    what.owner_id = TEXT("ben");
    assert_ok(house.cx, upload_create(house.cx, &house.services, &what, &refused));
    house_receive(&first, 3000);
    house_tick(&upload_tick);
    assert_processing_once(first.id, 3000);
    house_upload(2000);
}

static void a_form_that_outgrows_the_quota_is_removed(void **state) {
    (void)state;
    char key[VIDEO_KEY_BYTES];
    struct upload upload;
    struct upload_intake *intake = NULL;
    const struct upload_new what = {
        .owner_id = TEXT("ann"), .protocol = TEXT("form"), .length_bytes = NO_INT};
    house.services.settings.user_quota_bytes = 1000;
    assert_ok(house.cx, upload_create(house.cx, &house.services, &what, &upload));
    assert_ok(house.cx, upload_intake_open(house.cx, &house.services, &upload, &intake));
    char bytes[1001];
    memset(bytes, 'f', sizeof bytes);
    assert_ok(house.cx, upload_intake_append(house.cx, intake, bytes, sizeof bytes));
    assert_status(house.cx, QUOTA, upload_intake_finish(house.cx, intake));
    upload_intake_close(intake);
    struct books books = books_of(upload.id);
    assert_int_equal(books.videos + books.uploads + books.trash + books.jobs, 0);
    assert_false(house_has(video_source_key(upload.id, key)));
}

int main(void) {
    db_fixture_steps = migrations_all;
    db_fixture_step_count = migrations_count;
    const struct CMUnitTest tests[] = {
        HOUSE_TEST(killed_when_all_bytes_were_there),
        HOUSE_TEST(killed_between_seal_and_rows),
        HOUSE_TEST(the_client_who_asks_finishes_it_too),
        HOUSE_TEST(a_part_is_kept_and_continued),
        HOUSE_TEST(expired_parts_go),
        HOUSE_TEST(of_many_who_settle_one_enqueues),
        HOUSE_TEST(a_video_deleted_meanwhile_leaves_no_object),
        HOUSE_TEST(one_writer_at_a_time),
        HOUSE_TEST(what_is_announced_counts_against_the_quota),
        HOUSE_TEST(a_form_that_outgrows_the_quota_is_removed),
    };
    return db_fixture_run(tests, COUNT_OF(tests));
}
