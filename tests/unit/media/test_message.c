/* test_message.c: messages arrive whole however they are cut, and nothing else is taken for one. */
#include "harness.h"

#include "base/record.h"
#include "media/child.h"
#include "media/message.h"

#include <math.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

static const unsigned char two[] = {3, 0, 0, 0, 4, 0, 0, 0, 'a', 'b', 'c', 0, 0, 0, 0, 5, 0, 0, 0};

static void messages_arrive_byte_by_byte(void **state) {
    struct ctx *cx = *state;
    scoped(message_reader_done) struct message_reader reader = {0};
    struct message message;
    bool there = true;
    for (size_t i = 0; i < sizeof two; i++) {
        assert_int_equal(message_reader_feed(cx, &reader, two + i, 1), OK);
        assert_int_equal(message_reader_next(cx, &reader, &message, &there), OK);
        assert_int_equal(there, i == 10 || i == 18);
        if (i == 10) assert_text(message.body, "abc");
    }
    assert_int_equal(message.kind, MESSAGE_THUMBNAIL);
    assert_int_equal(message.body.len, 0);
}

static void messages_arrive_together(void **state) {
    struct ctx *cx = *state;
    scoped(message_reader_done) struct message_reader reader = {0};
    struct message message;
    bool there = false;
    assert_int_equal(message_reader_feed(cx, &reader, two, sizeof two), OK);
    assert_int_equal(message_reader_next(cx, &reader, &message, &there), OK);
    assert_true(there && message.kind == MESSAGE_INDEX);
    assert_int_equal(message_reader_next(cx, &reader, &message, &there), OK);
    assert_true(there && message.kind == MESSAGE_THUMBNAIL);
    assert_int_equal(message_reader_next(cx, &reader, &message, &there), OK);
    assert_false(there);
}

static void other_headers_are_refused(void **state) {
    struct ctx *cx = *state;
    static const unsigned char wrong[][8] = {
        {0, 0, 0, 0, 0}, {0, 0, 0, 0, 8},         {0, 0, 0, 0, 4, 1},
        {1, 0, 0, 2, 4}, {255, 255, 255, 255, 4},
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        scoped(message_reader_done) struct message_reader reader = {0};
        struct message message;
        bool there = false;
        assert_int_equal(message_reader_feed(cx, &reader, wrong[i], 8), OK);
        assert_int_equal(message_reader_next(cx, &reader, &message, &there), INVALID);
        ctx_clear(cx);
    }
}

static void records_cross_a_socket(void **state) {
    struct ctx *cx = *state;
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    struct media_progress sent = {.stage = TEXT("encoding"),
                                  .percent = 42,
                                  .position_ms = 4200,
                                  .frames = 105,
                                  .speed = 2.5,
                                  .eta_ms = NO_INT},
                          got;
    assert_int_equal(
        message_send_record(cx, pair[0], MESSAGE_PROGRESS, &media_progress_schema, &sent), OK);
    char bytes[4096];
    ssize_t size = read(pair[1], bytes, sizeof bytes);
    assert_true(size > 8);
    scoped(message_reader_done) struct message_reader reader = {0};
    struct message message;
    bool there = false;
    assert_int_equal(message_reader_feed(cx, &reader, bytes, (size_t)size), OK);
    assert_int_equal(message_reader_next(cx, &reader, &message, &there), OK);
    assert_true(there && message.kind == MESSAGE_PROGRESS);
    assert_int_equal(record_from_json(cx, &media_progress_schema, message.body, &got), OK);
    assert_int_equal(got.percent, 42);
    assert_true(got.speed == 2.5 && got.eta_ms == NO_INT);
    (void)close(pair[1]);
    assert_int_equal(message_send(cx, pair[0], MESSAGE_INDEX, TEXT("x")), GONE);
    (void)close(pair[0]);
}

static void statuses_have_names(void **state) {
    (void)state;
    assert_int_equal(message_status_from(TEXT("invalid")), INVALID);
    assert_int_equal(message_status_from(TEXT("no_memory")), NO_MEMORY);
    assert_int_equal(message_status_from(TEXT("nonsense")), BUG);
}

static void deaths_are_put_into_words(void **state) {
    struct ctx *cx = *state;
    static const struct {
        int code, value;
        status becomes;
        const char *words;
    } deaths[] = {
        {CLD_KILLED, SIGSYS, INVALID, "never needs"},     {CLD_DUMPED, SIGSEGV, IO, "crash"},
        {CLD_KILLED, SIGXCPU, QUOTA, "processor time"},   {CLD_KILLED, SIGXFSZ, QUOTA, "larger"},
        {CLD_KILLED, SIGKILL, IO, "killed from outside"}, {CLD_EXITED, 0, IO, "without a result"},
        {CLD_EXITED, 127, IO, "cannot be started"},
    };
    for (size_t i = 0; i < COUNT_OF(deaths); i++) {
        ctx_clear(cx);
        assert_int_equal(child_explain(cx, deaths[i].code, deaths[i].value), deaths[i].becomes);
        assert_fault(cx, deaths[i].words);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        HARNESS_TEST(messages_arrive_byte_by_byte), HARNESS_TEST(messages_arrive_together),
        HARNESS_TEST(other_headers_are_refused),    HARNESS_TEST(records_cross_a_socket),
        HARNESS_TEST(statuses_have_names),          HARNESS_TEST(deaths_are_put_into_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
