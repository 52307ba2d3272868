/* test_roll.c: a worker process that dies gives its jobs up at once; one that lives keeps them. */
#include "../store/folder.h"

#include "app/roll.h"
#include "store/db/db.h"
#include "store/queue/queue.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

/* Database and queue of one process; nothing of it survives a fork. */
struct desk {
    struct ctx cx;
    struct db *db;
    struct queue *queue;
};

static status desk_open(struct desk *desk, const char *path) {
    char url[300];
    *desk = (struct desk){.cx.arena = arena_new(4 << 20)};
    (void)snprintf(url, sizeof url, "sqlite:%s/test.db", path);
    struct db_options options = {.url = url, .readers = 1, .writers = 1};
    TRY(db_open(&desk->cx, &options, &desk->db));
    TRY(db_migrate(&desk->cx, desk->db));
    return queue_open(&desk->cx, desk->db, &desk->queue);
}

static void desk_close(struct desk *desk) {
    queue_close(desk->queue);
    db_close(desk->db);
    arena_free(desk->cx.arena);
}

static status add_one(struct ctx *cx, struct db_tx *tx, void *argument) {
    struct desk *desk = argument;
    text id;
    struct job_new job = {.kind = TEXT("test.job"), .subject = TEXT("film"), .max_attempts = 2};
    return queue_add(cx, desk->queue, tx, &job, &id);
}

static status take(struct desk *desk, const char *worker, struct job *out) {
    return queue_take(&desk->cx, desk->queue, TEXT("test.job"), text_of(worker), 60000, 0, out);
}

/* The other process: enters the roll, takes the job, says so, and waits for its death. */
static pid_t start_worker(const char *path, int say) {
    pid_t child = fork();
    if (child != 0) return child;
    struct desk desk;
    struct roll roll;
    struct job job;
    char worker[ROLL_NAME_BYTES + 8];
    if (desk_open(&desk, path) != OK || roll_join(&desk.cx, path, &roll) != OK) _exit(1);
    (void)snprintf(worker, sizeof worker, "%s-0", roll.name);
    if (take(&desk, worker, &job) != OK) _exit(2);
    if (write(say, "x", 1) != 1) _exit(3);
    for (;;) (void)pause();
}

static int names_on_roll(const char *path) {
    char folder[300];
    int count = 0;
    (void)snprintf(folder, sizeof folder, "%s/workers", path);
    DIR *open = opendir(folder);
    assert_non_null(open);
    for (const struct dirent *entry; (entry = readdir(open));) count += entry->d_name[0] != '.';
    (void)closedir(open);
    return count;
}

static void test_death(void **state) {
    struct folder *folder = *state;
    int ends[2];
    char byte;
    struct desk desk;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    /* The schema first, and closed before the fork. */
    assert_ok(&desk.cx, desk_open(&desk, folder->path));
    assert_ok(&desk.cx, db_write(&desk.cx, desk.db, add_one, &desk));
    desk_close(&desk);
    pid_t child = start_worker(folder->path, ends[1]);
    assert_true(child > 0);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    struct roll roll;
    struct job job;
    assert_ok(&desk.cx, desk_open(&desk, folder->path));
    assert_ok(&desk.cx, roll_join(&desk.cx, folder->path, &roll));
    assert_int_equal(names_on_roll(folder->path), 2);
    /* It lives: nothing is taken from it. */
    assert_ok(&desk.cx, roll_bury(&desk.cx, &roll, desk.queue));
    assert_int_equal(take(&desk, "me", &job), NOT_FOUND);
    assert_int_equal(names_on_roll(folder->path), 2);
    (void)kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    /* It is dead: its job goes on long before the lease of a minute is over. */
    assert_ok(&desk.cx, roll_bury(&desk.cx, &roll, desk.queue));
    assert_ok(&desk.cx, take(&desk, "me", &job));
    assert_int_equal(job.attempt, 2);
    assert_int_equal(job.max_attempts, 3); /* the death didn't cost the job an attempt */
    assert_true(text_is(job.error, "The worker died before it had finished."));
    assert_int_equal(names_on_roll(folder->path), 1);
    roll_leave(&roll);
    roll_leave(&roll);
    assert_int_equal(names_on_roll(folder->path), 0);
    desk_close(&desk);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

/* A job that kills its worker each time isn't tried for ever. */
static void test_poison(void **state) {
    struct folder *folder = *state;
    struct desk desk;
    struct job job;
    struct queue_figures figures = {0};
    assert_ok(&desk.cx, desk_open(&desk, folder->path));
    assert_ok(&desk.cx, db_write(&desk.cx, desk.db, add_one, &desk));
    int attempts = 0;
    while (take(&desk, "host-1-x-0", &job) == OK) {
        attempts++;
        assert_true(attempts < 100);
        assert_ok(&desk.cx, queue_abandon(&desk.cx, desk.queue, TEXT("host-1-x-")));
        ctx_clear(&desk.cx);
    }
    assert_int_equal(attempts, 22); /* two granted, twenty given */
    assert_ok(&desk.cx, queue_figures_of(&desk.cx, desk.queue, &figures));
    assert_int_equal(figures.dead, 1);
    desk_close(&desk);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(test_death),
        FOLDER_TEST(test_poison),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
