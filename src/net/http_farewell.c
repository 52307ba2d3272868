/* http_farewell.c: refusing a client that is still sending its body.
 *
 * Owns nothing. In mid-body the library takes no response, and closing a socket with unread bytes
 * resets it, which may take a reply away from under the client's hands. So the reply is written to
 * the socket here, our side is shut, and what still comes is read and dropped until the client
 * closes, or time or patience (LINGER_MS, LINGER_BYTES) end. Threads: poll threads. */
#include "net/http_inner.h"

#include "base/clock.h"

#include <sys/socket.h>

static void head_write(struct build *build, const struct http_reply *reply, size_t body_len) {
    char date[CLOCK_ISO_BYTES];
    build_format(build, "HTTP/1.1 %d %s\r\n", reply->code,
                 MHD_get_reason_phrase_for((unsigned)reply->code));
    build_format(build, "Date: %s\r\n", clock_http_date(clock_now_ms(), date));
    build_format(build, "Connection: close\r\nContent-Length: %zu\r\n", body_len);
    text cache = reply->cache_control.at ? reply->cache_control : TEXT("no-store");
    build_format(build, "Cache-Control: %.*s\r\n", TEXT_ARG(cache));
    if (reply->content_type.at)
        build_format(build, "Content-Type: %.*s\r\n", TEXT_ARG(reply->content_type));
    for (size_t i = 0; i < reply->header_count; i++)
        build_format(build, "%.*s: %.*s\r\n", TEXT_ARG(reply->headers[i].name),
                     TEXT_ARG(reply->headers[i].value));
    build_c(build, "\r\n");
}

enum MHD_Result http_farewell(struct flight *flight) {
    struct http_exchange *exchange = &flight->exchange;
    struct http_reply *reply = &exchange->reply;
    if (reply->kind == HTTP_BODY_FILE || reply->kind == HTTP_BODY_EVENTS || reply->code == 0) {
        http_reply_drop(flight);
        http_exchange_refuse(flight, 500, "The request was refused in a way that can't be told.");
    }
    text body = reply->kind == HTTP_BODY_BYTES ? reply->bytes : NO_TEXT;
    struct build build = {.arena = exchange->cx.arena};
    text raw = NO_TEXT;
    head_write(&build, reply, body.len);
    build_put(&build, body);
    if (build_text(&build, &raw) != OK) return MHD_NO;
    ssize_t sent = send(flight->link->fd, raw.at, raw.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 || (size_t)sent != raw.len) return MHD_NO;
    (void)shutdown(flight->link->fd, SHUT_WR);
    flight->sent = true;
    flight->response_bytes = (int64_t)body.len;
    flight->phase = PHASE_LINGER;
    http_link_enter(flight->link, LINK_LINGER);
    return MHD_YES;
}

enum MHD_Result http_farewell_linger(struct flight *flight, size_t *size) {
    flight->linger_bytes += (int64_t)*size;
    bool over = *size == 0 || flight->linger_bytes > LINGER_BYTES;
    *size = 0;
    return over ? MHD_NO : MHD_YES;
}
