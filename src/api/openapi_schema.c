/* openapi_schema.c: field tables to JSON Schema. Owns nothing; see openapi_schema.h. */
#include "api/openapi_schema.h"

#include "base/ctx.h"

#include <stdlib.h>
#include <string.h>

bool openapi_in_path(const char *pattern, const char *name) {
    size_t len = strlen(name);
    for (const char *at = pattern ? strchr(pattern, '{') : NULL; at; at = strchr(at + 1, '{')) {
        if (strncmp(at + 1, name, len) == 0 && at[len + 1] == '}') return true;
    }
    return false;
}

static bool left_out(const struct field *field, enum schema_use use, const char *pattern) {
    if (field->flags & HIDDEN) return true;
    if (use == USE_OUTPUT) return (field->flags & SECRET) != 0;
    return openapi_in_path(pattern, field->name);
}

static bool same_members(const struct component *a, const char *pattern) {
    for (size_t i = 0; i < a->schema->count; i++) {
        const struct field *field = &a->schema->fields[i];
        if (left_out(field, a->use, a->pattern) != left_out(field, a->use, pattern)) return false;
    }
    return true;
}

static status add_members(struct ctx *cx, struct components *components,
                          const struct schema *schema, enum schema_use use) {
    enum schema_use inner = use == USE_OUTPUT ? USE_OUTPUT : USE_INPUT;
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (!field->of || (field->flags & HIDDEN)) continue;
        TRY(components_add(cx, components, field->of, inner, NULL));
    }
    return OK;
}

status components_add(struct ctx *cx, struct components *components, const struct schema *schema,
                      enum schema_use use, const char *pattern) {
    for (size_t i = 0; i < components->count; i++) {
        const struct component *known = &components->at[i];
        if (known->schema != schema && strcmp(known->schema->name, schema->name) == 0)
            return ctx_fail(cx, BUG, "Two schemas are called %s.", schema->name);
        if (known->schema != schema || known->use != use) continue;
        if (same_members(known, pattern)) return OK;
        return ctx_fail(cx, BUG, "The input %s is used under paths with different members.",
                        schema->name);
    }
    if (components->count == COMPONENTS_MOST)
        return ctx_fail(cx, BUG, "There are too many schemas.");
    components->at[components->count++] =
        (struct component){.name = schema->name, .schema = schema, .use = use, .pattern = pattern};
    return add_members(cx, components, schema, use);
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct component *)a)->name, ((const struct component *)b)->name);
}

status components_settle(struct ctx *cx, struct components *components) {
    for (size_t i = 0; i < components->count; i++) {
        struct component *one = &components->at[i];
        bool twice = false;
        for (size_t j = 0; j < components->count; j++) {
            const struct component *other = &components->at[j];
            if (other != one && other->schema == one->schema) twice = true;
        }
        if (!twice || one->use == USE_OUTPUT) continue;
        text name = NO_TEXT;
        const char *suffix = one->use == USE_FORM ? "Form" : "Input";
        if (text_format(cx->arena, &name, "%s%s", one->schema->name, suffix) != OK)
            return ctx_no_memory(cx);
        one->name = name.at;
    }
    qsort(components->at, components->count, sizeof components->at[0], by_name);
    return OK;
}

const char *components_name(const struct components *components, const struct schema *schema,
                            enum schema_use use) {
    for (size_t i = 0; i < components->count; i++) {
        const struct component *one = &components->at[i];
        if (one->schema == schema && one->use == use) return one->name;
    }
    return schema->name;
}

static void write_ref(struct jdoc *doc, const char *name) {
    jdoc_key(doc, "$ref");
    build_c(&doc->build, "\"#/components/schemas/");
    build_c(&doc->build, name);
    build_byte(&doc->build, '"');
    doc->comma = true;
}

static void write_type(struct jdoc *doc, const char *type, bool nullable) {
    if (!nullable) {
        jdoc_member_c(doc, "type", type);
        return;
    }
    jdoc_member_open(doc, "type", '[');
    jdoc_c(doc, type);
    jdoc_c(doc, "null");
    jdoc_close(doc, ']');
}

static void write_choices(struct jdoc *doc, const struct field *field, bool nullable) {
    jdoc_member_open(doc, "enum", '[');
    for (const char *const *choice = field->choices; *choice; choice++) jdoc_c(doc, *choice);
    if (nullable) jdoc_null(doc);
    jdoc_close(doc, ']');
}

static void write_text(struct jdoc *doc, const struct field *field, enum schema_use use,
                       bool nullable) {
    write_type(doc, "string", nullable);
    if (field->choices) write_choices(doc, field, nullable);
    if (field->min > 0) jdoc_member_int(doc, "minLength", field->min);
    if (field->max > 0) jdoc_member_int(doc, "maxLength", field->max);
    if (field->format && strcmp(field->format, "id") == 0) {
        jdoc_member_c(doc, "pattern", "^[A-Za-z0-9_-]{11}$");
    } else if (field->format) {
        jdoc_member_c(doc, "format", field->format);
    } else if ((field->flags & SECRET) && use != USE_OUTPUT) {
        jdoc_member_c(doc, "format", "password");
    }
}

static void write_number(struct jdoc *doc, const struct field *field, const char *type,
                         bool nullable) {
    write_type(doc, type, nullable);
    if (field->kind == FIELD_INT) jdoc_member_c(doc, "format", "int64");
    if (field->min == 0 && field->max == 0) return;
    jdoc_member_int(doc, "minimum", field->min);
    if (field->max >= field->min) jdoc_member_int(doc, "maximum", field->max);
}

static void write_list(struct jdoc *doc, const struct components *components,
                       const struct field *field, enum schema_use use) {
    jdoc_member_c(doc, "type", "array");
    jdoc_member_open(doc, "items", '{');
    if (field->kind == FIELD_TEXTS) {
        jdoc_member_c(doc, "type", "string");
        if (field->choices) write_choices(doc, field, false);
    } else {
        write_ref(doc, components_name(components, field->of, use));
    }
    jdoc_close(doc, '}');
    if (field->min > 0) jdoc_member_int(doc, "minItems", field->min);
    if (field->max > 0) jdoc_member_int(doc, "maxItems", field->max);
}

static void write_object(struct jdoc *doc, const struct components *components,
                         const struct field *field, enum schema_use use, bool nullable) {
    if (!nullable) {
        write_ref(doc, components_name(components, field->of, use));
        return;
    }
    jdoc_member_open(doc, "oneOf", '[');
    jdoc_open(doc, '{');
    write_ref(doc, components_name(components, field->of, use));
    jdoc_close(doc, '}');
    jdoc_open(doc, '{');
    jdoc_member_c(doc, "type", "null");
    jdoc_close(doc, '}');
    jdoc_close(doc, ']');
}

void openapi_field(struct jdoc *doc, const struct components *components, const struct field *field,
                   enum schema_use use) {
    enum schema_use inner = use == USE_OUTPUT ? USE_OUTPUT : USE_INPUT;
    bool may_null = use != USE_FORM && !(field->flags & REQUIRED);
    if (use == USE_OUTPUT && (field->flags & OMIT_ABSENT)) may_null = false;
    jdoc_open(doc, '{');
    switch (field->kind) {
    case FIELD_TEXT:
        write_text(doc, field, use, may_null);
        break;
    case FIELD_INT:
        write_number(doc, field, "integer", may_null);
        break;
    case FIELD_REAL:
        write_number(doc, field, "number", may_null);
        break;
    case FIELD_BOOL:
        write_type(doc, "boolean", false);
        break;
    case FIELD_MAYBE:
        write_type(doc, "boolean", may_null);
        break;
    case FIELD_OBJECT:
        write_object(doc, components, field, inner, false);
        break;
    case FIELD_MAYBE_OBJECT:
        write_object(doc, components, field, inner, may_null);
        break;
    case FIELD_LIST:
    case FIELD_TEXTS:
        write_list(doc, components, field, inner);
        break;
    }
    if (field->doc) jdoc_member_c(doc, "description", field->doc);
    jdoc_close(doc, '}');
}

static bool is_required(const struct field *field, enum schema_use use) {
    if (use == USE_OUTPUT) return !(field->flags & OMIT_ABSENT);
    return (field->flags & REQUIRED) != 0;
}

static void write_required(struct jdoc *doc, const struct component *one) {
    bool any = one->use == USE_FORM;
    for (size_t i = 0; i < one->schema->count; i++) {
        const struct field *field = &one->schema->fields[i];
        if (!left_out(field, one->use, one->pattern) && is_required(field, one->use)) any = true;
    }
    if (!any) return;
    jdoc_member_open(doc, "required", '[');
    for (size_t i = 0; i < one->schema->count; i++) {
        const struct field *field = &one->schema->fields[i];
        if (left_out(field, one->use, one->pattern) || !is_required(field, one->use)) continue;
        jdoc_c(doc, field->name);
    }
    if (one->use == USE_FORM) jdoc_c(doc, "file");
    jdoc_close(doc, ']');
}

static void write_file(struct jdoc *doc) {
    jdoc_member_open(doc, "file", '{');
    jdoc_member_c(doc, "type", "string");
    jdoc_member_c(doc, "format", "binary");
    jdoc_member_c(doc, "description", "The file; the last part of the form.");
    jdoc_close(doc, '}');
}

static void write_component(struct jdoc *doc, const struct components *components,
                            const struct component *one) {
    jdoc_member_open(doc, one->name, '{');
    jdoc_member_c(doc, "type", "object");
    if (one->schema->doc) jdoc_member_c(doc, "description", one->schema->doc);
    jdoc_member_open(doc, "properties", '{');
    for (size_t i = 0; i < one->schema->count; i++) {
        const struct field *field = &one->schema->fields[i];
        if (left_out(field, one->use, one->pattern)) continue;
        jdoc_key(doc, field->name);
        openapi_field(doc, components, field, one->use);
    }
    if (one->use == USE_FORM) write_file(doc);
    jdoc_close(doc, '}');
    write_required(doc, one);
    if (one->use != USE_OUTPUT) jdoc_member_bool(doc, "additionalProperties", false);
    jdoc_close(doc, '}');
}

void components_write(struct jdoc *doc, const struct components *components) {
    for (size_t i = 0; i < components->count; i++)
        write_component(doc, components, &components->at[i]);
}
