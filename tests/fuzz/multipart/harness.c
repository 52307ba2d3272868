/* harness.c: any bytes as a form. The first byte says how the rest is cut into pieces; the result
 * must be the same as in one piece, and what is handed on must never be more than what came.
 *
 * Owns: nothing between inputs. Threads: one. */
#include "api/multipart.h"
#include "base/scope.h"

#include <stdlib.h>
#include <string.h>

struct tally {
    uint64_t hash;
    size_t bytes;
    int parts;
};

static void mix(struct tally *tally, const char *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        tally->hash = (tally->hash ^ (unsigned char)bytes[i]) * 1099511628211u;
}

static status take_part(void *argument, const struct multipart_part *part) {
    struct tally *tally = argument;
    if (part->name.len == 0) abort();
    mix(tally, part->name.at, part->name.len);
    mix(tally, part->filename.at, part->filename.len);
    mix(tally, part->type.at, part->type.len);
    tally->parts++;
    return OK;
}

static status take_bytes(void *argument, const char *bytes, size_t size) {
    struct tally *tally = argument;
    mix(tally, bytes, size);
    tally->bytes += size;
    return OK;
}

static status take_end(void *argument) {
    mix(argument, "/", 1);
    return OK;
}

/* Parses in pieces of `step` bytes, each an exact copy so that reading beyond it is seen. */
static status parse(const uint8_t *bytes, size_t size, size_t step, struct tally *out) {
    scoped(arena_done) struct arena *arena = arena_new(4 << 20);
    struct ctx cx = {.arena = arena};
    struct multipart_sink sink = {out, take_part, take_bytes, take_end};
    struct multipart *parser = NULL;
    TRY(multipart_open(&cx, TEXT("b"), &sink, &parser));
    for (size_t at = 0; at < size; at += step) {
        size_t len = size - at < step ? size - at : step;
        scoped(scope_free) char *piece = malloc(len);
        memcpy(piece, bytes + at, len);
        TRY(multipart_feed(&cx, parser, piece, len));
    }
    return multipart_finish(&cx, parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct tally whole = {0}, cut = {0};
    if (size < 2) return 0;
    size_t step = 1 + bytes[0] % 16;
    status at_once = parse(bytes + 1, size - 1, size - 1, &whole);
    status in_pieces = parse(bytes + 1, size - 1, step, &cut);
    if (at_once != in_pieces) abort();
    if (at_once == OK && (whole.hash != cut.hash || whole.parts != cut.parts)) abort();
    if (whole.bytes > size) abort();
    return 0;
}
