/* media.h: films in, renditions and progress out; the media floor's public interface.
 *
 * A film is probed, planned and encoded. Probing and encoding happen in a child process
 * (matinee-media, executed afresh for each call) that sees nothing but the descriptors given here;
 * planning is a pure function of what the probe found. Nothing of libav is in this process.
 * Invariants: whatever the film does to its child, a call here ends with a status and one sentence;
 * no child outlives the call or the thread that made it. Texts and lists live in the context's
 * arena. Threads: any number of calls at once, one per context. The thread that called must live
 * until the call returns (the child dies with it). */
#ifndef MEDIA_MEDIA_H
#define MEDIA_MEDIA_H

#include "base/ctx.h"
#include "base/field.h"

/** How children are run. Zero members mean the default named beside them. */
struct media_options {
    const char *program; /**< Path of the matinee-media executable. Required. */
    int threads;         /**< Threads for decoding and encoding; 0 = one a processor. */
    int nice;            /**< Scheduling niceness 0..19 of a run; 0 = 10. Probes keep ours. */
    int64_t memory_limit_bytes; /**< Most data the child may hold; 0 = 4 GiB. */
    int64_t silence_limit_ms;   /**< A child that reports nothing so long is ended; 0 = 120 s. */
    int64_t time_limit_ms;      /**< Wall time of a call; 0 = 60 s for a probe, none for a run. */
};

/** One stream of a film, as probed. What does not apply is absent (NO_INT, NaN, no text). */
struct media_stream {
    int64_t index;        /**< Number within the container. */
    text kind;            /**< "video", "audio", "subtitle", "picture" (a cover) or "data". */
    text codec;           /**< Name as FFmpeg spells it: "h264", "aac", … */
    text profile;         /**< "High", "LC", … if known. */
    bool decodable;       /**< True: we decode this codec and the parameters make sense. */
    bool is_default;      /**< The container marks it as the one to play. */
    text language;        /**< ISO 639 code as found, or absent. */
    text title;           /**< Its title as found, or absent. */
    int64_t start_ms;     /**< Time of its first sample in the container's time. */
    int64_t duration_ms;  /**< Its own length. */
    int64_t bit_rate_bps; /**< Average bit rate if the container tells. */
    int64_t width;        /**< Stored size in pixels. */
    int64_t height;
    int64_t display_width; /**< Size upright and with square pixels. */
    int64_t display_height;
    int64_t rotation_degrees;  /**< Clockwise turn that makes it upright: 0, 90, 180, 270. */
    bool mirrored;             /**< To be mirrored left to right, after the turn. */
    int64_t sample_aspect_num; /**< Shape of a pixel; 1:1 if not told. */
    int64_t sample_aspect_den;
    double frame_rate;        /**< Average frames a second. */
    bool variable_frame_rate; /**< Frames are not evenly spaced. */
    bool interlaced;          /**< Fields, to be made into frames. */
    text pixel_format;        /**< FFmpeg's name: "yuv420p10le". */
    int64_t bit_depth;        /**< Bits of a sample. */
    text chroma;              /**< "4:2:0", "4:2:2", "4:4:4", "4:0:0", "rgb" or "other". */
    text color_primaries;     /**< Names as in ITU-T H.273 by FFmpeg: "bt709", … or absent. */
    text color_transfer;
    text color_matrix;
    text color_range;        /**< "tv" or "pc", or absent. */
    text dynamic_range;      /**< "sdr", "hdr10", "hlg" or "dolby_vision". */
    int64_t key_interval_ms; /**< Longest distance between key frames seen. */
    int64_t channels;        /**< Audio channels. */
    text channel_layout;     /**< "stereo", "5.1(side)", … */
    int64_t sample_rate_hz;  /**< Audio samples a second. */
};

/** What a probe tells about a film. */
struct media_info {
    text container;       /**< "mov", "matroska", "mpegts", … */
    int64_t size_bytes;   /**< Of the source. */
    int64_t duration_ms;  /**< Best knowledge of the film's length; NO_INT if none. */
    int64_t start_ms;     /**< Earliest time in the container. */
    int64_t bit_rate_bps; /**< Of everything together. */
    list streams;         /**< struct media_stream. */
    list notes;           /**< Sentences (text) about what is odd. */
};

/** One rendition to be made. */
struct media_rendition_plan {
    text name;     /**< "1080p" … "144p", or "audio". Also the output's name. */
    text kind;     /**< "video" or "audio". */
    text mode;     /**< "encode"; "copy" is kept for passing samples through. */
    int64_t width; /**< Even pixel sizes, upright; NO_INT for audio. */
    int64_t height;
    double quality;         /**< x264 CRF; NaN for audio. */
    int64_t max_rate_bps;   /**< Cap over the buffer below; for audio the bit rate. */
    int64_t buffer_bits;    /**< Rate-control buffer; NO_INT for audio. */
    int64_t channels;       /**< Audio only. */
    int64_t sample_rate_hz; /**< Audio only. */
};

/** What shall be made of a film and why. Serialisable, so that it can be kept with the job. */
struct media_plan {
    int64_t video_stream;     /**< Index of the source's video stream; NO_INT = audio only. */
    int64_t audio_stream;     /**< Index of the audio stream; NO_INT = none. */
    int64_t duration_ms;      /**< Expected length; NO_INT unknown. */
    double frame_rate;        /**< Of all video renditions, at most the limit; NaN without video. */
    bool variable_frame_rate; /**< Timestamps are kept as they come. */
    bool thinned;             /**< Frames are left out to come down to the frame rate. */
    bool deinterlace;         /**< Fields are made into frames (bwdif). */
    bool tone_map;            /**< High dynamic range is mapped to standard range. */
    int64_t rotation_degrees; /**< Turn clockwise: 0, 90, 180, 270. */
    bool mirrored;            /**< Mirror left to right after the turn. */
    int64_t key_interval_ms;  /**< The grid of forced key frames. */
    int64_t segment_ms;       /**< Length of a segment, a multiple of the grid. */
    list renditions; /**< struct media_rendition_plan: video from large to small, then audio. */
    list reasons;    /**< Sentences (text): each decision and why. */
};

/** What an instance allows. Zero members mean the default named beside them. */
struct media_limits {
    int64_t max_rung;        /**< Largest rung in lines of the shorter side; 0 = 1080. */
    int64_t max_frame_rate;  /**< 0 = 60. */
    int64_t max_pixels;      /**< Refused above, width × height of the source; 0 = 8192 × 8192. */
    int64_t max_side;        /**< Refused above, either side of the source; 0 = 8192. */
    int64_t max_duration_ms; /**< Refused above; 0 = 24 h. */
};

/** How far a run is. */
struct media_progress {
    text stage;          /**< "starting", "encoding" or "finishing". */
    int64_t percent;     /**< 0..100, of the slowest rendition. */
    int64_t position_ms; /**< Film time that every rendition has reached. */
    int64_t frames;      /**< Frames decoded so far. */
    double speed;        /**< Film seconds a second so far; NaN unknown. */
    int64_t eta_ms;      /**< Time left; NO_INT unknown. */
};

/** A rendition that was made. */
struct media_rendition {
    text name;     /**< As in the plan. */
    text kind;     /**< "video" or "audio". */
    text mode;     /**< "encode" or "copy". */
    int64_t width; /**< NO_INT for audio. */
    int64_t height;
    double frame_rate;     /**< Nominal; uneven films may be below it. NaN for audio. */
    text codecs;           /**< RFC 6381, from the stream itself: "avc1.64001f", "mp4a.40.2". */
    int64_t bandwidth_bps; /**< Measured peak over the segments (RFC 8216 §4.3.4.2). */
    int64_t average_bandwidth_bps; /**< Measured average. */
    int64_t size_bytes;            /**< Of the whole file. */
    int64_t duration_ms;           /**< Of its content. */
    int64_t channels;              /**< Audio only, else NO_INT. */
    int64_t sample_rate_hz;        /**< Audio only, else NO_INT. */
    text index;                    /**< The segment index's bytes (segment_index.h). Not in JSON. */
};

/** What a run made. */
struct media_result {
    int64_t duration_ms; /**< Longest rendition. */
    list renditions;     /**< struct media_rendition, in the plan's order. */
    list notes;          /**< Sentences (text): damage met and the like. */
    text thumbnail;      /**< A JPEG at most 640 pixels wide, or absent. Not in JSON. */
};

/** Field tables of the records above; `index` and `thumbnail` are left out, as bytes are no JSON.
 */
extern const struct schema media_stream_schema;
extern const struct schema media_info_schema;
extern const struct schema media_rendition_plan_schema;
extern const struct schema media_plan_schema;
extern const struct schema media_progress_schema;
extern const struct schema media_rendition_schema;
extern const struct schema media_result_schema;

/** Where a rendition goes: a file open for reading and writing, emptied and written by offset. The
 *  descriptor stays the caller's; its file offset is not used. Not synced to the disk. */
struct media_output {
    text rendition; /**< Name as in the plan. */
    int fd;
};

/** Told about progress at most every half second and at least every second, from the calling
 * thread, also when nothing is new (renew leases here). The record lives for the call only. A
 * status other than OK ends the child; media_run then returns that status. */
typedef status media_on_progress(void *argument, const struct media_progress *progress);

/** Looks into the film at `source_fd` (a regular file open for reading, stays the caller's).
 *  INVALID: no film we take, broken beyond use. QUOTA: it exceeds a limit (memory, processor time).
 *  These two are final; IO (child died, could not be started), TIMEOUT, BUSY and NO_MEMORY are
 * worth another try. The fault's sentence is meant for the film's owner. */
status media_probe(struct ctx *cx, const struct media_options *options, int source_fd,
                   struct media_info *out) CHECKED;

/** Decides what to make of the film. Pure: the same probe gives the same plan. `limits` may be
 * NULL. INVALID: nothing in it can be shown, with the reason. QUOTA: too large or too long. */
status media_plan(struct ctx *cx, const struct media_limits *limits, const struct media_info *info,
                  struct media_plan *out) CHECKED;

/** Makes every rendition of the plan, each into the output of its name (all must be given, `count`
 * of them). Statuses as media_probe, and what `on_progress` (may be NULL) returned. On failure the
 *  outputs hold anything; truncate or drop them. */
status media_run(struct ctx *cx, const struct media_options *options, const struct media_plan *plan,
                 int source_fd, const struct media_output *outputs, size_t count,
                 media_on_progress *on_progress, void *argument, struct media_result *out) CHECKED;

/** The plan's rendition numbered `at` (from 0), and the result's. */
static inline const struct media_rendition_plan *media_planned(const struct media_plan *plan,
                                                               size_t at) {
    return (const struct media_rendition_plan *)plan->renditions.at + at;
}
static inline const struct media_rendition *media_made(const struct media_result *result,
                                                       size_t at) {
    return (const struct media_rendition *)result->renditions.at + at;
}

#endif
