-- What the kill test looks up in the program's own tables when all is quiet.

-- :name fault_videos :many
SELECT id, title, status, render, has_thumbnail, error FROM videos ORDER BY id;

-- :name fault_files :many
SELECT video_files.video_id, video_files.name, videos.render
FROM video_files JOIN videos ON videos.id = video_files.video_id;

-- :name fault_leftovers :one
-- Rows that only work under way has.
SELECT (SELECT count(*) FROM jobs WHERE state IN ('ready', 'running')) AS unfinished_jobs,
       (SELECT count(*) FROM jobs WHERE state = 'dead') AS dead_jobs,
       (SELECT count(*) FROM uploads WHERE state = 'receiving') AS open_uploads,
       (SELECT count(*) FROM renders) AS renders,
       (SELECT count(*) FROM blob_trash) AS trash;

-- :name fault_most_attempts :one
-- The highest attempt among the jobs that run now.
SELECT coalesce(max(attempt), 0) AS unfinished_jobs FROM jobs WHERE state = 'running';

-- :name fault_age_uploads :exec
-- As if the time had passed after which an upload that nobody continues is given up.
UPDATE uploads SET expires_at_ms = 0 WHERE state = 'receiving';

-- :name fault_age_renders :exec
-- As if the time had passed after which a run that doesn't report is taken for dead.
UPDATE renders SET alive_until_ms = 0;
