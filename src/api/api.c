/* api.c: opening and closing the dispatcher, and what it answers on the poll thread: look-up,
 * preflight, refusals and pages. Owns: struct api. Threads: see api.h. */
#include "api/api.h"

#include "api/contract.h"
#include "api/cors.h"
#include "api/flow.h"
#include "api/intake.h"
#include "api/openapi.h"
#include "api/problem.h"
#include "api/reply.h"
#include "base/digest.h"
#include "base/scope.h"

enum { API_CAP_BYTES = 8 << 20, FORM_OVERHEAD_BYTES = 1 << 20 };

static status document_get(struct call *call, const void *in, void *out) {
    (void)in;
    (void)out;
    const struct api *api = call->api;
    return call_bytes(call, TEXT("application/json"), api->document, api->document_etag,
                      TEXT("no-cache"));
}

static const struct route own_routes[] = {
    {.method = HTTP_GET,
     .pattern = "/api/openapi.json",
     .name = "openapi_get",
     .run = document_get,
     .produces = "application/json",
     .quick = true,
     .doc = "This description of the API."},
};
static const struct route_table own_table = {.routes = own_routes, .count = COUNT_OF(own_routes)};

/* ---- looking up ---- */

/* tus clients behind proxies that know only GET and POST name the method in a header. */
static void look_up(struct api_call *c) {
    const struct http_exchange *exchange = c->call.exchange;
    dispatch_find(c->api->dispatch, exchange->method, exchange->path, &c->match);
    enum http_method named = HTTP_POST;
    text override = http_header_of(exchange, "X-HTTP-Method-Override");
    if (exchange->method != HTTP_POST || !override.at || !method_from(override, &named)) return;
    struct match other;
    dispatch_find(c->api->dispatch, named, exchange->path, &other);
    if (other.bound && other.bound->route->overridable) c->match = other;
}

/* Sends what is in the reply: at once when a body would have to be thrown away, which costs the
 * connection, else in the ordinary way. */
static void answer_now(struct api_call *c, struct http_decision *out) {
    c->stage = STAGE_DONE;
    flow_dress(c);
    out->intake = HTTP_INTAKE_NONE;
    out->inline_run = true;
    out->refuse = c->call.exchange->content_length_bytes != 0;
}

static void refuse(struct api_call *c, struct http_decision *out, int http_code, status code,
                   const char *sentence) {
    problem_reply(c->call.exchange, http_code, code, "", sentence);
    (void)ctx_fail(&c->call.cx, code, "%s", sentence);
    answer_now(c, out);
}

static void answer_unrouted(struct api_call *c, struct http_decision *out) {
    struct http_exchange *exchange = c->call.exchange;
    if (c->match.methods && cors_is_preflight(exchange)) {
        cors_preflight(c->api, exchange, c->match.methods);
        answer_now(c, out);
    } else if (c->match.methods && exchange->method == HTTP_OPTIONS) {
        exchange->reply.code = 204;
        reply_allow(exchange, c->match.methods);
        answer_now(c, out);
    } else if (c->match.methods) {
        reply_allow(exchange, c->match.methods);
        refuse(c, out, 405, INVALID, "This address doesn't take that method; see Allow.");
    } else if (c->api->options.page && !dispatch_claims(c->api->dispatch, exchange->path) &&
               (exchange->method == HTTP_GET || exchange->method == HTTP_HEAD)) {
        c->page = true;
        out->inline_run = true;
    } else {
        refuse(c, out, 404, NOT_FOUND, "There is nothing under this address.");
    }
}

/* ---- deciding how the body is taken ---- */

static bool has_body(const struct http_exchange *exchange) {
    return exchange->content_length_bytes != 0;
}

static void decide_streamed(struct api_call *c, struct http_decision *out) {
    const struct route *route = c->route;
    bool form = route->body == BODY_MULTIPART;
    int64_t cap =
        route->body_cap_bytes > 0 ? route->body_cap_bytes : c->api->options.max_body_bytes;
    out->intake = HTTP_INTAKE_STREAM;
    out->body_cap_bytes = form ? cap + FORM_OVERHEAD_BYTES : cap;
}

static void decide(struct api_call *c, struct http_decision *out) {
    struct http_exchange *exchange = c->call.exchange;
    text type = http_header_of(exchange, "Content-Type");
    switch (c->route->body) {
    case BODY_NONE:
        out->inline_run = c->route->quick;
        break;
    case BODY_JSON:
        out->intake = HTTP_INTAKE_WHOLE;
        out->body_cap_bytes = INTAKE_JSON_CAP_BYTES;
        out->inline_run = c->route->quick;
        if (has_body(exchange) && !intake_type_is(type, "application/json"))
            refuse(c, out, 415, INVALID, "Send application/json here.");
        break;
    case BODY_MULTIPART:
        decide_streamed(c, out);
        if (!intake_type_is(type, "multipart/form-data"))
            refuse(c, out, 415, INVALID, "Send multipart/form-data here.");
        break;
    case BODY_RAW:
        decide_streamed(c, out);
        break;
    }
}

/* ---- net's callbacks ---- */

static void app_begin(void *app, struct http_exchange *exchange, struct http_decision *out) {
    struct api *api = app;
    *out = (struct http_decision){.intake = HTTP_INTAKE_NONE};
    struct api_call *c = arena_new_of(exchange->cx.arena, struct api_call);
    exchange->app_state = c;
    if (!c) {
        problem_reply(exchange, 503, NO_MEMORY, "", "");
        out->refuse = true;
        return;
    }
    c->api = api;
    c->call.cx = exchange->cx;
    c->call.services = api->options.services;
    c->call.api = api;
    c->call.exchange = exchange;
    look_up(c);
    if (c->match.bound && !cors_is_preflight(exchange)) {
        c->route = c->match.bound->route;
        decide(c, out);
    } else {
        answer_unrouted(c, out);
    }
}

static status app_open(void *app, struct http_exchange *exchange) {
    (void)app;
    return flow_open(exchange->app_state);
}

static status app_piece(void *app, struct http_exchange *exchange, const void *bytes, size_t size) {
    (void)app;
    return flow_piece(exchange->app_state, bytes, size);
}

static void run_page(struct api_call *c) {
    struct http_exchange *exchange = c->call.exchange;
    const struct api_options *options = &c->api->options;
    if (!options->page(options->page_argument, exchange)) {
        c->page = false;
        problem_reply(exchange, 404, NOT_FOUND, "", "There is no such page.");
    }
    c->stage = STAGE_DONE;
    flow_dress(c);
}

static void app_run(void *app, struct http_exchange *exchange) {
    (void)app;
    struct api_call *c = exchange->app_state;
    if (!c || c->stage == STAGE_DONE) return;
    if (c->page) {
        run_page(c);
    } else {
        flow_run(c);
    }
}

static void app_broken(void *app, struct http_exchange *exchange) {
    (void)app;
    if (exchange->app_state) flow_broken(exchange->app_state);
}

static void app_end(void *app, struct http_exchange *exchange, bool completed) {
    (void)app;
    if (exchange->app_state) flow_end(exchange->app_state, completed);
    exchange->app_state = NULL;
}

static void app_refusal(void *app, struct http_exchange *exchange, int code, const char *sentence) {
    problem_reply(exchange, code, problem_status(code), "", sentence);
    if (code == 503 || code == 429) reply_retry_after(exchange, 1000);
    cors_headers(app, exchange);
    reply_secure(app, exchange, false);
}

struct http_app api_app(struct api *api) {
    return (struct http_app){.app = api,
                             .begin = app_begin,
                             .open = app_open,
                             .piece = app_piece,
                             .run = app_run,
                             .end = app_end,
                             .refusal = app_refusal,
                             .broken = app_broken};
}

/* ---- opening and closing ---- */

static void take_options(struct api *api, const struct api_options *options) {
    struct api_options *own = &api->options;
    *own = *options;
    own->tables = NULL;
    if (own->default_limit.per_minute <= 0)
        own->default_limit = (struct limit){.name = "default", .per_minute = 100, .burst = 20};
    if (own->max_body_bytes <= 0) own->max_body_bytes = 100ll << 20;
    if (own->handler_timeout_ms <= 0) own->handler_timeout_ms = 30000;
    if (!own->title) own->title = "Matinee";
    if (!own->version) own->version = "0";
}

static status take_origins(struct ctx *cx, struct api *api) {
    TRY(cors_parse(cx, api->arena, api->options.cors_origins, &api->origins));
    text url = text_of(api->options.public_url);
    api->https = text_starts(url, TEXT("https://"));
    if (text_copy(api->arena, cors_origin_of(url), &api->own_origin) != OK)
        return ctx_no_memory(cx);
    return OK;
}

static status take_document(struct ctx *cx, struct api *api, const struct route_table *tables,
                            size_t count) {
    text document = NO_TEXT;
    TRY(openapi_write(cx, tables, count, api->options.title, api->options.version, &document));
    unsigned char hash[SHA256_BYTES];
    char hex[SHA256_HEX_BYTES];
    digest_sha256(document.at, document.len, hash);
    hex_write(hash, sizeof hash, hex);
    if (text_copy(api->arena, document, &api->document) != OK ||
        text_format(api->arena, &api->document_etag, "\"%.32s\"", hex) != OK)
        return ctx_no_memory(cx);
    return OK;
}

static void api_done(struct api **api) {
    api_close(*api);
}

status api_open(struct ctx *cx, const struct api_options *options, struct api **out) {
    struct arena *arena = arena_new(API_CAP_BYTES);
    TRY_NEW(cx, arena);
    scoped(api_done) struct api *api = arena_new_of(arena, struct api);
    if (!api) {
        arena_free(arena);
        return ctx_no_memory(cx);
    }
    api->arena = arena;
    take_options(api, options);
    size_t count = options->table_count + 1;
    struct route_table *tables = arena_take_array(arena, count, sizeof *tables);
    TRY_NEW(cx, tables);
    for (size_t i = 0; i + 1 < count; i++) tables[i] = options->tables[i];
    tables[count - 1] = own_table;
    TRY(take_origins(cx, api));
    TRY(dispatch_build(cx, tables, count, &api->dispatch));
    TRY(take_document(cx, api, tables, count));
    if (options->contract_log) TRY(contract_open(cx, options->contract_log, &api->contract));
    *out = move(&api);
    return OK;
}

void api_close(struct api *api) {
    if (!api) return;
    contract_close(api->contract);
    dispatch_free(api->dispatch);
    arena_free(api->arena);
}

text api_document(const struct api *api) {
    return api->document;
}
