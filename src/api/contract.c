/* contract.c: replies held against their routes' promises. Owns: the log's descriptor; see
 * contract.h. */
#include "api/contract.h"

#include "api/jdoc.h"
#include "api/limit.h"
#include "api/problem.h"
#include "base/record.h"
#include "base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

struct contract {
    int fd;
};

static const int failure_codes[] = {400, 401, 403, 404, 409, 410, 412, 413,
                                    415, 422, 423, 429, 460, 500, 503, 504};

static bool fails(const struct route *route, status code) {
    return (route->fails & ERR_BIT(code)) != 0;
}

static bool says_also(const struct route *route, int code) {
    for (size_t i = 0; i < COUNT_OF(route->also); i++) {
        if (route->also[i] == code) return true;
    }
    return false;
}

static bool may_answer(const struct route *route, int code) {
    bool with_body = route->body != BODY_NONE;
    switch (code) {
    case 401:
        return route->auth != AUTH_PUBLIC || fails(route, DENIED);
    case 403:
        return route->auth >= AUTH_VIEWER || fails(route, DENIED) || !method_is_safe(route->method);
    case 404:
        return fails(route, NOT_FOUND) ||
               (route->pattern && text_find(text_of(route->pattern), '{') >= 0);
    case 409:
        return fails(route, CONFLICT);
    case 410:
        return fails(route, GONE);
    case 413:
        return with_body || fails(route, QUOTA);
    case 415:
        return route->body == BODY_JSON || route->body == BODY_MULTIPART || says_also(route, code);
    case 412:
    case 423:
    case 460:
        return says_also(route, code);
    case 422:
        return route->in != NULL || with_body;
    case 429:
        return route->limit != &limit_exempt || fails(route, QUOTA);
    default:
        return true;
    }
}

static int success_code(const struct route *route) {
    if (route->code) return route->code;
    return route->out || route->produces ? 200 : 204;
}

size_t contract_codes(const struct route *route, int *out, size_t room) {
    size_t count = 0;
    if (room) out[count++] = success_code(route);
    for (size_t i = 0; i < COUNT_OF(failure_codes); i++) {
        if (count < room && may_answer(route, failure_codes[i])) out[count++] = failure_codes[i];
    }
    return count;
}

status contract_open(struct ctx *cx, const char *path, struct contract **out) {
    struct contract *contract = calloc(1, sizeof *contract);
    TRY_NEW(cx, contract);
    contract->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (contract->fd < 0) {
        free(contract);
        return ctx_fail_errno(cx, "Opening the contract log", path);
    }
    *out = contract;
    return OK;
}

void contract_close(struct contract *contract) {
    if (!contract) return;
    (void)close(contract->fd);
    free(contract);
}

/* Reads a JSON reply back with the schema it was promised to have. */
static void check_body(const struct schema *schema, text json, struct ctx *cx) {
    void *record = arena_take(cx->arena, schema->size);
    if (!record) return;
    status read = record_from_json(cx, schema, json, record);
    if (read == NO_MEMORY) ctx_clear(cx);
}

/* A sentence in cx->fault when the reply isn't what its route promises. */
static void check_reply(const struct api_call *c, struct ctx *cx) {
    const struct http_reply *reply = &c->call.exchange->reply;
    int codes[32];
    size_t count = contract_codes(c->route, codes, COUNT_OF(codes));
    bool declared = c->code_hint == reply->code;
    for (size_t i = 0; i < count; i++) declared = declared || codes[i] == reply->code;
    if (!declared) {
        (void)ctx_fail(cx, BUG, "The status %d is not declared.", reply->code);
        return;
    }
    bool problem = reply->code >= 400;
    bool json = reply->kind == HTTP_BODY_BYTES && text_is(reply->content_type, "application/json");
    if (problem) {
        check_body(&problem_schema, reply->bytes, cx);
    } else if (c->route->out && json) {
        check_body(c->route->out, reply->bytes, cx);
    }
}

void contract_note(struct contract *contract, const struct api_call *c) {
    if (!c->route) return;
    scoped(arena_done) struct arena *arena = arena_new(8 << 20);
    if (!arena) return;
    struct ctx cx = {.arena = arena};
    check_reply(c, &cx);
    struct jdoc doc = {.build = {.arena = arena}};
    jdoc_open(&doc, '{');
    jdoc_member_c(&doc, "route", c->route->name);
    jdoc_member_c(&doc, "method", method_name(c->call.exchange->method));
    jdoc_member_int(&doc, "status", c->call.exchange->reply.code);
    jdoc_key(&doc, "breach");
    if (cx.fault.code == OK) {
        jdoc_null(&doc);
    } else {
        jdoc_c(&doc, cx.fault.detail);
    }
    jdoc_close(&doc, '}');
    build_byte(&doc.build, '\n');
    text line = NO_TEXT;
    if (build_text(&doc.build, &line) != OK) return;
    if (write(contract->fd, line.at, line.len) < 0)
        return; /* a development aid: losing a line is fine */
}
