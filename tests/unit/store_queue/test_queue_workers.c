/* test_queue_workers.c: many workers on one queue, in one process and in several, some of which are
 * killed: each job is done once, whoever dies, and waiting workers wake at once. */
#include "db_fixture.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/thread.h"
#include "jobs_sql.h"
#include "migrations/migrations.h"
#include "store/queue/queue.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

enum { WORKERS = 8, JOBS = 120 };

/* What the workers of a test share. */
struct crew {
    struct db_fixture *fixture;
    struct queue *queue;
    int64_t lease_ms;
    atomic_int left;   /* jobs not done yet */
    atomic_int failed; /* calls that went wrong */
};

struct one_job {
    struct crew *crew;
    struct job job;
};

static status done_work(struct ctx *cx, struct db_tx *tx, void *argument) {
    struct one_job *one = argument;
    return queue_done(cx, one->crew->queue, tx, &one->job);
}

static status add_work(struct ctx *cx, struct db_tx *tx, void *argument) {
    struct crew *crew = argument;
    text id;
    struct job_new job = {.kind = TEXT("work"), .subject = TEXT("x"), .max_attempts = 1000};
    return queue_add(cx, crew->queue, tx, &job, &id);
}

static void *work(void *argument) {
    struct crew *crew = argument;
    scoped(arena_done) struct arena *arena = arena_new(1 << 20);
    struct ctx cx = {.arena = arena};
    char name[ID_BYTES];
    random_id_c(name);
    while (atomic_load(&crew->left) > 0) {
        struct one_job one = {.crew = crew};
        status result =
            queue_take(&cx, crew->queue, TEXT("work"), text_of(name), crew->lease_ms, 50, &one.job);
        if (result == OK) result = db_write(&cx, crew->fixture->db, done_work, &one);
        if (result == OK) atomic_fetch_sub(&crew->left, 1);
        if (result != OK && result != NOT_FOUND) {
            atomic_fetch_add(&crew->failed, 1);
            (void)fprintf(stderr, "%s: %s\n", status_name(result), cx.fault.detail);
        }
        ctx_clear(&cx);
        arena_reset(arena);
    }
    return NULL;
}

static void add_jobs(struct db_fixture *f, struct crew *crew, int count) {
    for (int i = 0; i < count; i++) assert_ok(&f->cx, db_write(&f->cx, f->db, add_work, crew));
}

static struct job tally(struct db_fixture *f) {
    struct job sums;
    assert_ok(&f->cx, db_get(&f->cx, f->db, &sql_job_tally, DB_NO_ARGS, &job_schema, &sums));
    return sums;
}

static void each_job_is_done_once(void **state) {
    struct db_fixture *f = *state;
    struct crew crew = {.fixture = f, .lease_ms = 60000, .left = JOBS};
    pthread_t workers[WORKERS];
    assert_ok(&f->cx, queue_open(&f->cx, f->db, &crew.queue));
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(thread_start(&workers[i], "worker", work, &crew), OK);
    add_jobs(f, &crew, JOBS);
    for (int i = 0; i < WORKERS; i++) thread_join(workers[i]);
    queue_close(crew.queue);
    assert_int_equal(crew.failed, 0);
    assert_int_equal(tally(f).priority, JOBS); /* the column that the count comes in */
    assert_int_equal(tally(f).attempt, JOBS);
}

/* A worker process that takes jobs, dawdles a little and finishes them, until it is killed. */
static _Noreturn void work_until_killed(struct db_fixture *f) {
    struct ctx cx = {.arena = arena_new(1 << 20)};
    struct crew crew = {.fixture = f, .lease_ms = 100};
    if (db_fixture_connect(&cx, f, &f->db) != OK) _exit(2);
    if (queue_open(&cx, f->db, &crew.queue) != OK) _exit(3);
    for (;;) {
        struct one_job one = {.crew = &crew};
        char name[ID_BYTES];
        random_id_c(name);
        status result =
            queue_take(&cx, crew.queue, TEXT("work"), text_of(name), crew.lease_ms, 100, &one.job);
        if (result == OK) {
            clock_sleep_ms(random_below(4));
            result = db_write(&cx, f->db, done_work, &one);
        }
        if (result != OK && result != NOT_FOUND && result != CONFLICT) _exit(4);
        ctx_clear(&cx);
        arena_reset(cx.arena);
    }
}

static pid_t start_worker(struct db_fixture *f) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) work_until_killed(f);
    return child;
}

static void kill_worker(pid_t child) {
    int how = 0;
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how));
}

static void killed_workers_lose_nothing(void **state) {
    struct db_fixture *f = *state;
    struct crew crew = {.fixture = f, .lease_ms = 100};
    pid_t children[3];
    assert_ok(&f->cx, queue_open(&f->cx, f->db, &crew.queue));
    add_jobs(f, &crew, JOBS);
    queue_close(crew.queue);
    db_close(f->db); /* a process with threads is not forked */
    f->db = NULL;
    for (size_t i = 0; i < COUNT_OF(children); i++) children[i] = start_worker(f);
    for (int i = 0; i < 12; i++) {
        clock_sleep_ms(10 + random_below(40));
        kill_worker(children[i % 3]);
        children[i % 3] = start_worker(f);
    }
    for (size_t i = 0; i < COUNT_OF(children); i++) kill_worker(children[i]);
    assert_ok(&f->cx, db_fixture_connect(&f->cx, f, &f->db));
    assert_ok(&f->cx, queue_open(&f->cx, f->db, &crew.queue));
    crew.left = JOBS - (int)tally(f).priority;
    (void)work(&crew);
    queue_close(crew.queue);
    assert_int_equal(crew.failed, 0);
    assert_int_equal(tally(f).priority, JOBS);
}

/* A waiting taker and when it came back. */
struct waiter {
    struct crew crew;
    int64_t back_ms;
    status result;
};

static void *wait_for_job(void *argument) {
    struct waiter *waiter = argument;
    scoped(arena_done) struct arena *arena = arena_new(1 << 20);
    struct ctx cx = {.arena = arena};
    struct job job;
    waiter->result =
        queue_take(&cx, waiter->crew.queue, TEXT("work"), TEXT("waiter"), 60000, 20000, &job);
    waiter->back_ms = clock_ticks_ms();
    return NULL;
}

static void open_waiter(struct db_fixture *f, struct waiter *waiter, pthread_t *thread) {
    *waiter = (struct waiter){.crew = {.fixture = f}};
    assert_ok(&f->cx, queue_open(&f->cx, f->db, &waiter->crew.queue));
    assert_int_equal(thread_start(thread, "waiter", wait_for_job, waiter), OK);
    clock_sleep_ms(900); /* so long that the waiter looks by itself only once a second */
}

static void a_new_job_wakes_a_waiter(void **state) {
    struct db_fixture *f = *state;
    struct waiter waiter;
    pthread_t thread;
    open_waiter(f, &waiter, &thread);
    int64_t added_ms = clock_ticks_ms();
    add_jobs(f, &waiter.crew, 1);
    thread_join(thread);
    queue_close(waiter.crew.queue);
    assert_int_equal(waiter.result, OK);
    assert_in_range(waiter.back_ms - added_ms, 0, 400);
}

static void a_job_of_another_process_is_found(void **state) {
    struct db_fixture *f = *state;
    struct waiter waiter;
    struct crew other = {.fixture = f};
    pthread_t thread;
    open_waiter(f, &waiter, &thread);
    assert_ok(&f->cx, queue_open(&f->cx, f->db, &other.queue)); /* its own condition, as there */
    int64_t added_ms = clock_ticks_ms();
    add_jobs(f, &other, 1);
    thread_join(thread);
    queue_close(other.queue);
    queue_close(waiter.crew.queue);
    assert_int_equal(waiter.result, OK);
    assert_in_range(waiter.back_ms - added_ms, 0, 2500);
}

static void a_call_ends_waiting(void **state) {
    struct db_fixture *f = *state;
    struct waiter waiter;
    pthread_t thread;
    open_waiter(f, &waiter, &thread);
    int64_t called_ms = clock_ticks_ms();
    queue_wake(waiter.crew.queue);
    thread_join(thread);
    queue_close(waiter.crew.queue);
    assert_int_equal(waiter.result, NOT_FOUND);
    assert_in_range(waiter.back_ms - called_ms, 0, 400);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        DB_TEST(each_job_is_done_once),    DB_TEST(killed_workers_lose_nothing),
        DB_TEST(a_new_job_wakes_a_waiter), DB_TEST(a_job_of_another_process_is_found),
        DB_TEST(a_call_ends_waiting),
    };
    db_fixture_steps = migrations_all;
    db_fixture_step_count = migrations_count;
    return db_fixture_run(tests, COUNT_OF(tests));
}
