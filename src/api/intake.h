/* intake.h: path, query and body into the route's input record.
 *
 * Owns nothing; texts of the record live in the exchange's arena or in its path. Invariant: when
 * intake says OK the record has passed record_check, and every parameter of the request was known.
 * Threads: one at a time for each call. */
#ifndef API_INTAKE_H
#define API_INTAKE_H

#include "api/inner.h"

/** The most that a JSON body may be. */
enum { INTAKE_JSON_CAP_BYTES = 1 << 20 };

/** Makes the input record and fills it from path and query, and from the JSON body of a route that
 * has one; multipart routes add their fields later. INVALID names the parameter; NOT_FOUND when a
 * part of the path can't be the name of anything. */
status intake_read(struct api_call *c) CHECKED;

/** Sets one member from a form field. INVALID: unknown, given twice, or one that only the server
 * sets. */
status intake_field(struct api_call *c, text name, text value) CHECKED;

/** Checks the finished record. */
status intake_check(struct api_call *c) CHECKED;

/** True when the media type of a Content-Type value is that one, whatever its parameters. */
bool intake_type_is(text content_type, const char *type);

#endif
