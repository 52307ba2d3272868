/* upload_intake.c: receiving the bytes of one upload. See upload_intake.h.
 *
 * Owns: the list of this process's intakes (`receiving`, under `list_lock`). Lock order: the
 * list's, then an intake's. A stage is touched under its intake's lock only, since a client that
 * comes back over a new connection may push the silent old one aside. Threads: see
 * upload_intake.h. */
#include "features/uploads/upload_intake.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/scope.h"
#include "base/thread.h"
#include "features/uploads/upload_rows.h"
#include "store/blob/blob.h"

#include <string.h>

enum {
    SILENT_MS = 2000,             /* without a byte, until another connection may take over */
    TELL_EVERY_MS = 500,          /* progress to listeners */
    TOUCH_EVERY_MS = 20000,       /* life of the row, and progress in it */
    SYNC_EVERY_BYTES = 64 << 20,  /* bounds what the last sync has left to do */
};

struct upload_intake {
    struct upload_intake *next; /* in the list */
    struct services *services;
    pthread_mutex_t lock;
    char id[ID_BYTES];
    bool is_form;
    struct blob_stage *stage; /* NULL once pushed aside or sealed */
    int64_t size_bytes;
    int64_t length_bytes;     /* NO_INT unknown */
    int64_t expected_bytes;   /* for percent only; 0 unknown */
    int64_t unsynced_bytes;
    int64_t heard_ticks_ms, told_ticks_ms, touched_ticks_ms;
};

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct upload_intake *receiving;

int64_t upload_limit(const struct services *services) {
    int64_t most = services->settings.max_file_size_bytes;
    return most > 0 ? most : INT64_MAX;
}

static text id_of(const struct upload_intake *intake) {
    return text_of(intake->id);
}

static void unlist(struct upload_intake *intake) {
    LOCKED(&list_lock);
    struct upload_intake **place = &receiving;
    while (*place && *place != intake) place = &(*place)->next;
    if (*place) *place = intake->next;
}

/* Under the list's lock. */
static struct upload_intake *listed(text id) {
    struct upload_intake *one = receiving;
    while (one && !text_equal(id_of(one), id)) one = one->next;
    return one;
}

/* Ends an intake that has been silent; false when it is alive. Under the list's lock. */
static bool push_aside(struct ctx *cx, struct upload_intake *other) {
    LOCKED(&other->lock);
    if (!other->stage) return true;
    if (clock_ticks_ms() - other->heard_ticks_ms < SILENT_MS) return false;
    if (blob_stage_sync(cx, other->stage) != OK) ctx_clear(cx);
    blob_stage_close(move(&other->stage));
    return true;
}

status upload_held_size(struct ctx *cx, text id, bool *out_held, int64_t *out_bytes) {
    LOCKED(&list_lock);
    struct upload_intake *intake = listed(id);
    *out_held = false;
    if (!intake) return OK;
    LOCKED(&intake->lock);
    if (!intake->stage) return OK;
    TRY(blob_stage_sync(cx, intake->stage));
    intake->unsynced_bytes = 0;
    *out_held = true;
    *out_bytes = intake->size_bytes;
    return OK;
}

static status busy(struct ctx *cx) {
    return ctx_fail(cx, CONFLICT,
                    "This upload is being received over another connection; try again shortly.");
}

/* Opens the stage, with some patience for a check of the sweep that holds it for an instant. */
static status open_stage(struct ctx *cx, struct services *services, text id,
                         struct blob_stage **out, int64_t *out_size_bytes) {
    char name[VIDEO_KEY_BYTES];
    for (int tries = 0;; tries++) {
        status opened = blob_stage_open(cx, services->blobs, video_upload_stage(id, name), out,
                                        out_size_bytes);
        if (opened != CONFLICT) return opened;
        ctx_clear(cx);
        if (tries == 10) return busy(cx);
        clock_sleep_ms(30);
    }
}

static status enlist(struct ctx *cx, struct upload_intake *intake) {
    LOCKED(&list_lock);
    struct upload_intake *other = listed(id_of(intake));
    if (other && !push_aside(cx, other)) return busy(cx);
    if (other) { /* its owner still frees it */
        struct upload_intake **place = &receiving;
        while (*place != other) place = &(*place)->next;
        *place = other->next;
    }
    intake->next = receiving;
    receiving = intake;
    return OK;
}

static void intake_done(struct upload_intake **intake) {
    upload_intake_close(*intake);
}

/* An empty stage may be one we have just made because the old one was sealed a moment ago. */
static status check_unsealed(struct ctx *cx, struct upload_intake *intake) {
    char key[VIDEO_KEY_BYTES];
    struct blob_info info = {0};
    text source = video_source_key(id_of(intake), key);
    status found = blob_stat(cx, intake->services->blobs, source, &info);
    if (found == NOT_FOUND) {
        ctx_clear(cx);
        return OK;
    }
    blob_stage_drop(move(&intake->stage));
    TRY(found);
    return ctx_fail(cx, CONFLICT, "This upload is finished; ask for its offset.");
}

status upload_intake_open(struct ctx *cx, struct services *services, const struct upload *upload,
                          struct upload_intake **out) {
    if (upload->id.len >= ID_BYTES) return ctx_fail(cx, BUG, "An upload's id is too long.");
    scoped(intake_done) struct upload_intake *intake = calloc(1, sizeof *intake);
    TRY_NEW(cx, intake);
    (void)pthread_mutex_init(&intake->lock, NULL);
    intake->services = services;
    memcpy(intake->id, upload->id.at, upload->id.len);
    intake->is_form = text_is(upload->protocol, "form");
    intake->length_bytes = upload->length_bytes;
    intake->expected_bytes = upload->length_bytes == NO_INT ? 0 : upload->length_bytes;
    intake->heard_ticks_ms = intake->touched_ticks_ms = clock_ticks_ms();
    TRY(enlist(cx, intake));
    TRY(open_stage(cx, services, upload->id, &intake->stage, &intake->size_bytes));
    if (intake->size_bytes == 0) TRY(check_unsealed(cx, intake));
    *out = move(&intake);
    return OK;
}

void upload_intake_close(struct upload_intake *intake) {
    if (!intake) return;
    unlist(intake);
    blob_stage_close(intake->stage);
    (void)pthread_mutex_destroy(&intake->lock);
    free(intake);
}

int64_t upload_intake_size(struct upload_intake *intake) {
    LOCKED(&intake->lock);
    return intake->size_bytes;
}

static status check_room(struct ctx *cx, const struct upload_intake *intake, size_t size) {
    int64_t limit = upload_limit(intake->services);
    bool declared = intake->length_bytes != NO_INT;
    if (declared && intake->length_bytes < limit) limit = intake->length_bytes;
    if ((int64_t)size <= limit - intake->size_bytes) return OK;
    if (declared)
        return ctx_fail(cx, QUOTA, "More bytes came than the %lld that were announced.",
                        (long long)intake->length_bytes);
    return ctx_fail(cx, QUOTA, "Files may have at most %lld MB here.", (long long)(limit >> 20));
}

static int64_t percent_of(const struct upload_intake *intake) {
    if (intake->expected_bytes <= 0) return 0;
    int64_t percent = (int64_t)((double)intake->size_bytes * 100 / (double)intake->expected_bytes);
    return percent > 100 ? 100 : percent;
}

/* Tells listeners now and then, and the row more rarely; only the row's end stops the bytes. */
static status tell(struct ctx *cx, struct upload_intake *intake) {
    int64_t now = clock_ticks_ms();
    intake->heard_ticks_ms = now;
    if (now - intake->told_ticks_ms < TELL_EVERY_MS) return OK;
    struct video_progress progress = {.video_id = id_of(intake),
                                      .status = TEXT("uploading"),
                                      .stage = TEXT("uploading"),
                                      .percent = percent_of(intake),
                                      .message = TEXT("Receiving the film."),
                                      .eta_ms = NO_INT};
    video_progress_publish(intake->services, &progress);
    intake->told_ticks_ms = now;
    if (now - intake->touched_ticks_ms < TOUCH_EVERY_MS) return OK;
    intake->touched_ticks_ms = now;
    status touched = upload_touch(cx, intake->services, id_of(intake), intake->is_form, NULL);
    if (touched == GONE) return touched;
    if (touched != OK || video_progress_store(cx, intake->services, &progress) != OK) ctx_clear(cx);
    return OK;
}

static status pushed_aside(struct ctx *cx) {
    return ctx_fail(cx, CONFLICT, "This upload was continued over another connection.");
}

status upload_intake_append(struct ctx *cx, struct upload_intake *intake, const void *bytes,
                            size_t size) {
    LOCKED(&intake->lock);
    if (!intake->stage) return pushed_aside(cx);
    TRY(check_room(cx, intake, size));
    if (intake->size_bytes == 0) TRY(upload_sniff(cx, bytes, size));
    TRY(blob_stage_append(cx, intake->stage, bytes, size));
    intake->size_bytes += (int64_t)size;
    intake->unsynced_bytes += (int64_t)size;
    if (intake->unsynced_bytes >= SYNC_EVERY_BYTES) {
        TRY(blob_stage_sync(cx, intake->stage));
        intake->unsynced_bytes = 0;
    }
    return tell(cx, intake);
}

status upload_intake_cut(struct ctx *cx, struct upload_intake *intake, int64_t size_bytes) {
    LOCKED(&intake->lock);
    if (!intake->stage) return pushed_aside(cx);
    TRY(blob_stage_cut(cx, intake->stage, size_bytes));
    intake->size_bytes = size_bytes;
    return OK;
}

status upload_intake_keep(struct ctx *cx, struct upload_intake *intake,
                          int64_t *out_expires_at_ms) {
    {
        LOCKED(&intake->lock);
        if (!intake->stage) return pushed_aside(cx);
        TRY(blob_stage_sync(cx, intake->stage));
        intake->unsynced_bytes = 0;
    }
    return upload_touch(cx, intake->services, id_of(intake), intake->is_form, out_expires_at_ms);
}

void upload_intake_expect(struct upload_intake *intake, int64_t expected_bytes) {
    intake->expected_bytes = expected_bytes;
}

status upload_intake_finish(struct ctx *cx, struct upload_intake *intake) {
    {
        LOCKED(&intake->lock);
        char key[VIDEO_KEY_BYTES];
        if (!intake->stage) return pushed_aside(cx);
        if (intake->size_bytes == 0)
            return ctx_fail_field(cx, INVALID, "file", "The file is empty; choose a video file.");
        TRY(blob_stage_seal(cx, intake->stage, video_source_key(id_of(intake), key)));
        intake->stage = NULL;
    }
    return upload_settle(cx, intake->services, id_of(intake), intake->size_bytes);
}
