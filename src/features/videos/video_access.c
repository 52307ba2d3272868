/* video_access.c: who may play what, kept in the cache for some seconds.
 *
 * Owns: the cache keys video:access:{id}. Invariant: the process that changes a video forgets
 * its key after the commit, so that its next answer is right; others follow when the entry
 * lapses. Threads: any. */
#include "features/videos/video.h"
#include "features/videos/video_store_sql.h"
#include "store/cache/cache.h"

#include <stdio.h>

enum { KEPT_MS = 5000, KEY_BYTES = 96 };

static const struct field access_fields[] = {
    FIELD(struct video_access, visibility), FIELD(struct video_access, owner_id),
    FIELD(struct video_access, render), FIELD(struct video_access, has_thumbnail)};
static const struct schema access_schema =
    SCHEMA("VideoAccess", struct video_access, access_fields, "");

static text key_of(text id, char buffer[KEY_BYTES]) {
    int length = snprintf(buffer, KEY_BYTES, "video:access:%.*s", TEXT_ARG(text_part(id, 0, 64)));
    return (text){buffer, (size_t)length};
}

/* The kept form is "visibility owner render thumbnail"; none of these holds a blank. */
static bool unpack(text kept, struct video_access *out) {
    text thumbnail = NO_TEXT;
    if (!text_cut(kept, ' ', &out->visibility, &kept)) return false;
    if (!text_cut(kept, ' ', &out->owner_id, &kept)) return false;
    if (!text_cut(kept, ' ', &out->render, &thumbnail)) return false;
    out->has_thumbnail = text_is(thumbnail, "1");
    return true;
}

static void keep(struct ctx *cx, struct services *services, text key,
                 const struct video_access *access) {
    text kept = NO_TEXT;
    if (!access->render.at) return; /* becomes playable any moment */
    if (text_format(cx->arena, &kept, "%.*s %.*s %.*s %d", TEXT_ARG(access->visibility),
                    TEXT_ARG(access->owner_id), TEXT_ARG(access->render),
                    access->has_thumbnail) == OK)
        cache_put(services->cache, key, kept, KEPT_MS);
}

status video_access_of(struct ctx *cx, struct services *services, text id,
                       struct video_access *out) {
    char buffer[KEY_BYTES];
    text key = key_of(id, buffer), kept = NO_TEXT;
    struct video_access access = {NO_TEXT, NO_TEXT, NO_TEXT, false};
    if (id.len > 64) return ctx_fail(cx, NOT_FOUND, "There is no such video.");
    if (cache_get(cx, services->cache, key, &kept) == OK && unpack(kept, &access)) {
        *out = access;
        return OK;
    }
    ctx_clear(cx);
    status found =
        db_get(cx, services->db, &sql_video_access, DB_ARGS(id), &access_schema, &access);
    if (found == NOT_FOUND)
        return ctx_fail(cx, NOT_FOUND, "There is no such video, or it isn't shared with you.");
    TRY(found);
    keep(cx, services, key, &access);
    *out = access;
    return OK;
}

void video_access_forget(struct services *services, text id) {
    char buffer[KEY_BYTES];
    cache_delete(services->cache, key_of(id, buffer));
}
