/* message.c: framing of messages between parent and media child. Owns readers' buffers. Threads:
 * see message.h. */
#include "media/message.h"

#include "base/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const char *const commands[] = {"probe", "run", NULL};

static const struct field job_fields[] = {
    FIELD(struct message_job, command, .flags = REQUIRED, .choices = commands,
          .doc = "What to do."),
    FIELD(struct message_job, source_size_bytes, .flags = REQUIRED, .doc = "Size of the source."),
    FIELD(struct message_job, threads, .flags = REQUIRED, .min = 1, .max = 256, .doc = "Threads."),
    FIELD(struct message_job, nice, .flags = REQUIRED, .min = 0, .max = 19, .doc = "Niceness."),
    FIELD(struct message_job, memory_limit_bytes, .flags = REQUIRED, .doc = "Most data."),
    FIELD(struct message_job, processor_limit_s, .flags = REQUIRED, .doc = "Most processor time."),
    FIELD(struct message_job, file_limit_bytes, .flags = REQUIRED, .doc = "Largest output."),
    FIELD_MAYBE_OBJECT_OF(struct message_job, plan, media_plan_schema, .doc = "For a run."),
};
const struct schema message_job_schema =
    SCHEMA("MediaJob", struct message_job, job_fields, "What a media child is to do.");

static const struct field fault_fields[] = {
    FIELD(struct message_fault, code, .flags = REQUIRED, .max = 20, .doc = "Status."),
    FIELD(struct message_fault, detail, .flags = REQUIRED, .max = FAULT_DETAIL_BYTES,
          .doc = "One sentence."),
};
const struct schema message_fault_schema =
    SCHEMA("MediaFault", struct message_fault, fault_fields, "Why a media child gave up.");

status message_status_from(text name) {
    for (int code = OK; code < STATUS_COUNT; code++) {
        if (text_is(name, status_name((status)code))) return (status)code;
    }
    return BUG;
}

void message_reader_done(struct message_reader *reader) {
    free(reader->at);
    *reader = (struct message_reader){0};
}

/* Drops what was given out, so that the buffer holds the present message alone. */
static void drop_taken(struct message_reader *reader) {
    if (reader->taken == 0) return;
    memmove(reader->at, reader->at + reader->taken, reader->len - reader->taken);
    reader->len -= reader->taken;
    reader->taken = 0;
}

status message_reader_feed(struct ctx *cx, struct message_reader *reader, const void *bytes,
                           size_t size) {
    enum { LEAST_ROOM = 4096, MOST = MESSAGE_BODY_MOST + 2 * 65536 };
    drop_taken(reader);
    if (size > MOST || reader->len + size > MOST) {
        return ctx_fail(cx, BUG, "More bytes are fed to a message reader than it may hold.");
    }
    if (reader->len + size > reader->room) {
        size_t room = 2 * (reader->len + size);
        if (room < LEAST_ROOM) room = LEAST_ROOM;
        char *grown = realloc(reader->at, room);
        TRY_NEW(cx, grown);
        reader->at = grown;
        reader->room = room;
    }
    if (size) memcpy(reader->at + reader->len, bytes, size);
    reader->len += size;
    return OK;
}

static uint32_t length_of(const char *header) {
    const unsigned char *at = (const unsigned char *)header;
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

status message_reader_next(struct ctx *cx, struct message_reader *reader, struct message *out,
                           bool *out_there) {
    size_t held = reader->len - reader->taken;
    if (held < MESSAGE_HEADER_BYTES) {
        *out_there = false;
        return OK;
    }
    const char *header = reader->at + reader->taken;
    uint32_t length = length_of(header);
    unsigned kind = (unsigned char)header[4];
    bool padded = header[5] == 0 && header[6] == 0 && header[7] == 0;
    if (length > MESSAGE_BODY_MOST || kind < MESSAGE_JOB || kind > MESSAGE_FAULT || !padded) {
        return ctx_fail(cx, INVALID, "The media process sent something that is no message.");
    }
    *out_there = held >= MESSAGE_HEADER_BYTES + (size_t)length;
    if (!*out_there) return OK;
    *out = (struct message){(enum message_kind)kind, {header + MESSAGE_HEADER_BYTES, length}};
    reader->taken += MESSAGE_HEADER_BYTES + (size_t)length;
    return OK;
}

static status send_all(struct ctx *cx, int socket_fd, const char *at, size_t size) {
    while (size > 0) {
        ssize_t sent = send(socket_fd, at, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) {
            return ctx_fail(cx, GONE, "The other side of the media socket has gone.");
        }
        if (sent < 0) return ctx_fail_errno(cx, "Writing", "a message");
        at += sent;
        size -= (size_t)sent;
    }
    return OK;
}

status message_send(struct ctx *cx, int socket_fd, enum message_kind kind, text body) {
    if (body.len > MESSAGE_BODY_MOST) return ctx_fail(cx, BUG, "A media message is too long.");
    unsigned char header[MESSAGE_HEADER_BYTES] = {0};
    for (size_t i = 0; i < 4; i++) header[i] = (unsigned char)(body.len >> (8 * i));
    header[4] = (unsigned char)kind;
    TRY(send_all(cx, socket_fd, (const char *)header, sizeof header));
    return send_all(cx, socket_fd, body.at, body.len);
}

status message_send_record(struct ctx *cx, int socket_fd, enum message_kind kind,
                           const struct schema *schema, const void *record) {
    text json = NO_TEXT;
    TRY(record_to_json(cx, schema, record, &json));
    return message_send(cx, socket_fd, kind, json);
}
