/* test_avc.c: parameter sets and access units out of byte streams, also hostile ones. */
#include "harness.h"

#include "media/engine/avc.h"

static const uint8_t sets[] = {0,    0, 0, 1, 0x67, 0x64, 0x00, 0x1f, 0xac,
                               0xd9, 0, 0, 1, 0x68, 0xeb, 0xe3, 0xcb};

static void a_configuration_is_built(void **state) {
    struct ctx *cx = *state;
    struct avc_config config;
    assert_int_equal(avc_config_from(cx, sets, sizeof sets, &config), OK);
    assert_string_equal(config.codecs, "avc1.64001f");
    static const uint8_t expected[] = {1,    0x64, 0,    0x1f, 0xff, 0xe1, 0, 6, 0x67,
                                       0x64, 0,    0x1f, 0xac, 0xd9, 1,    0, 4, 0x68,
                                       0xeb, 0xe3, 0xcb, 0xfd, 0xf8, 0xf8, 0};
    assert_int_equal(config.record.len, sizeof expected);
    assert_memory_equal(config.record.at, expected, sizeof expected);
    bytes_done(&config.record);
}

static void half_a_configuration_is_none(void **state) {
    struct ctx *cx = *state;
    struct avc_config config;
    for (size_t size = 0; size < 14; size++) {
        ctx_clear(cx);
        assert_int_equal(avc_config_from(cx, sets, size, &config), INVALID);
    }
}

static void units_get_lengths(void **state) {
    (void)state;
    static const uint8_t unit[] = {0, 0, 0, 1, 9,    0xf0, 0, 0, 0, 1,    0x65, 1, 2, 3,
                                   0, 0, 0, 1, 0x67, 1,    0, 0, 1, 0x41, 7,    0, 0};
    static const uint8_t expected[] = {0, 0, 0, 4, 0x65, 1, 2, 3, 0, 0, 0, 2, 0x41, 7};
    struct bytes out = {0};
    avc_append_sample(&out, unit, sizeof unit);
    assert_int_equal(out.len, sizeof expected);
    assert_memory_equal(out.at, expected, sizeof expected);
    bytes_done(&out);
}

static void anything_at_all_is_walked_safely(void **state) {
    (void)state;
    uint8_t noise[64];
    uint32_t seed = 1;
    for (int round = 0; round < 5000; round++) {
        size_t size = (size_t)(round % 64);
        for (size_t i = 0; i < size; i++) {
            seed = seed * 1664525 + 1013904223;
            noise[i] = (uint8_t)((seed >> 24) % 3); /* mostly start codes */
        }
        struct bytes out = {0};
        avc_append_sample(&out, noise, size);
        assert_true(out.len <= 2 * size + 4 * size);
        bytes_done(&out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        HARNESS_TEST(a_configuration_is_built),
        HARNESS_TEST(half_a_configuration_is_none),
        HARNESS_TEST(units_get_lengths),
        HARNESS_TEST(anything_at_all_is_walked_safely),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
