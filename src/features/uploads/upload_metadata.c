/* upload_metadata.c: reading what clients say about a file. All of it is hostile until checked.
 *
 * Owns nothing; results live in the context's arena. Threads: pure functions.
 * Source: tus resumable upload protocol 1.0.0, section Creation, header Upload-Metadata. */
#include "base/digest.h"
#include "features/uploads/upload.h"

static status malformed(struct ctx *cx, const char *sentence) {
    return ctx_fail_field(cx, INVALID, "Upload-Metadata", "%s", sentence);
}

/* Keys are visible ASCII without comma; the blank ends them. */
static bool is_key(text key) {
    if (key.len == 0 || key.len > 255) return false;
    for (size_t i = 0; i < key.len; i++) {
        if (key.at[i] <= ' ' || key.at[i] > '~' || key.at[i] == ',') return false;
    }
    return true;
}

static status set_once(struct ctx *cx, text *member, text value) {
    if (member->at) return malformed(cx, "'Upload-Metadata' gives a key twice.");
    *member = value;
    return OK;
}

static status take_pair(struct ctx *cx, text key, text value, struct upload_metadata *out) {
    if (text_is(key, "title")) return set_once(cx, &out->words.title, text_trim(value));
    if (text_is(key, "description")) return set_once(cx, &out->words.description, text_trim(value));
    if (text_is(key, "visibility")) return set_once(cx, &out->words.visibility, text_trim(value));
    if (text_is(key, "filetype")) return set_once(cx, &out->file_type, value);
    if (text_is(key, "filename")) {
        text name = NO_TEXT;
        TRY(upload_file_name(cx, value, &name));
        return set_once(cx, &out->file_name, name);
    }
    return OK;
}

static status read_pair(struct ctx *cx, text pair, struct upload_metadata *out) {
    text key = NO_TEXT, coded = NO_TEXT, value = NO_TEXT;
    (void)text_cut(text_trim(pair), ' ', &key, &coded);
    if (!is_key(key))
        return malformed(cx, "'Upload-Metadata' must be pairs 'key base64', joined by commas.");
    coded = text_trim(coded);
    if (coded.len == 0) {
        value = TEXT("");
    } else {
        status decoded = base64_decode(cx->arena, coded, &value);
        if (decoded == NO_MEMORY) return ctx_no_memory(cx);
        if (decoded != OK) return malformed(cx, "A value in 'Upload-Metadata' isn't base64.");
    }
    if (!text_is_utf8(value)) return malformed(cx, "A value in 'Upload-Metadata' isn't UTF-8.");
    return take_pair(cx, key, value, out);
}

status upload_metadata_read(struct ctx *cx, text header, struct upload_metadata *out) {
    struct upload_metadata metadata = {0};
    text rest = text_trim(header), pair = NO_TEXT;
    if (header.len > UPLOAD_METADATA_CAP_BYTES)
        return malformed(cx, "'Upload-Metadata' is too long.");
    size_t pairs = 0;
    if (rest.len == 0) rest = NO_TEXT;
    while (text_cut(rest, ',', &pair, &rest)) {
        if (++pairs > UPLOAD_METADATA_PAIRS)
            return malformed(cx, "'Upload-Metadata' has too many pairs.");
        TRY(read_pair(cx, pair, &metadata));
    }
    *out = metadata;
    return OK;
}

/* Bytes of the character that begins here; the text must be UTF-8. */
static size_t character_bytes(unsigned char first) {
    return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

static bool is_control(text t, size_t at) {
    unsigned char c = (unsigned char)t.at[at];
    if (c < 0x20 || c == 0x7F) return true;
    return c == 0xC2 && at + 1 < t.len && (unsigned char)t.at[at + 1] < 0xA0;
}

status upload_file_name(struct ctx *cx, text name, text *out) {
    size_t from = name.len;
    while (from > 0 && name.at[from - 1] != '/' && name.at[from - 1] != '\\') from--;
    text last = text_part(name, from, name.len);
    if (!text_is_utf8(last)) last = TEXT("");
    struct build build = {.arena = cx->arena};
    for (size_t at = 0; at < last.len;) {
        size_t bytes = character_bytes((unsigned char)last.at[at]);
        if (build.len + bytes > UPLOAD_FILE_NAME_CAP) break;
        if (!is_control(last, at)) build_put(&build, text_part(last, at, bytes));
        at += bytes;
    }
    text made = NO_TEXT;
    if (build_text(&build, &made) != OK) return ctx_no_memory(cx);
    *out = made.at ? text_trim(made) : TEXT("");
    if (!out->at) *out = TEXT("");
    return OK;
}
