/* flow.c: admission, streams, handler, reply, observation. Owns nothing; see flow.h. */
#include "api/flow.h"

#include "api/contract.h"
#include "api/cors.h"
#include "api/form.h"
#include "api/guard.h"
#include "api/intake.h"
#include "api/limit.h"
#include "api/problem.h"
#include "api/reply.h"
#include "base/clock.h"
#include "base/record.h"

static bool streams(const struct api_call *c) {
    return c->route->body == BODY_RAW || c->route->body == BODY_MULTIPART;
}

/* A refused token costs one of its sender's tries; the refusal's own sentence stays. */
static status count_refusal(struct api_call *c, status refused) {
    struct fault kept = c->call.cx.fault;
    ctx_clear(&c->call.cx);
    TRY(limit_refused(c));
    c->call.cx.fault = kept;
    return refused;
}

status flow_admit(struct api_call *c) {
    if (!streams(c)) c->call.cx.deadline_ms = clock_ticks_ms() + c->api->options.handler_timeout_ms;
    status admitted = guard_admit(c);
    if (admitted == DENIED && c->bad_token) return count_refusal(c, admitted);
    TRY(admitted);
    TRY(limit_admit(c));
    TRY(intake_read(c));
    c->stage = STAGE_ADMITTED;
    return OK;
}

status flow_open_stream(struct api_call *c) {
    c->stream_opened = true;
    TRY(c->route->stream->open(&c->call, c->in));
    c->stage = STAGE_OPEN;
    return OK;
}

static void break_stream(struct api_call *c) {
    if (c->stage != STAGE_OPEN || c->stream_broken) return;
    c->stream_broken = true;
    if (c->route->stream->broken) c->route->stream->broken(&c->call);
}

void flow_dress(struct api_call *c) {
    cors_headers(c->api, c->call.exchange);
    reply_secure(c->api, c->call.exchange, c->page);
    if (c->api->contract) contract_note(c->api->contract, c);
}

void flow_fail(struct api_call *c, status code) {
    if (c->stage == STAGE_DONE) return;
    problem_from_call(c, code);
    break_stream(c);
    c->stage = STAGE_DONE;
    flow_dress(c);
}

static status open_all(struct api_call *c) {
    TRY(flow_admit(c));
    return c->route->body == BODY_RAW ? flow_open_stream(c) : form_open(c);
}

status flow_open(struct api_call *c) {
    if (c->stage == STAGE_DONE) return INVALID;
    status opened = open_all(c);
    if (opened != OK) flow_fail(c, opened);
    return opened;
}

status flow_piece(struct api_call *c, const void *bytes, size_t size) {
    if (c->stage == STAGE_DONE) return INVALID;
    c->body_bytes += (int64_t)size;
    status taken = c->route->body == BODY_RAW ? c->route->stream->piece(&c->call, bytes, size)
                                              : form_piece(c, bytes, size);
    if (taken != OK) flow_fail(c, taken);
    return taken;
}

static bool has_reply(const struct http_reply *reply) {
    return reply->kind != HTTP_BODY_NONE;
}

static status write_record(struct api_call *c, const void *out) {
    struct http_reply *reply = &c->call.exchange->reply;
    text json = NO_TEXT;
    TRY(record_to_json(&c->call.cx, c->route->out, out, &json));
    reply->kind = HTTP_BODY_BYTES;
    reply->content_type = TEXT("application/json");
    reply->bytes = json;
    return OK;
}

static bool bodiless(int code) {
    return code == 204 || code == 304;
}

static status handle(struct api_call *c) {
    const struct route *route = c->route;
    struct http_reply *reply = &c->call.exchange->reply;
    void *out = NULL;
    if (route->out) {
        out = arena_take(c->call.cx.arena, route->out->size);
        TRY_NEW(&c->call.cx, out);
        record_clear(route->out, out);
    }
    TRY(route->run(&c->call, c->in, out));
    if (route->out && !has_reply(reply) && !bodiless(reply->code)) TRY(write_record(c, out));
    if (!reply->code) reply->code = route->code;
    if (!reply->code) reply->code = has_reply(reply) ? 200 : 204;
    return OK;
}

/* A streamed body may have been empty: then nothing was opened yet. */
static status serve(struct api_call *c) {
    if (streams(c)) {
        if (c->stage < STAGE_ADMITTED) TRY(open_all(c));
        if (c->route->body == BODY_MULTIPART) TRY(form_finish(c));
    } else {
        TRY(flow_admit(c));
    }
    c->stream_broken = true; /* from here on the handler itself keeps or drops */
    return handle(c);
}

void flow_run(struct api_call *c) {
    if (c->stage == STAGE_DONE) return;
    status served = serve(c);
    if (served != OK) {
        flow_fail(c, served);
        return;
    }
    c->stage = STAGE_DONE;
    flow_dress(c);
}

void flow_broken(struct api_call *c) {
    if (!c->route || !streams(c)) return;
    break_stream(c);
}

void flow_end(struct api_call *c, bool completed) {
    if (c->stream_opened && c->route->stream->end) c->route->stream->end(&c->call);
    const struct observer *observer = &c->api->options.observer;
    if (!observer->finished) return;
    struct http_exchange *exchange = c->call.exchange;
    struct observation what = {
        .route = c->route,
        .method = exchange->method,
        .path = exchange->path,
        .code = exchange->reply.code,
        .completed = completed,
        .duration_us = clock_ticks_us() - exchange->began_ticks_us,
        .peer = exchange->peer,
        .user_id = c->call.actor.user_id,
        .video_id = c->call.video_id,
        .request_id = text_of(exchange->cx.request_id),
        .body_bytes = c->body_bytes + (int64_t)exchange->body.len,
        .fault = c->call.cx.fault.code != OK ? &c->call.cx.fault : NULL,
    };
    observer->finished(observer->argument, &what);
}
