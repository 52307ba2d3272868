/*
 * The web application's files as they lie in the program: made by tools/embed from web/dist.
 *
 * Constant data, shared by all threads; nothing here is allocated or freed. Rows are sorted by path
 * (byte value), which asset_find relies on.
 */
#ifndef MATINEE_NET_ASSET_H
#define MATINEE_NET_ASSET_H

#include <stddef.h>
#include <string.h>

/** One embedded file in up to two encodings. */
struct asset {
    const char *path;      /**< as in a URL: "/index.html", "/assets/app-1f3c.js" */
    const char *type;      /**< value for Content-Type, with its charset where it has one */
    const char *etag;      /**< strong, with its quotes; of the plain bytes */
    const char *etag_gzip; /**< strong, of the gzip body: RFC 9110 8.8.3 wants them to differ */
    const unsigned char *bytes; /**< the plain body */
    size_t size;
    const unsigned char *gzip; /**< body for Content-Encoding: gzip; NULL when it isn't smaller */
    size_t gzip_size;          /**< 0 when there is no gzip body */
};

/** All embedded files. There's always a "/index.html": the application, or, in a build without it,
 *  a page which says how to build it. */
extern const struct asset asset_all[];
extern const size_t asset_count;

/** Returns the file for a decoded path that begins with '/', or NULL when there's none. */
static inline const struct asset *asset_find(const char *path) {
    size_t low = 0;
    size_t high = asset_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(path, asset_all[middle].path);
        if (order == 0) return &asset_all[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

#endif
