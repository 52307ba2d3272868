/* record.h: records to JSON and back, driven by their field tables.
 *
 * Owns nothing; results live in the context's arena. Reading is strict: unknown members, duplicate
 * members, wrong types, numbers that do not fit and depth over 32 are errors that name the field,
 * so that a client learns of its misspelling. Source: RFC 8259. Threads: none of its own. */
#ifndef BASE_RECORD_H
#define BASE_RECORD_H

#include "base/ctx.h"
#include "base/field.h"

/** Appends the record as one JSON object to the builder, whose failure sticks. */
void record_write(struct build *build, const struct schema *schema, const void *record);

/** The record as JSON text in the arena. NO_MEMORY over the cap. */
status record_to_json(struct ctx *cx, const struct schema *schema, const void *record,
                      text *out) CHECKED;

/** Fills the record (of schema->size bytes) from JSON text, absent members as record_clear leaves
 *  them, and runs record_check. INVALID with field and sentence; texts live in the arena. */
status record_from_json(struct ctx *cx, const struct schema *schema, text json,
                        void *record) CHECKED;

/** How unknown members are taken by record_read. */
enum record_strictness { RECORD_STRICT, RECORD_LENIENT };

/** Like record_from_json; RECORD_LENIENT passes over unknown members (data of a newer version). */
status record_read(struct ctx *cx, const struct schema *schema, text json,
                   enum record_strictness strictness, void *record) CHECKED;

/** Appends `t` as a JSON string with quotes; bytes that are not UTF-8 become U+FFFD. */
void json_write_text(struct build *build, text t);

#endif
