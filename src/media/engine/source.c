/* source.c: see source.h. */
#include "media/engine/source.h"

#include "base/scope.h"
#include "media/engine/fault.h"

#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>
#include <libavutil/opt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IO_BUFFER_BYTES = 64 * 1024, HEAD_BYTES = 256 * 1024 };

/* Formats by libav's names. No playlists, no concatenation, no images, no capture, no scripts. */
static const char demuxers[] =
    "matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mpegts,mpeg,avi,flv,asf,ogg,wav,w64,mp3,flac,aac";

/* Decoders by libav's names: what films and sound are made of, nothing exotic. */
static const char decoders[] =
    "h264,hevc,vp8,vp9,libdav1d,av1,mpeg1video,mpeg2video,mpeg4,msmpeg4,msmpeg4v1,msmpeg4v2,h263,"
    "h263i,"
    "h263p,flv,wmv1,wmv2,wmv3,vc1,theora,mjpeg,prores,dnxhd,dvvideo,rawvideo,vp6,vp6f,vp6a,ffv1,"
    "huffyuv,"
    "svq3,cinepak,png,"
    "aac,aac_latm,mp1float,mp2float,mp3float,mp1,mp2,mp3,ac3,eac3,dca,truehd,mlp,vorbis,opus,flac,"
    "alac,"
    "wmav1,wmav2,wmapro,amrnb,amrwb,libopencore_amrnb,libopencore_amrwb,adpcm_ms,adpcm_ima_wav,"
    "adpcm_ima_qt,adpcm_swf,nellymoser,libspeex,speex,pcm_s8,pcm_u8,pcm_s16le,pcm_s16be,pcm_s24le,"
    "pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,pcm_alaw,pcm_mulaw,"
    "pcm_bluray,pcm_dvd";

bool source_takes_codec(int codec_id) {
    const AVCodec *decoder = avcodec_find_decoder((enum AVCodecID)codec_id);
    return decoder && av_match_list(decoder->name, decoders, ',') > 0;
}

static int read_io(void *opaque, uint8_t *buffer, int size) {
    struct source *source = opaque;
    ssize_t got = 0;
    do {
        got = pread(source->fd, buffer, (size_t)size, (off_t)source->offset);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return AVERROR(errno);
    if (got == 0) return AVERROR_EOF;
    source->offset += got;
    return (int)got;
}

static int64_t seek_io(void *opaque, int64_t offset, int whence) {
    struct source *source = opaque;
    int64_t from = 0;
    switch (whence & ~AVSEEK_FORCE) {
    case AVSEEK_SIZE:
        return source->size_bytes;
    case SEEK_SET:
        break;
    case SEEK_CUR:
        from = source->offset;
        break;
    case SEEK_END:
        from = source->size_bytes;
        break;
    default:
        return AVERROR(EINVAL);
    }
    int64_t target = 0;
    if (__builtin_add_overflow(from, offset, &target) || target < 0) return AVERROR(EINVAL);
    source->offset = target;
    return target;
}

/* Whatever a demuxer wants to open besides, the answer is no. */
static int refuse_open(AVFormatContext *format, AVIOContext **io, const char *url, int flags,
                       AVDictionary **options) {
    (void)format, (void)io, (void)url, (void)flags, (void)options;
    return AVERROR(EACCES);
}

void source_close(struct source *source) {
    if (!source) return;
    avformat_close_input(&source->format);
    if (source->io) av_freep(&source->io->buffer);
    avio_context_free(&source->io);
    free(source);
}

void source_done(struct source **source) {
    source_close(*source);
    *source = NULL;
}

static bool is_allowed(const AVInputFormat *format) {
    char name[64];
    text rest = text_of(format->name), one = NO_TEXT;
    while (text_cut(rest, ',', &one, &rest)) {
        (void)snprintf(name, sizeof name, "%.*s", TEXT_ARG(one));
        if (av_match_list(name, demuxers, ',') > 0) return true;
    }
    return false;
}

static status refuse_format(struct ctx *cx, const AVInputFormat *format) {
    static const char playlists[] = "hls,applehttp,dash,concat,sdp,ffmetadata,webvtt,srt";
    if (av_match_list(format->name, playlists, ',') > 0) {
        return ctx_fail(cx, INVALID,
                        "This is a text or playlist (%s) and no film. Please upload the "
                        "film itself.",
                        format->name);
    }
    return ctx_fail(cx, INVALID,
                    "Files of this kind (%s) are not taken. Please upload MP4, MOV, MKV, "
                    "WebM, AVI, FLV or MPEG.",
                    format->name);
}

/* Recognises the format from the file's first bytes. */
static status recognise(struct ctx *cx, struct source *source, const AVInputFormat **out) {
    scoped(scope_free) uint8_t *head = calloc(1, HEAD_BYTES + AVPROBE_PADDING_SIZE);
    TRY_NEW(cx, head);
    size_t len = 0;
    while (len < HEAD_BYTES) {
        int got = read_io(source, head + len, (int)(HEAD_BYTES - len));
        if (got == AVERROR_EOF) break;
        if (got < 0) return fault_av(cx, AVERROR(EIO), "The film cannot be read");
        len += (size_t)got;
    }
    source->offset = 0;
    AVProbeData probe = {.filename = "", .buf = head, .buf_size = (int)len};
    int score = 0;
    const AVInputFormat *format = av_probe_input_format3(&probe, 1, &score);
    if (!format || score <= 1) {
        return ctx_fail(cx, INVALID,
                        "This is no film in a format that is known here: its contents "
                        "are not those of MP4, MOV, MKV, WebM, AVI, FLV or MPEG.");
    }
    if (!is_allowed(format)) return refuse_format(cx, format);
    *out = format;
    return OK;
}

static status prepare(struct ctx *cx, struct source *source) {
    uint8_t *buffer = av_malloc(IO_BUFFER_BYTES);
    TRY_NEW(cx, buffer);
    source->io = avio_alloc_context(buffer, IO_BUFFER_BYTES, 0, source, read_io, NULL, seek_io);
    if (!source->io) {
        av_free(buffer);
        return ctx_no_memory(cx);
    }
    source->format = avformat_alloc_context();
    TRY_NEW(cx, source->format);
    AVFormatContext *format = source->format;
    format->pb = source->io;
    format->io_open = refuse_open;
    format->flags |= AVFMT_FLAG_CUSTOM_IO;
    format->protocol_whitelist = av_strdup("none");
    format->format_whitelist = av_strdup(demuxers);
    format->codec_whitelist = av_strdup(decoders);
    if (!format->protocol_whitelist || !format->format_whitelist || !format->codec_whitelist) {
        return ctx_no_memory(cx);
    }
    return OK;
}

/* Options a stream's trial decoder gets: one thread and the pixel limit. */
static void options_done(AVDictionary ***options) {
    free(*options);
}

static status look_into(struct ctx *cx, struct source *source) {
    unsigned count = source->format->nb_streams;
    scoped(options_done) AVDictionary **options = calloc(count + 1, sizeof(AVDictionary *));
    TRY_NEW(cx, options);
    for (unsigned i = 0; i < count; i++) {
        (void)av_dict_set_int(&options[i], "max_pixels", SOURCE_PIXELS_MOST, 0);
        (void)av_dict_set(&options[i], "threads", "1", 0);
    }
    int found = avformat_find_stream_info(source->format, options);
    for (unsigned i = 0; i < count; i++) av_dict_free(&options[i]);
    if (found < 0) return fault_av(cx, found, "The film's streams cannot be read");
    return OK;
}

status source_open(struct ctx *cx, int fd, int64_t size_bytes, struct source **out) {
    scoped(source_done) struct source *source = calloc(1, sizeof *source);
    TRY_NEW(cx, source);
    source->fd = fd;
    source->size_bytes = size_bytes;
    const AVInputFormat *known = NULL;
    TRY(recognise(cx, source, &known));
    TRY(prepare(cx, source));
    int opened = avformat_open_input(&source->format, NULL, known, NULL);
    if (opened < 0) {
        return fault_av(cx, opened, "The film cannot be opened; it is cut off or damaged");
    }
    TRY(look_into(cx, source));
    if (source->format->nb_streams == 0) {
        return ctx_fail(cx, INVALID, "The file holds no pictures and no sound.");
    }
    *out = move(&source);
    return OK;
}

status source_read(struct ctx *cx, struct source *source, struct AVPacket *packet) {
    enum { AGAIN_MOST = 1000 };
    for (int again = 0; again < AGAIN_MOST; again++) {
        int got = av_read_frame(source->format, packet);
        if (got >= 0) return OK;
        if (got == AVERROR(ENOMEM)) return ctx_no_memory(cx);
        if (got != AVERROR(EAGAIN)) break;
    }
    return GONE;
}
