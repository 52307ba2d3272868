/* books.h: a small house for the tests of videos and uploads: database, store, queue, cache, bus.
 *
 * Owns: all of it, and the store's temporary folder, for one test. Threads: one, but where a test
 * says so. */
#ifndef TESTS_UNIT_VIDEOS_BOOKS_H
#define TESTS_UNIT_VIDEOS_BOOKS_H

#include "db_fixture.h"

#include "features/uploads/upload_intake.h"
#include "features/uploads/upload_rows.h"
#include "features/videos/video.h"

/** The house of the test that runs. */
struct house {
    struct db_fixture *fixture;
    struct ctx *cx;
    struct services services;
    char folder[256];
};
extern struct house house;

/** Set-up and tear-down; the users "ann" and "ben" exist. */
int house_open(void **state);
int house_close(void **state);

#define HOUSE_TEST(test) cmocka_unit_test_setup_teardown(test, house_open, house_close)

/** How many rows know of a video. */
struct books {
    int64_t videos, jobs, uploads, files, renders, trash;
};
struct books books_of(text id);

/** A new tus upload of ann's. */
struct upload house_upload(int64_t length_bytes);

/** Appends so many bytes to it and lets go, as a process that is killed then would have. */
void house_receive(const struct upload *upload, int64_t bytes);

/** Whether an object, or a stage, is there. */
bool house_has(text key);
bool house_has_stage(text name);

/** The video as its row tells it. */
struct video house_video(text id);

/** Brings a new video to processing; its id. */
text house_processing(void);

/** Publishes a run with one rendition whose objects it puts first; the status of the
 *  transaction. */
status house_publish(text id, const char *run);

/** Runs a tick. */
void house_tick(const struct tick *tick);

#endif
