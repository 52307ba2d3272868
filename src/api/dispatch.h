/* dispatch.h: which route a method and a path lead to.
 *
 * Owns: a tree of path parts, made once from the route tables, and for each route what can be
 * worked out in advance (its own {names}, the part of its input that a body may fill). Invariants:
 * a literal part wins over "{n}.m4s", which wins over "{name}"; no two routes share method and
 * shape; a look-up takes no memory. Threads: constant after dispatch_build. */
#ifndef API_DISPATCH_H
#define API_DISPATCH_H

#include "api/route.h"

/** The most parameters and parts of a path; the number of methods. */
enum { DISPATCH_PARAMETERS = 6, DISPATCH_PARTS = 16, DISPATCH_METHODS = HTTP_OPTIONS + 1 };

struct dispatch;

/** A route at one place of the tree; aliases have their own. */
struct bound {
    const struct route *route;
    text names[DISPATCH_PARAMETERS]; /**< {names} of this spelling, from the left. */
    size_t name_count;
    struct schema given; /**< `route->in` without the path's members. */
};

/** What was found. */
struct match {
    const struct bound *bound;        /**< NULL: no such path, or not with this method. */
    text values[DISPATCH_PARAMETERS]; /**< Parts of the path, in the order of bound->names. */
    unsigned methods; /**< Bits 1 << enum http_method of the path; 0: no such path. */
};

/** Builds the tree. BUG with the route's name in the fault when the tables contradict themselves.
 */
status dispatch_build(struct ctx *cx, const struct route_table *tables, size_t count,
                      struct dispatch **out) CHECKED;

/** Frees it. NULL is fine. */
void dispatch_free(struct dispatch *dispatch);

/** Looks up a decoded path; a slash at its end doesn't matter, and HEAD falls back to GET. The
 * values point into `path`. */
void dispatch_find(const struct dispatch *dispatch, enum http_method method, text path,
                   struct match *out);

/** True when some route's path begins with the same first part, so that the path can't be a page.
 */
bool dispatch_claims(const struct dispatch *dispatch, text path);

/** "GET", … */
const char *method_name(enum http_method method);

/** The method of that name; false when there is none. */
bool method_from(text name, enum http_method *out);

#endif
