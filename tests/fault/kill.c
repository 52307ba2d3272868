/* kill.c: kills server, worker and media child at random moments while people upload films.
 *
 *     kill PROGRAM [--kills N] [--together] [--postgres SCRIPT]
 *
 * Three clients upload by form and by tus, slowly; meanwhile one process after the other gets
 * SIGKILL and is started again. Afterwards every film that was acknowledged must be there exactly
 * once, ready and playable, and neither a file nor a row may be left that belongs to nothing.
 * --together runs the workers inside the server; --postgres takes the (empty) database that
 * TEST_DATABASE_URL names, and has the script (tests/support/postgres.sh) crash that as well. A
 * killed child costs its job one of five attempts, so jobs near their last are spared. Threads:
 * this one kills, each client has its own. */
#include "fault.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/scope.h"
#include "base/thread.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

enum {
    CLIENTS = 3,
    UPLOADS_MAX = 1000,
    UPLOADS_PER_KILL = 2,
    SPARED_ATTEMPT = 4,
    READY_MS = 300000,
    CLEAN_MS = 60000,
    ORPHAN_MS = 5000,
    TICKS_MS = 3000, /* until everything that is done now and then was done once after a start */
};

static const char *const target_names[] = {"server", "worker", "media child", "database"};
enum target { SERVER, WORKER, MEDIA, DATABASE, TARGETS };

struct run {
    struct fault_place place;
    int kills; /* to be done */
    bool together;
    const char *script; /* crashes the database; NULL without */
    pid_t server;
    pid_t worker; /* the server, when together */
    int killed[TARGETS];
    pthread_mutex_t lock; /* for what follows */
    int kills_done;
    struct fault_upload uploads[UPLOADS_MAX];
    size_t count;
};

struct person {
    struct run *run;
    struct fault_client client;
    pthread_t thread;
};

/* The next upload's place, or NULL when there were enough; waits when too many are ahead. */
static struct fault_upload *next_upload(struct run *run) {
    for (;;) {
        {
            LOCKED(&run->lock);
            if (run->kills_done >= run->kills || run->count == UPLOADS_MAX) return NULL;
            if (run->count < (size_t)(run->kills_done + 2) * UPLOADS_PER_KILL) {
                struct fault_upload *upload = &run->uploads[run->count++];
                (void)snprintf(upload->title, sizeof upload->title, "Film %zu", run->count);
                return upload;
            }
        }
        clock_sleep_ms(30);
    }
}

static void *upload_often(void *argument) {
    struct person *person = argument;
    struct fault_upload *upload;
    for (int number = 0; (upload = next_upload(person->run)); number++) {
        upload->outcome = number % 2
                              ? fault_upload_tus(&person->client, upload->title, upload->id)
                              : fault_upload_form(&person->client, upload->title, upload->id);
        if (upload->outcome == FAULT_REFUSED)
            fault_give_up("\"%s\" was refused: %s", upload->title, person->client.words);
        if (upload->outcome == FAULT_UNKNOWN) clock_sleep_ms(50);
    }
    return NULL;
}

static void start_server(struct run *run) {
    run->server = fault_start(&run->place, "serve", run->together ? NULL : "--no-worker");
    if (run->together) run->worker = run->server;
}

static void start_worker(struct run *run) {
    if (!run->together) run->worker = fault_start(&run->place, "worker", NULL);
}

/* Waits a little for a media child to appear. */
static pid_t find_media(const struct run *run) {
    pid_t child = -1;
    for (int i = 0; i < 100 && child < 0; i++) {
        child = fault_child(run->worker, "matinee-media");
        if (child < 0) clock_sleep_ms(20);
    }
    return child;
}

/* A media child may not outlive the one who made it. */
static void check_orphan(pid_t child) {
    int64_t until_ms = clock_ticks_ms() + ORPHAN_MS;
    while (child > 0 && fault_is_alive(child)) {
        if (clock_ticks_ms() > until_ms)
            fault_give_up("media child %d outlived its worker", (int)child);
        clock_sleep_ms(20);
    }
}

static void kill_server(struct run *run) {
    pid_t child = run->together ? fault_child(run->server, "matinee-media") : -1;
    fault_kill(run->server);
    check_orphan(child);
    clock_sleep_ms(random_below(150));
    start_server(run);
}

static void kill_worker(struct run *run) {
    if (run->together) {
        kill_server(run);
        return;
    }
    pid_t child = fault_child(run->worker, "matinee-media");
    fault_kill(run->worker);
    check_orphan(child);
    clock_sleep_ms(random_below(150));
    start_worker(run);
}

static void kill_media(struct run *run) {
    pid_t child = find_media(run);
    if (child > 0) (void)kill(child, SIGKILL); /* it may just have ended by itself */
}

/* The server's folder is in its address: "…host=FOLDER&…". */
static void crash_database(struct run *run) {
    char folder[300] = "";
    /* A program that starts without its database ends; that is not what is tested here. */
    fault_await_server(&run->place);
    clock_sleep_ms(1000);
    const char *at = strstr(run->place.database, "host=");
    if (at) (void)snprintf(folder, sizeof folder, "%.*s", (int)strcspn(at + 5, "&"), at + 5);
    if (!fault_run(&run->place, run->script, "crash", folder))
        fault_give_up("%s could not crash the database in \"%s\"", run->script, folder);
}

static void kill_one(struct run *run) {
    clock_sleep_ms(200 + random_below(1000));
    enum target target = (enum target)random_below(run->script ? TARGETS : DATABASE);
    while ((target == WORKER || target == MEDIA || run->together) &&
           fault_most_attempts(&run->place) >= SPARED_ATTEMPT) {
        target = SERVER;
        clock_sleep_ms(100);
    }
    if (target == SERVER) kill_server(run);
    if (target == WORKER) kill_worker(run);
    if (target == MEDIA) kill_media(run);
    if (target == DATABASE) crash_database(run);
    run->killed[target]++;
    LOCKED(&run->lock);
    run->kills_done++;
}

static void start_people(struct run *run, struct person *people) {
    fault_await_server(&run->place);
    for (int i = 0; i < CLIENTS; i++) {
        people[i].run = run;
        fault_register(&people[i].client, &run->place, i);
    }
    for (int i = 0; i < CLIENTS; i++) {
        if (thread_start(&people[i].thread, "person", upload_often, &people[i]) != OK)
            fault_give_up("no thread can be started");
    }
}

/* Waits until the film is ready. */
static void await_ready(struct fault_client *client, const struct fault_upload *upload,
                        int64_t until_ms) {
    char now[32] = "";
    char error[400] = "";
    for (;;) {
        bool told = fault_video_status(client, upload->id, now, error);
        if (told && strcmp(now, "ready") == 0) return;
        if (told && strcmp(now, "failed") == 0)
            fault_give_up("\"%s\" failed: %s", upload->title, error);
        if (clock_ticks_ms() > until_ms) fault_give_up("\"%s\" is still %s", upload->title, now);
        clock_sleep_ms(100);
    }
}

static int await_all(struct run *run, struct fault_client *client) {
    int acknowledged = 0;
    int64_t until_ms = clock_ticks_ms() + READY_MS;
    for (size_t i = 0; i < run->count; i++) {
        const struct fault_upload *upload = &run->uploads[i];
        if (upload->outcome != FAULT_ACKNOWLEDGED) continue;
        await_ready(client, upload, until_ms);
        if (!fault_plays(client, upload->id)) fault_give_up("\"%s\" does not play", upload->title);
        acknowledged++;
    }
    return acknowledged;
}

static void stop_all(struct run *run) {
    bool worker = run->together || fault_stop(run->worker);
    bool server = fault_stop(run->server);
    if (!worker || !server)
        fault_give_up("%s did not end with code 0 when asked to", worker ? "server" : "worker");
}

/* Lets the time pass that abandoned work is given, and the program tidy up. */
static void check_clean(struct run *run) {
    int64_t until_ms = clock_ticks_ms() + CLEAN_MS;
    fault_age(&run->place);
    start_server(run);
    start_worker(run);
    fault_await_server(&run->place);
    clock_sleep_ms(TICKS_MS);
    while (fault_check(&run->place, run->uploads, run->count, false) != 0 &&
           clock_ticks_ms() < until_ms)
        clock_sleep_ms(300);
    stop_all(run);
    int wrong = fault_check(&run->place, run->uploads, run->count, true);
    if (wrong) fault_give_up("%d things are wrong; see %s", wrong, run->place.home);
}

static void read_arguments(struct run *run, int argc, char **argv) {
    run->kills = 10;
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--together") == 0)
            run->together = true;
        else if (strcmp(argv[i], "--postgres") == 0 && i + 1 < argc)
            run->script = argv[++i];
        else if (strcmp(argv[i], "--kills") == 0 && i + 1 < argc)
            run->kills = (int)strtol(argv[++i], NULL, 10);
        else
            fault_give_up("unknown argument %s", argv[i]);
    }
    if (argc < 2 || run->kills < 1)
        fault_give_up("usage: kill PROGRAM [--kills N] [--together] [--postgres SCRIPT]");
}

int main(int argc, char **argv) {
    static struct run run = {.lock = PTHREAD_MUTEX_INITIALIZER};
    static struct person people[CLIENTS];
    read_arguments(&run, argc, argv);
    if (random_open() != OK || curl_global_init(CURL_GLOBAL_ALL) != 0) return 1;
    fault_place_make(&run.place, argv[1], run.script ? getenv("TEST_DATABASE_URL") : NULL);
    fault_say("%s, home %s", run.together ? "workers in the server" : "server and worker apart",
              run.place.home);
    int64_t begun_ms = clock_ticks_ms();
    start_server(&run);
    fault_await_server(&run.place);
    start_worker(&run);
    start_people(&run, people);
    for (int i = 0; i < run.kills; i++) kill_one(&run);
    for (int i = 0; i < CLIENTS; i++) thread_join(people[i].thread);
    fault_await_server(&run.place);
    int acknowledged = await_all(&run, &people[0].client);
    stop_all(&run);
    check_clean(&run);
    for (int i = 0; i < TARGETS; i++)
        fault_say("killed %s: %d times", target_names[i], run.killed[i]);
    fault_say("%zu uploads, %d acknowledged: all ready once, nothing left over; %lld s", run.count,
              acknowledged, (long long)(clock_ticks_ms() - begun_ms) / 1000);
    if (acknowledged == 0) fault_give_up("nothing was acknowledged, so nothing was shown");
    fault_place_remove(&run.place);
    return 0;
}
