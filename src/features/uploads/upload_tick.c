/* upload_tick.c: finishing what a crash left complete, removing what nobody continues.
 *
 * Owns nothing. Invariant: an upload that someone is receiving, here or in another process, is
 * left alone (its stage's lock says so). Threads: the tick's; safe in several processes at once. */
#include "base/clock.h"
#include "features/uploads/upload_intake.h"
#include "features/uploads/upload_rows.h"
#include "features/uploads/upload_sql.h"

/* Recovers one; what fails is left for the next time, so that one bad upload doesn't stop the
 * others. */
static void recover_one(struct ctx *cx, struct services *services, struct upload upload) {
    bool held = false;
    int64_t bytes = 0;
    if (upload_held_size(cx, upload.id, &held, &bytes) == OK && !held &&
        upload_recover(cx, services, &upload, &bytes) == OK)
        return;
    ctx_clear(cx);
}

static status recover_all(struct ctx *cx, struct services *services) {
    text after = TEXT("");
    for (;;) {
        list rows = {0};
        TRY(db_list(cx, services->db, &sql_upload_list_receiving, DB_ARGS(after), &upload_schema,
                    &rows));
        const struct upload *all = rows.at;
        for (size_t i = 0; i < rows.len; i++) recover_one(cx, services, all[i]);
        if (rows.len < 200) return OK;
        after = all[rows.len - 1].id;
    }
}

static void expire_one(struct ctx *cx, struct services *services, const struct upload *upload) {
    bool held = false;
    int64_t bytes = 0;
    status done = OK;
    if (text_is(upload->state, "done")) {
        done = db_run(cx, services->db, &sql_upload_delete_done, DB_ARGS(upload->id), NULL);
    } else if (upload_held_size(cx, upload->id, &held, &bytes) != OK || held) {
        done = OK;
    } else {
        struct upload copy = *upload;
        done = upload_recover(cx, services, &copy, &bytes);
        if (done == OK && text_is(copy.state, "receiving"))
            done = upload_abandon(cx, services, upload->id);
    }
    if (done != OK) ctx_clear(cx);
}

static status run_tick(struct ctx *cx, struct services *services) {
    list rows = {0};
    TRY(recover_all(cx, services));
    TRY(db_list(cx, services->db, &sql_upload_list_expired, DB_ARGS(clock_now_ms()),
                &upload_schema, &rows));
    const struct upload *all = rows.at;
    for (size_t i = 0; i < rows.len; i++) expire_one(cx, services, &all[i]);
    return OK;
}

const struct tick upload_tick = {"uploads.expire", 60000, run_tick};
