/* program.c: opening and closing all parts in order. Owns: see program.h. Threads: see program.h.
 */
#include "app/program.h"

#include "api/api.h"
#include "app/catalogue.h"
#include "app/home.h"
#include "app/pages.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/scope.h"
#include "features/accounts/account.h"
#include "features/playback/playback.h"
#include "features/transcoding/transcode.h"
#include "net/http.h"
#include "store/blob/blob.h"
#include "store/bus/bus.h"
#include "store/cache/cache.h"
#include "store/db/db.h"
#include "store/queue/queue.h"

#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    PROGRAM_ARENA_BYTES = 4 * 1024 * 1024,
    ROUTE_TABLES_MOST = 32,
    KEEP_MALLOC_ARENAS = 2,
    LARGE_BLOCK_BYTES = 512 * 1024,
    DESCRIPTORS_MOST = 65536
};

/* Memory goes back to the system when a burst is over: few malloc arenas, large blocks mapped
 * alone. */
static void be_small(void) {
    (void)mallopt(M_ARENA_MAX, KEEP_MALLOC_ARENAS);
    (void)mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES);
    (void)mallopt(M_TRIM_THRESHOLD, LARGE_BLOCK_BYTES);
}

/* As many descriptors as the system allows this process: each connection and each film sent is one.
 */
static void allow_descriptors(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max < DESCRIPTORS_MOST ? limit.rlim_max : DESCRIPTORS_MOST;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

status program_begin(struct program *program, const char *service) {
    *program = (struct program){.lock_fd = -1, .roll.fd = -1};
    program->services.started_ticks_ms = clock_ticks_ms();
    be_small();
    allow_descriptors();
    program->arena = arena_new(PROGRAM_ARENA_BYTES);
    if (!program->arena) return NO_MEMORY;
    program->cx.arena = program->arena;
    TRY(config_load(&program->cx, &program->config));
    log_open(service, config_log_level(&program->config), STDERR_FILENO);
    if (random_open() != OK) return ctx_fail(&program->cx, BUG, "There is no randomness here.");
    (void)signal(SIGPIPE, SIG_IGN);
    return home_open(&program->cx, program->config.home);
}

static int encoder_threads(const struct config *config) {
    if (config->encoder_threads > 0) return (int)config->encoder_threads;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    int64_t share = processors / (config->workers > 0 ? config->workers : 1);
    return share > 0 ? (int)share : 1;
}

static void settle_settings(struct program *program) {
    const struct config *config = &program->config;
    struct settings *settings = &program->services.settings;
    settings->home = config->home;
    settings->public_url = config->public_url;
    settings->media_program = config->media_program;
    settings->environment = config->environment;
    settings->max_file_size_bytes = config->max_file_size_bytes;
    settings->user_quota_bytes = config->user_quota_bytes;
    settings->upload_lifetime_ms = config->upload_lifetime_ms;
    settings->signed_url_lifetime_ms = config->signed_url_lifetime_ms;
    settings->encoder_threads = encoder_threads(config);
}

static status open_database(struct program *program) {
    const struct config *config = &program->config;
    struct db_options options = {
        .url = config->database_url,
        .read_url = *config->database_read_url ? config->database_read_url : NULL,
        .readers = (int)config->database_readers,
        .writers = (int)config->database_writers,
    };
    TRY(db_open(&program->cx, &options, &program->services.db));
    return db_migrate(&program->cx, program->services.db);
}

static status open_storage(struct program *program) {
    text url;
    if (text_format(program->arena, &url, "file:%s", program->config.storage_path) != OK)
        return ctx_no_memory(&program->cx);
    return blob_open(&program->cx, url.at, &program->services.blobs);
}

status program_open(struct program *program) {
    struct ctx *cx = &program->cx;
    struct services *services = &program->services;
    const char *home = program->config.home;
    text account_key;
    settle_settings(program);
    TRY(home_key(cx, home, "url", &services->settings.url_key));
    TRY(home_key(cx, home, "address", &services->settings.address_key));
    TRY(home_key(cx, home, "account", &account_key));
    TRY(open_database(program));
    TRY(open_storage(program));
    TRY(queue_open(cx, services->db, &services->queue));
    TRY(cache_open(cx, program->config.cache_size_bytes, &services->cache));
    TRY(bus_open(cx, &services->bus));
    return account_keys_open(cx, services->db, account_key, program->config.public_url,
                             &services->keys);
}

static status open_api(struct program *program) {
    struct ctx *cx = &program->cx;
    const struct config *config = &program->config;
    struct route_table tables[ROUTE_TABLES_MOST];
    for (size_t i = 0; i < catalogue_route_count; i++) tables[i] = *catalogue_routes[i];
    TRY(telemetry_open(cx, tables, catalogue_route_count, program->services.settings.address_key,
                       &program->telemetry));
    struct api_options options = {
        .services = &program->services,
        .cache = program->services.cache,
        .tables = tables,
        .table_count = catalogue_route_count,
        .verify = account_verify,
        .observer = telemetry_observer(program->telemetry),
        .page = pages_answer,
        .cors_origins = config->cors_origins,
        .public_url = config->public_url,
        .version = program_version,
        .limits_off = text_is(text_of(config->limits), "off"),
        .max_body_bytes = config->max_file_size_bytes,
        .contract_log = *config->contract_log ? config->contract_log : NULL,
    };
    return api_open(cx, &options, &program->api);
}

status program_listen(struct program *program) {
    const struct config *config = &program->config;
    TRY(open_api(program));
    struct http_app app = api_app(program->api);
    struct http_options options = {
        .address = config->address,
        .port = (uint16_t)config->port,
        .unix_path = *config->socket ? config->socket : NULL,
        .workers = (int)config->handlers,
        .trusted_proxies = *config->trusted_proxies ? config->trusted_proxies : NULL,
    };
    return http_server_open(&program->cx, &options, &app, &program->services.http);
}

status program_work(struct program *program, int slots) {
    TRY(roll_join(&program->cx, program->config.home, &program->roll));
    TRY(roll_bury(&program->cx, &program->roll, program->services.queue));
    struct worker_options options = {
        .name = program->roll.name,
        .slots = slots,
        .kinds = catalogue_jobs,
        .kind_count = catalogue_job_count,
        .ticks = catalogue_ticks,
        .tick_count = catalogue_tick_count,
        .meter = &program->meter,
    };
    return worker_start(&program->cx, &program->services, &options, &program->worker);
}

/* Jobs are asked to end before the drain and waited for after it: both use the same seconds. */
void program_close(struct program *program, int64_t grace_ms) {
    struct services *services = &program->services;
    worker_stop(program->worker);
    if (services->http) http_server_drain(services->http, grace_ms);
    worker_join(program->worker);
    roll_leave(&program->roll);
    http_server_close(services->http);
    progress_close();
    api_close(program->api);
    telemetry_close(program->telemetry);
    index_cache_clear();
    account_keys_close(services->keys);
    queue_close(services->queue);
    bus_close(services->bus);
    cache_close(services->cache);
    blob_close(services->blobs);
    db_close(services->db);
    scope_close(&program->lock_fd);
    arena_free(program->arena);
    *program = (struct program){.lock_fd = -1, .roll.fd = -1};
}
