/* harness.c: any bytes from a media child, in pieces as the first byte says; what is a message is
 * read as the record of its kind. Owns: one arena and reader an input. Threads: one. */
#include "base/record.h"
#include "base/scope.h"
#include "media/message.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Reads the body as what it claims to be; any outcome but a crash will do. */
static void read_body(struct ctx *cx, const struct message *message) {
    union {
        struct media_info info;
        struct media_progress progress;
        struct media_result result;
        struct message_fault fault;
        struct message_job job;
    } record;
    static const struct schema *const schemas[] = {
        [MESSAGE_JOB] = &message_job_schema,
        [MESSAGE_INFO] = &media_info_schema,
        [MESSAGE_PROGRESS] = &media_progress_schema,
        [MESSAGE_INDEX] = NULL,
        [MESSAGE_THUMBNAIL] = NULL,
        [MESSAGE_RESULT] = &media_result_schema,
        [MESSAGE_FAULT] = &message_fault_schema,
    };
    const struct schema *schema = schemas[message->kind];
    if (!schema || record_from_json(cx, schema, message->body, &record) != OK) return;
    text json = NO_TEXT;
    if (record_to_json(cx, schema, &record, &json) != OK && cx->fault.code != NO_MEMORY) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    if (size < 1) return 0;
    scoped(arena_done) struct arena *arena = arena_new(16 << 20);
    scoped(message_reader_done) struct message_reader reader = {0};
    if (!arena) return 0;
    struct ctx cx = {.arena = arena};
    size_t piece = (size_t)bytes[0] + 1;
    for (size_t at = 1; at < size; at += piece) {
        size_t len = size - at < piece ? size - at : piece;
        struct message message;
        bool there = true;
        if (message_reader_feed(&cx, &reader, bytes + at, len) != OK) return 0;
        while (there) {
            if (message_reader_next(&cx, &reader, &message, &there) != OK) return 0;
            if (there) read_body(&cx, &message);
            ctx_clear(&cx);
        }
    }
    return 0;
}
