/* job_meter.h: what became of jobs, for /metrics. Owns: counters. Threads: any. */
#ifndef APP_JOB_METER_H
#define APP_JOB_METER_H

#include "base/text.h"

#include <stdint.h>

/** Most kinds of jobs. */
enum { JOB_METER_KINDS = 16 };

/** What an attempt came to. */
enum job_outcome {
    JOB_DONE,       /**< Its result is stored. */
    JOB_FAILED,     /**< It will be tried again. */
    JOB_DEAD,       /**< It won't. */
    JOB_GIVEN_BACK, /**< The worker stopped. */
    JOB_LOST,       /**< The lease went to another worker, or the job was cancelled. */
    JOB_OUTCOMES
};

/** Counters of one kind of job. */
struct job_tally {
    const char *kind; /**< NULL = unused. */
    _Atomic int64_t outcomes[JOB_OUTCOMES];
    _Atomic int64_t run_us; /**< Time spent in attempts, whatever came of them. */
};

/** All kinds; zeroed at start, then `kind` is set by worker_start before any thread runs. */
struct job_meter {
    struct job_tally tallies[JOB_METER_KINDS];
};

/** "done", "failed", … */
const char *job_outcome_name(enum job_outcome outcome);

#endif
