/* report.h: what all threads of a run tell the parent: how far they are, and the first failure.
 *
 * Owns: the lock, the memory for messages. Invariant: the first failure stays; messages are whole,
 * as one thread writes at a time. Threads: any. */
#ifndef MEDIA_ENGINE_REPORT_H
#define MEDIA_ENGINE_REPORT_H

#include "media/message.h"

#include <pthread.h>

/** The most renditions of a run, and of sentences about it. */
enum { REPORT_PARTS_MOST = 16, REPORT_NOTES_MOST = 16 };

/** How far a run is. Only the functions below touch it. */
struct report {
    pthread_mutex_t mutex;
    int socket;          /**< Where messages go; -1 = nowhere (tests). */
    struct arena *arena; /**< For one message at a time. */
    status code;         /**< First failure, or OK. */
    char detail[FAULT_DETAIL_BYTES];
    int64_t duration_ms;                     /**< Expected length; NO_INT unknown. */
    int64_t positions_ms[REPORT_PARTS_MOST]; /**< How far each rendition is. */
    size_t parts;
    int64_t frames;
    int64_t started_ticks_ms, told_ticks_ms;
    bool finishing;
};

/** Prepares a report for so many renditions; ended by report_close. */
status report_open(struct ctx *cx, int socket, size_t parts, int64_t duration_ms,
                   struct report *out) CHECKED;
void report_close(struct report *report);

/** Stores the context's fault unless one is stored already. */
void report_fail(struct report *report, status code, const struct ctx *cx);

/** True once something has failed: threads then give up. */
bool report_failed(struct report *report);

/** Passes the stored failure up into the context; OK when there is none. */
status report_result(struct report *report, struct ctx *cx) CHECKED;

/** A rendition has reached a time. Sends progress when half a second has passed since the last. The
 *  time INT64_MAX means the rendition is done. */
void report_position(struct report *report, size_t part, int64_t position_ms);

/** Work goes on, though perhaps nothing comes of it (damage): sends progress when it is due. */
void report_alive(struct report *report);

/** Another frame was decoded. */
void report_frame(struct report *report);

/** All is encoded; files are being completed. */
void report_finishing(struct report *report);

#endif
