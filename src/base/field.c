/* field.c: walking field tables: clearing, finding, and setting members from form values.
 * Owns nothing. Threads: any. */
#include "base/field.h"

#include "base/ctx.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct field *field_find(const struct schema *schema, text name) {
    for (size_t i = 0; i < schema->count; i++) {
        if (text_is(name, schema->fields[i].name)) return &schema->fields[i];
    }
    return NULL;
}

static void clear_member(const struct field *field, void *at) {
    switch (field->kind) {
    case FIELD_TEXT: *(text *)at = NO_TEXT; break;
    case FIELD_INT: *(int64_t *)at = NO_INT; break;
    case FIELD_REAL: *(double *)at = NAN; break;
    case FIELD_BOOL: *(bool *)at = false; break;
    case FIELD_MAYBE: *(maybe *)at = MAYBE_ABSENT; break;
    case FIELD_OBJECT: record_clear(field->of, at); break;
    case FIELD_MAYBE_OBJECT: *(void **)at = NULL; break;
    case FIELD_LIST:
    case FIELD_TEXTS: *(list *)at = (list){0}; break;
    }
}

void record_clear(const struct schema *schema, void *record) {
    memset(record, 0, schema->size);
    for (size_t i = 0; i < schema->count; i++) {
        clear_member(&schema->fields[i], field_at(&schema->fields[i], record));
    }
}

bool field_is_absent(const struct field *field, const void *record) {
    const void *at = field_at_const(field, record);
    switch (field->kind) {
    case FIELD_TEXT: return ((const text *)at)->at == NULL;
    case FIELD_INT: return *(const int64_t *)at == NO_INT;
    case FIELD_REAL: return isnan(*(const double *)at);
    case FIELD_MAYBE: return *(const maybe *)at == MAYBE_ABSENT;
    case FIELD_MAYBE_OBJECT: return *(void *const *)at == NULL;
    case FIELD_LIST:
    case FIELD_TEXTS: return ((const list *)at)->len == 0;
    case FIELD_BOOL:
    case FIELD_OBJECT: return false;
    }
    return false;
}

static status set_bool(struct ctx *cx, const struct field *field, text value, bool *out) {
    if (text_is(value, "true") || text_is(value, "1")) {
        *out = true;
    } else if (text_is(value, "false") || text_is(value, "0")) {
        *out = false;
    } else {
        return ctx_fail_field(cx, INVALID, field->name, "'%s' must be true or false.", field->name);
    }
    return OK;
}

static status set_real(struct ctx *cx, const struct field *field, text value, double *out) {
    const char *digits = NULL;
    char *end = NULL;
    if (text_to_c(cx->arena, value, &digits) == OK && value.len > 0) {
        double number = strtod(digits, &end);
        if (*end == '\0' && isfinite(number)) {
            *out = number;
            return OK;
        }
    }
    return ctx_fail_field(cx, INVALID, field->name, "'%s' must be a number.", field->name);
}

static status set_int(struct ctx *cx, const struct field *field, text value, int64_t *out) {
    if (text_to_int(value, out) == OK && *out != NO_INT) return OK;
    return ctx_fail_field(cx, INVALID, field->name, "'%s' must be a whole number.", field->name);
}

status record_set_from_text(struct ctx *cx, const struct schema *schema, void *record, text name,
                            text value) {
    const struct field *field = field_find(schema, name);
    if (!field) return NOT_FOUND;
    void *at = field_at(field, record);
    bool truth = false;
    switch (field->kind) {
    case FIELD_TEXT:
        *(text *)at = (field->flags & KEEP_SPACE) ? value : text_trim(value);
        return OK;
    case FIELD_INT: return set_int(cx, field, text_trim(value), at);
    case FIELD_REAL: return set_real(cx, field, text_trim(value), at);
    case FIELD_BOOL: return set_bool(cx, field, text_trim(value), at);
    case FIELD_MAYBE:
        TRY(set_bool(cx, field, text_trim(value), &truth));
        *(maybe *)at = truth ? MAYBE_YES : MAYBE_NO;
        return OK;
    default:
        return ctx_fail_field(cx, INVALID, field->name, "'%s' can only be given as JSON.",
                              field->name);
    }
}
