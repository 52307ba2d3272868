/* db_postgres_connection.c: one connection to PostgreSQL: its settings, prepared statements,
 * running them under a deadline, and what SQLSTATEs mean here.
 *
 * Owns: the libpq handle. Values travel in text form. A statement that runs over its deadline is
 * cancelled at the server; a server that doesn't answer that either is given up.
 * Threads: one at a time. */
#include "store/db/db_postgres.h"

#include "base/clock.h"
#include "base/scope.h"
#include "store/db/db_sql.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum {
    STATEMENT_MS = 60000, /* the longest a statement may run */
    CANCEL_MS = 3000,     /* then the server has this long to stop it */
    PARAMETERS_MAX = COUNT_OF(((struct db_args *)0)->at),
    NUMBER_BYTES = 32,
    NAME_BYTES = 24,
};

/* Types of columns as pg_type.dat numbers them; these never change. */
enum {
    OID_BOOL = 16,
    OID_NAME = 19,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_TEXT = 25,
    OID_FLOAT4 = 700,
    OID_FLOAT8 = 701,
    OID_BPCHAR = 1042,
    OID_VARCHAR = 1043,
    OID_NUMERIC = 1700,
};

/* PostgreSQL 15 documentation, appendix A: classes and codes. The first fit counts. */
static const struct {
    const char *prefix;
    status code;
} meanings[] = {
    {"23505", CONFLICT},  {"23503", CONFLICT}, {"22", INVALID},    {"40", BUSY},
    {"55P03", BUSY},      {"57014", TIMEOUT},  {"57", IO},         {"53100", QUOTA},
    {"53200", NO_MEMORY}, {"53", BUSY},        {"54000", INVALID}, {"08", IO},
    {"58", IO},           {"XX", IO},          {"28", IO},         {"3D", IO},
    {"25006", IO},
};

static status translate(const char *state) {
    if (!state) return IO; /* no answer of the server at all */
    for (size_t i = 0; i < COUNT_OF(meanings); i++) {
        if (strncmp(state, meanings[i].prefix, strlen(meanings[i].prefix)) == 0)
            return meanings[i].code;
    }
    return BUG;
}

/* Serialisation failure and deadlock: the server asks for another try. A prepared statement that is
 * gone or out of date is prepared afresh on another connection. */
static bool wants_again(struct postgres_connection *connection, const char *state) {
    if (!state) return false;
    if (strcmp(state, "0A000") == 0 || strcmp(state, "26000") == 0) {
        connection->broken = true;
        return true;
    }
    return strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0;
}

/* SQLSTATE as a number for the log, read in base 36. */
static int64_t state_number(const char *state) {
    return state ? strtoll(state, NULL, 36) : 0;
}

static void clear_result(PGresult **result) {
    PQclear(*result);
}

/* Tells the failure of `result`, or of the connection when there is none. */
static status refused(struct ctx *cx, struct postgres_connection *connection,
                      const PGresult *result, const char *doing, bool *out_again) {
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *words = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    if (PQstatus(connection->handle) != CONNECTION_OK) connection->broken = true;
    if (out_again && wants_again(connection, state)) *out_again = true;
    return db_refused(cx, translate(state), state_number(state), doing,
                      words ? words : PQerrorMessage(connection->handle));
}

static status timed_out(struct ctx *cx, struct postgres_connection *connection, const char *doing) {
    connection->broken = true;
    return ctx_fail(cx, TIMEOUT, "The database did not answer in time (%s).", doing);
}

static void cancel(struct postgres_connection *connection) {
    char unused[64];
    PGcancel *handle = PQgetCancel(connection->handle);
    if (handle) (void)PQcancel(handle, unused, sizeof unused);
    PQfreeCancel(handle);
}

/* Waits until the next result can be read; at the deadline the statement is cancelled, whose result
 * is then the server's word on that. */
static status await(struct ctx *cx, struct postgres_connection *connection, const char *doing) {
    int64_t deadline_ms = clock_ticks_ms() + STATEMENT_MS;
    bool cancelled = false;
    if (cx->deadline_ms && cx->deadline_ms < deadline_ms) deadline_ms = cx->deadline_ms;
    while (PQisBusy(connection->handle)) {
        int64_t left_ms = deadline_ms - clock_ticks_ms();
        struct pollfd socket = {.fd = PQsocket(connection->handle), .events = POLLIN};
        int ready = left_ms > 0 ? poll(&socket, 1, (int)left_ms) : 0;
        if (ready < 0 && errno == EINTR) continue;
        if (ready > 0) {
            if (!PQconsumeInput(connection->handle))
                return refused(cx, connection, NULL, doing, NULL);
            continue;
        }
        if (cancelled) return timed_out(cx, connection, doing);
        cancel(connection);
        cancelled = true;
        deadline_ms = clock_ticks_ms() + CANCEL_MS;
    }
    return OK;
}

static bool is_good(const PGresult *result) {
    ExecStatusType code = PQresultStatus(result);
    return code == PGRES_COMMAND_OK || code == PGRES_TUPLES_OK || code == PGRES_EMPTY_QUERY;
}

/* Reads the results of what was sent: the first failure, or the last result, which the caller
 * clears. The deadline is the context's; rolling back passes one of its own. */
static status collect(struct ctx *cx, struct postgres_connection *connection, const char *doing,
                      bool *out_again, PGresult **out) {
    scoped(clear_result) PGresult *kept = NULL;
    for (;;) {
        TRY(await(cx, connection, doing));
        PGresult *result = PQgetResult(connection->handle);
        if (!result) break;
        if (kept && !is_good(kept)) {
            PQclear(result);
            continue;
        }
        PQclear(kept);
        kept = result;
    }
    if (!kept || !is_good(kept)) return refused(cx, connection, kept, doing, out_again);
    *out = move(&kept);
    return OK;
}

static status complete(struct ctx *cx, struct postgres_connection *connection, const char *doing,
                       bool *out_again) {
    scoped(clear_result) PGresult *result = NULL;
    return collect(cx, connection, doing, out_again, &result);
}

static void statement_name(uintptr_t number, char out[NAME_BYTES]) {
    (void)snprintf(out, NAME_BYTES, "s%" PRIuPTR, number);
}

static status prepare(struct ctx *cx, struct postgres_connection *connection, const struct sql *sql,
                      bool *out_again, char out_name[NAME_BYTES]) {
    void *known = db_slots_get(&connection->prepared, sql);
    statement_name(known ? (uintptr_t)known : connection->prepared_last + 1, out_name);
    if (known) return OK;
    connection->prepared_last++;
    if (!PQsendPrepare(connection->handle, out_name, sql->text_postgres, 0, NULL))
        return refused(cx, connection, NULL, sql->name, out_again);
    TRY(complete(cx, connection, sql->name, out_again));
    if (db_slots_put(&connection->prepared, sql, (void *)connection->prepared_last) != OK)
        return ctx_no_memory(cx);
    return OK;
}

/* Parameters in libpq's form. */
struct parameters {
    const char *at[PARAMETERS_MAX];
    char numbers[PARAMETERS_MAX][NUMBER_BYTES];
};

static status write_parameters(struct ctx *cx, const struct db_args *args, struct parameters *out) {
    for (size_t i = 0; i < args->len; i++) {
        const struct db_value *value = &args->at[i];
        out->at[i] = value->kind == DB_NULL ? NULL : out->numbers[i];
        if (value->kind == DB_INT)
            (void)snprintf(out->numbers[i], NUMBER_BYTES, "%" PRId64, value->number);
        else if (value->kind == DB_REAL)
            (void)snprintf(out->numbers[i], NUMBER_BYTES, "%.17g", value->real);
        else if (value->kind == DB_TEXT && text_to_c(cx->arena, value->text, &out->at[i]) != OK)
            return ctx_no_memory(cx);
    }
    return OK;
}

/* The rows of a complete result, for the mapper. */
struct postgres_rows {
    struct db_rows rows; /* first, so that the rows are this */
    const PGresult *result;
    int row;
};

static const char *column_name(const struct db_rows *rows, int column) {
    return PQfname(((const struct postgres_rows *)rows)->result, column);
}

static bool read_text(Oid type, text value, struct db_value *out) {
    if (type != OID_TEXT && type != OID_VARCHAR && type != OID_BPCHAR && type != OID_NAME)
        return false;
    *out = (struct db_value){.kind = DB_TEXT, .text = value};
    return true;
}

static bool read_real(Oid type, text value, struct db_value *out) {
    if (type != OID_FLOAT4 && type != OID_FLOAT8 && type != OID_NUMERIC && type != OID_INT8 &&
        type != OID_INT4 && type != OID_INT2)
        return false;
    *out = (struct db_value){.kind = DB_REAL, .real = strtod(value.at, NULL)};
    return true;
}

static bool read_number(Oid type, text value, struct db_value *out) {
    *out = (struct db_value){.kind = DB_INT};
    if (type == OID_BOOL) {
        out->number = text_is(value, "t");
        return true;
    }
    if (type != OID_INT8 && type != OID_INT4 && type != OID_INT2 && type != OID_NUMERIC)
        return false;
    return text_to_int(value, &out->number) == OK;
}

static status column_value(struct ctx *cx, const struct db_rows *rows, int column,
                           enum field_kind kind, struct db_value *out) {
    const struct postgres_rows *at = (const struct postgres_rows *)rows;
    struct db_value value = {.kind = DB_NULL};
    if (!PQgetisnull(at->result, at->row, column)) {
        Oid type = PQftype(at->result, column);
        text bytes = {PQgetvalue(at->result, at->row, column),
                      (size_t)PQgetlength(at->result, at->row, column)};
        bool read = kind == FIELD_TEXT   ? read_text(type, bytes, &value)
                    : kind == FIELD_REAL ? read_real(type, bytes, &value)
                                         : read_number(type, bytes, &value);
        if (!read)
            return ctx_fail(cx, BUG, "Column \"%s\" holds another type than its member.",
                            PQfname(at->result, column));
    }
    *out = value;
    return OK;
}

static status show_rows(struct ctx *cx, const PGresult *result, struct db_sink *sink) {
    struct postgres_rows rows = {
        .rows = {.columns = PQnfields(result), .name = column_name, .value = column_value},
        .result = result,
    };
    for (rows.row = 0; rows.row < PQntuples(result); rows.row++)
        TRY(sink->row(cx, sink, &rows.rows));
    return OK;
}

static status execute(struct ctx *cx, struct postgres_connection *connection, const struct sql *sql,
                      const struct db_args *args, bool *out_again, PGresult **out) {
    char name[NAME_BYTES];
    struct parameters parameters;
    TRY(prepare(cx, connection, sql, out_again, name));
    TRY(write_parameters(cx, args, &parameters));
    if (!PQsendQueryPrepared(connection->handle, name, (int)args->len, parameters.at, NULL, NULL,
                             0))
        return refused(cx, connection, NULL, sql->name, out_again);
    return collect(cx, connection, sql->name, out_again, out);
}

status postgres_run(struct ctx *cx, struct db_tx *tx, const struct sql *sql,
                    const struct db_args *args, struct db_sink *sink, int64_t *out_changed) {
    scoped(clear_result) PGresult *result = NULL;
    status code = execute(cx, tx->connection, sql, args, &tx->again, &result);
    if (code != OK) return db_tx_spoil(tx, code);
    if (sink) TRY(show_rows(cx, result, sink));
    text command = text_of(PQcmdStatus(result)); /* such as "UPDATE 3" */
    int64_t changed = 0;
    if (text_starts(command, TEXT("SELECT")) ||
        text_to_int(text_of(PQcmdTuples(result)), &changed) != OK)
        changed = 0;
    *out_changed = changed;
    return OK;
}

status postgres_do(struct ctx *cx, struct postgres_connection *connection, const struct sql *sql,
                   bool *out_again) {
    scoped(clear_result) PGresult *result = NULL;
    return execute(cx, connection, sql, DB_NO_ARGS, out_again, &result);
}

void postgres_roll_back(struct postgres_connection *connection) {
    struct ctx own = {.deadline_ms = clock_ticks_ms() + CANCEL_MS};
    if (connection->broken || PQtransactionStatus(connection->handle) == PQTRANS_IDLE) return;
    if (postgres_do(&own, connection, &sql_db_rollback, NULL) != OK) connection->broken = true;
}

status postgres_script(struct ctx *cx, struct db_tx *tx, const char *statements) {
    struct postgres_connection *connection = tx->connection;
    status result = OK;
    if (!PQsendQuery(connection->handle, statements))
        result = refused(cx, connection, NULL, "a step of the schema", &tx->again);
    else
        result = complete(cx, connection, "a step of the schema", &tx->again);
    return result == OK ? OK : db_tx_spoil(tx, result);
}

status postgres_check(struct ctx *cx, struct db_tx *tx, const struct sql *sql) {
    char unused[NAME_BYTES];
    return prepare(cx, tx->connection, sql, &tx->again, unused);
}

bool postgres_is_alive(struct postgres_connection *connection) {
    struct pollfd socket = {.fd = PQsocket(connection->handle), .events = POLLIN};
    if (connection->broken || PQstatus(connection->handle) != CONNECTION_OK) return false;
    if (poll(&socket, 1, 0) == 0) return true;
    return PQconsumeInput(connection->handle) && PQstatus(connection->handle) == CONNECTION_OK;
}

/* Warnings of the server would go to stderr, which belongs to the log. */
static void drop_notice(void *unused, const char *message) {
    (void)unused;
    (void)message;
}

static void close_connection(struct postgres_connection **connection) {
    postgres_disconnect(*connection);
}

status postgres_connect(struct ctx *cx, const char *url, struct postgres_connection **out) {
    static const char settings[] =
        "SET statement_timeout = '60s'; SET idle_in_transaction_session_timeout = '120s';"
        "SET default_transaction_isolation = 'read committed'; SET client_min_messages = warning";
    /* What the URL says comes later and so wins. */
    const char *const names[] = {"connect_timeout",
                                 "application_name",
                                 "keepalives_idle",
                                 "tcp_user_timeout",
                                 "dbname",
                                 "client_encoding",
                                 NULL};
    const char *const values[] = {"5", "matinee", "30", "30000", url, "UTF8", NULL};
    scoped(close_connection) struct postgres_connection *connection = calloc(1, sizeof *connection);
    TRY_NEW(cx, connection);
    connection->handle = PQconnectdbParams(names, values, 1);
    TRY_NEW(cx, connection->handle);
    if (PQstatus(connection->handle) != CONNECTION_OK) {
        (void)db_refused(cx, IO, 0, "connecting", PQerrorMessage(connection->handle));
        return IO;
    }
    (void)PQsetNoticeProcessor(connection->handle, drop_notice, NULL);
    if (!PQsendQuery(connection->handle, settings))
        return refused(cx, connection, NULL, "setting up", NULL);
    TRY(complete(cx, connection, "setting up", NULL));
    *out = move(&connection);
    return OK;
}

void postgres_disconnect(struct postgres_connection *connection) {
    if (!connection) return;
    db_slots_done(&connection->prepared, NULL);
    PQfinish(connection->handle);
    free(connection);
}
