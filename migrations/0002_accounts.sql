-- Accounts (src/features/accounts): who people are, how they stay signed in, and the keys that
-- sign.

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    -- In its normal form (lower case), so that one address is one account.
    email TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('viewer', 'creator', 'moderator', 'admin')),
    -- Argon2id in its own text form, with salt and cost.
    password_hash TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL
);
CREATE INDEX users_staff ON users (role) WHERE role IN ('moderator', 'admin');

-- One sign-in on one device: all refresh tokens that came one after another from it.
CREATE TABLE refresh_families (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at_ms BIGINT NOT NULL,
    -- When its newest token ends.
    expires_at_ms BIGINT NOT NULL,
    revoked_at_ms BIGINT,
    revoked_why TEXT CHECK (revoked_why IN ('logout', 'reuse'))
);
CREATE INDEX refresh_families_user ON refresh_families (user_id);
CREATE INDEX refresh_families_expiry ON refresh_families (expires_at_ms);

-- Tokens are known by their SHA-256 only. A used one stays until it would have ended, so that its
-- second use is seen.
CREATE TABLE refresh_tokens (
    hash TEXT NOT NULL PRIMARY KEY,
    family_id TEXT NOT NULL REFERENCES refresh_families (id) ON DELETE CASCADE,
    issued_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    used_at_ms BIGINT
);
CREATE INDEX refresh_tokens_family ON refresh_tokens (family_id);

-- Access tokens that must no longer be taken: `id` is a token's jti, or a family's id for all
-- tokens of that sign-in. A row may go when the last token it could mean has ended.
CREATE TABLE revoked_tokens (
    id TEXT NOT NULL PRIMARY KEY,
    revoked_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL
);
CREATE INDEX revoked_tokens_expiry ON revoked_tokens (expires_at_ms);

-- RSA keys that sign access tokens. The private half is sealed with a key derived from the
-- installation's secret; the public half is plain, so that tokens can be checked without it.
CREATE TABLE signing_keys (
    kid TEXT NOT NULL PRIMARY KEY,
    public_key TEXT NOT NULL,
    sealed_private_key TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    -- NULL: this one signs. At most one does.
    retired_at_ms BIGINT,
    -- When the last token that it signed has ended; NULL while it signs.
    expires_at_ms BIGINT
);
CREATE UNIQUE INDEX signing_keys_current ON signing_keys ((1)) WHERE retired_at_ms IS NULL;
