/* video_key.c: the names under which a video's objects lie, its addresses, and places in lists.
 *
 * Owns nothing. Invariant: every part that goes into a key is an id of ours or a name from a
 * fixed set, never what a client sent. Threads: pure functions. */
#include "base/digest.h"
#include "base/random.h"
#include "features/videos/video.h"

#include <inttypes.h>
#include <stdio.h>

static text written(const char *buffer, int length) {
    return length > 0 && length < VIDEO_KEY_BYTES ? (text){buffer, (size_t)length} : NO_TEXT;
}

text video_source_key(text id, char buffer[VIDEO_KEY_BYTES]) {
    return written(buffer, snprintf(buffer, VIDEO_KEY_BYTES, "videos/source/%.*s", TEXT_ARG(id)));
}

text video_processed_key(text id, text render, text file, char buffer[VIDEO_KEY_BYTES]) {
    return written(buffer, snprintf(buffer, VIDEO_KEY_BYTES, "videos/processed/%.*s/%.*s/%.*s",
                                    TEXT_ARG(id), TEXT_ARG(render), TEXT_ARG(file)));
}

text video_upload_stage(text id, char buffer[VIDEO_KEY_BYTES]) {
    return written(buffer, snprintf(buffer, VIDEO_KEY_BYTES, "upload-%.*s", TEXT_ARG(id)));
}

text video_render_stage(text render, text file, char buffer[VIDEO_KEY_BYTES]) {
    return written(buffer, snprintf(buffer, VIDEO_KEY_BYTES, "render-%.*s-%.*s", TEXT_ARG(render),
                                    TEXT_ARG(file)));
}

status video_media_scope(struct ctx *cx, text id, text *out) {
    return text_format(cx->arena, out, "/media/%.*s/", TEXT_ARG(id)) == OK ? OK : ctx_no_memory(cx);
}

status video_cursor_write(struct ctx *cx, int64_t time_ms, text id, text *out) {
    text plain = NO_TEXT;
    if (text_format(cx->arena, &plain, "%" PRId64 ".%.*s", time_ms, TEXT_ARG(id)) != OK)
        return ctx_no_memory(cx);
    return base64url_encode(cx->arena, plain.at, plain.len, out) == OK ? OK : ctx_no_memory(cx);
}

static status bad_cursor(struct ctx *cx) {
    return ctx_fail_field(cx, INVALID, "cursor",
                          "'cursor' must be the next_cursor of an earlier page; leave it out to "
                          "begin at the newest.");
}

status video_cursor_read(struct ctx *cx, text cursor, int64_t *out_time_ms, text *out_id) {
    if (!cursor.at || cursor.len == 0) {
        *out_time_ms = (int64_t)1 << 53; /* later than any row; exact in every client's numbers */
        *out_id = TEXT("");
        return OK;
    }
    text plain = NO_TEXT, time = NO_TEXT, id = NO_TEXT;
    int64_t time_ms = 0;
    status decoded = base64url_decode(cx->arena, cursor, &plain);
    if (decoded == NO_MEMORY) return ctx_no_memory(cx);
    if (decoded != OK || !text_cut(plain, '.', &time, &id)) return bad_cursor(cx);
    if (text_to_int(time, &time_ms) != OK || time_ms < 0 || !random_is_id(id))
        return bad_cursor(cx);
    *out_time_ms = time_ms;
    *out_id = id;
    return OK;
}
