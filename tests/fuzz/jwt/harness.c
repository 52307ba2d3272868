/* harness.c: any bytes as an access token. None may pass, for none is signed; and what is taken
 * apart must lie inside the token.
 *
 * Owns: nothing between inputs. Threads: one. */
#include "base/scope.h"
#include "features/accounts/account_token.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    scoped(arena_done) struct arena *arena = arena_new(1 << 20);
    struct ctx cx = {.arena = arena};
    struct token_parts parts;
    text token = {(const char *)bytes, size};
    status taken = token_take_apart(&cx, token, &parts);
    if (taken != OK && taken != DENIED && taken != NO_MEMORY) abort();
    if (taken != OK) return 0;
    if (parts.kid.len == 0 || parts.kid.len > 47) abort();
    if (parts.message.at != token.at || parts.message.len >= token.len) abort();
    if (parts.signature.len == 0) abort();
    return 0;
}
