/* fault_check.c: rows, objects, stages and files held against each other.
 *
 * Owns: nothing; opens database and store for each look, as another process beside the program.
 * Invariant looked for: whatever lies in the store belongs to a row, whatever a row promises lies
 * in the store, and nothing of work under way is left. Threads: the main one. */
#include "fault.h"

#include "base/ctx.h"
#include "base/random.h"
#include "base/scope.h"
#include "fault_sql.h"
#include "store/blob/blob.h"
#include "store/db/db.h"

#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct video_row {
    text id, title, status, render, error;
    bool has_thumbnail;
};
static const struct field video_fields[] = {
    FIELD(struct video_row, id),     FIELD(struct video_row, title),
    FIELD(struct video_row, status), FIELD(struct video_row, render),
    FIELD(struct video_row, error),  FIELD(struct video_row, has_thumbnail),
};
static const struct schema video_schema =
    SCHEMA("VideoRow", struct video_row, video_fields, "A video as it lies in the table.");

struct file_row {
    text video_id, name, render;
};
static const struct field file_fields[] = {
    FIELD(struct file_row, video_id),
    FIELD(struct file_row, name),
    FIELD(struct file_row, render),
};
static const struct schema file_schema =
    SCHEMA("FileRow", struct file_row, file_fields, "A rendition as it lies in the table.");

struct leftovers {
    int64_t unfinished_jobs, dead_jobs, open_uploads, renders, trash;
};
static const struct field leftover_fields[] = {
    FIELD(struct leftovers, unfinished_jobs), FIELD(struct leftovers, dead_jobs),
    FIELD(struct leftovers, open_uploads),    FIELD(struct leftovers, renders),
    FIELD(struct leftovers, trash),
};
static const struct schema leftover_schema =
    SCHEMA("Leftovers", struct leftovers, leftover_fields, "Rows of work under way.");

/* An open database and what was found wrong so far. */
struct look {
    const struct fault_place *place;
    struct ctx cx;
    struct db *db;
    struct blob_store *blobs;
    bool loud;
    int wrong;
    int expected; /* objects that the rows promise */
    int found;    /* objects and files */
};

static void look_open(struct look *look, const struct fault_place *place) {
    char url[320];
    *look = (struct look){.place = place, .cx.arena = arena_new(64 << 20)};
    struct db_options options = {.url = place->database, .readers = 1, .writers = 1};
    (void)snprintf(url, sizeof url, "file:%s", place->storage);
    status opened = random_open();
    if (opened == OK) opened = db_open(&look->cx, &options, &look->db);
    if (opened == OK) opened = blob_open(&look->cx, url, &look->blobs);
    if (opened != OK) fault_give_up("looking: %s", look->cx.fault.detail);
}

static void look_close(struct look *look) {
    blob_close(look->blobs);
    db_close(look->db);
    arena_free(look->cx.arena);
}

static void must(struct look *look, status code) {
    if (code != OK) fault_give_up("looking: %s: %s", status_name(code), look->cx.fault.detail);
}

__attribute__((format(printf, 2, 3))) static void wrong(struct look *look, const char *format,
                                                        ...) {
    va_list arguments;
    look->wrong++;
    if (!look->loud) return;
    va_start(arguments, format);
    (void)printf("  wrong: ");
    (void)vprintf(format, arguments);
    (void)printf("\n");
    (void)fflush(stdout);
    va_end(arguments);
}

int64_t fault_most_attempts(const struct fault_place *place) {
    struct look look;
    struct leftovers row;
    look_open(&look, place);
    must(&look,
         db_get(&look.cx, look.db, &sql_fault_most_attempts, DB_NO_ARGS, &leftover_schema, &row));
    look_close(&look);
    return row.unfinished_jobs;
}

void fault_age(const struct fault_place *place) {
    struct look look;
    look_open(&look, place);
    must(&look, db_run(&look.cx, look.db, &sql_fault_age_uploads, DB_NO_ARGS, NULL));
    must(&look, db_run(&look.cx, look.db, &sql_fault_age_renders, DB_NO_ARGS, NULL));
    look_close(&look);
}

static void expect_object(struct look *look, const char *format, ...) {
    char key[300];
    struct blob_info info;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(key, sizeof key, format, arguments);
    va_end(arguments);
    look->expected++;
    status found = blob_stat(&look->cx, look->blobs, text_of(key), &info);
    if (found != OK || info.size_bytes == 0) wrong(look, "object %s is missing or empty", key);
    ctx_clear(&look->cx);
}

static void check_videos(struct look *look, const list *videos) {
    const struct video_row *all = videos->at;
    for (size_t i = 0; i < videos->len; i++) {
        const struct video_row *video = &all[i];
        if (!text_is(video->status, "ready"))
            wrong(look, "video %.*s (%.*s) is %.*s: %.*s", TEXT_ARG(video->id),
                  TEXT_ARG(video->title), TEXT_ARG(video->status), TEXT_ARG(video->error));
        if (text_is(video->status, "uploading")) continue;
        expect_object(look, "videos/source/%.*s", TEXT_ARG(video->id));
        if (video->has_thumbnail)
            expect_object(look, "videos/processed/%.*s/%.*s/thumbnail.jpg", TEXT_ARG(video->id),
                          TEXT_ARG(video->render));
    }
}

static void check_files(struct look *look) {
    list files;
    must(look, db_list(&look->cx, look->db, &sql_fault_files, DB_NO_ARGS, &file_schema, &files));
    const struct file_row *all = files.at;
    for (size_t i = 0; i < files.len; i++) {
        const struct file_row *file = &all[i];
        expect_object(look, "videos/processed/%.*s/%.*s/%.*s.mp4", TEXT_ARG(file->video_id),
                      TEXT_ARG(file->render), TEXT_ARG(file->name));
        expect_object(look, "videos/processed/%.*s/%.*s/%.*s.index", TEXT_ARG(file->video_id),
                      TEXT_ARG(file->render), TEXT_ARG(file->name));
    }
}

static void check_leftovers(struct look *look) {
    struct leftovers rows;
    must(look,
         db_get(&look->cx, look->db, &sql_fault_leftovers, DB_NO_ARGS, &leftover_schema, &rows));
    for (size_t i = 0; i < leftover_schema.count; i++) {
        const struct field *field = &leftover_schema.fields[i];
        int64_t count = *(const int64_t *)field_at_const(field, &rows);
        if (count) wrong(look, "%lld %s", (long long)count, field->name);
    }
}

static status count_object(struct ctx *cx, text key, const struct blob_info *info, void *argument) {
    (void)cx;
    (void)key;
    (void)info;
    ((struct look *)argument)->found++;
    return OK;
}

static status count_stage(struct ctx *cx, text name, const struct blob_info *info, void *argument) {
    (void)cx;
    (void)info;
    wrong(argument, "stage %.*s", TEXT_ARG(name));
    return OK;
}

static int files_seen; /* nftw has no argument for its visitor */

static int count_file(const char *path, const struct stat *info, int kind, struct FTW *walk) {
    (void)path;
    (void)info;
    (void)walk;
    if (kind == FTW_F) files_seen++;
    return 0;
}

static void check_store(struct look *look) {
    must(look, blob_walk(&look->cx, look->blobs, NO_TEXT, count_object, look));
    must(look, blob_walk_stages(&look->cx, look->blobs, count_stage, look));
    files_seen = 0;
    (void)nftw(look->place->storage, count_file, 16, FTW_PHYS);
    if (look->found != look->expected)
        wrong(look, "%d objects, but the rows name %d", look->found, look->expected);
    if (files_seen != look->expected)
        wrong(look, "%d files, but the rows name %d", files_seen, look->expected);
}

/* How many videos have this title. */
static int count_title(const list *videos, const char *title) {
    const struct video_row *all = videos->at;
    int count = 0;
    for (size_t i = 0; i < videos->len; i++) count += text_is(all[i].title, title);
    return count;
}

static void check_uploads(struct look *look, const list *videos, const struct fault_upload *uploads,
                          size_t count) {
    size_t known = 0;
    for (size_t i = 0; i < count; i++) {
        int videos_of = count_title(videos, uploads[i].title);
        known += (size_t)videos_of;
        if (uploads[i].outcome == FAULT_ACKNOWLEDGED && videos_of != 1)
            wrong(look, "\"%s\" was acknowledged and is there %d times", uploads[i].title,
                  videos_of);
        if (videos_of > 1) wrong(look, "\"%s\" is there %d times", uploads[i].title, videos_of);
    }
    if (known != videos->len)
        wrong(look, "%zu videos are there, %zu of them ours", videos->len, known);
}

int fault_check(const struct fault_place *place, const struct fault_upload *uploads, size_t count,
                bool loud) {
    struct look look;
    list videos;
    look_open(&look, place);
    look.loud = loud;
    must(&look, db_list(&look.cx, look.db, &sql_fault_videos, DB_NO_ARGS, &video_schema, &videos));
    check_uploads(&look, &videos, uploads, count);
    check_videos(&look, &videos);
    check_files(&look);
    check_leftovers(&look);
    check_store(&look);
    look_close(&look);
    return look.wrong;
}
