/* account_password.c: Argon2id behind its gate. Owns nothing; see the header. */
#include "features/accounts/account_password.h"

#include "base/clock.h"
#include "base/scope.h"
#include "features/accounts/account_inner.h"

#include <sodium.h>

enum { WAIT_MOST_MS = 5000 };

/* The hash of a random password that nobody has, at the same cost as all others. */
static const char nobody[] = "$argon2id$v=19$m=65536,t=2,p=1$5yPLXBKMKmBlTd2S0ZHDdA$"
                             "oYzp0tkq2aGN5vUeFqeYxA9s0wIXFHmRZM9cVZ8Yh1Y";

/* A place for one computation; `*out` gives it back with leave_gate. */
static status pass_gate(struct ctx *cx, struct password_gate *gate, struct password_gate **out) {
    LOCKED(&gate->lock);
    int64_t until_ms = clock_ticks_ms() + WAIT_MOST_MS;
    if (gate->running >= PASSWORD_RUNNING_MOST && gate->waiting >= PASSWORD_WAITING_MOST)
        return ctx_fail(cx, BUSY, "Many people are signing in; try again in a moment.");
    gate->waiting++;
    bool free_place = true;
    while (gate->running >= PASSWORD_RUNNING_MOST && free_place)
        free_place = condition_wait(&gate->freed, &gate->lock, until_ms);
    gate->waiting--;
    if (gate->running >= PASSWORD_RUNNING_MOST)
        return ctx_fail(cx, BUSY, "Many people are signing in; try again in a moment.");
    gate->running++;
    *out = gate;
    return OK;
}

static void leave_gate(struct password_gate **gate) {
    if (!*gate) return;
    LOCKED(&(*gate)->lock);
    (*gate)->running--;
    pthread_cond_signal(&(*gate)->freed);
}

status password_hash(struct ctx *cx, struct password_gate *gate, text password, text *out) {
    char hash[crypto_pwhash_STRBYTES];
    scoped(leave_gate) struct password_gate *held = NULL;
    TRY(pass_gate(cx, gate, &held));
    if (crypto_pwhash_str(hash, password.at, password.len, crypto_pwhash_OPSLIMIT_INTERACTIVE,
                          crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
        return ctx_no_memory(cx);
    return text_copy(cx->arena, text_of(hash), out) == OK ? OK : ctx_no_memory(cx);
}

status password_fits(struct ctx *cx, struct password_gate *gate, text password, text hash,
                     bool *out) {
    const char *stored = nobody;
    if (hash.at) TRY(text_to_c(cx->arena, hash, &stored));
    scoped(leave_gate) struct password_gate *held = NULL;
    TRY(pass_gate(cx, gate, &held));
    int fits = crypto_pwhash_str_verify(stored, password.at ? password.at : "", password.len);
    *out = fits == 0 && hash.at != NULL;
    return OK;
}

bool password_is_old(text hash) {
    char stored[crypto_pwhash_STRBYTES] = {0};
    if (hash.len >= sizeof stored) return true;
    for (size_t i = 0; i < hash.len; i++) stored[i] = hash.at[i];
    return crypto_pwhash_str_needs_rehash(stored, crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                          crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0;
}
