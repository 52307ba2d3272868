/*
 * tidy's rules on who includes whom: tools/floors.txt held against every include of src/.
 */
#include "tidy.h"

#include <string.h>

enum { UNITS_MAX = 64 };

struct unit {
    const char *name;
    struct strings may;   /* units it may include besides itself */
    struct strings order; /* its folders, lowest first; "accounts" */
    struct strings doors; /* their public headers, beside order: "account.h" */
};

struct foreign {
    struct strings prefixes;
    struct strings units;
};

struct plan {
    struct unit units[UNITS_MAX];
    size_t unit_count;
    struct foreign foreign[UNITS_MAX];
    size_t foreign_count;
    struct strings generated;
};

struct include {
    const char *name;
    int line;
    bool system;
    int target; /* index of the file it names, or -1 */
};

struct node {
    struct source *source;
    const char *path; /* from src/: "base/arena.h" */
    const struct unit *unit;
    struct include *includes;
    size_t include_count;
    int visit; /* 0 not yet, 1 on the way down, 2 done */
};

struct graph {
    struct node *nodes;
    size_t count;
    struct plan plan;
    struct strings way; /* paths of the nodes on the way down */
};

static struct strings split_words(const char *text) {
    struct strings words = {0};
    for (;;) {
        text += strspn(text, " ");
        size_t size = strcspn(text, " ");
        if (!size) return words;
        strings_add(&words, keep_text(text, size));
        text += size;
    }
}

static struct unit *unit_named(struct plan *plan, const char *name) {
    for (size_t i = 0; i < plan->unit_count; i++)
        if (strcmp(plan->units[i].name, name) == 0) return &plan->units[i];
    return NULL;
}

static bool holds(const struct strings *strings, const char *text) {
    for (size_t i = 0; i < strings->count; i++)
        if (strcmp(strings->items[i], text) == 0) return true;
    return false;
}

static void plan_order(struct unit *unit, const struct strings *entries, const char *file,
                       int line) {
    for (size_t i = 0; i < entries->count; i++) {
        const char *slash = strchr(entries->items[i], '/');
        if (!slash) fail_at(file, line, "'%s' must be folder/header.h", entries->items[i]);
        strings_add(&unit->order,
                    keep_text(entries->items[i], (size_t)(slash - entries->items[i])));
        strings_add(&unit->doors, keep_text(slash + 1, strlen(slash + 1)));
    }
}

/* Takes in one line `VERB NAMES: REST`, or `generated NAMES`. */
static void plan_line(struct plan *plan, const char *text, const char *file, int line) {
    size_t verb_size = strcspn(text, " ");
    const char *verb = keep_text(text, verb_size);
    const char *colon = strchr(text, ':');
    if (strcmp(verb, "generated") == 0) {
        plan->generated = split_words(text + verb_size);
        return;
    }
    if (!colon) fail_at(file, line, "'%s' needs a ':' behind its names", verb);
    struct strings names =
        split_words(keep_text(text + verb_size, (size_t)(colon - text) - verb_size));
    struct strings rest = split_words(colon + 1);
    if (plan->unit_count == UNITS_MAX || plan->foreign_count == UNITS_MAX || !names.count)
        fail_at(file, line, "there are too many lines, or a line without a name");
    struct unit *unit = unit_named(plan, names.items[0]);
    if (strcmp(verb, "floor") == 0 && !unit)
        plan->units[plan->unit_count++] = (struct unit){.name = names.items[0], .may = rest};
    else if (strcmp(verb, "order") == 0 && unit)
        plan_order(unit, &rest, file, line);
    else if (strcmp(verb, "header") == 0)
        plan->foreign[plan->foreign_count++] = (struct foreign){names, rest};
    else
        fail_at(file, line, "'%s' isn't understood here", text);
}

static void plan_read(const char *root, struct plan *plan) {
    const char *file = keep_format("%s/tools/floors.txt", root);
    const char *at = file_read(file, NULL);
    for (int line = 1; *at; line++) {
        size_t size = strcspn(at, "\n");
        const char *text = keep_text(at, size);
        if (*text && *text != '#') plan_line(plan, text, file, line);
        at += size + (at[size] == '\n');
    }
}

/* The unit a path belongs to: the longest whose name is a folder of it. */
static const struct unit *unit_of(const struct plan *plan, const char *path) {
    const struct unit *best = NULL;
    for (size_t i = 0; i < plan->unit_count; i++) {
        const char *name = plan->units[i].name;
        bool inside = begins_with(path, name) && path[strlen(name)] == '/';
        if (inside && (!best || strlen(name) > strlen(best->name))) best = &plan->units[i];
    }
    return best;
}

/* The folder of an ordered unit that a path lies in, as its place in the order; -1 when in none. */
static int place_of(const struct unit *unit, const char *path) {
    const char *inside = path + strlen(unit->name) + 1;
    const char *slash = strchr(inside, '/');
    if (!slash) return -1;
    const char *folder = keep_text(inside, (size_t)(slash - inside));
    for (size_t i = 0; i < unit->order.count; i++)
        if (strcmp(unit->order.items[i], folder) == 0) return (int)i;
    return -2; /* a folder that isn't in the order */
}

static int find_node(const struct graph *graph, const char *path) {
    for (size_t i = 0; i < graph->count; i++)
        if (strcmp(graph->nodes[i].path, path) == 0) return (int)i;
    return -1;
}

/* Reads one `#include "x"` or `<x>`; false when the line isn't one. */
static bool read_include(const char *text, struct include *out) {
    text += strspn(text, " ");
    if (*text++ != '#') return false;
    text += strspn(text, " ");
    if (!begins_with(text, "include")) return false;
    text += strcspn(text, "\"<\n");
    if (*text != '"' && *text != '<') return false;
    size_t size = strcspn(text + 1, "\">\n");
    out->system = *text == '<';
    out->name = keep_text(text + 1, size);
    out->target = -1;
    return true;
}

static void node_read(struct node *node) {
    struct include *includes = keep(sizeof *includes * (size_t)(node->source->line_count + 1));
    const char *text = node->source->text;
    int line = 1;
    for (const char *at = text; *at; line++) {
        struct include found = {.line = line};
        /* The code view tells a real directive from one inside a comment. */
        bool code = node->source->code[at - text + (ptrdiff_t)strspn(at, " ")] == '#';
        if (code && read_include(at, &found)) includes[node->include_count++] = found;
        at += strcspn(at, "\n");
        at += *at == '\n';
    }
    node->includes = includes;
}

static void check_foreign(const struct plan *plan, const struct node *node,
                          const struct include *include) {
    for (size_t i = 0; i < plan->foreign_count; i++) {
        const struct foreign *foreign = &plan->foreign[i];
        for (size_t k = 0; k < foreign->prefixes.count; k++) {
            const char *prefix = foreign->prefixes.items[k];
            bool matches = ends_with(prefix, "/") ? begins_with(include->name, prefix)
                                                  : strcmp(include->name, prefix) == 0;
            bool may = false;
            for (size_t u = 0; u < foreign->units.count; u++) {
                const char *unit = foreign->units.items[u];
                may = may || begins_with(node->path, unit);
            }
            if (matches && !may)
                finding(node->source, include->line, "include-foreign",
                        "<%s> stays behind %s/, which is the only place to know it", include->name,
                        foreign->units.items[0]);
        }
    }
}

/* True for what the build makes: x_sql.h beside x.sql, and what floors.txt lists. */
static bool is_generated(const struct plan *plan, const char *name) {
    return ends_with(name, "_sql.h") || holds(&plan->generated, name);
}

static void check_order(const struct node *node, const struct include *include) {
    const struct unit *unit = node->unit;
    int from = place_of(unit, node->path);
    int to = place_of(unit, include->name);
    if (from == -2) {
        finding(node->source, include->line, "include-floor",
                "the folder of %s has no place in the order of %s in tools/floors.txt", node->path,
                unit->name);
    } else if (to < 0 || to == from) {
        return;
    } else if (from >= 0 && to > from) {
        finding(node->source, include->line, "include-floor",
                "%s comes after %s in the order of %s, so it can't be used here",
                unit->order.items[to], unit->order.items[from], unit->name);
    } else if (strcmp(path_name(include->name), unit->doors.items[to]) != 0) {
        finding(node->source, include->line, "include-floor",
                "%s is used through its public header %s only", unit->order.items[to],
                unit->doors.items[to]);
    }
}

static void check_include(const struct graph *graph, const struct node *node,
                          const struct include *include) {
    const struct plan *plan = &graph->plan;
    if (include->system) {
        check_foreign(plan, node, include);
        return;
    }
    if (include->target < 0 && !is_generated(plan, include->name)) {
        finding(node->source, include->line, "include-path",
                "\"%s\" isn't found from src/; write includes from there", include->name);
        return;
    }
    const struct unit *to = unit_of(plan, include->name);
    if (to == node->unit) {
        if (to && to->order.count) check_order(node, include);
        return;
    }
    if (to && node->unit && !holds(&node->unit->may, to->name))
        finding(node->source, include->line, "include-floor",
                "%s stands on %s%s, not on %s: dependencies point down only", node->unit->name,
                node->unit->may.count ? node->unit->may.items[0] : "nothing",
                node->unit->may.count > 1 ? " and what is beneath" : "", to->name);
}

static void find_circles(struct graph *graph, struct node *node) {
    node->visit = 1;
    strings_add(&graph->way, (char *)node->path);
    for (size_t i = 0; i < node->include_count; i++) {
        const struct include *include = &node->includes[i];
        if (include->target < 0) continue;
        struct node *next = &graph->nodes[include->target];
        if (next->visit == 1)
            finding(node->source, include->line, "include-circle",
                    "%s is included by what it includes; the way here began at %s", next->path,
                    graph->way.items[0]);
        else if (next->visit == 0)
            find_circles(graph, next);
    }
    node->visit = 2;
    graph->way.count--;
}

void check_includes(const char *root, struct source **sources, size_t count) {
    struct graph graph = {.nodes = keep(sizeof *graph.nodes * (count + 1))};
    plan_read(root, &graph.plan);
    for (size_t i = 0; i < count; i++) {
        if (!source_is_c(sources[i]) || !begins_with(sources[i]->path, "src/")) continue;
        struct node *node = &graph.nodes[graph.count++];
        *node = (struct node){.source = sources[i], .path = sources[i]->path + strlen("src/")};
        node->unit = unit_of(&graph.plan, node->path);
        if (!node->unit)
            finding(sources[i], 1, "include-floor", "tools/floors.txt gives this file no floor");
        node_read(node);
    }
    for (size_t i = 0; i < graph.count; i++) {
        for (size_t k = 0; k < graph.nodes[i].include_count; k++) {
            struct include *include = &graph.nodes[i].includes[k];
            include->target = include->system ? -1 : find_node(&graph, include->name);
            check_include(&graph, &graph.nodes[i], include);
        }
    }
    for (size_t i = 0; i < graph.count; i++)
        if (graph.nodes[i].visit == 0) find_circles(&graph, &graph.nodes[i]);
}
