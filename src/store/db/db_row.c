/* db_row.c: rows of a result into records, by column name.
 *
 * Owns nothing; records and texts live in the context's arena. SQL NULL becomes the member's absent
 * value; members that the statement doesn't name stay absent. A column that the schema doesn't know
 * is a BUG: statement and struct have drifted apart. Threads: one at a time. */
#include "store/db/db_driver.h"

#include <math.h>
#include <string.h>

static status map_columns(struct ctx *cx, struct db_mapper *mapper, const struct db_rows *rows) {
    if (rows->columns > DB_COLUMNS_MAX)
        return ctx_fail(cx, BUG, "A row has %d columns; the most is %d.", rows->columns,
                        DB_COLUMNS_MAX);
    for (int i = 0; i < rows->columns; i++) {
        const char *name = rows->name(rows, i);
        const struct field *field = field_find(mapper->schema, text_of(name));
        if (!field || field->kind > FIELD_MAYBE)
            return ctx_fail(cx, BUG, "Column \"%s\" has no member in %s.", name,
                            mapper->schema->name);
        mapper->fields[i] = field;
    }
    mapper->columns = rows->columns;
    return OK;
}

static status set_text(struct ctx *cx, const struct db_value *value, text *out) {
    const char *copy = arena_copy(cx->arena, value->text.at, value->text.len);
    TRY_NEW(cx, copy);
    *out = (text){copy, value->text.len};
    return OK;
}

/* The member is already absent, so NULL needs nothing. */
static status set_member(struct ctx *cx, const struct field *field, const struct db_value *value,
                         void *record) {
    void *member = field_at(field, record);
    if (value->kind == DB_NULL) return OK;
    switch (field->kind) {
    case FIELD_TEXT:
        return set_text(cx, value, member);
    case FIELD_INT:
        *(int64_t *)member = value->number;
        return OK;
    case FIELD_REAL:
        *(double *)member = value->real;
        return OK;
    case FIELD_BOOL:
        *(bool *)member = value->number != 0;
        return OK;
    case FIELD_MAYBE:
        *(maybe *)member = value->number ? MAYBE_YES : MAYBE_NO;
        return OK;
    default:
        return ctx_fail(cx, BUG, "Member \"%s\" can't come from a row.", field->name);
    }
}

static status fill(struct ctx *cx, struct db_mapper *mapper, const struct db_rows *rows,
                   void *record) {
    if (mapper->columns == 0) TRY(map_columns(cx, mapper, rows));
    record_clear(mapper->schema, record);
    for (int i = 0; i < mapper->columns; i++) {
        const struct field *field = mapper->fields[i];
        struct db_value value = {.kind = DB_NULL};
        TRY(rows->value(cx, rows, i, field->kind, &value));
        TRY(set_member(cx, field, &value, record));
    }
    return OK;
}

static status take_one(struct ctx *cx, struct db_sink *sink, const struct db_rows *rows) {
    struct db_mapper *mapper = (struct db_mapper *)sink;
    if (mapper->len++ > 0)
        return ctx_fail(cx, BUG, "A statement for one %s gave more.", mapper->schema->name);
    return fill(cx, mapper, rows, mapper->record);
}

static status make_room(struct ctx *cx, struct db_mapper *mapper) {
    if (mapper->len < mapper->room) return OK;
    size_t room = mapper->room ? mapper->room * 2 : 16;
    char *at = arena_take_array(cx->arena, room, mapper->schema->size);
    TRY_NEW(cx, at);
    if (mapper->len) memcpy(at, mapper->at, mapper->len * mapper->schema->size);
    mapper->at = at;
    mapper->room = room;
    return OK;
}

static status take_many(struct ctx *cx, struct db_sink *sink, const struct db_rows *rows) {
    struct db_mapper *mapper = (struct db_mapper *)sink;
    TRY(make_room(cx, mapper));
    TRY(fill(cx, mapper, rows, mapper->at + mapper->len * mapper->schema->size));
    mapper->len++;
    return OK;
}

void db_mapper_one(struct db_mapper *mapper, const struct schema *schema, void *record) {
    *mapper = (struct db_mapper){.sink = {take_one}, .schema = schema, .record = record};
}

void db_mapper_many(struct db_mapper *mapper, const struct schema *schema) {
    *mapper = (struct db_mapper){.sink = {take_many}, .schema = schema};
}
