/* account_api.c: the routes of sign-in. Owns nothing. Threads: workers.
 *
 * The refresh token travels in a cookie that no script can read and that is sent to /api/auth
 * alone; clients without cookies ask for it in the body. */
#include "base/clock.h"
#include "base/random.h"
#include "base/record.h"
#include "base/scope.h"
#include "features/accounts/account_inner.h"
#include "features/accounts/account_keys.h"
#include "features/accounts/account_password.h"
#include "features/accounts/account_token.h"

static const char cookie_name[] = "matinee_refresh";
static const char cookie_path[] = "/api/auth";

static const struct limit limit_register = {.name = "register", .per_minute = 60, .burst = 60};
static const struct limit limit_session = {.name = "session", .per_minute = 120, .burst = 60};
static const struct limit limit_me = {.name = "me", .per_minute = 300, .burst = 100};

struct registration {
    text email;
    text password;
    text display_name;
    bool want_refresh_token;
};
static const struct field registration_fields[] = {
    FIELD(struct registration, email, .flags = REQUIRED, .min = 3, .max = 254, .format = "email"),
    FIELD(struct registration, password, .flags = REQUIRED | SECRET | KEEP_SPACE, .min = 10,
          .max = 200),
    FIELD(struct registration, display_name, .flags = REQUIRED, .min = 1, .max = 80,
          .doc = "Shown beside what the user publishes."),
    FIELD(struct registration, want_refresh_token,
          .doc = "Answer the refresh token in the body too, for clients without cookies."),
};
static const struct schema registration_schema =
    SCHEMA("Registration", struct registration, registration_fields, "A new account.");

struct login {
    text email;
    text password;
    bool want_refresh_token;
};
static const struct field login_fields[] = {
    FIELD(struct login, email, .flags = REQUIRED, .min = 3, .max = 254, .format = "email"),
    FIELD(struct login, password, .flags = REQUIRED | SECRET | KEEP_SPACE, .min = 1, .max = 200),
    FIELD(struct login, want_refresh_token,
          .doc = "Answer the refresh token in the body too, for clients without cookies."),
};
static const struct schema login_schema =
    SCHEMA("Login", struct login, login_fields, "Who wants to sign in.");

struct refresh {
    text refresh_token;
    bool want_refresh_token;
};
static const struct field refresh_fields[] = {
    FIELD(struct refresh, refresh_token, .flags = SECRET, .max = 100,
          .doc = "Instead of the cookie."),
    FIELD(struct refresh, want_refresh_token,
          .doc = "Answer the new refresh token in the body too; always so when one came there."),
};
static const struct schema refresh_schema =
    SCHEMA("Refresh", struct refresh, refresh_fields, "Asks for new tokens.");

struct logout {
    text refresh_token;
};
static const struct field logout_fields[] = {
    FIELD(struct logout, refresh_token, .flags = SECRET, .max = 100,
          .doc = "Instead of the cookie."),
};
static const struct schema logout_schema =
    SCHEMA("Logout", struct logout, logout_fields, "Which sign-in is to end.");

struct jwks {
    list keys;
};
static const struct field jwks_fields[] = {
    FIELD_LIST_OF(struct jwks, keys, jwk_schema, .doc = "The signing one first."),
};
static const struct schema jwks_schema =
    SCHEMA("Jwks", struct jwks, jwks_fields, "The keys that access tokens may be signed with.");

/* Puts the refresh token where it belongs: always in the cookie, in the body only when asked. */
static status deliver(struct call *call, struct session *session, bool in_body) {
    TRY(call_cookie(call, cookie_name, session->refresh_token, cookie_path,
                    ACCOUNT_REFRESH_LIFETIME_MS / 1000));
    if (!in_body) session->refresh_token = NO_TEXT;
    return OK;
}

static status account_register(struct call *call, const void *in, void *out) {
    const struct registration *wanted = in;
    struct ctx *cx = &call->cx;
    struct account_row present;
    struct account user = {.display_name = wanted->display_name,
                           .role = TEXT("creator"),
                           .created_at_ms = clock_now_ms()};
    text hash = NO_TEXT;
    TRY(rules_email(cx, wanted->email, &user.email));
    TRY(rules_display_name(cx, wanted->display_name));
    TRY(rules_password(cx, wanted->password, user.email, wanted->display_name));
    status taken = account_by_email(cx, call->services, user.email, &present);
    if (taken == OK)
        return ctx_fail_field(
            cx, CONFLICT, "email",
            "There is an account with this e-mail address already; sign in instead.");
    if (taken != NOT_FOUND) return taken;
    TRY(password_hash(cx, &call->services->keys->gate, wanted->password, &hash));
    if (random_id(cx->arena, &user.id) != OK) return ctx_no_memory(cx);
    TRY(account_create(cx, call->services, &user, hash));
    TRY(session_open(cx, call->services, &user, out));
    return deliver(call, out, wanted->want_refresh_token);
}

static status account_login(struct call *call, const void *in, void *out) {
    const struct login *login = in;
    struct account user;
    TRY(account_sign_in(call, login->email, login->password, &user));
    TRY(session_open(&call->cx, call->services, &user, out));
    return deliver(call, out, login->want_refresh_token);
}

/* A cookie that can't help any more is taken away. */
static status forget(struct call *call, status failure) {
    if (failure == DENIED) TRY(call_cookie(call, cookie_name, NO_TEXT, cookie_path, 0));
    return failure;
}

static status account_refresh(struct call *call, const void *in, void *out) {
    const struct refresh *asked = in;
    bool from_body = asked->refresh_token.at != NULL;
    text token = from_body ? asked->refresh_token : call_cookie_of(call, cookie_name);
    status refreshed = session_refresh(&call->cx, call->services, token, out);
    if (refreshed != OK) return forget(call, refreshed);
    return deliver(call, out, from_body || asked->want_refresh_token);
}

/* Signing out works with an expired access token, and without any: what came is ended. */
static status account_logout(struct call *call, const void *in, void *out) {
    const struct logout *asked = in;
    struct ctx *cx = &call->cx;
    struct token_claims claims = {0};
    (void)out;
    text bearer = call_bearer(call);
    text token = asked->refresh_token.at ? asked->refresh_token : call_cookie_of(call, cookie_name);
    if (bearer.at) {
        status checked =
            token_check(cx, call->services->keys, bearer, clock_now_ms(), true, &claims);
        if (checked == DENIED) {
            ctx_clear(cx);
            claims = (struct token_claims){0};
        } else {
            TRY(checked);
        }
    }
    TRY(session_close(cx, call->services, token, claims.sid, claims.jti));
    return call_cookie(call, cookie_name, NO_TEXT, cookie_path, 0);
}

static status account_me(struct call *call, const void *in, void *out) {
    (void)in;
    status found = account_find(&call->cx, call->services, call->actor.user_id, out);
    if (found != NOT_FOUND) return found;
    ctx_clear(&call->cx);
    call_code(call, 401);
    return ctx_fail(&call->cx, DENIED, "This account doesn't exist any more.");
}

static status account_jwks(struct call *call, const void *in, void *out) {
    (void)in;
    (void)out;
    struct jwks jwks = {0};
    text json = NO_TEXT;
    TRY(keys_jwks(&call->cx, call->services->keys, &jwks.keys));
    TRY(record_to_json(&call->cx, &jwks_schema, &jwks, &json));
    return call_bytes(call, TEXT("application/json"), json, NO_TEXT, TEXT("public, max-age=300"));
}

static const struct route routes[] = {
    {.method = HTTP_POST,
     .pattern = "/api/auth/register",
     .name = "account_register",
     .run = account_register,
     .in = &registration_schema,
     .out = &session_schema,
     .code = 201,
     .auth = AUTH_PUBLIC,
     .body = BODY_JSON,
     .limit = &limit_register,
     .fails = ERRS(CONFLICT),
     .doc = "Makes an account and signs in."},
    {.method = HTTP_POST,
     .pattern = "/api/auth/login",
     .name = "account_login",
     .run = account_login,
     .in = &login_schema,
     .out = &session_schema,
     .auth = AUTH_PUBLIC,
     .body = BODY_JSON,
     .limit = &limit_session,
     .fails = ERRS(DENIED, QUOTA),
     .doc = "Signs in; the refresh token comes as a cookie."},
    {.method = HTTP_POST,
     .pattern = "/api/auth/refresh",
     .name = "account_refresh",
     .run = account_refresh,
     .in = &refresh_schema,
     .out = &session_schema,
     .auth = AUTH_PUBLIC,
     .body = BODY_JSON,
     .limit = &limit_session,
     .fails = ERRS(DENIED),
     .doc = "Exchanges the refresh token for new tokens; using one twice ends the sign-in."},
    {.method = HTTP_POST,
     .pattern = "/api/auth/logout",
     .name = "account_logout",
     .run = account_logout,
     .in = &logout_schema,
     .auth = AUTH_PUBLIC,
     .body = BODY_JSON,
     .limit = &limit_session,
     .doc = "Ends the sign-in, its access tokens included."},
    {.method = HTTP_GET,
     .pattern = "/api/auth/me",
     .name = "account_me",
     .run = account_me,
     .out = &account_schema,
     .auth = AUTH_VIEWER,
     .limit = &limit_me,
     .doc = "Who is signed in."},
    {.method = HTTP_GET,
     .pattern = "/.well-known/jwks.json",
     .name = "account_jwks",
     .run = account_jwks,
     .out = &jwks_schema,
     .auth = AUTH_PUBLIC,
     .limit = &limit_exempt,
     .doc = "The public keys that access tokens are signed with (RFC 7517)."},
};

const struct route_table account_routes = {.routes = routes, .count = COUNT_OF(routes)};
