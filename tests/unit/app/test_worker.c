/* test_worker.c: jobs of every fate through a real queue: done, retried, dead, given back, lost;
 * leases that are renewed; ticks. */
#include "../store/folder.h"

#include "app/worker.h"
#include "base/clock.h"
#include "store/db/db.h"
#include "store/queue/queue.h"

#include <poll.h>
#include <stdatomic.h>

/* What the handlers below saw; one test at a time. */
static struct {
    _Atomic int runs, failed, announced, dead, ticks, stopped;
    _Atomic int behaviour; /* what the next run does */
} seen;

enum { DO_DONE, DO_INVALID, DO_BUSY_ONCE, DO_WAIT_FOR_STOP, DO_LONG };

static status finish(struct ctx *cx, struct db_tx *tx, void *argument) {
    void **both = argument;
    return queue_done(cx, both[0], tx, both[1]);
}

static status done(struct ctx *cx, struct services *services, const struct job *job) {
    void *both[2] = {services->queue, (void *)(uintptr_t)job};
    return db_write(cx, services->db, finish, both);
}

static status wait_for_stop(struct ctx *cx, struct job_control *control) {
    struct pollfd bell = {.fd = control->stop_fd, .events = POLLIN};
    if (poll(&bell, 1, 10000) != 1) return ctx_fail(cx, BUG, "Nobody rang.");
    enum job_stop why = job_stopping(control);
    atomic_store(&seen.stopped, (int)why);
    return ctx_fail(cx, why == JOB_GIVE_BACK ? BUSY : CONFLICT, "Told to stop.");
}

static status run(struct ctx *cx, struct services *services, const struct job *job,
                  struct job_control *control) {
    int before = atomic_fetch_add(&seen.runs, 1);
    switch (atomic_load(&seen.behaviour)) {
    case DO_INVALID:
        return ctx_fail(cx, INVALID, "This is no film.");
    case DO_BUSY_ONCE:
        return before == 0 ? ctx_fail(cx, IO, "The disk hiccuped.") : done(cx, services, job);
    case DO_WAIT_FOR_STOP:
        return wait_for_stop(cx, control);
    case DO_LONG:
        clock_sleep_ms(2500); /* two and a half leases */
        return done(cx, services, job);
    default:
        return done(cx, services, job);
    }
}

static status failed(struct ctx *cx, struct services *services, struct db_tx *tx,
                     const struct job *job, text error, bool dead) {
    (void)cx;
    (void)services;
    (void)tx;
    (void)job;
    (void)error;
    (void)dead;
    (void)atomic_fetch_add(&seen.failed, 1);
    return OK;
}

static void announce(struct ctx *cx, struct services *services, const struct job *job, text error,
                     bool dead) {
    (void)cx;
    (void)services;
    (void)job;
    if (dead && !text_is(error, "This is no film.")) return;
    (void)atomic_fetch_add(&seen.announced, 1);
    if (dead) (void)atomic_fetch_add(&seen.dead, 1);
}

static status tick_run(struct ctx *cx, struct services *services) {
    (void)cx;
    (void)services;
    (void)atomic_fetch_add(&seen.ticks, 1);
    return OK;
}

static const struct job_kind kind = {
    .kind = "test.job", .lease_ms = 1000, .run = run, .failed = failed, .announce = announce};
static const struct job_kind *const kinds[] = {&kind};
static const struct tick tick = {.name = "test.tick", .every_ms = 100, .run = tick_run};
static const struct tick *const ticks[] = {&tick};

/* A database, a queue and a worker in a folder. */
struct shop {
    struct folder *folder;
    struct services services;
    struct job_meter meter;
    struct worker *worker;
};

static void shop_open(struct shop *shop, struct folder *folder, int behaviour) {
    char url[300];
    struct ctx *cx = &folder->cx;
    *shop = (struct shop){.folder = folder};
    memset(&seen, 0, sizeof seen);
    atomic_store(&seen.behaviour, behaviour);
    (void)snprintf(url, sizeof url, "sqlite:%s/test.db", folder->path);
    struct db_options options = {.url = url, .readers = 2, .writers = 1};
    assert_ok(cx, db_open(cx, &options, &shop->services.db));
    assert_ok(cx, db_migrate(cx, shop->services.db));
    assert_ok(cx, queue_open(cx, shop->services.db, &shop->services.queue));
}

static void shop_work(struct shop *shop, int slots) {
    struct worker_options options = {.name = "test",
                                     .slots = slots,
                                     .kinds = kinds,
                                     .kind_count = 1,
                                     .ticks = ticks,
                                     .tick_count = 1,
                                     .meter = &shop->meter};
    assert_ok(&shop->folder->cx,
              worker_start(&shop->folder->cx, &shop->services, &options, &shop->worker));
}

static void shop_close(struct shop *shop) {
    worker_join(shop->worker);
    queue_close(shop->services.queue);
    db_close(shop->services.db);
}

static status add_one(struct ctx *cx, struct db_tx *tx, void *argument) {
    struct shop *shop = argument;
    text id;
    struct job_new job = {.kind = TEXT("test.job"), .subject = TEXT("film"), .payload = TEXT("{}")};
    return queue_add(cx, shop->services.queue, tx, &job, &id);
}

static void shop_add(struct shop *shop) {
    struct ctx *cx = &shop->folder->cx;
    assert_ok(cx, db_write(cx, shop->services.db, add_one, shop));
}

static void shop_figures(struct shop *shop, struct queue_figures *out) {
    struct ctx *cx = &shop->folder->cx;
    assert_ok(cx, queue_figures_of(cx, shop->services.queue, out));
}

static int64_t outcomes(struct shop *shop, enum job_outcome outcome) {
    return atomic_load(&shop->meter.tallies[0].outcomes[outcome]);
}

static void await_outcome(struct shop *shop, enum job_outcome outcome, int64_t count) {
    for (int i = 0; i < 1000 && outcomes(shop, outcome) < count; i++) clock_sleep_ms(10);
    assert_int_equal(outcomes(shop, outcome), count);
}

static void test_done(void **state) {
    struct shop shop;
    struct queue_figures figures;
    shop_open(&shop, *state, DO_DONE);
    shop_work(&shop, 2);
    for (int i = 0; i < 20; i++) shop_add(&shop);
    await_outcome(&shop, JOB_DONE, 20);
    assert_int_equal(seen.runs, 20);
    assert_int_equal(seen.failed, 0);
    shop_figures(&shop, &figures);
    assert_int_equal(figures.ready + figures.running + figures.dead, 0);
    assert_string_equal(shop.meter.tallies[0].kind, "test.job");
    shop_close(&shop);
}

/* The input's own fault: no second attempt, and the feature learns of it once. */
static void test_incurable(void **state) {
    struct shop shop;
    struct queue_figures figures;
    list letters;
    shop_open(&shop, *state, DO_INVALID);
    shop_work(&shop, 1);
    shop_add(&shop);
    await_outcome(&shop, JOB_DEAD, 1);
    assert_int_equal(seen.runs, 1);
    assert_int_equal(seen.failed, 1);
    assert_int_equal(seen.announced, 1);
    assert_int_equal(seen.dead, 1);
    shop_figures(&shop, &figures);
    assert_int_equal(figures.dead, 1);
    assert_ok(&shop.folder->cx, queue_dead(&shop.folder->cx, shop.services.queue, 10, &letters));
    assert_true(text_is(((struct job *)letters.at)[0].error, "This is no film."));
    shop_close(&shop);
}

static void test_retried(void **state) {
    struct shop shop;
    shop_open(&shop, *state, DO_BUSY_ONCE);
    shop_work(&shop, 1);
    shop_add(&shop);
    await_outcome(&shop, JOB_DONE, 1);
    assert_int_equal(outcomes(&shop, JOB_FAILED), 1);
    assert_int_equal(seen.runs, 2);
    assert_int_equal(seen.failed, 1);
    assert_int_equal(seen.announced, 1);
    assert_int_equal(seen.dead, 0);
    shop_close(&shop);
}

/* A stopping worker's job is handed back: ready again at once, none of its attempts lost. */
static void test_given_back(void **state) {
    struct shop shop;
    struct queue_figures figures;
    struct job job;
    shop_open(&shop, *state, DO_WAIT_FOR_STOP);
    shop_work(&shop, 1);
    shop_add(&shop);
    for (int i = 0; i < 500 && seen.runs == 0; i++) clock_sleep_ms(10);
    int64_t began = clock_ticks_ms();
    worker_join(shop.worker);
    shop.worker = NULL;
    assert_true(clock_ticks_ms() - began < 3000);
    assert_int_equal(seen.stopped, JOB_GIVE_BACK);
    assert_int_equal(outcomes(&shop, JOB_GIVEN_BACK), 1);
    assert_int_equal(seen.failed, 0);
    shop_figures(&shop, &figures);
    assert_int_equal(figures.ready, 1);
    struct ctx *cx = &shop.folder->cx;
    assert_ok(cx,
              queue_take(cx, shop.services.queue, TEXT("test.job"), TEXT("next"), 1000, 0, &job));
    assert_int_equal(job.attempt, 2); /* the fence moves on, and one more attempt is allowed */
    assert_int_equal(job.max_attempts, 6);
    shop_close(&shop);
}

static status cancel(struct ctx *cx, struct db_tx *tx, void *argument) {
    return queue_cancel(cx, argument, tx, TEXT("film"));
}

/* The film is deleted while its job runs: the heartbeat finds out and the job is told. */
static void test_cancelled(void **state) {
    struct shop shop;
    shop_open(&shop, *state, DO_WAIT_FOR_STOP);
    shop_work(&shop, 1);
    shop_add(&shop);
    for (int i = 0; i < 500 && seen.runs == 0; i++) clock_sleep_ms(10);
    struct ctx *cx = &shop.folder->cx;
    assert_ok(cx, db_write(cx, shop.services.db, cancel, shop.services.queue));
    await_outcome(&shop, JOB_LOST, 1);
    assert_int_equal(seen.stopped, JOB_LEASE_LOST);
    assert_int_equal(seen.failed, 0);
    /* The slot is as good as new. */
    atomic_store(&seen.behaviour, DO_DONE);
    shop_add(&shop);
    await_outcome(&shop, JOB_DONE, 1);
    shop_close(&shop);
}

/* A job that takes longer than its lease stays with its worker, though another one is idle. */
static void test_lease_is_renewed(void **state) {
    struct shop shop;
    shop_open(&shop, *state, DO_LONG);
    shop_work(&shop, 2);
    shop_add(&shop);
    await_outcome(&shop, JOB_DONE, 1);
    assert_int_equal(seen.runs, 1);
    assert_int_equal(outcomes(&shop, JOB_LOST), 0);
    assert_true(seen.ticks >= 2);
    shop_close(&shop);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(test_done),      FOLDER_TEST(test_incurable),
        FOLDER_TEST(test_retried),   FOLDER_TEST(test_given_back),
        FOLDER_TEST(test_cancelled), FOLDER_TEST(test_lease_is_renewed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
