/* test_plan.c: which renditions are planned for which film, and what is refused. */
#include "harness.h"

#include "base/record.h"
#include "media/media.h"

#include <math.h>

/* A film of one picture stream and, if asked, stereo sound. */
struct film {
    struct media_stream streams[3];
    struct media_info info;
};

static struct media_stream picture_of(int64_t index, int64_t width, int64_t height, double rate) {
    struct media_stream stream;
    record_clear(&media_stream_schema, &stream);
    stream.index = index;
    stream.kind = TEXT("video");
    stream.codec = TEXT("h264");
    stream.decodable = true;
    stream.width = stream.display_width = width;
    stream.height = stream.display_height = height;
    stream.rotation_degrees = 0;
    stream.sample_aspect_num = stream.sample_aspect_den = 1;
    stream.frame_rate = rate;
    stream.chroma = TEXT("4:2:0");
    stream.bit_depth = 8;
    stream.dynamic_range = TEXT("sdr");
    return stream;
}

static void film_of(struct film *film, int64_t width, int64_t height, double rate, bool sound) {
    record_clear(&media_info_schema, &film->info);
    film->info.container = TEXT("mov");
    film->info.duration_ms = 10000;
    film->streams[0] = picture_of(0, width, height, rate);
    film->info.streams = (list){film->streams, sound ? 2 : 1};
    struct media_stream *audio = &film->streams[1];
    record_clear(&media_stream_schema, audio);
    audio->index = 1;
    audio->kind = TEXT("audio");
    audio->codec = TEXT("aac");
    audio->decodable = true;
    audio->channels = 2;
    audio->sample_rate_hz = 48000;
}

static void assert_rung(const struct media_plan *plan, size_t at, const char *name, int64_t width,
                        int64_t height) {
    const struct media_rendition_plan *rendition = media_planned(plan, at);
    assert_text(rendition->name, name);
    assert_int_equal(rendition->width, width);
    assert_int_equal(rendition->height, height);
    assert_text(rendition->mode, "encode");
}

static void full_ladder_and_one_sound(void **state) {
    struct ctx *cx = *state;
    struct film film;
    struct media_plan plan;
    film_of(&film, 1920, 1080, 25, true);
    assert_int_equal(media_plan(cx, NULL, &film.info, &plan), OK);
    assert_int_equal(plan.renditions.len, 7);
    assert_rung(&plan, 0, "1080p", 1920, 1080);
    assert_rung(&plan, 1, "720p", 1280, 720);
    assert_rung(&plan, 2, "480p", 854, 480);
    assert_rung(&plan, 3, "360p", 640, 360);
    assert_rung(&plan, 4, "240p", 426, 240);
    assert_rung(&plan, 5, "144p", 256, 144);
    assert_text(media_planned(&plan, 6)->name, "audio");
    assert_int_equal(media_planned(&plan, 6)->sample_rate_hz, 48000);
    assert_int_equal(plan.segment_ms % plan.key_interval_ms, 0);
    for (size_t i = 1; i < 6; i++) {
        assert_true(media_planned(&plan, i)->max_rate_bps <
                    media_planned(&plan, i - 1)->max_rate_bps);
    }
}

static void portrait_keeps_its_shape(void **state) {
    struct ctx *cx = *state;
    struct film film;
    struct media_plan plan;
    film_of(&film, 1080, 1920, 30, false);
    assert_int_equal(media_plan(cx, NULL, &film.info, &plan), OK);
    assert_rung(&plan, 0, "1080p", 1080, 1920);
    assert_rung(&plan, 2, "480p", 480, 854);
    assert_int_equal(plan.audio_stream, NO_INT);
}

static void never_above_the_source(void **state) {
    struct ctx *cx = *state;
    static const int64_t sizes[][2] = {{3840, 2160}, {1916, 1070}, {1280, 718}, {642, 642},
                                       {320, 240},   {97, 61},     {16, 9},     {1, 1},
                                       {2000, 50},   {50, 2000},   {641, 361},  {176, 144}};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct film film;
        struct media_plan plan;
        film_of(&film, sizes[i][0], sizes[i][1], 25, false);
        assert_int_equal(media_plan(cx, NULL, &film.info, &plan), OK);
        for (size_t k = 0; k < plan.renditions.len; k++) {
            const struct media_rendition_plan *rendition = media_planned(&plan, k);
            assert_int_equal(rendition->width % 2 + rendition->height % 2, 0);
            assert_true(rendition->width <= sizes[i][0] + 1 &&
                        rendition->height <= sizes[i][1] + 1);
            assert_true(rendition->width >= 2 && rendition->height >= 2);
        }
    }
}

static void slightly_cropped_films_keep_their_size(void **state) {
    struct ctx *cx = *state;
    struct film film;
    struct media_plan plan;
    film_of(&film, 1916, 1070, 25, false);
    assert_int_equal(media_plan(cx, NULL, &film.info, &plan), OK);
    assert_rung(&plan, 0, "1080p", 1916, 1070);
    film_of(&film, 64, 48, 25, false);
    assert_int_equal(media_plan(cx, NULL, &film.info, &plan), OK);
    assert_int_equal(plan.renditions.len, 1);
    assert_rung(&plan, 0, "48p", 64, 48);
}

static void limits_bound_the_ladder(void **state) {
    struct ctx *cx = *state;
    struct film film;
    struct media_plan plan;
    struct media_limits limits = {.max_rung = 480};
    film_of(&film, 3840, 2160, 25, false);
    assert_int_equal(media_plan(cx, &limits, &film.info, &plan), OK);
    assert_rung(&plan, 0, "480p", 854, 480);
    limits.max_rung = 2160;
    assert_int_equal(media_plan(cx, &limits, &film.info, &plan), OK);
    assert_rung(&plan, 0, "2160p", 3840, 2160);
}

static void fast_films_are_thinned(void **state) {
    struct ctx *cx = *state;
    static const double rates[][2] = {{120, 60},      {100, 50}, {60, 60},
                                      {59.94, 59.94}, {240, 60}, {23.976, 23.976}};
    for (size_t i = 0; i < COUNT_OF(rates); i++) {
        struct film film;
        struct media_plan plan;
        film_of(&film, 640, 360, rates[i][0], false);
        assert_int_equal(media_plan(cx, NULL, &film.info, &plan), OK);
        assert_true(fabs(plan.frame_rate - rates[i][1]) < 0.001);
    }
}

static void default_and_larger_streams_are_chosen(void **state) {
    struct ctx *cx = *state;
    struct film film;
    struct media_plan plan;
    film_of(&film, 640, 360, 25, false);
    film.streams[1] = picture_of(1, 1280, 720, 25);
    film.streams[2] = picture_of(2, 1920, 1080, 25);
    film.streams[2].decodable = false;
    film.info.streams.len = 3;
    assert_int_equal(media_plan(cx, NULL, &film.info, &plan), OK);
    assert_int_equal(plan.video_stream, 1);
    film.streams[0].is_default = true;
    assert_int_equal(media_plan(cx, NULL, &film.info, &plan), OK);
    assert_int_equal(plan.video_stream, 0);
}

static void odd_pictures_are_explained(void **state) {
    struct ctx *cx = *state;
    struct film film;
    struct media_plan plan;
    film_of(&film, 1440, 1080, 25, false);
    struct media_stream *video = &film.streams[0];
    video->rotation_degrees = 90;
    video->mirrored = video->interlaced = true;
    video->sample_aspect_num = 4;
    video->sample_aspect_den = 3;
    video->display_width = 1080;
    video->display_height = 1920;
    video->bit_depth = 10;
    video->dynamic_range = TEXT("hlg");
    assert_int_equal(media_plan(cx, NULL, &film.info, &plan), OK);
    assert_true(plan.mirrored && plan.deinterlace && plan.tone_map);
    assert_int_equal(plan.rotation_degrees, 90);
    assert_rung(&plan, 0, "1080p", 1080, 1920);
    struct build all = {.arena = cx->arena};
    for (size_t i = 0; i < plan.reasons.len; i++) {
        build_put(&all, ((const text *)plan.reasons.at)[i]);
    }
    text reasons = NO_TEXT;
    assert_int_equal(build_text(&all, &reasons), OK);
    static const char *const words[] = {"turned", "mirrored", "interlaced",
                                        "square", "range",    "10 bit"};
    for (size_t i = 0; i < COUNT_OF(words); i++) assert_non_null(strstr(reasons.at, words[i]));
}

static void what_cannot_be_shown_is_refused(void **state) {
    struct ctx *cx = *state;
    struct film film;
    struct media_plan plan;
    film_of(&film, 16000, 16000, 1, false);
    assert_int_equal(media_plan(cx, NULL, &film.info, &plan), QUOTA);
    assert_fault(cx, "16000 × 16000");
    ctx_clear(cx);
    film_of(&film, 640, 360, 25, true);
    film.streams[0].decodable = false;
    assert_int_equal(media_plan(cx, NULL, &film.info, &plan), INVALID);
    assert_fault(cx, "cannot be decoded");
    ctx_clear(cx);
    film.info.streams.len = 0;
    assert_int_equal(media_plan(cx, NULL, &film.info, &plan), INVALID);
    assert_fault(cx, "neither pictures nor sound");
    ctx_clear(cx);
    film_of(&film, 640, 360, 25, false);
    film.info.duration_ms = INT64_C(25) * 3600 * 1000;
    assert_int_equal(media_plan(cx, NULL, &film.info, &plan), QUOTA);
    assert_fault(cx, "minutes long");
}

static void sound_alone_is_a_film(void **state) {
    struct ctx *cx = *state;
    struct film film;
    struct media_plan plan;
    film_of(&film, 300, 300, 1, true);
    film.streams[0].kind = TEXT("picture");
    film.streams[1].sample_rate_hz = 44100;
    assert_int_equal(media_plan(cx, NULL, &film.info, &plan), OK);
    assert_int_equal(plan.video_stream, NO_INT);
    assert_int_equal(plan.renditions.len, 1);
    assert_int_equal(media_planned(&plan, 0)->sample_rate_hz, 44100);
}

static void a_plan_survives_json(void **state) {
    struct ctx *cx = *state;
    struct film film;
    struct media_plan plan, again;
    text json = NO_TEXT, json_again = NO_TEXT;
    film_of(&film, 1280, 720, 23.976, true);
    assert_int_equal(media_plan(cx, NULL, &film.info, &plan), OK);
    assert_int_equal(record_to_json(cx, &media_plan_schema, &plan, &json), OK);
    assert_int_equal(record_from_json(cx, &media_plan_schema, json, &again), OK);
    assert_int_equal(record_to_json(cx, &media_plan_schema, &again, &json_again), OK);
    assert_true(text_equal(json, json_again));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        HARNESS_TEST(full_ladder_and_one_sound),
        HARNESS_TEST(portrait_keeps_its_shape),
        HARNESS_TEST(never_above_the_source),
        HARNESS_TEST(slightly_cropped_films_keep_their_size),
        HARNESS_TEST(limits_bound_the_ladder),
        HARNESS_TEST(fast_films_are_thinned),
        HARNESS_TEST(default_and_larger_streams_are_chosen),
        HARNESS_TEST(odd_pictures_are_explained),
        HARNESS_TEST(what_cannot_be_shown_is_refused),
        HARNESS_TEST(sound_alone_is_a_film),
        HARNESS_TEST(a_plan_survives_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
