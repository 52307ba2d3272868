/* film_facts.c: see film_facts.h. */
#include "film_facts.h"

#include "base/scope.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The log of the one decode at a time. */
static struct facts *listening;

static void hear(void *object, int level, const char *format, va_list arguments) {
    (void)object;
    if (!listening || level > AV_LOG_WARNING) return;
    if (listening->warnings++ > 0) return;
    (void)vsnprintf(listening->first_warning, FACTS_WORDS, format, arguments);
}

/* Bytes in memory as libav's input. */
struct memory {
    const uint8_t *at;
    int64_t size, offset;
};

static int read_memory(void *opaque, uint8_t *buffer, int size) {
    struct memory *memory = opaque;
    int64_t left = memory->size - memory->offset;
    if (left <= 0) return AVERROR_EOF;
    int count = left < size ? (int)left : size;
    memcpy(buffer, memory->at + memory->offset, (size_t)count);
    memory->offset += count;
    return count;
}

static int64_t seek_memory(void *opaque, int64_t offset, int whence) {
    struct memory *memory = opaque;
    if (whence == AVSEEK_SIZE) return memory->size;
    if (whence == SEEK_CUR) offset += memory->offset;
    if (whence == SEEK_END) offset += memory->size;
    if (offset < 0) return AVERROR(EINVAL);
    return memory->offset = offset;
}

/* Everything open during a decode. */
struct decode {
    struct memory memory;
    AVIOContext *io;
    AVFormatContext *format;
    AVCodecContext *codec;
    AVPacket *packet;
    AVFrame *frame;
    AVRational base;
};

static void decode_done(struct decode *decode) {
    listening = NULL;
    avcodec_free_context(&decode->codec);
    avformat_close_input(&decode->format);
    if (decode->io) av_freep(&decode->io->buffer);
    avio_context_free(&decode->io);
    av_packet_free(&decode->packet);
    av_frame_free(&decode->frame);
}

static bool fail(struct facts *facts, const char *what) {
    (void)snprintf(facts->failure, FACTS_WORDS, "%s", what);
    return false;
}

static bool open_file(struct decode *decode, struct facts *facts) {
    enum { BUFFER = 4096 };
    decode->io = avio_alloc_context(av_malloc(BUFFER), BUFFER, 0, &decode->memory, read_memory,
                                    NULL, seek_memory);
    decode->format = avformat_alloc_context();
    decode->packet = av_packet_alloc();
    decode->frame = av_frame_alloc();
    decode->format->pb = decode->io;
    if (avformat_open_input(&decode->format, NULL, NULL, NULL) < 0)
        return fail(facts, "not opened");
    if (avformat_find_stream_info(decode->format, NULL) < 0) return fail(facts, "no streams");
    if (decode->format->nb_streams != 1) return fail(facts, "not one stream");
    AVStream *stream = decode->format->streams[0];
    const AVCodec *codec = avcodec_find_decoder(stream->codecpar->codec_id);
    decode->codec = avcodec_alloc_context3(codec);
    decode->base = stream->time_base;
    if (avcodec_parameters_to_context(decode->codec, stream->codecpar) < 0)
        return fail(facts, "codec");
    decode->codec->pkt_timebase = stream->time_base;
    decode->codec->thread_count = 1;
    if (avcodec_open2(decode->codec, codec, NULL) < 0) return fail(facts, "decoder");
    facts->video = stream->codecpar->codec_type == AVMEDIA_TYPE_VIDEO;
    facts->width = stream->codecpar->width;
    facts->height = stream->codecpar->height;
    AVRational aspect = stream->codecpar->sample_aspect_ratio;
    facts->square = aspect.num == aspect.den;
    return true;
}

static double brightness(const AVFrame *frame, int left, int top, int width, int height) {
    double sum = 0;
    for (int y = 0; y < height; y++) {
        const uint8_t *line = frame->data[0] + (ptrdiff_t)(top + y) * frame->linesize[0] + left;
        for (int x = 0; x < width; x++) sum += line[x];
    }
    return width * height > 0 ? sum / (width * height) : 0;
}

static void see_picture(const AVFrame *frame, double time_s, struct facts *facts) {
    int wide = frame->width / 2, high = frame->height / 2;
    double quarters[4] = {
        brightness(frame, 0, 0, wide, high), brightness(frame, wide, 0, wide, high),
        brightness(frame, 0, high, wide, high), brightness(frame, wide, high, wide, high)};
    if (facts->frames == 0) memcpy(facts->quarters, quarters, sizeof quarters);
    if (facts->flash_s < 0 && quarters[1] > 150 && quarters[2] > 150) facts->flash_s = time_s;
}

static void hear_sound(const AVFrame *frame, double time_s, struct facts *facts) {
    const float *samples = (const float *)frame->extended_data[0];
    for (int i = 0; i < frame->nb_samples && facts->beep_s < 0; i++) {
        if (fabsf(samples[i]) > 0.25f) facts->beep_s = time_s + (double)i / frame->sample_rate;
    }
}

static void take_frame(struct decode *decode, struct facts *facts) {
    const AVFrame *frame = decode->frame;
    double time_s = (double)frame->pts * av_q2d(decode->base);
    double lasts_s = (double)frame->pkt_duration * av_q2d(decode->base);
    if (facts->video) {
        see_picture(frame, time_s, facts);
    } else {
        hear_sound(frame, time_s, facts);
        lasts_s = (double)frame->nb_samples / frame->sample_rate;
    }
    if (facts->frames++ == 0) facts->start_s = time_s;
    facts->last_s = time_s;
    if (time_s + lasts_s > facts->end_s) facts->end_s = time_s + lasts_s;
    if (facts->video && frame->key_frame && facts->key_count < FACTS_KEYS_MOST) {
        facts->keys_s[facts->key_count++] = time_s;
    }
}

static bool decode_packet(struct decode *decode, const AVPacket *packet, struct facts *facts) {
    if (avcodec_send_packet(decode->codec, packet) < 0) return fail(facts, "a packet is damaged");
    while (true) {
        int got = avcodec_receive_frame(decode->codec, decode->frame);
        if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return true;
        if (got < 0) return fail(facts, "a frame is damaged");
        take_frame(decode, facts);
        av_frame_unref(decode->frame);
    }
}

void facts_read(const void *bytes, size_t size, struct facts *out) {
    *out = (struct facts){.flash_s = -1, .beep_s = -1};
    scoped(decode_done) struct decode decode = {.memory = {bytes, (int64_t)size, 0}};
    listening = out;
    av_log_set_callback(hear);
    if (!open_file(&decode, out)) return;
    while (av_read_frame(decode.format, decode.packet) >= 0) {
        bool decoded = decode_packet(&decode, decode.packet, out);
        av_packet_unref(decode.packet);
        if (!decoded) return;
    }
    if (decode_packet(&decode, NULL, out) && out->frames == 0) (void)fail(out, "no frames");
    /* Libav does not know how long a frame of uneven ones lasts: the usual distance is taken. */
    double last_s = out->video ? out->last_s : out->end_s;
    if (out->end_s <= last_s && out->frames > 1) {
        out->end_s = last_s + (last_s - out->start_s) / (double)(out->frames - 1);
    }
}
