/* inspect.c: the film as a whole, and a trial decode of each stream. See inspect.h. */
#include "media/engine/inspect.h"

#include "base/scope.h"
#include "media/engine/decoder.h"

#include <libavcodec/avcodec.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { STREAMS_MOST = 64, NOTES_MOST = 16, TRIED_MOST = 8 };
/* The trial ends when each stream has shown this many frames, or so much has been read. */
enum {
    FRAMES_ENOUGH = 3,
    TIMES_ENOUGH = 50,
    PACKETS_MOST = 3000,
    BYTES_MOST_READ = 96 * 1024 * 1024
};

/* What containers' rounding to milliseconds makes of a distance. */
#define ROUNDING_S 0.0015

/* One stream under trial. */
struct trial {
    struct media_stream *stream;
    struct decoder *decoder;
    int64_t packets;
    bool has_frame;
    int64_t times[TIMES_ENOUGH]; /* of the first packets, as they come */
    int time_count;
};

struct trials {
    struct trial at[TRIED_MOST];
    size_t count;
    AVPacket *packet;
    AVFrame *frame;
    bool ended; /* the whole film was read */
};

static void trials_done(struct trials *trials) {
    for (size_t i = 0; i < trials->count; i++) decoder_close(trials->at[i].decoder);
    av_packet_free(&trials->packet);
    av_frame_free(&trials->frame);
}

static status note(struct ctx *cx, list *notes, const char *format, ...) PRINTF_LIKE(3, 4);
static status note(struct ctx *cx, list *notes, const char *format, ...) {
    if (notes->len >= NOTES_MOST) return OK;
    if (!notes->at) notes->at = arena_take_array(cx->arena, NOTES_MOST, sizeof(text));
    TRY_NEW(cx, notes->at);
    struct build build = {.arena = cx->arena};
    va_list arguments;
    va_start(arguments, format);
    build_format_v(&build, format, arguments);
    va_end(arguments);
    text sentence = NO_TEXT;
    if (build_text(&build, &sentence) != OK) return ctx_no_memory(cx);
    ((text *)notes->at)[notes->len++] = sentence;
    return OK;
}

/* From the first stream's beginning to the last one's end; some containers count from zero. */
static int64_t played_us(const AVFormatContext *format) {
    int64_t begin = INT64_MAX, end = INT64_MIN;
    for (unsigned i = 0; i < format->nb_streams; i++) {
        const AVStream *stream = format->streams[i];
        enum AVMediaType type = stream->codecpar->codec_type;
        bool played = type == AVMEDIA_TYPE_VIDEO || type == AVMEDIA_TYPE_AUDIO;
        if (!played || (stream->disposition & AV_DISPOSITION_ATTACHED_PIC)) continue;
        if (stream->start_time == AV_NOPTS_VALUE || stream->duration <= 0) return format->duration;
        int64_t start = av_rescale_q(stream->start_time, stream->time_base, AV_TIME_BASE_Q);
        int64_t length = av_rescale_q(stream->duration, stream->time_base, AV_TIME_BASE_Q);
        if (start < begin) begin = start;
        if (start + length > end) end = start + length;
    }
    return begin < end ? end - begin : format->duration;
}

int64_t inspect_duration_ms(const AVFormatContext *format, int64_t size_bytes) {
    enum { LEAST_BPS = 500, SHORT_S = 60 }; /* less than this a second is no film */
    int64_t duration_us = played_us(format);
    if (duration_us == AV_NOPTS_VALUE || duration_us <= 0) return NO_INT;
    int64_t seconds = duration_us / AV_TIME_BASE;
    bool absurd = seconds > SHORT_S && size_bytes / seconds < LEAST_BPS / 8;
    return absurd ? NO_INT : (duration_us + 500) / 1000;
}

static bool is_played(const struct media_stream *stream) {
    return text_is(stream->kind, "video") || text_is(stream->kind, "audio");
}

static status open_trials(struct ctx *cx, struct source *source, const struct media_info *info,
                          struct trials *trials) {
    struct media_stream *streams = info->streams.at;
    trials->packet = av_packet_alloc();
    trials->frame = av_frame_alloc();
    if (!trials->packet || !trials->frame) return ctx_no_memory(cx);
    for (size_t i = 0; i < info->streams.len && trials->count < TRIED_MOST; i++) {
        if (!is_played(&streams[i]) || !streams[i].decodable) continue;
        int64_t pixels = streams[i].width == NO_INT ? 0 : streams[i].width * streams[i].height;
        if (pixels > SOURCE_PIXELS_MOST) continue; /* refused by the plan, with its size */
        struct trial *trial = &trials->at[trials->count];
        status opened =
            decoder_open(cx, source->format->streams[streams[i].index], 1, &trial->decoder);
        if (opened == NO_MEMORY) return opened;
        if (opened != OK) {
            ctx_clear(cx);
            streams[i].decodable = false;
            continue;
        }
        trial->stream = &streams[i];
        trials->count++;
    }
    return OK;
}

/* Decodes one packet (NULL: the end) and notes what its frames show. */
static status try_packet(struct ctx *cx, struct trials *trials, struct trial *trial,
                         const AVPacket *packet) {
    bool there = true;
    TRY(decoder_send(cx, trial->decoder, packet));
    while (there) {
        TRY(decoder_take(cx, trial->decoder, trials->frame, &there));
        if (!there) break;
        trial->has_frame = true;
        status seen = inspect_frame(cx, trials->frame, trial->stream);
        av_frame_unref(trials->frame);
        TRY(seen);
    }
    return OK;
}

static bool all_shown(const struct trials *trials) {
    for (size_t i = 0; i < trials->count; i++) {
        const struct trial *trial = &trials->at[i];
        bool video = text_is(trial->stream->kind, "video");
        if (trial->decoder->frames < FRAMES_ENOUGH) return false;
        if (video && trial->packets < TIMES_ENOUGH) return false;
    }
    return true;
}

static status take_packet(struct ctx *cx, struct trials *trials, struct trial *trial) {
    const AVPacket *packet = trials->packet;
    trial->packets++;
    if (trial->packets <= TIMES_ENOUGH && packet->pts != AV_NOPTS_VALUE) {
        trial->times[trial->time_count++] = packet->pts;
    }
    if (trial->decoder->frames >= FRAMES_ENOUGH) return OK;
    return try_packet(cx, trials, trial, packet);
}

static status run_trials(struct ctx *cx, struct source *source, struct trials *trials) {
    int64_t read_bytes = 0;
    for (int i = 0; i < PACKETS_MOST && read_bytes < BYTES_MOST_READ && !all_shown(trials); i++) {
        status got = source_read(cx, source, trials->packet);
        if (got == GONE) {
            trials->ended = true;
            break;
        }
        TRY(got);
        read_bytes += trials->packet->size;
        status tried = OK;
        for (size_t k = 0; k < trials->count; k++) {
            struct trial *trial = &trials->at[k];
            if (trial->stream->index != trials->packet->stream_index) continue;
            tried = take_packet(cx, trials, trial);
        }
        av_packet_unref(trials->packet);
        TRY(tried);
    }
    for (size_t k = 0; k < trials->count; k++) {
        if (!trials->at[k].has_frame) TRY(try_packet(cx, trials, &trials->at[k], NULL));
    }
    return OK;
}

static int compare_times(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* The rate nearest to what was measured that films really have; containers round times. */
static double usual_rate(double measured) {
    static const double rates[] = {
        10, 12,  12.5, 15, 20, 24000 / 1001.0, 24, 25, 30000 / 1001.0, 30, 48, 50, 60000 / 1001.0,
        60, 100, 120};
    double best = measured;
    for (size_t i = 0; i < COUNT_OF(rates); i++) {
        bool near = fabs(rates[i] - measured) < 0.02 * measured;
        bool nearer = best == measured || fabs(rates[i] - measured) < fabs(best - measured);
        if (near && nearer) best = rates[i];
    }
    return best;
}

/* Estimates of the rate go astray where times are rounded or frames left out; the distances of the
 * first frames do not, and have the last word when the estimate is far from them. Containers that
 * time only some of their packets are left as estimated. */
static void measure_rate(struct trial *trial, AVRational base) {
    enum { LEAST = 10 };
    struct media_stream *stream = trial->stream;
    int count = trial->time_count - 1;
    bool timed = trial->time_count == TIMES_ENOUGH || trial->time_count == trial->packets;
    if (!text_is(stream->kind, "video") || count < LEAST || !timed) return;
    qsort(trial->times, (size_t)trial->time_count, sizeof *trial->times, compare_times);
    for (int i = 0; i < count; i++) trial->times[i] = trial->times[i + 1] - trial->times[i];
    qsort(trial->times, (size_t)count, sizeof *trial->times, compare_times);
    double unit = av_q2d(base), middle = (double)trial->times[count / 2] * unit;
    int off = 0;
    for (int i = 0; i < count; i++) {
        double step = (double)trial->times[i] * unit;
        /* Next to nothing: a frame that is only referred to and not shown (VP9). */
        off += step > ROUNDING_S && fabs(step - middle) > 0.1 * middle + ROUNDING_S;
    }
    if (stream->key_interval_ms == NO_INT) stream->variable_frame_rate = off * 10 > count;
    double measured = middle > 0 ? 1 / middle : 0, told = stream->frame_rate;
    if (told > 0 && fabs(told - measured) < 0.1 * measured) return;
    if (measured <= 240 && measured >= 0.01) stream->frame_rate = usual_rate(measured);
}

/* A stream that showed nothing is none: it was tried at length, or the film has nothing more of it.
 */
static status judge(struct ctx *cx, const struct trials *trials, struct media_info *info) {
    enum { PACKETS_ENOUGH = 300 };
    for (size_t i = 0; i < trials->count; i++) {
        const struct trial *trial = &trials->at[i];
        if (trial->has_frame) continue;
        if (!trials->ended && trial->packets < PACKETS_ENOUGH) continue;
        trial->stream->decodable = false;
        TRY(note(cx, &info->notes,
                 trial->packets == 0 ? "Stream %lld is empty." : "Stream %lld cannot be decoded.",
                 (long long)trial->stream->index));
    }
    return OK;
}

static status describe(struct ctx *cx, struct source *source, struct media_info *info) {
    AVFormatContext *format = source->format;
    text names = text_of(format->iformat->name), rest = NO_TEXT;
    (void)text_cut(names, ',', &info->container, &rest);
    info->size_bytes = source->size_bytes;
    info->duration_ms = inspect_duration_ms(format, source->size_bytes);
    if (format->start_time != AV_NOPTS_VALUE) info->start_ms = format->start_time / 1000;
    if (format->bit_rate > 0) info->bit_rate_bps = format->bit_rate;
    if (info->duration_ms == NO_INT) {
        TRY(note(cx, &info->notes, "The file does not tell its length, or not truly."));
    }
    unsigned count = format->nb_streams < STREAMS_MOST ? format->nb_streams : STREAMS_MOST;
    struct media_stream *streams = arena_take_array(cx->arena, count, sizeof *streams);
    TRY_NEW(cx, streams);
    info->streams = (list){streams, count};
    for (unsigned i = 0; i < count; i++) {
        TRY(inspect_stream(cx, format, format->streams[i], &streams[i]));
    }
    return OK;
}

status inspect(struct ctx *cx, struct source *source, struct media_info *out) {
    struct media_info info;
    record_clear(&media_info_schema, &info);
    TRY(describe(cx, source, &info));
    scoped(trials_done) struct trials trials = {.count = 0};
    TRY(open_trials(cx, source, &info, &trials));
    TRY(run_trials(cx, source, &trials));
    for (size_t i = 0; i < trials.count; i++) {
        measure_rate(&trials.at[i], trials.at[i].decoder->time_base);
    }
    TRY(judge(cx, &trials, &info));
    *out = info;
    return OK;
}
