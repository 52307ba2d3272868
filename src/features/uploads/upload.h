/* upload.h: how a film's bytes come in, by tus or by form, and become a video to process.
 *
 * Owns: the table uploads, the stages upload-{id}, and the way from the first byte to the job.
 * An upload's id is its video's. How much has arrived is what lies in the stage; no row says it,
 * so none can lie. Invariants: see README.md for the order of seal and rows and its proof.
 * Threads: any; one writer for each upload at a time, others are told so (CONFLICT). */
#ifndef FEATURES_UPLOADS_UPLOAD_H
#define FEATURES_UPLOADS_UPLOAD_H

#include "features/videos/video.h"

/** Limits of what a client may say, and how much of a file is looked at. */
enum {
    UPLOAD_METADATA_CAP_BYTES = 16384, /**< Longest Upload-Metadata header taken. */
    UPLOAD_METADATA_PAIRS = 32,        /**< Most pairs in it. */
    UPLOAD_FILE_NAME_CAP = 255,        /**< Bytes kept of a file's name. */
    UPLOAD_SNIFF_BYTES = 16,           /**< What upload_sniff wants to see. */
};

/** An upload's row. */
struct upload {
    text id, owner_id;
    text protocol;         /**< "tus" or "form". */
    int64_t length_bytes;  /**< Absent while the client hasn't told it. */
    text metadata;         /**< Upload-Metadata as it came. */
    text state;            /**< "receiving" or "done". */
    int64_t created_at_ms, expires_at_ms;
};
extern const struct schema upload_schema;

/** What a client's metadata says; members that it leaves out are absent. */
struct upload_metadata {
    struct video_new words;
    text file_name; /**< Last part of the name sent, cleaned; never used as a path. */
    text file_type; /**< Media type as sent; shown to nobody, believed by nobody. */
};

/** Reads an Upload-Metadata header (tus 1.0.0, Creation): comma-separated "key base64" pairs.
 *  Keys we don't know are passed over. INVALID: malformed, too long, a key twice, a value that
 *  isn't UTF-8. */
status upload_metadata_read(struct ctx *cx, text header, struct upload_metadata *out) CHECKED;

/** The last part of a path in either style, without control characters, at most
 *  UPLOAD_FILE_NAME_CAP bytes of whole UTF-8 characters; "" when nothing is left. In the arena. */
status upload_file_name(struct ctx *cx, text name, text *out) CHECKED;

/** INVALID with a sentence when a file's first bytes say plainly that it's no film (a PDF, a web
 *  page, a program, …). OK for everything else: whether it can be played is for the media floor
 *  to say. */
status upload_sniff(struct ctx *cx, const void *bytes, size_t size) CHECKED;

/** The routes by which films come in. */
extern const struct route_table upload_routes;

/** Removes what expired and finishes what a crash left complete. */
extern const struct tick upload_tick;

#endif
