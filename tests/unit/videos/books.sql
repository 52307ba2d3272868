-- Statements for the tests of videos and uploads, which look at the tables from outside.

-- :name books_add_user :exec
INSERT INTO users (id, email, display_name, role, password_hash, created_at_ms, updated_at_ms)
VALUES ($1, $2, $3, 'creator', 'x', 1, 1);

-- :name books_count :one
-- Rows that know of video $1: its own, its jobs' and its upload's, and what is kept of its objects.
SELECT (SELECT count(*) FROM videos WHERE id = $1) AS videos,
       (SELECT count(*) FROM jobs WHERE subject = $1 AND state IN ('ready', 'running')) AS jobs,
       (SELECT count(*) FROM uploads WHERE id = $1) AS uploads,
       (SELECT count(*) FROM video_files WHERE video_id = $1) AS files,
       (SELECT count(*) FROM renders WHERE video_id = $1) AS renders,
       (SELECT count(*) FROM blob_trash) AS trash;

-- :name books_age_upload :exec
UPDATE uploads SET expires_at_ms = 1 WHERE id = $1;

-- :name books_age_render :exec
UPDATE renders SET alive_until_ms = 1 WHERE render = $1;

-- :name books_publish_at :exec
UPDATE videos SET published_at_ms = $2, created_at_ms = $2 WHERE id = $1;
