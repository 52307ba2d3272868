/* cmaf_box.c: see cmaf_box.h. The numbers in parentheses are sections of ISO/IEC 14496-12:2015. */
#include "media/engine/cmaf_box.h"

#include <string.h>

enum { TRACK_ID = 1, FLAGS_KEY = 0x02000000, FLAGS_DELTA = 0x01010000, LANGUAGE_UND = 0x55C4 };

static void put_matrix(struct bytes *out) {
    static const uint32_t unity[9] = {0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000};
    for (size_t i = 0; i < 9; i++) bytes_put_u32(out, unity[i]);
}

static void put_ftyp(struct bytes *out) {
    size_t box = bytes_box(out, "ftyp");
    bytes_put(out, "iso6", 4);
    bytes_put_u32(out, 0);
    bytes_put(out, "iso6cmfcmp41", 12);
    bytes_box_end(out, box);
}

/* (8.2.2) Times of the movie are in the track's units, so that the edit and mehd are exact. */
static void put_mvhd(struct bytes *out, const struct cmaf_track *track) {
    size_t box = bytes_full_box(out, "mvhd", 0, 0);
    bytes_put_zeros(out, 8);
    bytes_put_u32(out, track->timescale);
    bytes_put_u32(out, 0);
    bytes_put_u32(out, 0x10000); /* rate */
    bytes_put_u16(out, 0x100);   /* volume */
    bytes_put_zeros(out, 10);
    put_matrix(out);
    bytes_put_zeros(out, 24);
    bytes_put_u32(out, TRACK_ID + 1);
    bytes_box_end(out, box);
}

/* (8.3.2) Enabled, in movie. */
static void put_tkhd(struct bytes *out, const struct cmaf_track *track) {
    bool audio = track->kind == SEGMENT_INDEX_AUDIO;
    size_t box = bytes_full_box(out, "tkhd", 0, 3);
    bytes_put_zeros(out, 8);
    bytes_put_u32(out, TRACK_ID);
    bytes_put_zeros(out, 4 + 4 + 8 + 2 + 2);
    bytes_put_u16(out, audio ? 0x100 : 0);
    bytes_put_u16(out, 0);
    put_matrix(out);
    bytes_put_u32(out, track->width << 16);
    bytes_put_u32(out, track->height << 16);
    bytes_box_end(out, box);
}

/* (8.6.6) A duration of zero in a fragmented file means all of it. */
static void put_edit(struct bytes *out, const struct cmaf_track *track) {
    uint32_t skipped = track->priming + track->delay;
    if (skipped == 0) return;
    size_t box = bytes_box(out, "edts");
    size_t list = bytes_full_box(out, "elst", 0, 0);
    bytes_put_u32(out, 1);
    bytes_put_u32(out, 0);
    bytes_put_u32(out, skipped);
    bytes_put_u32(out, 0x10000);
    bytes_box_end(out, list);
    bytes_box_end(out, box);
}

static void put_hdlr(struct bytes *out, const struct cmaf_track *track) {
    bool audio = track->kind == SEGMENT_INDEX_AUDIO;
    size_t box = bytes_full_box(out, "hdlr", 0, 0);
    bytes_put_u32(out, 0);
    bytes_put(out, audio ? "soun" : "vide", 4);
    bytes_put_zeros(out, 12);
    bytes_put(out, audio ? "Sound" : "Video", 6);
    bytes_box_end(out, box);
}

/* Samples of the track start and stay in fragments, so these tables are empty. */
static void put_empty_tables(struct bytes *out) {
    static const char types[3][4] = {
        {'s', 't', 't', 's'}, {'s', 't', 's', 'c'}, {'s', 't', 'c', 'o'}};
    for (size_t i = 0; i < 3; i++) {
        size_t box = bytes_full_box(out, types[i], 0, 0);
        bytes_put_u32(out, 0);
        bytes_box_end(out, box);
    }
    size_t box = bytes_full_box(out, "stsz", 0, 0);
    bytes_put_zeros(out, 8);
    bytes_box_end(out, box);
}

/* (12.1.3) and ISO/IEC 14496-15 §5.4.2. */
static void put_avc1(struct bytes *out, const struct cmaf_track *track) {
    size_t entry = bytes_box(out, "avc1");
    bytes_put_zeros(out, 6);
    bytes_put_u16(out, 1);
    bytes_put_zeros(out, 16);
    bytes_put_u16(out, track->width);
    bytes_put_u16(out, track->height);
    bytes_put_u32(out, 0x480000);
    bytes_put_u32(out, 0x480000);
    bytes_put_u32(out, 0);
    bytes_put_u16(out, 1);
    bytes_put_zeros(out, 32);
    bytes_put_u16(out, 0x18);
    bytes_put_u16(out, 0xFFFF);
    size_t box = bytes_box(out, "avcC");
    bytes_put(out, track->config, track->config_size);
    bytes_box_end(out, box);
    box = bytes_box(out, "colr");
    bytes_put(out, "nclx", 4);
    bytes_put_u16(out, track->primaries);
    bytes_put_u16(out, track->transfer);
    bytes_put_u16(out, track->matrix);
    bytes_put_u8(out, 0); /* limited range */
    bytes_box_end(out, box);
    box = bytes_box(out, "pasp");
    bytes_put_u32(out, 1);
    bytes_put_u32(out, 1);
    bytes_box_end(out, box);
    bytes_box_end(out, entry);
}

/* A descriptor of ISO/IEC 14496-1 §8.3.3 with its length in one byte. */
static void put_descriptor(struct bytes *out, unsigned tag, size_t size) {
    bytes_put_u8(out, tag);
    bytes_put_u8(out, (unsigned)size);
}

static void put_esds(struct bytes *out, const struct cmaf_track *track) {
    size_t config = track->config_size;
    size_t box = bytes_full_box(out, "esds", 0, 0);
    put_descriptor(out, 3, 3 + 2 + 13 + 2 + config + 2 + 1);
    bytes_put_u16(out, TRACK_ID);
    bytes_put_u8(out, 0);
    put_descriptor(out, 4, 13 + 2 + config);
    bytes_put_u8(out, 0x40); /* MPEG-4 audio */
    bytes_put_u8(out, 0x15); /* audio stream */
    bytes_put_u24(out, 0);
    bytes_put_u32(out, track->bit_rate_bps);
    bytes_put_u32(out, track->bit_rate_bps);
    put_descriptor(out, 5, config);
    bytes_put(out, track->config, config);
    put_descriptor(out, 6, 1);
    bytes_put_u8(out, 2);
    bytes_box_end(out, box);
}

static void put_mp4a(struct bytes *out, const struct cmaf_track *track) {
    size_t entry = bytes_box(out, "mp4a");
    bytes_put_zeros(out, 6);
    bytes_put_u16(out, 1);
    bytes_put_zeros(out, 8);
    bytes_put_u16(out, track->channels);
    bytes_put_u16(out, 16);
    bytes_put_u32(out, 0);
    bytes_put_u32(out, track->sample_rate_hz << 16);
    put_esds(out, track);
    bytes_box_end(out, entry);
}

static void put_minf(struct bytes *out, const struct cmaf_track *track) {
    bool audio = track->kind == SEGMENT_INDEX_AUDIO;
    size_t minf = bytes_box(out, "minf");
    size_t box = audio ? bytes_full_box(out, "smhd", 0, 0) : bytes_full_box(out, "vmhd", 0, 1);
    bytes_put_zeros(out, audio ? 4 : 8);
    bytes_box_end(out, box);
    size_t dinf = bytes_box(out, "dinf");
    size_t dref = bytes_full_box(out, "dref", 0, 0);
    bytes_put_u32(out, 1);
    box = bytes_full_box(out, "url ", 0, 1); /* in this file */
    bytes_box_end(out, box);
    bytes_box_end(out, dref);
    bytes_box_end(out, dinf);
    size_t stbl = bytes_box(out, "stbl");
    box = bytes_full_box(out, "stsd", 0, 0);
    bytes_put_u32(out, 1);
    if (audio) {
        put_mp4a(out, track);
    } else {
        put_avc1(out, track);
    }
    bytes_box_end(out, box);
    put_empty_tables(out);
    bytes_box_end(out, stbl);
    bytes_box_end(out, minf);
}

static void put_trak(struct bytes *out, const struct cmaf_track *track) {
    size_t trak = bytes_box(out, "trak");
    put_tkhd(out, track);
    put_edit(out, track);
    size_t mdia = bytes_box(out, "mdia");
    size_t box = bytes_full_box(out, "mdhd", 0, 0);
    bytes_put_zeros(out, 8);
    bytes_put_u32(out, track->timescale);
    bytes_put_u32(out, 0);
    bytes_put_u16(out, LANGUAGE_UND);
    bytes_put_u16(out, 0);
    bytes_box_end(out, box);
    put_hdlr(out, track);
    put_minf(out, track);
    bytes_box_end(out, mdia);
    bytes_box_end(out, trak);
}

void cmaf_box_init(struct bytes *out, const struct cmaf_track *track, size_t *out_duration_at) {
    put_ftyp(out);
    size_t moov = bytes_box(out, "moov");
    put_mvhd(out, track);
    put_trak(out, track);
    size_t mvex = bytes_box(out, "mvex");
    size_t box = bytes_full_box(out, "mehd", 1, 0);
    *out_duration_at = out->len;
    bytes_put_u64(out, 0);
    bytes_box_end(out, box);
    box = bytes_full_box(out, "trex", 0, 0);
    bytes_put_u32(out, TRACK_ID);
    bytes_put_u32(out, 1);
    bytes_put_zeros(out, 12);
    bytes_box_end(out, box);
    bytes_box_end(out, mvex);
    bytes_box_end(out, moov);
}

static bool durations_equal(const struct cmaf_box_sample *samples, size_t count) {
    for (size_t i = 1; i < count; i++) {
        if (samples[i].duration != samples[0].duration) return false;
    }
    return true;
}

/* (8.8.8) Gives the offset of the data offset, which is known once the moof is complete. */
static size_t put_trun(struct bytes *out, bool video, const struct cmaf_box_sample *samples,
                       size_t count) {
    enum { DATA_OFFSET = 1, FIRST_FLAGS = 4, DURATION = 0x100, SIZE = 0x200, COMPOSITION = 0x800 };
    bool even = durations_equal(samples, count);
    uint32_t flags = DATA_OFFSET | SIZE | (even ? 0 : DURATION);
    if (video) flags |= FIRST_FLAGS | COMPOSITION;
    size_t box = bytes_full_box(out, "trun", 1, flags);
    bytes_put_u32(out, (uint32_t)count);
    size_t data_offset_at = out->len;
    bytes_put_u32(out, 0);
    if (video) bytes_put_u32(out, samples[0].key ? FLAGS_KEY : FLAGS_DELTA);
    for (size_t i = 0; i < count; i++) {
        if (!even) bytes_put_u32(out, samples[i].duration);
        bytes_put_u32(out, samples[i].size_bytes);
        if (video) bytes_put_u32(out, (uint32_t)(samples[i].time - samples[i].decode_time));
    }
    bytes_box_end(out, box);
    return data_offset_at;
}

void cmaf_box_fragment(struct bytes *out, enum segment_index_kind kind, uint32_t sequence,
                       const struct cmaf_box_sample *samples, size_t count, size_t data_size) {
    enum { BASE_IS_MOOF = 0x20000, DEFAULT_DURATION = 8, DEFAULT_FLAGS = 0x20 };
    bool video = kind == SEGMENT_INDEX_VIDEO;
    size_t moof = bytes_box(out, "moof");
    size_t box = bytes_full_box(out, "mfhd", 0, 0);
    bytes_put_u32(out, sequence);
    bytes_box_end(out, box);
    size_t traf = bytes_box(out, "traf");
    box = bytes_full_box(out, "tfhd", 0, BASE_IS_MOOF | DEFAULT_DURATION | DEFAULT_FLAGS);
    bytes_put_u32(out, TRACK_ID);
    bytes_put_u32(out, samples[0].duration);
    bytes_put_u32(out, video ? FLAGS_DELTA : FLAGS_KEY);
    bytes_box_end(out, box);
    box = bytes_full_box(out, "tfdt", 1, 0);
    bytes_put_u64(out, (uint64_t)samples[0].decode_time);
    bytes_box_end(out, box);
    size_t data_offset_at = put_trun(out, video, samples, count);
    bytes_box_end(out, traf);
    bytes_box_end(out, moof);
    bytes_set_u32(out, data_offset_at, (uint32_t)(out->len - moof + 8));
    bytes_put_u32(out, (uint32_t)(data_size + 8));
    bytes_put(out, "mdat", 4);
}

size_t cmaf_box_sidx_size(size_t count) {
    return 40 + 12 * count;
}

/* (8.16.3) Every segment starts with a stream access point of type 1. */
void cmaf_box_sidx(struct bytes *out, const struct segment_index *index, size_t gap) {
    size_t box = bytes_full_box(out, "sidx", 1, 0);
    bytes_put_u32(out, TRACK_ID);
    bytes_put_u32(out, index->timescale);
    bytes_put_u64(out, (uint64_t)index->start);
    bytes_put_u64(out, gap);
    bytes_put_u16(out, 0);
    bytes_put_u16(out, index->count);
    for (uint32_t i = 0; i < index->count; i++) {
        bytes_put_u32(out, index->segments[i].size_bytes);
        bytes_put_u32(out, index->segments[i].duration);
        bytes_put_u32(out, 0x90000000);
    }
    bytes_box_end(out, box);
}
