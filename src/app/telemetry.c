/* telemetry.c: one observation → one line and a few counters. Owns: the meters. Threads: any. */
#include "app/telemetry.h"

#include "api/dispatch.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/scope.h"

#include <stdatomic.h>
#include <string.h>

enum { ADDRESS_HASH_BYTES = 8, USER_PREFIX = 6, PATH_BYTES = 300, KEY_BYTES = 32 };

const int64_t telemetry_bounds_us[TELEMETRY_BUCKETS] = {
    500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 5000000};

struct telemetry {
    unsigned char key[KEY_BYTES];
    size_t count;
    struct route_meter meters[]; /* sorted by the route's address; then the one without */
};

static int by_route(const void *a, const void *b) {
    uintptr_t left = (uintptr_t)((const struct route_meter *)a)->route;
    uintptr_t right = (uintptr_t)((const struct route_meter *)b)->route;
    return left < right ? -1 : left > right;
}

status telemetry_open(struct ctx *cx, const struct route_table *tables, size_t count,
                      text address_key, struct telemetry **out) {
    size_t total = 0;
    for (size_t i = 0; i < count; i++) total += tables[i].count;
    struct telemetry *telemetry =
        calloc(1, sizeof *telemetry + (total + 1) * sizeof telemetry->meters[0]);
    TRY_NEW(cx, telemetry);
    if (address_key.len == KEY_BYTES) memcpy(telemetry->key, address_key.at, KEY_BYTES);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < tables[i].count; j++)
            telemetry->meters[telemetry->count++].route = &tables[i].routes[j];
    qsort(telemetry->meters, telemetry->count, sizeof telemetry->meters[0], by_route);
    *out = telemetry;
    return OK;
}

void telemetry_close(struct telemetry *telemetry) {
    free(telemetry);
}

const struct route_meter *telemetry_meters(const struct telemetry *telemetry, size_t *out_count) {
    *out_count = telemetry->count + 1;
    return telemetry->meters;
}

static struct route_meter *meter_of(struct telemetry *telemetry, const struct route *route) {
    struct route_meter wanted = {.route = route};
    struct route_meter *found = bsearch(&wanted, telemetry->meters, telemetry->count,
                                        sizeof telemetry->meters[0], by_route);
    return found ? found : &telemetry->meters[telemetry->count];
}

static void add(_Atomic int64_t *to, int64_t amount) {
    (void)atomic_fetch_add_explicit(to, amount, memory_order_relaxed);
}

static void count(struct telemetry *telemetry, const struct observation *what) {
    struct route_meter *meter = meter_of(telemetry, what->route);
    for (size_t i = 0; i < TELEMETRY_BUCKETS; i++) {
        if (what->duration_us > telemetry_bounds_us[i]) continue;
        add(&meter->buckets[i], 1);
        break;
    }
    int class = what->code / 100;
    if (class >= 1 && class <= TELEMETRY_CLASSES) add(&meter->classes[class - 1], 1);
    add(&meter->total_us, what->duration_us);
    if (what->body_bytes > 0) add(&meter->body_bytes, what->body_bytes);
    if (!what->completed) add(&meter->broken, 1);
}

/* Failures of ours are errors; refusals are news, and so is what people do. Probes and the files of
 * the web application are told at level debug: they say nothing, and often. */
static enum log_level level_of(const struct observation *what) {
    if (what->code >= 500 && what->code != 503) return LOG_LEVEL_ERROR;
    if (what->code == 503) return LOG_LEVEL_WARNING;
    bool dull = what->code < 400 && (!what->route || what->route->quick);
    return dull ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO;
}

static void write_line(const struct telemetry *telemetry, const struct observation *what,
                       enum log_level level) {
    unsigned char hash[SHA256_BYTES];
    char hex[2 * ADDRESS_HASH_BYTES + 1];
    digest_hmac_sha256((text){(const char *)telemetry->key, KEY_BYTES}, what->peer.at,
                       what->peer.len, hash);
    hex_write(hash, ADDRESS_HASH_BYTES, hex);
    const struct fault *fault = what->fault && what->fault->code != OK ? what->fault : NULL;
    log_event(level, "request", LOG_TEXT("method", text_of(method_name(what->method))),
              LOG_TEXT("path", text_part(what->path, 0, PATH_BYTES)),
              LOG_TEXT("route", text_of(what->route ? what->route->name : NULL)),
              LOG_INT("status", what->code), LOG_INT("duration_ms", what->duration_us / 1000),
              LOG_TEXT("ip_hash", what->peer.at ? text_of(hex) : NO_TEXT),
              LOG_TEXT("user_id_prefix", text_part(what->user_id, 0, USER_PREFIX)),
              LOG_TEXT("video_id", what->video_id), LOG_TEXT("request_id", what->request_id),
              LOG_TEXT("broken", what->completed ? NO_TEXT : TEXT("true")),
              LOG_TEXT("code", fault ? text_of(status_name(fault->code)) : NO_TEXT),
              LOG_TEXT("error", fault ? text_of(fault->detail) : NO_TEXT),
              LOG_INT("foreign", fault && fault->foreign ? fault->foreign : NO_INT));
}

static void finished(void *argument, const struct observation *what) {
    struct telemetry *telemetry = argument;
    count(telemetry, what);
    enum log_level level = level_of(what);
    if (log_wants(level)) write_line(telemetry, what, level);
}

struct observer telemetry_observer(struct telemetry *telemetry) {
    return (struct observer){.argument = telemetry, .finished = finished};
}
