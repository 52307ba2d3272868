/* pages.c: embedded files with gzip negotiation, validators and lifetimes.
 *
 * Owns nothing: assets are constant data, so a reply is a few pointers. Files under /assets/ carry
 * a hash in their name and never change; all others are asked for again each time, cheaply by their
 * ETag. Threads: poll threads; never blocks. Sources: RFC 9110 §12.5.3 (Accept-Encoding), RFC 8246.
 */
#include "app/pages.h"

#include "net/asset.h"

/* "gzip;q=0" refuses it; any other mention, or "*", accepts it. */
static bool weight_is_zero(text parameters) {
    text item;
    while (text_cut(parameters, ';', &item, &parameters)) {
        item = text_trim(item);
        if (!text_starts(item, TEXT("q=")) && !text_starts(item, TEXT("Q="))) continue;
        text value = text_part(item, 2, 5);
        for (size_t i = 0; i < value.len; i++)
            if (value.at[i] != '0' && value.at[i] != '.') return false;
        return true;
    }
    return false;
}

static bool takes_gzip(const struct http_exchange *exchange) {
    text rest = http_header_of(exchange, "Accept-Encoding");
    text item;
    bool any = false;
    while (text_cut(rest, ',', &item, &rest)) {
        text name;
        text parameters;
        (void)text_cut(text_trim(item), ';', &name, &parameters);
        name = text_trim(name);
        if (text_equal_nocase(name, TEXT("gzip"))) return !weight_is_zero(parameters);
        if (text_is(name, "*")) any = !weight_is_zero(parameters);
    }
    return any;
}

static bool names_a_file(text path) {
    for (size_t i = path.len; i-- > 0 && path.at[i] != '/';)
        if (path.at[i] == '.') return true;
    return false;
}

static const struct asset *find(struct http_exchange *exchange) {
    const char *path;
    if (text_to_c(exchange->cx.arena, exchange->path, &path) != OK) return NULL;
    const struct asset *asset = asset_find(path);
    if (asset) return asset;
    return names_a_file(exchange->path) ? NULL : asset_find("/index.html");
}

bool pages_answer(void *argument, struct http_exchange *exchange) {
    (void)argument;
    const struct asset *asset = find(exchange);
    if (!asset) return false;
    bool gzip = asset->gzip && takes_gzip(exchange);
    struct http_reply *reply = &exchange->reply;
    if (asset->gzip && http_reply_header(exchange, "Vary", TEXT("Accept-Encoding")) != OK)
        return false;
    if (gzip && http_reply_header(exchange, "Content-Encoding", TEXT("gzip")) != OK) return false;
    reply->kind = HTTP_BODY_BYTES;
    reply->content_type = text_of(asset->type);
    reply->bytes = gzip ? (text){(const char *)asset->gzip, asset->gzip_size}
                        : (text){(const char *)asset->bytes, asset->size};
    reply->etag = text_of(gzip ? asset->etag_gzip : asset->etag);
    bool named_by_hash = text_starts(text_of(asset->path), TEXT("/assets/"));
    reply->cache_control =
        named_by_hash ? TEXT("public, max-age=31536000, immutable") : TEXT("no-cache");
    return true;
}
