/* program.h: all parts of a running Matinee, opened in order and closed in reverse.
 *
 * Owns: everything that `struct services` points at, and what app/ keeps beside it. This is the
 * only place that names drivers and features together. Threads: opened and closed from one thread;
 * what lies in between says its own rules. */
#ifndef APP_PROGRAM_H
#define APP_PROGRAM_H

#include "app/config.h"
#include "app/job_meter.h"
#include "app/roll.h"
#include "app/telemetry.h"
#include "app/worker.h"
#include "features/services.h"

/** The version, such as "0.1.0". */
extern const char program_version[];

struct api;

/** The whole. `services` comes first: handlers of app/ find the rest through call->services. */
struct program {
    struct services services;
    struct config config;
    struct arena *arena; /**< Settings, keys: what lives as long as the process. */
    struct ctx cx;       /**< Over that arena; for start and end. */
    struct telemetry *telemetry;
    struct job_meter meter;
    struct api *api;
    struct worker *worker;
    struct roll roll; /**< This process among those that work on this home. */
    int lock_fd;      /**< The instance's lock, or -1. */
};

/** The program that the context of a call of app/'s own handlers belongs to. */
static inline struct program *program_of(struct services *services) {
    return (struct program *)services;
}

/** Reads the settings and prepares log, random numbers and home, and nothing that takes time. The
 * fault is in program->cx. Call program_close also when this or a later step failed. */
status program_begin(struct program *program, const char *service) CHECKED;

/** Opens database, queue, objects, cache, bus, keys. */
status program_open(struct program *program) CHECKED;

/** Builds dispatcher and server and starts to answer. */
status program_listen(struct program *program) CHECKED;

/** Starts `slots` job threads and the ticks. */
status program_work(struct program *program, int slots) CHECKED;

/** Stops what runs and closes everything; exchanges in flight get `grace_ms`. */
void program_close(struct program *program, int64_t grace_ms);

#endif
