/* video_record.c: the field tables of videos: what rows, replies and requests hold.
 *
 * Owns nothing: constant data. Threads: constant data. */
#include "features/videos/video.h"

static const char *const visibilities[] = {"public", "unlisted", "private", NULL};
static const char *const statuses[] = {"uploading", "processing", "ready", "failed", NULL};
static const char *const stages[] = {"uploading", "queued", "probing", "encoding",
                                     "storing",   "ready",  "failed",  NULL};
static const char *const kinds[] = {"video", "audio", NULL};

static const struct field owner_fields[] = {
    FIELD(struct video_owner, id, .flags = REQUIRED, .doc = "The account's id."),
    FIELD(struct video_owner, display_name, .flags = REQUIRED, .doc = "The name shown."),
};
static const struct schema owner_schema =
    SCHEMA("Owner", struct video_owner, owner_fields, "Who uploaded a video.");

static const struct field stage_fields[] = {
    FIELD(struct video_stage, stage, .flags = REQUIRED, .choices = stages,
          .doc = "What is being done."),
    FIELD(struct video_stage, percent, .flags = REQUIRED, .min = 0, .max = 100,
          .doc = "How much of it."),
};
static const struct schema stage_schema =
    SCHEMA("VideoProgress", struct video_stage, stage_fields, "How far a video is.");

static const struct field playback_fields[] = {
    FIELD(struct video_playback, hls,
          .doc = "Multivariant HLS playlist, relative to the origin; signed when private."),
    FIELD(struct video_playback, expires_at_ms, .doc = "When the signature lapses."),
};
static const struct schema playback_schema =
    SCHEMA("Playback", struct video_playback, playback_fields, "Where to play a video.");

static const struct field rendition_fields[] = {
    FIELD(struct video_rendition, name, .flags = REQUIRED, .doc = "Such as 720p, or audio."),
    FIELD(struct video_rendition, kind, .flags = REQUIRED, .choices = kinds,
          .doc = "Whether it shows a picture."),
    FIELD(struct video_rendition, width, .flags = REQUIRED, .doc = "Pixels; 0 for audio."),
    FIELD(struct video_rendition, height, .flags = REQUIRED, .doc = "Pixels; 0 for audio."),
    FIELD(struct video_rendition, frame_rate, .flags = REQUIRED,
          .doc = "Frames a second; 0 for audio."),
    FIELD(struct video_rendition, bandwidth_bps, .flags = REQUIRED, .doc = "Peak bit rate."),
    FIELD(struct video_rendition, average_bandwidth_bps, .flags = REQUIRED,
          .doc = "Average bit rate."),
    FIELD(struct video_rendition, codecs, .flags = REQUIRED, .doc = "As RFC 6381 spells it."),
    FIELD(struct video_rendition, size_bytes, .flags = REQUIRED, .doc = "Size of its file."),
    FIELD(struct video_rendition, video_id, .flags = HIDDEN),
    FIELD(struct video_rendition, position, .flags = HIDDEN),
};
const struct schema video_rendition_schema =
    SCHEMA("Rendition", struct video_rendition, rendition_fields, "One playable version.");

static const struct field video_fields[] = {
    FIELD(struct video, id, .flags = REQUIRED, .format = "id", .doc = "11 URL-safe characters."),
    FIELD(struct video, title, .flags = REQUIRED, .doc = "Shown to viewers."),
    FIELD(struct video, description, .flags = REQUIRED, .doc = "Shown below the film."),
    FIELD(struct video, visibility, .flags = REQUIRED, .choices = visibilities,
          .doc = "Who may watch: all, all who have the address, or the owner."),
    FIELD(struct video, status, .flags = REQUIRED, .choices = statuses, .doc = "How far it is."),
    FIELD(struct video, playable, .doc = "Whether it can be watched now."),
    FIELD(struct video, error, .doc = "Why it failed, for people."),
    FIELD(struct video, duration_ms, .doc = "Length."),
    FIELD(struct video, width, .doc = "Of the largest rendition."),
    FIELD(struct video, height, .doc = "Of the largest rendition."),
    FIELD(struct video, size_bytes, .flags = REQUIRED, .doc = "Of the file as uploaded."),
    FIELD(struct video, created_at_ms, .flags = REQUIRED, .doc = "When the upload began."),
    FIELD(struct video, published_at_ms, .doc = "When it first became playable."),
    FIELD_OBJECT_OF(struct video, owner, owner_schema, .doc = "Who uploaded it."),
    FIELD(struct video, thumbnail, .doc = "A still, relative to the origin; signed when private."),
    FIELD_MAYBE_OBJECT_OF(struct video, progress, stage_schema,
                          .doc = "How far it is; null when there's nothing left to do."),
    FIELD_LIST_OF(struct video, renditions, video_rendition_schema,
                  .doc = "The largest picture first, audio last."),
    FIELD_OBJECT_OF(struct video, playback, playback_schema, .doc = "Where to play it."),
    FIELD(struct video, owner_id, .flags = HIDDEN),
    FIELD(struct video, owner_name, .flags = HIDDEN),
    FIELD(struct video, source_name, .flags = HIDDEN),
    FIELD(struct video, render, .flags = HIDDEN),
    FIELD(struct video, has_thumbnail, .flags = HIDDEN),
    FIELD(struct video, progress_stage, .flags = HIDDEN),
    FIELD(struct video, progress_message, .flags = HIDDEN),
    FIELD(struct video, progress_percent, .flags = HIDDEN),
    FIELD(struct video, progress_eta_ms, .flags = HIDDEN),
    FIELD(struct video, progress_at_ms, .flags = HIDDEN),
};
const struct schema video_schema = SCHEMA("Video", struct video, video_fields, "A film.");

static const struct field new_fields[] = {
    FIELD(struct video_new, title, .max = VIDEO_TITLE_CAP,
          .doc = "Shown to viewers; left out: made from the file's name."),
    FIELD(struct video_new, description, .max = VIDEO_DESCRIPTION_CAP,
          .doc = "Shown below the film."),
    FIELD(struct video_new, visibility, .choices = visibilities,
          .doc = "Who may watch; left out: public."),
};
const struct schema video_new_schema =
    SCHEMA("VideoNew", struct video_new, new_fields, "What is said of a new film.");

static const struct field id_fields[] = {
    FIELD(struct video_id, id, .flags = REQUIRED, .max = 64, .doc = "The video's id."),
};
const struct schema video_id_schema =
    SCHEMA("VideoId", struct video_id, id_fields, "Names a video.");

static const struct field query_fields[] = {
    FIELD(struct video_query, limit, .min = 1, .max = 100, .doc = "Videos a page; else 24."),
    FIELD(struct video_query, cursor, .max = 200, .doc = "next_cursor of the page before."),
    FIELD(struct video_query, owner, .max = 64, .doc = "me, or a user's id."),
};
const struct schema video_query_schema =
    SCHEMA("VideoQuery", struct video_query, query_fields, "Which videos to list.");

static const struct field page_fields[] = {
    FIELD_LIST_OF(struct video_page, items, video_schema, .doc = "Newest first."),
    FIELD(struct video_page, next_cursor, .doc = "Leads to the next page; null on the last."),
};
const struct schema video_page_schema =
    SCHEMA("VideoPage", struct video_page, page_fields, "A page of videos.");

static const struct field progress_fields[] = {
    FIELD(struct video_progress, video_id, .flags = REQUIRED, .doc = "Which video."),
    FIELD(struct video_progress, status, .flags = REQUIRED, .choices = statuses,
          .doc = "As in the video."),
    FIELD(struct video_progress, playable, .doc = "Whether it can be watched now."),
    FIELD(struct video_progress, stage, .flags = REQUIRED, .choices = stages,
          .doc = "What is being done."),
    FIELD(struct video_progress, percent, .flags = REQUIRED, .min = 0, .max = 100,
          .doc = "How much of the stage."),
    FIELD(struct video_progress, message, .flags = REQUIRED, .doc = "A sentence for people."),
    FIELD(struct video_progress, eta_ms, .doc = "Time left, if known."),
    FIELD(struct video_progress, error, .doc = "Why it failed."),
    FIELD(struct video_progress, updated_at_ms, .flags = REQUIRED, .doc = "When this was so."),
};
const struct schema video_progress_schema =
    SCHEMA("Progress", struct video_progress, progress_fields, "How far a video is, as an event.");
