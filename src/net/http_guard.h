/* http_guard.h: decides whether a request is unambiguous, before anybody acts on it.
 *
 * Owns nothing; everything it hands out lives in the caller's arena or in the request itself. Two
 * parts: guard_layout proves that the library's view of the header block is the block's only
 * reading (every byte is accounted for, so nothing was folded, merged or skipped); guard_check
 * holds that reading against RFC 9110 and RFC 9112, more strictly than they ask where leniency has
 * been a way to smuggle. docs/decisions/0004-http-guard.md gives the reasons. Threads: pure
 * functions. */
#ifndef NET_HTTP_GUARD_H
#define NET_HTTP_GUARD_H

#include "net/http.h"

/** What a head may measure. */
enum {
    GUARD_HEADERS = 100,             /**< More than these are refused with 431. */
    GUARD_HEADER_BLOCK_BYTES = 8192, /**< Request line and headers together. */
    GUARD_TARGET_BYTES = 4096,       /**< Longer request targets are refused with 414. */
};

/** A request's head as it was read. */
struct guard_request {
    text method;
    text target;  /**< Raw: nothing decoded, nothing cut. */
    text version; /**< "HTTP/1.1" */
    const struct http_header *headers;
    size_t header_count;
};

/** What the guard found out on its way. */
struct guard_result {
    enum http_method method;
    text path;                    /**< Decoded once, in the arena. */
    text query;                   /**< Raw, without '?'; absent when there was none. */
    int64_t content_length_bytes; /**< -1 when chunked, 0 without a body. */
    bool has_body;                /**< A body of at least one byte may follow. */
    bool expects_continue;        /**< The client waits for "100 Continue" before its body. */
};

/** Why a request is refused; code 0 = it isn't. The sentence is a constant. */
struct guard_verdict {
    int code;
    const char *sentence;
};

/** Where the parts of a header block lie in memory. Line ends and the separators behind method,
 * target and names have been overwritten with NUL by the library, and nothing else. */
struct guard_block {
    const char *at; /**< First byte of the method. */
    size_t size;    /**< Up to and with the empty line. */
    text method, target, version;
    const struct http_header *headers;
    size_t header_count;
};

/** True when method, target, version and headers tile the block without a gap: one separator behind
 *  each part, CRLF behind each line, the empty line at the end. */
bool guard_layout(const struct guard_block *block);

/** Checks a request's head. `out` is written only when the verdict's code is 0. */
struct guard_verdict guard_check(struct arena *arena, const struct guard_request *request,
                                 struct guard_result *out);

/** Decodes a raw path once (RFC 3986 §2.1) and refuses what could be read in two ways: malformed
 * escapes, NUL and control characters, an encoded or plain backslash, an encoded slash, escapes of
 * escapes, bytes that aren't UTF-8, and "." or ".." as a part. The result begins with '/'. */
struct guard_verdict guard_path(struct arena *arena, text raw, text *out);

#endif
