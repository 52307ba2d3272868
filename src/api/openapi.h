/* openapi.h: the OpenAPI 3.1 document from route tables and schemas.
 *
 * Owns nothing. Invariant: the same tables give the same bytes; paths and schemas are in byte
 * order. Threads: any. Source: OpenAPI Specification 3.1.0, JSON Schema 2020-12. */
#ifndef API_OPENAPI_H
#define API_OPENAPI_H

#include "api/route.h"

/** Writes the document into the context's arena. BUG: two different schemas have one name. */
status openapi_write(struct ctx *cx, const struct route_table *tables, size_t count,
                     const char *title, const char *version, text *out) CHECKED;

/** The media type of what a route answers: its `produces`, or JSON. */
const char *openapi_produces(const struct route *route);

#endif
