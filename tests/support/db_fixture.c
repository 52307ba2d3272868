/* db_fixture.c: makes and removes the databases of db_fixture.h. Owns: nothing between tests. */
#include "db_fixture.h"

#include "base/random.h"
#include "store/db/db_driver.h"

#include <ftw.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct migration *db_fixture_steps;
size_t db_fixture_step_count;
static const char *engine = "sqlite";

static void finish(PGconn **connection) {
    PQfinish(*connection);
}

static int empty_postgres(const char *url) {
    scoped(finish) PGconn *connection = PQconnectdb(url);
    if (PQstatus(connection) != CONNECTION_OK) {
        print_error("%s", PQerrorMessage(connection));
        return -1;
    }
    PGresult *result = PQexec(connection, "SET client_min_messages = warning;"
                                          "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    bool good = PQresultStatus(result) == PGRES_COMMAND_OK;
    if (!good) print_error("%s", PQerrorMessage(connection));
    PQclear(result);
    return good ? 0 : -1;
}

static int prepare_place(struct db_fixture *fixture) {
    if (strcmp(engine, "postgres") == 0) {
        (void)snprintf(fixture->url, sizeof fixture->url, "%s", getenv("TEST_DATABASE_URL"));
        return empty_postgres(fixture->url);
    }
    (void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/matinee-db-XXXXXX");
    if (!mkdtemp(fixture->folder)) return -1;
    (void)snprintf(fixture->url, sizeof fixture->url, "sqlite:%s/test.db", fixture->folder);
    return 0;
}

status db_fixture_connect(struct ctx *cx, const struct db_fixture *fixture, struct db **out) {
    struct db_options options = {.url = fixture->url, .readers = 8, .writers = 16};
    return db_open(cx, &options, out);
}

int db_fixture_open(void **state) {
    struct db_fixture *fixture = calloc(1, sizeof *fixture);
    *state = fixture;
    fixture->engine = engine;
    fixture->cx.arena = arena_new(8 << 20);
    if (random_open() != OK || prepare_place(fixture) != 0) return -1;
    status result = db_fixture_connect(&fixture->cx, fixture, &fixture->db);
    if (result == OK)
        result = db_migrate_to(&fixture->cx, fixture->db, db_fixture_steps, db_fixture_step_count);
    if (result != OK) print_error("%s: %s\n", status_name(result), fixture->cx.fault.detail);
    return result == OK ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *unused, int kind, struct FTW *walk) {
    (void)unused;
    (void)kind;
    (void)walk;
    return remove(path);
}

int db_fixture_close(void **state) {
    struct db_fixture *fixture = *state;
    db_close(fixture->db);
    arena_free(fixture->cx.arena);
    if (fixture->folder[0]) (void)nftw(fixture->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    free(fixture);
    return 0;
}

int db_fixture_run(const struct CMUnitTest *tests, size_t count) {
    engine = "sqlite";
    int failures = _cmocka_run_group_tests("sqlite", tests, count, NULL, NULL);
    if (!getenv("TEST_DATABASE_URL")) {
        print_message("TEST_DATABASE_URL is not set: nothing was run on PostgreSQL\n");
        return failures;
    }
    engine = "postgres";
    return failures + _cmocka_run_group_tests("postgres", tests, count, NULL, NULL);
}
