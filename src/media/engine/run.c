/* run.c: see run.h. */
#include "media/engine/run.h"

#include "base/scope.h"
#include "media/engine/decoder.h"
#include "media/engine/pictures.h"
#include "media/engine/sound.h"

#include <stdlib.h>

enum { RENDITIONS_MOST = 16, PEEKED_MOST = 256 };

/* Times of formats that may begin anew in the middle (recordings joined, streams cut together): all
 * streams jump together, so one offset mends them. */
struct clock {
    int64_t offset_us;
    int64_t next_us[2]; /* where the picture's (0) and the sound's (1) next packet is due */
    bool known[2];
};

/* One run. Either side is absent when the plan has no such stream. */
struct film {
    struct source *source;
    const struct media_plan *plan;
    const int *fds;
    int threads;
    struct report *report;
    const AVStream *video_stream, *audio_stream;
    struct decoder *video_decoder, *audio_decoder;
    struct pictures *pictures;
    struct sound *sound;
    AVPacket *packet;
    AVFrame *frame;
    struct clock clock;
    AVPacket *peeked[PEEKED_MOST]; /* read before decoding to learn where the film begins */
    size_t peeked_count, peeked_given;
};

static void film_done(struct film *film) {
    pictures_close(film->pictures); /* before the decoder: it may hold its frames */
    sound_close(film->sound);
    decoder_close(film->video_decoder);
    decoder_close(film->audio_decoder);
    for (size_t i = 0; i < film->peeked_count; i++) av_packet_free(&film->peeked[i]);
    av_packet_free(&film->packet);
    av_frame_free(&film->frame);
}

static status stream_of(struct ctx *cx, struct film *film, int64_t index, const AVStream **out) {
    if (index == NO_INT) return OK;
    if (index < 0 || index >= film->source->format->nb_streams) {
        return ctx_fail(cx, INVALID, "The film has changed since it was probed.");
    }
    *out = film->source->format->streams[index];
    return OK;
}

/* What is of no interest isn't even parsed. */
static void discard_others(struct film *film) {
    AVFormatContext *format = film->source->format;
    for (unsigned i = 0; i < format->nb_streams; i++) {
        AVStream *stream = format->streams[i];
        bool wanted = stream == film->video_stream || stream == film->audio_stream;
        stream->discard = wanted ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    }
}

static bool is_its(const AVStream *stream, const AVPacket *packet) {
    return stream && packet->stream_index == stream->index;
}

/* Earlier of a known time and a stream's time, in microseconds. */
static int64_t earlier(int64_t known, int64_t time, AVRational base) {
    if (time == AV_NOPTS_VALUE) return known;
    int64_t us = av_rescale_q(time, base, AV_TIME_BASE_Q);
    return known == AV_NOPTS_VALUE || us < known ? us : known;
}

/* For films that do not say where their streams begin: from the first packets of each. */
static status peek(struct ctx *cx, struct film *film, int64_t *start_us) {
    bool video = !film->video_stream, audio = !film->audio_stream;
    while ((!video || !audio) && film->peeked_count < PEEKED_MOST) {
        AVPacket *packet = av_packet_alloc();
        TRY_NEW(cx, packet);
        film->peeked[film->peeked_count++] = packet;
        status got = source_read(cx, film->source, packet);
        if (got == GONE) {
            av_packet_free(&film->peeked[--film->peeked_count]);
            return OK;
        }
        TRY(got);
        bool is_video = is_its(film->video_stream, packet);
        bool is_audio = is_its(film->audio_stream, packet);
        if (!is_video && !is_audio) continue;
        if ((is_video && !video) || (is_audio && !audio)) {
            *start_us =
                earlier(*start_us, packet->pts,
                        packet->time_base.num
                            ? packet->time_base
                            : film->source->format->streams[packet->stream_index]->time_base);
        }
        video = video || is_video;
        audio = audio || is_audio;
    }
    return OK;
}

/* The time in the container that is zero in the renditions: where the first chosen stream begins.
 */
static status find_origin(struct ctx *cx, struct film *film, int64_t *out_us) {
    const AVStream *streams[] = {film->video_stream, film->audio_stream};
    int64_t start_us = AV_NOPTS_VALUE;
    bool unknown = false;
    for (size_t i = 0; i < COUNT_OF(streams); i++) {
        if (!streams[i]) continue;
        unknown = unknown || streams[i]->start_time == AV_NOPTS_VALUE;
        start_us = earlier(start_us, streams[i]->start_time, streams[i]->time_base);
    }
    if (unknown) TRY(peek(cx, film, &start_us));
    *out_us = start_us == AV_NOPTS_VALUE ? 0 : start_us;
    return OK;
}

static int64_t in_base(int64_t us, const AVStream *stream) {
    return av_rescale_q(us, AV_TIME_BASE_Q, stream->time_base);
}

/* Frame threads hold a frame each, so very large pictures get fewer. */
static int decode_threads(const struct film *film) {
    enum { LARGE_PIXELS = 8 * 1024 * 1024, LARGE_THREADS = 4 };
    const AVCodecParameters *codec = film->video_stream->codecpar;
    bool large = (int64_t)codec->width * codec->height > LARGE_PIXELS;
    int threads = film->threads > 16 ? 16 : film->threads;
    return large && threads > LARGE_THREADS ? LARGE_THREADS : threads;
}

static status open_pictures(struct ctx *cx, struct film *film, int64_t origin_us) {
    const AVStream *stream = film->video_stream;
    TRY(decoder_open(cx, stream, decode_threads(film), &film->video_decoder));
    struct pictures_setup setup = {
        .plan = film->plan,
        .fds = film->fds,
        .time_base = stream->time_base,
        .origin = in_base(origin_us, stream),
        .threads = film->threads,
        .report = film->report,
    };
    return pictures_open(cx, &setup, &film->pictures);
}

/* The number of the audio rendition in the plan, or RENDITIONS_MOST. */
static size_t audio_part(const struct media_plan *plan) {
    for (size_t i = 0; i < plan->renditions.len; i++) {
        if (text_is(media_planned(plan, i)->kind, "audio")) return i;
    }
    return RENDITIONS_MOST;
}

static status open_sound(struct ctx *cx, struct film *film, int64_t origin_us) {
    const AVStream *stream = film->audio_stream;
    size_t part = audio_part(film->plan);
    if (part == RENDITIONS_MOST)
        return ctx_fail(cx, BUG, "The plan has sound but no rendition of it.");
    TRY(decoder_open(cx, stream, 1, &film->audio_decoder));
    struct sound_setup setup = {
        .plan = film->plan,
        .part = part,
        .fd = film->fds[part],
        .time_base = stream->time_base,
        .origin = in_base(origin_us, stream),
        .report = film->report,
    };
    return sound_open(cx, &setup, &film->sound);
}

static status open_film(struct ctx *cx, struct film *film) {
    TRY(stream_of(cx, film, film->plan->video_stream, &film->video_stream));
    TRY(stream_of(cx, film, film->plan->audio_stream, &film->audio_stream));
    if (!film->video_stream && !film->audio_stream) return ctx_fail(cx, BUG, "The plan is empty.");
    film->packet = av_packet_alloc();
    film->frame = av_frame_alloc();
    if (!film->packet || !film->frame) return ctx_no_memory(cx);
    discard_others(film);
    int64_t origin_us = 0;
    TRY(find_origin(cx, film, &origin_us));
    if (film->video_stream) TRY(open_pictures(cx, film, origin_us));
    if (film->audio_stream) TRY(open_sound(cx, film, origin_us));
    return OK;
}

/* Gives a packet behind a jump the time at which it was due. */
static void mend_times(struct film *film, bool video, AVPacket *packet) {
    enum { BACK_MOST_US = 1000000, AHEAD_MOST_US = 10000000 };
    const AVFormatContext *format = film->source->format;
    AVRational base = (video ? film->video_stream : film->audio_stream)->time_base;
    int64_t time = packet->dts != AV_NOPTS_VALUE ? packet->dts : packet->pts;
    if (!(format->iformat->flags & AVFMT_TS_DISCONT) || time == AV_NOPTS_VALUE) return;
    struct clock *clock = &film->clock;
    int64_t *next_us = &clock->next_us[video ? 0 : 1];
    bool *known = &clock->known[video ? 0 : 1];
    int64_t time_us = av_rescale_q(time, base, AV_TIME_BASE_Q) + clock->offset_us;
    int64_t jump_us = time_us - *next_us;
    if (*known && (jump_us < -BACK_MOST_US || jump_us > AHEAD_MOST_US)) {
        clock->offset_us -= jump_us;
        time_us = *next_us;
    }
    int64_t length_us =
        av_rescale_q(packet->duration > 0 ? packet->duration : 0, base, AV_TIME_BASE_Q);
    *next_us = time_us + length_us;
    *known = true;
    int64_t offset = av_rescale_q(clock->offset_us, AV_TIME_BASE_Q, base);
    if (packet->pts != AV_NOPTS_VALUE) packet->pts += offset;
    if (packet->dts != AV_NOPTS_VALUE) packet->dts += offset;
}

/* Decodes a packet (NULL: the end) of either stream and hands its frames on. */
static status decode(struct ctx *cx, struct film *film, bool video, const AVPacket *packet) {
    struct decoder *decoder = video ? film->video_decoder : film->audio_decoder;
    TRY(decoder_send(cx, decoder, packet));
    while (true) {
        bool there = false;
        TRY(decoder_take(cx, decoder, film->frame, &there));
        if (!there) return OK;
        status pushed = video ? pictures_push(cx, film->pictures, film->frame)
                              : sound_push(cx, film->sound, film->frame);
        av_frame_unref(film->frame);
        TRY(pushed);
    }
}

/* The next packet: those that were peeked at first. */
static status next_packet(struct ctx *cx, struct film *film) {
    if (film->peeked_given < film->peeked_count) {
        av_packet_move_ref(film->packet, film->peeked[film->peeked_given++]);
        return OK;
    }
    return source_read(cx, film->source, film->packet);
}

static status take_packet(struct ctx *cx, struct film *film) {
    bool video = is_its(film->video_stream, film->packet);
    if (!video && !is_its(film->audio_stream, film->packet)) return OK;
    mend_times(film, video, film->packet);
    return decode(cx, film, video, film->packet);
}

static status decode_all(struct ctx *cx, struct film *film) {
    while (true) {
        status got = next_packet(cx, film);
        if (got == GONE) break;
        TRY(got);
        status taken = take_packet(cx, film);
        av_packet_unref(film->packet);
        TRY(taken);
        report_alive(film->report);
    }
    if (film->pictures) {
        TRY(decode(cx, film, true, NULL));
        TRY(pictures_flush(cx, film->pictures));
    }
    return film->sound ? decode(cx, film, false, NULL) : OK;
}

/* What parts of the result are made of. */
struct made {
    struct rung_made parts[RENDITIONS_MOST];
};

/* Both tracks are made equally long, as players stall where one ends. */
static status finish(struct ctx *cx, struct film *film, struct made *made) {
    int64_t picture_ms = film->pictures ? pictures_length_ms(film->pictures) : 0;
    int64_t sound_ms = film->sound ? sound_length_ms(film->sound) : 0;
    report_finishing(film->report);
    if (film->sound) {
        struct rung_made *part = &made->parts[audio_part(film->plan)];
        TRY(sound_finish(cx, film->sound, picture_ms, &part->index, &part->size_bytes));
    }
    return film->pictures ? pictures_finish(cx, film->pictures, sound_ms, made->parts) : OK;
}

static status describe_part(struct ctx *cx, const struct media_rendition_plan *plan,
                            const struct rung_made *made, struct media_rendition *out) {
    const struct segment_index *index = &made->index;
    record_clear(&media_rendition_schema, out);
    out->name = plan->name;
    out->kind = plan->kind;
    out->mode = plan->mode;
    out->width = plan->width;
    out->height = plan->height;
    if (index->frame_rate_milli) out->frame_rate = index->frame_rate_milli / 1000.0;
    /* The index lives in its rung, which ends before the result is used. */
    if (text_copy(cx->arena, index->codecs, &out->codecs) != OK) return ctx_no_memory(cx);
    out->bandwidth_bps = index->bandwidth_bps;
    out->average_bandwidth_bps = index->average_bandwidth_bps;
    out->size_bytes = made->size_bytes;
    out->duration_ms = segment_index_duration_ms(index);
    out->channels = plan->channels;
    out->sample_rate_hz = plan->sample_rate_hz;
    return segment_index_write(cx, index, &out->index);
}

static status add_note(struct ctx *cx, const struct decoder *decoder, const char *what,
                       struct media_result *result) {
    if (!decoder || (decoder->damaged == 0 && decoder->frames > 0)) return OK;
    text sentence = NO_TEXT;
    status written =
        decoder->frames == 0
            ? text_format(cx->arena, &sentence, "The %s could not be decoded.", what)
            : text_format(cx->arena, &sentence, "%lld damaged parts of the %s were skipped.",
                          (long long)decoder->damaged, what);
    if (written != OK) return ctx_no_memory(cx);
    ((text *)result->notes.at)[result->notes.len++] = sentence;
    return OK;
}

static status describe(struct ctx *cx, struct film *film, const struct made *made,
                       struct media_result *out) {
    struct media_result result;
    record_clear(&media_result_schema, &result);
    size_t count = film->plan->renditions.len;
    struct media_rendition *renditions = arena_take_array(cx->arena, count, sizeof *renditions);
    TRY_NEW(cx, renditions);
    result.renditions = (list){renditions, count};
    result.duration_ms = 0;
    for (size_t i = 0; i < count; i++) {
        TRY(describe_part(cx, media_planned(film->plan, i), &made->parts[i], &renditions[i]));
        if (renditions[i].duration_ms > result.duration_ms) {
            result.duration_ms = renditions[i].duration_ms;
        }
    }
    result.notes.at = arena_take_array(cx->arena, 2, sizeof(text));
    TRY_NEW(cx, result.notes.at);
    TRY(add_note(cx, film->video_decoder, "picture", &result));
    TRY(add_note(cx, film->audio_decoder, "sound", &result));
    result.thumbnail = NO_TEXT;
    if (film->pictures) TRY(pictures_thumbnail(cx, film->pictures, &result.thumbnail));
    *out = result;
    return OK;
}

static status work(struct ctx *cx, struct film *film, struct media_result *out) {
    struct made made = {.parts = {{.size_bytes = 0}}};
    TRY(open_film(cx, film));
    TRY(decode_all(cx, film));
    TRY(finish(cx, film, &made));
    return describe(cx, film, &made, out);
}

status run_film(struct ctx *cx, struct source *source, const struct media_plan *plan,
                const int *fds, int threads, struct report *report, struct media_result *out) {
    if (plan->renditions.len == 0 || plan->renditions.len > RENDITIONS_MOST) {
        return ctx_fail(cx, BUG, "The plan has no or too many renditions.");
    }
    scoped(film_done) struct film film = {
        .source = source, .plan = plan, .fds = fds, .threads = threads, .report = report};
    status worked = work(cx, &film, out);
    if (worked == GONE) { /* a rung gave up first and knows why */
        TRY(report_result(report, cx));
    }
    return worked;
}
