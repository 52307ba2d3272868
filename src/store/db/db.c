/* db.c: the front of the database: picks the engine, checks what callers hand in, runs single
 * statements in a transaction of their own.
 *
 * Owns: the rule that a thread runs one work function at a time (a work function that called
 * db_write would wait for itself on SQLite). Threads: any. */
#include "store/db/db_driver.h"

#include "base/scope.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

static const struct db_driver *const drivers[] = {&db_sqlite, &db_postgres};

/* True while this thread runs a work function. */
static _Thread_local bool at_work;

status db_open(struct ctx *cx, const struct db_options *options, struct db **out) {
    text url = text_of(options->url);
    for (size_t i = 0; i < COUNT_OF(drivers); i++) {
        if (!text_starts(url, text_of(drivers[i]->scheme))) continue;
        return drivers[i]->open(cx, options, out);
    }
    return ctx_fail_field(cx, INVALID, "DATABASE_URL",
                          "The database's address begins with sqlite: or postgres://.");
}

void db_close(struct db *db) {
    if (db) db->driver->close(db);
}

const char *db_dialect(const struct db *db) {
    return db->driver->dialect;
}

const char *db_text(const struct db *db, const struct sql *sql) {
    return db->driver == &db_sqlite ? sql->text_sqlite : sql->text_postgres;
}

status db_ping(struct ctx *cx, struct db *db) {
    return db->driver->ping(cx, db);
}

void db_figures_of(struct db *db, struct db_figures *out) {
    *out = (struct db_figures){
        .connections_open = atomic_load(&db->connections_open),
        .connections_in_use = atomic_load(&db->connections_in_use),
        .writes = atomic_load(&db->writes),
        .commits = atomic_load(&db->commits),
    };
}

status db_work_run(struct ctx *cx, struct db_tx *tx, db_work *work, void *argument) {
    assert(!at_work);
    at_work = true;
    status result = work(cx, tx, argument);
    at_work = false;
    return result == OK ? tx->spoiled : result;
}

void db_after_run(const struct db_after *after) {
    for (; after; after = after->next) after->call(after->argument);
}

status db_tx_spoil(struct db_tx *tx, status code) {
    if (tx->spoiled == OK) tx->spoiled = code;
    return code;
}

status db_refused(struct ctx *cx, status code, int64_t foreign, const char *doing,
                  const char *words) {
    bool first = cx->fault.code == OK;
    if (code == CONFLICT)
        (void)ctx_fail(cx, code, "This exists already, or something that it depends on is gone.");
    else
        (void)ctx_fail(cx, code, "The database refused (%s): %.*s.", doing,
                       (int)strcspn(words, "\n"), words);
    if (first) cx->fault.foreign = foreign;
    return code;
}

status db_write(struct ctx *cx, struct db *db, db_work *work, void *argument) {
    assert(!at_work); /* a work function never opens a second transaction */
    return db->driver->write(cx, db, DB_MANY_STATEMENTS, work, argument);
}

status db_read(struct ctx *cx, struct db *db, db_work *work, void *argument) {
    assert(!at_work);
    return db->driver->read(cx, db, DB_MANY_STATEMENTS, work, argument);
}

status tx_after_commit(struct ctx *cx, struct db_tx *tx, void (*after)(void *argument),
                       void *argument) {
    assert(tx->writable);
    struct db_after *entry = arena_new_of(cx->arena, struct db_after);
    TRY_NEW(cx, entry);
    *entry = (struct db_after){.call = after, .argument = argument};
    *tx->after_end = entry;
    tx->after_end = &entry->next;
    return OK;
}

/* Both engines must refuse the same values: PostgreSQL has no text with NUL or broken UTF-8. */
static status check_args(struct ctx *cx, const struct sql *sql, const struct db_args *args) {
    if (args->len != (size_t)sql->parameter_count)
        return ctx_fail(cx, BUG, "Statement %s takes %d parameters, not %zu.", sql->name,
                        sql->parameter_count, args->len);
    for (size_t i = 0; i < args->len; i++) {
        const struct db_value *value = &args->at[i];
        if (value->kind != DB_TEXT) continue;
        if (text_has_nul(value->text) || !text_is_utf8(value->text))
            return ctx_fail(cx, INVALID, "A text holds bytes that are no characters.");
    }
    return OK;
}

static status run(struct ctx *cx, struct db_tx *tx, const struct sql *sql,
                  const struct db_args *args, struct db_sink *sink, int64_t *out_changed) {
    if (tx->spoiled != OK) return tx->spoiled;
    TRY(check_args(cx, sql, args));
    return tx->db->driver->run(cx, tx, sql, args, sink, out_changed);
}

status tx_get(struct ctx *cx, struct db_tx *tx, const struct sql *sql, const struct db_args *args,
              const struct schema *schema, void *record) {
    assert(sql->kind == SQL_ONE);
    void *found = arena_take(cx->arena, schema->size);
    TRY_NEW(cx, found);
    struct db_mapper mapper;
    int64_t changed = 0;
    db_mapper_one(&mapper, schema, found);
    TRY(run(cx, tx, sql, args, &mapper.sink, &changed));
    if (mapper.len == 0) return NOT_FOUND;
    memcpy(record, found, schema->size);
    return OK;
}

status tx_list(struct ctx *cx, struct db_tx *tx, const struct sql *sql, const struct db_args *args,
               const struct schema *schema, list *out) {
    assert(sql->kind == SQL_MANY);
    struct db_mapper mapper;
    int64_t changed = 0;
    db_mapper_many(&mapper, schema);
    TRY(run(cx, tx, sql, args, &mapper.sink, &changed));
    *out = (list){mapper.at, mapper.len};
    return OK;
}

status tx_run(struct ctx *cx, struct db_tx *tx, const struct sql *sql, const struct db_args *args,
              int64_t *out_changed) {
    int64_t changed = 0;
    TRY(run(cx, tx, sql, args, NULL, &changed));
    if (out_changed) *out_changed = changed;
    return OK;
}

/* A single statement on its way through a work function. */
struct single {
    const struct sql *sql;
    const struct db_args *args;
    const struct schema *schema;
    void *out; /* record, list or number of rows */
};

static status single_get(struct ctx *cx, struct db_tx *tx, void *argument) {
    const struct single *single = argument;
    return tx_get(cx, tx, single->sql, single->args, single->schema, single->out);
}

static status single_list(struct ctx *cx, struct db_tx *tx, void *argument) {
    const struct single *single = argument;
    return tx_list(cx, tx, single->sql, single->args, single->schema, single->out);
}

static status single_run(struct ctx *cx, struct db_tx *tx, void *argument) {
    const struct single *single = argument;
    return tx_run(cx, tx, single->sql, single->args, single->out);
}

static bool is_word(const char *at, size_t len, const char *word) {
    return strlen(word) == len && strncasecmp(at, word, len) == 0;
}

/* True when a word of the statement says that it changes or locks rows. Quoted text is passed over,
 * and a name such as updated_at_ms is a word of its own. */
static bool changes_rows(const char *statement) {
    static const char *const words[] = {"INSERT", "UPDATE", "DELETE", "CREATE"};
    for (const char *at = statement; *at;) {
        if (*at == '\'' || *at == '"') {
            const char *end = strchr(at + 1, *at);
            if (!end) return true;
            at = end + 1;
            continue;
        }
        size_t len = 0;
        while (isalnum((unsigned char)at[len]) || at[len] == '_') len++;
        for (size_t i = 0; len && i < COUNT_OF(words); i++) {
            if (is_word(at, len, words[i])) return true;
        }
        at += len ? len : 1;
    }
    return false;
}

static status run_single(struct ctx *cx, struct db *db, db_work *work, struct single *single) {
    assert(!at_work);
    if (changes_rows(db_text(db, single->sql)))
        return db->driver->write(cx, db, DB_ONE_STATEMENT, work, single);
    return db->driver->read(cx, db, DB_ONE_STATEMENT, work, single);
}

status db_get(struct ctx *cx, struct db *db, const struct sql *sql, const struct db_args *args,
              const struct schema *schema, void *record) {
    struct single single = {sql, args, schema, record};
    return run_single(cx, db, single_get, &single);
}

status db_list(struct ctx *cx, struct db *db, const struct sql *sql, const struct db_args *args,
               const struct schema *schema, list *out) {
    struct single single = {sql, args, schema, out};
    return run_single(cx, db, single_list, &single);
}

status db_run(struct ctx *cx, struct db *db, const struct sql *sql, const struct db_args *args,
              int64_t *out_changed) {
    struct single single = {sql, args, NULL, out_changed};
    return run_single(cx, db, single_run, &single);
}

static status check_one(struct ctx *cx, struct db_tx *tx, void *argument) {
    return tx->db->driver->check(cx, tx, argument);
}

status db_check(struct ctx *cx, struct db *db, const struct sql *sql) {
    assert(!at_work);
    return db->driver->read(cx, db, DB_ONE_STATEMENT, check_one, (void *)(uintptr_t)sql);
}
