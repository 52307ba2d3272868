/* api.h: from route tables to the server's callbacks.
 *
 * Owns: the dispatch tree, the OpenAPI document, the allow-list of origins. It makes of the
 * features' tables what net's server calls: look-up on a poll thread; rights, limits, input,
 * handler and reply on workers. Below it nobody knows a feature, above it nobody knows HTTP.
 * Invariants: every reply is the route's record, what a handler set with call_*, or problem+json
 * (RFC 9457); no handler runs before rights, limit and input were checked.
 * Threads: api_open and api_close from one; in between everything is constant, so any number. */
#ifndef API_API_H
#define API_API_H

#include "api/observe.h"
#include "api/route.h"

struct api;
struct cache;

/** Tells who a Bearer token belongs to. DENIED: unknown, expired, revoked; the fault says which.
 * May block. `out`'s texts live in the call's arena. */
typedef status api_verify(struct call *call, text token, struct actor *out);

/** Answers a GET or HEAD of a path that no route begins (the web application's pages): fills the
 * reply. Runs on a poll thread; must not block. False: there is no such page (404). */
typedef bool api_page(void *argument, struct http_exchange *exchange);

/** What the dispatcher is made from. Everything pointed at must outlive it, but for the array of
 *  tables. */
struct api_options {
    struct services *services;        /**< Handed to every call. */
    struct cache *cache;              /**< Counts the limits; NULL = no limits. */
    const struct route_table *tables; /**< All features' routes. */
    size_t table_count;
    api_verify *verify;       /**< NULL: every token is refused. */
    struct observer observer; /**< `finished` may be NULL. */
    api_page *page;           /**< NULL: unknown paths are 404. */
    void *page_argument;
    const char *cors_origins;   /**< Space- or comma-separated origins; "*" = any, without cookies;
                                     NULL or "" = none but our own. */
    const char *public_url;     /**< "https://films.example" or ""; https makes cookies Secure. */
    const char *title;          /**< Of the OpenAPI document ["Matinee"]. */
    const char *version;        /**< Of the program ["0"]. */
    struct limit default_limit; /**< For routes that name none [100 a minute, burst 20]. */
    bool limits_off;            /**< Development and tests: no route is limited. */
    int64_t max_body_bytes;     /**< For streamed bodies whose route sets no cap [100 MiB]. */
    int64_t handler_timeout_ms; /**< A call's deadline, streamed bodies excepted [30000]. */
    const char *contract_log;   /**< Development: each reply is appended to this file and held
                                     against its schema; NULL = off. See contract.h. */
};

/** Builds the dispatcher. BUG: a table contradicts itself (the fault names the route): two routes
 * with one method and path, a repeated name, a {name} that its input lacks, an alias without
 * target. IO: the contract log can't be opened. */
status api_open(struct ctx *cx, const struct api_options *options, struct api **out) CHECKED;

/** Frees it; the server that uses it must be closed before. NULL is fine. */
void api_close(struct api *api);

/** What http_server_open takes. */
struct http_app api_app(struct api *api);

/** The OpenAPI 3.1 document, as GET /api/openapi.json answers it; lives as long as `api`. The same
 *  tables always give the same bytes. */
text api_document(const struct api *api);

#endif
