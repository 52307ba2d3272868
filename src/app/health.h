/* health.h: is it alive, and can it work (mission D6). Owns nothing. Threads: any. */
#ifndef APP_HEALTH_H
#define APP_HEALTH_H

#include "api/route.h"

/** GET /health and its other spellings, /health/ready, /api/v1/health. */
extern const struct route_table health_routes;

#endif
