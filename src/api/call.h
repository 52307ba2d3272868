/* call.h: one call of a handler: who calls, the memory, the services, and the rare controls of a
 * reply.
 *
 * Owns nothing; lives as long as its exchange. Handlers know no HTTP: they get a checked input
 * record and fill an output record. Only streaming and file routes touch `call_*` controls.
 * Threads: one at a time. */
#ifndef API_CALL_H
#define API_CALL_H

#include "base/ctx.h"
#include "net/http.h"

/** Rights grow upward: each role may all that the ones before it may. */
enum role { ROLE_NONE, ROLE_VIEWER, ROLE_CREATOR, ROLE_MODERATOR, ROLE_ADMIN };

/** "viewer", … ↔ role; ROLE_NONE for an unknown name. */
enum role role_from(text name);
const char *role_name(enum role role);

/** Who calls. */
struct actor {
    text user_id;   /**< Absent when nobody is signed in. */
    enum role role; /**< ROLE_NONE when nobody is signed in. */
    text token_id;  /**< The access token's jti. */
    text family_id; /**< The sign-in (refresh family) the token belongs to. */
};

struct api;      /* api.h: the dispatcher */
struct limit;    /* route.h: a rate limit */
struct services; /* features/services.h: database, queue, blobs, cache, bus, configuration */

/** One call. `cx` comes first: `&call->cx` is the context of everything below. */
struct call {
    struct ctx cx;
    struct services *services;
    const struct api *api; /**< The dispatcher; NULL in calls that tests make by hand. */
    struct actor actor;
    struct http_exchange *exchange; /**< For streaming routes only. */
    text video_id; /**< Set by handlers for the log line, if the call is about one. */
    void *state;   /**< A streaming route's own, from open to run or broken. */
};

/** True when the actor is that user, or has at least the role. */
bool call_is_or_has(const struct call *call, text user_id, enum role least);

/** Sets a header of the reply. */
status call_header(struct call *call, const char *name, text value) CHECKED;

/** Overrides the route's success code; one of 400 and more overrides the code of the failure that
 * the handler then returns (415, 460, …). */
void call_code(struct call *call, int code);

/** Answers with bytes of that type instead of a record; `bytes` live in the call's arena or longer.
 */
status call_bytes(struct call *call, text content_type, text bytes, text etag,
                  text cache_control) CHECKED;

/** Answers with a part of a file; consumes `fd` on success. */
status call_file(struct call *call, text content_type, int fd, int64_t offset_bytes,
                 int64_t size_bytes, int64_t modified_ms, text etag, text cache_control) CHECKED;

/** Answers with an event stream; consumes it on success. */
status call_events(struct call *call, struct event_stream *events) CHECKED;

/** Counts `by` failed tries (0: only looks) under a key in a window, for guesses at passwords.
 * QUOTA once more than `most` stand there: the reply is 429 with Retry-After. OK in a call without
 * a dispatcher. */
status call_tries(struct call *call, text key, int64_t by, int64_t most, int64_t window_ms) CHECKED;

/** The Bearer token that came with the request, checked or not; absent when there is none. For
 * routes that must work with an expired one. */
text call_bearer(const struct call *call);

/** The value of a cookie that came with the request; absent when there is none. */
text call_cookie_of(const struct call *call, const char *name);

/** Takes one token of `limit` for that key (an address, an account). QUOTA once the bucket is
 * empty: the reply gets Retry-After and becomes 429. Always OK in a call without a dispatcher. */
status call_limited(struct call *call, const struct limit *limit, text key) CHECKED;

/** Sets or (with an absent value) clears a cookie: HttpOnly; SameSite=Strict; Secure when the
 * instance's public URL is https. */
status call_cookie(struct call *call, const char *name, text value, const char *path,
                   int64_t max_age_s) CHECKED;

#endif
