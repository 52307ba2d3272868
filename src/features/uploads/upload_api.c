/* upload_api.c: the routes by which films come in.
 *
 * Owns: the route table. Threads: constant data. */
#include "features/uploads/upload_api.h"

static const char *const visibilities[] = {"public", "unlisted", "private", NULL};

static const struct field form_fields[] = {
    FIELD(struct upload_form, title, .max = VIDEO_TITLE_CAP,
          .doc = "Shown to viewers; left out: made from the file's name."),
    FIELD(struct upload_form, description, .max = VIDEO_DESCRIPTION_CAP,
          .doc = "Shown below the film."),
    FIELD(struct upload_form, visibility, .choices = visibilities,
          .doc = "Who may watch; left out: public."),
    FIELD(struct upload_form, filename, .flags = HIDDEN),
    FIELD(struct upload_form, filetype, .flags = HIDDEN),
};
const struct schema upload_form_schema =
    SCHEMA("VideoNew", struct upload_form, form_fields, "A new film with what is said of it.");

static const struct limit creations = {"uploads", 60, 30};
static const struct limit pieces = {"upload pieces", 1200, 200};

static const struct route routes[] = {
    {HTTP_POST, "/api/v1/videos", "video_create", upload_form_run, .in = &upload_form_schema,
     .out = &video_schema, .code = 201, .auth = AUTH_CREATOR, .body = BODY_MULTIPART,
     .stream = &upload_form_stream, .limit = &creations, .fails = ERRS(QUOTA, GONE, CONFLICT),
     .doc = "Uploads a film in one request."},
    {HTTP_OPTIONS, "/api/v1/uploads", "upload_options", tus_options, .auth = AUTH_PUBLIC,
     .doc = "Tells which parts of tus 1.0 are spoken here."},
    {HTTP_OPTIONS, "/api/v1/uploads/{id}", "upload_options_one", tus_options,
     .in = &video_id_schema, .auth = AUTH_PUBLIC,
     .doc = "Tells which parts of tus 1.0 are spoken here."},
    {HTTP_POST, "/api/v1/uploads", "upload_create", tus_create, .code = 201, .auth = AUTH_CREATOR,
     .body = BODY_RAW, .stream = &tus_create_stream, .limit = &creations,
     .fails = ERRS(QUOTA, GONE, CONFLICT), .also = {412, 415, 423, 460},
     .doc = "Begins a resumable upload (tus 1.0)."},
    {HTTP_HEAD, "/api/v1/uploads/{id}", "upload_offset", tus_head, .in = &video_id_schema,
     .code = 200, .auth = AUTH_CREATOR, .limit = &pieces, .fails = ERRS(NOT_FOUND, GONE),
     .also = {412, 423}, .overridable = true,
     .doc = "Tells how much of an upload has arrived (tus 1.0)."},
    {HTTP_PATCH, "/api/v1/uploads/{id}", "upload_append", tus_patch, .in = &video_id_schema,
     .code = 204, .auth = AUTH_CREATOR, .body = BODY_RAW, .stream = &tus_patch_stream,
     .limit = &pieces, .fails = ERRS(NOT_FOUND, GONE, CONFLICT, QUOTA),
     .also = {412, 415, 423, 460}, .overridable = true,
     .doc = "Continues an upload at its offset (tus 1.0)."},
    {HTTP_DELETE, "/api/v1/uploads/{id}", "upload_delete", tus_delete, .in = &video_id_schema,
     .code = 204, .auth = AUTH_CREATOR, .fails = ERRS(NOT_FOUND, GONE, DENIED), .also = {412},
     .overridable = true, .doc = "Gives up an upload (tus 1.0)."},
};

const struct route_table upload_routes = {routes, sizeof routes / sizeof routes[0], NULL, 0};
