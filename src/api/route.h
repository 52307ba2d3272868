/* route.h: a route is a row of a table; everything HTTP about it is said there.
 *
 * From the rows come dispatch, the checks of input, rights and limits, the OpenAPI document and the
 * authorisation matrix of the tests. Aliases (another spelling of the same thing) are rows of an
 * alias table that lead to the same route. Owns nothing: constant data. Threads: constant data. */
#ifndef API_ROUTE_H
#define API_ROUTE_H

#include "api/call.h"
#include "base/field.h"

/** Who may call. AUTH_OPTIONAL reads a token when there is one and refuses a bad one. */
enum auth { AUTH_PUBLIC, AUTH_OPTIONAL, AUTH_VIEWER, AUTH_CREATOR, AUTH_MODERATOR, AUTH_ADMIN };

/** A rate limit: a token bucket per caller (user, or address when nobody is signed in). */
struct limit {
    const char *name;
    int64_t per_minute;
    int64_t burst;
};

/** The row for routes that are never limited: health, media, pieces of an upload. */
extern const struct limit limit_exempt;

/** A handler: checked input in, output record to fill (cleared before). NULLs where the row has
 * none. */
typedef status handler(struct call *call, const void *in, void *out);

/** A streaming route's callbacks around its handler, for bodies that never lie in memory. */
struct body_stream {
    /** Before the first piece; sets call->state. */
    status (*open)(struct call *call, const void *in);
    status (*piece)(struct call *call, const void *bytes, size_t size);
    void (*broken)(struct call *call); /**< The body broke off; keep or drop. */
    void (*end)(struct call *call);    /**< Always last; frees call->state. May be NULL. */
};

/** A set of statuses, for `.fails`. */
#define ERR_BIT(code) (1u << (code))
#define ERRS_1_(a) ERR_BIT(a)
#define ERRS_2_(a, ...) (ERR_BIT(a) | ERRS_1_(__VA_ARGS__))
#define ERRS_3_(a, ...) (ERR_BIT(a) | ERRS_2_(__VA_ARGS__))
#define ERRS_4_(a, ...) (ERR_BIT(a) | ERRS_3_(__VA_ARGS__))
#define ERRS_5_(a, ...) (ERR_BIT(a) | ERRS_4_(__VA_ARGS__))
#define ERRS_6_(a, ...) (ERR_BIT(a) | ERRS_5_(__VA_ARGS__))
#define ERRS_PICK_(_1, _2, _3, _4, _5, _6, name, ...) name
/** ERRS(CONFLICT, QUOTA): the failures a route may answer besides INVALID, BUSY, TIMEOUT,
 * NO_MEMORY, IO, BUG. */
#define ERRS(...)                                                                                  \
    ERRS_PICK_(__VA_ARGS__, ERRS_6_, ERRS_5_, ERRS_4_, ERRS_3_, ERRS_2_, ERRS_1_)(__VA_ARGS__)

/** What a request's body is. */
enum body_form {
    BODY_NONE, /**< Input comes from path and query only (GET, DELETE). */
    BODY_JSON, /**< application/json, at most 1 MiB. */
    /** multipart/form-data: fields fill `in` before the first file part's bytes go to
     *  `.stream->piece`; fields behind it are there when `run` is called. Open is called when the
     *  file part ("file") begins. HIDDEN members `filename` and `filetype` of `in`, where there are
     *  any, are filled from that part. */
    BODY_MULTIPART,
    BODY_RAW, /**< Any bytes, to `.stream->piece`. */
};

/** One route. */
struct route {
    enum http_method method;
    const char *pattern; /**< "/api/v1/videos/{id}"; {name} fills the input member `name`. */
    const char *name;    /**< operationId, unique, such as "video_create". */
    handler *run;
    const struct schema *in;  /**< Path, query and body members together; NULL = none. */
    const struct schema *out; /**< Reply record; NULL = no JSON body. */
    int code;                 /**< Success code; 0 = 200 with `out` or `produces`, else 204. */
    enum auth auth;
    enum body_form body;
    const struct body_stream *stream;
    int64_t body_cap_bytes;    /**< For multipart and raw; 0 = the instance's MAX_FILE_SIZE. */
    const struct limit *limit; /**< NULL = the API's default limit. */
    unsigned fails;            /**< ERRS(…). */
    int also[4];               /**< Further statuses that the handler sets by call_code: 412, 415,
                                    423 or 460; 0 ends them. */
    const char *produces;      /**< Media type when the reply is not JSON: "text/event-stream". */
    bool quick;                /**< Never blocks; runs on the poll thread. */
    bool overridable; /**< POST with X-HTTP-Method-Override: this method reaches it (tus). */
    const char *doc;  /**< One sentence. */
};

/** Another spelling that leads to the same route. */
struct route_alias {
    enum http_method method;
    const char *pattern; /**< The other spelling. */
    const char *target;  /**< The route's pattern, with the same {names}. */
};

/** A feature's routes. */
struct route_table {
    const struct route *routes;
    size_t count;
    const struct route_alias *aliases;
    size_t alias_count;
};

#endif
