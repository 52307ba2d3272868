-- Submitting videos for processing, and following what became of their jobs.

-- :name transcode_list_stranded :many
-- Videos whose last job is a dead letter though nobody said so: its worker died each time.
SELECT v.id AS video_id, j.error, j.attempt
FROM videos v JOIN jobs j ON j.subject = v.id
WHERE v.status = 'processing' AND j.kind = 'video.transcode' AND j.state = 'dead'
  AND NOT EXISTS (SELECT 1 FROM jobs k WHERE k.subject = v.id AND k.kind = 'video.transcode'
                  AND (k.state IN ('ready', 'running') OR k.updated_at_ms > j.updated_at_ms))
LIMIT 100;
