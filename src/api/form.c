/* form.c: the sink between the multipart parser and a call. Owns nothing; see form.h. */
#include "api/form.h"

#include "api/flow.h"
#include "api/intake.h"
#include "api/multipart.h"

enum { FIELD_CAP_BYTES = 64 * 1024 };

struct form {
    struct multipart *parser;
    text field;         /* name of the field being gathered */
    struct build value; /* its bytes so far */
    bool file_begun;
    bool file_over;
};

/* What the file part says of itself goes to the members that only the server may set. */
static status take_hint(struct api_call *c, const char *name, text value) {
    const struct field *field = field_find(c->route->in, text_of(name));
    if (!field || !(field->flags & HIDDEN) || !value.at) return OK;
    text copy = NO_TEXT;
    if (text_copy(c->call.cx.arena, value, &copy) != OK) return ctx_no_memory(&c->call.cx);
    return record_set_from_text(&c->call.cx, c->route->in, c->in, text_of(name), copy);
}

static status begin_file(struct api_call *c, const struct multipart_part *part) {
    if (!text_is(part->name, "file"))
        return ctx_fail_field(&c->call.cx, INVALID, "file",
                              "The file's part must be called 'file'.");
    if (c->route->in) {
        TRY(take_hint(c, "filename", part->filename));
        TRY(take_hint(c, "filetype", part->type));
    }
    TRY(intake_check(c));
    c->form->file_begun = true;
    return flow_open_stream(c);
}

static status sink_part(void *argument, const struct multipart_part *part) {
    struct api_call *c = argument;
    struct form *form = c->form;
    if (part->filename.at && form->file_begun)
        return ctx_fail_field(&c->call.cx, INVALID, "file", "Send one file at a time.");
    if (part->filename.at) return begin_file(c, part);
    form->value = (struct build){.arena = c->call.cx.arena};
    if (text_copy(c->call.cx.arena, part->name, &form->field) != OK)
        return ctx_no_memory(&c->call.cx);
    return OK;
}

static status sink_bytes(void *argument, const char *bytes, size_t size) {
    struct api_call *c = argument;
    struct form *form = c->form;
    if (form->file_begun && !form->file_over) return c->route->stream->piece(&c->call, bytes, size);
    if (form->value.len + size > FIELD_CAP_BYTES)
        return ctx_fail(&c->call.cx, INVALID, "The field '%.*s' is longer than %d bytes.",
                        (int)(form->field.len < 60 ? form->field.len : 60), form->field.at,
                        FIELD_CAP_BYTES);
    build_put(&form->value, (text){bytes, size});
    return OK;
}

static status sink_end(void *argument) {
    struct api_call *c = argument;
    struct form *form = c->form;
    if (form->file_begun && !form->file_over) {
        form->file_over = true;
        return OK;
    }
    text value = NO_TEXT;
    if (build_text(&form->value, &value) != OK) return ctx_no_memory(&c->call.cx);
    if (!value.at) value = TEXT("");
    return intake_field(c, form->field, value);
}

status form_open(struct api_call *c) {
    struct ctx *cx = &c->call.cx;
    text boundary = NO_TEXT;
    TRY(multipart_boundary(cx, http_header_of(c->call.exchange, "Content-Type"), &boundary));
    c->form = arena_new_of(cx->arena, struct form);
    TRY_NEW(cx, c->form);
    struct multipart_sink sink = {
        .argument = c, .part = sink_part, .bytes = sink_bytes, .end = sink_end};
    return multipart_open(cx, boundary, &sink, &c->form->parser);
}

status form_piece(struct api_call *c, const void *bytes, size_t size) {
    return multipart_feed(&c->call.cx, c->form->parser, bytes, size);
}

status form_finish(struct api_call *c) {
    TRY(multipart_finish(&c->call.cx, c->form->parser));
    if (c->form->file_over) return intake_check(c); /* fields may follow the file, too */
    return ctx_fail_field(&c->call.cx, INVALID, "file", "'file' is required.");
}
