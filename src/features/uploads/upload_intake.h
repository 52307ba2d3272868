/* upload_intake.h: bytes arrive → stage → seal → job; what tus and forms share. For uploads/
 * only.
 *
 * Owns: a list of the uploads that this process is receiving now, and each one's stage.
 * Invariants: one intake for each upload in all processes (the stage's lock); what
 * upload_intake_offset answers is on disk; after upload_intake_finish said OK the video is
 * processing and its job is in the queue. Threads: an intake's functions may be called from
 * several threads, one after another; an offset may be asked for from any. */
#ifndef FEATURES_UPLOADS_UPLOAD_INTAKE_H
#define FEATURES_UPLOADS_UPLOAD_INTAKE_H

#include "features/uploads/upload.h"

struct upload_intake;

/** What a new upload is made from. */
struct upload_new {
    text owner_id;
    text protocol;        /**< "tus" or "form". */
    text file_name;
    text metadata;        /**< As it came, to be told back. */
    struct video_new words;
    int64_t length_bytes; /**< Absent when unknown. */
    int64_t reserve_bytes; /**< Counts against the quota meanwhile when the length is unknown. */
};

/** Makes the rows of an upload and its video (status uploading). INVALID: what is said of the
 *  film, or an empty one. QUOTA: too large, or no room. The record's texts live in the arena. */
status upload_create(struct ctx *cx, struct services *services, const struct upload_new *what,
                     struct upload *out) CHECKED;

/** The row. NOT_FOUND: none, or of another owner (`owner_id` absent = any). GONE: expired. */
status upload_find(struct ctx *cx, struct services *services, text id, text owner_id,
                   struct upload *out) CHECKED;

/** Bytes of it that are on disk. Finishes an upload that a crash left complete, and then tells
 *  it in `upload->state`. BUSY: another process is receiving it now. */
status upload_offset(struct ctx *cx, struct services *services, struct upload *upload,
                     int64_t *out_bytes) CHECKED;

/** Begins to receive. CONFLICT: someone else is receiving it now (one that has been silent for a
 *  while is pushed aside). The caller ends it with upload_intake_close, whatever happens in
 *  between. */
status upload_intake_open(struct ctx *cx, struct services *services, const struct upload *upload,
                          struct upload_intake **out) CHECKED;

/** Says how many bytes will come, for percents only. */
void upload_intake_expect(struct upload_intake *intake, int64_t expected_bytes);

/** Bytes in the stage now. */
int64_t upload_intake_size(struct upload_intake *intake);

/** Appends. QUOTA: beyond the declared length, the largest size, or the disk. INVALID: plainly
 *  no film. CONFLICT: pushed aside. GONE: the video was deleted. */
status upload_intake_append(struct ctx *cx, struct upload_intake *intake, const void *bytes,
                            size_t size) CHECKED;

/** Takes back what was appended since it had `size_bytes` (a piece with a wrong checksum). */
status upload_intake_cut(struct ctx *cx, struct upload_intake *intake, int64_t size_bytes) CHECKED;

/** Makes everything durable and extends the upload's life. `*out_expires_at_ms` may be NULL. */
status upload_intake_keep(struct ctx *cx, struct upload_intake *intake,
                          int64_t *out_expires_at_ms) CHECKED;

/** All bytes are here: object, rows and job. QUOTA when the true size doesn't fit (the upload is
 *  then removed); GONE when the video was deleted meanwhile. */
status upload_intake_finish(struct ctx *cx, struct upload_intake *intake) CHECKED;

/** Lets go of the stage, keeping what is in it. NULL is fine. */
void upload_intake_close(struct upload_intake *intake);

/** Removes an unfinished upload with rows and bytes. CONFLICT: it's finished. */
status upload_abandon(struct ctx *cx, struct services *services, text id) CHECKED;

/** The limit of one upload in bytes. */
int64_t upload_limit(const struct services *services);

#endif
