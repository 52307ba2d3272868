/* video_store.c: what is known of objects in the blob store, so that none is ever orphaned.
 *
 * Owns: the tables renders and blob_trash. Invariants: a run's row exists before its first stage
 * and object, and a video's row before its upload's; what a transaction makes worthless, it
 * lists as trash. So whatever neither belongs to a row nor is listed was left by a crash, and
 * the audit removes it. Threads: any; all of it is safe to repeat and to run in several
 * processes at once. */
#include "base/clock.h"
#include "base/scope.h"
#include "features/videos/video.h"
#include "features/videos/video_store_sql.h"
#include "store/blob/blob.h"

enum { AUDIT_ARENA_BYTES = 256 << 10 };

/* Answers whether the statement finds a row. */
static status exists(struct ctx *cx, struct db *db, const struct sql *sql,
                     const struct db_args *args, const struct schema *schema, void *record,
                     bool *out) {
    status found = db_get(cx, db, sql, args, schema, record);
    if (found != OK && found != NOT_FOUND) return found;
    *out = found == OK;
    return OK;
}

struct trash_row {
    int64_t kind;
    text name;
};
static const struct field trash_fields[] = {FIELD(struct trash_row, kind),
                                            FIELD(struct trash_row, name)};
static const struct schema trash_schema = SCHEMA("Trash", struct trash_row, trash_fields, "");

struct run_row {
    text render;
    text video_id;
};
static const struct field run_fields[] = {FIELD(struct run_row, render),
                                          FIELD(struct run_row, video_id)};
static const struct schema run_schema = SCHEMA("Run", struct run_row, run_fields, "");

struct known_row {
    text render;
};
static const struct field known_fields[] = {FIELD(struct known_row, render)};
static const struct schema known_schema = SCHEMA("Known", struct known_row, known_fields, "");

struct state_row {
    text status;
};
static const struct field state_fields[] = {FIELD(struct state_row, status)};
static const struct schema state_schema = SCHEMA("State", struct state_row, state_fields, "");

status video_trash_add(struct ctx *cx, struct db_tx *tx, enum video_trash_kind kind, text name) {
    return tx_run(cx, tx, &sql_trash_insert, DB_ARGS((int64_t)kind, name, clock_now_ms()), NULL);
}

static status trash_remove(struct ctx *cx, struct services *services, const struct trash_row *row) {
    switch (row->kind) {
    case VIDEO_TRASH_OBJECT: return blob_delete(cx, services->blobs, row->name);
    case VIDEO_TRASH_FOLDER: return blob_delete_all(cx, services->blobs, row->name);
    case VIDEO_TRASH_STAGE: return blob_stage_forget(cx, services->blobs, row->name);
    default: return ctx_fail(cx, BUG, "Unknown kind of trash %lld.", (long long)row->kind);
    }
}

status video_trash_empty(struct ctx *cx, struct services *services) {
    list rows = {0};
    TRY(db_list(cx, services->db, &sql_trash_list, DB_NO_ARGS, &trash_schema, &rows));
    const struct trash_row *all = rows.at;
    for (size_t i = 0; i < rows.len; i++) {
        status removed = trash_remove(cx, services, &all[i]);
        if (removed == CONFLICT) { /* a stage that someone still writes; the next round gets it */
            ctx_clear(cx);
            continue;
        }
        TRY(removed);
        TRY(db_run(cx, services->db, &sql_trash_delete, DB_ARGS(all[i].kind, all[i].name), NULL));
    }
    return OK;
}

status video_render_begin(struct ctx *cx, struct services *services, text id, text render,
                          int64_t alive_ms) {
    return db_run(cx, services->db, &sql_render_insert,
                  DB_ARGS(render, id, clock_now_ms() + alive_ms), NULL);
}

status video_render_alive(struct ctx *cx, struct services *services, text render,
                          int64_t alive_ms) {
    return db_run(cx, services->db, &sql_render_set_alive,
                  DB_ARGS(render, clock_now_ms() + alive_ms), NULL);
}

/* The run's part of a stage name "render-RUN-FILE"; absent for other names. */
static text run_of_stage(text name) {
    text run = text_part(name, 7, 11);
    bool fits = text_starts(name, TEXT("render-")) && run.len == 11 && name.len > 19 &&
                name.at[18] == '-';
    return fits ? run : NO_TEXT;
}

struct stage_sweep {
    struct services *services;
    text render;
    bool held; /* one is still being written */
};

static status sweep_stage(struct ctx *cx, text key, const struct blob_info *info, void *argument) {
    struct stage_sweep *sweep = argument;
    (void)info;
    if (!text_equal(run_of_stage(key), sweep->render)) return OK;
    status forgot = blob_stage_forget(cx, sweep->services->blobs, key);
    if (forgot != CONFLICT) return forgot;
    ctx_clear(cx);
    sweep->held = true;
    return OK;
}

/* Whether the run was handed over after all: a commit can succeed and its answer be lost. */
static status is_played(struct ctx *cx, struct services *services, text id, text render,
                        bool *out) {
    struct known_row row = {NO_TEXT};
    return exists(cx, services->db, &sql_render_played, DB_ARGS(render, id), &known_schema, &row,
                  out);
}

status video_render_sweep(struct ctx *cx, struct services *services, text id, text render) {
    char key[VIDEO_KEY_BYTES];
    struct stage_sweep sweep = {services, render, false};
    bool played = false;
    TRY(is_played(cx, services, id, render, &played));
    if (played) return OK;
    TRY(blob_walk_stages(cx, services->blobs, sweep_stage, &sweep));
    TRY(blob_delete_all(cx, services->blobs, video_processed_key(id, render, TEXT(""), key)));
    if (sweep.held) return OK; /* the row stays, and so the next round comes here again */
    return db_run(cx, services->db, &sql_render_delete, DB_ARGS(render), NULL);
}

static status sweep_rows(struct ctx *cx, struct services *services, const list *rows) {
    const struct run_row *all = rows->at;
    for (size_t i = 0; i < rows->len; i++)
        TRY(video_render_sweep(cx, services, all[i].video_id, all[i].render));
    return OK;
}

status video_render_sweep_others(struct ctx *cx, struct services *services, text id, text render) {
    list rows = {0};
    TRY(db_list(cx, services->db, &sql_render_list_others, DB_ARGS(id, render), &run_schema,
                &rows));
    return sweep_rows(cx, services, &rows);
}

static status trash_tick(struct ctx *cx, struct services *services) {
    list rows = {0};
    TRY(video_trash_empty(cx, services));
    TRY(db_list(cx, services->db, &sql_render_list_dead, DB_ARGS(clock_now_ms()), &run_schema,
                &rows));
    return sweep_rows(cx, services, &rows);
}

/* ---- The audit: everything in the store is held against the rows ---- */

static status audit_source(struct ctx *cx, struct db *db, text id, bool *out_known) {
    struct state_row row = {NO_TEXT};
    return exists(cx, db, &sql_video_status_of, DB_ARGS(id), &state_schema, &row, out_known);
}

static status audit_upload(struct ctx *cx, struct db *db, text id, bool *out_known) {
    struct state_row row = {NO_TEXT};
    TRY(exists(cx, db, &sql_video_status_of, DB_ARGS(id), &state_schema, &row, out_known));
    *out_known = *out_known && text_is(row.status, "uploading");
    return OK;
}

static status audit_processed(struct ctx *cx, struct db *db, text rest, bool *out_known) {
    text id = NO_TEXT, run = NO_TEXT;
    struct known_row row = {NO_TEXT};
    (void)text_cut(rest, '/', &id, &rest);
    if (!text_cut(rest, '/', &run, &rest)) return OK;
    return exists(cx, db, &sql_render_known, DB_ARGS(run, id), &known_schema, &row, out_known);
}

static status audit_object(struct ctx *cx, text key, const struct blob_info *info, void *argument) {
    const text source = TEXT("videos/source/"), processed = TEXT("videos/processed/");
    struct services *services = argument;
    bool known = true;
    (void)info;
    if (text_starts(key, source)) {
        TRY(audit_source(cx, services->db, text_part(key, source.len, key.len), &known));
    } else if (text_starts(key, processed)) {
        TRY(audit_processed(cx, services->db, text_part(key, processed.len, key.len), &known));
    }
    return known ? OK : blob_delete(cx, services->blobs, key);
}

static status audit_stage(struct ctx *cx, text name, const struct blob_info *info, void *argument) {
    const text upload = TEXT("upload-");
    struct services *services = argument;
    struct known_row row = {NO_TEXT};
    text run = run_of_stage(name);
    bool known = true;
    (void)info;
    if (text_starts(name, upload)) {
        TRY(audit_upload(cx, services->db, text_part(name, upload.len, name.len), &known));
    } else if (run.at) {
        TRY(exists(cx, services->db, &sql_render_by_id, DB_ARGS(run), &known_schema, &row, &known));
    }
    status forgot = known ? OK : blob_stage_forget(cx, services->blobs, name);
    if (forgot != CONFLICT) return forgot;
    ctx_clear(cx);
    return OK;
}

/* Each object is judged in memory of its own, so a store of any size is walked in the same. */
struct audit {
    struct services *services;
    struct arena *arena;
    blob_visit *judge;
};

static status audit_one(struct ctx *cx, text key, const struct blob_info *info, void *argument) {
    struct audit *audit = argument;
    struct ctx own = {.arena = audit->arena};
    arena_reset(audit->arena);
    status judged = audit->judge(&own, key, info, audit->services);
    if (judged != OK) cx->fault = own.fault;
    return judged;
}

static status audit_tick(struct ctx *cx, struct services *services) {
    scoped(arena_done) struct arena *arena = arena_new(AUDIT_ARENA_BYTES);
    TRY_NEW(cx, arena);
    struct audit objects = {services, arena, audit_object};
    struct audit stages = {services, arena, audit_stage};
    TRY(blob_walk(cx, services->blobs, TEXT("videos/"), audit_one, &objects));
    return blob_walk_stages(cx, services->blobs, audit_one, &stages);
}

const struct tick video_trash_tick = {"videos.trash", 5000, trash_tick};
const struct tick video_audit_tick = {"videos.audit", (int64_t)6 * 3600 * 1000, audit_tick};
