/* observe.h: what dispatch tells app/ about each finished exchange, for access log and /metrics.
 *
 * app/ hands an observer to the dispatcher when it opens it; dispatch calls `finished` exactly once
 * for each exchange, from the server's `end` callback. Owns nothing. Threads: on poll threads
 * and workers, several at once; it must not block. */
#ifndef API_OBSERVE_H
#define API_OBSERVE_H

#include "api/call.h"
#include "api/route.h"

#include <stdbool.h>
#include <stdint.h>

/** One finished exchange. Texts are valid during the call only. */
struct observation {
    const struct route *route; /**< The matched row, or NULL (no such path, refused). */
    enum http_method method;
    text path;                 /**< Decoded, without query (queries carry signatures). */
    int code;                  /**< HTTP status sent. */
    bool completed;            /**< False: the client went before the end. */
    int64_t duration_us;
    text peer;                 /**< Address; observers keep its keyed hash only. */
    text user_id;              /**< Absent when nobody was signed in. */
    text video_id;             /**< From call->video_id; absent when not about one. */
    text request_id;
    int64_t body_bytes;        /**< Body bytes received. */
    const struct fault *fault; /**< Why it failed, or NULL. */
};

/** Who wants to know. */
struct observer {
    void *argument;
    void (*finished)(void *argument, const struct observation *what);
};

#endif
