/* check.c: record_check, the one place where input is held against its table. Owns nothing.
 * Threads: any. */
#include "base/ctx.h"
#include "base/field.h"
#include "base/random.h"

#include <math.h>

static int64_t most_of(const struct field *field, int64_t fallback) {
    return field->max > 0 ? field->max : fallback;
}

/* Control characters other than tab and line breaks have no place in what people type, nor the
 * second set, U+0080 to U+009F (bytes C2 80 to C2 9F). */
static bool has_control(text t) {
    for (size_t i = 0; i < t.len; i++) {
        unsigned char c = (unsigned char)t.at[i];
        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F) return true;
        if (c == 0xC2 && i + 1 < t.len && (unsigned char)t.at[i + 1] < 0xA0) return true;
    }
    return false;
}

static bool looks_like_email(text t) {
    ptrdiff_t at = text_find(t, '@');
    if (at <= 0 || at > 64 || t.len > 254) return false;
    text domain = text_part(t, (size_t)at + 1, t.len);
    if (domain.len == 0 || text_find(domain, '@') >= 0) return false;
    if (domain.at[0] == '.' || domain.at[domain.len - 1] == '.') return false;
    for (size_t i = 0; i < t.len; i++) {
        if (t.at[i] == ' ' || t.at[i] == '\t' || t.at[i] == '\n' || t.at[i] == '\r') return false;
    }
    return true;
}

static status check_choice(struct ctx *cx, const struct field *field, text value) {
    struct build build = {.arena = cx->arena};
    for (const char *const *choice = field->choices; *choice; choice++) {
        if (text_is(value, *choice)) return OK;
        if (build.len) build_c(&build, ", ");
        build_c(&build, *choice);
    }
    text all = NO_TEXT;
    if (build_text(&build, &all) != OK) return ctx_no_memory(cx);
    return ctx_fail_field(cx, INVALID, field->name, "'%s' must be one of: %.*s.", field->name,
                          TEXT_ARG(all));
}

static status check_format(struct ctx *cx, const struct field *field, text value) {
    text format = text_of(field->format);
    if (text_is(format, "email") && !looks_like_email(value)) {
        return ctx_fail_field(cx, INVALID, field->name,
                              "'%s' must be an e-mail address such as ada@example.org.",
                              field->name);
    }
    if (text_is(format, "id") && !random_is_id(value)) {
        return ctx_fail_field(cx, INVALID, field->name,
                              "'%s' must be an id of 11 letters, digits, '-' or '_'.", field->name);
    }
    return OK;
}

static status check_text(struct ctx *cx, const struct field *field, text value) {
    if (!text_is_utf8(value)) {
        return ctx_fail_field(cx, INVALID, field->name, "'%s' must be valid UTF-8.", field->name);
    }
    if (has_control(value)) {
        return ctx_fail_field(cx, INVALID, field->name, "'%s' must not hold control characters.",
                              field->name);
    }
    int64_t length = (int64_t)text_code_points(value);
    int64_t most = most_of(field, FIELD_TEXT_CAP);
    if (length < field->min) {
        return ctx_fail_field(cx, INVALID, field->name,
                              field->min == 1 ? "'%s' must not be empty."
                                              : "'%s' must have at least %lld characters.",
                              field->name, (long long)field->min);
    }
    if (length > most) {
        return ctx_fail_field(cx, INVALID, field->name, "'%s' must have at most %lld characters.",
                              field->name, (long long)most);
    }
    if (field->choices) TRY(check_choice(cx, field, value));
    return field->format ? check_format(cx, field, value) : OK;
}

static status check_number(struct ctx *cx, const struct field *field, double value) {
    if (field->min == 0 && field->max == 0) return OK;
    if (value >= (double)field->min && (field->max < field->min || value <= (double)field->max)) {
        return OK;
    }
    return ctx_fail_field(cx, INVALID, field->name, "'%s' must be between %lld and %lld.",
                          field->name, (long long)field->min, (long long)field->max);
}

static status check_list(struct ctx *cx, const struct field *field, const list *items) {
    int64_t most = most_of(field, FIELD_LIST_CAP);
    if ((int64_t)items->len < field->min || (int64_t)items->len > most) {
        return ctx_fail_field(cx, INVALID, field->name, "'%s' must have %lld to %lld entries.",
                              field->name, (long long)field->min, (long long)most);
    }
    struct field one = *field;
    one.min = 0;
    one.max = 0;
    for (size_t i = 0; i < items->len; i++) {
        if (field->kind == FIELD_TEXTS) {
            TRY(check_text(cx, &one, ((const text *)items->at)[i]));
        } else {
            TRY(record_check(cx, field->of, (const char *)items->at + i * field->of->size));
        }
    }
    return OK;
}

static status check_member(struct ctx *cx, const struct field *field, const void *record) {
    const void *at = field_at_const(field, record);
    if (field_is_absent(field, record)) {
        if (!(field->flags & REQUIRED)) return OK;
        return ctx_fail_field(cx, INVALID, field->name, "'%s' is required.", field->name);
    }
    switch (field->kind) {
    case FIELD_TEXT: return check_text(cx, field, *(const text *)at);
    case FIELD_INT: return check_number(cx, field, (double)*(const int64_t *)at);
    case FIELD_REAL: return check_number(cx, field, *(const double *)at);
    case FIELD_OBJECT: return record_check(cx, field->of, at);
    case FIELD_MAYBE_OBJECT: return record_check(cx, field->of, *(void *const *)at);
    case FIELD_LIST:
    case FIELD_TEXTS: return check_list(cx, field, at);
    case FIELD_BOOL:
    case FIELD_MAYBE: return OK;
    }
    return OK;
}

status record_check(struct ctx *cx, const struct schema *schema, const void *record) {
    for (size_t i = 0; i < schema->count; i++) {
        TRY(check_member(cx, &schema->fields[i], record));
    }
    return OK;
}
