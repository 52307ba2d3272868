/* video.h: what a video is, who may see or change it, and how its row moves from upload to
 * ready.
 *
 * Owns: the tables videos, video_files, renders and blob_trash, and the objects under
 * videos/source/ and videos/processed/. A status moves only forward: uploading → processing →
 * ready or failed; a new submission leads back to processing. Rows and what lies in the blob
 * store change in an order that leaves no orphan after a crash at any instant (README.md).
 * Threads: any; every function is a short transaction or works on its arguments only. */
#ifndef FEATURES_VIDEOS_VIDEO_H
#define FEATURES_VIDEOS_VIDEO_H

#include "api/call.h"
#include "api/route.h"
#include "features/job_kind.h"
#include "features/services.h"
#include "store/db/db.h"

#include <stdbool.h>
#include <stdint.h>

/** Limits and sizes. */
enum {
    VIDEO_TITLE_CAP = 200,        /**< Code points of a title. */
    VIDEO_DESCRIPTION_CAP = 5000, /**< Code points of a description. */
    VIDEO_KEY_BYTES = 200,        /**< Room for any object key of a video, with its NUL. */
};

/** Who uploaded it. */
struct video_owner {
    text id;
    text display_name;
};

/** One playable version of a film, as it lies in table video_files. */
struct video_rendition {
    text name;                     /**< "720p", "audio". */
    text kind;                     /**< "video" or "audio". */
    int64_t width, height;         /**< Pixels; 0 for audio. */
    double frame_rate;             /**< Frames a second; 0 for audio. */
    int64_t bandwidth_bps;         /**< Peak over any segment, RFC 8216 §4.3.4.2. */
    int64_t average_bandwidth_bps; /**< Over the whole film. */
    text codecs;                   /**< RFC 6381, such as "avc1.640028". */
    int64_t size_bytes;            /**< Of its file. */
    text video_id;                 /**< Hidden. */
    int64_t position;              /**< Hidden: order in lists, largest picture first. */
};

/** How far a video is, short form within the video itself. */
struct video_stage {
    text stage;
    int64_t percent;
};

/** Where to play it. */
struct video_playback {
    text hls;              /**< Origin-relative, signed when private; absent until playable. */
    int64_t expires_at_ms; /**< When the signature lapses; absent for others. */
};

/** A video as the API tells it, and the columns behind it. */
struct video {
    text id, title, description, visibility, status;
    bool playable;
    text error;
    int64_t duration_ms, width, height, size_bytes, created_at_ms, published_at_ms;
    struct video_owner owner;
    text thumbnail;
    struct video_stage *progress;
    list renditions;
    struct video_playback playback;
    text owner_id, owner_name;                /**< Hidden. */
    text source_name;                         /**< Hidden: file name as sent; shown, never used. */
    text render;                              /**< Hidden: the run whose objects are played. */
    bool has_thumbnail;                       /**< Hidden. */
    text progress_stage, progress_message;    /**< Hidden: last state written to the row. */
    int64_t progress_percent, progress_eta_ms, progress_at_ms; /**< Hidden. */
};
extern const struct schema video_schema;
extern const struct schema video_rendition_schema;

/** What a client says of a new film; absent members take defaults (video_new_prepare). */
struct video_new {
    text title, description, visibility;
};
extern const struct schema video_new_schema;

/** What identifies a video in a path. */
struct video_id {
    text id;
};
extern const struct schema video_id_schema;

/** True when the actor may know that the video exists: it is not private, or is theirs, or they
 *  moderate. */
bool video_may_see(const struct video *video, const struct actor *actor);

/** True when the actor may change or delete it: the owner and moderators. */
bool video_may_change(const struct video *video, const struct actor *actor);

/** The video with its renditions and the addresses to play it. NOT_FOUND (with a sentence) when
 *  there is none or the actor may not see it. A NULL actor may see all. */
status video_find(struct ctx *cx, struct services *services, const struct actor *actor, text id,
                  struct video *out) CHECKED;

/** Like video_find, and DENIED when the actor may see but not change it. */
status video_find_for_change(struct ctx *cx, struct services *services, const struct actor *actor,
                             text id, struct video *out) CHECKED;

/** Fills the API's nested members (owner, addresses, progress) from the row's columns. */
status video_complete(struct ctx *cx, struct services *services, struct video *video) CHECKED;

/** Deletes row, renditions, unfinished jobs and, after the commit, all objects. NOT_FOUND when
 *  gone. */
status video_delete(struct ctx *cx, struct services *services, text id) CHECKED;

/** What playing needs to know of a video, kept in memory for some seconds so that a segment
 *  costs no query. */
struct video_access {
    text visibility, owner_id;
    text render;        /**< Absent: not playable. */
    bool has_thumbnail;
};

/** NOT_FOUND when there is no such video. May be some seconds old in other processes than the
 *  one that changed it. */
status video_access_of(struct ctx *cx, struct services *services, text id,
                       struct video_access *out) CHECKED;

/** Forgets what is kept; after each committed change of the above. */
void video_access_forget(struct services *services, text id);

/** A page of videos, newest first. */
struct video_query {
    int64_t limit; /**< 1 to 100; absent = 24. */
    text cursor;   /**< From the page before, or absent. */
    text owner;    /**< "me", a user's id, or absent. */
};
extern const struct schema video_query_schema;
struct video_page {
    list items;
    text next_cursor;
};
extern const struct schema video_page_schema;

/** Without owner: public and playable ones of all; of oneself (or for moderators): all of that
 *  owner. INVALID: a cursor we did not make. DENIED: "me" of nobody. */
status video_list(struct ctx *cx, struct services *services, const struct actor *actor,
                  const struct video_query *query, struct video_page *out) CHECKED;

/** A place in a list ordered by time and id, as opaque text. Reading: INVALID for anything we
 *  did not write; an absent cursor is the place before the newest. Texts live in the arena. */
status video_cursor_write(struct ctx *cx, int64_t time_ms, text id, text *out) CHECKED;
status video_cursor_read(struct ctx *cx, text cursor, int64_t *out_time_ms, text *out_id) CHECKED;

/** Object keys and names, written into the buffer and returned as text over it. */
text video_source_key(text id, char buffer[VIDEO_KEY_BYTES]);
text video_processed_key(text id, text render, text file, char buffer[VIDEO_KEY_BYTES]);
text video_upload_stage(text id, char buffer[VIDEO_KEY_BYTES]);

/** The path all playback addresses of a video begin with ("/media/ID/"), which is also what a
 *  signature covers. */
status video_media_scope(struct ctx *cx, text id, text *out) CHECKED;

/* ---- Rows, for the features that bring a video along; each inside the caller's transaction
 * ---- */

/** Trims what the client said and fills what it left out: the title from the file name, visibility
 *  public. INVALID as video_new_schema says. */
status video_new_prepare(struct ctx *cx, text file_name, struct video_new *record) CHECKED;

/** Forms send line breaks as CR LF; here a line ends with LF. */
status video_unify_lines(struct ctx *cx, text words, text *out) CHECKED;

/** A new row with status uploading; the size counts against the owner's quota from now on.
 *  QUOTA when it does not fit. */
struct video_add {
    text id, owner_id, file_name;
    const struct video_new *record;
    int64_t size_bytes; /**< Declared, or 0 when not known yet. */
    int64_t quota_bytes; /**< 0 = none. */
    int64_t now_ms;
};
status video_add(struct ctx *cx, struct db_tx *tx, const struct video_add *what) CHECKED;

/** Sets title, description and visibility (those present in `record`). NOT_FOUND when it is
 *  gone. */
status video_describe(struct ctx *cx, struct db_tx *tx, text id,
                      const struct video_new *record) CHECKED;

/** uploading → processing with the true size. CONFLICT when it is not uploading (any more);
 *  QUOTA. */
status video_received(struct ctx *cx, struct db_tx *tx, text id, int64_t size_bytes,
                      int64_t quota_bytes) CHECKED;

/** ready or failed → processing, for a new submission. CONFLICT otherwise. */
status video_resubmit(struct ctx *cx, struct db_tx *tx, text id) CHECKED;

/** Deletes the row of an unfinished upload and lists its stage as trash. CONFLICT when not
 *  uploading. */
status video_abandon(struct ctx *cx, struct db_tx *tx, text id) CHECKED;

/** What a finished run of the worker brings. */
struct video_result {
    text id, render;
    int64_t duration_ms, width, height;
    bool has_thumbnail;
    const struct video_rendition *renditions; /**< In order of `position`. */
    size_t rendition_count;
};

/** processing → ready with these renditions; the run's objects become the video's, those of an
 *  earlier run trash. CONFLICT when it is not processing. */
status video_ready(struct ctx *cx, struct db_tx *tx, const struct video_result *result) CHECKED;

/** processing → failed with a sentence for people; a video that was playable before stays ready. */
status video_failed(struct ctx *cx, struct db_tx *tx, text id, text error) CHECKED;

/* ---- Runs: who is making objects for a video right now ---- */

/** Notes that a run of a worker begins to make objects, so that they are known before they
 *  exist. */
status video_render_begin(struct ctx *cx, struct services *services, text id, text render,
                          int64_t alive_ms) CHECKED;

/** Keeps the run from being swept for another `alive_ms`. */
status video_render_alive(struct ctx *cx, struct services *services, text render,
                          int64_t alive_ms) CHECKED;

/** Deletes objects and stages of the video's other runs (dead attempts), or of this one. */
status video_render_sweep_others(struct ctx *cx, struct services *services, text id,
                                 text render) CHECKED;
status video_render_sweep(struct ctx *cx, struct services *services, text id, text render) CHECKED;

/** The prefix of a run's stage names: "render-RUN-". */
text video_render_stage(text render, text file, char buffer[VIDEO_KEY_BYTES]);

/* ---- Trash: objects whose rows are gone ---- */

/** What a name in the trash names. */
enum video_trash_kind {
    VIDEO_TRASH_OBJECT, /**< One object. */
    VIDEO_TRASH_FOLDER, /**< All objects whose key begins with the name, which ends in '/'. */
    VIDEO_TRASH_STAGE,  /**< One stage. */
};

/** Lists it as trash inside the transaction that makes it worthless. */
status video_trash_add(struct ctx *cx, struct db_tx *tx, enum video_trash_kind kind,
                       text name) CHECKED;

/** Deletes what is listed, then the list's rows. Safe to repeat and to run twice at once. */
status video_trash_empty(struct ctx *cx, struct services *services) CHECKED;

/** Both run by themselves: trash and dead runs every few seconds, a full comparison of store and
 *  rows at start and every few hours. */
extern const struct tick video_trash_tick;
extern const struct tick video_audit_tick;

/* ---- Progress ---- */

/** How far a video is. */
struct video_progress {
    text video_id, status;
    bool playable;
    text stage;         /**< "uploading", "queued", "probing", "encoding", "storing", "ready" or
                             "failed". */
    int64_t percent;    /**< 0 to 100. */
    text message;       /**< A sentence for people. */
    int64_t eta_ms;     /**< Time left, or absent. */
    text error;         /**< Sentence when failed, or absent. */
    int64_t updated_at_ms;
};
extern const struct schema video_progress_schema;

/** Tells listeners, and late ones for 24 h (cache key progress:{id}; topics video:progress:{id}
 *  and video:progress:all). Sets `updated_at_ms` when it is 0. Never fails: listeners can do
 *  without. */
void video_progress_publish(struct services *services, struct video_progress *progress);

/** Writes the state to the row, so that other processes and later days know it. */
status video_progress_store(struct ctx *cx, struct services *services,
                            const struct video_progress *progress) CHECKED;

/** The state that the row tells. */
void video_progress_of(const struct video *video, struct video_progress *out);

/** Rows whose state changed after `since_ms`, oldest first, at most 500: list of struct video
 *  without renditions. */
status video_progress_since(struct ctx *cx, struct services *services, int64_t since_ms,
                            list *out) CHECKED;

/** Unfinished ones that the actor may see, newest first, at most 200: list of struct video. */
status video_progress_open(struct ctx *cx, struct services *services, const struct actor *actor,
                           list *out) CHECKED;

/** The routes of videos but for their uploading. */
extern const struct route_table video_routes;

#endif
