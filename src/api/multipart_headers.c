/* multipart_headers.c: what a part's header block says. Owns nothing. Threads: any.
 *
 * Browsers write `form-data; name="…"; filename="…"` with %22, %0D and %0A for what would break the
 * quotes (HTML Standard §4.10.21.8); others escape quotes with a backslash. Both are read;
 * `filename*` is not (RFC 7578 §4.2 forbids it). */
#include "api/multipart.h"

#include <string.h>

static status malformed(struct ctx *cx, const char *sentence) {
    return ctx_fail(cx, INVALID, "%s", sentence);
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* The three bytes that browsers write as %XX, or -1: other percent signs stand for themselves. */
static int browser_escape(text t, size_t at) {
    if (at + 2 >= t.len || t.at[at] != '%') return -1;
    int high = hex_digit(t.at[at + 1]), low = hex_digit(t.at[at + 2]);
    if (high < 0 || low < 0) return -1;
    int byte = high * 16 + low;
    return byte == '"' || byte == '\r' || byte == '\n' ? byte : -1;
}

/* Reads a quoted string that begins at `*at`; leaves `*at` behind its closing quote. */
static status quoted(struct ctx *cx, text line, size_t *at, text *out) {
    char *bytes = arena_take(cx->arena, line.len + 1);
    TRY_NEW(cx, bytes);
    size_t len = 0;
    size_t i = *at + 1;
    while (i < line.len && line.at[i] != '"') {
        int escaped = browser_escape(line, i);
        if (escaped >= 0) {
            bytes[len++] = (char)escaped;
            i += 3;
            continue;
        }
        bool pair = line.at[i] == '\\' && i + 1 < line.len &&
                    (line.at[i + 1] == '"' || line.at[i + 1] == '\\');
        if (pair) i++;
        bytes[len++] = line.at[i++];
    }
    if (i >= line.len) return malformed(cx, "A name in the form lacks its closing quote.");
    *at = i + 1;
    *out = (text){bytes, len};
    return OK;
}

static void skip_blanks(text line, size_t *at) {
    while (*at < line.len && (line.at[*at] == ' ' || line.at[*at] == '\t')) (*at)++;
}

/* Reads `; name=value` at `*at`. */
static status parameter(struct ctx *cx, text line, size_t *at, text *name, text *value) {
    skip_blanks(line, at);
    if (*at >= line.len || line.at[*at] != ';')
        return malformed(cx, "A part's Content-Disposition can't be read.");
    (*at)++;
    skip_blanks(line, at);
    size_t start = *at;
    while (*at < line.len && line.at[*at] != '=' && line.at[*at] != ';') (*at)++;
    *name = text_trim(text_part(line, start, *at - start));
    if (*at >= line.len || line.at[*at] != '=')
        return malformed(cx, "A part's Content-Disposition can't be read.");
    (*at)++;
    if (*at < line.len && line.at[*at] == '"') return quoted(cx, line, at, value);
    start = *at;
    while (*at < line.len && line.at[*at] != ';') (*at)++;
    *value = text_trim(text_part(line, start, *at - start));
    return OK;
}

/* Clients may send a whole path; only its last part is the file's name. */
static text last_part(text path) {
    for (size_t i = path.len; i > 0; i--) {
        if (path.at[i - 1] == '/' || path.at[i - 1] == '\\') return text_part(path, i, path.len);
    }
    return path;
}

static status disposition(struct ctx *cx, text line, struct multipart_part *out) {
    size_t at = 0;
    while (at < line.len && line.at[at] != ';') at++;
    if (!text_equal_nocase(text_trim(text_part(line, 0, at)), TEXT("form-data")))
        return malformed(cx, "A part of the form isn't form-data.");
    skip_blanks(line, &at);
    while (at < line.len) {
        text name = NO_TEXT, value = NO_TEXT;
        TRY(parameter(cx, line, &at, &name, &value));
        bool is_name = text_equal_nocase(name, TEXT("name"));
        bool is_file = text_equal_nocase(name, TEXT("filename"));
        if ((is_name && out->name.at) || (is_file && out->filename.at))
            return malformed(cx, "A part of the form has two names.");
        if (is_name) out->name = value;
        if (is_file) out->filename = last_part(value);
        skip_blanks(line, &at);
    }
    return OK;
}

static status one_header(struct ctx *cx, text line, bool *seen, struct multipart_part *out) {
    ptrdiff_t colon = text_find(line, ':');
    if (colon <= 0 || line.at[0] == ' ' || line.at[0] == '\t')
        return malformed(cx, "A header of a part can't be read.");
    text name = text_part(line, 0, (size_t)colon);
    text value = text_trim(text_part(line, (size_t)colon + 1, line.len));
    if (text_equal_nocase(name, TEXT("Content-Disposition"))) {
        if (*seen) return malformed(cx, "A part has two Content-Dispositions.");
        *seen = true;
        return disposition(cx, value, out);
    }
    if (text_equal_nocase(name, TEXT("Content-Type"))) out->type = value;
    bool encoded = text_equal_nocase(name, TEXT("Content-Transfer-Encoding")) &&
                   !text_equal_nocase(value, TEXT("binary")) &&
                   !text_equal_nocase(value, TEXT("8bit")) &&
                   !text_equal_nocase(value, TEXT("7bit"));
    return encoded ? malformed(cx, "The parts of a form must not be encoded.") : OK;
}

status multipart_headers(struct ctx *cx, text block, struct multipart_part *out) {
    struct multipart_part part = {0};
    bool seen = false;
    if (text_has_nul(block)) return malformed(cx, "A part's headers hold a NUL byte.");
    while (block.len) {
        const char *end = memmem(block.at, block.len, "\r\n", 2);
        if (!end) return malformed(cx, "A part's header lacks its line end.");
        text line = text_part(block, 0, (size_t)(end - block.at));
        if (text_find(line, '\r') >= 0 || text_find(line, '\n') >= 0)
            return malformed(cx, "A part's headers hold a stray line end.");
        TRY(one_header(cx, line, &seen, &part));
        block = text_part(block, line.len + 2, block.len);
    }
    if (!part.name.len) return malformed(cx, "A part of the form has no name.");
    *out = part;
    return OK;
}
