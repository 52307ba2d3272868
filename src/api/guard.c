/* guard.c: tokens, roles and the check against cross-site requests. Owns nothing; see guard.h.
 *
 * Cross-site request forgery needs credentials that a browser adds by itself. Ours that are such
 * are the cookies, and a request with a Bearer token proves that its sender knows the token; so
 * requests that change something and carry no token must come from our own pages or a listed
 * origin. */
#include "api/guard.h"

#include "api/cors.h"

static enum role least_role(enum auth auth) {
    switch (auth) {
    case AUTH_VIEWER:
        return ROLE_VIEWER;
    case AUTH_CREATOR:
        return ROLE_CREATOR;
    case AUTH_MODERATOR:
        return ROLE_MODERATOR;
    case AUTH_ADMIN:
        return ROLE_ADMIN;
    case AUTH_PUBLIC:
    case AUTH_OPTIONAL:
        break;
    }
    return ROLE_NONE;
}

bool method_is_safe(enum http_method method) {
    return method == HTTP_GET || method == HTTP_HEAD || method == HTTP_OPTIONS;
}

text guard_bearer(const struct http_exchange *exchange) {
    text value = http_header_of(exchange, "Authorization");
    if (!text_equal_nocase(text_part(value, 0, 7), TEXT("Bearer "))) return NO_TEXT;
    text token = text_trim(text_part(value, 7, value.len));
    return token.len ? token : NO_TEXT;
}

static status check_site(struct api_call *c) {
    const struct http_exchange *exchange = c->call.exchange;
    if (method_is_safe(exchange->method) || guard_bearer(exchange).at) return OK;
    text origin = http_header_of(exchange, "Origin");
    if (origin.at && (cors_is_own(c->api, exchange, origin) || cors_is_listed(c->api, origin)))
        return OK;
    text site = http_header_of(exchange, "Sec-Fetch-Site");
    bool foreign = text_is(site, "cross-site") || text_is(site, "same-site");
    if (!origin.at && !foreign) return OK;
    c->code_hint = 403;
    return ctx_fail(&c->call.cx, DENIED,
                    "This request came from another site; open it from Matinee's own pages.");
}

static status check_token(struct api_call *c) {
    text token = guard_bearer(c->call.exchange);
    if (!token.at) return OK;
    struct actor actor = {0};
    status verified = c->api->options.verify
                          ? c->api->options.verify(&c->call, token, &actor)
                          : ctx_fail(&c->call.cx, DENIED, "Nobody can sign in here.");
    c->bad_token = verified == DENIED;
    TRY(verified);
    c->call.actor = actor;
    return OK;
}

status guard_admit(struct api_call *c) {
    TRY(check_site(c));
    enum auth auth = c->route->auth;
    if (auth == AUTH_PUBLIC) return OK;
    TRY(check_token(c));
    enum role least = least_role(auth);
    if (c->call.actor.role >= least) return OK;
    if (c->call.actor.role == ROLE_NONE) return ctx_fail(&c->call.cx, DENIED, "Sign in first.");
    return ctx_fail(&c->call.cx, DENIED, "This needs the role %s; yours is %s.", role_name(least),
                    role_name(c->call.actor.role));
}

text call_bearer(const struct call *call) {
    return guard_bearer(call->exchange);
}

text call_cookie_of(const struct call *call, const char *name) {
    return http_cookie_of(call->exchange, name);
}
