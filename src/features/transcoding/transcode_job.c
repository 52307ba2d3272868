/* transcode_job.c: one attempt at making a film playable.
 *
 * Owns: the attempt's stages. Steps: note the run → sweep dead runs → probe → plan → encode into
 * stages → seal them under the run's own keys → one transaction: renditions, video ready, job done.
 * Before that transaction nothing of it is visible; what it sealed lies under a run that is listed
 * in table renders, so a crash at any point leaves only what the next attempt or the sweep removes.
 * Threads: a worker's. */
#include "features/transcoding/transcode.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/scope.h"
#include "features/transcoding/transcode_report.h"
#include "media/media.h"
#include "store/blob/blob.h"
#include "store/queue/queue.h"

#include <math.h>
#include <stdio.h>

enum { RENDITIONS_MOST = 16 };

/* One attempt. */
struct attempt {
    struct services *services;
    const struct job *job;
    struct job_control *control;
    struct video video;
    char run[ID_BYTES];
    int source_fd;
    struct media_plan plan;
    struct media_result result;
    struct blob_stage *stages[RENDITIONS_MOST];
    struct transcode_report report;
};

static text run_of(const struct attempt *attempt) {
    return text_of(attempt->run);
}

static void drop_stages(struct attempt *attempt) {
    for (size_t i = 0; i < RENDITIONS_MOST; i++) {
        if (attempt->stages[i]) blob_stage_drop(move(&attempt->stages[i]));
    }
}

/* Whatever ends the attempt, its descriptor and the stages it still holds go. */
static void attempt_done(struct attempt *attempt) {
    drop_stages(attempt);
    scope_close(&attempt->source_fd);
}

/* A stop request as a status: handed back, or the lease is lost. */
static status check_stop(struct ctx *cx, const struct attempt *attempt) {
    switch (job_stopping(attempt->control)) {
    case JOB_GO: return OK;
    case JOB_GIVE_BACK: return ctx_fail(cx, BUSY, "The worker stops; another one goes on.");
    case JOB_LEASE_LOST: break;
    }
    return ctx_fail(cx, CONFLICT, "This attempt lost its lease.");
}

/* The media floor's refusals are final; in the queue's terms that's INVALID. */
static status final_if_refused(status code) {
    return code == QUOTA ? INVALID : code;
}

static status open_source(struct ctx *cx, struct attempt *attempt) {
    char key[VIDEO_KEY_BYTES];
    int64_t size_bytes = 0;
    status opened = blob_open_fd(cx, attempt->services->blobs,
                                 video_source_key(attempt->video.id, key), &attempt->source_fd,
                                 &size_bytes);
    if (opened != NOT_FOUND) return opened;
    ctx_clear(cx);
    return ctx_fail(cx, NOT_FOUND, "The uploaded file is missing; upload the film again.");
}

static struct media_options options_of(const struct attempt *attempt) {
    const struct settings *settings = &attempt->services->settings;
    return (struct media_options){.program = settings->media_program,
                                  .threads = settings->encoder_threads};
}

static status look(struct ctx *cx, struct attempt *attempt) {
    struct media_options options = options_of(attempt);
    struct media_info info;
    transcode_report_stage(&attempt->report, "probing", "Looking at the film.");
    TRY(final_if_refused(media_probe(cx, &options, attempt->source_fd, &info)));
    TRY(check_stop(cx, attempt));
    TRY(final_if_refused(media_plan(cx, NULL, &info, &attempt->plan)));
    if (attempt->plan.renditions.len > 0 && attempt->plan.renditions.len <= RENDITIONS_MOST)
        return OK;
    return ctx_fail(cx, BUG, "A plan has %zu renditions.", attempt->plan.renditions.len);
}

static status open_stages(struct ctx *cx, struct attempt *attempt, struct media_output *outputs) {
    char name[VIDEO_KEY_BYTES];
    for (size_t i = 0; i < attempt->plan.renditions.len; i++) {
        int64_t size_bytes = 0;
        text rendition = media_planned(&attempt->plan, i)->name;
        TRY(blob_stage_open(cx, attempt->services->blobs,
                            video_render_stage(run_of(attempt), rendition, name),
                            &attempt->stages[i], &size_bytes));
        outputs[i] = (struct media_output){rendition, blob_stage_fd(attempt->stages[i])};
        if (outputs[i].fd < 0)
            return ctx_fail(cx, BUG, "This object store offers no local stages to encode into.");
    }
    return OK;
}

/* What media_run calls back with. */
struct watch {
    struct ctx *cx;
    struct attempt *attempt;
};

static status on_progress(void *argument, const struct media_progress *progress) {
    const struct watch *watch = argument;
    TRY(check_stop(watch->cx, watch->attempt));
    transcode_report_encoding(&watch->attempt->report, progress->percent, progress->eta_ms);
    return OK;
}

static status encode(struct ctx *cx, struct attempt *attempt) {
    struct media_output outputs[RENDITIONS_MOST];
    struct media_options options = options_of(attempt);
    struct watch watch = {cx, attempt};
    TRY(open_stages(cx, attempt, outputs));
    transcode_report_stage(&attempt->report, "encoding", "Making versions for every screen.");
    TRY(final_if_refused(media_run(cx, &options, &attempt->plan, attempt->source_fd, outputs,
                                   attempt->plan.renditions.len, on_progress, &watch,
                                   &attempt->result)));
    if (attempt->result.renditions.len == attempt->plan.renditions.len) return OK;
    return ctx_fail(cx, BUG, "Not every planned rendition was made.");
}

static status seal_one(struct ctx *cx, struct attempt *attempt, size_t at) {
    char key[VIDEO_KEY_BYTES], file[64];
    struct blob_store *blobs = attempt->services->blobs;
    const struct media_rendition *made = media_made(&attempt->result, at);
    TRY(check_stop(cx, attempt));
    (void)snprintf(file, sizeof file, "%.*s.index", TEXT_ARG(made->name));
    TRY(blob_put(cx, blobs,
                 video_processed_key(attempt->video.id, run_of(attempt), text_of(file), key),
                 made->index.at, made->index.len));
    (void)snprintf(file, sizeof file, "%.*s.mp4", TEXT_ARG(made->name));
    TRY(blob_stage_seal(
        cx, attempt->stages[at],
        video_processed_key(attempt->video.id, run_of(attempt), text_of(file), key)));
    attempt->stages[at] = NULL;
    return OK;
}

static status store(struct ctx *cx, struct attempt *attempt) {
    char key[VIDEO_KEY_BYTES];
    text thumbnail = attempt->result.thumbnail;
    transcode_report_stage(&attempt->report, "storing", "Storing the versions.");
    for (size_t i = 0; i < attempt->result.renditions.len; i++) TRY(seal_one(cx, attempt, i));
    if (!thumbnail.len) return OK;
    return blob_put(
        cx, attempt->services->blobs,
        video_processed_key(attempt->video.id, run_of(attempt), TEXT("thumbnail.jpg"), key),
        thumbnail.at, thumbnail.len);
}

static int64_t or_zero(int64_t number) {
    return number == NO_INT ? 0 : number;
}

/* Fills the rows' renditions, pictures from large to small, then sound. */
static struct video_result result_of(const struct attempt *attempt,
                                     struct video_rendition *renditions) {
    const struct media_result *made = &attempt->result;
    struct video_result result = {.id = attempt->video.id,
                                  .render = run_of(attempt),
                                  .duration_ms = made->duration_ms,
                                  .width = NO_INT,
                                  .height = NO_INT,
                                  .has_thumbnail = made->thumbnail.len > 0,
                                  .renditions = renditions,
                                  .rendition_count = made->renditions.len};
    for (size_t i = 0; i < made->renditions.len; i++) {
        const struct media_rendition *one = media_made(made, i);
        renditions[i] =
            (struct video_rendition){.name = one->name,
                                     .kind = one->kind,
                                     .width = or_zero(one->width),
                                     .height = or_zero(one->height),
                                     .frame_rate = isnan(one->frame_rate) ? 0 : one->frame_rate,
                                     .bandwidth_bps = one->bandwidth_bps,
                                     .average_bandwidth_bps = one->average_bandwidth_bps,
                                     .codecs = one->codecs,
                                     .size_bytes = one->size_bytes};
        if (result.width == NO_INT && text_is(one->kind, "video")) {
            result.width = one->width;
            result.height = one->height;
        }
    }
    return result;
}

struct publication {
    struct attempt *attempt;
    const struct video_result *result;
};

static status publish_work(struct ctx *cx, struct db_tx *tx, void *argument) {
    const struct publication *publication = argument;
    struct attempt *attempt = publication->attempt;
    TRY(queue_done(cx, attempt->services->queue, tx, attempt->job));
    return video_ready(cx, tx, publication->result);
}

static status publish(struct ctx *cx, struct attempt *attempt) {
    struct video_rendition renditions[RENDITIONS_MOST];
    struct video_result result = result_of(attempt, renditions);
    struct publication publication = {attempt, &result};
    TRY(check_stop(cx, attempt));
    TRY(db_write(cx, attempt->services->db, publish_work, &publication));
    video_access_forget(attempt->services, attempt->video.id);
    transcode_report_ready(&attempt->report);
    if (video_trash_empty(cx, attempt->services) != OK) ctx_clear(cx);
    return OK;
}

static status work(struct ctx *cx, struct attempt *attempt) {
    struct services *services = attempt->services;
    text id = attempt->video.id;
    TRY(video_render_begin(cx, services, id, run_of(attempt), TRANSCODE_ALIVE_MS));
    TRY(video_render_sweep_others(cx, services, id, run_of(attempt)));
    TRY(open_source(cx, attempt));
    TRY(look(cx, attempt));
    TRY(encode(cx, attempt));
    TRY(store(cx, attempt));
    return publish(cx, attempt);
}

/* Removes what a failed attempt made; what can't be removed now is found by its run's row. */
static void sweep(struct ctx *cx, struct attempt *attempt) {
    struct fault kept = cx->fault;
    ctx_clear(cx);
    drop_stages(attempt);
    status swept = video_render_sweep(cx, attempt->services, attempt->video.id, run_of(attempt));
    (void)swept;
    cx->fault = kept;
}

static status run(struct ctx *cx, struct services *services, const struct job *job,
                  struct job_control *control) {
    scoped(attempt_done) struct attempt attempt = {
        .services = services, .job = job, .control = control, .source_fd = -1};
    TRY(video_find(cx, services, NULL, job->subject, &attempt.video));
    if (!text_is(attempt.video.status, "processing"))
        return ctx_fail(cx, GONE, "The video isn't waiting to be processed.");
    random_id_c(attempt.run);
    transcode_report_init(&attempt.report, services, &attempt.video, run_of(&attempt));
    status worked = work(cx, &attempt);
    if (worked == OK) return OK;
    sweep(cx, &attempt);
    /* CONFLICT without a lost lease is the deleted video: nothing is left to do. */
    return worked;
}

/* ---- what a failure does to the video ---- */

static status tell_video(struct ctx *cx, struct db_tx *tx, text id, text sentence) {
    status failed = video_failed(cx, tx, id, sentence);
    if (failed != CONFLICT && failed != NOT_FOUND) return failed;
    ctx_clear(cx); /* deleted, or settled by someone else */
    return OK;
}

static status failed(struct ctx *cx, struct services *services, struct db_tx *tx,
                     const struct job *job, text error, bool dead) {
    text sentence = NO_TEXT;
    (void)services;
    if (!dead) return OK;
    TRY(transcode_sentence(cx, job->attempt < job->max_attempts ? 0 : job->attempt, error,
                           &sentence));
    return tell_video(cx, tx, job->subject, sentence);
}

static void announce(struct ctx *cx, struct services *services, const struct job *job, text error,
                     bool dead) {
    struct video video;
    (void)error;
    if (video_find(cx, services, NULL, job->subject, &video) != OK) {
        ctx_clear(cx);
        return;
    }
    struct transcode_report report;
    transcode_report_init(&report, services, &video, NO_TEXT);
    if (dead) {
        transcode_report_row(&report, &video);
    } else {
        transcode_report_stage(&report, "queued", "Something went wrong; trying again soon.");
    }
}

const struct job_kind transcode_job = {
    .kind = "video.transcode",
    .arena_cap_bytes = 64 << 20,
    .run = run,
    .failed = failed,
    .announce = announce,
};
