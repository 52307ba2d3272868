/* test_queue_contract.c: what queue.h promises, held against both engines: order, leases, the
 * fence, retries, dead letters, and jobs that come and go with the transaction that causes them. */
#include "db_fixture.h"

#include "base/clock.h"
#include "base/thread.h"
#include "migrations/migrations.h"
#include "jobs_sql.h"
#include "store/queue/queue.h"

#include <stdlib.h>
#include <string.h>

enum { LEASE_MS = 60000 };

static struct queue *queue;

static int open_queue(void **state) {
    if (db_fixture_open(state) != 0) return -1;
    struct db_fixture *f = *state;
    return queue_open(&f->cx, f->db, &queue) == OK ? 0 : -1;
}

static int close_queue(void **state) {
    queue_close(queue);
    queue = NULL;
    return db_fixture_close(state);
}

#define QUEUE_TEST(test) cmocka_unit_test_setup_teardown(test, open_queue, close_queue)

/* A job on its way through a transaction, and what the transaction shall answer. */
struct adding {
    struct job_new job;
    text id;
    status outcome;
};

static status add_work(struct ctx *cx, struct db_tx *tx, void *argument) {
    struct adding *adding = argument;
    TRY(queue_add(cx, queue, tx, &adding->job, &adding->id));
    return adding->outcome;
}

static void add(struct db_fixture *f, struct job_new job) {
    struct adding adding = {.job = job};
    assert_ok(&f->cx, db_write(&f->cx, f->db, add_work, &adding));
}

#define ADD(f, ...) add((f), (struct job_new){.kind = TEXT("work"), __VA_ARGS__})

static struct job take_of(struct db_fixture *f, const char *kinds, int64_t lease_ms) {
    struct job job = {.id = NO_TEXT};
    assert_ok(&f->cx, queue_take(&f->cx, queue, text_of(kinds), TEXT("tester"), lease_ms, 0, &job));
    return job;
}

static struct job take(struct db_fixture *f) {
    return take_of(f, "work", LEASE_MS);
}

static void assert_none(struct db_fixture *f) {
    struct job job;
    assert_status(&f->cx, NOT_FOUND,
                  queue_take(&f->cx, queue, TEXT("work"), TEXT("tester"), LEASE_MS, 0, &job));
}

static status done_work(struct ctx *cx, struct db_tx *tx, void *argument) {
    return queue_done(cx, queue, tx, argument);
}

static status finish(struct db_fixture *f, struct job *job) {
    return db_write(&f->cx, f->db, done_work, job);
}

/* A failure on its way. */
struct failing {
    const struct job *job;
    enum queue_verdict verdict;
    bool dead;
};

static status fail_work(struct ctx *cx, struct db_tx *tx, void *argument) {
    struct failing *failing = argument;
    return queue_fail(cx, queue, tx, failing->job, failing->verdict, TEXT("It broke."),
                      &failing->dead);
}

static struct queue_figures figures(struct db_fixture *f) {
    struct queue_figures out;
    assert_ok(&f->cx, queue_figures_of(&f->cx, queue, &out));
    return out;
}

static void a_job_is_taken_and_done(void **state) {
    struct db_fixture *f = *state;
    assert_none(f);
    ADD(f, .subject = TEXT("film"), .payload = TEXT("{\"a\":1}"), .user_id = TEXT("zoe"));
    assert_int_equal(figures(f).ready, 1);
    struct job job = take(f);
    assert_int_equal(job.id.len, 11);
    assert_text(job.kind, "work");
    assert_text(job.subject, "film");
    assert_text(job.payload, "{\"a\":1}");
    assert_text(job.user_id, "zoe");
    assert_text(job.state, "running");
    assert_text(job.worker, "tester");
    assert_int_equal(job.attempt, 1);
    assert_int_equal(job.max_attempts, 5);
    assert_int_equal(job.priority, 100);
    assert_in_range(job.lease_until_ms - clock_now_ms(), LEASE_MS - 5000, LEASE_MS);
    assert_none(f);
    assert_int_equal(figures(f).running, 1);
    assert_ok(&f->cx, finish(f, &job));
    assert_int_equal(figures(f).running, 0);
    assert_int_equal(figures(f).ready, 0);
    assert_none(f);
}

static void a_job_needs_its_transaction(void **state) {
    struct db_fixture *f = *state;
    struct adding adding = {.job = {.kind = TEXT("work"), .subject = TEXT("x")}, .outcome = QUOTA};
    assert_status(&f->cx, QUOTA, db_write(&f->cx, f->db, add_work, &adding));
    assert_none(f);
}

static void only_named_kinds_are_taken(void **state) {
    struct db_fixture *f = *state;
    ADD(f, .subject = TEXT("a"));
    add(f, (struct job_new){.kind = TEXT("other"), .subject = TEXT("b")});
    clock_sleep_ms(3);
    add(f, (struct job_new){.kind = TEXT("third"), .subject = TEXT("c")});
    assert_text(take_of(f, "third other", LEASE_MS).subject, "b");
    assert_text(take_of(f, "third other", LEASE_MS).subject, "c");
    struct job job;
    assert_status(
        &f->cx, NOT_FOUND,
        queue_take(&f->cx, queue, TEXT("third other"), TEXT("tester"), LEASE_MS, 0, &job));
    assert_text(take(f).subject, "a");
}

static void priority_comes_first_then_age(void **state) {
    struct db_fixture *f = *state;
    static const char *const order[] = {"urgent", "first", "second", "late"};
    ADD(f, .subject = TEXT("first"));
    clock_sleep_ms(3);
    ADD(f, .subject = TEXT("second"));
    ADD(f, .subject = TEXT("late"), .priority = 200);
    ADD(f, .subject = TEXT("urgent"), .priority = 10);
    for (size_t i = 0; i < COUNT_OF(order); i++) assert_text(take(f).subject, order[i]);
}

static void a_bulk_does_not_keep_others_waiting(void **state) {
    struct db_fixture *f = *state;
    int place = 0;
    for (int i = 0; i < 10; i++) ADD(f, .subject = TEXT("bulk"), .user_id = TEXT("zoe"));
    clock_sleep_ms(3);
    ADD(f, .subject = TEXT("single"), .user_id = TEXT("max"));
    for (place = 1; !text_is(take(f).subject, "single"); place++) continue;
    assert_int_equal(place, 2);
}

static void a_delayed_job_waits(void **state) {
    struct db_fixture *f = *state;
    struct job job;
    int64_t begun_ms = clock_ticks_ms();
    ADD(f, .subject = TEXT("x"), .delay_ms = 150);
    assert_none(f);
    assert_int_equal(figures(f).oldest_ready_ms, 0);
    assert_ok(&f->cx,
              queue_take(&f->cx, queue, TEXT("work"), TEXT("tester"), LEASE_MS, 5000, &job));
    assert_in_range(clock_ticks_ms() - begun_ms, 149, 1000);
}

static void only_one_at_a_time(void **state) {
    struct db_fixture *f = *state;
    struct adding adding = {
        .job = {.kind = TEXT("work"), .subject = TEXT("film"), .only_one = true}};
    ADD(f, .subject = TEXT("other film"));
    assert_ok(&f->cx, db_write(&f->cx, f->db, add_work, &adding));
    assert_status(&f->cx, CONFLICT, db_write(&f->cx, f->db, add_work, &adding));
    struct job other = take(f);
    struct job job = take(f);
    assert_text(job.subject, "film");
    assert_status(&f->cx, CONFLICT, db_write(&f->cx, f->db, add_work, &adding));
    assert_ok(&f->cx, finish(f, &job));
    assert_ok(&f->cx, db_write(&f->cx, f->db, add_work, &adding));
    assert_ok(&f->cx, finish(f, &other));
}

static void a_lapsed_lease_frees_the_job(void **state) {
    struct db_fixture *f = *state;
    ADD(f, .subject = TEXT("x"));
    struct job slow = take_of(f, "work", 30);
    assert_ok(&f->cx, queue_renew(&f->cx, queue, &slow, 120));
    clock_sleep_ms(60);
    assert_none(f);
    clock_sleep_ms(80);
    struct job fast = take(f);
    assert_text(fast.id, slow.id.at);
    assert_int_equal(fast.attempt, 2);
    assert_text(fast.error, "The worker died before it had finished.");
    assert_status(&f->cx, CONFLICT, queue_renew(&f->cx, queue, &slow, LEASE_MS));
    assert_status(&f->cx, CONFLICT, queue_give_back(&f->cx, queue, &slow));
    assert_status(&f->cx, CONFLICT, finish(f, &slow));
    struct failing failing = {.job = &slow};
    assert_status(&f->cx, CONFLICT, db_write(&f->cx, f->db, fail_work, &failing));
    assert_ok(&f->cx, finish(f, &fast));
    assert_status(&f->cx, CONFLICT, finish(f, &fast));
}

static void a_failure_waits_longer_each_time(void **state) {
    struct db_fixture *f = *state;
    ADD(f, .subject = TEXT("x"), .max_attempts = 2);
    struct job job = take(f);
    struct failing failing = {.job = &job, .dead = true};
    assert_ok(&f->cx, db_write(&f->cx, f->db, fail_work, &failing));
    assert_false(failing.dead);
    assert_none(f);
    int64_t begun_ms = clock_ticks_ms();
    assert_ok(&f->cx,
              queue_take(&f->cx, queue, TEXT("work"), TEXT("tester"), LEASE_MS, 5000, &job));
    assert_in_range(clock_ticks_ms() - begun_ms, 700, 1600);
    assert_int_equal(job.attempt, 2);
    assert_text(job.error, "It broke.");
    assert_ok(&f->cx, db_write(&f->cx, f->db, fail_work, &failing));
    assert_true(failing.dead);
    assert_int_equal(figures(f).dead, 1);
}

static void the_pause_grows_to_five_minutes(void **state) {
    struct db_fixture *f = *state;
    static const int64_t pauses_ms[] = {1000,  2000,   4000,   8000,   16000, 32000,
                                        64000, 128000, 256000, 300000, 300000};
    ADD(f, .subject = TEXT("x"), .max_attempts = 100);
    struct job job = take(f);
    for (size_t i = 0; i < COUNT_OF(pauses_ms); i++) {
        struct failing failing = {.job = &job};
        int64_t now_ms = clock_now_ms();
        assert_ok(&f->cx, db_write(&f->cx, f->db, fail_work, &failing));
        struct job found;
        assert_ok(&f->cx,
                  db_get(&f->cx, f->db, &sql_job_by_id, DB_ARGS(job.id), &job_schema, &found));
        assert_in_range(found.not_before_ms - now_ms, pauses_ms[i] * 8 / 10,
                        pauses_ms[i] * 12 / 10 + 500);
        assert_ok(&f->cx, db_run(&f->cx, f->db, &sql_job_hurry, DB_ARGS(job.id), NULL));
        job = take(f);
    }
}

static void dead_letters_are_kept_and_revived(void **state) {
    struct db_fixture *f = *state;
    list dead;
    ADD(f, .subject = TEXT("x"), .max_attempts = 3);
    struct job job = take(f);
    struct failing failing = {.job = &job, .verdict = QUEUE_GIVE_UP};
    assert_ok(&f->cx, db_write(&f->cx, f->db, fail_work, &failing));
    assert_true(failing.dead);
    assert_none(f);
    assert_ok(&f->cx, queue_dead(&f->cx, queue, 10, &dead));
    assert_int_equal(dead.len, 1);
    assert_text(((struct job *)dead.at)->error, "It broke.");
    assert_status(&f->cx, NOT_FOUND, queue_requeue(&f->cx, queue, TEXT("no-such-job")));
    assert_ok(&f->cx, queue_requeue(&f->cx, queue, job.id));
    assert_status(&f->cx, NOT_FOUND, queue_requeue(&f->cx, queue, job.id));
    struct job again = take(f);
    assert_int_equal(again.attempt, 2);
    assert_int_equal(again.max_attempts, 4); /* three attempts anew, this being the first */
    assert_status(&f->cx, CONFLICT, finish(f, &job));
    assert_ok(&f->cx, finish(f, &again));
}

static void a_worker_that_dies_each_time_ends_as_dead_letter(void **state) {
    struct db_fixture *f = *state;
    list dead;
    ADD(f, .subject = TEXT("x"), .max_attempts = 2);
    for (int i = 0; i < 2; i++) {
        (void)take_of(f, "work", 1);
        clock_sleep_ms(5);
    }
    assert_none(f);
    assert_ok(&f->cx, queue_dead(&f->cx, queue, 10, &dead));
    assert_int_equal(dead.len, 1);
    assert_non_null(strstr(((struct job *)dead.at)->error.at, "worker died"));
}

static void giving_back_costs_no_attempt(void **state) {
    struct db_fixture *f = *state;
    ADD(f, .subject = TEXT("x"), .max_attempts = 1);
    struct job job = take(f);
    assert_ok(&f->cx, queue_give_back(&f->cx, queue, &job));
    assert_status(&f->cx, CONFLICT, finish(f, &job));
    struct job again = take(f);
    assert_true(again.attempt > job.attempt); /* the fence moves on all the same */
    assert_true(again.attempt <= again.max_attempts);
    struct failing failing = {.job = &again};
    assert_ok(&f->cx, db_write(&f->cx, f->db, fail_work, &failing));
    assert_true(failing.dead);
}

static void a_dead_workers_jobs_go_on_at_once(void **state) {
    struct db_fixture *f = *state;
    ADD(f, .subject = TEXT("x"), .max_attempts = 1);
    struct job job = take(f);
    assert_ok(&f->cx, queue_abandon(&f->cx, queue, TEXT("another-")));
    assert_none(f);
    for (int i = 0; i < 20; i++) { /* as often it costs no attempt */
        assert_ok(&f->cx, queue_abandon(&f->cx, queue, TEXT("test")));
        assert_status(&f->cx, CONFLICT, finish(f, &job));
        struct job again = take(f);
        assert_true(again.attempt > job.attempt);
        assert_true(again.attempt <= again.max_attempts);
        job = again;
    }
    assert_ok(&f->cx, queue_abandon(&f->cx, queue, TEXT("test")));
    assert_none(f);
    assert_int_equal(figures(f).dead, 1);
}

static status cancel_work(struct ctx *cx, struct db_tx *tx, void *argument) {
    return queue_cancel(cx, queue, tx, text_of(argument));
}

static void cancelling_ends_the_lease(void **state) {
    struct db_fixture *f = *state;
    ADD(f, .subject = TEXT("film"));
    ADD(f, .subject = TEXT("film"));
    ADD(f, .subject = TEXT("other"));
    struct job job = take(f);
    assert_ok(&f->cx, db_write(&f->cx, f->db, cancel_work, "film"));
    assert_status(&f->cx, CONFLICT, finish(f, &job));
    assert_text(take(f).subject, "other");
    assert_none(f);
}

static void old_jobs_are_purged(void **state) {
    struct db_fixture *f = *state;
    ADD(f, .subject = TEXT("a"));
    ADD(f, .subject = TEXT("b"));
    struct job job = take(f);
    assert_ok(&f->cx, finish(f, &job));
    assert_ok(&f->cx, queue_purge(&f->cx, queue, LEASE_MS));
    struct job found;
    assert_ok(&f->cx, db_get(&f->cx, f->db, &sql_job_by_id, DB_ARGS(job.id), &job_schema, &found));
    assert_text(found.state, "done");
    clock_sleep_ms(5);
    assert_ok(&f->cx, queue_purge(&f->cx, queue, 0));
    assert_status(&f->cx, NOT_FOUND,
                  db_get(&f->cx, f->db, &sql_job_by_id, DB_ARGS(job.id), &job_schema, &found));
    assert_text(take(f).subject, "b");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        QUEUE_TEST(a_job_is_taken_and_done),
        QUEUE_TEST(a_job_needs_its_transaction),
        QUEUE_TEST(only_named_kinds_are_taken),
        QUEUE_TEST(priority_comes_first_then_age),
        QUEUE_TEST(a_bulk_does_not_keep_others_waiting),
        QUEUE_TEST(a_delayed_job_waits),
        QUEUE_TEST(only_one_at_a_time),
        QUEUE_TEST(a_lapsed_lease_frees_the_job),
        QUEUE_TEST(a_failure_waits_longer_each_time),
        QUEUE_TEST(the_pause_grows_to_five_minutes),
        QUEUE_TEST(dead_letters_are_kept_and_revived),
        QUEUE_TEST(a_worker_that_dies_each_time_ends_as_dead_letter),
        QUEUE_TEST(giving_back_costs_no_attempt),
        QUEUE_TEST(a_dead_workers_jobs_go_on_at_once),
        QUEUE_TEST(cancelling_ends_the_lease),
        QUEUE_TEST(old_jobs_are_purged),
    };
    db_fixture_steps = migrations_all;
    db_fixture_step_count = migrations_count;
    return db_fixture_run(tests, COUNT_OF(tests));
}
