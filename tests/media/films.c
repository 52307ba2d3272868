/* films.c PROGRAM GROUP [CLIPS]: films of every ordinary kind, made with ffmpeg, through the media
 * engine.
 *
 * Each film is made, probed, planned and encoded by the real matinee-media in its cage; the results
 * are judged by libav (film_facts.h). Groups: containers, shapes, times, sound, broken, refused,
 * clips (the shared clips, when the folder is there). Prints TAP. Owns: a folder of made films.
 * Threads: one. */
#include "film_make.h"
#include "film_run.h"

#include "base/scope.h"

#include <stdio.h>
#include <string.h>

#define H264 "-c:v libx264 -preset ultrafast "
#define AAC "-c:a aac "
/* Five seconds of upright picture with sound; the flash comes at two seconds. */
#define WHOLE .duration_s = 5, .flash_s = 2, .quarters = true, .width = 320, .height = 240

/* Encoded turned, then marked to be turned back; ffmpeg counts these degrees anticlockwise. */
#define TURNED(filter, degrees)                                                                    \
    "sh:ffmpeg -v error -y -i @/base.mkv -vf " filter " -c:v libx264 -preset ultrafast -c:a aac "  \
    "@/t" degrees ".mp4 && ffmpeg -v error -y -i @/t" degrees ".mp4 -c copy -metadata:s:v "        \
    "rotate=" degrees " @/turned" degrees ".mp4"

/* One film: how it is made and what must come of it. */
struct film {
    const char *group, *name, *make;
    struct expected expected;
};

static const struct film films[] = {
    {"containers", "plain.mp4", H264 AAC, {WHOLE}},
    {"containers", "faststart.mp4", H264 AAC "-movflags +faststart", {WHOLE}},
    {"containers", "fragmented.mp4", H264 AAC "-movflags +frag_keyframe+empty_moov", {WHOLE}},
    {"containers", "prores-pcm.mov", "-c:v prores -c:a pcm_s16le", {WHOLE, .reason = "4:2:2"}},
    {"containers", "h264-ac3.mkv", H264 "-c:a ac3", {WHOLE}},
    {"containers",
     "hevc-flac.mkv",
     "-c:v libx265 -preset ultrafast -x265-params log-level=0 -c:a flac",
     {WHOLE}},
    {"containers",
     "vp9-opus.webm",
     "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus",
     {WHOLE}},
    {"containers",
     "vp8-vorbis.webm",
     "-c:v libvpx -deadline realtime -cpu-used 8 -c:a libvorbis",
     {WHOLE}},
    {"containers", "av1.mp4", "-c:v libaom-av1 -cpu-used 8 -usage realtime " AAC, {WHOLE}},
    {"containers", "h264.ts", H264 AAC, {WHOLE}},
    {"containers", "mpeg2.ts", "-c:v mpeg2video -q:v 3 -c:a mp2", {WHOLE}},
    {"containers", "mpeg2.mpg", "-c:v mpeg2video -q:v 3 -c:a mp2", {WHOLE}},
    {"containers", "mpeg4-mp3.avi", "-c:v mpeg4 -q:v 3 -c:a libmp3lame", {WHOLE}},
    {"containers", "mjpeg.avi", "-c:v mjpeg -pix_fmt yuvj420p -c:a pcm_s16le", {WHOLE}},
    {"containers", "h264.flv", H264 AAC, {WHOLE}},
    /* repeated frames left out */
    {"containers",
     "theora.ogv",
     "-c:v libtheora -q:v 6 -c:a libvorbis",
     {.duration_s = 4.76, .flash_s = 2, .quarters = true, .width = 320, .height = 240}},
    {"containers", "wmv2.wmv", "-c:v wmv2 -q:v 3 -c:a wmav2", {WHOLE}},

    {"shapes", "turned90.mp4", TURNED("transpose=clock", "90"), {WHOLE, .reason = "turned by 270"}},
    {"shapes", "turned180.mp4", TURNED("hflip,vflip", "180"), {WHOLE, .reason = "turned by 180"}},
    {"shapes",
     "turned270.mp4",
     TURNED("transpose=cclock", "270"),
     {WHOLE, .reason = "turned by 90"}},
    {"shapes",
     "portrait.mp4",
     "-vf scale=240:320,setsar=1 " H264 AAC,
     {.duration_s = 5, .flash_s = 2, .quarters = true, .width = 240, .height = 320}},
    {"shapes",
     "narrow-pixels.mp4",
     "-vf scale=240:240,setsar=4/3 " H264 AAC,
     {WHOLE, .reason = "made square"}},
    {"shapes",
     "odd-size.mkv",
     "-vf scale=321:241 -c:v ffv1 -c:a pcm_s16le",
     {.duration_s = 5, .flash_s = 2, .quarters = true, .width = 320, .height = 240}},
    {"shapes",
     "tiny.mp4",
     "-vf scale=64:48 " H264 AAC,
     {.duration_s = 5, .flash_s = 2, .width = 64, .height = 48}},
    {"shapes",
     "ten-bit-422.mp4",
     "-pix_fmt yuv422p10le " H264 AAC,
     {WHOLE, .reason = "10 bit 4:2:2"}},
    {"shapes", "chroma444.mp4", "-pix_fmt yuv444p " H264 AAC, {WHOLE, .reason = "4:4:4"}},
    {"shapes", "grey.mkv", "-pix_fmt gray -c:v ffv1 -c:a pcm_s16le", {WHOLE}},
    {"shapes", "rgb.mkv", "-pix_fmt gbrp -c:v ffv1 -c:a pcm_s16le", {WHOLE}},
    {"shapes", "full-range.mp4", "-vf scale=out_range=pc -pix_fmt yuvj420p " H264 AAC, {WHOLE}},
    {"shapes",
     "interlaced.ts",
     "-vf fps=50,tinterlace=interleave_top -c:v mpeg2video -q:v 3 -flags +ilme+ildct "
     "-c:a mp2",
     {WHOLE, .reason = "interlaced"}},
    {"shapes",
     "hlg.mkv",
     "-vf format=yuv420p10le -c:v libx265 -preset ultrafast -x265-params "
     "log-level=0:colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc " AAC,
     {.duration_s = 5, .width = 320, .height = 240, .reason = "High dynamic range"}},

    {"times", "fps60.mp4", "-r 60 " H264 AAC, {WHOLE}},
    {"times", "fps120.mp4", "-r 120 " H264 AAC, {WHOLE, .reason = "thinned"}},
    {"times", "ntsc.mp4", "-r 30000/1001 " H264 AAC, {WHOLE}},
    {"times",
     "film-ntsc.mkv",
     "-r 24000/1001 " H264 AAC, /* begins at 0.021 s */
     {.duration_s = 5.067, .quarters = true, .width = 320, .height = 240}},
    {"times", "slow.mp4", "-r 2 " H264 AAC, {.duration_s = 6, .width = 320, .height = 240}},
    {"times",
     "variable.mkv",
     "-vf select='lt(mod(n,7),4)+gt(t,1.9)*lt(t,2.1)' -vsync vfr " H264 AAC,
     {.duration_s = 5, .flash_s = 2, .quarters = true}},
    {"times", "b-frames.mp4", "-c:v libx264 -preset medium -bf 8 -b_strategy 0 " AAC, {WHOLE}},
    {"times",
     "open-gop.ts",
     "-c:v libx264 -preset veryfast -x264-params open-gop=1:keyint=10 " AAC,
     {WHOLE}},
    {"times", "late-start.ts", H264 AAC "-output_ts_offset 47000", {WHOLE}},
    {"times", "late-start.mkv", H264 AAC "-output_ts_offset 10", {WHOLE}},
    {"times",
     "cut.mp4",
     "sh:ffmpeg -v error -y -i @/base.mkv -c:v libx264 -preset ultrafast -g 25 -c:a aac "
     "@/uncut.mp4 && ffmpeg -v error -y -ss 0.6 -i @/uncut.mp4 -c copy @/cut.mp4",
     {.flash_s = 1.4, .quarters = true}},
    {"times",
     "late-sound.mkv",
     "sh:ffmpeg -v error -y -i @/base.mkv -itsoffset 1 -i @/base.mkv -map 0:v -map "
     "1:a -c:v libx264 -preset ultrafast -c:a aac @/late-sound.mkv",
     {.held = true, .duration_s = 6, .quarters = true, .width = 320, .height = 240}},
    {"times",
     "late-picture.mkv",
     "sh:ffmpeg -v error -y -i @/base.mkv -ss 1 -copyts -i @/base.mkv -map 1:v -map "
     "0:a -c:v libx264 -preset ultrafast -c:a aac @/late-picture.mkv",
     {.duration_s = 5, .flash_s = 2}},
    {"times",
     "one-frame.mp4",
     "-frames:v 1 -an " H264,
     {.silent = true, .width = 320, .height = 240}},
    {"times",
     "still.mkv",
     "-vf select='eq(n,0)+eq(n,124)' -vsync vfr " H264 AAC,
     {.duration_s = 5, .width = 320, .height = 240}},

    {"times",
     "joined.ts",
     "sh:ffmpeg -v error -y -i @/base.mkv -c:v libx264 -preset ultrafast -c:a aac @/j.ts && cat "
     "@/j.ts @/j.ts > @/joined.ts",
     {.duration_s = 10, .flash_s = 2, .quarters = true, .width = 320, .height = 240}},
    {"shapes",
     "changes-size.ts",
     "sh:ffmpeg -v error -y -i @/base.mkv -c:v libx264 -preset ultrafast -c:a aac @/c1.ts && "
     "ffmpeg "
     "-v error -y -i @/base.mkv -vf scale=640:480 -c:v libx264 -preset ultrafast -c:a aac "
     "-output_ts_offset 5 @/c2.ts && cat @/c1.ts @/c2.ts > @/changes-size.ts",
     {.duration_s = 10, .flash_s = 2, .quarters = true, .width = 320, .height = 240}},
    {"shapes",
     "turned-changes.ts",
     "sh:ffmpeg -v error -y -i @/base.mkv -vf tinterlace=interleave_top -c:v mpeg2video -flags "
     "+ilme+ildct -c:a mp2 @/i1.ts && ffmpeg -v error -y -i @/base.mkv -vf scale=640:480 -c:v "
     "mpeg2video -c:a mp2 -output_ts_offset 5 @/i2.ts && cat @/i1.ts @/i2.ts > @/turned-changes.ts",
     {.damaged = true, .width = 320, .height = 240}},
    {"shapes",
     "smallest.mkv",
     "-vf scale=2:2,setsar=1 -c:v ffv1 -c:a pcm_s16le",
     {.duration_s = 5, .flash_s = 2, .width = 2, .height = 2}},
    {"shapes",
     "thread.mkv",
     "-vf scale=1000:4,setsar=1 -c:v ffv1 -c:a pcm_s16le",
     {.duration_s = 5, .flash_s = 2, .width = 1000, .height = 4}},
    {"sound", "sixteen.mov", "-ac 16 -c:a pcm_s16le " H264, {.duration_s = 5, .width = 320}},
    {"sound", "high-rate.mkv", "-ar 96000 -c:a flac " H264, {WHOLE}},
    {"sound", "mono44.mp4", "-ac 1 -ar 44100 " H264 AAC, {WHOLE}},
    {"sound", "surround.mkv", "-ac 6 " H264 "-c:a ac3", {WHOLE}},
    {"sound", "telephone.mov", "-ac 1 -ar 8000 -c:a pcm_mulaw " H264, {WHOLE}},
    {"sound", "mute.mp4", "-an " H264, {WHOLE, .silent = true}},
    {"sound", "short-sound.mkv", "-af atrim=end=3 " H264 AAC, {WHOLE}},
    {"sound", "short-picture.mkv", "-vf trim=end=3 " H264 AAC, {WHOLE, .held = true}},
    {"sound", "song.mp3", "-vn -c:a libmp3lame", {.duration_s = 5, .flash_s = 2, .blind = true}},
    {"sound", "song.wav", "-vn -c:a pcm_s16le", {.duration_s = 5, .flash_s = 2, .blind = true}},
    {"sound", "song.flac", "-vn -c:a flac", {.duration_s = 5, .flash_s = 2, .blind = true}},
    {"sound", "song.m4a", "-vn -c:a aac", {.duration_s = 5, .flash_s = 2, .blind = true}},
    {"sound", "song.ogg", "-vn -c:a libvorbis", {.duration_s = 5, .flash_s = 2, .blind = true}},
    {"sound",
     "cover.mp3",
     "sh:ffmpeg -v error -y -i @/base.mkv -frames:v 1 @/cover.png && ffmpeg -v error -y "
     "-i @/base.mkv -i @/cover.png -map 0:a -map 1:v -c:a libmp3lame -c:v copy -disposition:v "
     "attached_pic "
     "@/cover.mp3",
     {.duration_s = 5, .flash_s = 2, .blind = true}},

    {"broken",
     "half.mkv",
     "sh:ffmpeg -v error -y -i @/base.mkv -c:v libx264 -preset ultrafast -c:a aac "
     "@/w.mkv && head -c $(($(wc -c < @/w.mkv) / 2)) @/w.mkv > @/half.mkv",
     {.damaged = true}},
    {"broken",
     "half.mp4",
     "sh:ffmpeg -v error -y -i @/base.mkv -c:v libx264 -preset ultrafast -c:a aac "
     "-movflags +faststart @/w.mp4 && head -c $(($(wc -c < @/w.mp4) / 2)) @/w.mp4 > @/half.mp4",
     {.damaged = true}},
    {"broken",
     "holes.ts",
     "sh:ffmpeg -v error -y -i @/base.mkv -c:v libx264 -preset ultrafast -c:a aac @/w.ts "
     "&& cp @/w.ts @/holes.ts && for at in 20000 50000 90000; do head -c 700 /dev/zero | dd "
     "of=@/holes.ts "
     "bs=1 seek=$at conv=notrunc 2>/dev/null; done",
     {.damaged = true}},
    {"broken",
     "noise-in-sound.mkv",
     "sh:ffmpeg -v error -y -i @/base.mkv -c:v libx264 -preset ultrafast -c:a aac "
     "-bsf:a noise=amount=20 @/noise-in-sound.mkv",
     {.damaged = true}},
    {"broken",
     "noise-in-picture.mkv",
     "sh:ffmpeg -v error -y -i @/base.mkv -c:v libx264 -preset ultrafast -c:a aac "
     "-bsf:v noise=amount=5000 @/noise-in-picture.mkv",
     {.damaged = true}},

    {"refused", "empty.mp4", "sh:: > @/empty.mp4", {.refused = "empty"}},
    {"refused",
     "noise.mp4",
     "sh:head -c 100000 /dev/urandom > @/noise.mp4",
     {.refused = "no film"}},
    {"refused", "words.mp4", "sh:yes hello | head -c 5000 > @/words.mp4", {.refused = "no film"}},
    {"refused",
     "playlist.mp4",
     "sh:printf '#EXTM3U\\n#EXT-X-TARGETDURATION:5\\n#EXTINF:5,\\n"
     "file:///etc/passwd\\n#EXT-X-ENDLIST\\n' > @/playlist.mp4",
     {.refused = "playlist"}},
    {"refused",
     "concat.mp4",
     "sh:printf 'ffconcat version 1.0\\nfile /etc/passwd\\n' > @/concat.mp4",
     {.refused = "playlist"}},
    {"refused", "picture.png", "-frames:v 1 -an", {.refused = "kind"}},
    {"refused",
     "headless.mp4",
     "sh:ffmpeg -v error -y -i @/base.mkv -c:v libx264 -preset ultrafast @/w2.mp4 && "
     "head -c 5000 @/w2.mp4 > @/headless.mp4",
     {.refused = "cut off or damaged"}},
    {"refused",
     "vast.mkv",
     "-raw -f lavfi -i color=s=9000x64:d=0.2 -c:v ffv1",
     {.refused = "9000 × 64"}},
    {"refused",
     "words-only.mkv",
     "sh:printf '1\\n00:00:01,000 --> 00:00:02,000\\nhello\\n' > @/w.srt && ffmpeg "
     "-v error -y -i @/w.srt -c:s srt @/words-only.mkv",
     {.refused = "neither"}},
    {"refused",
     "all-noise.mkv",
     "sh:ffmpeg -v error -y -i @/base.mkv -an -c:v libx264 -preset ultrafast -bsf:v "
     "noise=amount=1 @/all-noise.mkv",
     {.refused = "decoded"}},
};

static int run_films(const char *program, const char *group) {
    scoped(maker_close) struct maker maker;
    int number = 0, failed = 0;
    if (!maker_open(&maker)) return 1;
    for (size_t i = 0; i < COUNT_OF(films); i++) {
        const struct film *film = &films[i];
        if (strcmp(film->group, group) != 0) continue;
        char path[MAKER_PATH_BYTES];
        maker_path(&maker, film->name, path);
        bool good = maker_film(&maker, film->name, film->make);
        if (!good) (void)printf("#   cannot be made\n");
        good = good && film_run(program, path, &film->expected);
        failed += !good;
        (void)printf("%s %d - %s\n", good ? "ok" : "not ok", ++number, film->name);
        (void)fflush(stdout);
    }
    (void)printf("1..%d\n", number);
    return failed ? 1 : 0;
}

/* The shared clips: what is odd about them is in their own README. */
static const struct film clips[] = {
    {"", "odd/bbb5_1080p_aac51.mp4", "", {.duration_s = 5, .width = 426, .height = 240}},
    {"", "odd/bbb_2500ms.ts", "", {.duration_s = 2.5}},
    {"",
     "odd/bbb_642x642_768kbps_30fps_vp9.webm",
     "",
     {.silent = true, .width = 240, .height = 240}},
    {"",
     "odd/bbb_800x640_768kbps_30fps_avc_2b_firstpts_10_sec.mp4",
     "",
     {.duration_s = 4, .silent = true}},
    {"", "odd/bear_flac.ogg", "", {.blind = true, .duration_s = 2.741}},
    {"", "odd/cockatoo_444.mp4", "", {.duration_s = 14, .reason = "4:4:4"}},
    {"", "odd/d_bitflips.mkv", "", {.damaged = true}},
    {"", "odd/d_bomb_16000.mp4", "", {.refused = "16000 × 16000"}},
    {"", "odd/d_cover.m4a", "", {.blind = true, .duration_s = 3}},
    {"", "odd/d_h264_1080i_sar43.mp4", "", {.duration_s = 2, .width = 426, .height = 240}},
    {"", "odd/d_neg_ts.mkv", "", {.width = 426}},
    {"", "odd/d_one_frame.mp4", "", {.silent = true}},
    {"", "odd/d_random.mp4", "", {.refused = "no film"}},
    {"", "odd/d_ssrf.m3u8", "", {.refused = "playlist"}},
    {"", "odd/d_trunc_front.mp4", "", {.refused = "cut off or damaged"}},
    {"", "odd/d_vfr.mkv", "", {.duration_s = 5}},
    {"", "odd/h265_with_metadata_track.mp4", "", {.duration_s = 0.1, .width = 240, .height = 426}},
    {"", "odd/hlg10-color-test.mp4", "", {.duration_s = 0.3, .reason = "High dynamic range"}},
    {"",
     "odd/internal_emulator_transformer_output_270_rotated.mp4",
     "",
     {.duration_s = 4.972, .width = 240, .height = 426}},
    {"", "odd/roadtrip-vp92-10bit.webm", "", {.duration_s = 3.002, .silent = true}},
    {"", "odd/sample.avi", "", {.duration_s = 4.087}},
    {"", "odd/sample.flv", "", {.width = 360}},
    {"", "odd/sample_edit_list.mp4", "", {.duration_s = 2.548, .width = 240}},
    {"", "odd/sample_empty_track.mp4", "", {.width = 360}},
    {"", "odd/sample_fragmented.mp4", "", {.width = 360}},
    {"", "odd/sample_malformed_free_box.mp4", "", {.refused = "cut off or damaged"}},
    {"",
     "odd/sample_rotate_and_reflect.mp4",
     "",
     {.width = 240, .height = 360, .reason = "mirrored"}},
    {"", "odd/sample_shorter_audio.mp4", "", {.duration_s = 1.2}},
    {"", "odd/sample_video_only.mp4", "", {.duration_s = 1.001, .silent = true}},
    {"", "odd/sample_with_invalid_nalu.mp4", "", {.silent = true, .damaged = true}},
    {"", "odd/sample_with_srt.mkv", "", {.width = 360}},
    {"", "odd/sample_without_stss.mp4", "", {.duration_s = 1.001, .silent = true}},
    {"", "odd/sowt-with-video.mov", "", {.duration_s = 2}},
    {"", "odd/ts_large_offset.ts", "", {.silent = true}},
};

static int run_clips(const char *program, const char *folder) {
    int failed = 0;
    if (access(folder, R_OK) != 0) {
        (void)printf("1..0 # SKIP no folder %s: the shared clips were not tried\n", folder);
        return 0;
    }
    (void)printf("# clips of %s\n", folder);
    for (size_t i = 0; i < COUNT_OF(clips); i++) {
        char path[MAKER_PATH_BYTES];
        (void)snprintf(path, sizeof path, "%s/%s", folder, clips[i].name);
        bool there = access(path, R_OK) == 0;
        bool good = !there || film_run(program, path, &clips[i].expected);
        failed += !good;
        (void)printf("%s %zu - %s%s\n", good ? "ok" : "not ok", i + 1, clips[i].name,
                     there ? "" : " # SKIP not there");
        (void)fflush(stdout);
    }
    (void)printf("1..%zu\n", COUNT_OF(clips));
    return failed ? 1 : 0;
}

int main(int argc, char **argv) {
    if (argc == 4 && strcmp(argv[2], "clips") == 0) return run_clips(argv[1], argv[3]);
    if (argc == 3) return run_films(argv[1], argv[2]);
    (void)fprintf(stderr, "usage: films PROGRAM GROUP | films PROGRAM clips FOLDER\n");
    return 2;
}
