/* http_guard.c: the rules for a request's head; see http_guard.h.
 *
 * Owns nothing. Invariant: a rule that can't be decided refuses. Sentences are constants, because
 * whatever is refused here may be hostile and must not be echoed. Threads: pure functions. */
#include "net/http_guard.h"

#include "base/scope.h"

#include <string.h>

static const struct guard_verdict accepted = {0, NULL};

static struct guard_verdict refuse(int code, const char *sentence) {
    return (struct guard_verdict){code, sentence};
}

/* RFC 9110 §5.6.2. */
static bool is_token_byte(unsigned char byte) {
    if ((byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
        (byte >= 'a' && byte <= 'z'))
        return true;
    return byte != 0 && strchr("!#$%&'*+-.^_`|~", byte) != NULL;
}

static bool is_token(text t) {
    for (size_t i = 0; i < t.len; i++) {
        if (!is_token_byte((unsigned char)t.at[i])) return false;
    }
    return t.len > 0;
}

/* RFC 9110 §5.5, without control characters other than the tab. */
static bool is_field_value(text t) {
    for (size_t i = 0; i < t.len; i++) {
        unsigned char byte = (unsigned char)t.at[i];
        if ((byte < 0x20 && byte != '\t') || byte == 0x7F) return false;
    }
    return true;
}

/* The two NULs that stand where a line ended. */
static bool line_ends(const struct guard_block *block, const char *at) {
    const char *end = block->at + block->size;
    return at >= block->at && end - at >= 2 && at[0] == '\0' && at[1] == '\0';
}

/* The name must begin exactly where the line before ended: else a line between was merged or
 * dropped. */
static const char *header_tile(const struct guard_block *block, const char *at,
                               const struct http_header *header) {
    const char *end = block->at + block->size;
    if (header->name.at != at || (size_t)(end - at) <= header->name.len) return NULL;
    at += header->name.len;
    if (*at++ != '\0') return NULL;
    while (at < end && (*at == ' ' || *at == '\t')) at++;
    if (header->value.at != at || (size_t)(end - at) < header->value.len) return NULL;
    at += header->value.len;
    return line_ends(block, at) ? at + 2 : NULL;
}

bool guard_layout(const struct guard_block *block) {
    const char *at = block->at;
    const char *end = at + block->size;
    if (block->method.at != at || (size_t)(end - at) <= block->method.len) return false;
    at += block->method.len;
    if (*at++ != '\0' || block->target.at != at) return false;
    if ((size_t)(end - at) <= block->target.len) return false;
    at += block->target.len;
    if (*at++ != '\0' || block->version.at != at) return false;
    if ((size_t)(end - at) <= block->version.len) return false;
    at += block->version.len;
    if (!line_ends(block, at)) return false;
    at += 2;
    for (size_t i = 0; i < block->header_count; i++) {
        at = header_tile(block, at, &block->headers[i]);
        if (!at) return false;
    }
    return line_ends(block, at) && at + 2 == end;
}

static struct guard_verdict method_check(text method, enum http_method *out) {
    static const struct {
        const char *name;
        enum http_method method;
    } known[] = {{"GET", HTTP_GET},        {"HEAD", HTTP_HEAD},   {"POST", HTTP_POST},
                 {"PUT", HTTP_PUT},        {"PATCH", HTTP_PATCH}, {"DELETE", HTTP_DELETE},
                 {"OPTIONS", HTTP_OPTIONS}};
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (text_is(method, known[i].name)) {
            *out = known[i].method;
            return accepted;
        }
    }
    return is_token(method) ? refuse(501, "This server doesn't know the request's method.")
                            : refuse(400, "The request's method isn't a token.");
}

/* Headers of which a second one would change what the request means. */
static bool is_single(text name) {
    static const char *const single[] = {
        "host",          "content-length", "transfer-encoding",
        "authorization", "content-type",   "cookie",
        "expect",        "range",          "if-range",
        "upload-offset", "upload-length",  "x-http-method-override"};
    for (size_t i = 0; i < COUNT_OF(single); i++) {
        if (text_equal_nocase(name, text_of(single[i]))) return true;
    }
    return false;
}

static struct guard_verdict headers_check(const struct guard_request *request) {
    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];
        if (!is_token(header->name))
            return refuse(400, "A header's name holds white space or another forbidden character.");
        if (!is_field_value(header->value))
            return refuse(400, "A header's value holds a control character.");
        if (!is_single(header->name)) continue;
        for (size_t before = 0; before < i; before++) {
            if (text_equal_nocase(header->name, request->headers[before].name))
                return refuse(400, "A header that may occur once was sent twice.");
        }
    }
    return accepted;
}

static text header_named(const struct guard_request *request, const char *name) {
    for (size_t i = 0; i < request->header_count; i++) {
        if (text_equal_nocase(request->headers[i].name, text_of(name)))
            return request->headers[i].value;
    }
    return NO_TEXT;
}

/* A name, an IPv4 address or an IPv6 address in brackets, and perhaps a port (RFC 9110 §7.2). */
static bool is_host(text host) {
    size_t at = 0;
    if (host.len == 0 || host.len > 262) return false;
    if (host.at[0] == '[') {
        for (at = 1; at < host.len && host.at[at] != ']'; at++) {
            if (!strchr("0123456789abcdefABCDEF:.", host.at[at])) return false;
        }
        if (at < 3 || at++ >= host.len) return false;
    } else {
        for (; at < host.len && host.at[at] != ':'; at++) {
            unsigned char byte = (unsigned char)host.at[at];
            if (!is_token_byte(byte) || strchr("#%^`|", byte)) return false;
        }
        if (at == 0) return false;
    }
    if (at == host.len) return true;
    if (host.at[at++] != ':' || host.len - at > 5) return false;
    for (; at < host.len; at++) {
        if (host.at[at] < '0' || host.at[at] > '9') return false;
    }
    return true;
}

static struct guard_verdict host_check(const struct guard_request *request) {
    text host = header_named(request, "host");
    if (!host.at && text_is(request->version, "HTTP/1.0")) return accepted;
    if (!host.at) return refuse(400, "A request in HTTP/1.1 needs a Host header.");
    if (!is_host(host)) return refuse(400, "The Host header isn't a host name with a port.");
    return accepted;
}

/* RFC 9112 §6.3, refusing every pair of framings instead of choosing one. */
static struct guard_verdict framing_check(const struct guard_request *request,
                                          struct guard_result *out) {
    text coding = header_named(request, "transfer-encoding");
    text length = header_named(request, "content-length");
    out->content_length_bytes = 0;
    out->has_body = false;
    if (coding.at && length.at)
        return refuse(400, "Content-Length and Transfer-Encoding can't both frame a body.");
    if (coding.at) {
        if (text_is(request->version, "HTTP/1.0"))
            return refuse(400, "HTTP/1.0 has no Transfer-Encoding.");
        if (!text_is(coding, "chunked"))
            return refuse(400, "The only Transfer-Encoding taken is \"chunked\".");
        out->content_length_bytes = -1;
        out->has_body = true;
        return accepted;
    }
    if (!length.at) return accepted;
    int64_t bytes = 0;
    bool digits = length.len > 0 && length.at[0] >= '0' && length.at[0] <= '9';
    for (size_t i = 0; i < length.len; i++)
        digits = digits && length.at[i] >= '0' && length.at[i] <= '9';
    if (!digits || length.len > 18 || text_to_int(length, &bytes) != OK)
        return refuse(400, "Content-Length isn't a decimal number of bytes.");
    out->content_length_bytes = bytes;
    out->has_body = bytes > 0;
    return accepted;
}

static struct guard_verdict expect_check(const struct guard_request *request,
                                         struct guard_result *out) {
    text expect = header_named(request, "expect");
    out->expects_continue = false;
    if (!expect.at) return accepted;
    if (!text_equal_nocase(expect, TEXT("100-continue")))
        return refuse(417, "The only expectation this server meets is 100-continue.");
    out->expects_continue = out->has_body && text_is(request->version, "HTTP/1.1");
    return accepted;
}

/* "http://host/path" is good only when it names the Host header's host: then both say the same. */
static struct guard_verdict absolute_form(const struct guard_request *request, text *target) {
    text rest = NO_TEXT;
    if (text_starts(*target, TEXT("http://"))) rest = text_part(*target, 7, SIZE_MAX);
    if (text_starts(*target, TEXT("https://"))) rest = text_part(*target, 8, SIZE_MAX);
    if (!rest.at) return refuse(400, "The request's target must begin with a slash.");
    ptrdiff_t slash = text_find(rest, '/');
    if (slash <= 0) return refuse(400, "The request's target has no path.");
    text authority = text_part(rest, 0, (size_t)slash);
    if (!text_equal_nocase(authority, header_named(request, "host")))
        return refuse(400, "The request's target and its Host header name different hosts.");
    *target = text_part(rest, (size_t)slash, SIZE_MAX);
    return accepted;
}

static struct guard_verdict target_check(struct arena *arena, const struct guard_request *request,
                                         struct guard_result *out) {
    text target = request->target;
    if (target.len > GUARD_TARGET_BYTES) return refuse(414, "The request's target is too long.");
    for (size_t i = 0; i < target.len; i++) {
        unsigned char byte = (unsigned char)target.at[i];
        if (byte <= 0x20 || byte >= 0x7F || strchr("#\"<>\\", byte))
            return refuse(400, "The request's target holds a character that must be escaped.");
    }
    if (target.len == 0 || target.at[0] != '/') {
        struct guard_verdict verdict = absolute_form(request, &target);
        if (verdict.code) return verdict;
    }
    ptrdiff_t mark = text_find(target, '?');
    text raw = mark < 0 ? target : text_part(target, 0, (size_t)mark);
    out->query = mark < 0 ? NO_TEXT : text_part(target, (size_t)mark + 1, SIZE_MAX);
    return guard_path(arena, raw, &out->path);
}

struct guard_verdict guard_check(struct arena *arena, const struct guard_request *request,
                                 struct guard_result *out) {
    struct guard_result result = {0};
    if (!text_is(request->version, "HTTP/1.1") && !text_is(request->version, "HTTP/1.0"))
        return refuse(505, "This server speaks HTTP/1.1 and HTTP/1.0.");
    if (request->header_count > GUARD_HEADERS)
        return refuse(431, "The request has too many headers.");
    struct guard_verdict verdict = method_check(request->method, &result.method);
    if (!verdict.code) verdict = headers_check(request);
    if (!verdict.code) verdict = host_check(request);
    if (!verdict.code) verdict = framing_check(request, &result);
    if (!verdict.code) verdict = expect_check(request, &result);
    if (!verdict.code) verdict = target_check(arena, request, &result);
    if (!verdict.code) *out = result;
    return verdict;
}
