/* test_program.c: the whole program in one process: signs of life, pages, figures, and its end. */
#include "../store/folder.h"

#include "app/program.h"
#include "features/accounts/account.h"
#include "net/asset.h"
#include "net/http.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* A running program in a folder of its own. */
struct stage {
    struct folder *folder;
    struct program program;
};

static void program_up(struct stage *stage, struct folder *folder) {
    stage->folder = folder;
    (void)setenv("MATINEE_HOME", folder->path, 1);
    (void)setenv("PORT", "0", 1);
    (void)setenv("LOG_LEVEL", "error", 1);
    assert_ok(&stage->program.cx, program_begin(&stage->program, "test"));
    assert_ok(&stage->program.cx, program_open(&stage->program));
    assert_ok(&stage->program.cx, program_listen(&stage->program));
    assert_ok(&stage->program.cx, program_work(&stage->program, 1));
}

/* Asks and returns the whole reply, head and body. */
static text ask(struct stage *stage, const char *method, const char *path, const char *headers) {
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons(http_server_port(stage->program.services.http)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    scoped(scope_close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    text request;
    assert_int_equal(text_format(stage->folder->cx.arena, &request,
                                 "%s %s HTTP/1.1\r\nHost: test\r\nConnection: close\r\n%s\r\n",
                                 method, path, headers),
                     OK);
    assert_int_equal(write(fd, request.at, request.len), request.len);
    static char rooms[4][1 << 20]; /* the last four replies stay readable */
    static size_t turn;
    char *bytes = rooms[turn++ % 4];
    size_t size = 0;
    for (ssize_t n; (n = read(fd, bytes + size, (1 << 20) - 1 - size)) > 0;) size += (size_t)n;
    return (text){bytes, size};
}

static bool says(text reply, const char *words) {
    return memmem(reply.at, reply.len, words, strlen(words)) != NULL;
}

#define assert_says(reply, words)                                                                  \
    do {                                                                                           \
        if (!says((reply), (words))) fail_msg("no \"%s\" in:\n%.*s", (words), TEXT_ARG(reply));    \
    } while (0)

static void test_life(void **state) {
    struct stage stage;
    program_up(&stage, *state);
    static const char *const alive[] = {"/health", "/healthz", "/health/live", "/health/"};
    for (size_t i = 0; i < COUNT_OF(alive); i++) {
        text reply = ask(&stage, "GET", alive[i], "");
        assert_says(reply, "HTTP/1.1 200 ");
        assert_says(reply, "\r\n\r\n{\"status\":\"ok\"}");
    }
    static const char *const ready[] = {"/health/ready", "/api/v1/health"};
    for (size_t i = 0; i < COUNT_OF(ready); i++) {
        text reply = ask(&stage, "GET", ready[i], "");
        assert_says(reply, "HTTP/1.1 200 ");
        assert_says(reply, "{\"status\":\"ok\",\"checks\":{\"database\":{\"status\":\"ok\"");
        assert_says(reply, "\"uptime_seconds\":");
        assert_says(reply, "\"version\":\"");
    }
    program_close(&stage.program, 1000);
}

/* One part fails: the process lives, but asks not to be sent work. */
static void test_not_ready(void **state) {
    struct stage stage;
    program_up(&stage, *state);
    char from[300];
    (void)snprintf(from, sizeof from, "%s/storage/stages", stage.folder->path);
    assert_int_equal(rmdir(from), 0); /* the store holds it by descriptor, so writing fails now */
    text reply = ask(&stage, "GET", "/health/ready", "");
    assert_says(reply, "HTTP/1.1 503 ");
    assert_says(reply, "Retry-After: ");
    assert_says(reply, "{\"status\":\"failed\"");
    assert_says(reply, "\"storage\":{\"status\":\"failed\"");
    assert_says(reply, "\"database\":{\"status\":\"ok\"");
    assert_says(ask(&stage, "GET", "/health", ""), "HTTP/1.1 200 ");
    program_close(&stage.program, 1000);
}

static void test_pages(void **state) {
    struct stage stage;
    program_up(&stage, *state);
    text home = ask(&stage, "GET", "/", "");
    assert_says(home, "HTTP/1.1 200 ");
    assert_says(home, "Content-Type: text/html; charset=utf-8");
    assert_says(home, "Content-Security-Policy: default-src 'self'");
    assert_says(home, "Cache-Control: no-cache");
    assert_says(ask(&stage, "GET", "/watch/dQw4w9WgXcQ", ""), "Content-Type: text/html");
    assert_says(ask(&stage, "GET", "/no-such-file.js", ""), "HTTP/1.1 404 ");
    assert_says(ask(&stage, "GET", "/api/nothing", ""), "HTTP/1.1 404 ");
    assert_says(ask(&stage, "POST", "/watch/x", "Content-Length: 0\r\n"), "HTTP/1.1 404 ");
    for (size_t i = 0; i < asset_count; i++) {
        const struct asset *asset = &asset_all[i];
        char condition[200];
        text plain = ask(&stage, "HEAD", asset->path, "Accept-Encoding: gzip;q=0\r\n");
        assert_says(plain, "HTTP/1.1 200 ");
        assert_says(plain, asset->etag);
        assert_false(says(plain, "Content-Encoding"));
        (void)snprintf(condition, sizeof condition, "If-None-Match: %s\r\n", asset->etag);
        assert_says(ask(&stage, "GET", asset->path, condition), "HTTP/1.1 304 ");
        bool lasting = strncmp(asset->path, "/assets/", 8) == 0;
        assert_true(says(plain, "immutable") == lasting);
        if (!asset->gzip) continue;
        text packed = ask(&stage, "GET", asset->path, "Accept-Encoding: br, gzip\r\n");
        assert_says(packed, "Content-Encoding: gzip");
        assert_says(packed, "Vary: Accept-Encoding");
        assert_says(packed, asset->etag_gzip);
        assert_true(packed.len > asset->gzip_size);
        assert_memory_equal(packed.at + packed.len - asset->gzip_size, asset->gzip,
                            asset->gzip_size);
    }
    program_close(&stage.program, 1000);
}

static void test_figures(void **state) {
    struct stage stage;
    program_up(&stage, *state);
    (void)ask(&stage, "GET", "/health", "");
    (void)ask(&stage, "GET", "/health/nothing", "");
    text reply = ask(&stage, "GET", "/metrics", "");
    assert_says(reply, "Content-Type: text/plain; version=0.0.4");
    static const char *const lines[] = {
        "\nmatinee_http_request_duration_seconds_count{route=\"health_live\"} 1\n",
        "\nmatinee_http_requests_total{route=\"health_live\",method=\"GET\",status=\"2xx\"} 1\n",
        "\nmatinee_http_requests_total{route=\"none\",method=\"any\",status=\"4xx\"} 1\n",
        "\nmatinee_queue_jobs{state=\"ready\"} 0\n",
        "\nmatinee_jobs_total{kind=\"video.transcode\",outcome=\"done\"} 0\n",
        "\nmatinee_storage_used_bytes 0\n",
        "\nmatinee_event_listeners 0\n",
        "\nmatinee_database_commits_total ",
        "\nmatinee_cache_hits_total ",
        "\nmatinee_upload_bytes_total 0\n",
        "\nprocess_resident_memory_bytes ",
    };
    for (size_t i = 0; i < COUNT_OF(lines); i++) assert_says(reply, lines[i]);
    program_close(&stage.program, 1000);
}

static text sign_in(struct stage *stage, text email, text password) {
    text body;
    text headers;
    struct arena *arena = stage->folder->cx.arena;
    assert_int_equal(text_format(arena, &body, "{\"email\":\"%.*s\",\"password\":\"%.*s\"}",
                                 TEXT_ARG(email), TEXT_ARG(password)),
                     OK);
    assert_int_equal(text_format(arena, &headers,
                                 "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                                 body.len, body.at),
                     OK);
    /* What `ask` puts behind the headers is the body's end: two bytes more than are counted. */
    return ask(stage, "POST", "/api/auth/login", headers.at);
}

/* A lost password: the command gives a new one, and what was signed in is signed out. */
static void test_new_password(void **state) {
    struct stage stage;
    program_up(&stage, *state);
    struct ctx *cx = &stage.program.cx;
    text email;
    text first;
    text second;
    assert_ok(cx, account_first_admin(cx, &stage.program.services, &email, &first));
    assert_int_equal(account_first_admin(cx, &stage.program.services, &email, &second), NOT_FOUND);
    text session = sign_in(&stage, email, first);
    assert_says(session, "HTTP/1.1 200 ");
    const char *token = strstr(session.at, "\"access_token\":\"");
    assert_non_null(token);
    token += strlen("\"access_token\":\"");
    text bearer;
    assert_int_equal(text_format(stage.folder->cx.arena, &bearer, "Authorization: Bearer %.*s\r\n",
                                 (int)strcspn(token, "\""), token),
                     OK);
    assert_ok(
        cx, account_reset_password(cx, &stage.program.services, TEXT("Admin@Localhost"), &second));
    assert_false(text_equal(first, second));
    assert_says(ask(&stage, "GET", "/api/auth/me", bearer.at), "HTTP/1.1 401 ");
    assert_says(sign_in(&stage, email, first), "HTTP/1.1 401 ");
    assert_says(sign_in(&stage, email, second), "HTTP/1.1 200 ");
    assert_fails(
        cx, account_reset_password(cx, &stage.program.services, TEXT("no@one.example"), &second),
        NOT_FOUND);
    program_close(&stage.program, 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(test_life),    FOLDER_TEST(test_not_ready),    FOLDER_TEST(test_pages),
        FOLDER_TEST(test_figures), FOLDER_TEST(test_new_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
