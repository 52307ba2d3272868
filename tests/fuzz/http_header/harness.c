/* harness.c: any bytes as a request's head: what the guard lets through has one framing, one host
 * and a clean path. Lines end at a line feed; that much the server's library does before the guard
 * is asked. Owns: one arena an input. Threads: one. */
#include "net/http_guard.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static size_t headers_of(text lines, struct http_header *out) {
    text line = NO_TEXT;
    size_t count = 0;
    while (count <= GUARD_HEADERS && text_cut(lines, '\n', &line, &lines)) {
        ptrdiff_t colon = text_find(line, ':');
        if (colon < 0) continue;
        out[count].name = text_part(line, 0, (size_t)colon);
        out[count].value = text_trim(text_part(line, (size_t)colon + 1, SIZE_MAX));
        count++;
    }
    return count;
}

static int count_of(const struct guard_request *request, const char *name) {
    int count = 0;
    for (size_t i = 0; i < request->header_count; i++)
        count += text_equal_nocase(request->headers[i].name, text_of(name));
    return count;
}

/* What later code relies on. */
static void check(const struct guard_request *request, const struct guard_result *result) {
    text part = NO_TEXT;
    text rest = result->path;
    assert(text_starts(result->path, TEXT("/")));
    assert(text_is_utf8(result->path) && !text_has_nul(result->path));
    assert(text_find(result->path, '\\') < 0);
    while (text_cut(rest, '/', &part, &rest)) assert(!text_is(part, ".") && !text_is(part, ".."));
    assert(count_of(request, "host") <= 1 && count_of(request, "content-length") <= 1);
    assert(count_of(request, "transfer-encoding") + count_of(request, "content-length") <= 1);
    assert(result->has_body == (result->content_length_bytes != 0));
    if (result->content_length_bytes < 0) assert(count_of(request, "transfer-encoding") == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct http_header headers[GUARD_HEADERS + 1];
    struct guard_request request = {.headers = headers};
    struct guard_result result;
    text all = {(const char *)bytes, size};
    text line = NO_TEXT;
    text rest = NO_TEXT;
    struct arena *arena = arena_new(1 << 20);
    if (!arena) return 0;
    (void)text_cut(all, '\n', &line, &rest);
    (void)text_cut(line, ' ', &request.method, &line);
    (void)text_cut(line, ' ', &request.target, &request.version);
    request.header_count = headers_of(rest, headers);
    struct guard_verdict verdict = guard_check(arena, &request, &result);
    assert((verdict.code == 0) == (verdict.sentence == NULL));
    if (verdict.code == 0) check(&request, &result);
    arena_free(arena);
    return 0;
}
