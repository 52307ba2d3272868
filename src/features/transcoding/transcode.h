/* transcode.h: making a film playable in the background, and telling how far that is.
 *
 * Owns: the jobs of kind "video.transcode", their stages and objects until they are handed over
 * to the video, and the event streams under /progress. Invariants: one run's results become
 * visible in one transaction, fenced by the job's attempt; a run that fails leaves nothing behind
 * that isn't known to be trash. Threads: see each part. */
#ifndef FEATURES_TRANSCODING_TRANSCODE_H
#define FEATURES_TRANSCODING_TRANSCODE_H

#include "features/job_kind.h"
#include "features/videos/video.h"

/** "video.transcode": subject is the video's id. */
extern const struct job_kind transcode_job;

/** Follows the dead letters of workers that died without a word. */
extern const struct tick transcode_tick;

/** POST /jobs, GET /progress and GET /progress/{id}. */
extern const struct route_table transcode_routes;

/** Ends the thread behind listeners. Call it when the HTTP server is closed and before database
 *  and bus are; harmless when nobody ever listened. */
void progress_close(void);

#endif
