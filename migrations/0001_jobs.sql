-- Table jobs: the truth about background work (src/store/queue). The row says who may work on what,
-- until when, and what became of it; brokers and wake-ups only ever hurry it along.

CREATE TABLE jobs (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    payload TEXT NOT NULL,
    user_id TEXT,
    state TEXT NOT NULL CHECK (state IN ('ready', 'running', 'done', 'dead')),
    priority BIGINT NOT NULL,
    -- Place in the order among equal priorities: when it was added, plus a minute for each
    -- unfinished job its user had already. So one who adds a hundred does not keep the others
    -- waiting.
    order_ms BIGINT NOT NULL,
    -- Counts up with every take and never down: the fence.
    attempt BIGINT NOT NULL,
    max_attempts BIGINT NOT NULL,
    -- How many attempts it was given at first, and gets again when it is re-queued.
    attempts_granted BIGINT NOT NULL,
    not_before_ms BIGINT NOT NULL,
    lease_until_ms BIGINT NOT NULL,
    worker TEXT,
    error TEXT,
    only_one BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL
);

-- What to take next.
CREATE INDEX jobs_next ON jobs (priority, order_ms, id) WHERE state = 'ready';

-- Which leases have lapsed.
CREATE INDEX jobs_leases ON jobs (lease_until_ms) WHERE state = 'running';

-- Dead letters, and finished ones to remove.
CREATE INDEX jobs_dead ON jobs (updated_at_ms) WHERE state = 'dead';
CREATE INDEX jobs_done ON jobs (updated_at_ms) WHERE state = 'done';

-- A subject's jobs: only one at a time, cancelling.
CREATE INDEX jobs_subject ON jobs (subject) WHERE state IN ('ready', 'running');
CREATE UNIQUE INDEX jobs_only_one ON jobs (kind, subject)
    WHERE only_one = 1 AND state IN ('ready', 'running');

-- A user's place in the order.
CREATE INDEX jobs_user ON jobs (user_id) WHERE state IN ('ready', 'running');

-- @postgres
-- The next job, locked; those that others are taking are passed over. A queue's statistics are
-- always out of date: planned when few jobs were ready, the same query would gather and sort all of
-- them once there are many. So the only plan left to it is to walk jobs_next from its head.
CREATE FUNCTION job_next(now_ms BIGINT, kinds TEXT[]) RETURNS TEXT LANGUAGE plpgsql VOLATILE
    SET enable_bitmapscan = off SET enable_sort = off SET enable_seqscan = off AS '
DECLARE
    found_id TEXT;
BEGIN
    SELECT id INTO found_id FROM jobs
    WHERE state = ''ready'' AND not_before_ms <= now_ms AND kind = ANY (kinds)
    ORDER BY priority, order_ms, id LIMIT 1
    FOR UPDATE SKIP LOCKED;
    RETURN found_id;
END';
