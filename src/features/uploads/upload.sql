-- Uploads under way, and finished ones for as long as their clients may still ask.

-- :name upload_by_id :one
SELECT id, owner_id, protocol, length_bytes, metadata, state, created_at_ms, expires_at_ms
FROM uploads WHERE id = $1;

-- :name upload_insert :exec
INSERT INTO uploads (id, owner_id, protocol, length_bytes, metadata, state, created_at_ms,
                     expires_at_ms)
VALUES ($1, $2, $3, $4, $5, 'receiving', $6, $7);

-- :name upload_set_length :exec
-- Told once, by the client that put it off.
UPDATE uploads SET length_bytes = $2 WHERE id = $1 AND state = 'receiving' AND length_bytes IS NULL;

-- :name upload_touch :exec
UPDATE uploads SET expires_at_ms = $2 WHERE id = $1 AND state = 'receiving';

-- :name upload_set_done :exec
UPDATE uploads SET state = 'done', length_bytes = $2, expires_at_ms = $3
WHERE id = $1 AND state = 'receiving';

-- :name upload_list_receiving :many
SELECT id, owner_id, protocol, length_bytes, metadata, state, created_at_ms, expires_at_ms
FROM uploads WHERE state = 'receiving' AND id > $1 ORDER BY id LIMIT 200;

-- :name upload_list_expired :many
SELECT id, owner_id, protocol, length_bytes, metadata, state, created_at_ms, expires_at_ms
FROM uploads WHERE expires_at_ms < $1 LIMIT 200;

-- :name upload_delete_done :exec
DELETE FROM uploads WHERE id = $1 AND state = 'done';
