/* cmaf_box.h: the boxes of a CMAF track file, written into a buffer (ISO/IEC 14496-12, 23000-19).
 *
 * Used by cmaf.c alone. Owns nothing; failures stick in the buffers. Threads: pure functions. */
#ifndef MEDIA_ENGINE_CMAF_BOX_H
#define MEDIA_ENGINE_CMAF_BOX_H

#include "media/engine/cmaf.h"

/** One sample of a fragment. */
struct cmaf_box_sample {
    int64_t decode_time; /**< Units. */
    int64_t time;        /**< Presentation, units. */
    uint32_t duration;   /**< Of the decode time. */
    uint32_t size_bytes;
    bool key;
};

/** ftyp and moov; `*out_duration_at` is the offset of the 8-byte duration in mehd. */
void cmaf_box_init(struct bytes *out, const struct cmaf_track *track, size_t *out_duration_at);

/** moof and the header of an mdat with `data_size` bytes. `samples` are in decode order, not
 *  empty. */
void cmaf_box_fragment(struct bytes *out, enum segment_index_kind kind, uint32_t sequence,
                       const struct cmaf_box_sample *samples, size_t count, size_t data_size);

/** Bytes a sidx for `count` segments takes. */
size_t cmaf_box_sidx_size(size_t count);

/** A sidx for the segments, which must be contiguous and begin `gap` bytes behind it. */
void cmaf_box_sidx(struct bytes *out, const struct segment_index *index, size_t gap);

#endif
