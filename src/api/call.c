/* call.c: roles and what a handler may ask about its caller. Owns nothing. Threads: any. */
#include "api/call.h"

static const char *const names[] = {[ROLE_NONE] = "none",
                                    [ROLE_VIEWER] = "viewer",
                                    [ROLE_CREATOR] = "creator",
                                    [ROLE_MODERATOR] = "moderator",
                                    [ROLE_ADMIN] = "admin"};

enum role role_from(text name) {
    for (int i = ROLE_VIEWER; i <= ROLE_ADMIN; i++) {
        if (text_is(name, names[i])) return (enum role)i;
    }
    return ROLE_NONE;
}

const char *role_name(enum role role) {
    return role >= ROLE_NONE && role <= ROLE_ADMIN ? names[role] : names[ROLE_NONE];
}

bool call_is_or_has(const struct call *call, text user_id, enum role least) {
    if (call->actor.role == ROLE_NONE) return false;
    if (call->actor.role >= least) return true;
    return user_id.at && call->actor.user_id.at && text_equal(call->actor.user_id, user_id);
}
