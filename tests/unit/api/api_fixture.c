/* api_fixture.c: test routes, server and client. Owns: see api_fixture.h. */
#include "api_fixture.h"

#include "base/clock.h"
#include "base/random.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct stream_seen stream_seen;
struct observed observed;

/* ---- records ---- */

struct thing {
    text id;
    text title;
    int64_t size;
    maybe open;
    double weight;
    list tags;
    bool loud;
};
static const struct field thing_fields[] = {
    FIELD(struct thing, id, .flags = REQUIRED, .format = "id"),
    FIELD(struct thing, title, .flags = REQUIRED, .min = 1, .max = 20, .doc = "What it is called."),
    FIELD(struct thing, size, .min = 1, .max = 100),
    FIELD(struct thing, open),
    FIELD(struct thing, weight),
    FIELD(struct thing, tags, .max = 3),
    FIELD(struct thing, loud),
};
static const struct schema thing_schema =
    SCHEMA("Thing", struct thing, thing_fields, "A thing of the tests.");

struct upload {
    text title;
    text note;
    text filename;
    text filetype;
};
static const struct field upload_fields[] = {
    FIELD(struct upload, title, .flags = REQUIRED, .min = 1, .max = 20),
    FIELD(struct upload, note, .max = 100000),
    FIELD(struct upload, filename, .flags = HIDDEN, .max = 100),
    FIELD(struct upload, filetype, .flags = HIDDEN, .max = 100),
};
static const struct schema upload_schema =
    SCHEMA("Upload", struct upload, upload_fields, "A form with a file.");

struct search {
    text q;
    int64_t limit;
    maybe deep;
};
static const struct field search_fields[] = {
    FIELD(struct search, q, .max = 10),
    FIELD(struct search, limit, .min = 1, .max = 100),
    FIELD(struct search, deep),
};
static const struct schema search_schema =
    SCHEMA("Search", struct search, search_fields, "What to look for.");

struct counted {
    int64_t bytes;
    int64_t sum;
    text who;
};
static const struct field counted_fields[] = {
    FIELD(struct counted, bytes, .flags = REQUIRED),
    FIELD(struct counted, sum, .flags = REQUIRED),
    FIELD(struct counted, who),
};
static const struct schema counted_schema =
    SCHEMA("Counted", struct counted, counted_fields, "What came.");

struct only_id {
    text id;
};
static const struct field only_id_fields[] = {
    FIELD(struct only_id, id, .flags = REQUIRED, .format = "id"),
};
static const struct schema only_id_schema =
    SCHEMA("OnlyId", struct only_id, only_id_fields, "An id.");

/* ---- handlers ---- */

static status thing_echo(struct call *call, const void *in, void *out) {
    (void)call;
    *(struct thing *)out = *(const struct thing *)in;
    return OK;
}

static status search_echo(struct call *call, const void *in, void *out) {
    const struct search *search = in;
    struct counted *counted = out;
    (void)call;
    counted->bytes = search->limit == NO_INT ? -1 : search->limit;
    counted->sum = search->deep;
    counted->who = search->q;
    return OK;
}

static status who_am_i(struct call *call, const void *in, void *out) {
    struct counted *counted = out;
    (void)in;
    counted->bytes = 0;
    counted->sum = 0;
    counted->who = call->actor.user_id;
    return OK;
}

static status id_only(struct call *call, const void *in, void *out) {
    (void)in;
    (void)out;
    call->video_id = ((const struct only_id *)in)->id;
    return OK;
}

/* Fails as the id's first letter says. */
static status fail_as_told(struct call *call, const void *in, void *out) {
    (void)out;
    switch (((const struct only_id *)in)->id.at[0]) {
    case 'c':
        return ctx_fail(&call->cx, CONFLICT, "It is taken.");
    case 'q':
        return ctx_fail(&call->cx, QUOTA, "It is full.");
    case 'g':
        return ctx_fail(&call->cx, GONE, "It is over.");
    case 'd':
        return ctx_fail(&call->cx, DENIED, "You may not.");
    case 'b':
        return ctx_fail(&call->cx, BUSY, "Wait.");
    case 'i':
        return ctx_fail(&call->cx, IO, "The secret disk /dev/x failed.");
    case 't':
        return ctx_fail(&call->cx, TIMEOUT, "Too slow.");
    case '4':
        call_code(call, 460);
        return ctx_fail(&call->cx, INVALID, "The checksum differs.");
    case 'l':
        return call_limited(call, &(struct limit){"own", 1, 0}, TEXT("key"));
    case 'u':
        call_code(call, 299);
        return OK;
    case 's':
        return call_cookie(call, "crumb", TEXT("abc"), "/api", 60);
    default:
        return OK;
    }
}

static status take_open(struct call *call, const void *in) {
    (void)in;
    (void)call;
    stream_seen.opened++;
    return OK;
}

static status form_open_seen(struct call *call, const void *in) {
    const struct upload *upload = in;
    (void)call;
    (void)snprintf(stream_seen.title, sizeof stream_seen.title, "%.*s", TEXT_ARG(upload->title));
    (void)snprintf(stream_seen.filename, sizeof stream_seen.filename, "%.*s",
                   TEXT_ARG(upload->filename));
    (void)snprintf(stream_seen.filetype, sizeof stream_seen.filetype, "%.*s",
                   TEXT_ARG(upload->filetype));
    stream_seen.opened++;
    return text_is(upload->title, "refuse") ? ctx_fail(&call->cx, QUOTA, "Enough.") : OK;
}

static status take_piece(struct call *call, const void *bytes, size_t size) {
    const unsigned char *at = bytes;
    for (size_t i = 0; i < size; i++) {
        stream_seen.bytes++;
        stream_seen.sum += (uint64_t)stream_seen.bytes * at[i];
    }
    if (size && memchr(bytes, '\1', size)) return ctx_fail(&call->cx, INVALID, "A bad byte.");
    return OK;
}

static void take_broken(struct call *call) {
    (void)call;
    stream_seen.broken++;
}

static void take_end(struct call *call) {
    (void)call;
    stream_seen.ended++;
}

static status take_run(struct call *call, const void *in, void *out) {
    struct counted *counted = out;
    (void)in;
    stream_seen.ran++;
    counted->bytes = stream_seen.bytes;
    counted->sum = (int64_t)stream_seen.sum;
    counted->who = call->actor.user_id;
    return OK;
}

static const struct body_stream raw_stream = {take_open, take_piece, take_broken, take_end};
static const struct body_stream form_stream = {form_open_seen, take_piece, take_broken, take_end};
static const struct limit few = {.name = "few", .per_minute = 60, .burst = 2};

static const struct route routes[] = {
    {.method = HTTP_POST,
     .pattern = "/api/things/{id}",
     .name = "thing_echo",
     .run = thing_echo,
     .in = &thing_schema,
     .out = &thing_schema,
     .code = 201,
     .body = BODY_JSON,
     .limit = &limit_exempt,
     .doc = "Echoes."},
    {.method = HTTP_GET,
     .pattern = "/api/search",
     .name = "search_echo",
     .run = search_echo,
     .in = &search_schema,
     .out = &counted_schema,
     .limit = &limit_exempt,
     .doc = "Looks."},
    {.method = HTTP_GET,
     .pattern = "/api/me",
     .name = "who_am_i",
     .run = who_am_i,
     .out = &counted_schema,
     .auth = AUTH_VIEWER,
     .limit = &limit_exempt,
     .doc = "Tells."},
    {.method = HTTP_GET,
     .pattern = "/api/maybe",
     .name = "who_maybe",
     .run = who_am_i,
     .out = &counted_schema,
     .auth = AUTH_OPTIONAL,
     .limit = &limit_exempt,
     .quick = true,
     .doc = "Tells, if."},
    {.method = HTTP_GET,
     .pattern = "/api/staff",
     .name = "who_staff",
     .run = who_am_i,
     .out = &counted_schema,
     .auth = AUTH_MODERATOR,
     .limit = &limit_exempt,
     .doc = "Tells staff."},
    {.method = HTTP_GET,
     .pattern = "/api/few",
     .name = "few_get",
     .run = who_am_i,
     .out = &counted_schema,
     .limit = &few,
     .doc = "Is limited."},
    {.method = HTTP_GET,
     .pattern = "/api/default",
     .name = "default_get",
     .run = who_am_i,
     .out = &counted_schema,
     .doc = "Has the default limit."},
    {.method = HTTP_DELETE,
     .pattern = "/api/things/{id}",
     .name = "thing_delete",
     .run = id_only,
     .in = &only_id_schema,
     .limit = &limit_exempt,
     .overridable = true,
     .doc = "Deletes."},
    {.method = HTTP_PATCH,
     .pattern = "/api/things/{id}",
     .name = "thing_patch",
     .run = id_only,
     .in = &only_id_schema,
     .limit = &limit_exempt,
     .doc = "Patches."},
    {.method = HTTP_GET,
     .pattern = "/api/fail/{id}",
     .name = "fail",
     .run = fail_as_told,
     .in = &only_id_schema,
     .limit = &limit_exempt,
     .fails = ERRS(CONFLICT, QUOTA, GONE, DENIED),
     .doc = "Fails."},
    {.method = HTTP_POST,
     .pattern = "/api/raw",
     .name = "raw_put",
     .run = take_run,
     .out = &counted_schema,
     .body = BODY_RAW,
     .stream = &raw_stream,
     .body_cap_bytes = 4 << 20,
     .limit = &limit_exempt,
     .doc = "Counts bytes."},
    {.method = HTTP_POST,
     .pattern = "/api/form",
     .name = "form_put",
     .run = take_run,
     .in = &upload_schema,
     .out = &counted_schema,
     .body = BODY_MULTIPART,
     .stream = &form_stream,
     .body_cap_bytes = 4 << 20,
     .limit = &limit_exempt,
     .fails = ERRS(QUOTA),
     .doc = "Counts a file."},
};
static const struct route_alias aliases[] = {
    {HTTP_GET, "/api/v0/find", "/api/search"},
};
static const struct route_table table = {.routes = routes,
                                         .count = COUNT_OF(routes),
                                         .aliases = aliases,
                                         .alias_count = COUNT_OF(aliases)};

/* Tokens of the tests are "role:user". */
static status verify(struct call *call, text token, struct actor *out) {
    text role = NO_TEXT, user = NO_TEXT;
    (void)text_cut(token, ':', &role, &user);
    if (role_from(role) == ROLE_NONE) return ctx_fail(&call->cx, DENIED, "That token is bad.");
    *out = (struct actor){.user_id = user, .role = role_from(role)};
    return OK;
}

static bool page(void *argument, struct http_exchange *exchange) {
    (void)argument;
    if (text_starts(exchange->path, TEXT("/missing"))) return false;
    exchange->reply.kind = HTTP_BODY_BYTES;
    exchange->reply.content_type = TEXT("text/html; charset=utf-8");
    exchange->reply.bytes = TEXT("<h1>page</h1>");
    return true;
}

static void saw(void *argument, const struct observation *what) {
    (void)argument;
    (void)snprintf(observed.route, sizeof observed.route, "%s",
                   what->route ? what->route->name : "");
    (void)snprintf(observed.user, sizeof observed.user, "%.*s", TEXT_ARG(what->user_id));
    observed.code = what->code;
    observed.count++;
}

int fixture_open(void **state, void (*change)(struct api_options *options)) {
    struct api_fixture *fixture = calloc(1, sizeof *fixture);
    *state = fixture;
    memset(&stream_seen, 0, sizeof stream_seen);
    memset(&observed, 0, sizeof observed);
    if (random_open() != OK) return -1;
    fixture->cx.arena = arena_new(64 << 20);
    struct ctx *cx = &fixture->cx;
    if (cache_open(cx, 1 << 20, &fixture->cache) != OK) return -1;
    (void)snprintf(fixture->contract, sizeof fixture->contract, "/tmp/matinee-contract-%d",
                   (int)getpid());
    struct api_options options = {.cache = fixture->cache,
                                  .tables = &table,
                                  .table_count = 1,
                                  .verify = verify,
                                  .observer = {NULL, saw},
                                  .page = page,
                                  .cors_origins = "https://friend.example, http://other.example:81",
                                  .contract_log = fixture->contract,
                                  .max_body_bytes = 1 << 20};
    if (change) change(&options);
    status made = api_open(cx, &options, &fixture->api);
    struct http_app app = made == OK ? api_app(fixture->api) : (struct http_app){0};
    struct http_options http = {.poll_threads = 1, .workers = 4};
    if (made == OK) made = http_server_open(cx, &http, &app, &fixture->server);
    if (made != OK) print_error("%s: %s\n", status_name(made), cx->fault.detail);
    return made == OK ? 0 : -1;
}

int fixture_close(void **state) {
    struct api_fixture *fixture = *state;
    http_server_close(fixture->server);
    api_close(fixture->api);
    cache_close(fixture->cache);
    (void)unlink(fixture->contract);
    arena_free(fixture->cx.arena);
    free(fixture);
    return 0;
}

/* ---- client ---- */

static int dial(struct api_fixture *fixture) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(http_server_port(fixture->server)),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct timeval patience = {.tv_sec = 10};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void send_all(int fd, text bytes) {
    while (bytes.len) {
        ssize_t sent = send(fd, bytes.at, bytes.len, MSG_NOSIGNAL);
        if (sent <= 0) return; /* refused early: the reply tells why */
        bytes = text_part(bytes, (size_t)sent, bytes.len);
    }
}

static struct reply read_reply(struct api_fixture *fixture, int fd) {
    struct build build = {.arena = fixture->cx.arena};
    char buffer[16384];
    ssize_t got = 0;
    while ((got = recv(fd, buffer, sizeof buffer, 0)) > 0)
        build_put(&build, (text){buffer, (size_t)got});
    (void)close(fd);
    text all = NO_TEXT;
    assert_int_equal(build_text(&build, &all), OK);
    const char *end = all.len ? memmem(all.at, all.len, "\r\n\r\n", 4) : NULL;
    assert_non_null(end);
    struct reply reply = {.head = {all.at, (size_t)(end - all.at)}};
    reply.body = text_part(all, reply.head.len + 4, all.len);
    int64_t code = 0;
    assert_int_equal(text_to_int(text_part(all, 9, 3), &code), OK);
    reply.code = (int)code;
    return reply;
}

struct reply fixture_send(struct api_fixture *fixture, text request) {
    int fd = dial(fixture);
    send_all(fd, request);
    return read_reply(fixture, fd);
}

struct reply fixture_send_cut(struct api_fixture *fixture, text request, size_t piece) {
    int fd = dial(fixture);
    for (size_t at = 0; at < request.len; at += piece) {
        send_all(fd, text_part(request, at, piece));
        clock_sleep_ms(2);
    }
    return read_reply(fixture, fd);
}

void fixture_send_and_go(struct api_fixture *fixture, text request) {
    int fd = dial(fixture);
    send_all(fd, request);
    clock_sleep_ms(50);
    (void)close(fd);
}

struct reply fixture_ask(struct api_fixture *fixture, const char *line, const char *headers,
                         const char *body) {
    struct build build = {.arena = fixture->cx.arena};
    build_format(&build, "%s HTTP/1.1\r\nHost: films.example\r\nConnection: close\r\n%s", line,
                 headers ? headers : "");
    if (body) build_format(&build, "Content-Length: %zu\r\n", strlen(body));
    build_format(&build, "\r\n%s", body ? body : "");
    text request = NO_TEXT;
    assert_int_equal(build_text(&build, &request), OK);
    return fixture_send(fixture, request);
}

text reply_header(const struct reply *reply, const char *name) {
    text line = NO_TEXT, rest = reply->head;
    while (text_cut(rest, '\n', &line, &rest)) {
        text key = NO_TEXT, value = NO_TEXT;
        (void)text_cut(line, ':', &key, &value);
        if (value.at && text_equal_nocase(key, text_of(name))) return text_trim(value);
    }
    return NO_TEXT;
}

bool reply_says(const struct reply *reply, const char *bytes) {
    return reply->body.len && memmem(reply->body.at, reply->body.len, bytes, strlen(bytes)) != NULL;
}

bool wait_for(_Atomic int *counter, int value) {
    for (int i = 0; i < 400 && *counter < value; i++) clock_sleep_ms(5);
    return *counter == value;
}
