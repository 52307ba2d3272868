/* books.c: see books.h. */
#include "books.h"

#include "base/random.h"
#include "books_sql.h"
#include "migrations/migrations.h"
#include "store/blob/blob.h"
#include "store/bus/bus.h"
#include "store/cache/cache.h"
#include "store/queue/queue.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct house house;

static const struct field books_fields[] = {
    FIELD(struct books, videos), FIELD(struct books, jobs),    FIELD(struct books, uploads),
    FIELD(struct books, files),  FIELD(struct books, renders), FIELD(struct books, trash),
};
static const struct schema books_schema = SCHEMA("Books", struct books, books_fields, "");

static status open_parts(struct ctx *cx, struct services *services) {
    text url = NO_TEXT;
    TRY(text_format(cx->arena, &url, "file:%s", house.folder));
    TRY(blob_open(cx, url.at, &services->blobs));
    TRY(queue_open(cx, services->db, &services->queue));
    TRY(cache_open(cx, 1 << 20, &services->cache));
    TRY(bus_open(cx, &services->bus));
    TRY(db_run(cx, services->db, &sql_books_add_user, DB_ARGS("ann", "ann@x.org", "Ann"), NULL));
    return db_run(cx, services->db, &sql_books_add_user, DB_ARGS("ben", "ben@x.org", "Ben"), NULL);
}

int house_open(void **state) {
    if (random_open() != OK || db_fixture_open(state) != 0) return -1;
    const char *top = getenv("TMPDIR");
    house = (struct house){.fixture = *state};
    house.cx = &house.fixture->cx;
    (void)snprintf(house.folder, sizeof house.folder, "%s/matinee-books-XXXXXX",
                   top ? top : "/tmp");
    if (!mkdtemp(house.folder)) return -1;
    house.services.db = house.fixture->db;
    house.services.settings = (struct settings){.url_key = TEXT("0123456789abcdef0123456789abcdef"),
                                                .max_file_size_bytes = 1 << 20,
                                                .upload_lifetime_ms = 3600 * 1000,
                                                .signed_url_lifetime_ms = 3600 * 1000};
    return open_parts(house.cx, &house.services) == OK ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *entry, int kind, struct FTW *at) {
    (void)entry;
    (void)kind;
    (void)at;
    return remove(path);
}

int house_close(void **state) {
    queue_close(house.services.queue);
    bus_close(house.services.bus);
    cache_close(house.services.cache);
    blob_close(house.services.blobs);
    (void)nftw(house.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return db_fixture_close(state);
}

struct books books_of(text id) {
    struct books books = {0};
    assert_ok(house.cx, db_get(house.cx, house.services.db, &sql_books_count, DB_ARGS(id),
                               &books_schema, &books));
    return books;
}

struct upload house_upload(int64_t length_bytes) {
    struct upload upload;
    const struct upload_new what = {.owner_id = TEXT("ann"),
                                    .protocol = TEXT("tus"),
                                    .file_name = TEXT("film.mp4"),
                                    .length_bytes = length_bytes};
    assert_ok(house.cx, upload_create(house.cx, &house.services, &what, &upload));
    return upload;
}

void house_receive(const struct upload *upload, int64_t bytes) {
    struct upload_intake *intake = NULL;
    char piece[1000];
    memset(piece, 'f', sizeof piece);
    assert_ok(house.cx, upload_intake_open(house.cx, &house.services, upload, &intake));
    while (bytes > 0) {
        size_t size = bytes < (int64_t)sizeof piece ? (size_t)bytes : sizeof piece;
        assert_ok(house.cx, upload_intake_append(house.cx, intake, piece, size));
        bytes -= (int64_t)size;
    }
    upload_intake_close(intake);
}

bool house_has(text key) {
    struct blob_info info;
    status found = blob_stat(house.cx, house.services.blobs, key, &info);
    ctx_clear(house.cx);
    return found == OK;
}

struct search {
    text name;
    bool found;
};

static status look(struct ctx *cx, text name, const struct blob_info *info, void *argument) {
    struct search *search = argument;
    (void)cx;
    (void)info;
    if (text_equal(name, search->name)) search->found = true;
    return OK;
}

bool house_has_stage(text name) {
    struct search search = {name, false};
    assert_ok(house.cx, blob_walk_stages(house.cx, house.services.blobs, look, &search));
    return search.found;
}

struct video house_video(text id) {
    struct video video;
    assert_ok(house.cx, video_find(house.cx, &house.services, NULL, id, &video));
    return video;
}

text house_processing(void) {
    struct upload upload = house_upload(500);
    struct upload_intake *intake = NULL;
    char bytes[500];
    memset(bytes, 'f', sizeof bytes);
    assert_ok(house.cx, upload_intake_open(house.cx, &house.services, &upload, &intake));
    assert_ok(house.cx, upload_intake_append(house.cx, intake, bytes, sizeof bytes));
    assert_ok(house.cx, upload_intake_finish(house.cx, intake));
    upload_intake_close(intake);
    return upload.id;
}

static status publish_work(struct ctx *cx, struct db_tx *tx, void *argument) {
    return video_ready(cx, tx, argument);
}

status house_publish(text id, const char *run) {
    char key[VIDEO_KEY_BYTES];
    struct video_rendition one = {.name = TEXT("144p"), .kind = TEXT("video"), .width = 256,
                                  .height = 144, .frame_rate = 25.5, .bandwidth_bps = 2,
                                  .average_bandwidth_bps = 1, .codecs = TEXT("avc1.42c00c"),
                                  .size_bytes = 3};
    struct video_result result = {.id = id, .render = text_of(run), .duration_ms = 1000,
                                  .width = 256, .height = 144, .renditions = &one,
                                  .rendition_count = 1};
    assert_ok(house.cx, video_render_begin(house.cx, &house.services, id, text_of(run), 60000));
    assert_ok(house.cx,
              blob_put(house.cx, house.services.blobs,
                       video_processed_key(id, text_of(run), TEXT("144p.mp4"), key), "abc", 3));
    return db_write(house.cx, house.services.db, publish_work, &result);
}

void house_tick(const struct tick *tick) {
    assert_ok(house.cx, tick->run(house.cx, &house.services));
}
