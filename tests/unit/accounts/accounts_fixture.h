/* accounts_fixture.h: accounts over a real database, without HTTP.
 *
 * Owns: one set of services over the database fixture. Threads: see db_fixture.h. */
#ifndef TESTS_UNIT_ACCOUNTS_FIXTURE_H
#define TESTS_UNIT_ACCOUNTS_FIXTURE_H

#include "db_fixture.h"

#include "base/clock.h"
#include "features/accounts/account_inner.h"
#include "features/accounts/account_keys.h"
#include "features/accounts/account_password.h"
#include "features/accounts/account_token.h"
#include "migrations/migrations.h"
#include "store/cache/cache.h"

#include <stdlib.h>
#include <string.h>

#define TEST_SECRET TEXT("0123456789abcdef0123456789abcdef")

/** Services like those of a server over the fixture's database; `secret` seals its keys. */
static inline struct services *services_new(struct db_fixture *fixture, text secret) {
    struct ctx *cx = &fixture->cx;
    struct services *services = calloc(1, sizeof *services);
    assert_non_null(services);
    services->db = fixture->db;
    services->settings.address_key = TEST_SECRET;
    services->settings.public_url = "";
    assert_ok(cx, cache_open(cx, 1 << 20, &services->cache));
    assert_ok(cx, account_keys_open(cx, fixture->db, secret, "", &services->keys));
    return services;
}

static inline void services_done(struct services **services) {
    if (!*services) return;
    account_keys_close((*services)->keys);
    cache_close((*services)->cache);
    free(*services);
}

/** The migrations of the program, for the fixture. */
static inline void take_migrations(void) {
    db_fixture_steps = migrations_all;
    db_fixture_step_count = migrations_count;
}

/** Claims of an ordinary token that is good now. */
static inline struct token_claims good_claims(void) {
    int64_t now_s = clock_now_ms() / 1000;
    return (struct token_claims){.iss = TEXT("matinee"),
                                 .aud = TEXT("matinee"),
                                 .sub = TEXT("abcdefghijk"),
                                 .jti = TEXT("0123456789abcdefghijkl"),
                                 .sid = TEXT("family00000"),
                                 .role = TEXT("creator"),
                                 .iat = now_s,
                                 .nbf = now_s,
                                 .exp = now_s + 1800};
}

#endif
