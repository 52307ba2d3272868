/* test_db_threads.c: what db.h promises to many callers at once, in one process and in several. */
#include "things.h"

#include "base/clock.h"
#include "base/thread.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

enum { THREADS = 24, ROUNDS = 25 };

/* One of several callers; `run` is its whole life. */
struct caller {
    struct db_fixture *fixture;
    struct db *db;
    int number;
    int good;      /* calls that answered OK */
    int conflicts; /* calls that answered CONFLICT */
    status other;  /* any other answer */
    char detail[FAULT_DETAIL_BYTES];
    pthread_t thread;
};

static void count_answer(struct caller *caller, struct ctx *cx, status answer) {
    if (answer == OK) caller->good++;
    if (answer == CONFLICT) caller->conflicts++;
    if (answer != OK && answer != CONFLICT) {
        caller->other = answer;
        (void)snprintf(caller->detail, sizeof caller->detail, "%s", cx->fault.detail);
    }
    ctx_clear(cx);
}

static void run_callers(struct db_fixture *f, struct caller *callers, int count,
                        void *(*run)(void *)) {
    for (int i = 0; i < count; i++) {
        callers[i] = (struct caller){.fixture = f, .db = f->db, .number = i};
        assert_int_equal(thread_start(&callers[i].thread, "caller", run, &callers[i]), OK);
    }
    for (int i = 0; i < count; i++) thread_join(callers[i].thread);
    for (int i = 0; i < count; i++) {
        if (callers[i].other != OK)
            fail_msg("%s: %s", status_name(callers[i].other), callers[i].detail);
    }
}

/* Reads an amount and writes it back plus one: wrong unless each such work runs as if alone. */
static status read_and_add(struct ctx *cx, struct db_tx *tx, void *argument) {
    struct thing thing;
    TRY(tx_get(cx, tx, &sql_thing_get, DB_ARGS((const char *)argument), &thing_schema, &thing));
    return tx_run(cx, tx, &sql_thing_set, DB_ARGS(thing.id, thing.amount + 1), NULL);
}

static void *add_often(void *argument) {
    struct caller *caller = argument;
    scoped(arena_done) struct arena *arena = arena_new(1 << 20);
    struct ctx cx = {.arena = arena};
    static char counters[4][2] = {"a", "b", "c", "d"};
    for (int i = 0; i < ROUNDS; i++) {
        char *counter = counters[(caller->number + i) % 4];
        count_answer(caller, &cx, db_write(&cx, caller->db, read_and_add, counter));
    }
    return NULL;
}

static int64_t sum(struct db_fixture *f) {
    struct thing thing = {.amount = -1};
    assert_ok(&f->cx, db_get(&f->cx, f->db, &sql_thing_sum, DB_NO_ARGS, &thing_schema, &thing));
    return thing.amount;
}

static void put_counters(struct db_fixture *f) {
    assert_ok(&f->cx, thing_put(&f->cx, f->db, "a", 0));
    assert_ok(&f->cx, thing_put(&f->cx, f->db, "b", 0));
    assert_ok(&f->cx, thing_put(&f->cx, f->db, "c", 0));
    assert_ok(&f->cx, thing_put(&f->cx, f->db, "d", 0));
}

/* A few callers fight for four rows; on PostgreSQL most tries are refused and run again. */
static void work_runs_as_if_alone(void **state) {
    struct db_fixture *f = *state;
    struct caller callers[4];
    put_counters(f);
    run_callers(f, callers, COUNT_OF(callers), add_often);
    assert_int_equal(sum(f), COUNT_OF(callers) * ROUNDS);
}

static void *put_own(void *argument) {
    struct caller *caller = argument;
    scoped(arena_done) struct arena *arena = arena_new(1 << 20);
    struct ctx cx = {.arena = arena};
    for (int i = 0; i < ROUNDS; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "%d-%d", caller->number, i);
        count_answer(caller, &cx, thing_put(&cx, caller->db, id, 1));
    }
    return NULL;
}

static void writes_share_commits(void **state) {
    struct db_fixture *f = *state;
    struct caller callers[THREADS];
    struct db_figures before;
    struct db_figures after;
    db_figures_of(f->db, &before);
    run_callers(f, callers, THREADS, put_own);
    db_figures_of(f->db, &after);
    assert_int_equal(thing_count(&f->cx, f->db), THREADS * ROUNDS);
    assert_int_equal(after.writes - before.writes, THREADS * ROUNDS);
    if (strcmp(f->engine, "sqlite") == 0)
        assert_in_range(after.commits - before.commits, 1, THREADS * ROUNDS / 2);
}

/* All want the same names: one of them gets each, and the others' refusal harms nobody's work. */
static void *put_shared(void *argument) {
    struct caller *caller = argument;
    scoped(arena_done) struct arena *arena = arena_new(1 << 20);
    struct ctx cx = {.arena = arena};
    for (int i = 0; i < ROUNDS; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "shared-%d", i);
        count_answer(caller, &cx, thing_put(&cx, caller->db, id, caller->number));
        (void)snprintf(id, sizeof id, "own-%d-%d", caller->number, i);
        count_answer(caller, &cx, thing_put(&cx, caller->db, id, caller->number));
    }
    return NULL;
}

static void a_conflict_leaves_the_others_alone(void **state) {
    struct db_fixture *f = *state;
    struct caller callers[THREADS];
    int good = 0;
    int conflicts = 0;
    run_callers(f, callers, THREADS, put_shared);
    for (int i = 0; i < THREADS; i++) {
        good += callers[i].good;
        conflicts += callers[i].conflicts;
    }
    assert_int_equal(good, THREADS * ROUNDS + ROUNDS);
    assert_int_equal(conflicts, (THREADS - 1) * ROUNDS);
    assert_int_equal(thing_count(&f->cx, f->db), good);
}

/* Two accounts may not both be empty. Each caller looks at both and takes from one. */
static status take_one(struct ctx *cx, struct db_tx *tx, void *argument) {
    const struct caller *caller = argument;
    struct thing both;
    TRY(tx_get(cx, tx, &sql_thing_sum, DB_NO_ARGS, &thing_schema, &both));
    if (both.amount <= 1) return ctx_fail(cx, CONFLICT, "Too little is left.");
    return tx_run(cx, tx, &sql_thing_add, DB_ARGS(caller->number % 2 ? "a" : "b", -1), NULL);
}

static void *take_often(void *argument) {
    struct caller *caller = argument;
    scoped(arena_done) struct arena *arena = arena_new(1 << 20);
    struct ctx cx = {.arena = arena};
    for (int i = 0; i < 10; i++)
        count_answer(caller, &cx, db_write(&cx, caller->db, take_one, caller));
    return NULL;
}

static void a_rule_over_two_rows_holds(void **state) {
    struct db_fixture *f = *state;
    struct caller callers[4];
    int good = 0;
    assert_ok(&f->cx, thing_put(&f->cx, f->db, "a", 6));
    assert_ok(&f->cx, thing_put(&f->cx, f->db, "b", 6));
    run_callers(f, callers, COUNT_OF(callers), take_often);
    for (size_t i = 0; i < COUNT_OF(callers); i++) good += callers[i].good;
    assert_int_equal(good, 11);
    assert_int_equal(sum(f), 1);
}

/* Counts twice inside one read while another thread writes in between. */
struct snapshot {
    struct db_fixture *fixture;
    int64_t first;
    int64_t second;
};

static void *put_meanwhile(void *argument) {
    struct snapshot *snapshot = argument;
    scoped(arena_done) struct arena *arena = arena_new(1 << 20);
    struct ctx cx = {.arena = arena};
    status result = thing_put(&cx, snapshot->fixture->db, "new", 1);
    return result == OK ? snapshot : NULL;
}

static status count_twice(struct ctx *cx, struct db_tx *tx, void *argument) {
    struct snapshot *snapshot = argument;
    struct thing count;
    void *done = NULL;
    pthread_t thread;
    TRY(tx_get(cx, tx, &sql_thing_count, DB_NO_ARGS, &thing_schema, &count));
    snapshot->first = count.amount;
    TRY(thread_start(&thread, "meanwhile", put_meanwhile, snapshot));
    (void)pthread_join(thread, &done);
    TRY(tx_get(cx, tx, &sql_thing_count, DB_NO_ARGS, &thing_schema, &count));
    snapshot->second = count.amount;
    return done ? OK : BUG;
}

static void a_read_sees_one_moment(void **state) {
    struct db_fixture *f = *state;
    struct snapshot snapshot = {.fixture = f};
    assert_ok(&f->cx, thing_put(&f->cx, f->db, "a", 1));
    assert_ok(&f->cx, db_read(&f->cx, f->db, count_twice, &snapshot));
    assert_int_equal(snapshot.first, 1);
    assert_int_equal(snapshot.second, 1);
    assert_int_equal(thing_count(&f->cx, f->db), 2);
}

/* Holds a work function open until it is told to go on. */
struct gate {
    struct db_fixture *fixture;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    bool entered;
    bool open;
    status result;
};

static status wait_at_gate(struct ctx *cx, struct db_tx *tx, void *argument) {
    struct gate *gate = argument;
    (void)cx;
    (void)tx;
    LOCKED(&gate->lock);
    gate->entered = true;
    (void)pthread_cond_broadcast(&gate->moved);
    while (!gate->open) (void)condition_wait(&gate->moved, &gate->lock, 0);
    return OK;
}

static void *hold_gate(void *argument) {
    struct gate *gate = argument;
    scoped(arena_done) struct arena *arena = arena_new(1 << 20);
    struct ctx cx = {.arena = arena};
    gate->result = db_write(&cx, gate->fixture->db, wait_at_gate, gate);
    return NULL;
}

static status count_run(struct ctx *cx, struct db_tx *tx, void *argument) {
    (void)cx;
    (void)tx;
    ++*(int *)argument;
    return OK;
}

/* On SQLite a caller whose turn does not come in time leaves; its work has not run and never will.
 */
static void waiting_ends_at_the_deadline(void **state) {
    struct db_fixture *f = *state;
    if (strcmp(f->engine, "sqlite") != 0) return; /* its writers don't wait for each other */
    struct gate gate = {.fixture = f, .lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_t thread;
    int runs = 0;
    condition_init(&gate.moved);
    assert_int_equal(thread_start(&thread, "gate", hold_gate, &gate), OK);
    {
        LOCKED(&gate.lock);
        while (!gate.entered) (void)condition_wait(&gate.moved, &gate.lock, 0);
    }
    f->cx.deadline_ms = clock_ticks_ms() + 50;
    assert_status(&f->cx, TIMEOUT, db_write(&f->cx, f->db, count_run, &runs));
    f->cx.deadline_ms = 0;
    {
        LOCKED(&gate.lock);
        gate.open = true;
        (void)pthread_cond_broadcast(&gate.moved);
    }
    thread_join(thread);
    assert_int_equal(gate.result, OK);
    assert_int_equal(runs, 0);
    assert_ok(&f->cx, db_write(&f->cx, f->db, count_run, &runs));
    assert_int_equal(runs, 1);
}

/* A process of its own adds to the counters through its own connections; its exit code is 0 when
 * all went well. */
static _Noreturn void add_in_child(const struct db_fixture *f) {
    struct ctx cx = {.arena = arena_new(4 << 20)};
    struct db *db = NULL;
    struct caller callers[3];
    if (db_fixture_connect(&cx, f, &db) != OK) _exit(2);
    for (int i = 0; i < 3; i++) {
        callers[i] = (struct caller){.db = db, .number = i};
        if (thread_start(&callers[i].thread, "caller", add_often, &callers[i]) != OK) _exit(3);
    }
    for (int i = 0; i < 3; i++) thread_join(callers[i].thread);
    for (int i = 0; i < 3; i++) {
        if (callers[i].other == OK) continue;
        (void)dprintf(2, "child: %s: %s\n", status_name(callers[i].other), callers[i].detail);
        _exit(4);
    }
    db_close(db);
    _exit(0);
}

static void wait_good(pid_t child) {
    int how = 0;
    while (waitpid(child, &how, 0) < 0) assert_int_equal(errno, EINTR);
    if (!WIFEXITED(how) || WEXITSTATUS(how) != 0) fail_msg("the child ended with %d", how);
}

static void processes_write_side_by_side(void **state) {
    struct db_fixture *f = *state;
    pid_t children[3];
    put_counters(f);
    db_close(f->db); /* a process with threads is not forked */
    f->db = NULL;
    for (size_t i = 0; i < COUNT_OF(children); i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) add_in_child(f);
    }
    for (size_t i = 0; i < COUNT_OF(children); i++) wait_good(children[i]);
    assert_ok(&f->cx, db_fixture_connect(&f->cx, f, &f->db));
    assert_int_equal(sum(f), (int64_t)COUNT_OF(children) * 3 * ROUNDS);
}

/* Another process has the lock for writing for a while. */
static status hold_lock(struct ctx *cx, struct db_tx *tx, void *argument) {
    TRY(tx_run(cx, tx, &sql_thing_add, DB_ARGS("a", 1), NULL));
    if (write(*(int *)argument, "x", 1) != 1) return BUG;
    clock_sleep_ms(1500);
    return OK;
}

static _Noreturn void hold_lock_in_child(const struct db_fixture *f, int out) {
    struct ctx cx = {.arena = arena_new(1 << 20)};
    struct db *db = NULL;
    if (db_fixture_connect(&cx, f, &db) != OK) _exit(2);
    if (db_write(&cx, db, hold_lock, &out) != OK) _exit(3);
    db_close(db);
    _exit(0);
}

static void another_process_is_waited_for(void **state) {
    struct db_fixture *f = *state;
    int pipe_of[2];
    char told = 0;
    assert_ok(&f->cx, thing_put(&f->cx, f->db, "a", 0));
    db_close(f->db);
    f->db = NULL;
    assert_int_equal(pipe(pipe_of), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) hold_lock_in_child(f, pipe_of[1]);
    assert_ok(&f->cx, db_fixture_connect(&f->cx, f, &f->db));
    assert_int_equal(read(pipe_of[0], &told, 1), 1);
    int64_t begun_ms = clock_ticks_ms();
    f->cx.deadline_ms = begun_ms + 200;
    assert_status(&f->cx, TIMEOUT, db_run(&f->cx, f->db, &sql_thing_add, DB_ARGS("a", 10), NULL));
    assert_in_range(clock_ticks_ms() - begun_ms, 150, 1200);
    f->cx.deadline_ms = 0;
    assert_int_equal(thing_amount(&f->cx, f->db, "a"), 0); /* reads wait for nobody */
    assert_ok(&f->cx, db_run(&f->cx, f->db, &sql_thing_add, DB_ARGS("a", 100), NULL));
    wait_good(child);
    (void)close(pipe_of[0]);
    (void)close(pipe_of[1]);
    assert_int_equal(thing_amount(&f->cx, f->db, "a"), 101);
}

static status write_inside(struct ctx *cx, struct db_tx *tx, void *argument) {
    (void)tx;
    return thing_put(cx, argument, "inner", 1);
}

static void work_inside_work_stops_the_program(void **state) {
    struct db_fixture *f = *state;
    int how = 0;
    db_close(f->db);
    f->db = NULL;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct ctx cx = {.arena = arena_new(1 << 20)};
        struct db *db = NULL;
        (void)close(2); /* the assertion's words would look like a failure */
        (void)signal(SIGABRT, SIG_DFL);
        if (db_fixture_connect(&cx, f, &db) != OK) _exit(2);
        _exit(db_write(&cx, db, write_inside, db) == OK ? 0 : 3);
    }
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how));
    assert_int_equal(WTERMSIG(how), SIGABRT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        DB_TEST(work_runs_as_if_alone),
        DB_TEST(writes_share_commits),
        DB_TEST(a_conflict_leaves_the_others_alone),
        DB_TEST(a_rule_over_two_rows_holds),
        DB_TEST(a_read_sees_one_moment),
        DB_TEST(waiting_ends_at_the_deadline),
        DB_TEST(processes_write_side_by_side),
        DB_TEST(another_process_is_waited_for),
        DB_TEST(work_inside_work_stops_the_program),
    };
    return things_run(tests, COUNT_OF(tests));
}
