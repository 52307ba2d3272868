-- What is known of objects in the blob store: runs under way, and trash.

-- :name render_insert :exec
INSERT INTO renders (render, video_id, alive_until_ms) VALUES ($1, $2, $3);

-- :name render_set_alive :exec
UPDATE renders SET alive_until_ms = $2 WHERE render = $1;

-- :name render_delete :exec
DELETE FROM renders WHERE render = $1;

-- :name render_list_others :many
-- The runs of a video but one.
SELECT render, video_id FROM renders WHERE video_id = $1 AND render <> $2;

-- :name render_list_dead :many
SELECT render, video_id FROM renders WHERE alive_until_ms < $1 LIMIT 100;

-- :name render_known :one
-- Whether a run is under way or is the one that video $2 plays.
SELECT render FROM renders WHERE render = $1 AND video_id = $2
UNION SELECT render FROM videos WHERE render = $1 AND id = $2;

-- :name render_played :one
SELECT render FROM videos WHERE render = $1 AND id = $2;

-- :name trash_insert :exec
INSERT INTO blob_trash (kind, name, created_at_ms) VALUES ($1, $2, $3)
ON CONFLICT (kind, name) DO NOTHING;

-- :name trash_list :many
SELECT kind, name FROM blob_trash ORDER BY created_at_ms LIMIT 200;

-- :name trash_delete :exec
DELETE FROM blob_trash WHERE kind = $1 AND name = $2;

-- :name render_by_id :one
SELECT render FROM renders WHERE render = $1;

-- :name video_status_of :one
SELECT status FROM videos WHERE id = $1;

-- :name video_access :one
-- The run is told only when there is something to play.
SELECT visibility, owner_id, CASE WHEN playable = 1 THEN render END AS render, has_thumbnail
FROM videos WHERE id = $1;
