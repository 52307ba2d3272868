-- Rows of videos and what belongs to them. Readers get the owner's name with the row.

-- :name video_by_id :one
SELECT v.id, v.title, v.description, v.visibility, v.status, v.playable, v.error, v.duration_ms,
       v.width, v.height, v.size_bytes, v.created_at_ms, v.published_at_ms, v.owner_id,
       u.display_name AS owner_name, v.source_name, v.render, v.has_thumbnail, v.progress_stage,
       v.progress_message, v.progress_percent, v.progress_eta_ms, v.progress_at_ms
FROM videos v JOIN users u ON u.id = v.owner_id
WHERE v.id = $1;

-- :name video_list_published :many
-- What everybody may see, newest first, behind the place ($1, $2).
SELECT v.id, v.title, v.description, v.visibility, v.status, v.playable, v.error, v.duration_ms,
       v.width, v.height, v.size_bytes, v.created_at_ms, v.published_at_ms, v.owner_id,
       u.display_name AS owner_name, v.source_name, v.render, v.has_thumbnail, v.progress_stage,
       v.progress_message, v.progress_percent, v.progress_eta_ms, v.progress_at_ms
FROM videos v JOIN users u ON u.id = v.owner_id
WHERE v.visibility = 'public' AND v.playable = 1 AND (v.published_at_ms, v.id) < ($1, $2)
ORDER BY v.published_at_ms DESC, v.id DESC
LIMIT $3;

-- :name video_list_published_of_owner :many
-- The same of one owner, $4.
SELECT v.id, v.title, v.description, v.visibility, v.status, v.playable, v.error, v.duration_ms,
       v.width, v.height, v.size_bytes, v.created_at_ms, v.published_at_ms, v.owner_id,
       u.display_name AS owner_name, v.source_name, v.render, v.has_thumbnail, v.progress_stage,
       v.progress_message, v.progress_percent, v.progress_eta_ms, v.progress_at_ms
FROM videos v JOIN users u ON u.id = v.owner_id
WHERE v.owner_id = $4 AND v.visibility = 'public' AND v.playable = 1
  AND (v.published_at_ms, v.id) < ($1, $2)
ORDER BY v.published_at_ms DESC, v.id DESC
LIMIT $3;

-- :name video_list_of_owner :many
-- All of one owner, $4, newest first by creation, whatever became of them.
SELECT v.id, v.title, v.description, v.visibility, v.status, v.playable, v.error, v.duration_ms,
       v.width, v.height, v.size_bytes, v.created_at_ms, v.published_at_ms, v.owner_id,
       u.display_name AS owner_name, v.source_name, v.render, v.has_thumbnail, v.progress_stage,
       v.progress_message, v.progress_percent, v.progress_eta_ms, v.progress_at_ms
FROM videos v JOIN users u ON u.id = v.owner_id
WHERE v.owner_id = $4 AND (v.created_at_ms, v.id) < ($1, $2)
ORDER BY v.created_at_ms DESC, v.id DESC
LIMIT $3;

-- :name video_list_moved :many
-- Those whose state changed after $1, oldest change first.
SELECT v.id, v.title, v.description, v.visibility, v.status, v.playable, v.error, v.duration_ms,
       v.width, v.height, v.size_bytes, v.created_at_ms, v.published_at_ms, v.owner_id,
       u.display_name AS owner_name, v.source_name, v.render, v.has_thumbnail, v.progress_stage,
       v.progress_message, v.progress_percent, v.progress_eta_ms, v.progress_at_ms
FROM videos v JOIN users u ON u.id = v.owner_id
WHERE v.progress_at_ms > $1
ORDER BY v.progress_at_ms
LIMIT 500;

-- :name video_list_unfinished :many
-- Those under way that user $1 may see: their own and public ones, or all when $2 is 1.
SELECT v.id, v.title, v.description, v.visibility, v.status, v.playable, v.error, v.duration_ms,
       v.width, v.height, v.size_bytes, v.created_at_ms, v.published_at_ms, v.owner_id,
       u.display_name AS owner_name, v.source_name, v.render, v.has_thumbnail, v.progress_stage,
       v.progress_message, v.progress_percent, v.progress_eta_ms, v.progress_at_ms
FROM videos v JOIN users u ON u.id = v.owner_id
WHERE v.status IN ('uploading', 'processing')
  AND (v.visibility = 'public' OR v.owner_id = $1 OR CAST($2 AS BIGINT) = 1)
ORDER BY v.created_at_ms DESC
LIMIT 200;

-- :name video_files_of :many
-- The renditions of one video, largest picture first.
SELECT name, kind, width, height, frame_rate, bandwidth_bps, average_bandwidth_bps, codecs,
       size_bytes, video_id, position
FROM video_files WHERE video_id = $1 ORDER BY position;

-- :name video_files_of_many :many @sqlite
-- The renditions of the videos in the JSON array $1.
SELECT name, kind, width, height, frame_rate, bandwidth_bps, average_bandwidth_bps, codecs,
       size_bytes, video_id, position
FROM video_files WHERE video_id IN (SELECT value FROM json_each($1)) ORDER BY video_id, position;

-- :name video_files_of_many :many @postgres
SELECT name, kind, width, height, frame_rate, bandwidth_bps, average_bandwidth_bps, codecs,
       size_bytes, video_id, position
FROM video_files WHERE video_id IN (SELECT jsonb_array_elements_text(CAST($1 AS jsonb)))
ORDER BY video_id, position;

-- :name video_usage_of_owner :one
-- Bytes of sources that count against an owner's quota, without video $2.
SELECT CAST(COALESCE(SUM(size_bytes), 0) AS BIGINT) AS used_bytes
FROM videos WHERE owner_id = $1 AND id <> $2;

-- :name video_owner_of :one
SELECT owner_id FROM videos WHERE id = $1;

-- :name video_insert :exec
INSERT INTO videos (id, owner_id, title, description, visibility, status, source_name, size_bytes,
                    progress_stage, progress_message, progress_at_ms, created_at_ms, updated_at_ms)
VALUES ($1, $2, $3, $4, $5, 'uploading', $6, $7, 'uploading', $8, $9, $9, $9);

-- :name video_set_words :exec
UPDATE videos SET title = COALESCE($2, title), description = COALESCE($3, description),
                  visibility = COALESCE($4, visibility), updated_at_ms = $5
WHERE id = $1;

-- :name video_set_received :exec
UPDATE videos SET status = 'processing', size_bytes = $2, progress_stage = 'queued',
                  progress_percent = 0, progress_message = $3, progress_eta_ms = NULL,
                  progress_at_ms = $4, updated_at_ms = $4
WHERE id = $1 AND status = 'uploading';

-- :name video_set_resubmitted :exec
UPDATE videos SET status = 'processing', error = NULL, progress_stage = 'queued',
                  progress_percent = 0, progress_message = $2, progress_eta_ms = NULL,
                  progress_at_ms = $3, updated_at_ms = $3
WHERE id = $1 AND status IN ('ready', 'failed');

-- :name video_set_ready :exec
UPDATE videos SET status = 'ready', playable = 1, error = NULL, render = $2, duration_ms = $3,
                  width = $4, height = $5, has_thumbnail = $6, progress_stage = 'ready',
                  progress_percent = 100, progress_message = $7, progress_eta_ms = NULL,
                  progress_at_ms = $8, updated_at_ms = $8,
                  published_at_ms = COALESCE(published_at_ms, $8)
WHERE id = $1 AND status = 'processing';

-- :name video_set_failed :exec
-- A video that plays already keeps playing what an earlier run made.
UPDATE videos SET status = CASE WHEN playable = 1 THEN 'ready' ELSE 'failed' END,
                  error = CASE WHEN playable = 1 THEN NULL ELSE $2 END,
                  progress_stage = CASE WHEN playable = 1 THEN 'ready' ELSE 'failed' END,
                  progress_message = $2, progress_eta_ms = NULL, progress_at_ms = $3,
                  updated_at_ms = $3
WHERE id = $1 AND status = 'processing';

-- :name video_set_progress :exec
-- Only forward in time, and never over a final state.
UPDATE videos SET progress_stage = $2, progress_percent = $3, progress_message = $4,
                  progress_eta_ms = $5, progress_at_ms = $6
WHERE id = $1 AND status IN ('uploading', 'processing') AND progress_at_ms < $6;

-- :name video_render_of :one
SELECT render FROM videos WHERE id = $1;

-- :name video_delete_row :exec
DELETE FROM videos WHERE id = $1;

-- :name video_delete_unfinished :exec
DELETE FROM videos WHERE id = $1 AND status = 'uploading';

-- :name video_files_delete :exec
DELETE FROM video_files WHERE video_id = $1;

-- :name video_file_insert :exec
INSERT INTO video_files (video_id, name, kind, position, width, height, frame_rate, bandwidth_bps,
                         average_bandwidth_bps, codecs, size_bytes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);
