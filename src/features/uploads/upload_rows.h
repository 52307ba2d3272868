/* upload_rows.h: an upload's rows, and the step from a sealed object to a job. For uploads/ only.
 *
 * Owns nothing. Invariant: upload_settle is safe to repeat: of all who try, one enqueues the job.
 * Threads: any. */
#ifndef FEATURES_UPLOADS_UPLOAD_ROWS_H
#define FEATURES_UPLOADS_UPLOAD_ROWS_H

#include "features/uploads/upload.h"

/** Puts off the upload's expiry; forms, which can't be continued, live shortly. GONE: the upload
 *  was given up or its video deleted. */
status upload_touch(struct ctx *cx, struct services *services, text id, bool is_form,
                    int64_t *out_expires_at_ms) CHECKED;

/** The object is sealed: upload done, video processing and job enqueued, in one transaction. OK
 *  when that was done already. QUOTA: no room for the true size; then everything of it is
 *  removed. GONE: the video is deleted; then the object too. */
status upload_settle(struct ctx *cx, struct services *services, text id,
                     int64_t size_bytes) CHECKED;

/** Sets the length that the client had put off. CONFLICT when it is set. */
status upload_set_length(struct ctx *cx, struct services *services, text id,
                         int64_t length_bytes) CHECKED;

/** Finishes an upload whose bytes are all there though nobody said so (a crash came between),
 *  and tells in `*out_bytes` what is on disk otherwise. CONFLICT: someone is receiving it. */
status upload_recover(struct ctx *cx, struct services *services, struct upload *upload,
                      int64_t *out_bytes) CHECKED;

/** Size and durability of an upload that this process is receiving (upload_intake.c). */
status upload_held_size(struct ctx *cx, text id, bool *out_held, int64_t *out_bytes) CHECKED;

#endif
