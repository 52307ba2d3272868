/* inner.h: what the files of api/ share with each other and nobody else: the dispatcher and one
 * call.
 *
 * Owns nothing itself. Invariant: `struct api_call` begins with the `struct call` that handlers
 * see, and lives in its exchange's arena. Threads: `struct api` is constant while serving; a call
 * has one thread at a time. */
#ifndef API_INNER_H
#define API_INNER_H

#include "api/api.h"
#include "api/dispatch.h"

struct contract;
struct form;

/** The allow-list of origins. */
struct origins {
    text *at;
    size_t count;
    bool any; /**< "*": any origin, without cookies. */
};

/** The dispatcher. */
struct api {
    struct arena *arena; /**< Everything below lives in it. */
    struct api_options options;
    struct dispatch *dispatch;
    struct origins origins;
    text own_origin; /**< Of public_url; absent when there is none. */
    bool https;      /**< public_url begins with https. */
    text document;   /**< OpenAPI. */
    text document_etag;
    struct contract *contract; /**< NULL unless development asks for it. */
};

/** How far a call has come; it only moves forward. */
enum call_stage {
    STAGE_BEGUN,    /**< Looked up. */
    STAGE_ADMITTED, /**< Rights, limit and the input of path and query are checked. */
    STAGE_OPEN,     /**< The route's stream was opened. */
    STAGE_DONE,     /**< The reply is filled, well or badly. */
};

/** One call, as the dispatcher sees it. */
struct api_call {
    struct call call; /**< First member: handlers get &c->call. */
    struct api *api;
    struct match match;
    const struct route *route; /**< NULL: page, preflight, unknown path. */
    void *in;                  /**< The input record, or NULL. */
    enum call_stage stage;
    bool page;          /**< Answered by options.page. */
    bool stream_opened; /**< stream->open was called, so stream->end is due. */
    bool stream_broken; /**< stream->broken was called. */
    int code_hint;      /**< HTTP status of a failure that `status` can't tell, such as 415. */
    bool bad_token;     /**< The failure is about the token itself. */
    int64_t retry_ms;   /**< For Retry-After; 0 = none. */
    int64_t body_bytes; /**< Received so far in pieces. */
    struct form *form;  /**< form.c: how far a multipart body has come. */
};

/** True for methods that change nothing (RFC 9110 §9.2.1). */
bool method_is_safe(enum http_method method);

#endif
