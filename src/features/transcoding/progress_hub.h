/* progress_hub.h: one thread that serves all listeners to progress in this process. For
 * transcoding/ only; progress_close is in transcode.h.
 *
 * Owns: the listeners, the bus subscription, the thread. The bus brings what happens in this
 * process at once; rows, looked at every second while somebody listens, bring what happens in
 * others. Invariants: all events of one listener are pushed by the one thread, so they are in
 * order; a state already told isn't told again. Threads: any. */
#ifndef FEATURES_TRANSCODING_PROGRESS_HUB_H
#define FEATURES_TRANSCODING_PROGRESS_HUB_H

#include "api/call.h"

/** Answers the call with an event stream: the present state, then every change that its actor may
 *  see. `id` absent: of all videos. BUSY: too many listen, or the server stops. */
status progress_hub_listen(struct call *call, text id) CHECKED;

#endif
