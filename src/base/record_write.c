/* record_write.c: records to JSON (RFC 8259). Owns nothing. Threads: any. */
#include "base/record.h"

#include <math.h>

/* Length of a run at `at` that can be copied as it is: printable ASCII without quote and
 * backslash. */
static size_t plain_run(text t, size_t at) {
    size_t run = 0;
    while (at + run < t.len) {
        unsigned char c = (unsigned char)t.at[at + run];
        if (c < 0x20 || c >= 0x7F || c == '"' || c == '\\') break;
        run++;
    }
    return run;
}

static void put_escaped(struct build *build, unsigned char c) {
    switch (c) {
    case '"': build_c(build, "\\\""); break;
    case '\\': build_c(build, "\\\\"); break;
    case '\n': build_c(build, "\\n"); break;
    case '\r': build_c(build, "\\r"); break;
    case '\t': build_c(build, "\\t"); break;
    default: build_format(build, "\\u%04x", c); break;
    }
}

/* Writes the sequence that begins with a byte over 0x7F; gives its length. */
static size_t put_wide(struct build *build, text t, size_t at) {
    for (size_t length = 2; length <= 4; length++) {
        text sequence = text_part(t, at, length);
        if (sequence.len == length && text_is_utf8(sequence)) {
            build_put(build, sequence);
            return length;
        }
    }
    build_c(build, "\xEF\xBF\xBD");
    return 1;
}

void json_write_text(struct build *build, text t) {
    build_byte(build, '"');
    for (size_t i = 0; i < t.len;) {
        size_t run = plain_run(t, i);
        if (run) {
            build_put(build, text_part(t, i, run));
            i += run;
        } else if ((unsigned char)t.at[i] > 0x7F) {
            i += put_wide(build, t, i);
        } else {
            put_escaped(build, (unsigned char)t.at[i++]);
        }
    }
    build_byte(build, '"');
}

static void put_list(struct build *build, const struct field *field, const list *items) {
    build_byte(build, '[');
    for (size_t i = 0; i < items->len; i++) {
        if (i) build_byte(build, ',');
        if (field->kind == FIELD_TEXTS) {
            json_write_text(build, ((const text *)items->at)[i]);
        } else {
            record_write(build, field->of, (const char *)items->at + i * field->of->size);
        }
    }
    build_byte(build, ']');
}

/* Writes a present member's value. */
static void put_value(struct build *build, const struct field *field, const void *at) {
    switch (field->kind) {
    case FIELD_TEXT: json_write_text(build, *(const text *)at); break;
    case FIELD_INT: build_format(build, "%lld", (long long)*(const int64_t *)at); break;
    case FIELD_REAL:
        if (isfinite(*(const double *)at)) {
            build_format(build, "%.15g", *(const double *)at);
        } else {
            build_c(build, "null");
        }
        break;
    case FIELD_BOOL: build_c(build, *(const bool *)at ? "true" : "false"); break;
    case FIELD_MAYBE: build_c(build, *(const maybe *)at == MAYBE_YES ? "true" : "false"); break;
    case FIELD_OBJECT: record_write(build, field->of, at); break;
    case FIELD_MAYBE_OBJECT: record_write(build, field->of, *(void *const *)at); break;
    case FIELD_LIST:
    case FIELD_TEXTS: put_list(build, field, at); break;
    }
}

static bool is_list(const struct field *field) {
    return field->kind == FIELD_LIST || field->kind == FIELD_TEXTS;
}

void record_write(struct build *build, const struct schema *schema, const void *record) {
    bool first = true;
    build_byte(build, '{');
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        bool absent = field_is_absent(field, record);
        if (field->flags & (SECRET | HIDDEN)) continue;
        if (absent && (field->flags & OMIT_ABSENT)) continue;
        if (!first) build_byte(build, ',');
        first = false;
        json_write_text(build, text_of(field->name));
        build_byte(build, ':');
        if (absent && !is_list(field)) {
            build_c(build, "null");
        } else {
            put_value(build, field, field_at_const(field, record));
        }
    }
    build_byte(build, '}');
}

status record_to_json(struct ctx *cx, const struct schema *schema, const void *record, text *out) {
    struct build build = {.arena = cx->arena};
    record_write(&build, schema, record);
    return build_text(&build, out) == OK ? OK : ctx_no_memory(cx);
}
