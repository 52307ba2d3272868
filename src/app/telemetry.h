/* telemetry.h: what happened to requests: the access log and the figures behind /metrics.
 *
 * Owns: counters and histograms by route, made once from the route tables. Invariant: no address
 * and no full user id is written anywhere, only a keyed hash and six characters (mission D8).
 * Threads: any; counters are atomic, the table of routes is constant. */
#ifndef APP_TELEMETRY_H
#define APP_TELEMETRY_H

#include "api/observe.h"

/** Buckets of the histogram, and classes of status. */
enum { TELEMETRY_BUCKETS = 12, TELEMETRY_CLASSES = 5 };

/** Upper bounds of the histogram's buckets in microseconds; what is slower counts in +Inf only. */
extern const int64_t telemetry_bounds_us[TELEMETRY_BUCKETS];

/** Requests of one route (or of all that have none). */
struct route_meter {
    const struct route *route;                  /**< NULL: pages, unknown paths, refusals. */
    _Atomic int64_t buckets[TELEMETRY_BUCKETS]; /**< Not cumulative. */
    _Atomic int64_t classes[TELEMETRY_CLASSES]; /**< 1xx … 5xx. */
    _Atomic int64_t total_us;
    _Atomic int64_t body_bytes; /**< Received. */
    _Atomic int64_t broken;     /**< The client went before the end. */
};

struct telemetry;

/** Makes the meters. `address_key` (32 bytes, copied) keys the hashes of addresses. */
status telemetry_open(struct ctx *cx, const struct route_table *tables, size_t count,
                      text address_key, struct telemetry **out) CHECKED;
void telemetry_close(struct telemetry *telemetry); /**< NULL is fine. */

/** What the dispatcher is given. */
struct observer telemetry_observer(struct telemetry *telemetry);

/** All meters, that of no route last. */
const struct route_meter *telemetry_meters(const struct telemetry *telemetry, size_t *out_count);

#endif
