/* openapi_schema.h: record schemas as JSON Schema (2020-12) components of the OpenAPI document.
 *
 * Owns nothing; the gathered list lives in the context's arena. Input and output read the same
 * table in two ways: in input REQUIRED members must be given; in output every member is there (but
 * for OMIT_ABSENT ones), and those that are not REQUIRED may be null. Threads: one at a time. */
#ifndef API_OPENAPI_SCHEMA_H
#define API_OPENAPI_SCHEMA_H

#include "api/jdoc.h"
#include "api/route.h"

/** How a schema is used. */
enum schema_use { USE_INPUT, USE_FORM, USE_OUTPUT };

/** One component. */
struct component {
    const char *name; /**< In the document. */
    const struct schema *schema;
    enum schema_use use;
    const char *pattern; /**< Its {names} are left out; NULL = none. */
};

/** All components, each once; at most COMPONENTS_MOST. */
enum { COMPONENTS_MOST = 256 };
struct components {
    struct component at[COMPONENTS_MOST];
    size_t count;
};

/** Notes the schema and all that it contains. BUG: another schema has that name. */
status components_add(struct ctx *cx, struct components *components, const struct schema *schema,
                      enum schema_use use, const char *pattern) CHECKED;

/** Gives names and sorts by them. */
status components_settle(struct ctx *cx, struct components *components) CHECKED;

/** The component's name in the document. */
const char *components_name(const struct components *components, const struct schema *schema,
                            enum schema_use use);

/** Writes the `schemas` object's members. */
void components_write(struct jdoc *doc, const struct components *components);

/** Writes one member's schema. */
void openapi_field(struct jdoc *doc, const struct components *components, const struct field *field,
                   enum schema_use use);

/** True when the pattern has {name}. */
bool openapi_in_path(const char *pattern, const char *name);

#endif
