/* plan.c: what to make of a film: streams, rungs, rates, and a sentence for each decision.
 *
 * A pure function of the probe and the limits, so that a decision can be repeated and explained.
 * Owns nothing; the plan lives in the context's arena. Threads: any. */
#include "media/media.h"

#include "base/scope.h"

#include <math.h>
#include <stdio.h>

enum { REASONS_MOST = 32, SEGMENT_MS = 4000, KEY_INTERVAL_MS = 2000 };
enum { DEFAULT_RUNG = 1080, DEFAULT_RATE = 60, DEFAULT_SIDE = 8192, DAY_MS = 24 * 60 * 60 * 1000 };

/* A rung of the ladder. Rates are for 16:9 at up to 30 frames a second, in line with what streaming
 * services publish; the rate factor decides below the cap. */
struct rung {
    int lines;
    double quality;
    int64_t max_rate_bps;
};
static const struct rung ladder[] = {
    {2160, 23, 16000000}, {1440, 23, 9000000}, {1080, 23, 5000000}, {720, 23, 2800000},
    {480, 23, 1400000},   {360, 23, 800000},   {240, 23, 400000},   {144, 23, 200000},
};

struct planning {
    struct ctx *cx;
    const struct media_info *info;
    struct media_limits limits;
    struct media_plan *plan;
    text *reasons;
    struct media_rendition_plan *renditions;
};

static status because(struct planning *planning, const char *format, ...) PRINTF_LIKE(2, 3);
static status because(struct planning *planning, const char *format, ...) {
    struct build build = {.arena = planning->cx->arena};
    va_list arguments;
    va_start(arguments, format);
    build_format_v(&build, format, arguments);
    va_end(arguments);
    text sentence = NO_TEXT;
    if (build_text(&build, &sentence) != OK) return ctx_no_memory(planning->cx);
    list *reasons = &planning->plan->reasons;
    if (reasons->len < REASONS_MOST) planning->reasons[reasons->len++] = sentence;
    return OK;
}

static struct media_limits limits_of(const struct media_limits *given) {
    struct media_limits limits = given ? *given : (struct media_limits){0};
    if (limits.max_rung <= 0) limits.max_rung = DEFAULT_RUNG;
    if (limits.max_frame_rate <= 0) limits.max_frame_rate = DEFAULT_RATE;
    if (limits.max_side <= 0) limits.max_side = DEFAULT_SIDE;
    if (limits.max_pixels <= 0) limits.max_pixels = (int64_t)DEFAULT_SIDE * DEFAULT_SIDE;
    if (limits.max_duration_ms <= 0) limits.max_duration_ms = DAY_MS;
    return limits;
}

static const struct media_stream *stream_at(const struct media_info *info, size_t at) {
    return (const struct media_stream *)info->streams.at + at;
}

/* How good a candidate is: default streams first, then the largest (most channels). */
static int64_t worth(const struct media_stream *stream) {
    int64_t size = stream->channels != NO_INT ? stream->channels : 0;
    if (stream->width != NO_INT && stream->height != NO_INT) size += stream->width * stream->height;
    return size + (stream->is_default ? INT64_C(1) << 40 : 0);
}

/* The stream of that kind to take, NULL if none can be; `*out_any` tells if there was one at all.
 */
static const struct media_stream *choose(const struct media_info *info, const char *kind,
                                         const struct media_stream **out_any) {
    const struct media_stream *best = NULL;
    for (size_t i = 0; i < info->streams.len; i++) {
        const struct media_stream *stream = stream_at(info, i);
        if (!text_is(stream->kind, kind)) continue;
        if (!*out_any) *out_any = stream;
        if (stream->decodable && (!best || worth(stream) > worth(best))) best = stream;
    }
    return best;
}

/* Codecs are named with what the film says; it may say nothing. */
static text codec_of(const struct media_stream *stream) {
    return stream->codec.len ? stream->codec : TEXT("unknown");
}

static status check_size(struct planning *planning, const struct media_stream *video) {
    const struct media_limits *limits = &planning->limits;
    if (video->width == NO_INT || video->height == NO_INT || video->width * video->height == 0) {
        return OK; /* not decodable then, which is told elsewhere */
    }
    if (video->width <= limits->max_side && video->height <= limits->max_side &&
        video->width * video->height <= limits->max_pixels) {
        return OK;
    }
    return ctx_fail(
        planning->cx, QUOTA,
        "The picture has %lld × %lld pixels; at most %lld on a side and %lld in all are "
        "taken. Please export it smaller.",
        (long long)video->width, (long long)video->height, (long long)limits->max_side,
        (long long)limits->max_pixels);
}

static status check_duration(struct planning *planning) {
    int64_t duration_ms = planning->info->duration_ms;
    if (duration_ms == NO_INT || duration_ms <= planning->limits.max_duration_ms) return OK;
    return ctx_fail(planning->cx, QUOTA, "The film is %lld minutes long; at most %lld are taken.",
                    (long long)(duration_ms / 60000),
                    (long long)(planning->limits.max_duration_ms / 60000));
}

static status refuse_undecodable(struct planning *planning, const struct media_stream *stream) {
    text codec = codec_of(stream);
    return ctx_fail(planning->cx, INVALID,
                    "The film's %.*s (%.*s) cannot be decoded: the codec is not supported or the "
                    "data is damaged. Please export it as H.264 with AAC.",
                    TEXT_ARG(text_is(stream->kind, "audio") ? TEXT("sound") : TEXT("picture")),
                    TEXT_ARG(codec));
}

/* Width for a height (or the other way round) in the picture's shape, even and at least 2. */
static int64_t even(double pixels) {
    int64_t rounded = 2 * (int64_t)llround(pixels / 2.0);
    return rounded < 2 ? 2 : rounded;
}

static bool is_film(const struct media_rendition_plan *rendition) {
    return text_is(rendition->kind, "video");
}

/* Adds a rung whose shorter side is `lines`; rates grow with the picture's area and frame rate. */
static status add_rung(struct planning *planning, const struct media_stream *video, int64_t lines,
                       const struct rung *rung) {
    double wide = (double)video->display_width, high = (double)video->display_height;
    double shrink = (double)lines / fmin(wide, high);
    struct media_rendition_plan *rendition = &planning->renditions[planning->plan->renditions.len];
    record_clear(&media_rendition_plan_schema, rendition);
    int64_t name = lines < rung->lines && lines < 130 ? lines : rung->lines;
    TRY(text_format(planning->cx->arena, &rendition->name, "%lldp", (long long)name));
    rendition->kind = TEXT("video");
    rendition->mode = TEXT("encode");
    rendition->width = even(wide * shrink);
    rendition->height = even(high * shrink);
    rendition->quality = rung->quality;
    double nominal = (double)rung->lines * rung->lines * 16 / 9;
    double area = (double)(rendition->width * rendition->height) / nominal;
    double rate = (double)rung->max_rate_bps * fmin(fmax(area, 0.1), 3.0);
    if (planning->plan->frame_rate > 31) rate *= 1.5;
    rendition->max_rate_bps = (int64_t)(rate / 1000) * 1000;
    rendition->buffer_bits = 2 * rendition->max_rate_bps;
    planning->plan->renditions.len++;
    return OK;
}

/* A rung is offered when the source has at least nine tenths of its lines (films are often cropped
 * by a few); it is then made in the source's own size, so no rung is ever larger than the source.
 */
static status add_ladder(struct planning *planning, const struct media_stream *video) {
    int64_t lines =
        video->display_width < video->display_height ? video->display_width : video->display_height;
    for (size_t i = 0; i < COUNT_OF(ladder); i++) {
        const struct rung *rung = &ladder[i];
        if (rung->lines > planning->limits.max_rung || lines * 10 < rung->lines * 9) continue;
        TRY(add_rung(planning, video, lines < rung->lines ? lines : rung->lines, rung));
    }
    if (planning->plan->renditions.len == 0) {
        TRY(add_rung(planning, video, lines, &ladder[COUNT_OF(ladder) - 1]));
        TRY(because(planning, "The picture is smaller than every rung: one in its own size."));
    }
    return because(planning,
                   "%zu sizes from %lld × %lld down, as the upright source has %lld × %lld pixels.",
                   planning->plan->renditions.len, (long long)planning->renditions[0].width,
                   (long long)planning->renditions[0].height, (long long)video->display_width,
                   (long long)video->display_height);
}

static status plan_rate(struct planning *planning, const struct media_stream *video) {
    struct media_plan *plan = planning->plan;
    double most = (double)planning->limits.max_frame_rate;
    plan->frame_rate = video->frame_rate;
    plan->variable_frame_rate = video->variable_frame_rate;
    if (!(plan->frame_rate > 0)) {
        plan->frame_rate = 25;
        TRY(because(planning, "The frame rate is not told; 25 is taken for planning."));
    }
    if (plan->frame_rate > most + 0.5) {
        plan->thinned = true;
        plan->frame_rate /= ceil(plan->frame_rate / (most + 0.5));
        TRY(because(planning, "%.3f frames a second are thinned to %.3f, as at most %.0f are kept.",
                    video->frame_rate, plan->frame_rate, most));
    }
    if (plan->variable_frame_rate) {
        TRY(because(planning, "The frame rate varies; every frame keeps its own time."));
    }
    return OK;
}

static status plan_shape(struct planning *planning, const struct media_stream *video) {
    struct media_plan *plan = planning->plan;
    plan->rotation_degrees = video->rotation_degrees;
    plan->mirrored = video->mirrored;
    plan->deinterlace = video->interlaced;
    if (plan->rotation_degrees != 0) {
        TRY(because(planning, "The picture is turned by %lld° clockwise, as the file asks.",
                    (long long)plan->rotation_degrees));
    }
    if (plan->mirrored) TRY(because(planning, "The picture is mirrored, as the file asks."));
    if (plan->deinterlace) {
        TRY(because(planning, "The picture is interlaced; fields are made into frames (bwdif)."));
    }
    if (video->sample_aspect_num != video->sample_aspect_den) {
        TRY(because(planning, "Pixels of %lld:%lld are made square.",
                    (long long)video->sample_aspect_num, (long long)video->sample_aspect_den));
    }
    return OK;
}

static status plan_colour(struct planning *planning, const struct media_stream *video) {
    struct media_plan *plan = planning->plan;
    plan->tone_map = text_is(video->dynamic_range, "hdr10") || text_is(video->dynamic_range, "hlg");
    if (plan->tone_map) {
        TRY(because(planning, "High dynamic range (%.*s) is mapped to standard range.",
                    TEXT_ARG(video->dynamic_range)));
    }
    if (text_is(video->dynamic_range, "dolby_vision")) {
        TRY(because(planning, "Dolby Vision without a compatible layer: colours are approximate."));
    }
    bool plain = text_is(video->chroma, "4:2:0") && video->bit_depth == 8;
    if (plain || !video->chroma.len) return OK;
    return because(
        planning, "%lld bit %.*s is converted to 8 bit 4:2:0, which every browser plays.",
        (long long)(video->bit_depth == NO_INT ? 0 : video->bit_depth), TEXT_ARG(video->chroma));
}

static status plan_video(struct planning *planning) {
    const struct media_stream *any = NULL;
    const struct media_stream *video = choose(planning->info, "video", &any);
    if (any) TRY(check_size(planning, any));
    if (!video) return any ? refuse_undecodable(planning, any) : OK;
    TRY(check_size(planning, video));
    planning->plan->video_stream = video->index;
    text codec = codec_of(video);
    TRY(because(planning, "Stream %lld (%.*s) is the picture.", (long long)video->index,
                TEXT_ARG(codec)));
    TRY(plan_rate(planning, video));
    TRY(plan_shape(planning, video));
    TRY(plan_colour(planning, video));
    return add_ladder(planning, video);
}

static status plan_audio(struct planning *planning) {
    const struct media_stream *any = NULL;
    const struct media_stream *audio = choose(planning->info, "audio", &any);
    if (!any) return because(planning, "The film has no sound.");
    text codec = codec_of(audio ? audio : any);
    if (!audio) {
        return because(planning, "The sound (%.*s) cannot be decoded and is left out.",
                       TEXT_ARG(codec));
    }
    struct media_plan *plan = planning->plan;
    plan->audio_stream = audio->index;
    struct media_rendition_plan *rendition = &planning->renditions[plan->renditions.len++];
    record_clear(&media_rendition_plan_schema, rendition);
    rendition->name = TEXT("audio");
    rendition->kind = TEXT("audio");
    rendition->mode = TEXT("encode");
    rendition->channels = 2;
    rendition->sample_rate_hz = audio->sample_rate_hz == 44100 ? 44100 : 48000;
    rendition->max_rate_bps = 128000;
    return because(planning,
                   "Stream %lld (%.*s, %lld channels) is the sound: AAC stereo at %lld Hz, encoded "
                   "once for all sizes.",
                   (long long)audio->index, TEXT_ARG(codec), (long long)audio->channels,
                   (long long)rendition->sample_rate_hz);
}

status media_plan(struct ctx *cx, const struct media_limits *limits, const struct media_info *info,
                  struct media_plan *out) {
    struct media_plan plan;
    record_clear(&media_plan_schema, &plan);
    struct planning planning = {.cx = cx, .info = info, .limits = limits_of(limits), .plan = &plan};
    planning.reasons = arena_take_array(cx->arena, REASONS_MOST, sizeof *planning.reasons);
    TRY_NEW(cx, planning.reasons);
    planning.renditions =
        arena_take_array(cx->arena, COUNT_OF(ladder) + 1, sizeof *planning.renditions);
    TRY_NEW(cx, planning.renditions);
    plan.reasons.at = planning.reasons;
    plan.renditions.at = planning.renditions;
    plan.duration_ms = info->duration_ms;
    plan.segment_ms = SEGMENT_MS;
    plan.key_interval_ms = KEY_INTERVAL_MS;
    TRY(check_duration(&planning));
    TRY(plan_video(&planning));
    TRY(plan_audio(&planning));
    if (plan.renditions.len == 0) {
        return ctx_fail(cx, INVALID,
                        "The file holds neither pictures nor sound that can be played.");
    }
    if (!is_film(&planning.renditions[0])) {
        TRY(because(&planning,
                    "The file holds no moving picture: it is published as sound alone."));
    }
    *out = plan;
    return OK;
}
