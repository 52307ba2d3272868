/* filter.h: decoded frames made upright, progressive and of standard range, before they are scaled.
 *
 * Most films need none of it and pass untouched. Owns: libav's filter graph and frames on the way.
 * The graph is made for the first frame and made anew when frames change size or format midway.
 * Threads: one at a time (libav may run threads of its own below). */
#ifndef MEDIA_ENGINE_FILTER_H
#define MEDIA_ENGINE_FILTER_H

#include "media/media.h"

#include <libavutil/frame.h>

struct filter;

/** Prepares for the plan's film, whose frames have times in `time_base`. The caller ends it with
 *  filter_close. The plan must outlive it. */
status filter_open(struct ctx *cx, const struct media_plan *plan, AVRational time_base, int threads,
                   struct filter **out) CHECKED;

/** Takes the frame (leaving it blank), NULL at the end; then take all results before the next
 *  one. */
status filter_send(struct ctx *cx, struct filter *filter, AVFrame *frame) CHECKED;

/** Takes the next result if there is one (`*out_there`); its time is in filter_time_base. */
status filter_take(struct ctx *cx, struct filter *filter, AVFrame *frame, bool *out_there) CHECKED;

/** Unit of the results' times. */
AVRational filter_time_base(const struct filter *filter);

/** Frees it. NULL is fine. */
void filter_close(struct filter *filter);
void filter_done(struct filter **filter);

#endif
