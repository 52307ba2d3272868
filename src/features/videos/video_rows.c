/* video_rows.c: the changes of a video's row, each guarded by the status it starts from.
 *
 * Owns nothing. Invariant: a change whose starting status is gone changes nothing and says
 * CONFLICT, so that of two who race exactly one wins. Threads: as the transaction. */
#include "base/clock.h"
#include "features/videos/video.h"
#include "features/videos/video_sql.h"
#include "features/videos/video_store_sql.h"

/* One number as a row. */
struct usage {
    int64_t used_bytes;
};
static const struct field usage_fields[] = {FIELD(struct usage, used_bytes)};
static const struct schema usage_schema = SCHEMA("Usage", struct usage, usage_fields, "");

/* One text as a row. */
struct owner_row {
    text owner_id;
};
static const struct field owner_fields[] = {FIELD(struct owner_row, owner_id)};
static const struct schema owner_schema = SCHEMA("OwnerId", struct owner_row, owner_fields, "");

struct render_row {
    text render;
};
static const struct field render_fields[] = {FIELD(struct render_row, render)};
static const struct schema render_schema = SCHEMA("Render", struct render_row, render_fields, "");

static text without_extension(text file_name) {
    for (size_t at = file_name.len; at > 1; at--) {
        if (file_name.at[at - 1] == '.') return text_part(file_name, 0, at - 1);
        if (file_name.len - at > 6) break;
    }
    return file_name;
}

/* The longest beginning that is at most `most` code points; the text must be UTF-8. */
static text cut_to_points(text t, size_t most) {
    size_t points = 0;
    for (size_t at = 0; at < t.len; at++) {
        if (((unsigned char)t.at[at] & 0xC0) == 0x80) continue;
        if (points++ == most) return text_part(t, 0, at);
    }
    return t;
}

status video_unify_lines(struct ctx *cx, text words, text *out) {
    struct build build = {.arena = cx->arena};
    if (text_find(words, '\r') < 0) {
        *out = words;
        return OK;
    }
    for (size_t i = 0; i < words.len; i++) {
        bool pair = words.at[i] == '\r' && i + 1 < words.len && words.at[i + 1] == '\n';
        if (!pair) build_byte(&build, words.at[i]);
    }
    return build_text(&build, out) == OK ? OK : ctx_no_memory(cx);
}

status video_new_prepare(struct ctx *cx, text file_name, struct video_new *record) {
    record->title = text_trim(record->title);
    if (record->title.len == 0) {
        text title = text_trim(without_extension(file_name));
        if (!text_is_utf8(title) || title.len == 0) title = TEXT("Untitled");
        record->title = text_trim(cut_to_points(title, VIDEO_TITLE_CAP));
    }
    TRY(video_unify_lines(cx, record->description, &record->description));
    if (!record->description.at) record->description = TEXT("");
    if (!record->visibility.at || record->visibility.len == 0) record->visibility = TEXT("public");
    return record_check(cx, &video_new_schema, record);
}

static status check_quota(struct ctx *cx, struct db_tx *tx, text owner_id, text id,
                          int64_t size_bytes, int64_t quota_bytes) {
    struct usage usage = {0};
    if (quota_bytes <= 0) return OK;
    TRY(tx_get(cx, tx, &sql_video_usage_of_owner, DB_ARGS(owner_id, id), &usage_schema, &usage));
    if (size_bytes <= quota_bytes && usage.used_bytes <= quota_bytes - size_bytes) return OK;
    return ctx_fail(cx, QUOTA,
                    "This film doesn't fit into your storage: %lld of %lld MB are used. Delete "
                    "films you no longer need.",
                    (long long)(usage.used_bytes >> 20), (long long)(quota_bytes >> 20));
}

status video_add(struct ctx *cx, struct db_tx *tx, const struct video_add *what) {
    const struct video_new *record = what->record;
    TRY(check_quota(cx, tx, what->owner_id, what->id, what->size_bytes, what->quota_bytes));
    return tx_run(cx, tx, &sql_video_insert,
                  DB_ARGS(what->id, what->owner_id, record->title, record->description,
                          record->visibility, what->file_name.at ? what->file_name : TEXT(""),
                          what->size_bytes, "Receiving the film.", what->now_ms),
                  NULL);
}

static status changed_one(struct ctx *cx, struct db_tx *tx, const struct sql *sql,
                          const struct db_args *args, status otherwise, const char *sentence) {
    int64_t changed = 0;
    TRY(tx_run(cx, tx, sql, args, &changed));
    return changed == 1 ? OK : ctx_fail(cx, otherwise, "%s", sentence);
}

status video_describe(struct ctx *cx, struct db_tx *tx, text id, const struct video_new *record) {
    return changed_one(cx, tx, &sql_video_set_words,
                       DB_ARGS(id, record->title, record->description, record->visibility,
                               clock_now_ms()),
                       NOT_FOUND, "There is no such video, or it isn't shared with you.");
}

status video_received(struct ctx *cx, struct db_tx *tx, text id, int64_t size_bytes,
                      int64_t quota_bytes) {
    struct owner_row row = {NO_TEXT};
    status found = tx_get(cx, tx, &sql_video_owner_of, DB_ARGS(id), &owner_schema, &row);
    if (found == NOT_FOUND) return ctx_fail(cx, CONFLICT, "The video was deleted meanwhile.");
    TRY(found);
    TRY(check_quota(cx, tx, row.owner_id, id, size_bytes, quota_bytes));
    return changed_one(cx, tx, &sql_video_set_received,
                       DB_ARGS(id, size_bytes, "Waiting for its turn.", clock_now_ms()), CONFLICT,
                       "This upload is finished already.");
}

status video_resubmit(struct ctx *cx, struct db_tx *tx, text id) {
    return changed_one(cx, tx, &sql_video_set_resubmitted,
                       DB_ARGS(id, "Waiting for its turn.", clock_now_ms()), CONFLICT,
                       "This video is being uploaded or processed now; wait until that is over.");
}

status video_abandon(struct ctx *cx, struct db_tx *tx, text id) {
    char name[VIDEO_KEY_BYTES];
    TRY(changed_one(cx, tx, &sql_video_delete_unfinished, DB_ARGS(id), CONFLICT,
                    "This upload is finished; delete the video instead."));
    TRY(video_trash_add(cx, tx, VIDEO_TRASH_STAGE, video_upload_stage(id, name)));
    return video_trash_add(cx, tx, VIDEO_TRASH_OBJECT, video_source_key(id, name));
}

static status add_file(struct ctx *cx, struct db_tx *tx, text id, int64_t position,
                       const struct video_rendition *one) {
    return tx_run(cx, tx, &sql_video_file_insert,
                  DB_ARGS(id, one->name, one->kind, position, one->width, one->height,
                          one->frame_rate, one->bandwidth_bps, one->average_bandwidth_bps,
                          one->codecs, one->size_bytes),
                  NULL);
}

status video_ready(struct ctx *cx, struct db_tx *tx, const struct video_result *result) {
    char key[VIDEO_KEY_BYTES];
    struct render_row before = {NO_TEXT};
    status found = tx_get(cx, tx, &sql_video_render_of, DB_ARGS(result->id), &render_schema,
                          &before);
    if (found == NOT_FOUND) return ctx_fail(cx, CONFLICT, "The video was deleted meanwhile.");
    TRY(found);
    TRY(changed_one(cx, tx, &sql_video_set_ready,
                    DB_ARGS(result->id, result->render, result->duration_ms, result->width,
                            result->height, result->has_thumbnail, "Ready to watch.",
                            clock_now_ms()),
                    CONFLICT, "The video isn't being processed any more."));
    TRY(tx_run(cx, tx, &sql_video_files_delete, DB_ARGS(result->id), NULL));
    for (size_t i = 0; i < result->rendition_count; i++)
        TRY(add_file(cx, tx, result->id, (int64_t)i, &result->renditions[i]));
    TRY(tx_run(cx, tx, &sql_render_delete, DB_ARGS(result->render), NULL));
    if (!before.render.at || text_equal(before.render, result->render)) return OK;
    return video_trash_add(cx, tx, VIDEO_TRASH_FOLDER,
                           video_processed_key(result->id, before.render, TEXT(""), key));
}

status video_failed(struct ctx *cx, struct db_tx *tx, text id, text error) {
    return changed_one(cx, tx, &sql_video_set_failed, DB_ARGS(id, error, clock_now_ms()), CONFLICT,
                       "The video isn't being processed any more.");
}
