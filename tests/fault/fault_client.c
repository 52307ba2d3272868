/* fault_client.c: people who upload films and go on after every break, over HTTP by libcurl.
 *
 * Owns: a handle for each request. A film is sent slowly, so that kills meet it on its way. Source
 * of the protocol: tus 1.0.0. Threads: one for each client. */
#include "fault.h"

#include "base/clock.h"
#include "base/scope.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
    REPLY_BYTES = 65536,
    REQUEST_MS = 20000,
    SEND_BYTES_PER_S = 300000,
    PATIENCE_MS = 120000, /* for a server that comes back */
};

/* A request with its reply. */
struct exchange {
    CURL *curl;
    struct curl_slist *headers;
    long code; /* 0: no answer */
    size_t size;
    char body[REPLY_BYTES];
    char location[200];
    long long offset; /* Upload-Offset, or -1 */
};

static size_t take_body(char *bytes, size_t unit, size_t count, void *argument) {
    struct exchange *exchange = argument;
    size_t size = unit * count;
    size_t room = REPLY_BYTES - 1 - exchange->size;
    size_t kept = size < room ? size : room;
    memcpy(exchange->body + exchange->size, bytes, kept);
    exchange->size += kept;
    exchange->body[exchange->size] = '\0';
    return size;
}

static size_t take_header(char *bytes, size_t unit, size_t count, void *argument) {
    struct exchange *exchange = argument;
    char line[300];
    size_t size = unit * count;
    (void)snprintf(line, sizeof line, "%.*s", (int)size, bytes);
    line[strcspn(line, "\r\n")] = '\0';
    if (strncasecmp(line, "Location: ", 10) == 0)
        (void)snprintf(exchange->location, sizeof exchange->location, "%.190s", line + 10);
    if (strncasecmp(line, "Upload-Offset: ", 15) == 0)
        exchange->offset = strtoll(line + 15, NULL, 10);
    return size;
}

static void end_exchange(struct exchange **exchange) {
    if (!*exchange) return;
    curl_slist_free_all((*exchange)->headers);
    curl_easy_cleanup((*exchange)->curl);
    free(*exchange);
}

static void add_header(struct exchange *exchange, const char *line) {
    exchange->headers = curl_slist_append(exchange->headers, line);
}

static struct exchange *begin(const struct fault_client *client, const char *path) {
    char url[400];
    char line[3100];
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (!exchange || !(exchange->curl = curl_easy_init())) fault_give_up("no memory");
    (void)snprintf(url, sizeof url, "%s%s", client->place->base, path);
    (void)curl_easy_setopt(exchange->curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(exchange->curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(exchange->curl, CURLOPT_TIMEOUT_MS, (long)REQUEST_MS);
    (void)curl_easy_setopt(exchange->curl, CURLOPT_WRITEFUNCTION, take_body);
    (void)curl_easy_setopt(exchange->curl, CURLOPT_WRITEDATA, exchange);
    (void)curl_easy_setopt(exchange->curl, CURLOPT_HEADERFUNCTION, take_header);
    (void)curl_easy_setopt(exchange->curl, CURLOPT_HEADERDATA, exchange);
    exchange->offset = -1;
    add_header(exchange, "Expect:");
    if (client->token[0]) {
        (void)snprintf(line, sizeof line, "Authorization: Bearer %s", client->token);
        add_header(exchange, line);
    }
    return exchange;
}

/* Sends it; the reply's code, or 0 when none came. */
static long perform(struct exchange *exchange) {
    (void)curl_easy_setopt(exchange->curl, CURLOPT_HTTPHEADER, exchange->headers);
    if (curl_easy_perform(exchange->curl) != CURLE_OK) return 0;
    (void)curl_easy_getinfo(exchange->curl, CURLINFO_RESPONSE_CODE, &exchange->code);
    return exchange->code;
}

static void release_json(json_t **value) {
    json_decref(*value);
}

/* Copies a text member of the reply's object; false when there is none. */
static bool member(const struct exchange *exchange, const char *name, char *out, size_t size) {
    scoped(release_json) json_t *reply = json_loads(exchange->body, 0, NULL);
    const char *value = json_string_value(json_object_get(reply, name));
    (void)snprintf(out, size, "%s", value ? value : "");
    return value != NULL;
}

void fault_await_server(const struct fault_place *place) {
    struct fault_client nobody = {.place = place};
    int64_t until_ms = clock_ticks_ms() + PATIENCE_MS;
    for (;;) {
        scoped(end_exchange) struct exchange *exchange = begin(&nobody, "/health");
        if (perform(exchange) == 200) return;
        if (clock_ticks_ms() > until_ms) fault_give_up("the server does not answer");
        clock_sleep_ms(20);
    }
}

void fault_register(struct fault_client *client, const struct fault_place *place, int number) {
    char body[200];
    *client = (struct fault_client){.place = place};
    (void)snprintf(body, sizeof body,
                   "{\"email\":\"person%d@example.org\",\"password\":\"a long pass phrase %d\","
                   "\"display_name\":\"Person %d\"}",
                   number, number, number);
    scoped(end_exchange) struct exchange *exchange = begin(client, "/api/auth/register");
    add_header(exchange, "Content-Type: application/json");
    (void)curl_easy_setopt(exchange->curl, CURLOPT_COPYPOSTFIELDS, body);
    long code = perform(exchange);
    if (code != 201 || !member(exchange, "access_token", client->token, sizeof client->token))
        fault_give_up("registering answered %ld: %s", code, exchange->body);
}

/* What an answer to an upload means: an error of the server's own leaves all open. */
static enum fault_outcome outcome_of(struct fault_client *client, const struct exchange *exchange) {
    if (exchange->code == 0 || exchange->code >= 500) return FAULT_UNKNOWN;
    (void)snprintf(client->words, sizeof client->words, "%ld %.300s", exchange->code,
                   exchange->body);
    return FAULT_REFUSED;
}

static void add_part(curl_mime *form, const char *name, const char *value) {
    curl_mimepart *part = curl_mime_addpart(form);
    (void)curl_mime_name(part, name);
    (void)curl_mime_data(part, value, CURL_ZERO_TERMINATED);
}

static void free_form(curl_mime **form) {
    curl_mime_free(*form);
}

enum fault_outcome fault_upload_form(struct fault_client *client, const char *title,
                                     char out_id[16]) {
    scoped(end_exchange) struct exchange *exchange = begin(client, "/api/v1/videos");
    scoped(free_form) curl_mime *form = curl_mime_init(exchange->curl);
    add_part(form, "title", title);
    add_part(form, "visibility", "public");
    curl_mimepart *file = curl_mime_addpart(form);
    (void)curl_mime_name(file, "file");
    (void)curl_mime_filedata(file, client->place->film);
    (void)curl_easy_setopt(exchange->curl, CURLOPT_MIMEPOST, form);
    (void)curl_easy_setopt(exchange->curl, CURLOPT_MAX_SEND_SPEED_LARGE,
                           (curl_off_t)SEND_BYTES_PER_S);
    if (perform(exchange) != 201) return outcome_of(client, exchange);
    if (!member(exchange, "id", out_id, 16)) fault_give_up("no id in %s", exchange->body);
    return FAULT_ACKNOWLEDGED;
}

/* Base64 as tus metadata wants it. */
static void encode(const char *plain, char *out, size_t room) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t len = strlen(plain);
    size_t at = 0;
    for (size_t i = 0; i < len && at + 5 < room; i += 3) {
        unsigned bits = (unsigned char)plain[i] << 16;
        if (i + 1 < len) bits |= (unsigned)(unsigned char)plain[i + 1] << 8;
        if (i + 2 < len) bits |= (unsigned char)plain[i + 2];
        out[at++] = digits[bits >> 18];
        out[at++] = digits[bits >> 12 & 63];
        out[at++] = i + 1 < len ? digits[bits >> 6 & 63] : '=';
        out[at++] = i + 2 < len ? digits[bits & 63] : '=';
    }
    out[at] = '\0';
}

static enum fault_outcome create(struct fault_client *client, const char *title, long long length,
                                 char path[200]) {
    char coded[200];
    char line[400];
    scoped(end_exchange) struct exchange *exchange = begin(client, "/api/v1/uploads");
    encode(title, coded, sizeof coded);
    (void)snprintf(line, sizeof line, "Upload-Metadata: filename ZmlsbS5tcDQ=,title %s", coded);
    add_header(exchange, line);
    (void)snprintf(line, sizeof line, "Upload-Length: %lld", length);
    add_header(exchange, line);
    add_header(exchange, "Tus-Resumable: 1.0.0");
    (void)curl_easy_setopt(exchange->curl, CURLOPT_COPYPOSTFIELDS, "");
    if (perform(exchange) != 201) return outcome_of(client, exchange);
    const char *found = strstr(exchange->location, "/api/v1/uploads/");
    if (!found) fault_give_up("the location of an upload is \"%s\"", exchange->location);
    (void)snprintf(path, 200, "%s", found);
    return FAULT_ACKNOWLEDGED;
}

/* Asks how much has arrived; -1 when no answer came. */
static long long ask_offset(struct fault_client *client, const char *path) {
    scoped(end_exchange) struct exchange *exchange = begin(client, path);
    add_header(exchange, "Tus-Resumable: 1.0.0");
    (void)curl_easy_setopt(exchange->curl, CURLOPT_NOBODY, 1L);
    long code = perform(exchange);
    if (code == 200 || code == 204) return exchange->offset;
    if (code >= 400 && code < 500)
        fault_give_up("an upload that was acknowledged is gone: %ld", code);
    return -1;
}

/* Sends from the offset on; the new offset, or -1. */
static long long send_rest(struct fault_client *client, const char *path, long long offset,
                           long long length) {
    char line[100];
    scoped(scope_fclose) FILE *film = fopen(client->place->film, "re");
    scoped(end_exchange) struct exchange *exchange = begin(client, path);
    if (!film || fseek(film, (long)offset, SEEK_SET) != 0) fault_give_up("the film is gone");
    (void)snprintf(line, sizeof line, "Upload-Offset: %lld", offset);
    add_header(exchange, line);
    add_header(exchange, "Tus-Resumable: 1.0.0");
    add_header(exchange, "Content-Type: application/offset+octet-stream");
    (void)curl_easy_setopt(exchange->curl, CURLOPT_UPLOAD, 1L);
    (void)curl_easy_setopt(exchange->curl, CURLOPT_CUSTOMREQUEST, "PATCH");
    (void)curl_easy_setopt(exchange->curl, CURLOPT_READDATA, film);
    (void)curl_easy_setopt(exchange->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)(length - offset));
    (void)curl_easy_setopt(exchange->curl, CURLOPT_MAX_SEND_SPEED_LARGE,
                           (curl_off_t)SEND_BYTES_PER_S);
    return perform(exchange) == 204 ? exchange->offset : -1;
}

enum fault_outcome fault_upload_tus(struct fault_client *client, const char *title,
                                    char out_id[16]) {
    char path[200];
    struct stat film;
    if (stat(client->place->film, &film) != 0) fault_give_up("the film is gone");
    long long length = film.st_size;
    enum fault_outcome created = create(client, title, length, path);
    if (created != FAULT_ACKNOWLEDGED) return created;
    (void)snprintf(out_id, 16, "%.11s", strrchr(path, '/') + 1);
    int64_t until_ms = clock_ticks_ms() + PATIENCE_MS;
    long long offset = 0;
    long long known = 0; /* what the server has told us that it has */
    while (offset < length) {
        offset = send_rest(client, path, offset, length);
        while (offset < 0) {
            if (clock_ticks_ms() > until_ms) fault_give_up("an upload can't be continued");
            clock_sleep_ms(100);
            offset = ask_offset(client, path);
        }
        if (offset < known)
            fault_give_up("of %lld bytes that had arrived only %lld are left", known, offset);
        known = offset;
    }
    return FAULT_ACKNOWLEDGED;
}

bool fault_video_status(struct fault_client *client, const char *id, char out_status[32],
                        char out_error[400]) {
    char path[100];
    (void)snprintf(path, sizeof path, "/api/v1/videos/%s", id);
    scoped(end_exchange) struct exchange *exchange = begin(client, path);
    long code = perform(exchange);
    if (code == 404) fault_give_up("video %s was acknowledged and is gone", id);
    if (code != 200 || !member(exchange, "status", out_status, 32)) return false;
    (void)member(exchange, "error", out_error, 400);
    return true;
}

/* Gets an address; its body stays in the exchange. */
static struct exchange *get(struct fault_client *client, const char *path) {
    struct exchange *exchange = begin(client, path);
    if (perform(exchange) != 200 || exchange->size == 0)
        end_exchange(&(struct exchange *){exchange});
    else
        return exchange;
    return NULL;
}

/* The first line of a playlist that is no comment. */
static bool first_entry(const char *playlist, char *out, size_t room) {
    for (const char *at = playlist; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        size_t len = strcspn(at, "\r\n");
        if (*at == '#' || len == 0) continue;
        (void)snprintf(out, room, "%.*s", (int)len, at);
        return true;
    }
    return false;
}

bool fault_plays(struct fault_client *client, const char *id) {
    char path[400];
    char entry[200];
    (void)snprintf(path, sizeof path, "/media/%s/master.m3u8", id);
    scoped(end_exchange) struct exchange *master = get(client, path);
    if (!master || !first_entry(master->body, entry, sizeof entry)) return false;
    (void)snprintf(path, sizeof path, "/media/%s/%s", id, entry);
    scoped(end_exchange) struct exchange *rendition = get(client, path);
    if (!rendition) return false;
    *strrchr(path, '/') = '\0';
    char folder[400];
    (void)snprintf(folder, sizeof folder, "%s", path);
    if (!first_entry(rendition->body, entry, sizeof entry)) return false;
    (void)snprintf(path, sizeof path, "%.190s/%.190s", folder, entry);
    scoped(end_exchange) struct exchange *segment = get(client, path);
    (void)snprintf(path, sizeof path, "%.190s/init.mp4", folder);
    scoped(end_exchange) struct exchange *head = get(client, path);
    return segment && head;
}
