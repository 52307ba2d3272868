/* segment_index.h: the compact table of a rendition's segments, kept beside its file.
 *
 * A rendition is one CMAF file (ISO/IEC 23000-19): an initialisation part at offset 0, then
 * segments. The index says where each segment lies, so that playlists are rendered and segments cut
 * by offset without touching the media. All integers little endian, no padding: 0 "MSIX" 4 u8
 * version (1) 5 u8 kind (1 video, 2 audio) 6 u16 length of codecs 8 u32 timescale 12 u32 init size
 * 16 i64 start 24 u32 peak bit/s 28 u32 average bit/s 32 u16 width 34 u16 height 36 u32 frame rate
 * × 1000 40 u32 number of segments 44 codecs (ASCII), then a segment each: u64 offset, u32 size,
 * u32 duration, u32 key size. Owns nothing; results live in the context's arena. Invariants
 * (checked on reading): segments lie behind the initialisation part, ascending and without overlap;
 * durations and sizes are not zero.
 * Threads: pure functions. */
#ifndef MEDIA_SEGMENT_INDEX_H
#define MEDIA_SEGMENT_INDEX_H

#include "base/ctx.h"

/** Sizes of the format, in bytes, and the most segments of a table. */
enum {
    SEGMENT_INDEX_HEADER_BYTES = 44,
    SEGMENT_INDEX_ENTRY_BYTES = 20,
    SEGMENT_INDEX_MOST = 1000000
};
/** What the rendition holds. */
enum segment_index_kind { SEGMENT_INDEX_VIDEO = 1, SEGMENT_INDEX_AUDIO = 2 };

/** One segment. */
struct segment {
    uint64_t offset_bytes; /**< From the file's start. */
    uint32_t size_bytes;
    uint32_t duration;  /**< In units of the timescale. */
    uint32_t key_bytes; /**< First bytes that hold its first (key) frame alone; 0 for audio. */
};

/** A rendition's table. */
struct segment_index {
    enum segment_index_kind kind;
    text codecs;            /**< RFC 6381. */
    uint32_t timescale;     /**< Units a second. */
    uint32_t init_bytes;    /**< The initialisation part is [0, init_bytes). */
    int64_t start;          /**< Presentation time of the first segment, in units. */
    uint32_t bandwidth_bps; /**< Peak. */
    uint32_t average_bandwidth_bps;
    uint16_t width; /**< 0 for audio. */
    uint16_t height;
    uint32_t frame_rate_milli; /**< Frames in 1000 s; 0 for audio. */
    uint32_t count;
    const struct segment *segments;
};

/** Writes the table as bytes into the arena. BUG: it breaks an invariant above. */
status segment_index_write(struct ctx *cx, const struct segment_index *index, text *out) CHECKED;

/** Reads the bytes strictly: INVALID for anything the format does not allow, also bytes left
 *  over. */
status segment_index_read(struct ctx *cx, text bytes, struct segment_index *out) CHECKED;

/** Sum of all durations in milliseconds, rounded. */
int64_t segment_index_duration_ms(const struct segment_index *index);

/** Measures peak and average bit rate from the segments (RFC 8216 §4.3.4.2: the peak is the highest
 *  rate of any run of segments between 0.5 and 1.5 times the longest one's duration). */
void segment_index_measure(struct segment_index *index);

/** Longest segment in milliseconds, rounded up. */
int64_t segment_index_longest_ms(const struct segment_index *index);

#endif
