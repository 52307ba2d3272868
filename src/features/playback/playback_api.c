/* playback_api.c: the routes under /media/ and who may use them.
 *
 * Owns: the route table. Invariants: nothing that a client sent becomes part of an object's key
 * but ids and names that were found in a row or fit a fixed pattern; a private video is played
 * only with its signature, or with the token of someone who may see it, who then gets addresses
 * that are signed. Threads: workers. */
#include "base/clock.h"
#include "base/digest.h"
#include "base/scope.h"
#include "features/playback/playback.h"
#include "net/url_sign.h"
#include "store/blob/blob.h"

#include <inttypes.h>

/* What is asked for; a route's address fills the first three as it has them. */
struct media_ask {
    text id, rendition;
    int64_t n;
    text exp, sig; /* signature */
    text v;        /* the run that the playlist was of */
};

#define ASK_FIELDS_                                                                                \
    FIELD(struct media_ask, exp, .max = 32, .doc = "Expiry of the signature."),                    \
        FIELD(struct media_ask, sig, .max = 100, .doc = "Signature of a private video."),          \
        FIELD(struct media_ask, v, .max = 32, .doc = "Version; lets caches keep the answer.")

static const struct field video_fields[] = {
    FIELD(struct media_ask, id, .flags = REQUIRED, .max = 64, .doc = "The video's id."),
    ASK_FIELDS_,
};
static const struct schema video_schema_ =
    SCHEMA("MediaOfVideo", struct media_ask, video_fields, "Media of a video.");

static const struct field rendition_fields[] = {
    FIELD(struct media_ask, id, .flags = REQUIRED, .max = 64, .doc = "The video's id."),
    FIELD(struct media_ask, rendition, .flags = REQUIRED, .max = 16, .doc = "Its name, as 720p."),
    ASK_FIELDS_,
};
static const struct schema rendition_schema =
    SCHEMA("MediaOfRendition", struct media_ask, rendition_fields, "Media of a rendition.");

static const struct field segment_fields[] = {
    FIELD(struct media_ask, id, .flags = REQUIRED, .max = 64, .doc = "The video's id."),
    FIELD(struct media_ask, rendition, .flags = REQUIRED, .max = 16, .doc = "Its name, as 720p."),
    FIELD(struct media_ask, n, .flags = REQUIRED, .min = 0, .max = SEGMENT_INDEX_MOST,
          .doc = "Number of the segment, from 0."),
    ASK_FIELDS_,
};
static const struct schema segment_schema =
    SCHEMA("MediaSegment", struct media_ask, segment_fields, "A segment of a rendition.");

static status not_found(struct call *call) {
    return ctx_fail(&call->cx, NOT_FOUND, "There is no such video, or it isn't shared with you.");
}

static status bad_signature(struct call *call, const char *sentence) {
    call_code(call, 403);
    return ctx_fail(&call->cx, DENIED, "%s", sentence);
}

static status check_signature(struct call *call, const struct media_ask *ask, text scope) {
    switch (url_check(call->services->settings.url_key, scope, ask->exp, ask->sig,
                      clock_now_ms() / 1000)) {
    case OK: return OK;
    case GONE: return bad_signature(call, "This address has lapsed; open the video's page again.");
    default: return bad_signature(call, "This address isn't signed for this video.");
    }
}

static bool may_see(const struct call *call, const struct video_access *access) {
    return call->actor.role >= ROLE_MODERATOR ||
           (call->actor.user_id.at && text_equal(call->actor.user_id, access->owner_id));
}

/* Lets the caller in or not; `*out_query` is the signature that further addresses carry, if any. */
static status admit(struct call *call, const struct media_ask *ask,
                    const struct video_access *access, text *out_query) {
    struct ctx *cx = &call->cx;
    text scope = NO_TEXT;
    *out_query = NO_TEXT;
    if (!text_is(access->visibility, "private")) return OK;
    TRY(video_media_scope(cx, ask->id, &scope));
    if (ask->exp.at || ask->sig.at) {
        TRY(check_signature(call, ask, scope));
        return text_format(cx->arena, out_query, "exp=%.*s&sig=%.*s", TEXT_ARG(ask->exp),
                           TEXT_ARG(ask->sig)) == OK
                   ? OK
                   : ctx_no_memory(cx);
    }
    if (!may_see(call, access)) return not_found(call);
    int64_t life_s = call->services->settings.signed_url_lifetime_ms / 1000;
    return url_sign(cx, call->services->settings.url_key, scope, clock_now_ms() / 1000 + life_s,
                    out_query);
}

static status enter(struct call *call, const struct media_ask *ask, struct video_access *access,
                    text *out_query) {
    call->video_id = ask->id;
    TRY(video_access_of(&call->cx, call->services, ask->id, access));
    TRY(admit(call, ask, access, out_query));
    if (access->render.at) return OK;
    return ctx_fail(&call->cx, NOT_FOUND, "This video can't be played yet.");
}

/* Names of renditions are "1080p", "audio" and the like. */
static bool is_rendition_name(text name) {
    for (size_t i = 0; i < name.len; i++) {
        bool letter = name.at[i] >= 'a' && name.at[i] <= 'z';
        if (!letter && !(name.at[i] >= '0' && name.at[i] <= '9')) return false;
    }
    return name.len > 0 && name.len <= 16;
}

/* What names a run never changes, so it may be kept for ever; playlists may grow. */
static text lasting(const struct media_ask *ask, const struct video_access *access) {
    if (text_is(access->visibility, "private")) return TEXT("private, max-age=3600");
    if (!text_equal(ask->v, access->render)) return TEXT("no-cache");
    return TEXT("public, max-age=31536000, immutable");
}

static text passing(const struct video_access *access) {
    return text_is(access->visibility, "private") ? TEXT("private, no-store") : TEXT("no-cache");
}

static status send_playlist(struct call *call, const struct video_access *access, text bytes) {
    unsigned char hash[SHA256_BYTES];
    char hex[SHA256_HEX_BYTES];
    text etag = NO_TEXT;
    digest_sha256(bytes.at, bytes.len, hash);
    hex_write(hash, sizeof hash, hex);
    if (text_format(call->cx.arena, &etag, "\"%.24s\"", hex) != OK) return ctx_no_memory(&call->cx);
    return call_bytes(call, TEXT("application/vnd.apple.mpegurl"), bytes, etag, passing(access));
}

/* Answers once the caller is let in. */
typedef status serve(struct call *call, const struct media_ask *ask,
                     const struct video_access *access, text query);

/* What isn't there may be there under a newer run, which another process has put in the place of
 * the one that is remembered here: then it is looked up afresh, once. */
static status answer(struct call *call, const struct media_ask *ask, serve *with) {
    struct video_access access;
    text query = NO_TEXT;
    TRY(enter(call, ask, &access, &query));
    status served = with(call, ask, &access, query);
    if (served != NOT_FOUND) return served;
    struct fault kept = call->cx.fault;
    text before = access.render;
    ctx_clear(&call->cx);
    video_access_forget(call->services, ask->id);
    TRY(enter(call, ask, &access, &query));
    if (!text_equal(before, access.render)) return with(call, ask, &access, query);
    call->cx.fault = kept;
    return served;
}

static status serve_master(struct call *call, const struct media_ask *ask,
                           const struct video_access *access, text query) {
    struct video video;
    text bytes = NO_TEXT;
    TRY(video_find(&call->cx, call->services, NULL, ask->id, &video));
    TRY(playlist_write_master(&call->cx, &video, query, &bytes));
    return send_playlist(call, access, bytes);
}

static void give_index(struct kept_index **kept) {
    index_cache_give(*kept);
}

/* The rendition's index, pinned until the call is over. */
static status take_index(struct call *call, const struct media_ask *ask,
                         const struct video_access *access, struct kept_index **out) {
    status taken = NOT_FOUND;
    if (is_rendition_name(ask->rendition))
        taken = index_cache_take(&call->cx, call->services, ask->id, access->render, ask->rendition,
                                 out);
    if (taken != NOT_FOUND) return taken;
    ctx_clear(&call->cx);
    return ctx_fail(&call->cx, NOT_FOUND, "This video has no such rendition.");
}

static status serve_index(struct call *call, const struct media_ask *ask,
                          const struct video_access *access, text query) {
    text bytes = NO_TEXT, full = NO_TEXT;
    scoped(give_index) struct kept_index *kept = NULL;
    TRY(take_index(call, ask, access, &kept));
    if (text_format(call->cx.arena, &full, "%.*s%sv=%.*s", TEXT_ARG(query), query.len ? "&" : "",
                    TEXT_ARG(access->render)) != OK)
        return ctx_no_memory(&call->cx);
    TRY(playlist_write_media(&call->cx, index_cache_of(kept), full, &bytes));
    return send_playlist(call, access, bytes);
}

/* A part of an object as the reply. */
struct cut {
    const char *type;
    text file;
    text etag;
    int64_t offset_bytes;
    int64_t size_bytes; /* NO_INT: all of it */
};

static status send_cut(struct call *call, const struct media_ask *ask,
                       const struct video_access *access, const struct cut *cut) {
    char key[VIDEO_KEY_BYTES];
    scoped(scope_close) int fd = -1;
    int64_t size_bytes = 0;
    text name = video_processed_key(ask->id, access->render, cut->file, key);
    TRY(blob_open_fd(&call->cx, call->services->blobs, name, &fd, &size_bytes));
    int64_t wanted = cut->size_bytes == NO_INT ? size_bytes - cut->offset_bytes : cut->size_bytes;
    if (wanted < 0 || cut->offset_bytes > size_bytes - wanted)
        return ctx_fail(&call->cx, IO, "A rendition is shorter than its index says.");
    TRY(call_file(call, text_of(cut->type), fd, cut->offset_bytes, wanted, 0, cut->etag,
                  lasting(ask, access)));
    (void)fd_move(&fd);
    return OK;
}

static status send_part(struct call *call, const struct media_ask *ask,
                        const struct video_access *access, const char *part, struct cut *cut) {
    struct arena *arena = call->cx.arena;
    if (text_format(arena, &cut->file, "%.*s.mp4", TEXT_ARG(ask->rendition)) != OK ||
        text_format(arena, &cut->etag, "\"%.*s-%.*s-%s\"", TEXT_ARG(access->render),
                    TEXT_ARG(ask->rendition), part) != OK)
        return ctx_no_memory(&call->cx);
    return send_cut(call, ask, access, cut);
}

static status serve_init(struct call *call, const struct media_ask *ask,
                         const struct video_access *access, text query) {
    scoped(give_index) struct kept_index *kept = NULL;
    (void)query;
    TRY(take_index(call, ask, access, &kept));
    struct cut cut = {.type = "video/mp4", .size_bytes = index_cache_of(kept)->init_bytes};
    return send_part(call, ask, access, "init", &cut);
}

static status serve_segment(struct call *call, const struct media_ask *ask,
                            const struct video_access *access, text query) {
    text number = NO_TEXT;
    scoped(give_index) struct kept_index *kept = NULL;
    (void)query;
    TRY(take_index(call, ask, access, &kept));
    const struct segment_index *index = index_cache_of(kept);
    if (ask->n < 0 || ask->n >= index->count)
        return ctx_fail(&call->cx, NOT_FOUND, "This rendition has no such segment.");
    if (text_format(call->cx.arena, &number, "%" PRId64, ask->n) != OK)
        return ctx_no_memory(&call->cx);
    const struct segment *segment = &index->segments[ask->n];
    struct cut cut = {.type = "video/iso.segment",
                      .offset_bytes = (int64_t)segment->offset_bytes,
                      .size_bytes = segment->size_bytes};
    return send_part(call, ask, access, number.at, &cut);
}

static status serve_thumbnail(struct call *call, const struct media_ask *ask,
                              const struct video_access *access, text query) {
    (void)query;
    if (!access->has_thumbnail)
        return ctx_fail(&call->cx, NOT_FOUND, "This video has no thumbnail.");
    struct cut cut = {.type = "image/jpeg", .file = TEXT("thumbnail.jpg"), .size_bytes = NO_INT};
    if (text_format(call->cx.arena, &cut.etag, "\"%.*s-thumbnail\"", TEXT_ARG(access->render)) !=
        OK)
        return ctx_no_memory(&call->cx);
    return send_cut(call, ask, access, &cut);
}

static status handle_master(struct call *call, const void *in, void *out) {
    (void)out;
    return answer(call, in, serve_master);
}

static status handle_index(struct call *call, const void *in, void *out) {
    (void)out;
    return answer(call, in, serve_index);
}

static status handle_init(struct call *call, const void *in, void *out) {
    (void)out;
    return answer(call, in, serve_init);
}

static status handle_segment(struct call *call, const void *in, void *out) {
    (void)out;
    return answer(call, in, serve_segment);
}

static status handle_thumbnail(struct call *call, const void *in, void *out) {
    (void)out;
    return answer(call, in, serve_thumbnail);
}

/* Players fetch in bursts, and behind one address may sit a whole school. */
static const struct limit media_limit = {"media", 600000, 60000};

static const struct route routes[] = {
    {HTTP_GET, "/media/{id}/master.m3u8", "media_master", handle_master, .in = &video_schema_,
     .auth = AUTH_OPTIONAL, .limit = &media_limit, .fails = ERRS(DENIED, NOT_FOUND),
     .produces = "application/vnd.apple.mpegurl", .doc = "The HLS playlist of all renditions."},
    {HTTP_GET, "/media/{id}/thumbnail.jpg", "media_thumbnail", handle_thumbnail,
     .in = &video_schema_, .auth = AUTH_OPTIONAL, .limit = &media_limit,
     .fails = ERRS(DENIED, NOT_FOUND), .produces = "image/jpeg", .doc = "A still of the film."},
    {HTTP_GET, "/media/{id}/{rendition}/index.m3u8", "media_playlist", handle_index,
     .in = &rendition_schema, .auth = AUTH_OPTIONAL, .limit = &media_limit,
     .fails = ERRS(DENIED, NOT_FOUND), .produces = "application/vnd.apple.mpegurl",
     .doc = "The HLS playlist of one rendition."},
    {HTTP_GET, "/media/{id}/{rendition}/init.mp4", "media_init", handle_init,
     .in = &rendition_schema, .auth = AUTH_OPTIONAL, .limit = &media_limit,
     .fails = ERRS(DENIED, NOT_FOUND), .produces = "video/mp4",
     .doc = "What a player needs before a rendition's segments."},
    {HTTP_GET, "/media/{id}/{rendition}/{n}.m4s", "media_segment", handle_segment,
     .in = &segment_schema, .auth = AUTH_OPTIONAL, .limit = &media_limit,
     .fails = ERRS(DENIED, NOT_FOUND), .produces = "video/iso.segment",
     .doc = "One segment of a rendition."},
};

const struct route_table playback_routes = {routes, sizeof routes / sizeof routes[0], NULL, 0};
