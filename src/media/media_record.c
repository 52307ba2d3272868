/* media_record.c: field tables of the media floor's records, so that each has one JSON form.
 *
 * Owns constant data. What comes from a child is read through these tables too, so the bounds here
 * are what a misbehaving child can hand upward. Threads: constant data. */
#include "media/media.h"

static const char *const stream_kinds[] = {"video", "audio", "subtitle", "picture", "data", NULL};
static const char *const rendition_kinds[] = {"video", "audio", NULL};
static const char *const modes[] = {"encode", "copy", NULL};
static const char *const stages[] = {"starting", "encoding", "finishing", NULL};
static const char *const ranges[] = {"sdr", "hdr10", "hlg", "dolby_vision", NULL};

/* The longest time taken for real: three years in milliseconds. */
#define TIME_MOST_MS 100000000000
/* Bounds for sizes and rates, far above anything real yet safe to calculate with. */
#define SIZE_MOST 1000000
#define RATE_MOST_BPS 100000000000
#define NAMES_MOST 80

static const struct field stream_fields[] = {
    FIELD(struct media_stream, index, .flags = REQUIRED, .min = 0, .max = 10000,
          .doc = "Number within the container."),
    FIELD(struct media_stream, kind, .flags = REQUIRED, .choices = stream_kinds,
          .doc = "What it holds."),
    FIELD(struct media_stream, codec, .max = NAMES_MOST, .doc = "Codec as FFmpeg names it."),
    FIELD(struct media_stream, profile, .max = NAMES_MOST, .doc = "Profile of the codec."),
    FIELD(struct media_stream, decodable, .doc = "True when it can be decoded here."),
    FIELD(struct media_stream, is_default, .doc = "Marked as the one to play."),
    FIELD(struct media_stream, language, .max = NAMES_MOST, .doc = "Language code."),
    FIELD(struct media_stream, title, .max = 300, .doc = "Title given in the file."),
    FIELD(struct media_stream, start_ms, .min = -TIME_MOST_MS, .max = TIME_MOST_MS,
          .doc = "Time of the first sample."),
    FIELD(struct media_stream, duration_ms, .min = 0, .max = TIME_MOST_MS, .doc = "Length."),
    FIELD(struct media_stream, bit_rate_bps, .min = 0, .max = RATE_MOST_BPS,
          .doc = "Average bit rate."),
    FIELD(struct media_stream, width, .min = 0, .max = SIZE_MOST, .doc = "Stored width in pixels."),
    FIELD(struct media_stream, height, .min = 0, .max = SIZE_MOST,
          .doc = "Stored height in pixels."),
    FIELD(struct media_stream, display_width, .min = 0, .max = SIZE_MOST,
          .doc = "Width upright with square pixels."),
    FIELD(struct media_stream, display_height, .min = 0, .max = SIZE_MOST,
          .doc = "Height upright with square pixels."),
    FIELD(struct media_stream, rotation_degrees, .min = 0, .max = 270,
          .doc = "Clockwise turn that makes it upright."),
    FIELD(struct media_stream, mirrored, .doc = "To be mirrored left to right after the turn."),
    FIELD(struct media_stream, sample_aspect_num, .min = 1, .max = INT32_MAX,
          .doc = "Width of a pixel."),
    FIELD(struct media_stream, sample_aspect_den, .min = 1, .max = INT32_MAX,
          .doc = "Height of a pixel."),
    FIELD(struct media_stream, frame_rate, .min = 0, .max = SIZE_MOST, .doc = "Frames a second."),
    FIELD(struct media_stream, variable_frame_rate, .doc = "Frames are not evenly spaced."),
    FIELD(struct media_stream, interlaced, .doc = "Made of fields."),
    FIELD(struct media_stream, pixel_format, .max = NAMES_MOST, .doc = "Layout of the samples."),
    FIELD(struct media_stream, bit_depth, .min = 0, .max = 64, .doc = "Bits of a sample."),
    FIELD(struct media_stream, chroma, .max = NAMES_MOST, .doc = "Chroma subsampling."),
    FIELD(struct media_stream, color_primaries, .max = NAMES_MOST, .doc = "Colour primaries."),
    FIELD(struct media_stream, color_transfer, .max = NAMES_MOST, .doc = "Transfer function."),
    FIELD(struct media_stream, color_matrix, .max = NAMES_MOST, .doc = "Matrix coefficients."),
    FIELD(struct media_stream, color_range, .max = NAMES_MOST, .doc = "tv or pc."),
    FIELD(struct media_stream, dynamic_range, .choices = ranges, .doc = "Standard or which high."),
    FIELD(struct media_stream, key_interval_ms, .min = 0, .max = TIME_MOST_MS,
          .doc = "Longest distance between key frames seen."),
    FIELD(struct media_stream, channels, .min = 0, .max = 1024, .doc = "Audio channels."),
    FIELD(struct media_stream, channel_layout, .max = NAMES_MOST, .doc = "Their places."),
    FIELD(struct media_stream, sample_rate_hz, .min = 0, .max = 10000000,
          .doc = "Audio samples a second."),
};
const struct schema media_stream_schema =
    SCHEMA("MediaStream", struct media_stream, stream_fields, "One stream of a film as probed.");

static const struct field info_fields[] = {
    FIELD(struct media_info, container, .flags = REQUIRED, .min = 1, .max = NAMES_MOST,
          .doc = "Container format."),
    FIELD(struct media_info, size_bytes, .flags = REQUIRED, .min = 0, .max = INT64_MAX,
          .doc = "Size of the file."),
    FIELD(struct media_info, duration_ms, .min = 0, .max = TIME_MOST_MS, .doc = "Length."),
    FIELD(struct media_info, start_ms, .min = -TIME_MOST_MS, .max = TIME_MOST_MS,
          .doc = "Earliest time in the container."),
    FIELD(struct media_info, bit_rate_bps, .min = 0, .max = RATE_MOST_BPS, .doc = "Overall rate."),
    FIELD_LIST_OF(struct media_info, streams, media_stream_schema, .max = 64,
                  .doc = "Its streams."),
    FIELD(struct media_info, notes, .max = 64, .doc = "What is odd about it."),
};
const struct schema media_info_schema =
    SCHEMA("MediaInfo", struct media_info, info_fields, "What a probe tells about a film.");

static const struct field rendition_plan_fields[] = {
    FIELD(struct media_rendition_plan, name, .flags = REQUIRED, .min = 1, .max = 20,
          .doc = "Name of the rendition."),
    FIELD(struct media_rendition_plan, kind, .flags = REQUIRED, .choices = rendition_kinds,
          .doc = "What it holds."),
    FIELD(struct media_rendition_plan, mode, .flags = REQUIRED, .choices = modes,
          .doc = "How it is made."),
    FIELD(struct media_rendition_plan, width, .min = 2, .max = 16384, .doc = "Width in pixels."),
    FIELD(struct media_rendition_plan, height, .min = 2, .max = 16384, .doc = "Height in pixels."),
    FIELD(struct media_rendition_plan, quality, .min = 0, .max = 51,
          .doc = "Constant rate factor."),
    FIELD(struct media_rendition_plan, max_rate_bps, .min = 1000, .max = 1000000000,
          .doc = "Most bits a second."),
    FIELD(struct media_rendition_plan, buffer_bits, .min = 1000, .max = 2000000000,
          .doc = "Rate-control buffer."),
    FIELD(struct media_rendition_plan, channels, .min = 1, .max = 8, .doc = "Audio channels."),
    FIELD(struct media_rendition_plan, sample_rate_hz, .min = 8000, .max = 96000,
          .doc = "Audio samples a second."),
};
const struct schema media_rendition_plan_schema =
    SCHEMA("MediaRenditionPlan", struct media_rendition_plan, rendition_plan_fields,
           "One rendition to be made.");

static const struct field plan_fields[] = {
    FIELD(struct media_plan, video_stream, .min = 0, .max = 10000,
          .doc = "Stream taken for pictures."),
    FIELD(struct media_plan, audio_stream, .min = 0, .max = 10000,
          .doc = "Stream taken for sound."),
    FIELD(struct media_plan, duration_ms, .min = 0, .max = TIME_MOST_MS, .doc = "Expected length."),
    FIELD(struct media_plan, frame_rate, .min = 0, .max = 1000, .doc = "Frames a second."),
    FIELD(struct media_plan, variable_frame_rate, .doc = "Frames keep their times."),
    FIELD(struct media_plan, thinned, .doc = "Frames are left out to reach the rate."),
    FIELD(struct media_plan, deinterlace, .doc = "Fields are made into frames."),
    FIELD(struct media_plan, tone_map, .doc = "High dynamic range is mapped to standard."),
    FIELD(struct media_plan, rotation_degrees, .min = 0, .max = 270, .doc = "Turn clockwise."),
    FIELD(struct media_plan, mirrored, .doc = "Mirrored left to right after the turn."),
    FIELD(struct media_plan, key_interval_ms, .flags = REQUIRED, .min = 100, .max = 60000,
          .doc = "Grid of key frames."),
    FIELD(struct media_plan, segment_ms, .flags = REQUIRED, .min = 100, .max = 60000,
          .doc = "Length of a segment."),
    FIELD_LIST_OF(struct media_plan, renditions, media_rendition_plan_schema, .min = 1, .max = 16,
                  .doc = "What is made."),
    FIELD(struct media_plan, reasons, .max = 64, .doc = "Why."),
};
const struct schema media_plan_schema =
    SCHEMA("MediaPlan", struct media_plan, plan_fields, "What shall be made of a film and why.");

static const struct field progress_fields[] = {
    FIELD(struct media_progress, stage, .flags = REQUIRED, .choices = stages, .doc = "Phase."),
    FIELD(struct media_progress, percent, .flags = REQUIRED, .min = 0, .max = 100,
          .doc = "Of the slowest rendition."),
    FIELD(struct media_progress, position_ms, .flags = REQUIRED, .min = 0, .max = TIME_MOST_MS,
          .doc = "Film time reached by all renditions."),
    FIELD(struct media_progress, frames, .flags = REQUIRED, .min = 0, .max = INT64_MAX,
          .doc = "Frames decoded."),
    FIELD(struct media_progress, speed, .min = 0, .max = SIZE_MOST,
          .doc = "Film seconds a second."),
    FIELD(struct media_progress, eta_ms, .min = 0, .max = TIME_MOST_MS, .doc = "Time left."),
};
const struct schema media_progress_schema =
    SCHEMA("MediaProgress", struct media_progress, progress_fields, "How far a run is.");

static const struct field rendition_fields[] = {
    FIELD(struct media_rendition, name, .flags = REQUIRED, .min = 1, .max = 20,
          .doc = "Name of the rendition."),
    FIELD(struct media_rendition, kind, .flags = REQUIRED, .choices = rendition_kinds,
          .doc = "What it holds."),
    FIELD(struct media_rendition, mode, .flags = REQUIRED, .choices = modes,
          .doc = "How it was made."),
    FIELD(struct media_rendition, width, .min = 2, .max = 16384, .doc = "Width in pixels."),
    FIELD(struct media_rendition, height, .min = 2, .max = 16384, .doc = "Height in pixels."),
    FIELD(struct media_rendition, frame_rate, .min = 0, .max = 1000, .doc = "Average frame rate."),
    FIELD(struct media_rendition, codecs, .flags = REQUIRED, .min = 4, .max = 60,
          .doc = "RFC 6381 codecs."),
    FIELD(struct media_rendition, bandwidth_bps, .flags = REQUIRED, .min = 1, .max = UINT32_MAX,
          .doc = "Peak bit rate."),
    FIELD(struct media_rendition, average_bandwidth_bps, .flags = REQUIRED, .min = 1,
          .max = UINT32_MAX, .doc = "Average bit rate."),
    FIELD(struct media_rendition, size_bytes, .flags = REQUIRED, .min = 1, .max = INT64_MAX,
          .doc = "Size of the file."),
    FIELD(struct media_rendition, duration_ms, .flags = REQUIRED, .min = 0, .max = TIME_MOST_MS,
          .doc = "Length."),
    FIELD(struct media_rendition, channels, .min = 1, .max = 8, .doc = "Audio channels."),
    FIELD(struct media_rendition, sample_rate_hz, .min = 8000, .max = 96000,
          .doc = "Audio samples a second."),
};
const struct schema media_rendition_schema = SCHEMA("MediaRendition", struct media_rendition,
                                                    rendition_fields, "A rendition that was made.");

static const struct field result_fields[] = {
    FIELD(struct media_result, duration_ms, .flags = REQUIRED, .min = 0, .max = TIME_MOST_MS,
          .doc = "Longest rendition."),
    FIELD_LIST_OF(struct media_result, renditions, media_rendition_schema, .min = 1, .max = 16,
                  .doc = "What was made."),
    FIELD(struct media_result, notes, .max = 64, .doc = "What was met on the way."),
};
const struct schema media_result_schema =
    SCHEMA("MediaResult", struct media_result, result_fields, "What a run made.");
