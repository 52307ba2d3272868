/* playlist.c: writing HLS playlists. Owns nothing. Threads: pure functions.
 *
 * Sources: RFC 8216 (HLS), draft-pantos-hls-rfc8216bis (version 7, CMAF). Names of renditions
 * are from a fixed set and queries are made by us, so nothing needs quoting. */
#include "features/playback/playback.h"

#include <inttypes.h>

static const struct video_rendition *audio_of(const struct video *video) {
    const struct video_rendition *all = video->renditions.at;
    for (size_t i = 0; i < video->renditions.len; i++) {
        if (text_is(all[i].kind, "audio")) return &all[i];
    }
    return NULL;
}

static void put_address(struct build *build, text folder, const char *file, text query) {
    build_format(build, "%.*s/%s", TEXT_ARG(folder), file);
    if (query.len) build_format(build, "?%.*s", TEXT_ARG(query));
}

static void put_audio_group(struct build *build, const struct video_rendition *audio, text query) {
    build_c(build, "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"Audio\",DEFAULT=YES,"
                   "AUTOSELECT=YES,URI=\"");
    put_address(build, audio->name, "index.m3u8", query);
    build_c(build, "\"\n");
}

/* A variant's rates and codecs are those of what is fetched together: picture and sound. */
static void put_variant(struct build *build, const struct video_rendition *one,
                        const struct video_rendition *audio, text query) {
    bool picture = text_is(one->kind, "video");
    bool beside = picture && audio;
    build_format(build, "#EXT-X-STREAM-INF:BANDWIDTH=%" PRId64 ",AVERAGE-BANDWIDTH=%" PRId64,
                 one->bandwidth_bps + (beside ? audio->bandwidth_bps : 0),
                 one->average_bandwidth_bps + (beside ? audio->average_bandwidth_bps : 0));
    build_format(build, ",CODECS=\"%.*s", TEXT_ARG(one->codecs));
    if (beside) build_format(build, ",%.*s", TEXT_ARG(audio->codecs));
    build_c(build, "\"");
    if (picture) {
        build_format(build, ",RESOLUTION=%" PRId64 "x%" PRId64, one->width, one->height);
        if (one->frame_rate > 0) build_format(build, ",FRAME-RATE=%.3f", one->frame_rate);
        build_c(build, ",CLOSED-CAPTIONS=NONE");
    }
    if (beside) build_c(build, ",AUDIO=\"audio\"");
    build_byte(build, '\n');
    put_address(build, one->name, "index.m3u8", query);
    build_byte(build, '\n');
}

status playlist_write_master(struct ctx *cx, const struct video *video, text query, text *out) {
    const struct video_rendition *all = video->renditions.at;
    const struct video_rendition *audio = audio_of(video);
    struct build build = {.arena = cx->arena};
    if (video->renditions.len == 0)
        return ctx_fail(cx, NOT_FOUND, "This video can't be played yet.");
    bool has_picture = text_is(all[0].kind, "video");
    build_c(&build, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    if (has_picture && audio) put_audio_group(&build, audio, query);
    for (size_t i = 0; i < video->renditions.len; i++) {
        if (has_picture && &all[i] == audio) continue;
        put_variant(&build, &all[i], audio, query);
    }
    return build_text(&build, out) == OK ? OK : ctx_no_memory(cx);
}

static void put_query(struct build *build, text query) {
    if (query.len) build_format(build, "?%.*s", TEXT_ARG(query));
}

status playlist_write_media(struct ctx *cx, const struct segment_index *index, text query,
                            text *out) {
    struct build build = {.arena = cx->arena};
    int64_t target_s = (segment_index_longest_ms(index) + 999) / 1000;
    build_format(&build, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:%" PRId64 "\n",
                 target_s > 0 ? target_s : 1);
    build_c(&build, "#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    build_c(&build, "#EXT-X-MAP:URI=\"init.mp4");
    put_query(&build, query);
    build_c(&build, "\"\n");
    for (uint32_t i = 0; i < index->count; i++) {
        build_format(&build, "#EXTINF:%.6f,\n%" PRIu32 ".m4s",
                     (double)index->segments[i].duration / index->timescale, i);
        put_query(&build, query);
        build_byte(&build, '\n');
    }
    build_c(&build, "#EXT-X-ENDLIST\n");
    return build_text(&build, out) == OK ? OK : ctx_no_memory(cx);
}
