/* http_query.h: reading of queries and cookies, apart from exchanges so that it can be tested
 * alone.
 *
 * Owns nothing; results lie in the arena or in the input. Threads: pure functions. */
#ifndef NET_HTTP_QUERY_H
#define NET_HTTP_QUERY_H

#include "base/ctx.h"

/** Value of a hexadecimal digit, or -1. */
int query_hex(char digit);

/** Decodes one name or value of a query: '+' is a space, %XX a byte (WHATWG URL §5). INVALID: a
 * malformed escape, NUL, or a result that isn't UTF-8. NO_MEMORY over the arena's cap. */
status query_decode(struct arena *arena, text raw, text *out) CHECKED;

/** Takes the next parameter off a raw query: false at its end. Empty parameters ("a=1&&b=2") are
 * passed over. A parameter without '=' has the empty value. */
bool query_next(text *query, text *out_name, text *out_value);

/** The value of a cookie in a Cookie header's value (RFC 6265 §4.2.1; quotes around it are taken
 * off), or the absent text. The first of that name counts, as browsers send the most specific one
 * first. */
text query_cookie(text header, const char *name);

#endif
