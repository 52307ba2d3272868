/* video.c: who may see and change a video, finding one, and completing a row to what the API
 * tells.
 *
 * Owns nothing. Invariant: a video that the actor may not see looks exactly like one that does
 * not exist. Threads: any. */
#include "features/videos/video.h"

#include "base/clock.h"
#include "features/videos/video_sql.h"
#include "net/url_sign.h"
#include "store/queue/queue.h"

bool video_may_see(const struct video *video, const struct actor *actor) {
    return !text_is(video->visibility, "private") || video_may_change(video, actor);
}

bool video_may_change(const struct video *video, const struct actor *actor) {
    if (actor->role >= ROLE_MODERATOR) return true;
    return actor->user_id.at != NULL && text_equal(actor->user_id, video->owner_id);
}

static status not_found(struct ctx *cx) {
    return ctx_fail(cx, NOT_FOUND, "There is no such video, or it isn't shared with you.");
}

/* Signatures end on a fixed grid, so that the same address is handed out for a while and caches of
 * browsers and proxies can use it; each lasts between half and all of the configured life. */
static int64_t expiry_s(const struct settings *settings) {
    int64_t step = settings->signed_url_lifetime_ms / 2000;
    if (step < 1) step = 1;
    return (clock_now_ms() / 1000 / step + 2) * step;
}

static status address(struct ctx *cx, text scope, const char *file, text query, text *out) {
    status made = query.at ? text_format(cx->arena, out, "%.*s%s?%.*s", TEXT_ARG(scope), file,
                                         TEXT_ARG(query))
                           : text_format(cx->arena, out, "%.*s%s", TEXT_ARG(scope), file);
    return made == OK ? OK : ctx_no_memory(cx);
}

static status complete_addresses(struct ctx *cx, struct services *services, struct video *video) {
    text scope = NO_TEXT, query = NO_TEXT;
    if (!video->playable) return OK;
    TRY(video_media_scope(cx, video->id, &scope));
    if (text_is(video->visibility, "private")) {
        int64_t until_s = expiry_s(&services->settings);
        TRY(url_sign(cx, services->settings.url_key, scope, until_s, &query));
        video->playback.expires_at_ms = until_s * 1000;
    }
    TRY(address(cx, scope, "master.m3u8", query, &video->playback.hls));
    if (!video->has_thumbnail) return OK;
    /* The run's name in the address lets caches keep the picture. */
    if (text_format(cx->arena, &query, "%.*s%sv=%.*s", TEXT_ARG(query), query.len ? "&" : "",
                    TEXT_ARG(video->render)) != OK)
        return ctx_no_memory(cx);
    return address(cx, scope, "thumbnail.jpg", query, &video->thumbnail);
}

status video_complete(struct ctx *cx, struct services *services, struct video *video) {
    video->owner = (struct video_owner){video->owner_id, video->owner_name};
    video->thumbnail = NO_TEXT;
    video->playback = (struct video_playback){NO_TEXT, NO_INT};
    video->progress = NULL;
    if (text_is(video->status, "uploading") || text_is(video->status, "processing")) {
        video->progress = arena_new_of(cx->arena, struct video_stage);
        TRY_NEW(cx, video->progress);
        *video->progress = (struct video_stage){video->progress_stage, video->progress_percent};
    }
    return complete_addresses(cx, services, video);
}

struct finding {
    text id;
    struct video *video;
};

static status find_work(struct ctx *cx, struct db_tx *tx, void *argument) {
    struct finding *finding = argument;
    TRY(tx_get(cx, tx, &sql_video_by_id, DB_ARGS(finding->id), &video_schema, finding->video));
    return tx_list(cx, tx, &sql_video_files_of, DB_ARGS(finding->id), &video_rendition_schema,
                   &finding->video->renditions);
}

status video_find(struct ctx *cx, struct services *services, const struct actor *actor, text id,
                  struct video *out) {
    struct video video;
    record_clear(&video_schema, &video);
    struct finding finding = {id, &video};
    status found = db_read(cx, services->db, find_work, &finding);
    if (found == NOT_FOUND) return not_found(cx);
    TRY(found);
    if (actor && !video_may_see(&video, actor)) return not_found(cx);
    TRY(video_complete(cx, services, &video));
    *out = video;
    return OK;
}

status video_find_for_change(struct ctx *cx, struct services *services, const struct actor *actor,
                             text id, struct video *out) {
    struct video video;
    TRY(video_find(cx, services, actor, id, &video));
    if (!video_may_change(&video, actor))
        return ctx_fail(cx, DENIED, "Only the owner of a video may do this.");
    *out = video;
    return OK;
}

struct deletion {
    struct services *services;
    text id;
};

static status trash_all(struct ctx *cx, struct db_tx *tx, text id) {
    char key[VIDEO_KEY_BYTES];
    TRY(video_trash_add(cx, tx, VIDEO_TRASH_OBJECT, video_source_key(id, key)));
    TRY(video_trash_add(cx, tx, VIDEO_TRASH_STAGE, video_upload_stage(id, key)));
    text folder = NO_TEXT;
    TRY(text_format(cx->arena, &folder, "videos/processed/%.*s/", TEXT_ARG(id)));
    return video_trash_add(cx, tx, VIDEO_TRASH_FOLDER, folder);
}

static status delete_work(struct ctx *cx, struct db_tx *tx, void *argument) {
    struct deletion *deletion = argument;
    int64_t changed = 0;
    TRY(queue_cancel(cx, deletion->services->queue, tx, deletion->id));
    TRY(tx_run(cx, tx, &sql_video_delete_row, DB_ARGS(deletion->id), &changed));
    if (changed == 0) return not_found(cx);
    return trash_all(cx, tx, deletion->id);
}

status video_delete(struct ctx *cx, struct services *services, text id) {
    struct deletion deletion = {services, id};
    TRY(db_write(cx, services->db, delete_work, &deletion));
    video_access_forget(services, id);
    /* What fails here stays listed and is done by the next tick. */
    if (video_trash_empty(cx, services) != OK) ctx_clear(cx);
    return OK;
}
