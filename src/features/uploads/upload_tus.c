/* upload_tus.c: the tus 1.0.0 protocol: headers and codes around upload_intake.
 *
 * Owns: the state of one request. Spoken: core, creation, creation-defer-length,
 * creation-with-upload, termination, checksum, expiration. Invariants: Upload-Offset tells what
 * is on disk; a broken PATCH keeps what arrived, unless a checksum was to be checked. Threads:
 * as the call. Source: tus resumable upload protocol 1.0.0. */
#include "base/clock.h"
#include "base/digest.h"
#include "base/scope.h"
#include "features/uploads/upload_api.h"
#include "features/uploads/upload_intake.h"
#include "features/uploads/upload_rows.h"

#include <inttypes.h>

static const char extensions[] = "creation,creation-defer-length,creation-with-upload,termination,"
                                 "checksum,expiration";
static const char algorithms[] = "sha1,sha256,md5";
static const char body_type[] = "application/offset+octet-stream";

/* One request that may carry bytes. */
struct tus {
    struct upload upload;
    struct upload_intake *intake; /* NULL when there's nothing to receive */
    bool created;                 /* by this request */
    int64_t began_at_bytes;
    struct digest *digest;        /* NULL without Upload-Checksum */
    text expected;                /* its bytes */
};

static status refuse(struct call *call, int code, const char *sentence) {
    call_code(call, code);
    return ctx_fail(&call->cx, INVALID, "%s", sentence);
}

static status put_number(struct call *call, const char *name, int64_t number) {
    text value = NO_TEXT;
    if (text_format(call->cx.arena, &value, "%" PRId64, number) != OK)
        return ctx_no_memory(&call->cx);
    return call_header(call, name, value);
}

static status put_expiry(struct call *call, int64_t expires_at_ms) {
    char date[CLOCK_ISO_BYTES];
    text value = NO_TEXT;
    if (text_copy(call->cx.arena, text_of(clock_http_date(expires_at_ms, date)), &value) != OK)
        return ctx_no_memory(&call->cx);
    return call_header(call, "Upload-Expires", value);
}

/* What every reply says and every request but OPTIONS must say. */
static status greet(struct call *call) {
    TRY(call_header(call, "Tus-Resumable", TEXT("1.0.0")));
    if (text_is(http_header_of(call->exchange, "Tus-Resumable"), "1.0.0")) return OK;
    TRY(call_header(call, "Tus-Version", TEXT("1.0.0")));
    return refuse(call, 412, "Say 'Tus-Resumable: 1.0.0': that's the version spoken here.");
}

/* A header with a whole number of at least 0; absent gives NO_INT. */
static status read_number(struct call *call, const char *name, int64_t *out) {
    text value = text_trim(http_header_of(call->exchange, name));
    int64_t number = NO_INT;
    if (value.at && (text_to_int(value, &number) != OK || number < 0 || value.at[0] == '-'))
        return ctx_fail(&call->cx, INVALID, "'%s' must be a whole number of bytes.", name);
    *out = number;
    return OK;
}

static status find(struct call *call, text id, struct upload *out) {
    call->video_id = id;
    return upload_find(&call->cx, call->services, id, call->actor.user_id, out);
}

status tus_options(struct call *call, const void *in, void *out) {
    (void)in;
    (void)out;
    TRY(call_header(call, "Tus-Resumable", TEXT("1.0.0")));
    TRY(call_header(call, "Tus-Version", TEXT("1.0.0")));
    TRY(call_header(call, "Tus-Extension", text_of(extensions)));
    TRY(call_header(call, "Tus-Checksum-Algorithm", text_of(algorithms)));
    if (upload_limit(call->services) == INT64_MAX) return OK;
    return put_number(call, "Tus-Max-Size", upload_limit(call->services));
}

/* ---- Upload-Checksum ---- */

static status read_checksum(struct call *call, struct tus *tus) {
    text header = text_trim(http_header_of(call->exchange, "Upload-Checksum"));
    text name = NO_TEXT, coded = NO_TEXT;
    if (!header.at) return OK;
    if (!text_cut(header, ' ', &name, &coded) ||
        base64_decode(call->cx.arena, text_trim(coded), &tus->expected) != OK)
        return refuse(call, 400, "'Upload-Checksum' must be an algorithm and a base64 value.");
    tus->digest = digest_open(name);
    if (tus->digest) return OK;
    return refuse(call, 400, "'Upload-Checksum' must use sha1, sha256 or md5.");
}

static status check_checksum(struct call *call, struct tus *tus) {
    unsigned char hash[SHA256_BYTES];
    size_t size = 0;
    if (!tus->digest) return OK;
    digest_finish(tus->digest, hash, &size);
    digest_close(move(&tus->digest));
    if (digest_equal(tus->expected, (text){(const char *)hash, size})) return OK;
    TRY(upload_intake_cut(&call->cx, tus->intake, tus->began_at_bytes));
    TRY(upload_intake_keep(&call->cx, tus->intake, NULL));
    return refuse(call, 460, "The bytes don't match 'Upload-Checksum'; send them again.");
}

/* ---- receiving ---- */

static status receive(struct call *call, struct tus *tus) {
    status opened = upload_intake_open(&call->cx, call->services, &tus->upload, &tus->intake);
    if (opened == CONFLICT) call_code(call, 423);
    TRY(opened);
    tus->began_at_bytes = upload_intake_size(tus->intake);
    return read_checksum(call, tus);
}

static status tus_piece(struct call *call, const void *bytes, size_t size) {
    struct tus *tus = call->state;
    if (!tus->intake) return refuse(call, 409, "This upload is finished.");
    if (tus->digest) digest_feed(tus->digest, bytes, size);
    status taken = upload_intake_append(&call->cx, tus->intake, bytes, size);
    if (taken == INVALID) call_code(call, 415);
    return taken;
}

/* Keeps or drops what came on a connection that broke or a body that was refused. */
static void tus_broken(struct call *call) {
    struct tus *tus = call->state;
    if (!tus || !tus->intake) return;
    struct fault kept = call->cx.fault;
    ctx_clear(&call->cx);
    bool no_film = kept.code == INVALID && call->exchange->reply.code == 415;
    bool drop = tus->created || no_film;
    status done = OK;
    if (!drop && tus->digest)
        done = upload_intake_cut(&call->cx, tus->intake, tus->began_at_bytes);
    if (!drop && done == OK) done = upload_intake_keep(&call->cx, tus->intake, NULL);
    upload_intake_close(move(&tus->intake));
    /* A client that never saw its upload's address can't continue it. */
    if (drop) done = upload_abandon(&call->cx, call->services, tus->upload.id);
    (void)done; /* what is left over is the tick's */
    call->cx.fault = kept;
}

static void tus_end(struct call *call) {
    struct tus *tus = call->state;
    if (!tus) return;
    upload_intake_close(move(&tus->intake));
    digest_close(move(&tus->digest));
}

/* All that came is checked and kept; when that's all there is, the film goes on its way. */
static status settle(struct call *call, struct tus *tus) {
    int64_t size = tus->upload.length_bytes, expires_at_ms = 0;
    if (tus->intake) {
        TRY(check_checksum(call, tus));
        size = upload_intake_size(tus->intake);
        if (size == tus->upload.length_bytes) {
            TRY(upload_intake_finish(&call->cx, tus->intake));
        } else {
            TRY(upload_intake_keep(&call->cx, tus->intake, &expires_at_ms));
            TRY(put_expiry(call, expires_at_ms));
        }
        upload_intake_close(move(&tus->intake));
    }
    return put_number(call, "Upload-Offset", size);
}

/* ---- creation ---- */

static status read_length(struct call *call, int64_t *out) {
    text later = http_header_of(call->exchange, "Upload-Defer-Length");
    int64_t length = NO_INT;
    TRY(read_number(call, "Upload-Length", &length));
    if (later.at && (length != NO_INT || !text_is(text_trim(later), "1")))
        return ctx_fail(&call->cx, INVALID,
                        "Give 'Upload-Length', or 'Upload-Defer-Length: 1', not both.");
    if (!later.at && length == NO_INT)
        return ctx_fail(&call->cx, INVALID,
                        "'Upload-Length' or 'Upload-Defer-Length' is required.");
    *out = length;
    return OK;
}

static status create(struct call *call, struct tus *tus) {
    struct upload_metadata metadata = {0};
    struct upload_new what = {.owner_id = call->actor.user_id, .protocol = TEXT("tus")};
    TRY(greet(call));
    if (http_header_of(call->exchange, "Upload-Concat").at)
        return ctx_fail(&call->cx, INVALID, "The concatenation extension isn't spoken here.");
    TRY(read_length(call, &what.length_bytes));
    what.metadata = http_header_of(call->exchange, "Upload-Metadata");
    TRY(upload_metadata_read(&call->cx, what.metadata, &metadata));
    what.words = metadata.words;
    what.file_name = metadata.file_name;
    TRY(upload_create(&call->cx, call->services, &what, &tus->upload));
    call->video_id = tus->upload.id;
    return OK;
}

static bool sends_bytes(const struct call *call) {
    return call->exchange->content_length_bytes != 0 &&
           text_equal_nocase(text_trim(http_header_of(call->exchange, "Content-Type")),
                             text_of(body_type));
}

static status create_open(struct call *call, const void *in) {
    (void)in;
    struct tus *tus = arena_new_of(call->cx.arena, struct tus);
    TRY_NEW(&call->cx, tus);
    call->state = tus;
    if (call->exchange->content_length_bytes != 0 && !sends_bytes(call))
        return refuse(call, 415, "Send 'Content-Type: application/offset+octet-stream'.");
    TRY(create(call, tus));
    if (!sends_bytes(call)) return OK;
    tus->created = true;
    status received = receive(call, tus);
    if (received != OK) tus_broken(call);
    return received;
}

const struct body_stream tus_create_stream = {create_open, tus_piece, tus_broken, tus_end};

status tus_create(struct call *call, const void *in, void *out) {
    struct tus *tus = call->state;
    text place = NO_TEXT;
    (void)in;
    (void)out;
    if (text_format(call->cx.arena, &place, "/api/v1/uploads/%.*s", TEXT_ARG(tus->upload.id)) != OK)
        return ctx_no_memory(&call->cx);
    TRY(call_header(call, "Matinee-Video-Id", tus->upload.id));
    TRY(call_header(call, "Location", place));
    if (!tus->intake) {
        TRY(put_expiry(call, tus->upload.expires_at_ms));
        return put_number(call, "Upload-Offset", 0);
    }
    status settled = settle(call, tus);
    if (settled != OK) tus_broken(call);
    return settled;
}

/* ---- HEAD ---- */

status tus_head(struct call *call, const void *in, void *out) {
    const struct video_id *which = in;
    struct upload upload;
    int64_t offset = 0;
    (void)out;
    TRY(greet(call));
    TRY(find(call, which->id, &upload));
    status asked = upload_offset(&call->cx, call->services, &upload, &offset);
    if (asked == BUSY) call_code(call, 423);
    TRY(asked);
    TRY(put_number(call, "Upload-Offset", offset));
    if (upload.length_bytes == NO_INT) {
        TRY(call_header(call, "Upload-Defer-Length", TEXT("1")));
    } else {
        TRY(put_number(call, "Upload-Length", upload.length_bytes));
    }
    if (upload.metadata.len) TRY(call_header(call, "Upload-Metadata", upload.metadata));
    TRY(call_header(call, "Matinee-Video-Id", upload.id));
    return text_is(upload.state, "done") ? OK : put_expiry(call, upload.expires_at_ms);
}

/* ---- PATCH ---- */

static status check_offset(struct call *call, int64_t asked, int64_t have) {
    if (asked == have) return OK;
    TRY(put_number(call, "Upload-Offset", have));
    return ctx_fail(&call->cx, CONFLICT,
                    "'Upload-Offset' is %" PRId64 " but %" PRId64 " bytes are here; ask with HEAD.",
                    asked, have);
}

/* Takes the length that was put off at creation. */
static status take_length(struct call *call, struct tus *tus, int64_t have) {
    int64_t length = NO_INT;
    TRY(read_number(call, "Upload-Length", &length));
    if (length == NO_INT || length == tus->upload.length_bytes) return OK;
    if (tus->upload.length_bytes != NO_INT)
        return refuse(call, 400, "'Upload-Length' can't be changed.");
    if (length < have) return refuse(call, 400, "'Upload-Length' is less than what is here.");
    TRY(upload_set_length(&call->cx, call->services, tus->upload.id, length));
    tus->upload.length_bytes = length;
    return OK;
}

static status check_patch(struct call *call, int64_t *out_offset) {
    TRY(greet(call));
    text type = text_trim(http_header_of(call->exchange, "Content-Type"));
    if (!text_equal_nocase(type, text_of(body_type)))
        return refuse(call, 415, "Send 'Content-Type: application/offset+octet-stream'.");
    TRY(read_number(call, "Upload-Offset", out_offset));
    if (*out_offset != NO_INT) return OK;
    return ctx_fail(&call->cx, INVALID, "'Upload-Offset' is required.");
}

static status patch_open(struct call *call, const void *in) {
    const struct video_id *which = in;
    int64_t offset = 0, have = 0;
    struct tus *tus = arena_new_of(call->cx.arena, struct tus);
    TRY_NEW(&call->cx, tus);
    call->state = tus;
    TRY(check_patch(call, &offset));
    TRY(find(call, which->id, &tus->upload));
    status asked = upload_offset(&call->cx, call->services, &tus->upload, &have);
    if (asked == BUSY) call_code(call, 423);
    TRY(asked);
    TRY(check_offset(call, offset, have));
    if (text_is(tus->upload.state, "done")) return OK;
    TRY(take_length(call, tus, have));
    TRY(receive(call, tus));
    return check_offset(call, offset, tus->began_at_bytes);
}

const struct body_stream tus_patch_stream = {patch_open, tus_piece, tus_broken, tus_end};

status tus_patch(struct call *call, const void *in, void *out) {
    struct tus *tus = call->state;
    (void)in;
    (void)out;
    status settled = settle(call, tus);
    if (settled != OK) tus_broken(call);
    return settled;
}

/* ---- DELETE ---- */

status tus_delete(struct call *call, const void *in, void *out) {
    const struct video_id *which = in;
    struct upload upload;
    (void)out;
    TRY(greet(call));
    TRY(find(call, which->id, &upload));
    status gone = upload_abandon(&call->cx, call->services, upload.id);
    if (gone == CONFLICT) call_code(call, 403);
    return gone;
}
