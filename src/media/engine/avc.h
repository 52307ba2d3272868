/* avc.h: H.264 as byte stream (ITU-T H.264 Annex B) turned into what MP4 holds (ISO/IEC 14496-15).
 *
 * Owns nothing; output goes into the caller's buffers. Input may be anything at all: reads stay
 * inside it. Threads: pure functions. */
#ifndef MEDIA_ENGINE_AVC_H
#define MEDIA_ENGINE_AVC_H

#include "base/ctx.h"
#include "media/engine/bytes.h"

/** Room for a codecs string with its NUL, in bytes. */
enum { AVC_CODECS_BYTES = 16 };

/** What an avc1 sample entry needs. */
struct avc_config {
    struct bytes record;           /**< The avcC box's body; freed by the caller with bytes_done. */
    char codecs[AVC_CODECS_BYTES]; /**< "avc1.PPCCLL" (RFC 6381 §3.3) from the parameter set. */
};

/** Builds the configuration from parameter sets in byte-stream form (an encoder's extradata).
 *  INVALID: no sequence or picture parameter set in it. */
status avc_config_from(struct ctx *cx, const uint8_t *at, size_t size,
                       struct avc_config *out) CHECKED;

/** Appends the access unit with a 4-byte length before each NAL unit; parameter sets, delimiters
 *  and filler are left out, as the sample entry holds the former. */
void avc_append_sample(struct bytes *out, const uint8_t *at, size_t size);

#endif
