/* multipart.c: finding the boundaries. Owns: the parser's state.
 *
 * The delimiter is CR LF "--" boundary, and a boundary holds no CR, so a CR can only be a match's
 * first byte: after a mismatch the search goes on at the byte that didn't fit, nothing is looked at
 * twice. */
#include "api/multipart.h"

#include <string.h>

enum place {
    PLACE_PREAMBLE, /* before the first delimiter */
    PLACE_AFTER,    /* behind a delimiter: "--", or blanks and the line's end */
    PLACE_HEADERS,
    PLACE_BODY,
    PLACE_EPILOGUE, /* behind the closing delimiter */
    PLACE_FAILED,
};

struct multipart {
    struct multipart_sink sink;
    enum place place;
    char delimiter[MULTIPART_BOUNDARY_MOST + 4];
    size_t delimiter_len;
    size_t held;   /* bytes of the delimiter that the last piece ended with */
    size_t lent;   /* of these, how many were never in the body */
    size_t around; /* bytes of preamble or epilogue so far */
    size_t parts;
    char line[2]; /* the two bytes that decide behind a delimiter */
    size_t line_len;
    char header[MULTIPART_HEADER_MOST];
    size_t header_len;
};

static bool boundary_byte(char c) {
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return letter || (c != '\0' && strchr("'()+_,-./:=? ", c) != NULL);
}

static status check_boundary(struct ctx *cx, text boundary) {
    bool good = boundary.len >= 1 && boundary.len <= MULTIPART_BOUNDARY_MOST &&
                boundary.at[boundary.len - 1] != ' ';
    for (size_t i = 0; good && i < boundary.len; i++) good = boundary_byte(boundary.at[i]);
    if (good) return OK;
    return ctx_fail(cx, INVALID, "The boundary of the form is missing or malformed.");
}

status multipart_boundary(struct ctx *cx, text content_type, text *out) {
    text type = NO_TEXT, rest = NO_TEXT, parameter = NO_TEXT, found = NO_TEXT;
    (void)text_cut(content_type, ';', &type, &rest);
    if (!text_equal_nocase(text_trim(type), TEXT("multipart/form-data")))
        return ctx_fail(cx, INVALID, "The body must be multipart/form-data.");
    while (text_cut(rest, ';', &parameter, &rest)) {
        text name = NO_TEXT, value = NO_TEXT;
        (void)text_cut(parameter, '=', &name, &value);
        if (!text_equal_nocase(text_trim(name), TEXT("boundary"))) continue;
        if (found.at) return ctx_fail(cx, INVALID, "The form has two boundaries.");
        found = text_trim(value);
        if (found.len >= 2 && found.at[0] == '"' && found.at[found.len - 1] == '"')
            found = text_part(found, 1, found.len - 2);
    }
    TRY(check_boundary(cx, found));
    *out = found;
    return OK;
}

status multipart_open(struct ctx *cx, text boundary, const struct multipart_sink *sink,
                      struct multipart **out) {
    TRY(check_boundary(cx, boundary));
    struct multipart *multipart = arena_new_of(cx->arena, struct multipart);
    TRY_NEW(cx, multipart);
    multipart->sink = *sink;
    memcpy(multipart->delimiter, "\r\n--", 4);
    memcpy(multipart->delimiter + 4, boundary.at, boundary.len);
    multipart->delimiter_len = boundary.len + 4;
    multipart->held = 2; /* the body's beginning counts as a line's beginning */
    multipart->lent = 2;
    *out = multipart;
    return OK;
}

static status malformed(struct ctx *cx, const char *sentence) {
    return ctx_fail(cx, INVALID, "%s", sentence);
}

static status emit(struct ctx *cx, struct multipart *m, const char *bytes, size_t size) {
    if (size == 0) return OK;
    if (m->place == PLACE_BODY) return m->sink.bytes(m->sink.argument, bytes, size);
    m->around += size;
    if (m->around <= MULTIPART_AROUND_MOST) return OK;
    return malformed(cx, "The form doesn't begin with its boundary.");
}

static status delimiter_found(struct multipart *m) {
    bool body = m->place == PLACE_BODY;
    m->held = 0;
    m->lent = 0;
    m->line_len = 0;
    m->place = PLACE_AFTER;
    return body ? m->sink.end(m->sink.argument) : OK;
}

/* Goes on with a delimiter that began in an earlier piece. */
static status resume(struct ctx *cx, struct multipart *m, text piece, size_t *used) {
    while (*used < piece.len && m->held < m->delimiter_len) {
        if (piece.at[*used] != m->delimiter[m->held]) {
            size_t held = m->held, lent = m->lent;
            m->held = 0;
            m->lent = 0;
            return emit(cx, m, m->delimiter + lent, held - lent);
        }
        m->held++;
        (*used)++;
    }
    return m->held == m->delimiter_len ? delimiter_found(m) : OK;
}

static status scan(struct ctx *cx, struct multipart *m, text piece, size_t *used) {
    if (m->held) {
        enum place before = m->place;
        TRY(resume(cx, m, piece, used));
        if (m->place != before || *used == piece.len) return OK;
    }
    const char *at = piece.at + *used;
    size_t left = piece.len - *used;
    const char *hit = memmem(at, left, m->delimiter, m->delimiter_len);
    if (hit) {
        TRY(emit(cx, m, at, (size_t)(hit - at)));
        *used += (size_t)(hit - at) + m->delimiter_len;
        return delimiter_found(m);
    }
    size_t tail = left < m->delimiter_len ? left : m->delimiter_len;
    const char *start = memrchr(at + left - tail, '\r', tail);
    if (start && memcmp(start, m->delimiter, (size_t)(at + left - start)) == 0)
        m->held = (size_t)(at + left - start);
    *used = piece.len;
    return emit(cx, m, at, left - m->held);
}

/* Behind a delimiter: "--" closes; blanks and CR LF begin a part. */
static status after(struct ctx *cx, struct multipart *m, char c) {
    if (m->line_len == 0 && (c == ' ' || c == '\t') && m->around <= MULTIPART_AROUND_MOST) {
        m->around++;
        return OK;
    }
    m->line[m->line_len++] = c;
    if (m->line_len < 2) return OK;
    if (memcmp(m->line, "--", 2) == 0) {
        m->place = PLACE_EPILOGUE;
        m->around = 0;
        return OK;
    }
    if (memcmp(m->line, "\r\n", 2) != 0)
        return malformed(cx, "A boundary of the form isn't followed by a line's end.");
    if (++m->parts > MULTIPART_PARTS_MOST) return malformed(cx, "The form has too many parts.");
    m->place = PLACE_HEADERS;
    m->header_len = 0;
    return OK;
}

/* Gathers a part's headers until the empty line. */
static status header(struct ctx *cx, struct multipart *m, char c) {
    if (m->header_len == sizeof m->header) return malformed(cx, "A part's headers are too long.");
    m->header[m->header_len++] = c;
    if (c != '\n') return OK;
    size_t len = m->header_len;
    bool empty = len == 2 && memcmp(m->header, "\r\n", 2) == 0;
    if (!empty && (len < 4 || memcmp(m->header + len - 4, "\r\n\r\n", 4) != 0)) return OK;
    struct multipart_part part = {0};
    TRY(multipart_headers(cx, (text){m->header, empty ? 0 : len - 2}, &part));
    m->place = PLACE_BODY;
    m->held = 0;
    return m->sink.part(m->sink.argument, &part);
}

static status feed(struct ctx *cx, struct multipart *m, text piece) {
    size_t used = 0;
    while (used < piece.len) {
        switch (m->place) {
        case PLACE_PREAMBLE:
        case PLACE_BODY:
            TRY(scan(cx, m, piece, &used));
            break;
        case PLACE_AFTER:
            TRY(after(cx, m, piece.at[used++]));
            break;
        case PLACE_HEADERS:
            TRY(header(cx, m, piece.at[used++]));
            break;
        case PLACE_EPILOGUE:
            m->around += piece.len - used;
            used = piece.len;
            if (m->around > MULTIPART_AROUND_MOST)
                return malformed(cx, "Too much follows the form's end.");
            break;
        case PLACE_FAILED:
            return malformed(cx, "The form was refused before.");
        }
    }
    return OK;
}

status multipart_feed(struct ctx *cx, struct multipart *multipart, const void *bytes, size_t size) {
    status fed = feed(cx, multipart, (text){bytes, size});
    if (fed != OK) multipart->place = PLACE_FAILED;
    return fed;
}

status multipart_finish(struct ctx *cx, const struct multipart *multipart) {
    if (multipart->place == PLACE_EPILOGUE) return OK;
    return malformed(cx, "The form breaks off before its closing boundary.");
}
