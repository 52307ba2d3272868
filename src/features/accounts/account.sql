-- Statements of features/accounts. Times are milliseconds UTC.

-- :name user_insert :exec
INSERT INTO users (id, email, display_name, role, password_hash, created_at_ms, updated_at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $6);

-- :name user_insert_first_admin :exec
-- Nothing is inserted when there is an admin.
INSERT INTO users (id, email, display_name, role, password_hash, created_at_ms, updated_at_ms)
SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), 'admin', CAST($4 AS TEXT),
       CAST($5 AS BIGINT), CAST($5 AS BIGINT)
WHERE NOT EXISTS (SELECT 1 FROM users WHERE role = 'admin');

-- :name user_admin_exists :one
SELECT EXISTS (SELECT 1 FROM users WHERE role = 'admin') AS found;

-- :name user_by_id :one
SELECT id, email, display_name, role, password_hash, created_at_ms FROM users WHERE id = $1;

-- :name user_by_email :one
SELECT id, email, display_name, role, password_hash, created_at_ms FROM users WHERE email = $1;

-- :name user_set_password :exec
-- Only when the password is still the one that was checked ($3).
UPDATE users SET password_hash = $2, updated_at_ms = $4 WHERE id = $1 AND password_hash = $3;

-- :name user_reset_password :exec
UPDATE users SET password_hash = $2, updated_at_ms = $3 WHERE id = $1;

-- :name family_insert :exec
INSERT INTO refresh_families (id, user_id, created_at_ms, expires_at_ms) VALUES ($1, $2, $3, $4);

-- :name family_prolong :exec
UPDATE refresh_families SET expires_at_ms = $2 WHERE id = $1;

-- :name family_revoke :exec
-- The first reason stays.
UPDATE refresh_families SET revoked_at_ms = $2, revoked_why = $3
WHERE id = $1 AND revoked_at_ms IS NULL;

-- :name family_revoke_all :exec
UPDATE refresh_families SET revoked_at_ms = $2, revoked_why = $3
WHERE user_id = $1 AND revoked_at_ms IS NULL;

-- :name refresh_insert :exec
INSERT INTO refresh_tokens (hash, family_id, issued_at_ms, expires_at_ms) VALUES ($1, $2, $3, $4);

-- :name refresh_use :exec
-- Of two who bring the same token at the same time one changes the row, the other none.
UPDATE refresh_tokens SET used_at_ms = $2 WHERE hash = $1 AND used_at_ms IS NULL;

-- :name refresh_by_hash :one
SELECT t.family_id, t.expires_at_ms, t.used_at_ms, f.revoked_at_ms,
       u.id AS user_id, u.email, u.display_name, u.role, u.created_at_ms
FROM refresh_tokens t
JOIN refresh_families f ON f.id = t.family_id
JOIN users u ON u.id = f.user_id
WHERE t.hash = $1;

-- :name revoked_insert :exec
INSERT INTO revoked_tokens (id, revoked_at_ms, expires_at_ms) VALUES ($1, $2, $3)
ON CONFLICT (id) DO NOTHING;

-- :name revoked_insert_all :exec
-- All sign-ins of a user: their access tokens name them.
INSERT INTO revoked_tokens (id, revoked_at_ms, expires_at_ms)
SELECT id, CAST($2 AS BIGINT), CAST($3 AS BIGINT) FROM refresh_families WHERE user_id = $1
ON CONFLICT (id) DO NOTHING;

-- :name revoked_any :one
-- Whether the token ($1) or its sign-in ($2) was revoked.
SELECT EXISTS (SELECT 1 FROM revoked_tokens WHERE id IN ($1, $2)) AS found;

-- :name key_list :many
-- All keys that tokens may still be signed with, the signing one first.
SELECT kid, public_key, sealed_private_key, created_at_ms, retired_at_ms, expires_at_ms
FROM signing_keys WHERE retired_at_ms IS NULL OR expires_at_ms > $1
ORDER BY CASE WHEN retired_at_ms IS NULL THEN 0 ELSE 1 END, created_at_ms DESC, kid;

-- :name key_insert :exec
INSERT INTO signing_keys (kid, public_key, sealed_private_key, created_at_ms)
VALUES ($1, $2, $3, $4);

-- :name key_retire :exec
-- The present key stops signing and is known until $2. $3 names it: who was slower changes nothing.
UPDATE signing_keys SET retired_at_ms = $1, expires_at_ms = $2
WHERE retired_at_ms IS NULL AND kid = $3;

-- :name purge_families :exec
DELETE FROM refresh_families WHERE expires_at_ms < $1;

-- :name purge_revoked :exec
DELETE FROM revoked_tokens WHERE expires_at_ms < $1;

-- :name purge_keys :exec
DELETE FROM signing_keys WHERE expires_at_ms IS NOT NULL AND expires_at_ms < $1;
