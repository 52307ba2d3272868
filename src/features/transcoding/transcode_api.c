/* transcode_api.c: submitting a video for processing, and listening to progress.
 *
 * Owns: the route table. Threads: handlers run on workers. */
#include "features/transcoding/transcode.h"

#include "features/transcoding/progress_hub.h"
#include "store/queue/queue.h"

/* What is asked and answered by POST /jobs. */
struct job_ask {
    text video_id;
};
struct job_answer {
    text id, video_id, state;
};

static const struct field ask_fields[] = {
    FIELD(struct job_ask, video_id, .flags = REQUIRED, .max = 64, .doc = "Which video."),
};
static const struct schema ask_schema =
    SCHEMA("JobNew", struct job_ask, ask_fields, "A video to process again.");

static const struct field answer_fields[] = {
    FIELD(struct job_answer, id, .flags = REQUIRED, .doc = "The job's id."),
    FIELD(struct job_answer, video_id, .flags = REQUIRED, .doc = "Which video."),
    FIELD(struct job_answer, state, .flags = REQUIRED, .doc = "ready: it waits for a worker."),
};
static const struct schema answer_schema =
    SCHEMA("Job", struct job_answer, answer_fields, "A job in the queue.");

struct submission {
    struct services *services;
    text video_id, owner_id;
    text job_id;
};

static status submit_work(struct ctx *cx, struct db_tx *tx, void *argument) {
    struct submission *submission = argument;
    TRY(video_resubmit(cx, tx, submission->video_id));
    const struct job_new job = {.kind = TEXT("video.transcode"),
                                .subject = submission->video_id,
                                .payload = TEXT("{}"),
                                .user_id = submission->owner_id,
                                .only_one = true};
    return queue_add(cx, submission->services->queue, tx, &job, &submission->job_id);
}

static status handle_submit(struct call *call, const void *in, void *out) {
    const struct job_ask *ask = in;
    struct job_answer *answer = out;
    struct services *services = call->services;
    struct video video;
    call->video_id = ask->video_id;
    TRY(video_find_for_change(&call->cx, services, &call->actor, ask->video_id, &video));
    struct submission submission = {services, video.id, video.owner_id, NO_TEXT};
    TRY(db_write(&call->cx, services->db, submit_work, &submission));
    *answer = (struct job_answer){submission.job_id, video.id, TEXT("ready")};
    TRY(video_find(&call->cx, services, NULL, video.id, &video));
    struct video_progress progress;
    video_progress_of(&video, &progress);
    video_progress_publish(services, &progress);
    return OK;
}

static status handle_progress_of(struct call *call, const void *in, void *out) {
    const struct video_id *which = in;
    struct video video;
    (void)out;
    call->video_id = which->id;
    TRY(video_find(&call->cx, call->services, &call->actor, which->id, &video));
    return progress_hub_listen(call, which->id);
}

static status handle_progress(struct call *call, const void *in, void *out) {
    (void)in;
    (void)out;
    return progress_hub_listen(call, NO_TEXT);
}

static const struct limit listens = {"listeners", 300, 60};

static const struct route routes[] = {
    {HTTP_POST, "/jobs", "job_submit", handle_submit, .in = &ask_schema, .out = &answer_schema,
     .code = 202, .auth = AUTH_CREATOR, .body = BODY_JSON,
     .fails = ERRS(DENIED, NOT_FOUND, CONFLICT),
     .doc = "Submits a video for processing once more."},
    {HTTP_GET, "/progress", "progress_all", handle_progress, .auth = AUTH_OPTIONAL,
     .limit = &listens, .produces = "text/event-stream",
     .doc = "Progress of all videos the caller may see, as server-sent events."},
    {HTTP_GET, "/progress/{id}", "progress_one", handle_progress_of, .in = &video_id_schema,
     .auth = AUTH_OPTIONAL, .limit = &listens, .fails = ERRS(NOT_FOUND),
     .produces = "text/event-stream", .doc = "Progress of one video, as server-sent events."},
};

const struct route_table transcode_routes = {routes, sizeof routes / sizeof routes[0], NULL, 0};
