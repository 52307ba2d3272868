/* catalogue.c: which features this program has. Owns: constant data. Threads: any. */
#include "app/catalogue.h"

#include "app/health.h"
#include "app/metrics.h"
#include "app/program.h"
#include "base/scope.h"
#include "features/accounts/account.h"
#include "features/playback/playback.h"
#include "features/services.h"
#include "features/transcoding/transcode.h"
#include "features/uploads/upload.h"
#include "features/videos/video.h"
#include "store/queue/queue.h"

/* Finished jobs are of use while people may ask what became of them. */
static const int64_t finished_jobs_kept_ms = INT64_C(7) * 24 * 3600 * 1000;

static status purge_jobs(struct ctx *cx, struct services *services) {
    return queue_purge(cx, services->queue, finished_jobs_kept_ms);
}

static const struct tick queue_purge_tick = {
    .name = "queue.purge", .every_ms = 3600 * 1000, .run = purge_jobs};

static status bury_workers(struct ctx *cx, struct services *services) {
    return roll_bury(cx, &program_of(services)->roll, services->queue);
}

static const struct tick worker_bury_tick = {
    .name = "workers.bury", .every_ms = 1000, .run = bury_workers};

const struct route_table *const catalogue_routes[] = {
    &health_routes, &metrics_routes,   &account_routes,  &video_routes,
    &upload_routes, &transcode_routes, &playback_routes,
};
const size_t catalogue_route_count = COUNT_OF(catalogue_routes);

const struct job_kind *const catalogue_jobs[] = {&transcode_job};
const size_t catalogue_job_count = COUNT_OF(catalogue_jobs);

const struct tick *const catalogue_ticks[] = {
    &upload_tick,    &video_trash_tick, &video_audit_tick, &account_purge_tick,
    &transcode_tick, &queue_purge_tick, &worker_bury_tick,
};
const size_t catalogue_tick_count = COUNT_OF(catalogue_ticks);
