/* db_sqlite_connection.c: one SQLite handle: its settings, its prepared statements, running them,
 * and what SQLite's codes mean here.
 *
 * Owns: the handle and the statements prepared on it, kept until it is closed. Invariant: a
 * statement is reset before its call returns, so none keeps a snapshot open. Threads: one at a
 * time. */
#include "store/db/db_sqlite.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/scope.h"
#include "store/db/db_sql.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum {
    START_WAIT_MS = 10000,  /* how long opening waits for other processes */
    BUSY_WAIT_MS = 1000,    /* how long one attempt waits for another process */
    PROGRESS_STEPS = 20000, /* virtual machine steps between looks at the deadline */
    PARAMETERS_MAX = COUNT_OF(((struct db_args *)0)->at),
};

/* A prepared statement and which of its SQLite parameters is which "$n". */
struct sqlite_statement {
    sqlite3_stmt *handle;
    int parameters;
    int number_of[PARAMETERS_MAX]; /* element i: n of SQLite's parameter i + 1 */
};

static status translate(int code) {
    switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return CONFLICT;
    default:
        break;
    }
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return BUSY;
    case SQLITE_INTERRUPT:
        return TIMEOUT;
    case SQLITE_NOMEM:
        return NO_MEMORY;
    case SQLITE_FULL:
        return QUOTA;
    case SQLITE_TOOBIG:
        return INVALID;
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT: /* CHECK, NOT NULL: a rule that validation should have kept */
    case SQLITE_MISMATCH:
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
        return BUG;
    default:
        return IO;
    }
}

static status refused(struct ctx *cx, struct sqlite_connection *connection, const char *doing) {
    int code = sqlite3_extended_errcode(connection->handle);
    status result = translate(code);
    return db_refused(cx, result == OK ? BUG : result, code, doing,
                      sqlite3_errmsg(connection->handle));
}

/* Waits in short, uneven steps: writers of several processes meet here, and one that slept long
 * would find the lock taken again each time. */
static int on_busy(void *unused, int calls) {
    (void)unused;
    static _Thread_local int64_t since_ms;
    int64_t now_ms = clock_ticks_ms();
    if (calls == 0) since_ms = now_ms;
    if (now_ms - since_ms > BUSY_WAIT_MS) return 0;
    clock_sleep_ms(calls < 20 ? 1 : 1 + random_below(4));
    return 1;
}

static int on_progress(void *argument) {
    const struct sqlite_connection *connection = argument;
    return connection->deadline_ms && clock_ticks_ms() > connection->deadline_ms;
}

/* Turning on WAL needs the file alone for a moment, and SQLite doesn't wait for it by itself when
 * several processes start at once. */
static status apply_settings(struct ctx *cx, struct sqlite_connection *connection,
                             enum sqlite_role role) {
    static const char writer[] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                                 "PRAGMA journal_size_limit=67108864; PRAGMA cache_size=-4000";
    static const char reader[] = "PRAGMA query_only=ON; PRAGMA cache_size=-1000";
    const char *settings = role == SQLITE_WRITER ? writer : reader;
    int64_t give_up_ms = clock_ticks_ms() + START_WAIT_MS;
    for (;;) {
        int code = sqlite3_exec(connection->handle, settings, NULL, NULL, NULL);
        if (code == SQLITE_OK) return OK;
        if (translate(code) != BUSY || clock_ticks_ms() > give_up_ms)
            return refused(cx, connection, "setting up");
        clock_sleep_ms(5);
    }
}

static status set_up(struct ctx *cx, struct sqlite_connection *connection, enum sqlite_role role) {
    sqlite3 *handle = connection->handle;
    (void)sqlite3_extended_result_codes(handle, 1);
    (void)sqlite3_busy_handler(handle, on_busy, NULL);
    (void)sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
    (void)sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    (void)sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    (void)sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    (void)sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
    /* Only reads are interrupted: SQLite undoes the whole transaction of an interrupted write. */
    if (role == SQLITE_READER)
        sqlite3_progress_handler(handle, PROGRESS_STEPS, on_progress, connection);
    return apply_settings(cx, connection, role);
}

/* SQLite would make the file readable by everybody; its companions take their mode from it.
 * An existing file isn't opened: closing it would drop the locks this process holds on it (fcntl).
 */
static status make_file(struct ctx *cx, const char *path) {
    scoped(scope_close) int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0 || errno == EEXIST) return OK;
    (void)ctx_fail_errno(cx, "Opening the database", path);
    return IO;
}

static void disconnect(struct sqlite_connection **connection) {
    sqlite_disconnect(*connection);
}

status sqlite_connect(struct ctx *cx, const char *path, enum sqlite_role role,
                      struct sqlite_connection **out) {
    scoped(disconnect) struct sqlite_connection *connection = calloc(1, sizeof *connection);
    TRY_NEW(cx, connection);
    if (role == SQLITE_WRITER) TRY(make_file(cx, path));
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(path, &connection->handle, flags, NULL);
    if (code != SQLITE_OK)
        return db_refused(cx, translate(code) == NO_MEMORY ? NO_MEMORY : IO, code, "opening",
                          sqlite3_errstr(code));
    TRY(set_up(cx, connection, role));
    *out = move(&connection);
    return OK;
}

static void release_statement(void *prepared) {
    struct sqlite_statement *statement = prepared;
    (void)sqlite3_finalize(statement->handle);
    free(statement);
}

void sqlite_disconnect(struct sqlite_connection *connection) {
    if (!connection) return;
    db_slots_done(&connection->prepared, release_statement);
    (void)sqlite3_close(connection->handle);
    free(connection);
}

/* "$12" → 12; anything else → 0. */
static int placeholder_number(const char *name) {
    int64_t number = 0;
    if (!name || name[0] != '$') return 0;
    if (text_to_int(text_of(name + 1), &number) != OK) return 0;
    return number >= 1 && number <= PARAMETERS_MAX ? (int)number : 0;
}

static status name_parameters(struct ctx *cx, struct sqlite_statement *statement,
                              const struct sql *sql) {
    statement->parameters = sqlite3_bind_parameter_count(statement->handle);
    if (statement->parameters > PARAMETERS_MAX)
        return ctx_fail(cx, BUG, "Statement %s has too many parameters.", sql->name);
    for (int i = 0; i < statement->parameters; i++) {
        const char *name = sqlite3_bind_parameter_name(statement->handle, i + 1);
        statement->number_of[i] = placeholder_number(name);
        if (statement->number_of[i] == 0 || statement->number_of[i] > sql->parameter_count)
            return ctx_fail(cx, BUG, "Statement %s has a parameter that is no $n.", sql->name);
    }
    return OK;
}

static void drop_statement(struct sqlite_statement **statement) {
    if (*statement) release_statement(*statement);
}

static status prepare(struct ctx *cx, struct sqlite_connection *connection, const struct sql *sql,
                      struct sqlite_statement **out) {
    *out = db_slots_get(&connection->prepared, sql);
    if (*out) return OK;
    scoped(drop_statement) struct sqlite_statement *made = calloc(1, sizeof *made);
    TRY_NEW(cx, made);
    const char *rest = NULL;
    if (sqlite3_prepare_v3(connection->handle, sql->text_sqlite, -1, SQLITE_PREPARE_PERSISTENT,
                           &made->handle, &rest) != SQLITE_OK)
        return refused(cx, connection, sql->name);
    if (!made->handle || rest[strspn(rest, " ;\n")])
        return ctx_fail(cx, BUG, "Statement %s isn't exactly one.", sql->name);
    TRY(name_parameters(cx, made, sql));
    if (db_slots_put(&connection->prepared, sql, made) != OK) return ctx_no_memory(cx);
    *out = move(&made);
    return OK;
}

static int bind_one(sqlite3_stmt *handle, int index, const struct db_value *value) {
    switch (value->kind) {
    case DB_NULL:
        return sqlite3_bind_null(handle, index);
    case DB_INT:
        return sqlite3_bind_int64(handle, index, value->number);
    case DB_REAL:
        return sqlite3_bind_double(handle, index, value->real);
    case DB_TEXT:
        return sqlite3_bind_text64(handle, index, value->text.at, value->text.len, SQLITE_STATIC,
                                   SQLITE_UTF8);
    }
    return SQLITE_MISUSE;
}

static status bind_all(struct ctx *cx, struct sqlite_connection *connection,
                       const struct sqlite_statement *statement, const struct sql *sql,
                       const struct db_args *args) {
    for (int i = 0; i < statement->parameters; i++) {
        const struct db_value *value = &args->at[statement->number_of[i] - 1];
        if (bind_one(statement->handle, i + 1, value) != SQLITE_OK)
            return refused(cx, connection, sql->name);
    }
    return OK;
}

/* The rows of a running statement, for the mapper. */
struct sqlite_rows {
    struct db_rows rows; /* first, so that the rows are this */
    sqlite3_stmt *handle;
};

static const char *column_name(const struct db_rows *rows, int column) {
    return sqlite3_column_name(((const struct sqlite_rows *)rows)->handle, column);
}

static status column_value(struct ctx *cx, const struct db_rows *rows, int column,
                           enum field_kind kind, struct db_value *out) {
    sqlite3_stmt *handle = ((const struct sqlite_rows *)rows)->handle;
    int type = sqlite3_column_type(handle, column);
    if (type == SQLITE_NULL) {
        *out = (struct db_value){.kind = DB_NULL};
    } else if (kind == FIELD_TEXT && type == SQLITE_TEXT) {
        const char *at = (const char *)sqlite3_column_text(handle, column);
        if (!at) return ctx_no_memory(cx);
        *out = (struct db_value){.kind = DB_TEXT,
                                 .text = {at, (size_t)sqlite3_column_bytes(handle, column)}};
    } else if (kind == FIELD_REAL && (type == SQLITE_FLOAT || type == SQLITE_INTEGER)) {
        *out = (struct db_value){.kind = DB_REAL, .real = sqlite3_column_double(handle, column)};
    } else if (kind != FIELD_TEXT && kind != FIELD_REAL && type == SQLITE_INTEGER) {
        *out = (struct db_value){.kind = DB_INT, .number = sqlite3_column_int64(handle, column)};
    } else {
        return ctx_fail(cx, BUG, "Column \"%s\" holds another type than its member.",
                        sqlite3_column_name(handle, column));
    }
    return OK;
}

/* Steps to the end. A failure of the engine goes to `*out_engine`, one of the sink is returned. */
static status step_all(struct ctx *cx, struct sqlite_connection *connection, const char *name,
                       sqlite3_stmt *handle, struct db_sink *sink, bool *out_engine) {
    struct sqlite_rows rows = {
        .rows = {.columns = sqlite3_column_count(handle),
                 .name = column_name,
                 .value = column_value},
        .handle = handle,
    };
    for (;;) {
        int code = sqlite3_step(handle);
        if (code == SQLITE_DONE) return OK;
        if (code != SQLITE_ROW) {
            *out_engine = true;
            return refused(cx, connection, name);
        }
        if (sink) TRY(sink->row(cx, sink, &rows.rows));
    }
}

static status run(struct ctx *cx, struct sqlite_connection *connection, const struct sql *sql,
                  const struct db_args *args, struct db_sink *sink, int64_t *out_changed,
                  bool *out_engine) {
    struct sqlite_statement *statement = NULL;
    *out_engine = true;
    TRY(prepare(cx, connection, sql, &statement));
    TRY(bind_all(cx, connection, statement, sql, args));
    *out_engine = false;
    int64_t before = sqlite3_total_changes64(connection->handle);
    status result = step_all(cx, connection, sql->name, statement->handle, sink, out_engine);
    /* The direct changes only: total_changes counts those of cascades and triggers as well. */
    bool changed = sqlite3_total_changes64(connection->handle) != before;
    if (result == OK) *out_changed = changed ? sqlite3_changes64(connection->handle) : 0;
    (void)sqlite3_reset(statement->handle);
    (void)sqlite3_clear_bindings(statement->handle);
    return result;
}

status sqlite_run(struct ctx *cx, struct db_tx *tx, const struct sql *sql,
                  const struct db_args *args, struct db_sink *sink, int64_t *out_changed) {
    bool engine = false;
    status result = run(cx, tx->connection, sql, args, sink, out_changed, &engine);
    return engine && result != OK ? db_tx_spoil(tx, result) : result;
}

status sqlite_do(struct ctx *cx, struct sqlite_connection *connection, const struct sql *sql) {
    bool engine = false;
    int64_t changed = 0;
    return run(cx, connection, sql, DB_NO_ARGS, NULL, &changed, &engine);
}

void sqlite_roll_back(struct sqlite_connection *connection) {
    struct ctx unused = {0};
    if (sqlite3_get_autocommit(connection->handle)) return;
    status result = sqlite_do(&unused, connection, &sql_db_rollback);
    (void)result; /* when even this fails, the next BEGIN does and tells */
}

status sqlite_script(struct ctx *cx, struct db_tx *tx, const char *statements) {
    struct sqlite_connection *connection = tx->connection;
    if (sqlite3_exec(connection->handle, statements, NULL, NULL, NULL) == SQLITE_OK) return OK;
    return db_tx_spoil(tx, refused(cx, connection, "a step of the schema"));
}

status sqlite_check(struct ctx *cx, struct db_tx *tx, const struct sql *sql) {
    struct sqlite_statement *statement = NULL;
    return prepare(cx, tx->connection, sql, &statement);
}
