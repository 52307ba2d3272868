/* timeline.h: from the times a source claims to times that a player can rely on.
 *
 * Frames come in presentation order with claimed times (or none); out come strictly ascending times
 * from zero, in units of the track's timescale, with the key frames of the grid marked. Rules:
 * - the first frame begins at zero, however late it came: its picture is held (sound may begin
 * earlier);
 *  - times near the even grid of a constant frame rate are put onto it (containers round them);
 * - frames that come too soon after another (more than the highest frame rate) or go back are left
 * out;
 *  - a frame whose time is absent or absurd follows its predecessor by one frame's duration;
 *  - in a gap the frame before it is repeated at each key time, so that no segment lacks frames.
 * Pure: no libav, no memory. Owns nothing. Threads: one at a time. */
#ifndef MEDIA_ENGINE_TIMELINE_H
#define MEDIA_ENGINE_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

/** A frame that claims no time. */
#define TIMELINE_NO_TIME INT64_MIN

/** The rules' numbers and the state. Set the first block, zero the rest. */
struct timeline {
    int64_t timescale;      /**< Units a second. */
    int64_t frame;          /**< Duration of a frame at the nominal rate, in units. */
    bool even;              /**< The nominal rate divides the timescale exactly: snap to it. */
    int64_t least_gap;      /**< Frames closer than this are left out; 0 = none. */
    int64_t key_interval;   /**< Units between key times. */
    int64_t keys_a_segment; /**< A segment begins at each so-manieth key time. */
    int64_t most;           /**< Times behind this are absurd. */

    bool begun;
    int64_t last;          /**< Time of the latest frame given out. */
    int64_t last_duration; /**< How long it said it lasts; 0 unknown. */
    int64_t next_key;      /**< Number of the next key time. */
    int64_t backwards;     /**< Frames left out in a row for going back. */
};

/** A frame to be shown. */
struct timeline_step {
    int64_t time; /**< Units from zero. */
    bool repeat;  /**< The frame before once more, not the new one. */
    bool key;     /**< To be a key frame. */
    bool segment; /**< The first of a segment. */
};

/** Takes the claimed time of the next frame (units; TIMELINE_NO_TIME if none) and its duration (0
 *  unknown), and gives the next step; call again with the same frame while `*out_more`. False when
 *  the frame is to be left out. */
bool timeline_next(struct timeline *timeline, int64_t claimed, int64_t duration,
                   struct timeline_step *out, bool *out_more);

/** Where the last frame ends. 0 when there was none. */
int64_t timeline_end(const struct timeline *timeline);

#endif
