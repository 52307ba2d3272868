/* segment_index.c: writes and strictly reads the table of segments. Owns nothing. Threads: any. */
#include "media/segment_index.h"

#include <string.h>

enum { CODECS_MOST = 60, VERSION = 1 };

static void put_number(unsigned char *at, size_t bytes, uint64_t value) {
    for (size_t i = 0; i < bytes; i++) at[i] = (unsigned char)(value >> (8 * i));
}

static uint64_t take_number(const char *at, size_t bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++) value |= (uint64_t)(unsigned char)at[i] << (8 * i);
    return value;
}

/* The string goes into playlists as it is, so nothing but these characters may be in it. */
static bool codecs_are_plain(text codecs) {
    for (size_t i = 0; i < codecs.len; i++) {
        char c = codecs.at[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '.' && c != ',' && c != '-') return false;
    }
    return codecs.len > 0 && codecs.len <= CODECS_MOST;
}

/* What is wrong with the table, or NULL. */
static const char *fault_of(const struct segment_index *index) {
    bool video = index->kind == SEGMENT_INDEX_VIDEO;
    if (!video && index->kind != SEGMENT_INDEX_AUDIO) return "its kind is unknown";
    if (!codecs_are_plain(index->codecs)) return "its codecs are no codecs";
    if (index->timescale == 0) return "its timescale is zero";
    if (index->init_bytes == 0) return "it has no initialisation part";
    if (index->bandwidth_bps < index->average_bandwidth_bps) return "its peak is under its average";
    if (video != (index->width > 0) || video != (index->height > 0)) return "its size is wrong";
    if (index->start < 0) return "it starts before zero";
    if (index->count == 0 || index->count > SEGMENT_INDEX_MOST) return "its length is wrong";
    uint64_t end = index->init_bytes;
    for (uint32_t i = 0; i < index->count; i++) {
        const struct segment *segment = &index->segments[i];
        if (segment->size_bytes == 0 || segment->duration == 0) return "a segment is empty";
        if (segment->key_bytes > segment->size_bytes)
            return "a key frame is larger than its segment";
        if (segment->offset_bytes < end) return "segments overlap";
        if (segment->offset_bytes > INT64_MAX - UINT32_MAX) return "a segment lies too far";
        end = segment->offset_bytes + segment->size_bytes;
    }
    return NULL;
}

status segment_index_write(struct ctx *cx, const struct segment_index *index, text *out) {
    const char *fault = fault_of(index);
    if (fault) return ctx_fail(cx, BUG, "A segment index cannot be written: %s.", fault);
    size_t size = SEGMENT_INDEX_HEADER_BYTES + index->codecs.len +
                  (size_t)index->count * SEGMENT_INDEX_ENTRY_BYTES;
    unsigned char *at = arena_take(cx->arena, size);
    TRY_NEW(cx, at);
    memcpy(at, "MSIX", 4);
    put_number(at + 4, 1, VERSION);
    put_number(at + 5, 1, index->kind);
    put_number(at + 6, 2, index->codecs.len);
    put_number(at + 8, 4, index->timescale);
    put_number(at + 12, 4, index->init_bytes);
    put_number(at + 16, 8, (uint64_t)index->start);
    put_number(at + 24, 4, index->bandwidth_bps);
    put_number(at + 28, 4, index->average_bandwidth_bps);
    put_number(at + 32, 2, index->width);
    put_number(at + 34, 2, index->height);
    put_number(at + 36, 4, index->frame_rate_milli);
    put_number(at + 40, 4, index->count);
    memcpy(at + SEGMENT_INDEX_HEADER_BYTES, index->codecs.at, index->codecs.len);
    unsigned char *entry = at + SEGMENT_INDEX_HEADER_BYTES + index->codecs.len;
    for (uint32_t i = 0; i < index->count; i++, entry += SEGMENT_INDEX_ENTRY_BYTES) {
        put_number(entry, 8, index->segments[i].offset_bytes);
        put_number(entry + 8, 4, index->segments[i].size_bytes);
        put_number(entry + 12, 4, index->segments[i].duration);
        put_number(entry + 16, 4, index->segments[i].key_bytes);
    }
    *out = (text){(const char *)at, size};
    return OK;
}

static status wrong(struct ctx *cx, const char *fault) {
    return ctx_fail(cx, INVALID, "The segment index cannot be read: %s.", fault);
}

static status take_segments(struct ctx *cx, const char *at, struct segment_index *index) {
    struct segment *segments = arena_take_array(cx->arena, index->count, sizeof *segments);
    TRY_NEW(cx, segments);
    for (uint32_t i = 0; i < index->count; i++, at += SEGMENT_INDEX_ENTRY_BYTES) {
        segments[i] = (struct segment){
            .offset_bytes = take_number(at, 8),
            .size_bytes = (uint32_t)take_number(at + 8, 4),
            .duration = (uint32_t)take_number(at + 12, 4),
            .key_bytes = (uint32_t)take_number(at + 16, 4),
        };
    }
    index->segments = segments;
    return OK;
}

status segment_index_read(struct ctx *cx, text bytes, struct segment_index *out) {
    const char *at = bytes.at;
    if (bytes.len < SEGMENT_INDEX_HEADER_BYTES) return wrong(cx, "it is too short");
    if (memcmp(at, "MSIX", 4) != 0) return wrong(cx, "it does not begin as one");
    if (take_number(at + 4, 1) != VERSION) return wrong(cx, "its version is unknown");
    size_t codecs_len = take_number(at + 6, 2);
    struct segment_index index = {
        .kind = (enum segment_index_kind)take_number(at + 5, 1),
        .timescale = (uint32_t)take_number(at + 8, 4),
        .init_bytes = (uint32_t)take_number(at + 12, 4),
        .start = (int64_t)take_number(at + 16, 8),
        .bandwidth_bps = (uint32_t)take_number(at + 24, 4),
        .average_bandwidth_bps = (uint32_t)take_number(at + 28, 4),
        .width = (uint16_t)take_number(at + 32, 2),
        .height = (uint16_t)take_number(at + 34, 2),
        .frame_rate_milli = (uint32_t)take_number(at + 36, 4),
        .count = (uint32_t)take_number(at + 40, 4),
    };
    if (index.count > SEGMENT_INDEX_MOST) return wrong(cx, "its length is wrong");
    size_t size =
        SEGMENT_INDEX_HEADER_BYTES + codecs_len + (size_t)index.count * SEGMENT_INDEX_ENTRY_BYTES;
    if (bytes.len != size) return wrong(cx, "its length does not fit its contents");
    text codecs = text_part(bytes, SEGMENT_INDEX_HEADER_BYTES, codecs_len);
    if (text_copy(cx->arena, codecs, &index.codecs) != OK) return ctx_no_memory(cx);
    TRY(take_segments(cx, at + SEGMENT_INDEX_HEADER_BYTES + codecs_len, &index));
    const char *fault = fault_of(&index);
    if (fault) return wrong(cx, fault);
    *out = index;
    return OK;
}

static uint64_t units_of(const struct segment_index *index) {
    uint64_t sum = 0; /* at most a million times 2^32: no overflow */
    for (uint32_t i = 0; i < index->count; i++) sum += index->segments[i].duration;
    return sum;
}

/* Whole seconds and the rest apart, so that the product stays small. */
static int64_t milliseconds(uint64_t units, uint32_t timescale, uint64_t round) {
    uint64_t rest = units % timescale;
    return (int64_t)(units / timescale * 1000 + (rest * 1000 + round) / timescale);
}

int64_t segment_index_duration_ms(const struct segment_index *index) {
    return milliseconds(units_of(index), index->timescale, index->timescale / 2);
}

int64_t segment_index_longest_ms(const struct segment_index *index) {
    uint32_t longest = 0;
    for (uint32_t i = 0; i < index->count; i++) {
        if (index->segments[i].duration > longest) longest = index->segments[i].duration;
    }
    return milliseconds(longest, index->timescale, index->timescale - 1u);
}

static double rate_of(uint64_t size_bytes, uint64_t duration, uint32_t timescale) {
    return (double)size_bytes * 8.0 * timescale / (double)duration;
}

/* Highest rate of the runs that begin at `from`. A run is at most 1.5 times `longest` units. */
static double peak_from(const struct segment_index *index, uint32_t from, uint64_t longest) {
    double peak = 0;
    uint64_t bytes = 0, units = 0;
    for (uint32_t i = from; i < index->count; i++) {
        bytes += index->segments[i].size_bytes;
        units += index->segments[i].duration;
        if (2 * units > 3 * longest) break;
        if (2 * units < longest) continue;
        double rate = rate_of(bytes, units, index->timescale);
        if (rate > peak) peak = rate;
    }
    return peak;
}

static uint32_t clamp_rate(double rate_bps) {
    if (rate_bps < 1) return 1;
    return rate_bps > UINT32_MAX ? UINT32_MAX : (uint32_t)(rate_bps + 0.5);
}

void segment_index_measure(struct segment_index *index) {
    uint64_t longest = 0, bytes = 0, units = 0;
    for (uint32_t i = 0; i < index->count; i++) {
        if (index->segments[i].duration > longest) longest = index->segments[i].duration;
        bytes += index->segments[i].size_bytes;
        units += index->segments[i].duration;
    }
    if (units == 0) return;
    double average = rate_of(bytes, units, index->timescale), peak = average;
    for (uint32_t i = 0; i < index->count; i++) {
        double rate = peak_from(index, i, longest);
        if (rate > peak) peak = rate;
    }
    index->bandwidth_bps = clamp_rate(peak);
    index->average_bandwidth_bps = clamp_rate(average);
}
