/* test_corpus.c: sends every file of corpus/ as it is and compares what comes back.
 *
 * A file is named WHAT.CODES.END.raw. CODES are the answers' status codes joined by '+', or "none".
 * END tells what becomes of the connection: "keep": it is still good, an ordinary request behind
 * the file's bytes is answered with 200; "close": it is ended, and what comes behind the file's
 * bytes is not taken for a request; "cut": the server ends it by itself, nothing is sent behind.
 * After each file the server must answer a clean request on a new connection.
 * Usage: test_corpus ECHO_SERVER CORPUS. */
#include "driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LEAST_FILES = 50, NAME_BYTES = 256, WAIT_MS = 8000 };

static const char *program;
static const char *corpus;

struct expected {
    char what[NAME_BYTES];
    char codes[64];
    char end[16];
};

static bool name_read(const char *name, struct expected *out) {
    return sscanf(name, "%200[^.].%60[^.].%15[^.].raw", out->what, out->codes, out->end) == 3;
}

static char *file_read(const char *name, size_t *out_size) {
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", corpus, name);
    FILE *file = fopen(path, "rbe");
    assert_non_null(file);
    char *bytes = malloc(1 << 20);
    assert_non_null(bytes);
    *out_size = fread(bytes, 1, 1 << 20, file);
    (void)fclose(file);
    return bytes;
}

static void codes_write(const struct answers *answers, char *out, size_t room) {
    size_t at = 0;
    (void)snprintf(out, room, "none");
    for (int i = 0; i < answers->count; i++)
        at += (size_t)snprintf(out + at, room - at, "%s%d", i ? "+" : "", answers->codes[i]);
}

/* What is sent behind the file: on a kept connection it must be answered, on a closed one not. */
static const char *follower(const struct expected *expected) {
    if (strcmp(expected->end, "cut") == 0) return "";
    return "GET /health HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n";
}

static bool check(const struct echo *echo, const char *name, const struct expected *expected) {
    size_t size = 0;
    char wanted[96];
    char got[96];
    char *bytes = file_read(name, &size);
    int fd = echo_connect(echo);
    (void)socket_send(fd, bytes, size);
    const char *behind = follower(expected);
    (void)socket_send(fd, behind, strlen(behind));
    struct answers answers = answers_read(fd, 0, WAIT_MS);
    codes_write(&answers, got, sizeof got);
    bool none = strcmp(expected->codes, "none") == 0;
    (void)snprintf(wanted, sizeof wanted, "%s", expected->codes);
    if (strcmp(expected->end, "keep") == 0)
        (void)snprintf(wanted, sizeof wanted, "%s%s200", none ? "" : expected->codes,
                       none ? "" : "+");
    bool good = strcmp(wanted, got) == 0 && answers.closed;
    if (!good)
        (void)fprintf(stderr, "%s: wanted %s, got %s%s\n", name, wanted, got,
                      answers.closed ? "" : ", still open");
    answers_done(&answers);
    (void)close(fd);
    free(bytes);
    int alive = echo_ask(echo, "GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
    if (alive != 200) (void)fprintf(stderr, "%s: afterwards a clean request got %d\n", name, alive);
    return good && alive == 200;
}

static void each_file_is_answered_as_its_name_says(void **state) {
    const char *options[] = {"head_ms=300", "idle_ms=1500", NULL};
    struct echo echo = echo_start(program, options);
    DIR *folder = opendir(corpus);
    int files = 0;
    int wrong = 0;
    (void)state;
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        struct expected expected;
        if (entry->d_name[0] == '.') continue;
        assert_true(name_read(entry->d_name, &expected));
        files++;
        if (!check(&echo, entry->d_name, &expected)) wrong++;
    }
    (void)closedir(folder);
    assert_int_equal(wrong, 0);
    assert_true(files >= LEAST_FILES);
    assert_true(echo_await(&echo, "active", 1, 5000));
    assert_int_equal(echo_stop(&echo, "drain 2000\n"), 0);
    print_message("%d hostile requests\n", files);
}

int main(int count, char **words) {
    if (count != 3) return 2;
    program = words[1];
    corpus = words[2];
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_file_is_answered_as_its_name_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
