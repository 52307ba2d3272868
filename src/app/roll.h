/* roll.h: which worker processes of this home are alive, so that the jobs of a dead one go on at
 * once and not only when their leases lapse.
 *
 * Owns: a file in MATINEE_HOME/workers for each process, named as the process's workers are, under
 * a lock that dies with it. Invariant: who can take the lock of another's file knows that it is
 * dead. Threads: join and leave from one; bury from one at a time. */
#ifndef APP_ROLL_H
#define APP_ROLL_H

#include "base/ctx.h"

/** Room for a process's name. */
enum { ROLL_NAME_BYTES = 96 };

struct queue;

/** This process on the roll. Zero-initialise with fd -1. */
struct roll {
    const char *home;           /**< The caller's. */
    int fd;                     /**< Holds the lock, or -1. */
    char name[ROLL_NAME_BYTES]; /**< Host, process number, and something no other process has. */
};

/** Enters this process. IO, DENIED: the folder can't be written. */
status roll_join(struct ctx *cx, const char *home, struct roll *out) CHECKED;

/** Takes the jobs of dead processes away from them and strikes these off the roll. */
status roll_bury(struct ctx *cx, const struct roll *roll, struct queue *queue) CHECKED;

/** Strikes this process off, when its jobs are given back. Nothing happens if it isn't on. */
void roll_leave(struct roll *roll);

#endif
