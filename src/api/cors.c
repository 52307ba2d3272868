/* cors.c: the allow-list of origins at work. Owns nothing; see cors.h. */
#include "api/cors.h"

#include "api/reply.h"

/* What our clients send and read beyond the safelisted headers; the tus ones are of tus 1.0. */
static const char allowed_headers[] =
    "Authorization, Content-Type, Last-Event-ID, X-Requested-With, X-HTTP-Method-Override, "
    "X-Request-Id, Tus-Resumable, Upload-Length, Upload-Metadata, Upload-Offset, Upload-Checksum, "
    "Upload-Concat, Upload-Defer-Length";
static const char exposed_headers[] =
    "Location, ETag, Retry-After, X-Request-Id, Content-Range, Matinee-Video-Id, Tus-Resumable, "
    "Tus-Version, Tus-Extension, Tus-Max-Size, Tus-Checksum-Algorithm, Upload-Length, "
    "Upload-Offset, "
    "Upload-Metadata, Upload-Expires, Upload-Concat, Upload-Defer-Length";

text cors_origin_of(text url) {
    for (size_t i = 0; i + 3 < url.len; i++) {
        if (!text_equal(text_part(url, i, 3), TEXT("://"))) continue;
        size_t end = i + 3;
        while (end < url.len && url.at[end] != '/' && url.at[end] != '?' && url.at[end] != '#')
            end++;
        return i > 0 && end > i + 3 ? text_part(url, 0, end) : NO_TEXT;
    }
    return NO_TEXT;
}

/* The next entry of a list whose separators are blanks and commas. */
static bool next_entry(text *rest, text *out) {
    while (rest->len && (*rest->at == ' ' || *rest->at == ','))
        *rest = text_part(*rest, 1, rest->len);
    size_t end = 0;
    while (end < rest->len && rest->at[end] != ' ' && rest->at[end] != ',') end++;
    *out = text_part(*rest, 0, end);
    *rest = text_part(*rest, end, rest->len);
    return out->len > 0;
}

status cors_parse(struct ctx *cx, struct arena *arena, const char *entries, struct origins *out) {
    text all = NO_TEXT;
    if (text_copy(arena, entries ? text_of(entries) : TEXT(""), &all) != OK)
        return ctx_no_memory(cx);
    struct origins origins = {.at = arena_take_array(arena, all.len / 2 + 1, sizeof(text))};
    TRY_NEW(cx, origins.at);
    text entry = NO_TEXT;
    while (next_entry(&all, &entry)) {
        if (text_is(entry, "*")) {
            origins.any = true;
            continue;
        }
        if (!text_equal(cors_origin_of(entry), entry))
            return ctx_fail_field(cx, INVALID, "CORS_ORIGINS",
                                  "'%.*s' is not an origin such as https://films.example.",
                                  TEXT_ARG(entry));
        origins.at[origins.count++] = entry;
    }
    *out = origins;
    return OK;
}

bool cors_is_own(const struct api *api, const struct http_exchange *exchange, text origin) {
    if (api->own_origin.at && text_equal_nocase(api->own_origin, origin)) return true;
    text host = http_header_of(exchange, "Host");
    if (!host.len || !text_ends(origin, host)) return false;
    text scheme = text_part(origin, 0, origin.len - host.len);
    return text_is(scheme, "https://") || (text_is(scheme, "http://") && !api->https);
}

bool cors_is_listed(const struct api *api, text origin) {
    for (size_t i = 0; i < api->origins.count; i++) {
        if (text_equal_nocase(api->origins.at[i], origin)) return true;
    }
    return false;
}

bool cors_is_preflight(const struct http_exchange *exchange) {
    return exchange->method == HTTP_OPTIONS && http_header_of(exchange, "Origin").at &&
           http_header_of(exchange, "Access-Control-Request-Method").at;
}

void cors_headers(const struct api *api, struct http_exchange *exchange) {
    if (!api->origins.count && !api->origins.any) return;
    reply_header_once(exchange, "Vary", "Origin");
    text origin = http_header_of(exchange, "Origin");
    if (!origin.at) return;
    text value = NO_TEXT;
    if (cors_is_listed(api, origin)) {
        if (text_copy(exchange->cx.arena, origin, &value) != OK) return;
        reply_header_once(exchange, "Access-Control-Allow-Origin", value.at);
        reply_header_once(exchange, "Access-Control-Allow-Credentials", "true");
    } else if (api->origins.any) {
        reply_header_once(exchange, "Access-Control-Allow-Origin", "*");
    } else {
        return;
    }
    reply_header_once(exchange, "Access-Control-Expose-Headers", exposed_headers);
}

void cors_preflight(const struct api *api, struct http_exchange *exchange, unsigned methods) {
    exchange->reply.code = 204;
    cors_headers(api, exchange);
    if (!reply_has_header(exchange, "Access-Control-Allow-Origin")) return;
    struct build build = {.arena = exchange->cx.arena};
    for (unsigned i = 0; i < DISPATCH_METHODS; i++) {
        if (!(methods & (1u << i))) continue;
        if (build.len) build_c(&build, ", ");
        build_c(&build, method_name((enum http_method)i));
    }
    text allowed = NO_TEXT;
    if (build_text(&build, &allowed) != OK) return;
    reply_header_once(exchange, "Access-Control-Allow-Methods", allowed.at);
    reply_header_once(exchange, "Access-Control-Allow-Headers", allowed_headers);
    reply_header_once(exchange, "Access-Control-Max-Age", "7200");
}
