/* metrics.h: GET /metrics for Prometheus (mission D9). Owns nothing. Threads: any. */
#ifndef APP_METRICS_H
#define APP_METRICS_H

#include "api/route.h"

/** Text exposition format 0.0.4. */
extern const struct route_table metrics_routes;

#endif
