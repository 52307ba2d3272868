-- Statements for the tests of store/queue, which look at table jobs from outside.

-- :name job_by_id :one
SELECT id, kind, subject, payload, user_id, state, priority, attempt, max_attempts, not_before_ms,
       lease_until_ms, worker, error, created_at_ms, updated_at_ms
FROM jobs WHERE id = $1;

-- :name job_hurry :exec
UPDATE jobs SET not_before_ms = 0 WHERE id = $1;

-- :name job_tally :one
-- How many jobs were done, and how often any was taken.
SELECT count(*) AS priority, coalesce(sum(attempt), 0) AS attempt FROM jobs WHERE state = 'done';
