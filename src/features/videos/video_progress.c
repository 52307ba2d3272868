/* video_progress.c: telling how far a video is, to whoever listens now, asks late, or asks
 * elsewhere.
 *
 * Owns: the cache keys progress:{id} and the bus topics video:progress:{id} and
 * video:progress:all. Invariant: states of one video are told in the order of their
 * updated_at_ms. Threads: any. */
#include "base/clock.h"
#include "base/record.h"
#include "base/scope.h"
#include "features/videos/video.h"
#include "features/videos/video_sql.h"
#include "store/bus/bus.h"
#include "store/cache/cache.h"

enum { EVENT_ARENA_BYTES = 32 << 10, KEPT_MS = 24 * 3600 * 1000 };

void video_progress_publish(struct services *services, struct video_progress *progress) {
    if (progress->updated_at_ms == 0) progress->updated_at_ms = clock_now_ms();
    scoped(arena_done) struct arena *arena = arena_new(EVENT_ARENA_BYTES);
    if (!arena) return;
    struct ctx cx = {.arena = arena};
    text json = NO_TEXT, key = NO_TEXT, topic = NO_TEXT;
    if (record_to_json(&cx, &video_progress_schema, progress, &json) != OK) return;
    if (text_format(arena, &key, "progress:%.*s", TEXT_ARG(progress->video_id)) != OK) return;
    if (text_format(arena, &topic, "video:progress:%.*s", TEXT_ARG(progress->video_id)) != OK)
        return;
    cache_put(services->cache, key, json, KEPT_MS);
    bus_publish(services->bus, topic, json);
    bus_publish(services->bus, TEXT("video:progress:all"), json);
}

status video_progress_store(struct ctx *cx, struct services *services,
                            const struct video_progress *progress) {
    return db_run(cx, services->db, &sql_video_set_progress,
                  DB_ARGS(progress->video_id, progress->stage, progress->percent,
                          progress->message, progress->eta_ms, progress->updated_at_ms),
                  NULL);
}

void video_progress_of(const struct video *video, struct video_progress *out) {
    *out = (struct video_progress){.video_id = video->id,
                                   .status = video->status,
                                   .playable = video->playable,
                                   .stage = video->progress_stage,
                                   .percent = video->progress_percent,
                                   .message = video->progress_message,
                                   .eta_ms = video->progress_eta_ms,
                                   .error = video->error,
                                   .updated_at_ms = video->progress_at_ms};
}

status video_progress_since(struct ctx *cx, struct services *services, int64_t since_ms,
                            list *out) {
    return db_list(cx, services->db, &sql_video_list_moved, DB_ARGS(since_ms), &video_schema, out);
}

status video_progress_open(struct ctx *cx, struct services *services, const struct actor *actor,
                           list *out) {
    int64_t all = actor->role >= ROLE_MODERATOR;
    return db_list(cx, services->db, &sql_video_list_unfinished, DB_ARGS(actor->user_id, all),
                   &video_schema, out);
}
