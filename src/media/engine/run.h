/* run.h: a whole film through the engine: one decode, all renditions, index and thumbnail.
 *
 * Owns everything for the length of the call. Threads: the caller's reads, decodes and filters;
 * each rung and libav's decoders and encoders have threads of their own, all ended on return. */
#ifndef MEDIA_ENGINE_RUN_H
#define MEDIA_ENGINE_RUN_H

#include "media/engine/report.h"
#include "media/engine/source.h"

/** Makes what the plan says of the opened source, the rendition numbered i into fds[i]. Texts of
 *  the result (also index and thumbnail) live in the context's arena. Failures are those of
 *  media_run. */
status run_film(struct ctx *cx, struct source *source, const struct media_plan *plan,
                const int *fds, int threads, struct report *report,
                struct media_result *out) CHECKED;

#endif
