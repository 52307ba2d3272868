/* test_url_sign.c: signed URLs: what opens, what doesn't, and a value computed by other means. */
#include "net_test.h"

#include "base/digest.h"
#include "net/url_sign.h"

#include <stdio.h>

static const text key = {"0123456789abcdef0123456789abcdef", 32};

/* "exp=…&sig=…" into its two values. */
static void parts_of(text query, text *out_exp, text *out_sig) {
    text exp = NO_TEXT;
    text sig = NO_TEXT;
    assert_true(text_cut(query, '&', &exp, &sig));
    *out_exp = text_part(exp, 4, SIZE_MAX);
    *out_sig = text_part(sig, 4, SIZE_MAX);
}

static void a_signed_url_opens_until_it_lapses(void **state) {
    struct ctx *cx = *state;
    text query = NO_TEXT;
    text exp;
    text sig;
    assert_int_equal(url_sign(cx, key, TEXT("/media/a/"), 1000, &query), OK);
    parts_of(query, &exp, &sig);
    assert_text(exp, "1000");
    assert_int_equal(sig.len, 43);
    assert_int_equal(url_check(key, TEXT("/media/a/"), exp, sig, 0), OK);
    assert_int_equal(url_check(key, TEXT("/media/a/"), exp, sig, 1000), OK);
    assert_int_equal(url_check(key, TEXT("/media/a/"), exp, sig, 1001), GONE);
}

static void anything_else_is_denied(void **state) {
    struct ctx *cx = *state;
    text query = NO_TEXT;
    text exp;
    text sig;
    const text scope = TEXT("/media/a/");
    assert_int_equal(url_sign(cx, key, scope, 1000, &query), OK);
    parts_of(query, &exp, &sig);
    assert_int_equal(url_check(key, TEXT("/media/b/"), exp, sig, 1), DENIED);
    assert_int_equal(url_check(key, TEXT("/media/a"), exp, sig, 1), DENIED);
    assert_int_equal(url_check(TEXT("another key"), scope, exp, sig, 1), DENIED);
    static const char *const times[] = {
        "1001", "01000", "+1000", " 1000", "1000 ", "", "-1", "1e3", "1000000000000000000000"};
    for (size_t i = 0; i < COUNT_OF(times); i++)
        assert_int_equal(url_check(key, scope, text_of(times[i]), sig, 1), DENIED);
    assert_int_equal(url_check(key, scope, NO_TEXT, sig, 1), DENIED);
    assert_int_equal(url_check(key, scope, exp, NO_TEXT, 1), DENIED);
    assert_int_equal(url_check(key, scope, exp, text_part(sig, 0, 42), 1), DENIED);
    for (size_t i = 0; i < sig.len; i++) {
        char forged[44];
        memcpy(forged, sig.at, sig.len);
        forged[i] = forged[i] == 'A' ? 'B' : 'A';
        assert_int_equal(url_check(key, scope, exp, (text){forged, sig.len}, 1), DENIED);
    }
    /* A number can't be moved from the time into the scope. */
    assert_int_equal(url_check(key, TEXT("0\n/media/a/"), TEXT("100"), sig, 1), DENIED);
}

static void the_signature_is_the_documented_one(void **state) {
    struct ctx *cx = *state;
    static const char message[] = "matinee url 1\n1000\n/media/a/";
    unsigned char mac[SHA256_BYTES];
    text query = NO_TEXT;
    text encoded = NO_TEXT;
    text exp;
    text sig;
    digest_hmac_sha256(key, message, sizeof message - 1, mac);
    assert_int_equal(base64url_encode(cx->arena, mac, sizeof mac, &encoded), OK);
    assert_int_equal(url_sign(cx, key, TEXT("/media/a/"), 1000, &query), OK);
    parts_of(query, &exp, &sig);
    assert_true(text_equal(sig, encoded));
}

static void senseless_scopes_are_refused(void **state) {
    struct ctx *cx = *state;
    char longest[2000];
    text query = NO_TEXT;
    memset(longest, 'a', sizeof longest);
    assert_int_equal(url_sign(cx, key, TEXT(""), 1000, &query), INVALID);
    ctx_clear(cx);
    assert_int_equal(url_sign(cx, key, (text){longest, sizeof longest}, 1000, &query), INVALID);
    ctx_clear(cx);
    assert_int_equal(url_sign(cx, key, TEXT("/"), -1, &query), INVALID);
    assert_null(query.at);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        NET_TEST(a_signed_url_opens_until_it_lapses),
        NET_TEST(anything_else_is_denied),
        NET_TEST(the_signature_is_the_documented_one),
        NET_TEST(senseless_scopes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
