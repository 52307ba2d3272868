/* openapi.c: route tables to the OpenAPI document. Owns nothing; see openapi.h. */
#include "api/openapi.h"

#include "api/contract.h"
#include "api/openapi_schema.h"
#include "api/problem.h"
#include "base/scope.h"

#include <stdlib.h>
#include <string.h>

/* All routes in the document's order, with what they refer to. */
struct drawing {
    struct jdoc doc;
    const struct route **routes;
    size_t count;
    const struct route_table *tables;
    size_t table_count;
    struct components *components;
};

static bool has_form(const struct route *route) {
    return route->body == BODY_JSON || route->body == BODY_MULTIPART;
}

static enum schema_use use_of(const struct route *route) {
    return route->body == BODY_MULTIPART ? USE_FORM : USE_INPUT;
}

static int by_place(const void *a, const void *b) {
    const struct route *left = *(const struct route *const *)a;
    const struct route *right = *(const struct route *const *)b;
    int order = strcmp(left->pattern, right->pattern);
    return order ? order : (int)left->method - (int)right->method;
}

static status gather(struct ctx *cx, struct drawing *drawing) {
    size_t most = 0;
    for (size_t t = 0; t < drawing->table_count; t++) most += drawing->tables[t].count;
    drawing->routes = arena_take_array(cx->arena, most, sizeof *drawing->routes);
    drawing->components = arena_new_of(cx->arena, struct components);
    if (!drawing->routes || !drawing->components) return ctx_no_memory(cx);
    TRY(components_add(cx, drawing->components, &problem_schema, USE_OUTPUT, NULL));
    for (size_t t = 0; t < drawing->table_count; t++) {
        for (size_t i = 0; i < drawing->tables[t].count; i++) {
            const struct route *route = &drawing->tables[t].routes[i];
            drawing->routes[drawing->count++] = route;
            if (route->in && has_form(route))
                TRY(components_add(cx, drawing->components, route->in, use_of(route),
                                   route->pattern));
            if (route->out)
                TRY(components_add(cx, drawing->components, route->out, USE_OUTPUT, NULL));
        }
    }
    qsort(drawing->routes, drawing->count, sizeof *drawing->routes, by_place);
    return components_settle(cx, drawing->components);
}

static void write_ref(struct jdoc *doc, const char *folder, const char *name) {
    jdoc_key(doc, "$ref");
    build_format(&doc->build, "\"#/components/%s/%s\"", folder, name);
    doc->comma = true;
}

static void write_parameters(struct drawing *drawing, const struct route *route) {
    struct jdoc *doc = &drawing->doc;
    bool opened = false;
    for (size_t i = 0; route->in && i < route->in->count; i++) {
        const struct field *field = &route->in->fields[i];
        bool path = openapi_in_path(route->pattern, field->name);
        if (!path && (has_form(route) || (field->flags & HIDDEN))) continue;
        if (!opened) jdoc_member_open(doc, "parameters", '[');
        opened = true;
        jdoc_open(doc, '{');
        jdoc_member_c(doc, "name", field->name);
        jdoc_member_c(doc, "in", path ? "path" : "query");
        if (path || (field->flags & REQUIRED)) jdoc_member_bool(doc, "required", true);
        if (field->doc) jdoc_member_c(doc, "description", field->doc);
        jdoc_key(doc, "schema");
        struct field bare = *field;
        bare.doc = NULL;
        openapi_field(doc, drawing->components, &bare, USE_FORM);
        jdoc_close(doc, '}');
    }
    if (opened) jdoc_close(doc, ']');
}

static const char *takes(const struct route *route) {
    switch (route->body) {
    case BODY_JSON:
        return "application/json";
    case BODY_MULTIPART:
        return "multipart/form-data";
    case BODY_RAW:
        return "application/octet-stream";
    case BODY_NONE:
        break;
    }
    return NULL;
}

static bool body_required(const struct route *route) {
    if (route->body == BODY_MULTIPART) return true;
    for (size_t i = 0; route->body == BODY_JSON && i < route->in->count; i++) {
        const struct field *field = &route->in->fields[i];
        if ((field->flags & REQUIRED) && !openapi_in_path(route->pattern, field->name)) return true;
    }
    return false;
}

static void write_content(struct drawing *drawing, const char *type, const struct schema *schema,
                          enum schema_use use) {
    struct jdoc *doc = &drawing->doc;
    jdoc_member_open(doc, "content", '{');
    jdoc_member_open(doc, type, '{');
    jdoc_member_open(doc, "schema", '{');
    if (schema) {
        write_ref(doc, "schemas", components_name(drawing->components, schema, use));
    } else {
        jdoc_member_c(doc, "type", "string");
        if (strncmp(type, "text/", 5) != 0) jdoc_member_c(doc, "format", "binary");
    }
    jdoc_close(doc, '}');
    jdoc_close(doc, '}');
    jdoc_close(doc, '}');
}

static void write_body(struct drawing *drawing, const struct route *route) {
    const char *type = takes(route);
    if (!type) return;
    struct jdoc *doc = &drawing->doc;
    jdoc_member_open(doc, "requestBody", '{');
    if (body_required(route)) jdoc_member_bool(doc, "required", true);
    write_content(drawing, type, has_form(route) ? route->in : NULL, use_of(route));
    jdoc_close(doc, '}');
}

const char *openapi_produces(const struct route *route) {
    if (route->produces) return route->produces;
    return route->out ? "application/json" : NULL;
}

static void write_responses(struct drawing *drawing, const struct route *route) {
    struct jdoc *doc = &drawing->doc;
    int codes[32];
    size_t count = contract_codes(route, codes, COUNT_OF(codes));
    jdoc_member_open(doc, "responses", '{');
    for (size_t i = 0; i < count; i++) {
        char name[8];
        (void)snprintf(name, sizeof name, "%d", codes[i]);
        jdoc_member_open(doc, name, '{');
        if (codes[i] >= 400) {
            write_ref(doc, "responses", "Problem");
        } else {
            jdoc_member_c(doc, "description", "Done.");
            const char *type = openapi_produces(route);
            bool json = type && strcmp(type, "application/json") == 0;
            if (type && codes[i] != 204)
                write_content(drawing, type, json ? route->out : NULL, USE_OUTPUT);
        }
        jdoc_close(doc, '}');
    }
    jdoc_close(doc, '}');
}

static void write_security(struct jdoc *doc, const struct route *route) {
    jdoc_member_open(doc, "security", '[');
    if (route->auth == AUTH_OPTIONAL) {
        jdoc_open(doc, '{');
        jdoc_close(doc, '}');
    }
    if (route->auth != AUTH_PUBLIC) {
        jdoc_open(doc, '{');
        jdoc_member_open(doc, "bearer", '[');
        jdoc_close(doc, ']');
        jdoc_close(doc, '}');
    }
    jdoc_close(doc, ']');
    if (route->auth >= AUTH_VIEWER)
        jdoc_member_c(doc, "x-role",
                      role_name((enum role)(ROLE_VIEWER + (int)(route->auth - AUTH_VIEWER))));
}

static void write_aliases(struct drawing *drawing, const struct route *route) {
    struct jdoc *doc = &drawing->doc;
    bool opened = false;
    for (size_t t = 0; t < drawing->table_count; t++) {
        const struct route_table *table = &drawing->tables[t];
        for (size_t i = 0; i < table->alias_count; i++) {
            const struct route_alias *alias = &table->aliases[i];
            if (alias->method != route->method || strcmp(alias->target, route->pattern) != 0)
                continue;
            if (!opened) jdoc_member_open(doc, "x-also-at", '[');
            opened = true;
            jdoc_c(doc, alias->pattern);
        }
    }
    if (opened) jdoc_close(doc, ']');
}

static void write_operation(struct drawing *drawing, const struct route *route) {
    struct jdoc *doc = &drawing->doc;
    char method[8];
    size_t at = 0;
    for (const char *c = method_name(route->method); *c && at + 1 < sizeof method; c++)
        method[at++] = (char)(*c | 0x20);
    method[at] = '\0';
    jdoc_member_open(doc, method, '{');
    jdoc_member_c(doc, "operationId", route->name);
    if (route->doc) jdoc_member_c(doc, "summary", route->doc);
    write_parameters(drawing, route);
    write_body(drawing, route);
    write_responses(drawing, route);
    write_security(doc, route);
    write_aliases(drawing, route);
    jdoc_close(doc, '}');
}

static void write_paths(struct drawing *drawing) {
    struct jdoc *doc = &drawing->doc;
    const char *open = NULL;
    jdoc_member_open(doc, "paths", '{');
    for (size_t i = 0; i < drawing->count; i++) {
        const struct route *route = drawing->routes[i];
        if (!open || strcmp(open, route->pattern) != 0) {
            if (open) jdoc_close(doc, '}');
            jdoc_member_open(doc, route->pattern, '{');
            open = route->pattern;
        }
        write_operation(drawing, route);
    }
    if (open) jdoc_close(doc, '}');
    jdoc_close(doc, '}');
}

static void write_components(struct drawing *drawing) {
    struct jdoc *doc = &drawing->doc;
    jdoc_member_open(doc, "components", '{');
    jdoc_member_open(doc, "schemas", '{');
    components_write(doc, drawing->components);
    jdoc_close(doc, '}');
    jdoc_member_open(doc, "responses", '{');
    jdoc_member_open(doc, "Problem", '{');
    jdoc_member_c(doc, "description", "Refused; `detail` says why and what to do.");
    write_content(drawing, "application/problem+json", &problem_schema, USE_OUTPUT);
    jdoc_close(doc, '}');
    jdoc_close(doc, '}');
    jdoc_member_open(doc, "securitySchemes", '{');
    jdoc_member_open(doc, "bearer", '{');
    jdoc_member_c(doc, "type", "http");
    jdoc_member_c(doc, "scheme", "bearer");
    jdoc_member_c(doc, "bearerFormat", "JWT");
    jdoc_close(doc, '}');
    jdoc_close(doc, '}');
    jdoc_close(doc, '}');
}

status openapi_write(struct ctx *cx, const struct route_table *tables, size_t count,
                     const char *title, const char *version, text *out) {
    struct drawing drawing = {
        .doc = {.build = {.arena = cx->arena}}, .tables = tables, .table_count = count};
    TRY(gather(cx, &drawing));
    struct jdoc *doc = &drawing.doc;
    jdoc_open(doc, '{');
    jdoc_member_c(doc, "openapi", "3.1.0");
    jdoc_member_open(doc, "info", '{');
    jdoc_member_c(doc, "title", title);
    jdoc_member_c(doc, "version", version);
    jdoc_close(doc, '}');
    write_paths(&drawing);
    write_components(&drawing);
    jdoc_close(doc, '}');
    return build_text(&doc->build, out) == OK ? OK : ctx_no_memory(cx);
}
