/* home.h: the folder of an instance: made safely, held by one server, holding its keys.
 *
 * Owns: MATINEE_HOME (0700), keys/ in it (files of 32 random bytes, 0600, made once), and the lock
 * file server.lock. Threads: at start and end only. */
#ifndef APP_HOME_H
#define APP_HOME_H

#include "base/ctx.h"

/** Length of a key. */
enum { HOME_KEY_BYTES = 32 };

/** Makes the folder and those above it when missing. DENIED: it belongs to somebody else, or others
 *  may write there. */
status home_open(struct ctx *cx, const char *home) CHECKED;

/** Reads the key of that name, making it at the first call; of several processes that make it at
 * the same time all get the same one. INVALID: the file doesn't hold a key. In the arena. */
status home_key(struct ctx *cx, const char *home, const char *name, text *out) CHECKED;

/** Takes the instance for one server; `*out_fd` holds it until it is closed or the process dies.
 *  CONFLICT: another server has it. */
status home_lock(struct ctx *cx, const char *home, int *out_fd) CHECKED;

#endif
