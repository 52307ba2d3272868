/* reply.c: the headers of replies, and the call_* controls that handlers have over them.
 *
 * Owns nothing; values live in the exchange's arena or are constants. Threads: one at a time for
 * each exchange. Sources: RFC 9110; OWASP Secure Headers; RFC 6265bis §4.1 for cookies. */
#include "api/reply.h"

#include "base/scope.h"

static const char policy_api[] = "default-src 'none'; frame-ancestors 'none'";
static const char policy_page[] =
    "default-src 'self'; script-src 'self'; style-src 'self'; font-src 'self'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'";

bool reply_has_header(const struct http_exchange *exchange, const char *name) {
    for (size_t i = 0; i < exchange->reply.header_count; i++) {
        if (text_equal_nocase(exchange->reply.headers[i].name, text_of(name))) return true;
    }
    return false;
}

void reply_header_once(struct http_exchange *exchange, const char *name, const char *value) {
    if (reply_has_header(exchange, name)) return;
    if (http_reply_header(exchange, name, text_of(value)) != OK) return;
}

void reply_retry_after(struct http_exchange *exchange, int64_t wait_ms) {
    text seconds = NO_TEXT;
    long long whole = (long long)((wait_ms + 999) / 1000);
    if (text_format(exchange->cx.arena, &seconds, "%lld", whole > 0 ? whole : 1) == OK)
        reply_header_once(exchange, "Retry-After", seconds.at);
}

void reply_allow(struct http_exchange *exchange, unsigned methods) {
    struct build build = {.arena = exchange->cx.arena};
    methods |= 1u << HTTP_OPTIONS;
    for (unsigned i = 0; i < DISPATCH_METHODS; i++) {
        if (!(methods & (1u << i))) continue;
        if (build.len) build_c(&build, ", ");
        build_c(&build, method_name((enum http_method)i));
    }
    text allow = NO_TEXT;
    if (build_text(&build, &allow) == OK) reply_header_once(exchange, "Allow", allow.at);
}

void reply_secure(const struct api *api, struct http_exchange *exchange, bool page) {
    reply_header_once(exchange, "X-Content-Type-Options", "nosniff");
    reply_header_once(exchange, "Content-Security-Policy", page ? policy_page : policy_api);
    reply_header_once(exchange, "Referrer-Policy", "same-origin");
    reply_header_once(exchange, "Cross-Origin-Resource-Policy", "same-origin");
    if (page) {
        reply_header_once(exchange, "X-Frame-Options", "DENY");
        reply_header_once(exchange, "Cross-Origin-Opener-Policy", "same-origin");
        reply_header_once(exchange, "Permissions-Policy",
                          "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
    }
    if (api->https) reply_header_once(exchange, "Strict-Transport-Security", "max-age=31536000");
    if (exchange->cx.request_id[0])
        reply_header_once(exchange, "X-Request-Id", exchange->cx.request_id);
}

status call_header(struct call *call, const char *name, text value) {
    return http_reply_header(call->exchange, name, value);
}

void call_code(struct call *call, int code) {
    call->exchange->reply.code = code;
}

status call_bytes(struct call *call, text content_type, text bytes, text etag, text cache_control) {
    struct http_reply *reply = &call->exchange->reply;
    reply->kind = HTTP_BODY_BYTES;
    reply->content_type = content_type;
    reply->bytes = bytes;
    reply->etag = etag;
    reply->cache_control = cache_control;
    return OK;
}

status call_file(struct call *call, text content_type, int fd, int64_t offset_bytes,
                 int64_t size_bytes, int64_t modified_ms, text etag, text cache_control) {
    struct http_reply *reply = &call->exchange->reply;
    if (fd < 0 || offset_bytes < 0 || size_bytes < 0)
        return ctx_fail(&call->cx, BUG, "A reply was given no file.");
    reply->kind = HTTP_BODY_FILE;
    reply->content_type = content_type;
    reply->fd = fd;
    reply->file_offset_bytes = offset_bytes;
    reply->file_size_bytes = size_bytes;
    reply->modified_ms = modified_ms;
    reply->etag = etag;
    reply->cache_control = cache_control;
    return OK;
}

status call_events(struct call *call, struct event_stream *events) {
    struct http_reply *reply = &call->exchange->reply;
    reply->kind = HTTP_BODY_EVENTS;
    reply->content_type = TEXT("text/event-stream");
    reply->events = events;
    return OK;
}

static bool cookie_byte(unsigned char c) {
    return c > 0x20 && c < 0x7F && c != '"' && c != ',' && c != ';' && c != '\\';
}

status call_cookie(struct call *call, const char *name, text value, const char *path,
                   int64_t max_age_s) {
    for (size_t i = 0; i < value.len; i++) {
        if (!cookie_byte((unsigned char)value.at[i]))
            return ctx_fail(&call->cx, BUG, "The cookie %s holds a forbidden byte.", name);
    }
    text line = NO_TEXT;
    bool secure = call->api && call->api->https;
    if (!value.at) max_age_s = 0;
    if (text_format(call->cx.arena, &line,
                    "%s=%.*s; Path=%s; Max-Age=%lld; HttpOnly; SameSite=Strict%s", name,
                    TEXT_ARG(value), path, (long long)max_age_s, secure ? "; Secure" : "") != OK)
        return ctx_no_memory(&call->cx);
    return http_reply_header(call->exchange, "Set-Cookie", line);
}
