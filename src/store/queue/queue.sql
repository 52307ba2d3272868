-- Statements of store/queue over table jobs. Whatever changes a job that a worker holds is fenced
-- by its attempt and worker, so one that lost its lease changes nothing.

-- :name job_insert :exec
-- A job's place in the order lies a minute behind its user's last unfinished one, but not in the
-- past.
-- Nothing is inserted when $10 = 1 and an unfinished job of this kind and subject exists.
INSERT INTO jobs (id, kind, subject, payload, user_id, state, priority, order_ms, attempt,
                  max_attempts, attempts_granted, not_before_ms, lease_until_ms, only_one,
                  created_at_ms, updated_at_ms)
SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT),
       'ready', CAST($6 AS BIGINT),
       (SELECT max(place) FROM (
            SELECT CAST($9 AS BIGINT) AS place
            UNION ALL
            SELECT max(order_ms) + 60000 AS place FROM jobs
            WHERE user_id = CAST($5 AS TEXT) AND kind = CAST($2 AS TEXT)
              AND state IN ('ready', 'running')) AS places),
       0, CAST($7 AS BIGINT), CAST($7 AS BIGINT), CAST($8 AS BIGINT), 0, CAST($10 AS BIGINT),
       CAST($9 AS BIGINT), CAST($9 AS BIGINT)
WHERE CAST($10 AS BIGINT) = 0
   OR NOT EXISTS (SELECT 1 FROM jobs WHERE subject = CAST($3 AS TEXT) AND kind = CAST($2 AS TEXT)
                                       AND state IN ('ready', 'running'));

-- :name job_take :one
-- The next ready job of up to eight kinds ($4 to $11), given to worker $1 until $2; now is $3.
UPDATE jobs
SET state = 'running', attempt = attempt + 1, worker = $1, lease_until_ms = $2, updated_at_ms = $3
WHERE id = (SELECT id FROM jobs
            WHERE state = 'ready' AND not_before_ms <= $3
              AND kind IN ($4, $5, $6, $7, $8, $9, $10, $11)
            ORDER BY priority, order_ms, id LIMIT 1)
RETURNING id, kind, subject, payload, user_id, state, priority, attempt, max_attempts,
          not_before_ms, lease_until_ms, worker, error, created_at_ms, updated_at_ms;

-- :name job_take :one @postgres
-- job_next is in migration 0001; it passes over what others are taking.
UPDATE jobs
SET state = 'running', attempt = attempt + 1, worker = $1, lease_until_ms = $2, updated_at_ms = $3
WHERE id = (SELECT job_next($3, ARRAY[$4, $5, $6, $7, $8, $9, $10, $11]))
RETURNING id, kind, subject, payload, user_id, state, priority, attempt, max_attempts,
          not_before_ms, lease_until_ms, worker, error, created_at_ms, updated_at_ms;

-- :name job_outlook :one
-- Whether there is anything to take or to sweep at $1, looked up before the lock for writing is
-- asked for: an idle worker disturbs nobody.
SELECT EXISTS (SELECT 1 FROM jobs
               WHERE state = 'ready' AND not_before_ms <= $1
                 AND kind IN ($2, $3, $4, $5, $6, $7, $8, $9)) AS ready,
       EXISTS (SELECT 1 FROM jobs WHERE state = 'running' AND lease_until_ms < $1) AS lapsed;

-- :name job_next :one
-- When the first of the jobs that wait for their time may be taken.
SELECT min(not_before_ms) AS next_ms FROM jobs
WHERE state = 'ready' AND kind IN ($1, $2, $3, $4, $5, $6, $7, $8);

-- :name job_sweep_dead :exec
-- Jobs whose worker vanished in their last attempt.
UPDATE jobs
SET state = 'dead', lease_until_ms = 0, updated_at_ms = $1,
    error = 'The worker died before it had finished, and this was the last attempt.'
WHERE state = 'running' AND lease_until_ms < $1 AND attempt >= max_attempts;

-- :name job_sweep_ready :exec
-- Jobs whose worker vanished: others may take them at once.
UPDATE jobs
SET state = 'ready', lease_until_ms = 0, worker = NULL, updated_at_ms = $1,
    error = 'The worker died before it had finished.'
WHERE state = 'running' AND lease_until_ms < $1 AND attempt < max_attempts;

-- :name job_renew :exec
UPDATE jobs SET lease_until_ms = $4, updated_at_ms = $5
WHERE id = $1 AND attempt = $2 AND worker = $3 AND state = 'running';

-- :name job_done :exec
UPDATE jobs SET state = 'done', lease_until_ms = 0, error = NULL, updated_at_ms = $4
WHERE id = $1 AND attempt = $2 AND worker = $3 AND state = 'running';

-- :name job_retry :exec
UPDATE jobs
SET state = 'ready', lease_until_ms = 0, worker = NULL, error = $4, not_before_ms = $5,
    updated_at_ms = $6
WHERE id = $1 AND attempt = $2 AND worker = $3 AND state = 'running';

-- :name job_bury :exec
UPDATE jobs SET state = 'dead', lease_until_ms = 0, error = $4, updated_at_ms = $5
WHERE id = $1 AND attempt = $2 AND worker = $3 AND state = 'running';

-- :name job_give_back :exec
-- One attempt more is allowed in place of this one; the fence still moves on.
UPDATE jobs
SET state = 'ready', lease_until_ms = 0, worker = NULL, max_attempts = max_attempts + 1,
    not_before_ms = $4, updated_at_ms = $4
WHERE id = $1 AND attempt = $2 AND worker = $3 AND state = 'running';

-- :name job_abandon :exec
-- Jobs of workers known to be dead, whose names begin with $1: ready again at once, with one
-- attempt more in place of this one, unless they have had $3 such gifts already.
UPDATE jobs
SET state = 'ready', lease_until_ms = 0, worker = NULL, max_attempts = max_attempts + 1,
    not_before_ms = $2, updated_at_ms = $2, error = 'The worker died before it had finished.'
WHERE state = 'running' AND substr(worker, 1, length(CAST($1 AS TEXT))) = CAST($1 AS TEXT)
  AND max_attempts < attempts_granted + $3;

-- :name job_lapse :exec
-- The others' leases end now, as if their time were over.
UPDATE jobs SET lease_until_ms = 0, updated_at_ms = $2
WHERE state = 'running' AND substr(worker, 1, length(CAST($1 AS TEXT))) = CAST($1 AS TEXT);

-- :name job_cancel :exec
DELETE FROM jobs WHERE subject = $1 AND state IN ('ready', 'running');

-- :name job_list_dead :many
SELECT id, kind, subject, payload, user_id, state, priority, attempt, max_attempts, not_before_ms,
       lease_until_ms, worker, error, created_at_ms, updated_at_ms
FROM jobs WHERE state = 'dead' ORDER BY updated_at_ms DESC, id LIMIT $1;

-- :name job_requeue :exec
UPDATE jobs
SET state = 'ready', worker = NULL, max_attempts = attempt + attempts_granted, not_before_ms = $2,
    order_ms = $2, updated_at_ms = $2
WHERE id = $1 AND state = 'dead';

-- :name job_purge :exec
-- Some of the jobs finished before $1; as many as one transaction should remove.
DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE state = 'done' AND updated_at_ms < $1
                              ORDER BY updated_at_ms LIMIT 1000);

-- :name job_figures :one
SELECT (SELECT count(*) FROM jobs WHERE state = 'ready') AS ready,
       (SELECT count(*) FROM jobs WHERE state = 'running') AS running,
       (SELECT count(*) FROM jobs WHERE state = 'dead') AS dead,
       (SELECT min(created_at_ms) FROM jobs
        WHERE state = 'ready' AND not_before_ms <= $1) AS oldest_ready_ms;
