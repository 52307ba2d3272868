/* transcode_report.h: an attempt's progress on its way to listeners and row. For transcoding/
 * only.
 *
 * Owns nothing but its own state. Invariant: listeners hear each change, the row at most every two
 * seconds. Nothing here fails: progress is a courtesy. Threads: one at a time. */
#ifndef FEATURES_TRANSCODING_TRANSCODE_REPORT_H
#define FEATURES_TRANSCODING_TRANSCODE_REPORT_H

#include "features/videos/video.h"

/** How long a run is believed to be alive after its last sign: longer than it may take to make a
 *  large rendition durable. A new attempt doesn't wait for it. */
enum { TRANSCODE_ALIVE_MS = 10 * 60 * 1000 };

/** What was told last. */
struct transcode_report {
    struct services *services;
    struct video_progress now;
    text run;                /**< Kept alive on the way; absent: none. */
    int64_t stored_ticks_ms;
    int64_t alive_ticks_ms;
};

/** Begins to report on the video's run. */
void transcode_report_init(struct transcode_report *report, struct services *services,
                           const struct video *video, text run);

/** A new stage begins; told and stored at once. */
void transcode_report_stage(struct transcode_report *report, const char *stage,
                            const char *message);

/** How far encoding is. `eta_ms` may be absent. */
void transcode_report_encoding(struct transcode_report *report, int64_t percent, int64_t eta_ms);

/** The video is ready (its row says so already). */
void transcode_report_ready(struct transcode_report *report);

/** Tells what the row says. */
void transcode_report_row(struct transcode_report *report, const struct video *video);

/** The sentence a video's owner reads: `error` itself, or with the number of attempts before it
 *  when `attempts` isn't 0. In the arena. */
status transcode_sentence(struct ctx *cx, int64_t attempts, text error, text *out) CHECKED;

#endif
