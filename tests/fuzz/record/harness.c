/* harness.c: any bytes as JSON into a record; what was accepted must write and read back the same.
 * Owns: one arena an input. Threads: one. */
#include "base/record.h"
#include "base/scope.h"

#include <stdlib.h>

struct leaf {
    text name;
    int64_t count;
};
struct tree {
    text title;
    double ratio;
    bool open;
    struct leaf leaf;
    list words;
    list leaves;
};
static const struct field leaf_fields[] = {
    FIELD(struct leaf, name, .flags = REQUIRED, .min = 1, .max = 20),
    FIELD(struct leaf, count, .min = 0, .max = 100),
};
static const struct schema leaf_schema = SCHEMA("Leaf", struct leaf, leaf_fields, "A leaf.");
static const struct field tree_fields[] = {
    FIELD(struct tree, title, .format = "email"),
    FIELD(struct tree, ratio),
    FIELD(struct tree, open),
    FIELD_OBJECT_OF(struct tree, leaf, leaf_schema),
    FIELD(struct tree, words),
    FIELD_LIST_OF(struct tree, leaves, leaf_schema),
};
static const struct schema tree_schema = SCHEMA("Tree", struct tree, tree_fields, "A tree.");

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    scoped(arena_done) struct arena *arena = arena_new(4 << 20);
    if (!arena) return 0;
    struct ctx cx = {.arena = arena};
    struct tree tree;
    if (record_from_json(&cx, &tree_schema, (text){(const char *)bytes, size}, &tree) != OK) {
        if (cx.fault.code == OK) abort(); /* a failure must say why */
        return 0;
    }
    text first = NO_TEXT;
    text second = NO_TEXT;
    struct tree again;
    if (record_to_json(&cx, &tree_schema, &tree, &first) != OK) return 0;
    if (record_from_json(&cx, &tree_schema, first, &again) != OK) abort();
    if (record_to_json(&cx, &tree_schema, &again, &second) != OK) return 0;
    if (!text_equal(first, second)) abort();
    return 0;
}
