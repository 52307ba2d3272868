/* cmaf.h: writes one rendition as a CMAF track file (ISO/IEC 23000-19) and keeps its segment index.
 *
 * Own code and not libavformat's, because the index, exact segment boundaries in all renditions and
 * a file that can be continued at a boundary need control of every box. Layout: ftyp, moov, a sidx
 * (with padding, filled in at the end), then fragments of moof and mdat; a segment is one or more
 * fragments and begins with a key frame. One edit skips the encoder's priming of audio and the
 * delay that reordered video frames need; decode times count as if there were none, so segments
 * begin where the index says. Owns: the fragment being gathered and the table of segments, freed by
 * cmaf_close; the descriptor is the caller's and is written by offset. Threads: one at a time. */
#ifndef MEDIA_ENGINE_CMAF_H
#define MEDIA_ENGINE_CMAF_H

#include "base/ctx.h"
#include "media/engine/bytes.h"
#include "media/segment_index.h"

/** What the track is. Pointers must live until cmaf_open has returned. */
struct cmaf_track {
    enum segment_index_kind kind;
    const char *codecs;    /**< RFC 6381, at most 15 characters. */
    uint32_t timescale;    /**< Units a second for all times here. */
    const uint8_t *config; /**< avcC body, or AudioSpecificConfig. */
    size_t config_size;
    unsigned width; /**< Video: pixels. */
    unsigned height;
    unsigned reorder;          /**< Video: how many frames are decoded ahead of being shown. */
    uint32_t delay;            /**< Video: that many frames' duration, in units. */
    uint32_t frame_rate_milli; /**< Video: frames in 1000 s; 0 = measure the average. */
    unsigned primaries;        /**< Video: code points of ITU-T H.273; 2 = unspecified. */
    unsigned transfer;
    unsigned matrix;
    unsigned channels;          /**< Audio. */
    unsigned sample_rate_hz;    /**< Audio. */
    uint32_t bit_rate_bps;      /**< Audio: nominal. */
    uint32_t priming;           /**< Audio: units to skip at the start. */
    uint32_t segments_expected; /**< How many the sidx has room for; more leave it out. */
};

struct cmaf;

/** Writes the initialisation part at offset 0 of `fd`. The caller ends it with cmaf_close. IO: the
 *  disk is full or failed. */
status cmaf_open(struct ctx *cx, int fd, const struct cmaf_track *track, struct cmaf **out) CHECKED;

/** Begins a sample with its presentation time (for audio: the decode time) in units and says
 * whether it is a key frame; its bytes are then appended to the buffer given, before the next call.
 * `duration` matters for audio only. NO_MEMORY: the fragment has grown too large. */
status cmaf_sample(struct ctx *cx, struct cmaf *cmaf, int64_t time, uint32_t duration, bool key,
                   struct bytes **out_data) CHECKED;

/** Ends the fragment, whose content lasts until `end` (the next one's first time), and writes it;
 * `last`: it ends the film. Does nothing without samples. BUG: times do not ascend. */
status cmaf_end_fragment(struct ctx *cx, struct cmaf *cmaf, int64_t end, bool last) CHECKED;

/** Ends the segment: the next fragment begins a new one. Does nothing without fragments. */
status cmaf_end_segment(struct ctx *cx, struct cmaf *cmaf) CHECKED;

/** Completes the file and gives its index (in the context's arena) and size. INVALID: it has no
 *  segment. `frames` for the average frame rate. */
status cmaf_finish(struct ctx *cx, struct cmaf *cmaf, struct segment_index *out,
                   int64_t *out_size_bytes) CHECKED;

/** Frees everything. NULL is fine. */
void cmaf_close(struct cmaf *cmaf);

#endif
