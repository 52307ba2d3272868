/* dispatch.c: builds and walks the tree of path parts.
 *
 * Owns: the tree, in one arena. Invariant: the children of a node are in the order in which they
 * are tried. Threads: see dispatch.h. */
#include "api/dispatch.h"

#include "base/scope.h"

#include <string.h>

enum { TREE_CAP_BYTES = 4 << 20 };

/* One part of a path. A literal has only `before`; a pattern is `before` {…} `after`. */
struct node {
    struct node *next;  /* sibling */
    struct node *first; /* child */
    text before;
    text after;
    bool pattern;
    unsigned methods;
    const struct bound *bounds[DISPATCH_METHODS];
};

struct dispatch {
    struct arena *arena;
    struct node root;
};

/* A path or pattern cut at its slashes. */
struct parts {
    text at[DISPATCH_PARTS];
    size_t count;
};

static const char *const method_names[DISPATCH_METHODS] = {
    [HTTP_GET] = "GET",     [HTTP_HEAD] = "HEAD",     [HTTP_POST] = "POST",      [HTTP_PUT] = "PUT",
    [HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE", [HTTP_OPTIONS] = "OPTIONS"};

const char *method_name(enum http_method method) {
    return (unsigned)method < DISPATCH_METHODS ? method_names[method] : "?";
}

bool method_from(text name, enum http_method *out) {
    for (unsigned i = 0; i < DISPATCH_METHODS; i++) {
        if (!text_is(name, method_names[i])) continue;
        *out = (enum http_method)i;
        return true;
    }
    return false;
}

/* False when the path has too many parts. An empty part stays, and matches nothing. */
static bool cut_path(text path, struct parts *out) {
    out->count = 0;
    if (path.len && path.at[0] == '/') path = text_part(path, 1, path.len);
    if (path.len && path.at[path.len - 1] == '/') path.len--;
    if (path.len == 0) return true;
    text part = NO_TEXT;
    while (text_cut(path, '/', &part, &path)) {
        if (out->count == DISPATCH_PARTS) return false;
        out->at[out->count++] = part;
    }
    return true;
}

/* Splits "{n}.m4s" into what is around the braces; false for a literal. */
static bool cut_pattern(text part, text *before, text *name, text *after) {
    ptrdiff_t open = text_find(part, '{');
    ptrdiff_t close = text_find(part, '}');
    if (open < 0 || close < open) return false;
    *before = text_part(part, 0, (size_t)open);
    *name = text_part(part, (size_t)open + 1, (size_t)(close - open - 1));
    *after = text_part(part, (size_t)close + 1, part.len);
    return true;
}

/* Literals first, then patterns by how much of them is literal. */
static size_t rank(const struct node *node) {
    return node->pattern ? node->before.len + node->after.len : SIZE_MAX;
}

static struct node *child_for(struct dispatch *tree, struct node *parent, text part) {
    text before = part, name = NO_TEXT, after = NO_TEXT;
    bool pattern = cut_pattern(part, &before, &name, &after);
    for (struct node *child = parent->first; child; child = child->next) {
        if (child->pattern == pattern && text_equal(child->before, before) &&
            text_equal(child->after, after))
            return child;
    }
    struct node *made = arena_new_of(tree->arena, struct node);
    if (!made) return NULL;
    made->before = before;
    made->after = after;
    made->pattern = pattern;
    struct node **place = &parent->first;
    while (*place && rank(*place) >= rank(made)) place = &(*place)->next;
    made->next = *place;
    *place = made;
    return made;
}

/* The input's members that the path doesn't give. */
static status plan_given(struct ctx *cx, struct dispatch *tree, struct bound *bound) {
    const struct schema *in = bound->route->in;
    if (!in) return OK;
    struct field *fields = arena_take_array(tree->arena, in->count, sizeof *fields);
    TRY_NEW(cx, fields);
    size_t count = 0;
    for (size_t i = 0; i < in->count; i++) {
        bool in_path = false;
        for (size_t n = 0; n < bound->name_count; n++) {
            if (text_is(bound->names[n], in->fields[i].name)) in_path = true;
        }
        if (!in_path) fields[count++] = in->fields[i];
    }
    bound->given = *in;
    bound->given.fields = fields;
    bound->given.count = count;
    return OK;
}

static status plan_names(struct ctx *cx, struct bound *bound, const struct parts *parts) {
    const struct route *route = bound->route;
    for (size_t i = 0; i < parts->count; i++) {
        text before, name, after;
        if (!cut_pattern(parts->at[i], &before, &name, &after)) continue;
        if (bound->name_count == DISPATCH_PARAMETERS)
            return ctx_fail(cx, BUG, "Route %s has too many parameters.", route->name);
        if (!route->in || !field_find(route->in, name))
            return ctx_fail(cx, BUG, "Route %s lacks the input member {%.*s}.", route->name,
                            TEXT_ARG(name));
        bound->names[bound->name_count++] = name;
    }
    return OK;
}

static status check_row(struct ctx *cx, const struct route *route) {
    bool streamed = route->body == BODY_MULTIPART || route->body == BODY_RAW;
    if (streamed && (!route->stream || !route->stream->open || !route->stream->piece))
        return ctx_fail(cx, BUG, "Route %s streams its body but has no .stream.", route->name);
    if (route->body == BODY_JSON && !route->in)
        return ctx_fail(cx, BUG, "Route %s takes JSON but has no .in.", route->name);
    if (!route->run) return ctx_fail(cx, BUG, "Route %s has no handler.", route->name);
    return OK;
}

static status add(struct ctx *cx, struct dispatch *tree, const struct route *route,
                  enum http_method method, const char *pattern) {
    struct parts parts;
    if (pattern[0] != '/' || !cut_path(text_of(pattern), &parts))
        return ctx_fail(cx, BUG, "Route %s has no usable path.", route->name);
    TRY(check_row(cx, route));
    struct bound *bound = arena_new_of(tree->arena, struct bound);
    TRY_NEW(cx, bound);
    bound->route = route;
    TRY(plan_names(cx, bound, &parts));
    TRY(plan_given(cx, tree, bound));
    struct node *node = &tree->root;
    for (size_t i = 0; i < parts.count; i++) {
        node = child_for(tree, node, parts.at[i]);
        TRY_NEW(cx, node);
    }
    if (node->bounds[method])
        return ctx_fail(cx, BUG, "%s %s is two routes, %s and %s.", method_name(method), pattern,
                        node->bounds[method]->route->name, route->name);
    node->bounds[method] = bound;
    node->methods |= 1u << method;
    return OK;
}

static const struct route *target_of(const struct route_table *tables, size_t count,
                                     const struct route_alias *alias) {
    for (size_t t = 0; t < count; t++) {
        for (size_t i = 0; i < tables[t].count; i++) {
            const struct route *route = &tables[t].routes[i];
            if (route->method == alias->method && strcmp(route->pattern, alias->target) == 0)
                return route;
        }
    }
    return NULL;
}

static status check_names(struct ctx *cx, const struct route_table *tables, size_t count) {
    for (size_t t = 0; t < count; t++) {
        for (size_t i = 0; i < tables[t].count; i++) {
            const char *name = tables[t].routes[i].name;
            size_t seen = 0;
            if (!name) return ctx_fail(cx, BUG, "A route has no name.");
            for (size_t u = 0; u < count; u++) {
                for (size_t j = 0; j < tables[u].count; j++) {
                    const char *other = tables[u].routes[j].name;
                    if (other && strcmp(other, name) == 0) seen++;
                }
            }
            if (seen > 1) return ctx_fail(cx, BUG, "Two routes are called %s.", name);
        }
    }
    return OK;
}

static status add_table(struct ctx *cx, struct dispatch *tree, const struct route_table *tables,
                        size_t count, const struct route_table *table) {
    for (size_t i = 0; i < table->count; i++) {
        const struct route *route = &table->routes[i];
        TRY(add(cx, tree, route, route->method, route->pattern));
    }
    for (size_t i = 0; i < table->alias_count; i++) {
        const struct route_alias *alias = &table->aliases[i];
        const struct route *route = target_of(tables, count, alias);
        if (!route) return ctx_fail(cx, BUG, "The alias %s leads to no route.", alias->pattern);
        TRY(add(cx, tree, route, alias->method, alias->pattern));
    }
    return OK;
}

static void dispatch_done(struct dispatch **dispatch) {
    dispatch_free(*dispatch);
}

status dispatch_build(struct ctx *cx, const struct route_table *tables, size_t count,
                      struct dispatch **out) {
    struct arena *arena = arena_new(TREE_CAP_BYTES);
    TRY_NEW(cx, arena);
    scoped(dispatch_done) struct dispatch *tree = arena_new_of(arena, struct dispatch);
    if (!tree) {
        arena_free(arena);
        return ctx_no_memory(cx);
    }
    tree->arena = arena;
    TRY(check_names(cx, tables, count));
    for (size_t t = 0; t < count; t++) TRY(add_table(cx, tree, tables, count, &tables[t]));
    *out = move(&tree);
    return OK;
}

void dispatch_free(struct dispatch *dispatch) {
    if (dispatch) arena_free(dispatch->arena);
}

static bool fits(const struct node *node, text part, text *value) {
    if (!node->pattern) return text_equal(node->before, part);
    if (part.len <= node->before.len + node->after.len) return false;
    if (!text_starts(part, node->before) || !text_ends(part, node->after)) return false;
    *value = text_part(part, node->before.len, part.len - node->before.len - node->after.len);
    return true;
}

/* The depth is bounded by DISPATCH_PARTS; a pattern that leads nowhere is taken back. */
static const struct node *walk(const struct node *node, const struct parts *parts, size_t at,
                               text *values, size_t used) {
    if (at == parts->count) return node->methods ? node : NULL;
    for (const struct node *child = node->first; child; child = child->next) {
        text value = NO_TEXT;
        if (!fits(child, parts->at[at], &value)) continue;
        if (child->pattern && used == DISPATCH_PARAMETERS) continue;
        if (child->pattern) values[used] = value;
        const struct node *found = walk(child, parts, at + 1, values, used + child->pattern);
        if (found) return found;
    }
    return NULL;
}

void dispatch_find(const struct dispatch *dispatch, enum http_method method, text path,
                   struct match *out) {
    *out = (struct match){0};
    struct parts parts;
    if (!cut_path(path, &parts)) return;
    const struct node *node = walk(&dispatch->root, &parts, 0, out->values, 0);
    if (!node) return;
    out->methods = node->methods;
    if (node->methods & (1u << HTTP_GET)) out->methods |= 1u << HTTP_HEAD;
    out->bound = node->bounds[method];
    if (!out->bound && method == HTTP_HEAD) out->bound = node->bounds[HTTP_GET];
}

bool dispatch_claims(const struct dispatch *dispatch, text path) {
    struct parts parts;
    if (!cut_path(path, &parts)) return true;
    if (parts.count == 0) return dispatch->root.methods != 0;
    for (const struct node *child = dispatch->root.first; child; child = child->next) {
        if (!child->pattern && text_equal(child->before, parts.at[0])) return true;
    }
    return false;
}
