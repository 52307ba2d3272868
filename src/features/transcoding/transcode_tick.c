/* transcode_tick.c: videos whose workers died until the queue gave up on them are told so.
 *
 * Owns nothing. Threads: the tick's; safe in several processes, as the change is conditional. */
#include "features/transcoding/transcode.h"
#include "features/transcoding/transcode_report.h"
#include "features/transcoding/transcode_sql.h"

struct stranded {
    text video_id;
    text error;
    int64_t attempt;
};
static const struct field stranded_fields[] = {FIELD(struct stranded, video_id),
                                               FIELD(struct stranded, error),
                                               FIELD(struct stranded, attempt)};
static const struct schema stranded_schema =
    SCHEMA("Stranded", struct stranded, stranded_fields, "");

struct verdict {
    text id, sentence;
};

static status fail_work(struct ctx *cx, struct db_tx *tx, void *argument) {
    const struct verdict *verdict = argument;
    return video_failed(cx, tx, verdict->id, verdict->sentence);
}

static status tell(struct ctx *cx, struct services *services, const struct stranded *one) {
    struct verdict verdict = {.id = one->video_id};
    struct video video;
    TRY(transcode_sentence(cx, one->attempt, one->error, &verdict.sentence));
    status told = db_write(cx, services->db, fail_work, &verdict);
    if (told == CONFLICT) { /* someone else was quicker */
        ctx_clear(cx);
        return OK;
    }
    TRY(told);
    TRY(video_render_sweep_others(cx, services, one->video_id, TEXT("")));
    TRY(video_find(cx, services, NULL, one->video_id, &video));
    struct video_progress progress;
    video_progress_of(&video, &progress);
    video_progress_publish(services, &progress);
    return OK;
}

static status run_tick(struct ctx *cx, struct services *services) {
    list rows = {0};
    TRY(db_list(cx, services->db, &sql_transcode_list_stranded, DB_NO_ARGS, &stranded_schema,
                &rows));
    const struct stranded *all = rows.at;
    for (size_t i = 0; i < rows.len; i++) TRY(tell(cx, services, &all[i]));
    return OK;
}

const struct tick transcode_tick = {"transcoding.stranded", 10000, run_tick};
