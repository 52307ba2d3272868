-- Statements for the tests of store/db over table things, which only they have.

-- :name thing_insert :exec
INSERT INTO things (id, name, amount, ratio, shown, liked, parent)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- :name thing_insert_returning :one
INSERT INTO things (id, name, amount, shown) VALUES ($1, $2, 0, 0) RETURNING id, name, amount;

-- :name thing_get :one
SELECT id, name, amount, ratio, shown, liked, parent FROM things WHERE id = $1;

-- :name thing_some :many
SELECT id, name, amount FROM things WHERE amount >= $1 ORDER BY amount, id LIMIT $2;

-- :name thing_any :one
SELECT id, name FROM things;

-- :name thing_unknown_column :one
SELECT id, amount AS no_such_member FROM things LIMIT 1;

-- :name thing_wrong_type :one
SELECT name AS amount FROM things LIMIT 1;

-- :name thing_rename :exec
-- Parameters out of their order, one of them twice.
UPDATE things SET name = $2 WHERE id = $1 AND name <> $2;

-- :name thing_set :exec
UPDATE things SET amount = $2 WHERE id = $1;

-- :name thing_add :exec
UPDATE things SET amount = amount + $2 WHERE id = $1;

-- :name thing_add_all :exec
UPDATE things SET amount = amount + 1;

-- :name thing_delete :exec
DELETE FROM things WHERE id = $1;

-- :name thing_count :one
SELECT count(*) AS amount FROM things;

-- :name thing_sum :one
SELECT coalesce(sum(amount), 0) AS amount FROM things;

-- :name thing_quoted_words :one
-- A read, whatever the quoted text says.
SELECT 'INSERT, UPDATE and DELETE' AS name, 7 AS amount;

-- :name thing_slow :one
-- Takes minutes.
WITH RECURSIVE counter (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < 2000000000)
SELECT count(*) AS amount FROM counter;

-- :name thing_broken :one
SELECT id FROM things WHERE no_such_column = 1;

-- :name thing_hang_up :one
-- The server hangs up on this very connection.
SELECT 1 AS amount;

-- :name thing_hang_up :one @postgres
SELECT 1 AS amount, pg_terminate_backend(pg_backend_pid()) AS shown;
