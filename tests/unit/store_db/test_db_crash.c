/* test_db_crash.c: what was acknowledged is there after kill -9, after a full disk, and after a
 * schema step that failed; steps are taken once however many servers start. */
#include "things.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/thread.h"
#include "store/db/db_driver.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { WRITERS = 6, KILLS = 8, ROUND_NUMBERS = 20000, NUMBERS_MAX = KILLS * ROUND_NUMBERS };

/* Which of the rounds runs now; each has ROUND_NUMBERS numbers of its own. */
static int round_now;

/* Runs a piece of a test in a process of its own, since one with threads can't be forked well. */
static pid_t start_child(struct db_fixture *f, void (*run)(struct db_fixture *f, int out),
                         int out) {
    db_close(f->db);
    f->db = NULL;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        run(f, out);
        _exit(0);
    }
    return child;
}

/* A thread that writes numbered rows and tells each one's number once it is acknowledged. */
struct writer {
    struct db *db;
    int first;
    int out;
};

static void *write_numbers(void *argument) {
    const struct writer *writer = argument;
    scoped(arena_done) struct arena *arena = arena_new(1 << 20);
    struct ctx cx = {.arena = arena};
    int end = (round_now + 1) * ROUND_NUMBERS;
    for (int number = writer->first; number < end; number += WRITERS) {
        char id[16];
        (void)snprintf(id, sizeof id, "%d", number);
        if (thing_put(&cx, writer->db, id, number) != OK) break;
        if (write(writer->out, &number, sizeof number) != (ssize_t)sizeof number) break;
        arena_reset(arena);
    }
    return NULL;
}

static void write_until_killed(struct db_fixture *f, int out) {
    struct ctx cx = {.arena = arena_new(1 << 20)};
    static struct writer writers[WRITERS];
    pthread_t threads[WRITERS];
    if (db_fixture_connect(&cx, f, &f->db) != OK) _exit(2);
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){f->db, round_now * ROUND_NUMBERS + i, out};
        if (thread_start(&threads[i], "writer", write_numbers, &writers[i]) != OK) _exit(3);
    }
    for (int i = 0; i < WRITERS; i++) thread_join(threads[i]);
    _exit(4); /* nobody killed it */
}

/* Reads the acknowledged numbers; how many there were. */
static int read_numbers(int in, bool *acknowledged) {
    int count = 0;
    int number = 0;
    while (read(in, &number, sizeof number) == (ssize_t)sizeof number) {
        assert_in_range(number, 0, NUMBERS_MAX - 1);
        assert_false(acknowledged[number]);
        acknowledged[number] = true;
        count++;
    }
    return count;
}

static void check_rows(struct db_fixture *f, int from, const bool *acknowledged) {
    scoped(arena_done) struct arena *arena = arena_new(64 << 20);
    struct ctx cx = {.arena = arena};
    scoped(scope_free) bool *there = calloc(NUMBERS_MAX, sizeof *there);
    list things;
    assert_ok(&cx, db_list(&cx, f->db, &sql_thing_some, DB_ARGS(from, NUMBERS_MAX), &thing_schema,
                           &things));
    for (size_t i = 0; i < things.len; i++) there[((struct thing *)things.at)[i].amount] = true;
    for (int number = from; number < NUMBERS_MAX; number++) {
        if (acknowledged[number] && !there[number]) fail_msg("row %d is missing", number);
    }
}

static void what_was_acknowledged_survives_a_kill(void **state) {
    struct db_fixture *f = *state;
    scoped(scope_free) bool *acknowledged = calloc(NUMBERS_MAX, sizeof *acknowledged);
    int total = 0;
    for (round_now = 0; round_now < KILLS; round_now++) {
        int pipe_of[2];
        int how = 0;
        assert_int_equal(pipe(pipe_of), 0);
        pid_t child = start_child(f, write_until_killed, pipe_of[1]);
        (void)close(pipe_of[1]);
        clock_sleep_ms(40 + random_below(120));
        assert_int_equal(kill(child, SIGKILL), 0);
        total += read_numbers(pipe_of[0], acknowledged);
        (void)close(pipe_of[0]);
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_true(WIFSIGNALED(how));
        assert_ok(&f->cx, db_fixture_connect(&f->cx, f, &f->db));
        check_rows(f, round_now * ROUND_NUMBERS, acknowledged);
    }
    assert_true(total > KILLS * WRITERS);
    check_rows(f, 0, acknowledged);
}

/* Writes rows of half a kilobyte until the file may grow no further, then goes on without that
 * limit. */
static void write_until_full(struct db_fixture *f, int out) {
    struct ctx cx = {.arena = arena_new(1 << 20)};
    struct rlimit least = {.rlim_cur = 300000, .rlim_max = RLIM_INFINITY};
    (void)signal(SIGXFSZ, SIG_IGN);
    if (db_fixture_connect(&cx, f, &f->db) != OK) _exit(2);
    if (setrlimit(RLIMIT_FSIZE, &least) != 0) _exit(3);
    status result = OK;
    for (int number = 0; result == OK; number++) {
        char id[600];
        (void)snprintf(id, sizeof id, "%0500d", number);
        result = thing_put(&cx, f->db, id, number);
        if (result == OK && write(out, &number, sizeof number) != (ssize_t)sizeof number) _exit(4);
        arena_reset(cx.arena);
    }
    if (result != IO && result != QUOTA) _exit(5);
    least.rlim_cur = RLIM_INFINITY;
    if (setrlimit(RLIMIT_FSIZE, &least) != 0) _exit(6);
    ctx_clear(&cx);
    if (thing_put(&cx, f->db, "afterwards", 1) != OK) _exit(7);
    db_close(f->db);
}

static void a_full_disk_is_a_status(void **state) {
    struct db_fixture *f = *state;
    static bool acknowledged[NUMBERS_MAX];
    int how = 0;
    int pipe_of[2];
    if (strcmp(f->engine, "sqlite") != 0) return; /* the server's disk is its own affair */
    assert_int_equal(pipe(pipe_of), 0);
    pid_t child = start_child(f, write_until_full, pipe_of[1]);
    (void)close(pipe_of[1]);
    int count = read_numbers(pipe_of[0], acknowledged);
    (void)close(pipe_of[0]);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), 0);
    assert_true(count > 10);
    assert_ok(&f->cx, db_fixture_connect(&f->cx, f, &f->db));
    assert_int_equal(thing_count(&f->cx, f->db), count + 1);
}

/* Steps behind the fixture's first one; the last of them can't be taken. */
#define STEP(number_, sql)                                                                         \
    { number_, "step", sql, sql }
static const struct migration more_steps[] = {
    STEP(1, THINGS_TABLE),
    STEP(2, "CREATE TABLE second (id BIGINT); INSERT INTO second (id) VALUES (1)"),
    STEP(3, "CREATE TABLE third (id BIGINT); INSERT INTO things (id, name, amount, shown)"
            " VALUES ('third', 'third', 3, 0)"),
    STEP(4, "INSERT INTO things (id, name, amount, shown) VALUES ('half', 'half', 4, 0);"
            " CREATE TABLE third (id BIGINT)"),
};

static void steps_are_taken_once(void **state) {
    struct db_fixture *f = *state;
    assert_ok(&f->cx, db_migrate_to(&f->cx, f->db, more_steps, 3));
    assert_int_equal(thing_amount(&f->cx, f->db, "third"), 3);
    assert_ok(&f->cx, db_migrate_to(&f->cx, f->db, more_steps, 3));
    assert_int_equal(thing_count(&f->cx, f->db), 1);
}

static void a_newer_database_is_refused(void **state) {
    struct db_fixture *f = *state;
    assert_ok(&f->cx, db_migrate_to(&f->cx, f->db, more_steps, 3));
    assert_status(&f->cx, CONFLICT, db_migrate_to(&f->cx, f->db, more_steps, 2));
}

static void a_step_that_fails_leaves_nothing(void **state) {
    struct db_fixture *f = *state;
    assert_int_not_equal(db_migrate_to(&f->cx, f->db, more_steps, 4), OK);
    ctx_clear(&f->cx);
    assert_int_equal(thing_amount(&f->cx, f->db, "third"), 3);
    assert_int_equal(thing_amount(&f->cx, f->db, "half"), -1);
    assert_ok(&f->cx, db_migrate_to(&f->cx, f->db, more_steps, 3));
}

struct starter {
    struct db_fixture *fixture;
    status result;
    char detail[FAULT_DETAIL_BYTES];
    pthread_t thread;
};

static void *start_server(void *argument) {
    struct starter *starter = argument;
    scoped(arena_done) struct arena *arena = arena_new(1 << 20);
    struct ctx cx = {.arena = arena};
    struct db *db = NULL;
    starter->result = db_fixture_connect(&cx, starter->fixture, &db);
    if (starter->result == OK) starter->result = db_migrate_to(&cx, db, more_steps, 3);
    (void)snprintf(starter->detail, sizeof starter->detail, "%s", cx.fault.detail);
    db_close(db);
    return NULL;
}

static void servers_start_at_once(void **state) {
    struct db_fixture *f = *state;
    struct starter starters[6];
    for (size_t i = 0; i < COUNT_OF(starters); i++) {
        starters[i] = (struct starter){.fixture = f};
        assert_int_equal(thread_start(&starters[i].thread, "start", start_server, &starters[i]),
                         OK);
    }
    for (size_t i = 0; i < COUNT_OF(starters); i++) thread_join(starters[i].thread);
    for (size_t i = 0; i < COUNT_OF(starters); i++) {
        if (starters[i].result != OK) fail_msg("%s", starters[i].detail);
    }
    assert_int_equal(thing_count(&f->cx, f->db), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        DB_TEST(what_was_acknowledged_survives_a_kill),
        DB_TEST(a_full_disk_is_a_status),
        DB_TEST(steps_are_taken_once),
        DB_TEST(a_newer_database_is_refused),
        DB_TEST(a_step_that_fails_leaves_nothing),
        DB_TEST(servers_start_at_once),
    };
    return things_run(tests, COUNT_OF(tests));
}
