/* upload_api.h: the handlers of both ways in, for the one route table in upload_api.c.
 *
 * Owns nothing. Threads: as calls. */
#ifndef FEATURES_UPLOADS_UPLOAD_API_H
#define FEATURES_UPLOADS_UPLOAD_API_H

#include "features/uploads/upload.h"

/** The form's fields; the last two are filled from the file part itself. */
struct upload_form {
    text title, description, visibility;
    text filename, filetype;
};
extern const struct schema upload_form_schema;

/** A form's file part on its way into the stage. */
extern const struct body_stream upload_form_stream;

/** After the form's last byte: the video, processing. Fails as upload_intake_finish does. */
status upload_form_run(struct call *call, const void *in, void *out) CHECKED;

/** The bodies of tus creation (with upload) and PATCH. */
extern const struct body_stream tus_create_stream;
extern const struct body_stream tus_patch_stream;

/** Handlers of tus's OPTIONS, POST, HEAD, PATCH and DELETE; codes as tus 1.0.0 says. */
status tus_options(struct call *call, const void *in, void *out) CHECKED;
status tus_create(struct call *call, const void *in, void *out) CHECKED;
status tus_head(struct call *call, const void *in, void *out) CHECKED;
status tus_patch(struct call *call, const void *in, void *out) CHECKED;
status tus_delete(struct call *call, const void *in, void *out) CHECKED;

#endif
