-- Statements of the measurements over table marks, which only they have.

-- :name mark_insert :exec
INSERT INTO marks (id, who, amount) VALUES ($1, $2, $3);

-- :name mark_count :one
SELECT count(*) AS amount FROM marks;
