/* jdoc.h: writing a JSON document by hand, member by member, for documents that no record
 * describes.
 *
 * Owns nothing but the builder, whose bytes live in its arena. Invariant: commas come by
 * themselves, so what is opened and closed in pairs is well-formed JSON. Threads: one at a time. */
#ifndef API_JDOC_H
#define API_JDOC_H

#include "base/text.h"

/** A document being written; zero-initialise and set `.build.arena`. */
struct jdoc {
    struct build build;
    bool comma; /**< A value stands before; the next one needs a comma. */
};

/** Opens or closes an object or a list: one of { } [ ]. */
void jdoc_open(struct jdoc *doc, char bracket);
void jdoc_close(struct jdoc *doc, char bracket);

/** A member's name; its value must follow. */
void jdoc_key(struct jdoc *doc, const char *name);

/** Values. */
void jdoc_text(struct jdoc *doc, text value);
void jdoc_c(struct jdoc *doc, const char *value);
void jdoc_int(struct jdoc *doc, int64_t value);
void jdoc_bool(struct jdoc *doc, bool value);
void jdoc_null(struct jdoc *doc);

/** Members with their values. */
void jdoc_member_c(struct jdoc *doc, const char *name, const char *value);
void jdoc_member_int(struct jdoc *doc, const char *name, int64_t value);
void jdoc_member_bool(struct jdoc *doc, const char *name, bool value);

/** Opens a member that is an object or a list. */
void jdoc_member_open(struct jdoc *doc, const char *name, char bracket);

#endif
