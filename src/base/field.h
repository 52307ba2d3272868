/* field.h: structs that describe themselves.
 *
 * A record is written once as a plain struct and one table of fields. From that table come request
 * validation, reply JSON (record.h), row mapping (store/db), the OpenAPI document (api/) and from
 * that the web client's types. Owns nothing: tables are constant data.
 * Invariants: `kind` fits the member's type (FIELD derives it); names are snake_case and equal in
 * JSON, SQL and C. Threads: constant data. */
#ifndef BASE_FIELD_H
#define BASE_FIELD_H

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** An integer member that is absent (JSON null or missing, SQL NULL). */
#define NO_INT INT64_MIN

/** A real member that is absent is NaN. */

/** Three-valued truth for members that may be absent; zero is "absent". */
typedef enum maybe { MAYBE_ABSENT = 0, MAYBE_NO = 1, MAYBE_YES = 2 } maybe;

/** Several records or texts, in one array owned by the arena that made them. */
typedef struct list {
    void *at;   /**< First element, or NULL when the list is empty. */
    size_t len; /**< Number of elements. */
} list;

/** What a member holds, and so its JSON and SQL form. */
enum field_kind {
    FIELD_TEXT,   /**< text: JSON string. Absent = null. */
    FIELD_INT,    /**< int64_t: JSON integer. NO_INT = null. */
    FIELD_REAL,   /**< double: JSON number. NaN = null. */
    FIELD_BOOL,   /**< bool: JSON true/false, SQL 0/1. */
    FIELD_MAYBE,  /**< maybe: true/false/null. */
    FIELD_OBJECT, /**< A struct in place, described by `.of`. Not in SQL rows. */
    /** Pointer to a struct described by `.of`; NULL = null. Not in SQL rows. */
    FIELD_MAYBE_OBJECT,
    FIELD_LIST,   /**< list of structs described by `.of`. Not in SQL rows. */
    FIELD_TEXTS,  /**< list of text. Not in SQL rows. */
};

/** What is asked of a member. */
enum field_flags {
    REQUIRED = 1,     /**< In input it must be there and not null. */
    SECRET = 2,       /**< Never written to JSON replies or logs. */
    HIDDEN = 4,       /**< Read from rows, left out of JSON and of the documented schema. */
    OMIT_ABSENT = 8,  /**< Left out of JSON when absent, where others write null. */
    KEEP_SPACE = 16,  /**< White space at the ends is kept (passwords); else input is trimmed. */
};

struct schema;

/** One member of a record. Made by FIELD. */
struct field {
    const char *name;           /**< Name in C, JSON and SQL. */
    enum field_kind kind;       /**< How to read and write it. */
    size_t offset;              /**< Place in the struct. */
    unsigned flags;             /**< enum field_flags. */
    /** Texts: least code points; ints: least value; lists: least count. */
    int64_t min;
    int64_t max;                /**< The most of the same; 0 with min 0 = the default cap. */
    const char *const *choices; /**< NULL-terminated allowed values of a text, or NULL. */
    const char *format;         /**< OpenAPI format and check: "email", "id", "uri", or NULL. */
    const struct schema *of;    /**< The record's schema for object and list kinds. */
    const char *doc;            /**< One sentence for the API's readers. */
};

/** A record's description. */
struct schema {
    const char *name;           /**< CamelCase name in the OpenAPI document, such as "Video". */
    const char *doc;            /**< One sentence. */
    size_t size;                /**< sizeof the struct. */
    const struct field *fields; /**< The table. */
    size_t count;               /**< Its length. */
};

/** Length caps used where a field names none: code points of a text, elements of a list. */
enum { FIELD_TEXT_CAP = 10000, FIELD_LIST_CAP = 1000 };

#define FIELD_KIND_OF_(member)                                                                     \
    _Generic((member), text: FIELD_TEXT, int64_t: FIELD_INT, double: FIELD_REAL, bool: FIELD_BOOL, \
             maybe: FIELD_MAYBE, list: FIELD_TEXTS, default: FIELD_OBJECT)

/** A table row for a member of kind text, int64_t, double, bool, maybe or a list of texts; further
 *  designated initialisers follow: FIELD(struct video, title, .flags = REQUIRED, .max = 200). */
#define FIELD(type, member, ...)                                                                   \
    {.name = #member,                                                                              \
     .kind = FIELD_KIND_OF_(((type *)0)->member),                                                  \
     .offset = offsetof(type, member),                                                             \
     ##__VA_ARGS__}

/** A table row for a struct in place, a pointer to a struct, or a list of structs. */
#define FIELD_OBJECT_OF(type, member, schema_, ...)                                                \
    {.name = #member, .kind = FIELD_OBJECT, .offset = offsetof(type, member), .of = &(schema_),    \
     ##__VA_ARGS__}
#define FIELD_MAYBE_OBJECT_OF(type, member, schema_, ...)                                          \
    {.name = #member, .kind = FIELD_MAYBE_OBJECT, .offset = offsetof(type, member),                \
     .of = &(schema_), ##__VA_ARGS__}
#define FIELD_LIST_OF(type, member, schema_, ...)                                                  \
    {.name = #member, .kind = FIELD_LIST, .offset = offsetof(type, member), .of = &(schema_),      \
     ##__VA_ARGS__}

/** A schema over a field table: SCHEMA("Video", struct video, video_fields, "A film."). */
#define SCHEMA(name_, type, table, doc_)                                                           \
    {.name = (name_), .doc = (doc_), .size = sizeof(type), .fields = (table),                      \
     .count = sizeof(table) / sizeof((table)[0])}

/** The field of that name, or NULL. */
const struct field *field_find(const struct schema *schema, text name);

/** Pointers to a member inside a record. */
static inline void *field_at(const struct field *field, void *record) {
    return (char *)record + field->offset;
}
static inline const void *field_at_const(const struct field *field, const void *record) {
    return (const char *)record + field->offset;
}

/** Sets every member to its absent value (NO_INT, NaN, NULL, false, nested objects likewise). */
void record_clear(const struct schema *schema, void *record);

/** True when the member holds its absent value. Bool and objects in place are never absent. */
bool field_is_absent(const struct field *field, const void *record);

struct ctx;

/** Checks every member of the record against its row: presence, length, range, choices, format,
 *  well-formed UTF-8 without control characters. INVALID with the field named in the fault. */
status record_check(struct ctx *cx, const struct schema *schema, const void *record) CHECKED;

/** Sets the text, int, real, bool or maybe member named `name` from a form value (multipart, query)
 *  and trims it unless KEEP_SPACE. NOT_FOUND for an unknown name, INVALID for an unreadable value.
 *  The bytes of `value` must live as long as the record. */
status record_set_from_text(struct ctx *cx, const struct schema *schema, void *record, text name,
                            text value) CHECKED;

#endif
