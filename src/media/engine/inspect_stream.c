/* inspect_stream.c: libav's stream parameters in the words of struct media_stream. See inspect.h.
 */
#include "media/engine/inspect.h"

#include <libavcodec/avcodec.h>
#include <libavutil/channel_layout.h>
#include <libavutil/display.h>
#include <libavutil/dovi_meta.h>
#include <libavutil/pixdesc.h>

#include <math.h>
#include <stdlib.h>

/* Text from a file: valid UTF-8 without control characters, cut short; absent otherwise. */
static status clean(struct ctx *cx, const char *from, text *out) {
    enum { TITLE_MOST_BYTES = 240 };
    text t = text_trim(text_of(from));
    if (t.len == 0 || !text_is_utf8(t)) return OK;
    if (t.len > TITLE_MOST_BYTES) t.len = TITLE_MOST_BYTES;
    while (t.len > 0 && !text_is_utf8(t)) t.len--;
    for (size_t i = 0; i < t.len; i++) {
        unsigned char c = (unsigned char)t.at[i];
        if (c < 0x20 || c == 0x7F || c == 0xC2) return OK;
    }
    return text_copy(cx->arena, t, out) == OK ? OK : ctx_no_memory(cx);
}

static int64_t to_ms(int64_t time, AVRational base) {
    if (time == AV_NOPTS_VALUE) return NO_INT;
    int64_t ms = av_rescale_q(time, base, (AVRational){1, 1000});
    return llabs(ms) > INT64_C(90000000000) ? NO_INT : ms;
}

AVRational inspect_frame_rate(AVFormatContext *format, const AVStream *stream) {
    enum { FASTEST = 240 };
    const AVRational known[] = {stream->avg_frame_rate, stream->r_frame_rate,
                                av_guess_frame_rate(format, (AVStream *)stream, NULL)};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].num <= 0 || known[i].den <= 0) continue;
        double rate = av_q2d(known[i]);
        if (rate <= FASTEST && rate >= 0.01) return known[i];
    }
    return (AVRational){0, 1};
}

/* A mirror image is a turn followed by a flip (ISO/IEC 14496-12 §8.3.2 has the matrix). */
static void take_orientation(const AVStream *stream, struct media_stream *out) {
    out->rotation_degrees = 0;
    size_t size = 0;
    const int32_t *matrix =
        (const int32_t *)av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
    if (!matrix || size < 9 * sizeof *matrix) return;
    double a = matrix[0], b = matrix[1], c = matrix[3], d = matrix[4];
    out->mirrored = a * d - b * c < 0;
    if (out->mirrored) a = -a;
    long quarters = lround(atan2(b, a) / M_PI_2);
    out->rotation_degrees = ((quarters % 4 + 4) % 4) * 90;
}

static void take_shape(AVFormatContext *format, const AVStream *stream, struct media_stream *out) {
    enum { WEIRD = 8 };
    out->width = stream->codecpar->width;
    out->height = stream->codecpar->height;
    AVRational aspect = av_guess_sample_aspect_ratio(format, (AVStream *)stream, NULL);
    bool sane = aspect.num > 0 && aspect.den > 0 && aspect.num / aspect.den < WEIRD &&
                aspect.den / aspect.num < WEIRD;
    if (!sane) aspect = (AVRational){1, 1};
    out->sample_aspect_num = aspect.num;
    out->sample_aspect_den = aspect.den;
    take_orientation(stream, out);
    int64_t wide = llround((double)out->width * av_q2d(aspect)), high = out->height;
    bool turned = out->rotation_degrees % 180 != 0;
    out->display_width = turned ? high : wide;
    out->display_height = turned ? wide : high;
}

static const char *chroma_of(const AVPixFmtDescriptor *format) {
    if (format->flags & AV_PIX_FMT_FLAG_RGB) return "rgb";
    if (format->nb_components < 3) return "4:0:0";
    int sub = format->log2_chroma_w * 10 + format->log2_chroma_h;
    return sub == 11 ? "4:2:0" : sub == 10 ? "4:2:2" : sub == 0 ? "4:4:4" : "other";
}

static void take_pixels(enum AVPixelFormat pixels, struct media_stream *out) {
    const AVPixFmtDescriptor *format = av_pix_fmt_desc_get(pixels);
    if (!format) return;
    out->pixel_format = text_of(format->name);
    out->bit_depth = format->comp[0].depth;
    out->chroma = text_of(chroma_of(format));
}

static text named(const char *name) {
    return name ? text_of(name) : NO_TEXT;
}

static void take_colour(const AVStream *stream, struct media_stream *out) {
    const AVCodecParameters *codec = stream->codecpar;
    if (codec->color_primaries != AVCOL_PRI_UNSPECIFIED) {
        out->color_primaries = named(av_color_primaries_name(codec->color_primaries));
    }
    if (codec->color_trc != AVCOL_TRC_UNSPECIFIED) {
        out->color_transfer = named(av_color_transfer_name(codec->color_trc));
    }
    if (codec->color_space != AVCOL_SPC_UNSPECIFIED) {
        out->color_matrix = named(av_color_space_name(codec->color_space));
    }
    if (codec->color_range != AVCOL_RANGE_UNSPECIFIED) {
        out->color_range = named(av_color_range_name(codec->color_range));
    }
    out->dynamic_range = TEXT("sdr");
    if (codec->color_trc == AVCOL_TRC_SMPTE2084) out->dynamic_range = TEXT("hdr10");
    if (codec->color_trc == AVCOL_TRC_ARIB_STD_B67) out->dynamic_range = TEXT("hlg");
    const AVDOVIDecoderConfigurationRecord *dolby =
        (const void *)av_stream_get_side_data(stream, AV_PKT_DATA_DOVI_CONF, NULL);
    /* Only profiles without a compatible base layer need to be told apart. */
    if (dolby && dolby->dv_bl_signal_compatibility_id == 0)
        out->dynamic_range = TEXT("dolby_vision");
}

static bool is_interlaced(enum AVFieldOrder order) {
    return order != AV_FIELD_UNKNOWN && order != AV_FIELD_PROGRESSIVE;
}

/* Longest distance between key frames in a container that lists every frame. */
static int64_t key_interval(const AVFormatContext *format, const AVStream *stream) {
    if (!text_starts(text_of(format->iformat->name), TEXT("mov,"))) return NO_INT;
    int64_t longest = NO_INT, last = AV_NOPTS_VALUE;
    int count = avformat_index_get_entries_count(stream);
    for (int i = 0; i < count; i++) {
        const AVIndexEntry *entry = avformat_index_get_entry((AVStream *)stream, i);
        if (!(entry->flags & AVINDEX_KEYFRAME)) continue;
        if (last != AV_NOPTS_VALUE && entry->timestamp > last &&
            entry->timestamp - last > longest) {
            longest = entry->timestamp - last;
        }
        last = entry->timestamp;
    }
    return longest == NO_INT ? NO_INT : to_ms(longest, stream->time_base);
}

static int compare_steps(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* Frames are unevenly spaced when more than one in fifty is a tenth off the middle distance.
 * Containers that list every frame tell exactly; of others only two estimates of the rate can be
 * compared. */
static bool is_uneven(const AVFormatContext *format, const AVStream *stream) {
    enum { STEPS_MOST = 2000, STEPS_LEAST = 5 };
    int64_t steps[STEPS_MOST];
    int count = 0, listed = avformat_index_get_entries_count(stream);
    bool complete = text_starts(text_of(format->iformat->name), TEXT("mov,"));
    for (int i = 1; complete && i < listed && count < STEPS_MOST; i++) {
        steps[count++] = avformat_index_get_entry((AVStream *)stream, i)->timestamp -
                         avformat_index_get_entry((AVStream *)stream, i - 1)->timestamp;
    }
    if (count < STEPS_LEAST) {
        double average = av_q2d(stream->avg_frame_rate), real = av_q2d(stream->r_frame_rate);
        bool known = stream->avg_frame_rate.num > 0 && stream->r_frame_rate.num > 0;
        return known && average <= 240 && fabs(average - real) > 0.1 * real;
    }
    qsort(steps, (size_t)count, sizeof *steps, compare_steps);
    int64_t middle = steps[count / 2], off = 0;
    for (int i = 0; i < count; i++) off += llabs(steps[i] - middle) * 10 > middle;
    return off * 50 > count;
}

static void take_video(AVFormatContext *format, const AVStream *stream, struct media_stream *out) {
    take_shape(format, stream, out);
    take_pixels((enum AVPixelFormat)stream->codecpar->format, out);
    take_colour(stream, out);
    AVRational rate = inspect_frame_rate(format, stream);
    out->frame_rate = rate.num > 0 ? av_q2d(rate) : NAN;
    out->variable_frame_rate = is_uneven(format, stream);
    out->interlaced = is_interlaced(stream->codecpar->field_order);
    out->key_interval_ms = key_interval(format, stream);
    out->decodable = out->decodable && out->width > 0 && out->height > 0;
}

static status take_audio(struct ctx *cx, const AVStream *stream, struct media_stream *out) {
    const AVCodecParameters *codec = stream->codecpar;
    char layout[64] = "";
    if (codec->ch_layout.nb_channels > 0 &&
        av_channel_layout_describe(&codec->ch_layout, layout, sizeof layout) > 0) {
        TRY(clean(cx, layout, &out->channel_layout));
    }
    out->channels = codec->ch_layout.nb_channels;
    out->sample_rate_hz = codec->sample_rate;
    out->decodable = out->decodable && out->channels > 0 && out->sample_rate_hz > 0;
    return OK;
}

static const char *kind_of(const AVStream *stream) {
    const int stills =
        AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS | AV_DISPOSITION_STILL_IMAGE;
    switch (stream->codecpar->codec_type) {
    case AVMEDIA_TYPE_VIDEO:
        return stream->disposition & stills ? "picture" : "video";
    case AVMEDIA_TYPE_AUDIO:
        return "audio";
    case AVMEDIA_TYPE_SUBTITLE:
        return "subtitle";
    default:
        return "data";
    }
}

static text tag(const AVStream *stream, const char *key) {
    const AVDictionaryEntry *entry = av_dict_get(stream->metadata, key, NULL, 0);
    return entry ? text_of(entry->value) : NO_TEXT;
}

status inspect_stream(struct ctx *cx, AVFormatContext *format, const AVStream *stream,
                      struct media_stream *out) {
    const AVCodecParameters *codec = stream->codecpar;
    record_clear(&media_stream_schema, out);
    out->index = stream->index;
    out->kind = text_of(kind_of(stream));
    if (codec->codec_id != AV_CODEC_ID_NONE)
        out->codec = text_of(avcodec_get_name(codec->codec_id));
    out->profile = named(avcodec_profile_name(codec->codec_id, codec->profile));
    out->is_default = (stream->disposition & AV_DISPOSITION_DEFAULT) != 0;
    out->decodable = source_takes_codec(codec->codec_id);
    out->start_ms = to_ms(stream->start_time, stream->time_base);
    int64_t duration_ms = to_ms(stream->duration, stream->time_base);
    out->duration_ms = duration_ms >= 0 ? duration_ms : NO_INT;
    out->bit_rate_bps = codec->bit_rate > 0 ? codec->bit_rate : NO_INT;
    TRY(clean(cx, tag(stream, "language").at, &out->language));
    TRY(clean(cx, tag(stream, "title").at, &out->title));
    if (text_is(out->kind, "video") || text_is(out->kind, "picture")) {
        take_video(format, stream, out);
    }
    return text_is(out->kind, "audio") ? take_audio(cx, stream, out) : OK;
}

status inspect_frame(struct ctx *cx, const AVFrame *frame, struct media_stream *stream) {
    (void)cx;
    if (frame->interlaced_frame) stream->interlaced = true;
    if (!stream->pixel_format.len) take_pixels((enum AVPixelFormat)frame->format, stream);
    return OK;
}
