/* http_intake.c: taking in bodies, whole or as a stream with back-pressure.
 *
 * Owns the buffers of bodies. A stream has at most two: one is filled by the poll thread while the
 * other is with a writer; when both are full the connection is suspended, so TCP holds the sender
 * back. Invariants: `piece` is called for one buffer at a time and in order; what was received
 * before a connection broke is written before `broken` is told. The flight's lock guards the
 * buffers while a writer is at work. Threads: poll threads and writers. */
#include "net/http_inner.h"

#include "base/scope.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    ALL_PIECES_BYTES = 8 << 20, /* aimed at for one of the two buffers of all uploads together */
    LEAST_PIECE_BYTES = 16384,
    FIRST_BYTES = 16384, /* of a whole body; grows by doubling */
};

/* Pages straight from the system: a megabyte that goes back when the upload is over. */
static bool piece_room(struct flight *flight, struct piece *out) {
    int64_t uploads = atomic_load_explicit(&flight->server->uploads, memory_order_relaxed);
    int64_t room = ALL_PIECES_BYTES / (uploads > 0 ? uploads : 1);
    int64_t expected = flight->head.content_length_bytes;
    if (room > PIECE_BYTES) room = PIECE_BYTES;
    if (expected > 0 && room > expected) room = expected;
    if (room < LEAST_PIECE_BYTES) room = LEAST_PIECE_BYTES;
    room = (room + 4095) & ~(int64_t)4095;
    void *at = mmap(NULL, (size_t)room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return false;
    *out = (struct piece){.at = at, .room = (size_t)room};
    return true;
}

static void piece_done(struct piece *piece) {
    if (piece->at) (void)munmap(piece->at, piece->room);
    *piece = (struct piece){0};
}

void http_intake_done(struct flight *flight) {
    struct intake *intake = &flight->intake;
    free(intake->bytes);
    piece_done(&intake->filling);
    piece_done(&intake->writing);
    piece_done(&intake->spare);
    if (intake->opened)
        atomic_fetch_sub_explicit(&flight->server->uploads, 1, memory_order_relaxed);
}

static bool whole_take(struct intake *intake, const char *data, size_t *size) {
    if (intake->size + *size + 1 > intake->room) {
        size_t room = intake->room ? intake->room : FIRST_BYTES;
        while (room < intake->size + *size + 1) room *= 2;
        char *more = realloc(intake->bytes, room);
        if (!more) return false;
        intake->bytes = more;
        intake->room = room;
    }
    memcpy(intake->bytes + intake->size, data, *size);
    intake->size += *size;
    intake->bytes[intake->size] = '\0';
    *size = 0;
    return true;
}

static void write_task(void *argument);

/* The filled buffer goes to the writers. Under the lock. */
static void writing_begin(struct flight *flight) {
    struct intake *intake = &flight->intake;
    intake->writing = intake->filling;
    intake->filling = intake->spare;
    intake->spare = (struct piece){0};
    flight->task = (struct http_task){.work = write_task, .argument = flight};
    status queued = http_pool_submit(&flight->server->writers, &flight->task, true);
    (void)queued; /* "must" is never refused */
}

/* A stream's `broken` and `end` may have files to close, so they are called on a worker. */
static void leave_task(void *argument) {
    struct flight *flight = argument;
    const struct http_app *app = &flight->server->app;
    if (!flight->ran && app->broken) app->broken(app->app, &flight->exchange);
    http_flight_over(flight, flight->completed);
}

/* What follows when nothing is left to write. */
enum next { NEXT_NOTHING, NEXT_WRITE, NEXT_WAKE, NEXT_RUN, NEXT_ANSWER, NEXT_LEAVE };

/* Under the lock, with `writing` free: whether there's more to write, or who waits for that. */
static enum next next_of(struct intake *intake) {
    bool last = intake->ended || intake->cut;
    bool full = intake->filling.size > 0 && intake->filling.size == intake->filling.room;
    if (!intake->failed && (full || (last && intake->filling.size > 0))) return NEXT_WRITE;
    if (intake->cut) return NEXT_LEAVE;
    if (intake->ended) return intake->failed ? NEXT_ANSWER : NEXT_RUN;
    if (intake->waiting) return NEXT_WAKE;
    return NEXT_NOTHING;
}

static void worker_begin(struct flight *flight, void (*work)(void *argument)) {
    flight->task = (struct http_task){.work = work, .argument = flight};
    status queued = http_pool_submit(&flight->server->workers, &flight->task, true);
    (void)queued; /* "must" is never refused */
}

/* On a writer, after a piece. The buffer that was filled meanwhile goes to the end of the queue, so
 * that uploads take turns. */
static enum next written(struct flight *flight, status result) {
    struct intake *intake = &flight->intake;
    LOCKED(&flight->lock);
    if (result != OK) intake->failed = true;
    piece_done(&intake->spare);
    intake->spare = intake->writing;
    intake->spare.size = 0;
    intake->writing = (struct piece){0};
    enum next next = next_of(intake);
    bool wake = intake->waiting;
    if (next == NEXT_WRITE) writing_begin(flight);
    if (next == NEXT_WRITE && wake) next = NEXT_WAKE;
    intake->waiting = false;
    return next;
}

static void write_task(void *argument) {
    struct flight *flight = argument;
    struct http_exchange *exchange = &flight->exchange;
    const struct http_app *app = &flight->server->app;
    const struct piece *piece = &flight->intake.writing;
    status result = app->piece ? app->piece(app->app, exchange, piece->at, piece->size) : OK;
    if (result != OK && exchange->reply.code == 0)
        http_exchange_refuse(flight, 500, "The upload could not be written.");
    switch (written(flight, result)) {
    case NEXT_WAKE:
        http_flight_resume(flight, PHASE_BODY);
        break;
    case NEXT_RUN:
        worker_begin(flight, http_exchange_run);
        break;
    case NEXT_ANSWER:
        http_reply_make(flight);
        http_flight_resume(flight, PHASE_ANSWERED);
        break;
    case NEXT_LEAVE:
        worker_begin(flight, leave_task);
        break;
    case NEXT_NOTHING:
    case NEXT_WRITE:
        break;
    }
}

/* Copies into the buffer at hand; false when there's no memory for one. */
static bool fill(struct flight *flight, const char **data, size_t *size) {
    struct piece *piece = &flight->intake.filling;
    if (!piece->at && !piece_room(flight, piece)) return false;
    size_t part = piece->room - piece->size;
    if (part > *size) part = *size;
    memcpy(piece->at + piece->size, *data, part);
    piece->size += part;
    *data += part;
    *size -= part;
    return true;
}

enum taken { TAKEN, TAKEN_WAIT, TAKEN_FAILED, TAKEN_OVER, TAKEN_CLOSE };

/* Suspends until the writer is through; under the lock. */
static enum taken writer_await(struct flight *flight) {
    if (!http_flight_suspend(flight, PHASE_WORKING)) return TAKEN_CLOSE;
    flight->intake.waiting = true;
    return TAKEN_WAIT;
}

static enum taken stream_fill(struct flight *flight, const char *data, size_t *size, bool over) {
    struct intake *intake = &flight->intake;
    LOCKED(&flight->lock);
    /* Only when no writer has the exchange in hand may the poll thread write the refusal into it.
     */
    if (over && !intake->failed) return intake->writing.at ? writer_await(flight) : TAKEN_OVER;
    while (*size && !intake->failed) {
        if (!fill(flight, &data, size)) return TAKEN_CLOSE;
        if (intake->filling.size < intake->filling.room) continue;
        if (!intake->writing.at)
            writing_begin(flight);
        else if (*size)
            return writer_await(flight);
    }
    return intake->failed ? TAKEN_FAILED : TAKEN;
}

enum MHD_Result http_intake_take(struct flight *flight, const char *data, size_t *size) {
    struct intake *intake = &flight->intake;
    struct link *link = flight->link;
    struct http_server *server = flight->server;
    size_t offered = *size;
    bool over = intake->received_bytes + (int64_t)offered > flight->decision.body_cap_bytes;
    enum taken taken = TAKEN_OVER;
    if (flight->decision.intake == HTTP_INTAKE_STREAM)
        taken = stream_fill(flight, data, size, over);
    else if (!over)
        taken = whole_take(intake, data, size) ? TAKEN : TAKEN_CLOSE;
    int64_t used = (int64_t)(offered - *size);
    intake->received_bytes += used;
    atomic_fetch_add_explicit(&link->body_bytes, used, memory_order_relaxed);
    atomic_fetch_add_explicit(&server->bytes_in, used, memory_order_relaxed);
    if (taken == TAKEN_CLOSE) return MHD_NO;
    if (taken == TAKEN || taken == TAKEN_WAIT) return MHD_YES;
    *size = 0;
    if (taken == TAKEN_OVER)
        http_exchange_refuse(flight, 413, "The body is larger than this request may carry.");
    return http_farewell(flight);
}

enum MHD_Result http_intake_end(struct flight *flight) {
    struct intake *intake = &flight->intake;
    enum next next = NEXT_NOTHING;
    {
        LOCKED(&flight->lock);
        intake->ended = true;
        if (!intake->writing.at) next = next_of(intake);
        if (next != NEXT_ANSWER && !http_flight_suspend(flight, PHASE_WORKING)) return MHD_NO;
        if (next == NEXT_WRITE) writing_begin(flight);
    }
    if (next == NEXT_RUN) worker_begin(flight, http_exchange_run);
    if (next != NEXT_ANSWER) return MHD_YES;
    http_reply_make(flight);
    return http_reply_queue(flight);
}

void http_intake_leave(struct flight *flight, bool completed) {
    struct intake *intake = &flight->intake;
    enum next next = NEXT_NOTHING;
    {
        LOCKED(&flight->lock);
        flight->link = NULL;
        flight->connection = NULL;
        flight->completed = completed;
        intake->cut = true;
        if (!intake->writing.at) next = next_of(intake);
        if (next == NEXT_WRITE) writing_begin(flight);
    }
    if (next == NEXT_LEAVE) worker_begin(flight, leave_task);
}
