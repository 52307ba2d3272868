/* form.h: a multipart/form-data body on its way into a call: fields to the input record, then the
 * file's bytes to the route's stream.
 *
 * Owns nothing; the parser lives in the call's arena. Invariants: the stream is opened when the
 * file part begins, with a checked record; fields that
 * follow the file are checked before the handler runs. Threads: as the call. */
#ifndef API_FORM_H
#define API_FORM_H

#include "api/inner.h"

/** Prepares the parser from the Content-Type. INVALID: no usable boundary. */
status form_open(struct api_call *c) CHECKED;

/** Takes a piece of the body. */
status form_piece(struct api_call *c, const void *bytes, size_t size) CHECKED;

/** The body is over. INVALID: it broke off, or there was no file. */
status form_finish(struct api_call *c) CHECKED;

#endif
