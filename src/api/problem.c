/* problem.c: the one place that turns statuses and faults into problem documents.
 * Owns nothing; texts live in the exchange's arena. Threads: any. */
#include "api/problem.h"

#include "api/reply.h"
#include "base/record.h"

#include <unistd.h>

struct problem {
    text type;
    text title;
    int64_t status;
    text detail;
    text code;
    text field;
    text request_id;
};

static const struct field problem_fields[] = {
    FIELD(struct problem, type, .flags = REQUIRED,
          .doc = "\"about:blank\": the status code says what kind of problem it is."),
    FIELD(struct problem, title, .flags = REQUIRED, .doc = "The status code's phrase."),
    FIELD(struct problem, status, .flags = REQUIRED, .min = 400, .max = 599,
          .doc = "The HTTP status code."),
    FIELD(struct problem, detail, .flags = REQUIRED, .doc = "One sentence that says what to do."),
    FIELD(struct problem, code, .flags = REQUIRED, .doc = "The kind of failure, for programs.",
          .choices =
              (const char *const[]){"invalid", "denied", "not_found", "conflict", "quota", "gone",
                                    "busy", "timeout", "no_memory", "io", "bug", NULL}),
    FIELD(struct problem, field, .flags = OMIT_ABSENT, .doc = "The input member at fault."),
    FIELD(struct problem, request_id, .flags = REQUIRED, .doc = "Names this request in the logs."),
};
const struct schema problem_schema =
    SCHEMA("Problem", struct problem, problem_fields, "Why a request failed (RFC 9457).");

int problem_http(status code) {
    static const int codes[STATUS_COUNT] = {
        [OK] = 200,       [INVALID] = 400,   [DENIED] = 403, [NOT_FOUND] = 404,
        [CONFLICT] = 409, [QUOTA] = 413,     [GONE] = 410,   [BUSY] = 503,
        [TIMEOUT] = 504,  [NO_MEMORY] = 503, [IO] = 500,     [BUG] = 500};
    return (unsigned)code < STATUS_COUNT ? codes[code] : 500;
}

status problem_status(int http_code) {
    switch (http_code) {
    case 401:
    case 403:
        return DENIED;
    case 404:
        return NOT_FOUND;
    case 408:
    case 504:
        return TIMEOUT;
    case 409:
        return CONFLICT;
    case 410:
        return GONE;
    case 413:
    case 429:
        return QUOTA;
    case 503:
        return BUSY;
    default:
        return http_code >= 500 ? IO : INVALID;
    }
}

const char *problem_title(int http_code) {
    static const struct {
        int code;
        const char *title;
    } titles[] = {
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {460, "Checksum Mismatch"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
        if (titles[i].code == http_code) return titles[i].title;
    }
    return http_code >= 500 ? "Server Error" : "Request Refused";
}

/* What people read when the failure's own sentence must stay inside or is missing. */
static const char *general_sentence(status code) {
    switch (code) {
    case INVALID:
        return "The request can't be understood.";
    case DENIED:
        return "You may not do this.";
    case NOT_FOUND:
        return "There is nothing here.";
    case CONFLICT:
        return "The present state doesn't allow this.";
    case QUOTA:
        return "A limit is reached.";
    case GONE:
        return "This is over and gone.";
    case BUSY:
        return "The server is busy; try again in a moment.";
    case TIMEOUT:
        return "This took too long; try again in a moment.";
    case NO_MEMORY:
        return "This needs more memory than one request may use.";
    default:
        return "Something went wrong on the server; its log tells more under the request id.";
    }
}

/* Lets go of what a handler had put into the reply before it failed. */
static void drop_body(struct http_reply *reply) {
    if (reply->kind == HTTP_BODY_FILE && reply->fd >= 0) (void)close(reply->fd);
    if (reply->kind == HTTP_BODY_EVENTS && reply->events) event_close(reply->events);
    reply->kind = HTTP_BODY_NONE;
    reply->fd = -1;
    reply->events = NULL;
    reply->bytes = NO_TEXT;
    reply->etag = NO_TEXT;
    reply->modified_ms = 0;
    reply->cache_control = NO_TEXT;
}

void problem_reply(struct http_exchange *exchange, int http_code, status code, const char *field,
                   const char *detail) {
    struct http_reply *reply = &exchange->reply;
    drop_body(reply);
    struct problem problem = {
        .type = TEXT("about:blank"),
        .title = text_of(problem_title(http_code)),
        .status = http_code,
        .detail = text_of(detail[0] ? detail : general_sentence(code)),
        .code = text_of(status_name(code)),
        .field = field[0] ? text_of(field) : NO_TEXT,
        .request_id = text_of(exchange->cx.request_id),
    };
    text json = NO_TEXT;
    struct build build = {.arena = exchange->cx.arena};
    record_write(&build, &problem_schema, &problem);
    if (build_text(&build, &json) != OK) {
        json = TEXT("{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,"
                    "\"detail\":\"This needs more memory than one request may use.\","
                    "\"code\":\"no_memory\",\"request_id\":\"\"}");
        http_code = 503;
    }
    reply->code = http_code;
    reply->kind = HTTP_BODY_BYTES;
    reply->content_type = TEXT("application/problem+json");
    reply->bytes = json;
}

static int http_of_call(const struct api_call *c, status code) {
    if (c->code_hint) return c->code_hint;
    if (c->call.exchange->reply.code >= 400) return c->call.exchange->reply.code; /* call_code */
    if (code == DENIED && c->call.actor.role == ROLE_NONE) return 401;
    if (code == QUOTA && c->retry_ms) return 429;
    if (code == INVALID && c->call.cx.fault.field[0]) return 422;
    return problem_http(code);
}

void problem_from_call(struct api_call *c, status code) {
    struct http_exchange *exchange = c->call.exchange;
    struct fault *fault = &c->call.cx.fault;
    bool inside = code == IO || code == BUG;
    if (exchange->reply.code >= 400) c->code_hint = exchange->reply.code;
    int http_code = http_of_call(c, code);
    if (fault->code == OK) fault->code = code;
    problem_reply(exchange, http_code, code, inside ? "" : fault->field,
                  inside ? "" : fault->detail);
    if (http_code == 401) {
        reply_header_once(exchange, "WWW-Authenticate",
                          c->bad_token ? "Bearer realm=\"matinee\", error=\"invalid_token\""
                                       : "Bearer realm=\"matinee\"");
    }
    if (http_code == 503 || http_code == 429) {
        reply_retry_after(exchange, c->retry_ms ? c->retry_ms : 1000);
    }
}
