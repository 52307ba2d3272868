/* sound.c: see sound.h. */
#include "media/engine/sound.h"

#include "base/scope.h"
#include "media/engine/cmaf.h"
#include "media/engine/fault.h"

#include <libavcodec/avcodec.h>
#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/channel_layout.h>

#include <stdio.h>
#include <stdlib.h>

struct sound {
    struct sound_setup setup;
    const struct media_rendition_plan *plan;
    AVFilterGraph *graph; /* NULL before the first frame */
    AVFilterContext *in, *out;
    int in_rate, in_format;
    AVChannelLayout in_layout;
    AVCodecContext *encoder;
    AVPacket *packet;
    AVFrame *frame;
    struct cmaf *cmaf;
    int64_t sent;         /* samples given to the encoder */
    int64_t next_claimed; /* where the source's next frame should begin, in its unit */
    int64_t segment_end;  /* decode time at which the next segment begins */
    int64_t written;      /* decode time up to which there are packets */
};

void sound_close(struct sound *sound) {
    if (!sound) return;
    avfilter_graph_free(&sound->graph);
    avcodec_free_context(&sound->encoder);
    av_packet_free(&sound->packet);
    av_frame_free(&sound->frame);
    av_channel_layout_uninit(&sound->in_layout);
    cmaf_close(sound->cmaf);
    free(sound);
}

void sound_done(struct sound **sound) {
    sound_close(*sound);
    *sound = NULL;
}

static status open_encoder(struct ctx *cx, struct sound *sound) {
    const AVCodec *codec = avcodec_find_encoder_by_name("aac");
    if (!codec) return ctx_fail(cx, BUG, "The AAC encoder is missing from this installation.");
    sound->encoder = avcodec_alloc_context3(codec);
    TRY_NEW(cx, sound->encoder);
    AVCodecContext *encoder = sound->encoder;
    encoder->sample_fmt = AV_SAMPLE_FMT_FLTP;
    encoder->sample_rate = (int)sound->plan->sample_rate_hz;
    av_channel_layout_default(&encoder->ch_layout, (int)sound->plan->channels);
    encoder->bit_rate = sound->plan->max_rate_bps;
    encoder->time_base = (AVRational){1, encoder->sample_rate};
    encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    encoder->thread_count = 1;
    TRY_AV(cx, avcodec_open2(encoder, codec, NULL), "The audio encoder cannot start");
    return OK;
}

/* Object type of the AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1): its first five bits. */
static unsigned object_type(const AVCodecContext *encoder) {
    return encoder->extradata_size > 0 ? encoder->extradata[0] >> 3 : 2;
}

static int64_t segment_samples(const struct sound *sound, int64_t number) {
    return number * sound->setup.plan->segment_ms * sound->plan->sample_rate_hz / 1000 +
           sound->encoder->initial_padding;
}

static status open_file(struct ctx *cx, struct sound *sound) {
    const AVCodecContext *encoder = sound->encoder;
    char codecs[16];
    (void)snprintf(codecs, sizeof codecs, "mp4a.40.%u", object_type(encoder));
    int64_t duration_ms = sound->setup.plan->duration_ms;
    int64_t expected = duration_ms == NO_INT ? 900 : duration_ms / sound->setup.plan->segment_ms;
    struct cmaf_track track = {
        .kind = SEGMENT_INDEX_AUDIO,
        .codecs = codecs,
        .timescale = (uint32_t)encoder->sample_rate,
        .config = encoder->extradata,
        .config_size = (size_t)encoder->extradata_size,
        .channels = (unsigned)encoder->ch_layout.nb_channels,
        .sample_rate_hz = (unsigned)encoder->sample_rate,
        .bit_rate_bps = (uint32_t)encoder->bit_rate,
        .priming = (uint32_t)encoder->initial_padding,
        .segments_expected = (uint32_t)(expected + expected / 10 + 8),
    };
    sound->segment_end = segment_samples(sound, 1);
    return cmaf_open(cx, sound->setup.fd, &track, &sound->cmaf);
}

status sound_open(struct ctx *cx, const struct sound_setup *setup, struct sound **out) {
    scoped(sound_done) struct sound *sound = calloc(1, sizeof *sound);
    TRY_NEW(cx, sound);
    sound->setup = *setup;
    sound->plan = media_planned(setup->plan, setup->part);
    sound->next_claimed = setup->origin;
    sound->packet = av_packet_alloc();
    sound->frame = av_frame_alloc();
    if (!sound->packet || !sound->frame) return ctx_no_memory(cx);
    TRY(open_encoder(cx, sound));
    TRY(open_file(cx, sound));
    *out = move(&sound);
    return OK;
}

/* Opens a filter with its arguments behind the one before. */
static status chain(struct ctx *cx, struct sound *sound, AVFilterContext **last, const char *filter,
                    const char *name, const char *arguments) {
    AVFilterContext *made = NULL;
    TRY_AV(cx,
           avfilter_graph_create_filter(&made, avfilter_get_by_name(filter), name, arguments, NULL,
                                        sound->graph),
           "The sound's filter cannot start");
    if (*last) TRY_AV(cx, avfilter_link(*last, 0, made, 0), "The sound's filters do not fit");
    *last = made;
    return OK;
}

/* A graph for frames like this one, whose output goes on where the encoder stands. */
static status configure(struct ctx *cx, struct sound *sound, const AVFrame *frame) {
    const AVCodecContext *encoder = sound->encoder;
    char in[256], resample[128], form[128], layout[64] = "stereo";
    avfilter_graph_free(&sound->graph);
    sound->graph = avfilter_graph_alloc();
    TRY_NEW(cx, sound->graph);
    sound->graph->nb_threads = 1;
    if (av_channel_layout_describe(&frame->ch_layout, layout, sizeof layout) < 0) {
        return ctx_fail(cx, INVALID, "The sound's channels make no sense.");
    }
    (void)snprintf(in, sizeof in, "time_base=%d/%d:sample_rate=%d:sample_fmt=%d:channel_layout=%s",
                   sound->setup.time_base.num, sound->setup.time_base.den, frame->sample_rate,
                   frame->format, layout);
    (void)snprintf(resample, sizeof resample, "%d:async=1:first_pts=%lld", encoder->sample_rate,
                   (long long)sound->sent);
    (void)snprintf(form, sizeof form, "sample_fmts=fltp:sample_rates=%d:channel_layouts=%s",
                   encoder->sample_rate, encoder->ch_layout.nb_channels == 1 ? "mono" : "stereo");
    AVFilterContext *last = NULL;
    TRY(chain(cx, sound, &last, "abuffer", "in", in));
    sound->in = last;
    TRY(chain(cx, sound, &last, "aresample", "resample", resample));
    TRY(chain(cx, sound, &last, "aformat", "form", form));
    TRY(chain(cx, sound, &last, "abuffersink", "out", NULL));
    sound->out = last;
    TRY_AV(cx, avfilter_graph_config(sound->graph, NULL),
           "The sound's filters do not fit the film");
    av_buffersink_set_frame_size(sound->out, (unsigned)encoder->frame_size);
    sound->in_rate = frame->sample_rate;
    sound->in_format = frame->format;
    TRY_AV(cx, av_channel_layout_copy(&sound->in_layout, &frame->ch_layout),
           "The sound's channels make no sense");
    return OK;
}

/* Segments end at the frame boundary nearest to the grid. */
static status store_packet(struct ctx *cx, struct sound *sound) {
    const AVPacket *packet = sound->packet;
    const AVCodecContext *encoder = sound->encoder;
    int64_t time = sound->written;
    int64_t duration = packet->duration > 0 ? packet->duration : encoder->frame_size;
    if (time + duration / 2 >= sound->segment_end) {
        TRY(cmaf_end_fragment(cx, sound->cmaf, time, false));
        TRY(cmaf_end_segment(cx, sound->cmaf));
        int64_t number = time * 1000 / encoder->sample_rate / sound->setup.plan->segment_ms;
        while (segment_samples(sound, number) <= time + duration / 2) number++;
        sound->segment_end = segment_samples(sound, number);
    }
    struct bytes *data = NULL;
    TRY(cmaf_sample(cx, sound->cmaf, time, (uint32_t)duration, true, &data));
    bytes_put(data, packet->data, (size_t)packet->size);
    sound->written = time + duration;
    report_position(sound->setup.report, sound->setup.part,
                    sound->written * 1000 / encoder->sample_rate);
    return OK;
}

static void frame_done(AVFrame **frame) {
    av_frame_free(frame);
}

static status silent_frame(struct ctx *cx, const struct sound *sound, int samples, AVFrame **out) {
    const AVCodecContext *encoder = sound->encoder;
    scoped(frame_done) AVFrame *frame = av_frame_alloc();
    TRY_NEW(cx, frame);
    frame->format = encoder->sample_fmt;
    frame->sample_rate = encoder->sample_rate;
    frame->nb_samples = samples;
    TRY_AV(cx, av_channel_layout_copy(&frame->ch_layout, &encoder->ch_layout), "Silence fails");
    TRY_AV(cx, av_frame_get_buffer(frame, 0), "Silence fails");
    (void)av_samples_set_silence(frame->extended_data, 0, samples, encoder->ch_layout.nb_channels,
                                 encoder->sample_fmt);
    *out = move(&frame);
    return OK;
}

static status encode(struct ctx *cx, struct sound *sound, AVFrame *frame) {
    if (frame) {
        frame->pts = sound->sent;
        sound->sent += frame->nb_samples;
    }
    int done = avcodec_send_frame(sound->encoder, frame);
    if (done < 0 && done != AVERROR_EOF) return fault_av(cx, done, "The sound cannot be encoded");
    while (true) {
        done = avcodec_receive_packet(sound->encoder, sound->packet);
        if (done == AVERROR(EAGAIN) || done == AVERROR_EOF) return OK;
        if (done < 0) return fault_av(cx, done, "The sound cannot be encoded");
        status stored = store_packet(cx, sound);
        av_packet_unref(sound->packet);
        TRY(stored);
    }
}

/* A frame of AAC's size from a shorter one, the rest silence: only the very last may be short. */
static status lengthen(struct ctx *cx, struct sound *sound) {
    AVFrame *frame = sound->frame;
    const AVCodecContext *encoder = sound->encoder;
    if (frame->nb_samples >= encoder->frame_size) return OK;
    scoped(frame_done) AVFrame *whole = NULL;
    TRY(silent_frame(cx, sound, encoder->frame_size, &whole));
    (void)av_samples_copy(whole->extended_data, frame->extended_data, 0, 0, frame->nb_samples,
                          encoder->ch_layout.nb_channels, encoder->sample_fmt);
    av_frame_unref(frame);
    av_frame_move_ref(frame, whole);
    return OK;
}

/* Encodes whatever the graph has ready; `going_on` when more will follow behind its end. */
static status drain(struct ctx *cx, struct sound *sound, bool going_on) {
    while (true) {
        int got = av_buffersink_get_frame(sound->out, sound->frame);
        if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return OK;
        if (got < 0) return fault_av(cx, got, "The sound cannot be resampled");
        status encoded = going_on ? lengthen(cx, sound) : OK;
        if (encoded == OK) encoded = encode(cx, sound, sound->frame);
        av_frame_unref(sound->frame);
        TRY(encoded);
    }
}

static status flush_graph(struct ctx *cx, struct sound *sound, bool going_on) {
    if (!sound->graph) return OK;
    TRY_AV(cx, av_buffersrc_add_frame(sound->in, NULL), "The sound cannot be resampled");
    TRY(drain(cx, sound, going_on));
    avfilter_graph_free(&sound->graph);
    return OK;
}

/* Encodes silence up to a number of samples from the film's zero. */
static status fill(struct ctx *cx, struct sound *sound, int64_t until) {
    const AVCodecContext *encoder = sound->encoder;
    while (until - sound->sent >= encoder->frame_size) {
        scoped(frame_done) AVFrame *silence = NULL;
        TRY(silent_frame(cx, sound, encoder->frame_size, &silence));
        TRY(encode(cx, sound, silence));
    }
    return OK;
}

/* Absurd times (damage, wrong clocks) are ignored: the frame follows the one before. */
static void settle_time(struct sound *sound, AVFrame *frame) {
    enum { BEHIND_MOST_S = 60, UNKNOWN_MOST_S = 3600 };
    AVRational base = sound->setup.time_base;
    int64_t duration_ms = sound->setup.plan->duration_ms;
    int64_t most_s = duration_ms == NO_INT ? UNKNOWN_MOST_S : duration_ms / 1000 + BEHIND_MOST_S;
    int64_t most = av_rescale_q(most_s, (AVRational){1, 1}, base);
    int64_t claimed = frame->pts;
    bool known = claimed != AV_NOPTS_VALUE && claimed > INT64_MIN / 2 && claimed < INT64_MAX / 2;
    if (!known || claimed - sound->next_claimed > most || sound->next_claimed - claimed > most) {
        claimed = sound->next_claimed;
    }
    int64_t length = av_rescale_q(frame->nb_samples, (AVRational){1, frame->sample_rate}, base);
    sound->next_claimed = claimed + length;
    frame->pts = claimed - sound->setup.origin;
}

/* A long gap is filled here and not by the graph, which would hold all the silence in memory. */
static status cross_gap(struct ctx *cx, struct sound *sound, const AVFrame *frame) {
    enum { LONG_S = 5 };
    int rate = sound->encoder->sample_rate;
    int64_t begins = av_rescale_q(frame->pts, sound->setup.time_base, (AVRational){1, rate});
    if (begins - sound->sent < (int64_t)LONG_S * rate) return OK;
    TRY(flush_graph(cx, sound, true));
    return fill(cx, sound, begins);
}

/* Sound of so-and-so many channels without places is taken as the usual arrangement of that many.
 */
static void settle_layout(AVFrame *frame) {
    if (frame->ch_layout.order != AV_CHANNEL_ORDER_UNSPEC) return;
    int channels = frame->ch_layout.nb_channels;
    av_channel_layout_uninit(&frame->ch_layout);
    av_channel_layout_default(&frame->ch_layout, channels);
}

status sound_push(struct ctx *cx, struct sound *sound, AVFrame *frame) {
    if (frame->sample_rate <= 0 || frame->ch_layout.nb_channels <= 0) return OK;
    settle_time(sound, frame);
    settle_layout(frame);
    TRY(cross_gap(cx, sound, frame));
    bool same = frame->sample_rate == sound->in_rate && frame->format == sound->in_format &&
                av_channel_layout_compare(&frame->ch_layout, &sound->in_layout) == 0;
    if (sound->graph && !same) TRY(flush_graph(cx, sound, true));
    if (!sound->graph) TRY(configure(cx, sound, frame));
    TRY_AV(cx, av_buffersrc_add_frame(sound->in, frame), "The sound cannot be resampled");
    return drain(cx, sound, false);
}

int64_t sound_length_ms(const struct sound *sound) {
    return sound->sent * 1000 / sound->encoder->sample_rate;
}

status sound_finish(struct ctx *cx, struct sound *sound, int64_t least_ms,
                    struct segment_index *out, int64_t *out_size_bytes) {
    int64_t least = least_ms * sound->encoder->sample_rate / 1000;
    bool short_of = sound->sent + sound->encoder->frame_size < least;
    TRY(flush_graph(cx, sound, short_of));
    TRY(fill(cx, sound, least));
    TRY(encode(cx, sound, NULL));
    TRY(cmaf_end_fragment(cx, sound->cmaf, sound->written, true));
    TRY(cmaf_finish(cx, sound->cmaf, out, out_size_bytes));
    report_position(sound->setup.report, sound->setup.part, INT64_MAX);
    return OK;
}
