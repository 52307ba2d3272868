/* record_read.c: JSON to records, strictly (jansson does the parsing).
 *
 * Owns: the parsed tree while reading; everything kept is copied into the context's arena.
 * Invariant: depth is bounded by DEPTH_MOST before and while the tree is walked. Threads: any. */
#include "base/record.h"

#include <jansson.h>

enum { DEPTH_MOST = 32 };

struct reading {
    struct ctx *cx;
    enum record_strictness strictness;
    int depth;
};

static status read_object(struct reading *reading, const struct schema *schema, json_t *json,
                          const char *name, void *record);

static status wrong_type(struct reading *reading, const char *name, const char *wanted) {
    return ctx_fail_field(reading->cx, INVALID, name, "'%s' must be %s.", name, wanted);
}

static status read_text(struct reading *reading, const struct field *field, json_t *json,
                        text *out) {
    if (!json_is_string(json)) return wrong_type(reading, field->name, "a string");
    text value = {json_string_value(json), json_string_length(json)};
    if (!(field->flags & KEEP_SPACE)) value = text_trim(value);
    return text_copy(reading->cx->arena, value, out) == OK ? OK : ctx_no_memory(reading->cx);
}

static status read_texts(struct reading *reading, const struct field *field, json_t *json,
                         list *out) {
    if (!json_is_array(json)) return wrong_type(reading, field->name, "a list of strings");
    size_t count = json_array_size(json);
    text *items = arena_take_array(reading->cx->arena, count, sizeof *items);
    TRY_NEW(reading->cx, items);
    for (size_t i = 0; i < count; i++) {
        TRY(read_text(reading, field, json_array_get(json, i), &items[i]));
    }
    *out = (list){items, count};
    return OK;
}

static status read_list(struct reading *reading, const struct field *field, json_t *json,
                        list *out) {
    if (!json_is_array(json)) return wrong_type(reading, field->name, "a list");
    size_t count = json_array_size(json);
    char *items = arena_take_array(reading->cx->arena, count, field->of->size);
    TRY_NEW(reading->cx, items);
    for (size_t i = 0; i < count; i++) {
        TRY(read_object(reading, field->of, json_array_get(json, i), field->name,
                        items + i * field->of->size));
    }
    *out = (list){items, count};
    return OK;
}

static status read_pointer(struct reading *reading, const struct field *field, json_t *json,
                           void **out) {
    void *record = arena_take(reading->cx->arena, field->of->size);
    TRY_NEW(reading->cx, record);
    TRY(read_object(reading, field->of, json, field->name, record));
    *out = record;
    return OK;
}

static status read_member(struct reading *reading, const struct field *field, json_t *json,
                          void *at) {
    if (json_is_null(json)) return OK; /* stays absent; record_check asks if it may */
    switch (field->kind) {
    case FIELD_TEXT: return read_text(reading, field, json, at);
    case FIELD_INT:
        if (!json_is_integer(json)) return wrong_type(reading, field->name, "a whole number");
        *(int64_t *)at = json_integer_value(json);
        return OK;
    case FIELD_REAL:
        if (!json_is_number(json)) return wrong_type(reading, field->name, "a number");
        *(double *)at = json_number_value(json);
        return OK;
    case FIELD_BOOL:
        if (!json_is_boolean(json)) return wrong_type(reading, field->name, "true or false");
        *(bool *)at = json_is_true(json);
        return OK;
    case FIELD_MAYBE:
        if (!json_is_boolean(json)) return wrong_type(reading, field->name, "true or false");
        *(maybe *)at = json_is_true(json) ? MAYBE_YES : MAYBE_NO;
        return OK;
    case FIELD_OBJECT: return read_object(reading, field->of, json, field->name, at);
    case FIELD_MAYBE_OBJECT: return read_pointer(reading, field, json, at);
    case FIELD_LIST: return read_list(reading, field, json, at);
    case FIELD_TEXTS: return read_texts(reading, field, json, at);
    }
    return ctx_fail(reading->cx, BUG, "A field of '%s' has no kind.", field->name);
}

static status read_object(struct reading *reading, const struct schema *schema, json_t *json,
                          const char *name, void *record) {
    if (!json_is_object(json)) return wrong_type(reading, name, "an object");
    if (reading->depth >= DEPTH_MOST) {
        return ctx_fail_field(reading->cx, INVALID, name, "'%s' is nested too deeply.", name);
    }
    reading->depth++;
    record_clear(schema, record);
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(json, key, value) {
        const struct field *field = field_find(schema, text_of(key));
        bool known = field && !(field->flags & HIDDEN);
        if (known) {
            TRY(read_member(reading, field, value, field_at(field, record)));
        } else if (reading->strictness == RECORD_STRICT) {
            return ctx_fail_field(reading->cx, INVALID, key, "'%.60s' is not known here.", key);
        }
    }
    reading->depth--;
    return OK;
}

static void tree_done(json_t **tree) {
    json_decref(*tree);
}

/* Nesting is counted before jansson recurses, so that hostile depth costs no stack. */
static bool too_deep(text json) {
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < json.len; i++) {
        char c = json.at[i];
        if (in_string) {
            if (c == '\\') i++;
            if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > DEPTH_MOST) return true;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return false;
}

status record_read(struct ctx *cx, const struct schema *schema, text json,
                   enum record_strictness strictness, void *record) {
    if (too_deep(json)) {
        return ctx_fail(cx, INVALID, "The JSON is nested more than %d levels deep.", DEPTH_MOST);
    }
    json_error_t error = {0};
    json_t *tree __attribute__((cleanup(tree_done))) =
        json_loadb(json.at ? json.at : "", json.len, JSON_REJECT_DUPLICATES, &error);
    if (!tree) {
        return ctx_fail(cx, INVALID, "The JSON cannot be read: line %d, column %d: %.120s.",
                        error.line, error.column, error.text);
    }
    struct reading reading = {.cx = cx, .strictness = strictness};
    TRY(read_object(&reading, schema, tree, "body", record));
    return record_check(cx, schema, record);
}

status record_from_json(struct ctx *cx, const struct schema *schema, text json, void *record) {
    return record_read(cx, schema, json, RECORD_STRICT, record);
}
