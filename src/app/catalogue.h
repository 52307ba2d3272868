/* catalogue.h: the tables of all features, in one place. Owns: constant data. Threads: any. */
#ifndef APP_CATALOGUE_H
#define APP_CATALOGUE_H

#include "api/route.h"
#include "features/job_kind.h"

/** All routes, app/'s own included. */
extern const struct route_table *const catalogue_routes[];
extern const size_t catalogue_route_count;

/** All kinds of jobs. */
extern const struct job_kind *const catalogue_jobs[];
extern const size_t catalogue_job_count;

/** Everything that is done now and then. */
extern const struct tick *const catalogue_ticks[];
extern const size_t catalogue_tick_count;

#endif
