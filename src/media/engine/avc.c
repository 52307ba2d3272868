/* avc.c: walking NAL units. See avc.h. Owns nothing. Threads: pure functions. */
#include "media/engine/avc.h"

#include <stdio.h>

enum { NAL_SPS = 7, NAL_PPS = 8, NAL_AUD = 9, NAL_FILLER = 12 };

struct nal {
    const uint8_t *at;
    size_t size;
};

/* Offset of the next start code 00 00 01 at or behind `from`; `size` if there is none. */
static size_t next_start(const uint8_t *at, size_t size, size_t from) {
    for (size_t i = from; i + 3 <= size; i++) {
        if (at[i] == 0 && at[i + 1] == 0 && at[i + 2] == 1) return i;
    }
    return size;
}

/* Takes the next unit from `*place` on; false at the end. */
static bool next_nal(const uint8_t *at, size_t size, size_t *place, struct nal *out) {
    size_t start = next_start(at, size, *place);
    if (start + 3 >= size) return false;
    start += 3;
    size_t end = next_start(at, size, start);
    *place = end;
    /* trailing_zero_8bits, and the longer start code */
    while (end > start && at[end - 1] == 0) end--;
    *out = (struct nal){at + start, end - start};
    return true;
}

static unsigned type_of(struct nal nal) {
    return nal.size ? nal.at[0] & 0x1F : 0;
}

static void put_set(struct bytes *record, struct nal nal) {
    bytes_put_u16(record, (unsigned)nal.size);
    bytes_put(record, nal.at, nal.size);
}

/* ISO/IEC 14496-15 §5.3.3.1; our encoders make 8-bit 4:2:0 only, which the tail for High states. */
static void put_record(struct bytes *record, struct nal sps, struct nal pps) {
    enum { HIGH_PROFILE = 100 };
    bytes_put_u8(record, 1);
    bytes_put(record, sps.at + 1, 3);
    bytes_put_u8(record, 0xFC | 3); /* lengths of 4 bytes */
    bytes_put_u8(record, 0xE0 | 1);
    put_set(record, sps);
    bytes_put_u8(record, 1);
    put_set(record, pps);
    if (sps.at[1] >= HIGH_PROFILE) {
        bytes_put_u8(record, 0xFC | 1); /* 4:2:0 */
        bytes_put_u8(record, 0xF8);
        bytes_put_u8(record, 0xF8);
        bytes_put_u8(record, 0);
    }
}

status avc_config_from(struct ctx *cx, const uint8_t *at, size_t size, struct avc_config *out) {
    struct nal sps = {0}, pps = {0}, nal;
    for (size_t place = 0; next_nal(at, size, &place, &nal);) {
        if (type_of(nal) == NAL_SPS && !sps.at) sps = nal;
        if (type_of(nal) == NAL_PPS && !pps.at) pps = nal;
    }
    if (!sps.at || !pps.at || sps.size < 4 || sps.size > UINT16_MAX || pps.size > UINT16_MAX) {
        return ctx_fail(cx, INVALID, "The video encoder gave no usable parameter sets.");
    }
    struct avc_config config = {0};
    put_record(&config.record, sps, pps);
    if (config.record.failed) {
        bytes_done(&config.record);
        return ctx_no_memory(cx);
    }
    (void)snprintf(config.codecs, sizeof config.codecs, "avc1.%02x%02x%02x", sps.at[1], sps.at[2],
                   sps.at[3]);
    *out = config;
    return OK;
}

void avc_append_sample(struct bytes *out, const uint8_t *at, size_t size) {
    struct nal nal;
    for (size_t place = 0; next_nal(at, size, &place, &nal);) {
        unsigned type = type_of(nal);
        if (type == NAL_SPS || type == NAL_PPS || type == NAL_AUD || type == NAL_FILLER) continue;
        if (nal.size == 0) continue;
        bytes_put_u32(out, (uint32_t)nal.size);
        bytes_put(out, nal.at, nal.size);
    }
}
