/* video_api.c: the routes of videos: list, look at, change, delete. Films come in by uploads/.
 *
 * Owns: the route table. Threads: handlers run on workers, any number at once. */
#include "features/videos/video.h"

/* What may be changed, and of which video. */
struct video_change {
    text id, title, description, visibility;
};

static const char *const visibilities[] = {"public", "unlisted", "private", NULL};

static const struct field change_fields[] = {
    FIELD(struct video_change, id, .flags = REQUIRED, .max = 64, .doc = "The video's id."),
    FIELD(struct video_change, title, .min = 1, .max = VIDEO_TITLE_CAP, .doc = "Shown to viewers."),
    FIELD(struct video_change, description, .max = VIDEO_DESCRIPTION_CAP,
          .doc = "Shown below the film."),
    FIELD(struct video_change, visibility, .choices = visibilities, .doc = "Who may watch."),
};
static const struct schema change_schema =
    SCHEMA("VideoChange", struct video_change, change_fields, "What to change; the rest stays.");

static status handle_list(struct call *call, const void *in, void *out) {
    return video_list(&call->cx, call->services, &call->actor, in, out);
}

static status handle_get(struct call *call, const void *in, void *out) {
    const struct video_id *which = in;
    call->video_id = which->id;
    return video_find(&call->cx, call->services, &call->actor, which->id, out);
}

static status change_work(struct ctx *cx, struct db_tx *tx, void *argument) {
    const struct video_change *change = argument;
    const struct video_new words = {change->title, change->description, change->visibility};
    return video_describe(cx, tx, change->id, &words);
}

static status handle_change(struct call *call, const void *in, void *out) {
    struct video_change change = *(const struct video_change *)in;
    struct video video;
    call->video_id = change.id;
    TRY(video_find_for_change(&call->cx, call->services, &call->actor, change.id, &video));
    TRY(db_write(&call->cx, call->services->db, change_work, &change));
    video_access_forget(call->services, change.id);
    return video_find(&call->cx, call->services, &call->actor, change.id, out);
}

static status handle_delete(struct call *call, const void *in, void *out) {
    const struct video_id *which = in;
    struct video video;
    (void)out;
    call->video_id = which->id;
    TRY(video_find_for_change(&call->cx, call->services, &call->actor, which->id, &video));
    return video_delete(&call->cx, call->services, which->id);
}

static const struct limit reads = {"reads", 600, 100};

static const struct route routes[] = {
    {HTTP_GET, "/api/v1/videos", "video_list", handle_list, .in = &video_query_schema,
     .out = &video_page_schema, .auth = AUTH_OPTIONAL, .limit = &reads, .fails = ERRS(DENIED),
     .doc = "Lists videos, newest first: those everybody may watch, or an owner's."},
    {HTTP_GET, "/api/v1/videos/{id}", "video_get", handle_get, .in = &video_id_schema,
     .out = &video_schema, .auth = AUTH_OPTIONAL, .limit = &reads, .fails = ERRS(NOT_FOUND),
     .doc = "One video, with its renditions and where to play it."},
    {HTTP_PATCH, "/api/v1/videos/{id}", "video_change", handle_change, .in = &change_schema,
     .out = &video_schema, .auth = AUTH_VIEWER, .body = BODY_JSON,
     .fails = ERRS(DENIED, NOT_FOUND), .doc = "Changes title, description or visibility."},
    {HTTP_DELETE, "/api/v1/videos/{id}", "video_delete", handle_delete, .in = &video_id_schema,
     .auth = AUTH_VIEWER, .fails = ERRS(DENIED, NOT_FOUND),
     .doc = "Deletes a video with everything made of it."},
};

const struct route_table video_routes = {routes, sizeof routes / sizeof routes[0], NULL, 0};
