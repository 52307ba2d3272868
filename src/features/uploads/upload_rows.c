/* upload_rows.c: see upload_rows.h and, for the order of things and its proof, README.md. */
#include "features/uploads/upload_rows.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/scope.h"
#include "features/uploads/upload_intake.h"
#include "features/uploads/upload_sql.h"
#include "store/blob/blob.h"
#include "store/queue/queue.h"

enum { FORM_LIFE_MS = 2 * 60 * 1000, DONE_LIFE_MS = 24 * 3600 * 1000 };

static const struct field upload_fields[] = {
    FIELD(struct upload, id),           FIELD(struct upload, owner_id),
    FIELD(struct upload, protocol),     FIELD(struct upload, length_bytes),
    FIELD(struct upload, metadata),     FIELD(struct upload, state),
    FIELD(struct upload, created_at_ms), FIELD(struct upload, expires_at_ms),
};
const struct schema upload_schema =
    SCHEMA("Upload", struct upload, upload_fields, "A file on its way in.");

static int64_t expiry_ms(const struct services *services, bool is_form) {
    return clock_now_ms() + (is_form ? FORM_LIFE_MS : services->settings.upload_lifetime_ms);
}

struct creation {
    const struct upload_new *what;
    const struct video_new *words;
    struct services *services;
    struct upload *upload;
};

static status create_work(struct ctx *cx, struct db_tx *tx, void *argument) {
    const struct creation *creation = argument;
    const struct upload_new *what = creation->what;
    const struct upload *upload = creation->upload;
    const struct video_add video = {
        .id = upload->id,
        .owner_id = upload->owner_id,
        .file_name = what->file_name,
        .record = creation->words,
        .size_bytes = upload->length_bytes != NO_INT ? upload->length_bytes : what->reserve_bytes,
        .quota_bytes = creation->services->settings.user_quota_bytes,
        .now_ms = upload->created_at_ms,
    };
    TRY(video_add(cx, tx, &video));
    return tx_run(cx, tx, &sql_upload_insert,
                  DB_ARGS(upload->id, upload->owner_id, upload->protocol, upload->length_bytes,
                          upload->metadata, upload->created_at_ms, upload->expires_at_ms),
                  NULL);
}

static status check_length(struct ctx *cx, const struct services *services, int64_t length_bytes) {
    if (length_bytes == NO_INT) return OK;
    if (length_bytes == 0)
        return ctx_fail_field(cx, INVALID, "file", "The file is empty; choose a video file.");
    if (length_bytes <= upload_limit(services)) return OK;
    return ctx_fail(cx, QUOTA, "Files may have at most %lld MB here.",
                    (long long)(upload_limit(services) >> 20));
}

status upload_create(struct ctx *cx, struct services *services, const struct upload_new *what,
                     struct upload *out) {
    struct video_new words = what->words;
    TRY(check_length(cx, services, what->length_bytes));
    TRY(video_new_prepare(cx, what->file_name, &words));
    struct upload upload = {.owner_id = what->owner_id,
                            .protocol = what->protocol,
                            .length_bytes = what->length_bytes,
                            .metadata = what->metadata.at ? what->metadata : TEXT(""),
                            .state = TEXT("receiving"),
                            .created_at_ms = clock_now_ms()};
    upload.expires_at_ms = expiry_ms(services, text_is(what->protocol, "form"));
    if (random_id(cx->arena, &upload.id) != OK) return ctx_no_memory(cx);
    struct creation creation = {what, &words, services, &upload};
    TRY(db_write(cx, services->db, create_work, &creation));
    struct video_progress progress = {.video_id = upload.id,
                                      .status = TEXT("uploading"),
                                      .stage = TEXT("uploading"),
                                      .message = TEXT("Receiving the film."),
                                      .eta_ms = NO_INT,
                                      .updated_at_ms = upload.created_at_ms};
    video_progress_publish(services, &progress);
    *out = upload;
    return OK;
}

status upload_find(struct ctx *cx, struct services *services, text id, text owner_id,
                   struct upload *out) {
    struct upload upload;
    status found =
        db_get(cx, services->db, &sql_upload_by_id, DB_ARGS(id), &upload_schema, &upload);
    if (found != OK && found != NOT_FOUND) return found;
    if (found == NOT_FOUND || (owner_id.at && !text_equal(owner_id, upload.owner_id)))
        return ctx_fail(cx, NOT_FOUND, "There is no such upload; begin a new one.");
    if (upload.expires_at_ms < clock_now_ms())
        return ctx_fail(cx, GONE, "This upload has expired; begin a new one.");
    *out = upload;
    return OK;
}

status upload_touch(struct ctx *cx, struct services *services, text id, bool is_form,
                    int64_t *out_expires_at_ms) {
    int64_t expires_at_ms = expiry_ms(services, is_form);
    int64_t changed = 0;
    TRY(db_run(cx, services->db, &sql_upload_touch, DB_ARGS(id, expires_at_ms), &changed));
    if (changed == 0) return ctx_fail(cx, GONE, "The video was deleted meanwhile.");
    if (out_expires_at_ms) *out_expires_at_ms = expires_at_ms;
    return OK;
}

status upload_set_length(struct ctx *cx, struct services *services, text id,
                         int64_t length_bytes) {
    int64_t changed = 0;
    TRY(check_length(cx, services, length_bytes));
    TRY(db_run(cx, services->db, &sql_upload_set_length, DB_ARGS(id, length_bytes), &changed));
    return changed == 1 ? OK : ctx_fail(cx, CONFLICT, "The upload's length is known already.");
}

struct settling {
    struct services *services;
    text id;
    int64_t size_bytes;
    bool was_done;
};

static status settle_work(struct ctx *cx, struct db_tx *tx, void *argument) {
    struct settling *settling = argument;
    struct upload upload;
    int64_t changed = 0;
    settling->was_done = false;
    status found =
        tx_get(cx, tx, &sql_upload_by_id, DB_ARGS(settling->id), &upload_schema, &upload);
    if (found == NOT_FOUND) return ctx_fail(cx, GONE, "The video was deleted meanwhile.");
    TRY(found);
    TRY(tx_run(cx, tx, &sql_upload_set_done,
               DB_ARGS(settling->id, settling->size_bytes, clock_now_ms() + DONE_LIFE_MS),
               &changed));
    settling->was_done = changed == 0;
    if (settling->was_done) return OK;
    TRY(video_received(cx, tx, settling->id, settling->size_bytes,
                       settling->services->settings.user_quota_bytes));
    const struct job_new job = {.kind = TEXT("video.transcode"),
                                .subject = settling->id,
                                .payload = TEXT("{}"),
                                .user_id = upload.owner_id,
                                .only_one = true};
    text job_id = NO_TEXT;
    return queue_add(cx, settling->services->queue, tx, &job, &job_id);
}

/* The object has no row to belong to, or no room. */
static status refuse_settled(struct ctx *cx, struct services *services, text id, status why) {
    char key[VIDEO_KEY_BYTES];
    struct fault kept = cx->fault;
    ctx_clear(cx);
    if (why == QUOTA && upload_abandon(cx, services, id) != OK) ctx_clear(cx);
    if (why == GONE && blob_delete(cx, services->blobs, video_source_key(id, key)) != OK)
        ctx_clear(cx);
    cx->fault = kept;
    return why;
}

status upload_settle(struct ctx *cx, struct services *services, text id, int64_t size_bytes) {
    struct settling settling = {services, id, size_bytes, false};
    status settled = db_write(cx, services->db, settle_work, &settling);
    if (settled == QUOTA || settled == GONE) return refuse_settled(cx, services, id, settled);
    TRY(settled);
    if (settling.was_done) return OK;
    struct video_progress progress = {.video_id = id,
                                      .status = TEXT("processing"),
                                      .stage = TEXT("queued"),
                                      .message = TEXT("Waiting for its turn."),
                                      .eta_ms = NO_INT};
    video_progress_publish(services, &progress);
    return OK;
}

static void close_stage(struct blob_stage **stage) {
    blob_stage_close(*stage);
}

/* Whether the object is sealed, and then its rows are settled. */
static status settle_sealed(struct ctx *cx, struct services *services, struct upload *upload,
                            bool *out_sealed, int64_t *out_bytes) {
    char key[VIDEO_KEY_BYTES];
    struct blob_info info = {0};
    *out_sealed = false;
    status found = blob_stat(cx, services->blobs, video_source_key(upload->id, key), &info);
    if (found == NOT_FOUND) {
        ctx_clear(cx);
        return OK;
    }
    TRY(found);
    TRY(upload_settle(cx, services, upload->id, info.size_bytes));
    upload->state = TEXT("done");
    *out_bytes = info.size_bytes;
    *out_sealed = true;
    return OK;
}

status upload_recover(struct ctx *cx, struct services *services, struct upload *upload,
                      int64_t *out_bytes) {
    char name[VIDEO_KEY_BYTES];
    bool sealed = false;
    int64_t size_bytes = 0;
    scoped(close_stage) struct blob_stage *stage = NULL;
    TRY(settle_sealed(cx, services, upload, &sealed, out_bytes));
    if (sealed) return OK;
    TRY(blob_stage_open(cx, services->blobs, video_upload_stage(upload->id, name), &stage,
                        &size_bytes));
    if (size_bytes == 0) { /* new: was the old one sealed since we looked? */
        TRY(settle_sealed(cx, services, upload, &sealed, out_bytes));
        blob_stage_drop(move(&stage));
        if (!sealed) *out_bytes = 0;
        return OK;
    }
    *out_bytes = size_bytes;
    if (upload->length_bytes == NO_INT || size_bytes != upload->length_bytes) return OK;
    TRY(blob_stage_seal(cx, stage, video_source_key(upload->id, name)));
    stage = NULL;
    TRY(upload_settle(cx, services, upload->id, size_bytes));
    upload->state = TEXT("done");
    return OK;
}

status upload_offset(struct ctx *cx, struct services *services, struct upload *upload,
                     int64_t *out_bytes) {
    bool held = false;
    if (text_is(upload->state, "done")) {
        *out_bytes = upload->length_bytes;
        return OK;
    }
    TRY(upload_held_size(cx, upload->id, &held, out_bytes));
    if (held) return OK;
    status recovered = upload_recover(cx, services, upload, out_bytes);
    if (recovered != CONFLICT) return recovered;
    ctx_clear(cx);
    return ctx_fail(cx, BUSY, "This upload is being received over another connection.");
}

static status abandon_work(struct ctx *cx, struct db_tx *tx, void *argument) {
    const text *id = argument;
    return video_abandon(cx, tx, *id);
}

status upload_abandon(struct ctx *cx, struct services *services, text id) {
    TRY(db_write(cx, services->db, abandon_work, &id));
    if (video_trash_empty(cx, services) != OK) ctx_clear(cx); /* stays listed for the next tick */
    return OK;
}
