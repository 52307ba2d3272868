/* test_token.c: tokens that are ours pass, all others are refused; keys rotate without refusing
 * any. */
#include "accounts_fixture.h"

#include "base/digest.h"
#include "base/record.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>

static status check(struct ctx *cx, struct services *s, text token) {
    struct token_claims claims;
    ctx_clear(cx);
    return token_check(cx, s->keys, token, clock_now_ms(), false, &claims);
}

static text join(struct ctx *cx, text header_json, text payload_json, text signature) {
    text a = NO_TEXT, b = NO_TEXT, c = NO_TEXT, out = NO_TEXT;
    assert_int_equal(base64url_encode(cx->arena, header_json.at, header_json.len, &a), OK);
    assert_int_equal(base64url_encode(cx->arena, payload_json.at, payload_json.len, &b), OK);
    assert_int_equal(base64url_encode(cx->arena, signature.at, signature.len, &c), OK);
    assert_int_equal(
        text_format(cx->arena, &out, "%.*s.%.*s.%.*s", TEXT_ARG(a), TEXT_ARG(b), TEXT_ARG(c)), OK);
    return out;
}

static text message_of(struct ctx *cx, text header_json, text payload_json) {
    text whole = join(cx, header_json, payload_json, NO_TEXT);
    return text_part(whole, 0, whole.len - 1);
}

static text claims_json(struct ctx *cx, const struct token_claims *claims) {
    text json = NO_TEXT;
    assert_ok(cx, record_to_json(cx, &token_claims_schema, claims, &json));
    return json;
}

static text header_json(struct ctx *cx, const char *format, const char *kid) {
    struct build build = {.arena = cx->arena};
    text json = NO_TEXT;
    for (const char *c = format; *c; c++) {
        if (*c == '@') {
            build_c(&build, kid);
        } else {
            build_byte(&build, *c);
        }
    }
    assert_int_equal(build_text(&build, &json), OK);
    return json;
}

static const char good_header[] = "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"@\"}";

/* A token with any header and payload, signed with the server's own key: what only we could make.
 */
static text sign_any(struct ctx *cx, struct services *s, const char *header, text payload) {
    scoped(keyring_done) struct keyring_key *key = NULL;
    text signature = NO_TEXT;
    assert_ok(cx, keys_signing(cx, s->keys, &key));
    text head = header_json(cx, header, key->kid);
    assert_ok(cx, keyring_sign(cx, key, message_of(cx, head, payload), &signature));
    return join(cx, head, payload, signature);
}

static void takes_its_own(void **state) {
    struct db_fixture *f = *state;
    scoped(services_done) struct services *s = services_new(f, TEST_SECRET);
    struct token_claims claims = good_claims(), got;
    text token = NO_TEXT;
    assert_ok(&f->cx, token_make(&f->cx, s->keys, &claims, &token));
    assert_ok(&f->cx, token_check(&f->cx, s->keys, token, clock_now_ms(), false, &got));
    assert_text(got.sub, "abcdefghijk");
    assert_text(got.sid, "family00000");
    assert_text(got.role, "creator");
    assert_int_equal(
        check(&f->cx, s, sign_any(&f->cx, s, good_header, claims_json(&f->cx, &claims))), OK);
}

static void refuses_any_changed_byte(void **state) {
    struct db_fixture *f = *state;
    scoped(services_done) struct services *s = services_new(f, TEST_SECRET);
    struct token_claims claims = good_claims();
    text token = NO_TEXT;
    assert_ok(&f->cx, token_make(&f->cx, s->keys, &claims, &token));
    for (size_t i = 0; i < token.len; i += 3) {
        scoped(arena_done) struct arena *arena = arena_new(1 << 20);
        struct ctx cx = {.arena = arena};
        char *copy = arena_copy(arena, token.at, token.len);
        copy[i] = copy[i] == 'A' ? 'B' : 'A';
        assert_int_equal(check(&cx, s, (text){copy, token.len}), DENIED);
    }
    assert_int_equal(check(&f->cx, s, text_part(token, 0, token.len - 1)), DENIED);
    text longer = NO_TEXT;
    assert_int_equal(text_format(f->cx.arena, &longer, "%.*s.x", TEXT_ARG(token)), OK);
    assert_int_equal(check(&f->cx, s, longer), DENIED);
    assert_int_equal(text_format(f->cx.arena, &longer, "%.*s=", TEXT_ARG(token)), OK);
    assert_int_equal(check(&f->cx, s, longer), DENIED);
}

static void refuses_other_forms(void **state) {
    struct db_fixture *f = *state;
    scoped(services_done) struct services *s = services_new(f, TEST_SECRET);
    static const char *const forms[] = {"",
                                        ".",
                                        "..",
                                        "...",
                                        "a",
                                        "a.b",
                                        "a.b.c",
                                        "e30.e30.",
                                        "e30.e30.AA",
                                        "\x01.\xff.\x80",
                                        "bnVsbA.e30.AA",
                                        "W10.e30.AA"};
    for (size_t i = 0; i < COUNT_OF(forms); i++)
        assert_int_equal(check(&f->cx, s, text_of(forms[i])), DENIED);
    char *large = arena_take(f->cx.arena, TOKEN_BYTES_MOST + 1);
    memset(large, 'A', TOKEN_BYTES_MOST + 1);
    assert_int_equal(check(&f->cx, s, (text){large, TOKEN_BYTES_MOST + 1}), DENIED);
}

/* Headers that ask for another way of checking; each is even signed rightly with our own key. */
static void refuses_other_algorithms(void **state) {
    struct db_fixture *f = *state;
    struct ctx *cx = &f->cx;
    scoped(services_done) struct services *s = services_new(f, TEST_SECRET);
    struct token_claims claims = good_claims();
    text payload = claims_json(cx, &claims);
    static const char *const headers[] = {
        "{\"alg\":\"none\",\"typ\":\"JWT\",\"kid\":\"@\"}",
        "{\"alg\":\"None\",\"typ\":\"JWT\",\"kid\":\"@\"}",
        "{\"alg\":\"\",\"typ\":\"JWT\",\"kid\":\"@\"}",
        "{\"alg\":\"rs256\",\"typ\":\"JWT\",\"kid\":\"@\"}",
        "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"@\"}",
        "{\"alg\":\"PS256\",\"typ\":\"JWT\",\"kid\":\"@\"}",
        "{\"alg\":\"RS512\",\"typ\":\"JWT\",\"kid\":\"@\"}",
        "{\"alg\":\"RS256\",\"kid\":\"@\"}",
        "{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"@\"}",
        "{\"alg\":\"RS256\",\"typ\":\"JWT\"}",
        "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"\"}",
        "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"@x\"}",
        "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":[\"@\"]}",
        "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"@\",\"crit\":[\"exp\"]}",
        "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"@\",\"jku\":\"https://evil.example/keys\"}",
        "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"@\",\"alg\":\"none\"}",
    };
    for (size_t i = 0; i < COUNT_OF(headers); i++) {
        text token = sign_any(cx, s, headers[i], payload);
        if (check(cx, s, token) != DENIED) fail_msg("was taken: %s", headers[i]);
        token = join(cx, header_json(cx, headers[i], s->keys->ring[0]->kid), payload, NO_TEXT);
        if (check(cx, s, token) != DENIED) fail_msg("was taken without signature: %s", headers[i]);
    }
}

/* The attack on libraries that take the algorithm from the token: HMAC with the public key as
 * secret. */
static void refuses_hmac_with_the_public_key(void **state) {
    struct db_fixture *f = *state;
    struct ctx *cx = &f->cx;
    scoped(services_done) struct services *s = services_new(f, TEST_SECRET);
    scoped(keyring_done) struct keyring_key *key = NULL;
    assert_ok(cx, keys_signing(cx, s->keys, &key));
    BIO *memory = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PUBKEY(memory, key->key), 1);
    char *pem = NULL;
    long pem_size = BIO_get_mem_data(memory, &pem);
    unsigned char *der = NULL;
    int der_size = i2d_PUBKEY(key->key, &der);
    struct jwk jwk;
    assert_ok(cx, keyring_jwk(cx, key, &jwk));
    text secrets[] = {{pem, (size_t)pem_size},
                      {pem, (size_t)pem_size - 1},
                      {(char *)der, (size_t)der_size},
                      jwk.n,
                      text_of(key->kid)};
    static const char *const headers[] = {"{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"@\"}",
                                          good_header};
    struct token_claims claims = good_claims();
    text payload = claims_json(cx, &claims);
    for (size_t h = 0; h < COUNT_OF(headers); h++) {
        text head = header_json(cx, headers[h], key->kid);
        for (size_t i = 0; i < COUNT_OF(secrets); i++) {
            unsigned char mac[SHA256_BYTES];
            text message = message_of(cx, head, payload);
            digest_hmac_sha256(secrets[i], message.at, message.len, mac);
            text token = join(cx, head, payload, (text){(char *)mac, sizeof mac});
            assert_int_equal(check(cx, s, token), DENIED);
        }
    }
    OPENSSL_free(der);
    BIO_free(memory);
}

static void refuses_foreign_keys(void **state) {
    struct db_fixture *f = *state;
    struct ctx *cx = &f->cx;
    scoped(services_done) struct services *s = services_new(f, TEST_SECRET);
    scoped(keyring_done) struct keyring_key *ours = NULL;
    scoped(keyring_done) struct keyring_key *theirs = NULL;
    struct key_row row;
    assert_ok(cx, keys_signing(cx, s->keys, &ours));
    assert_ok(cx, keyring_make(cx, s->keys->seal, 1, &row));
    assert_ok(cx, keyring_open(cx, s->keys->seal, &row, &theirs));
    struct token_claims claims = good_claims();
    text payload = claims_json(cx, &claims), signature = NO_TEXT;
    const char *kids[] = {ours->kid, theirs->kid};
    for (size_t i = 0; i < 2; i++) {
        text head = header_json(cx, good_header, kids[i]);
        assert_ok(cx, keyring_sign(cx, theirs, message_of(cx, head, payload), &signature));
        assert_int_equal(check(cx, s, join(cx, head, payload, signature)), DENIED);
    }
}

static void refuses_wrong_claims(void **state) {
    struct db_fixture *f = *state;
    struct ctx *cx = &f->cx;
    scoped(services_done) struct services *s = services_new(f, TEST_SECRET);
    int64_t now_s = clock_now_ms() / 1000;
    struct token_claims wrong[10];
    for (size_t i = 0; i < COUNT_OF(wrong); i++) wrong[i] = good_claims();
    wrong[0].exp = now_s;
    wrong[1].exp = now_s - 3600;
    wrong[1].iat = wrong[1].nbf = now_s - 7200;
    wrong[2].nbf = now_s + TOKEN_LEEWAY_S + 5;
    wrong[3].iat = now_s + TOKEN_LEEWAY_S + 5;
    wrong[4].aud = TEXT("matinee2");
    wrong[5].iss = TEXT("https://evil.example");
    wrong[6].role = TEXT("root");
    wrong[7].sub = TEXT("short");
    wrong[8].jti = TEXT("x");
    wrong[9].exp = wrong[9].iat;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        text token = sign_any(cx, s, good_header, claims_json(cx, &wrong[i]));
        if (check(cx, s, token) != DENIED) fail_msg("claims %zu were taken", i);
    }
    static const char *const payloads[] = {
        "",
        "{}",
        "[]",
        "null",
        "{\"sub\":\"abcdefghijk\"}",
        "{\"iss\":\"matinee\",\"aud\":[\"matinee\"],\"sub\":\"abcdefghijk\"}",
    };
    for (size_t i = 0; i < COUNT_OF(payloads); i++)
        assert_int_equal(check(cx, s, sign_any(cx, s, good_header, text_of(payloads[i]))), DENIED);
}

static void lets_expired_ones_sign_out(void **state) {
    struct db_fixture *f = *state;
    struct ctx *cx = &f->cx;
    scoped(services_done) struct services *s = services_new(f, TEST_SECRET);
    struct token_claims claims = good_claims(), got;
    text token = NO_TEXT;
    claims.iat = claims.nbf = claims.iat - 7200;
    claims.exp = claims.iat + 1800;
    assert_ok(cx, token_make(cx, s->keys, &claims, &token));
    assert_int_equal(check(cx, s, token), DENIED);
    assert_non_null(strstr(cx->fault.detail, "expired"));
    ctx_clear(cx);
    assert_ok(cx, token_check(cx, s->keys, token, clock_now_ms(), true, &got));
    assert_text(got.sid, "family00000");
}

static void rotates_without_refusing_anybody(void **state) {
    struct db_fixture *f = *state;
    struct ctx *cx = &f->cx;
    scoped(services_done) struct services *one = services_new(f, TEST_SECRET);
    scoped(services_done) struct services *two = services_new(f, TEST_SECRET);
    struct token_claims claims = good_claims();
    text before = NO_TEXT, after = NO_TEXT, kid = NO_TEXT;
    list keys = {0};
    assert_ok(cx, token_make(cx, one->keys, &claims, &before));
    assert_int_equal(check(cx, two, before), OK); /* one key for both servers */
    assert_ok(cx, account_keys_rotate(cx, one->keys, &kid));
    assert_ok(cx, token_make(cx, one->keys, &claims, &after));
    assert_int_equal(check(cx, one, before), OK);
    assert_int_equal(check(cx, one, after), OK);
    assert_int_equal(check(cx, two, before), OK);
    two->keys->loaded_ticks_ms -= 2000; /* an unknown kid makes it look again, once a second */
    assert_int_equal(check(cx, two, after), OK);
    assert_ok(cx, keys_jwks(cx, one->keys, &keys));
    assert_int_equal(keys.len, 2);
    assert_true(text_equal(((struct jwk *)keys.at)[0].kid, kid));
    int64_t later_ms = clock_now_ms() + 3600 * 1000;
    struct keyring_key *gone = NULL;
    struct token_parts parts;
    assert_ok(cx, token_take_apart(cx, before, &parts));
    assert_int_equal(keys_named(cx, one->keys, parts.kid, later_ms, &gone), NOT_FOUND);
}

static void survives_another_secret(void **state) {
    struct db_fixture *f = *state;
    struct ctx *cx = &f->cx;
    struct token_claims claims = good_claims();
    text before = NO_TEXT, after = NO_TEXT;
    {
        scoped(services_done) struct services *s = services_new(f, TEST_SECRET);
        assert_ok(cx, token_make(cx, s->keys, &claims, &before));
    }
    scoped(services_done) struct services *s =
        services_new(f, TEXT("another secret of 32 bytes......"));
    assert_int_equal(check(cx, s, before), OK);
    assert_ok(cx, token_make(cx, s->keys, &claims, &after));
    assert_int_equal(check(cx, s, after), OK);
    assert_int_equal(check(cx, s, before), OK);
    assert_int_equal(s->keys->count, 2);
}

struct key_text {
    text sealed_private_key;
};
static const struct field key_text_fields[] = {FIELD(struct key_text, sealed_private_key)};
static const struct schema key_text_schema =
    SCHEMA("KeyText", struct key_text, key_text_fields, "A sealed key.");

static void never_stores_a_private_key_in_clear(void **state) {
    struct db_fixture *f = *state;
    struct ctx *cx = &f->cx;
    scoped(services_done) struct services *s = services_new(f, TEST_SECRET);
    scoped(keyring_done) struct keyring_key *key = NULL;
    static const struct sql stored = {.name = "stored",
                                      .kind = SQL_ONE,
                                      .text_sqlite = "SELECT sealed_private_key FROM signing_keys",
                                      .text_postgres =
                                          "SELECT sealed_private_key FROM signing_keys"};
    struct key_text row;
    text bytes = NO_TEXT;
    assert_ok(cx, keys_signing(cx, s->keys, &key));
    assert_ok(cx, db_get(cx, f->db, &stored, DB_NO_ARGS, &key_text_schema, &row));
    assert_int_equal(base64url_decode(cx->arena, row.sealed_private_key, &bytes), OK);
    unsigned char *der = NULL;
    int size = i2d_PrivateKey(key->key, &der);
    assert_true(size > 64);
    assert_null(memmem(bytes.at, bytes.len, der + size / 2, 16));
    OPENSSL_free(der);
}

int main(void) {
    take_migrations();
    const struct CMUnitTest tests[] = {
        DB_TEST(takes_its_own),
        DB_TEST(refuses_any_changed_byte),
        DB_TEST(refuses_other_forms),
        DB_TEST(refuses_other_algorithms),
        DB_TEST(refuses_hmac_with_the_public_key),
        DB_TEST(refuses_foreign_keys),
        DB_TEST(refuses_wrong_claims),
        DB_TEST(lets_expired_ones_sign_out),
        DB_TEST(rotates_without_refusing_anybody),
        DB_TEST(survives_another_secret),
        DB_TEST(never_stores_a_private_key_in_clear),
    };
    return db_fixture_run(tests, COUNT_OF(tests));
}
