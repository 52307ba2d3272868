/* health.c: liveness answered from constants, readiness by asking each part.
 *
 * Owns nothing. Liveness runs on a poll thread and touches nothing that can block, so a busy
 * database never gets a healthy process killed. Readiness is what a load balancer asks: each part
 * is used once and timed; one failure makes the answer 503. Threads: any. */
#include "app/health.h"

#include "app/program.h"
#include "base/clock.h"
#include "base/scope.h"
#include "features/services.h"
#include "store/blob/blob.h"
#include "store/cache/cache.h"
#include "store/db/db.h"
#include "store/queue/queue.h"

struct health {
    text status;
};
static const char *const live_states[] = {"ok", NULL};
static const struct field health_fields[] = {
    FIELD(struct health, status, .flags = REQUIRED, .choices = live_states,
          .doc = "The process answers."),
};
static const struct schema health_schema =
    SCHEMA("Health", struct health, health_fields, "A sign of life.");

struct check {
    text status;
    int64_t latency_ms;
    text error;
};
static const char *const check_states[] = {"ok", "failed", NULL};
static const struct field check_fields[] = {
    FIELD(struct check, status, .flags = REQUIRED, .choices = check_states,
          .doc = "Whether the part could be used just now."),
    FIELD(struct check, latency_ms, .flags = REQUIRED, .doc = "How long that took."),
    FIELD(struct check, error, .flags = OMIT_ABSENT, .doc = "Why not, in one sentence."),
};
static const struct schema check_schema =
    SCHEMA("HealthCheck", struct check, check_fields, "One part of the installation.");

struct checks {
    struct check database;
    struct check cache;
    struct check queue;
    struct check storage;
};
static const struct field checks_fields[] = {
    FIELD_OBJECT_OF(struct checks, database, check_schema, .doc = "Read and written."),
    FIELD_OBJECT_OF(struct checks, cache, check_schema, .doc = "Written and read back."),
    FIELD_OBJECT_OF(struct checks, queue, check_schema, .doc = "Jobs were counted."),
    FIELD_OBJECT_OF(struct checks, storage, check_schema, .doc = "Written, read and deleted."),
};
static const struct schema checks_schema =
    SCHEMA("HealthChecks", struct checks, checks_fields, "Every part this server needs.");

struct readiness {
    text status;
    struct checks checks;
    int64_t uptime_seconds;
    text version;
};
static const struct field readiness_fields[] = {
    FIELD(struct readiness, status, .flags = REQUIRED, .choices = check_states,
          .doc = "ok when every check is."),
    FIELD_OBJECT_OF(struct readiness, checks, checks_schema, .doc = "Part by part."),
    FIELD(struct readiness, uptime_seconds, .flags = REQUIRED, .doc = "Since the server's start."),
    FIELD(struct readiness, version, .flags = REQUIRED, .doc = "Of the program."),
};
static const struct schema readiness_schema =
    SCHEMA("Readiness", struct readiness, readiness_fields, "Whether the server can do its work.");

static status check_database(struct ctx *cx, struct services *services) {
    return db_ping(cx, services->db);
}

static status check_cache(struct ctx *cx, struct services *services) {
    text got;
    cache_put(services->cache, TEXT("health:probe"), TEXT("ok"), 60000);
    status found = cache_get(cx, services->cache, TEXT("health:probe"), &got);
    return found == OK ? OK : ctx_fail(cx, IO, "The cache doesn't keep what it is given.");
}

static status check_queue(struct ctx *cx, struct services *services) {
    struct queue_figures figures;
    return queue_figures_of(cx, services->queue, &figures);
}

static status check_storage(struct ctx *cx, struct services *services) {
    return blob_ping(cx, services->blobs);
}

/* Uses one part and notes how that went. True when it works. */
static bool probe(struct call *call, status (*part)(struct ctx *, struct services *),
                  struct check *out) {
    int64_t began_us = clock_ticks_us();
    status code = part(&call->cx, call->services);
    out->latency_ms = (clock_ticks_us() - began_us + 500) / 1000;
    out->status = code == OK ? TEXT("ok") : TEXT("failed");
    if (code != OK && text_copy(call->cx.arena, text_of(call->cx.fault.detail), &out->error) != OK)
        out->error = text_of(status_name(code));
    ctx_clear(&call->cx);
    return code == OK;
}

static status health_live(struct call *call, const void *in, void *out) {
    (void)call;
    (void)in;
    ((struct health *)out)->status = TEXT("ok");
    return OK;
}

static status health_ready(struct call *call, const void *in, void *out) {
    (void)in;
    struct readiness *ready = out;
    bool ok = probe(call, check_database, &ready->checks.database);
    ok = probe(call, check_cache, &ready->checks.cache) && ok;
    ok = probe(call, check_queue, &ready->checks.queue) && ok;
    ok = probe(call, check_storage, &ready->checks.storage) && ok;
    ready->status = ok ? TEXT("ok") : TEXT("failed");
    ready->uptime_seconds = (clock_ticks_ms() - call->services->started_ticks_ms) / 1000;
    ready->version = text_of(program_version);
    if (!ok) {
        call_code(call, 503);
        TRY(call_header(call, "Retry-After", TEXT("5")));
    }
    return OK;
}

static const struct route routes[] = {
    {.method = HTTP_GET,
     .pattern = "/health",
     .name = "health_live",
     .run = health_live,
     .out = &health_schema,
     .auth = AUTH_PUBLIC,
     .limit = &limit_exempt,
     .quick = true,
     .doc = "Tells that the process answers; touches nothing else."},
    {.method = HTTP_GET,
     .pattern = "/health/ready",
     .name = "health_ready",
     .run = health_ready,
     .out = &readiness_schema,
     .auth = AUTH_PUBLIC,
     .limit = &limit_exempt,
     .doc = "Uses each part once; 503 when one fails."},
};

static const struct route_alias aliases[] = {
    {HTTP_GET, "/healthz", "/health"},
    {HTTP_GET, "/health/live", "/health"},
    {HTTP_GET, "/api/v1/health", "/health/ready"},
};

const struct route_table health_routes = {.routes = routes,
                                          .count = COUNT_OF(routes),
                                          .aliases = aliases,
                                          .alias_count = COUNT_OF(aliases)};
