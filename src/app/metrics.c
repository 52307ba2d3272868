/* metrics.c: the figures of all parts in Prometheus' text format.
 *
 * Owns nothing: every figure belongs to the part that counts it. A part that can't tell its figures
 * now (a database that is away) is left out, so that the others still arrive. Threads: any. Source:
 * Prometheus text exposition format 0.0.4. */
#include "app/metrics.h"

#include "api/dispatch.h"
#include "app/program.h"
#include "base/clock.h"
#include "base/scope.h"
#include "net/http.h"
#include "store/blob/blob.h"
#include "store/cache/cache.h"
#include "store/db/db.h"
#include "store/queue/queue.h"

#include <dirent.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

static void head(struct build *to, const char *name, const char *type, const char *help) {
    build_format(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void number(struct build *to, const char *name, const char *type, const char *help,
                   int64_t value) {
    head(to, name, type, help);
    build_format(to, "%s %lld\n", name, (long long)value);
}

static int64_t load(const _Atomic int64_t *from) {
    return atomic_load_explicit(from, memory_order_relaxed);
}

static const char *route_label(const struct route_meter *meter) {
    return meter->route ? meter->route->name : "none";
}

static const char *method_label(const struct route_meter *meter) {
    return meter->route ? method_name(meter->route->method) : "any";
}

static int64_t requests_of(const struct route_meter *meter) {
    int64_t sum = 0;
    for (size_t i = 0; i < TELEMETRY_CLASSES; i++) sum += load(&meter->classes[i]);
    return sum;
}

static void put_histogram(struct build *to, const struct route_meter *meter) {
    static const char name[] = "matinee_http_request_duration_seconds";
    const char *route = route_label(meter);
    int64_t total = requests_of(meter);
    int64_t sum = 0;
    for (size_t i = 0; i < TELEMETRY_BUCKETS; i++) {
        sum += load(&meter->buckets[i]);
        build_format(to, "%s_bucket{route=\"%s\",le=\"%g\"} %lld\n", name, route,
                     (double)telemetry_bounds_us[i] / 1e6, (long long)sum);
    }
    build_format(to, "%s_bucket{route=\"%s\",le=\"+Inf\"} %lld\n", name, route,
                 (long long)(total > sum ? total : sum));
    build_format(to, "%s_sum{route=\"%s\"} %.6f\n%s_count{route=\"%s\"} %lld\n", name, route,
                 (double)load(&meter->total_us) / 1e6, name, route,
                 (long long)(total > sum ? total : sum));
}

static void put_routes(struct build *to, const struct telemetry *telemetry) {
    size_t count;
    const struct route_meter *meters = telemetry_meters(telemetry, &count);
    head(to, "matinee_http_request_duration_seconds", "histogram",
         "Time from a request's head to the end of its reply.");
    for (size_t i = 0; i < count; i++)
        if (requests_of(&meters[i]) > 0) put_histogram(to, &meters[i]);
    head(to, "matinee_http_requests_total", "counter", "Replies by route and class of status.");
    for (size_t i = 0; i < count; i++)
        for (size_t class = 0; class < TELEMETRY_CLASSES; class ++) {
            int64_t replies = load(&meters[i].classes[class]);
            if (replies == 0) continue;
            build_format(to,
                         "matinee_http_requests_total{route=\"%s\",method=\"%s\",status=\"%zuxx\"} "
                         "%lld\n",
                         route_label(&meters[i]), method_label(&meters[i]), class + 1,
                         (long long)replies);
        }
    head(to, "matinee_http_broken_total", "counter", "Exchanges whose client left before the end.");
    for (size_t i = 0; i < count; i++)
        if (load(&meters[i].broken) > 0)
            build_format(to, "matinee_http_broken_total{route=\"%s\"} %lld\n",
                         route_label(&meters[i]), (long long)load(&meters[i].broken));
}

/* Routes that take a body in pieces are the uploads. */
static void put_uploads(struct build *to, const struct telemetry *telemetry) {
    size_t count;
    const struct route_meter *meters = telemetry_meters(telemetry, &count);
    int64_t bytes = 0;
    int64_t good = 0;
    int64_t bad = 0;
    for (size_t i = 0; i < count; i++) {
        if (!meters[i].route || !meters[i].route->stream) continue;
        bytes += load(&meters[i].body_bytes);
        good += load(&meters[i].classes[1]);
        bad += load(&meters[i].classes[3]) + load(&meters[i].classes[4]);
    }
    number(to, "matinee_upload_bytes_total", "counter", "Bytes of films received.", bytes);
    head(to, "matinee_upload_requests_total", "counter", "Requests that brought bytes of films.");
    build_format(to,
                 "matinee_upload_requests_total{result=\"success\"} %lld\n"
                 "matinee_upload_requests_total{result=\"failure\"} %lld\n",
                 (long long)good, (long long)bad);
}

static void put_server(struct build *to, struct http_server *server) {
    struct http_figures f;
    if (!server) return;
    http_figures_of(server, &f);
    number(to, "matinee_http_connections", "gauge", "Open connections.", f.connections);
    number(to, "matinee_http_in_flight", "gauge", "Requests being answered.", f.exchanges_active);
    number(to, "matinee_http_waiting", "gauge", "Requests waiting for a handler.", f.queued);
    number(to, "matinee_http_handlers_busy", "gauge", "Handlers at work.", f.workers_busy);
    number(to, "matinee_http_refused_total", "counter",
           "Requests refused by the guard or for load.", f.refused_total);
    number(to, "matinee_http_received_bytes_total", "counter", "Bytes received.", f.bytes_in_total);
    number(to, "matinee_http_sent_bytes_total", "counter", "Bytes sent.", f.bytes_out_total);
    number(to, "matinee_event_listeners", "gauge", "Open event streams.", f.event_listeners);
}

static void put_database(struct build *to, struct db *db) {
    struct db_figures f;
    db_figures_of(db, &f);
    number(to, "matinee_database_connections", "gauge", "Connections of all pools.",
           f.connections_open);
    number(to, "matinee_database_connections_busy", "gauge", "Connections in use.",
           f.connections_in_use);
    number(to, "matinee_database_writes_total", "counter", "Write transactions.", f.writes);
    number(to, "matinee_database_commits_total", "counter",
           "Commits; fewer than writes when these share them.", f.commits);
}

static void put_cache(struct build *to, struct cache *cache) {
    struct cache_figures f;
    cache_figures_of(cache, &f);
    number(to, "matinee_cache_hits_total", "counter", "Values found.", f.hits);
    number(to, "matinee_cache_misses_total", "counter", "Values not found.", f.misses);
    number(to, "matinee_cache_entries", "gauge", "Values and counters kept.", f.entries);
    number(to, "matinee_cache_bytes", "gauge", "Memory they take.", f.bytes);
}

static void put_jobs(struct build *to, struct program *program) {
    struct ctx *cx = &(struct ctx){.arena = to->arena};
    struct queue_figures f;
    if (queue_figures_of(cx, program->services.queue, &f) == OK) {
        head(to, "matinee_queue_jobs", "gauge", "Jobs by state.");
        build_format(to,
                     "matinee_queue_jobs{state=\"ready\"} %lld\n"
                     "matinee_queue_jobs{state=\"running\"} %lld\n"
                     "matinee_queue_jobs{state=\"dead\"} %lld\n",
                     (long long)f.ready, (long long)f.running, (long long)f.dead);
        head(to, "matinee_queue_oldest_seconds", "gauge", "Age of the oldest waiting job.");
        build_format(to, "matinee_queue_oldest_seconds %.3f\n", (double)f.oldest_ready_ms / 1e3);
    }
    head(to, "matinee_jobs_total", "counter", "Attempts by this process, by outcome.");
    for (size_t i = 0; i < JOB_METER_KINDS && program->meter.tallies[i].kind; i++)
        for (int outcome = 0; outcome < JOB_OUTCOMES; outcome++)
            build_format(to, "matinee_jobs_total{kind=\"%s\",outcome=\"%s\"} %lld\n",
                         program->meter.tallies[i].kind, job_outcome_name(outcome),
                         (long long)load(&program->meter.tallies[i].outcomes[outcome]));
    head(to, "matinee_job_seconds_total", "counter", "Time spent in jobs (encoding time).");
    for (size_t i = 0; i < JOB_METER_KINDS && program->meter.tallies[i].kind; i++)
        build_format(to, "matinee_job_seconds_total{kind=\"%s\"} %.6f\n",
                     program->meter.tallies[i].kind,
                     (double)load(&program->meter.tallies[i].run_us) / 1e6);
}

static void put_storage(struct build *to, struct blob_store *blobs) {
    struct ctx *cx = &(struct ctx){.arena = to->arena};
    int64_t used;
    int64_t spare;
    if (blob_usage(cx, blobs, &used, &spare) != OK) return;
    number(to, "matinee_storage_used_bytes", "gauge", "Bytes of films and uploads.", used);
    if (spare >= 0)
        number(to, "matinee_storage_free_bytes", "gauge", "Bytes free on that medium.", spare);
}

static int64_t open_descriptors(void) {
    DIR *folder = opendir("/proc/self/fd");
    if (!folder) return -1;
    int64_t count = -3; /* ".", "..", and the listing itself */
    while (readdir(folder)) count++;
    (void)closedir(folder);
    return count;
}

static void put_process(struct build *to, const struct program *program) {
    scoped(scope_fclose) FILE *statm = fopen("/proc/self/statm", "re");
    long long size;
    long long resident;
    if (statm && fscanf(statm, "%lld %lld", &size, &resident) == 2)
        number(to, "process_resident_memory_bytes", "gauge", "Resident memory.",
               resident * sysconf(_SC_PAGESIZE));
    int64_t descriptors = open_descriptors();
    if (descriptors >= 0)
        number(to, "process_open_fds", "gauge", "Open file descriptors.", descriptors);
    struct timespec used;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0) {
        head(to, "process_cpu_seconds_total", "counter", "Processor time, films' children apart.");
        build_format(to, "process_cpu_seconds_total %.3f\n",
                     (double)used.tv_sec + (double)used.tv_nsec / 1e9);
    }
    int64_t uptime_ms = clock_ticks_ms() - program->services.started_ticks_ms;
    head(to, "process_start_time_seconds", "gauge", "When the process started.");
    build_format(to, "process_start_time_seconds %.3f\n",
                 (double)(clock_now_ms() - uptime_ms) / 1e3);
    head(to, "matinee_info", "gauge", "The program's version.");
    build_format(to, "matinee_info{version=\"%s\"} 1\n", program_version);
}

static status metrics_get(struct call *call, const void *in, void *out) {
    (void)in;
    (void)out;
    struct program *program = program_of(call->services);
    struct build body = {.arena = call->cx.arena};
    put_routes(&body, program->telemetry);
    put_uploads(&body, program->telemetry);
    put_server(&body, program->services.http);
    put_database(&body, program->services.db);
    put_cache(&body, program->services.cache);
    put_jobs(&body, program);
    put_storage(&body, program->services.blobs);
    put_process(&body, program);
    text whole;
    if (build_text(&body, &whole) != OK) return ctx_no_memory(&call->cx);
    return call_bytes(call, TEXT("text/plain; version=0.0.4; charset=utf-8"), whole, NO_TEXT,
                      NO_TEXT);
}

static const struct route routes[] = {
    {.method = HTTP_GET,
     .pattern = "/metrics",
     .name = "metrics_get",
     .run = metrics_get,
     .auth = AUTH_PUBLIC,
     .limit = &limit_exempt,
     .produces = "text/plain",
     .doc = "Figures for Prometheus, in its text format."},
};

const struct route_table metrics_routes = {.routes = routes, .count = COUNT_OF(routes)};
