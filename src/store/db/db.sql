-- Statements of store/db itself: where a transaction begins and ends, and which steps of the
-- schema have been taken. Table schema_migrations is the only one that no migration makes.

-- :name db_begin_write :exec
-- Takes the lock for writing at once, so that no work fails half-way because another process
-- writes.
BEGIN IMMEDIATE

-- :name db_begin_write :exec @postgres
-- Work functions are written as if each ran alone; serialisable transactions keep that promise.
BEGIN ISOLATION LEVEL SERIALIZABLE

-- :name db_begin_read :exec
BEGIN

-- :name db_begin_read :exec @postgres
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY

-- :name db_begin_alone :exec
BEGIN IMMEDIATE

-- :name db_begin_alone :exec @postgres
-- Every statement sees what was committed while the lock below was waited for.
BEGIN ISOLATION LEVEL READ COMMITTED

-- :name db_lock_alone :one
-- Held until the transaction ends. SQLite's BEGIN IMMEDIATE is such a lock already.
SELECT 1

-- :name db_lock_alone :one @postgres
SELECT pg_advisory_xact_lock(7594283160417)

-- :name db_commit :exec
COMMIT

-- :name db_rollback :exec
ROLLBACK

-- :name db_savepoint :exec
SAVEPOINT work

-- :name db_release :exec
RELEASE SAVEPOINT work

-- :name db_rollback_savepoint :exec
ROLLBACK TO SAVEPOINT work

-- :name db_is_writable :one
-- Whether this server takes writes: a PostgreSQL standby does not.
SELECT 1 AS writable

-- :name db_is_writable :one @postgres
SELECT NOT pg_is_in_recovery() AS writable

-- :name migrations_table :exec
CREATE TABLE IF NOT EXISTS schema_migrations (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    applied_at_ms BIGINT NOT NULL
)

-- :name migrations_newest :one
SELECT coalesce(max(number), 0) AS number FROM schema_migrations

-- :name migration_insert :exec
INSERT INTO schema_migrations (number, name, applied_at_ms) VALUES ($1, $2, $3)
