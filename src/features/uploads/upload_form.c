/* upload_form.c: POST /api/v1/videos, a film in one multipart request.
 *
 * Owns: the state of one request. A form can't be continued, so a broken one is removed at once;
 * one whose server died is removed when it expires, soon. Threads: as the call. */
#include "base/scope.h"
#include "features/uploads/upload_api.h"
#include "features/uploads/upload_intake.h"

struct form {
    struct upload upload;
    struct upload_intake *intake;
    struct video_new known; /* what stood before the file */
};

/* Removes what came; the fault that led here stays the call's. */
static void drop(struct call *call) {
    struct form *form = call->state;
    if (!form || !form->upload.id.at) return;
    struct fault kept = call->cx.fault;
    ctx_clear(&call->cx);
    upload_intake_close(move(&form->intake));
    status dropped = upload_abandon(&call->cx, call->services, form->upload.id);
    (void)dropped; /* CONFLICT: it was finished, or is gone; anything else waits for the tick */
    call->cx.fault = kept;
}

static status begin(struct call *call, const struct upload_form *given) {
    int64_t announced = call->exchange->content_length_bytes;
    struct form *form = arena_new_of(call->cx.arena, struct form);
    TRY_NEW(&call->cx, form);
    call->state = form;
    form->known = (struct video_new){given->title, given->description, given->visibility};
    struct upload_new what = {.owner_id = call->actor.user_id,
                              .protocol = TEXT("form"),
                              .words = form->known,
                              .length_bytes = NO_INT,
                              .reserve_bytes = announced > 0 ? announced : 0};
    TRY(upload_file_name(&call->cx, given->filename, &what.file_name));
    TRY(upload_create(&call->cx, call->services, &what, &form->upload));
    call->video_id = form->upload.id;
    TRY(upload_intake_open(&call->cx, call->services, &form->upload, &form->intake));
    upload_intake_expect(form->intake, what.reserve_bytes);
    return OK;
}

static status form_open(struct call *call, const void *in) {
    status begun = begin(call, in);
    if (begun != OK) drop(call);
    return begun;
}

static status form_piece(struct call *call, const void *bytes, size_t size) {
    struct form *form = call->state;
    status taken = upload_intake_append(&call->cx, form->intake, bytes, size);
    if (taken == INVALID) call_code(call, 415);
    return taken;
}

static void form_end(struct call *call) {
    struct form *form = call->state;
    if (form) upload_intake_close(move(&form->intake));
}

const struct body_stream upload_form_stream = {form_open, form_piece, drop, form_end};

/* What is said of a film, and of which. */
struct saying {
    text id;
    struct video_new words;
};

static status say_work(struct ctx *cx, struct db_tx *tx, void *argument) {
    const struct saying *saying = argument;
    return video_describe(cx, tx, saying->id, &saying->words);
}

/* Fields that came behind the file. */
static status say_late(struct call *call, const struct upload_form *given) {
    const struct form *form = call->state;
    struct saying saying = {.id = form->upload.id};
    bool title = given->title.len && !form->known.title.at;
    bool description = given->description.at && !form->known.description.at;
    bool visibility = given->visibility.len && !form->known.visibility.at;
    if (!title && !description && !visibility) return OK;
    if (title) saying.words.title = given->title;
    if (description)
        TRY(video_unify_lines(&call->cx, given->description, &saying.words.description));
    if (visibility) saying.words.visibility = given->visibility;
    return db_write(&call->cx, call->services->db, say_work, &saying);
}

static status finish(struct call *call, const struct upload_form *given) {
    struct form *form = call->state;
    TRY(say_late(call, given));
    return upload_intake_finish(&call->cx, form->intake);
}

status upload_form_run(struct call *call, const void *in, void *out) {
    struct form *form = call->state;
    if (!form) return ctx_fail_field(&call->cx, INVALID, "file", "'file' is required.");
    status finished = finish(call, in);
    if (finished != OK) {
        drop(call);
        return finished;
    }
    upload_intake_close(move(&form->intake));
    text place = NO_TEXT;
    if (text_format(call->cx.arena, &place, "/api/v1/videos/%.*s", TEXT_ARG(form->upload.id)) != OK)
        return ctx_no_memory(&call->cx);
    TRY(call_header(call, "Location", place));
    return video_find(&call->cx, call->services, NULL, form->upload.id, out);
}
