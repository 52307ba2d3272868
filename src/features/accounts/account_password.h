/* account_password.h: passwords as Argon2id (RFC 9106), a bounded number at once.
 *
 * Owns nothing; the gate is the process's. Each computation takes 64 MiB and about a tenth of a
 * second (libsodium's INTERACTIVE cost, above OWASP's minimum of 19 MiB): with at most
 * PASSWORD_RUNNING_MOST at once their memory is bounded, and a flood of sign-ins gets BUSY instead
 * of the machine. Threads: any. */
#ifndef FEATURES_ACCOUNTS_ACCOUNT_PASSWORD_H
#define FEATURES_ACCOUNTS_ACCOUNT_PASSWORD_H

#include "base/ctx.h"

struct password_gate;

/** The password's hash with salt and cost, in the arena. BUSY: too many at once. NO_MEMORY. */
status password_hash(struct ctx *cx, struct password_gate *gate, text password, text *out) CHECKED;

/** Whether the password fits the hash. An absent hash takes the same time and never fits, so that
 * an unknown address can't be told from a wrong password. BUSY: too many at once. */
status password_fits(struct ctx *cx, struct password_gate *gate, text password, text hash,
                     bool *out) CHECKED;

/** True when the hash was made with another cost than today's. */
bool password_is_old(text hash);

#endif
