/* intake.c: from what the client sent to a checked record. Owns nothing; see intake.h. */
#include "api/intake.h"

#include "base/record.h"

#include <stdio.h>

bool intake_type_is(text content_type, const char *type) {
    text plain = NO_TEXT, parameters = NO_TEXT;
    if (!text_cut(content_type, ';', &plain, &parameters)) return false;
    return text_equal_nocase(text_trim(plain), text_of(type));
}

static status unknown(struct api_call *c, text name) {
    char field[FAULT_FIELD_BYTES];
    (void)snprintf(field, sizeof field, "%.*s", (int)(name.len < 60 ? name.len : 60),
                   name.at ? name.at : "");
    return ctx_fail_field(&c->call.cx, INVALID, field, "'%s' is not known here.", field);
}

status intake_field(struct api_call *c, text name, text value) {
    struct ctx *cx = &c->call.cx;
    const struct schema *given = &c->match.bound->given;
    const struct field *field = c->route->in ? field_find(given, name) : NULL;
    if (!field || (field->flags & HIDDEN)) return unknown(c, name);
    bool settable = field->kind != FIELD_BOOL; /* a plain bool is never absent */
    if (settable && !field_is_absent(field, c->in))
        return ctx_fail_field(cx, INVALID, field->name, "'%s' is given twice.", field->name);
    return record_set_from_text(cx, given, c->in, name, value);
}

static status visit_query(struct http_exchange *exchange, text name, text value, void *argument) {
    struct api_call *c = argument;
    (void)exchange;
    bool elsewhere = c->route->body == BODY_JSON || c->route->body == BODY_MULTIPART;
    return elsewhere ? unknown(c, name) : intake_field(c, name, value);
}

/* The path comes last: a body that named one of its members was refused as unknown. */
static status read_path(struct api_call *c) {
    struct ctx *cx = &c->call.cx;
    const struct bound *bound = c->match.bound;
    for (size_t i = 0; i < bound->name_count; i++) {
        status set =
            record_set_from_text(cx, c->route->in, c->in, bound->names[i], c->match.values[i]);
        if (set == OK) continue;
        ctx_clear(cx);
        return ctx_fail(cx, NOT_FOUND, "There is nothing under this address.");
    }
    return OK;
}

static status read_json(struct api_call *c) {
    text body = c->call.exchange->body;
    if (!body.len) body = TEXT("{}");
    return record_from_json(&c->call.cx, &c->match.bound->given, body, c->in);
}

static bool from_path(const struct api_call *c, const char *field) {
    for (size_t i = 0; i < c->match.bound->name_count; i++) {
        if (text_is(c->match.bound->names[i], field)) return true;
    }
    return false;
}

status intake_check(struct api_call *c) {
    if (!c->route->in) return OK;
    struct ctx *cx = &c->call.cx;
    status checked = record_check(cx, c->route->in, c->in);
    if (checked != INVALID || !from_path(c, cx->fault.field)) return checked;
    ctx_clear(cx);
    return ctx_fail(cx, NOT_FOUND, "There is nothing under this address.");
}

/* A query that can't be decoded leaves no fault: net knows no sentence for it. */
static status read_query(struct api_call *c) {
    if (!c->call.exchange->query.len) return OK;
    status read = http_query_each(c->call.exchange, visit_query, c);
    if (read != INVALID) return read;
    return ctx_fail(&c->call.cx, INVALID, "The query can't be decoded.");
}

status intake_read(struct api_call *c) {
    const struct route *route = c->route;
    if (route->in) {
        c->in = arena_take(c->call.cx.arena, route->in->size);
        TRY_NEW(&c->call.cx, c->in);
        record_clear(route->in, c->in);
    }
    if (route->body == BODY_JSON) TRY(read_json(c));
    TRY(read_query(c));
    if (route->in) TRY(read_path(c));
    return route->body == BODY_MULTIPART ? OK : intake_check(c);
}
