/* scaler.h: pictures brought to one rung's size, 8 bit 4:2:0 and limited range.
 *
 * Owns: libswscale's context and a pool of frames. Threads: one at a time. */
#ifndef MEDIA_ENGINE_SCALER_H
#define MEDIA_ENGINE_SCALER_H

#include "base/ctx.h"
#include "media/engine/colour.h"

struct scaler;

/** A scaler to that size (even). `matrix` is what the output's chroma means. Ended by
 *  scaler_close. */
status scaler_open(struct ctx *cx, int width, int height, enum AVColorSpace matrix,
                   struct scaler **out) CHECKED;

/** Gives a new reference to the picture in the right size: `in` itself where it fits already. The
 *  caller frees it. INVALID: a pixel format that cannot be converted. */
status scaler_run(struct ctx *cx, struct scaler *scaler, const AVFrame *in, AVFrame **out) CHECKED;

/** Frees it. NULL is fine. */
void scaler_close(struct scaler *scaler);
void scaler_done(struct scaler **scaler);

#endif
