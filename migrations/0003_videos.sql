-- Videos, their renditions, uploads under way, and what is known of objects in the blob store.
-- Times are milliseconds UTC; truth values are 0 and 1. Counters lie in the row they describe.

CREATE TABLE videos (
    id TEXT NOT NULL PRIMARY KEY,
    owner_id TEXT NOT NULL REFERENCES users (id),
    title TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    visibility TEXT NOT NULL CHECK (visibility IN ('public', 'unlisted', 'private')),
    status TEXT NOT NULL CHECK (status IN ('uploading', 'processing', 'ready', 'failed')),
    playable BIGINT NOT NULL DEFAULT 0,
    error TEXT,
    source_name TEXT NOT NULL DEFAULT '',
    duration_ms BIGINT,
    width BIGINT,
    height BIGINT,
    size_bytes BIGINT NOT NULL DEFAULT 0,
    render TEXT,                              -- the run whose objects are played
    has_thumbnail BIGINT NOT NULL DEFAULT 0,
    progress_stage TEXT NOT NULL,
    progress_percent BIGINT NOT NULL DEFAULT 0,
    progress_message TEXT NOT NULL DEFAULT '',
    progress_eta_ms BIGINT,
    progress_at_ms BIGINT NOT NULL,
    views BIGINT NOT NULL DEFAULT 0,
    likes BIGINT NOT NULL DEFAULT 0,
    dislikes BIGINT NOT NULL DEFAULT 0,
    comments BIGINT NOT NULL DEFAULT 0,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL,
    published_at_ms BIGINT
);

CREATE INDEX videos_published ON videos (published_at_ms, id)
    WHERE visibility = 'public' AND playable = 1;
CREATE INDEX videos_of_owner ON videos (owner_id, created_at_ms, id);
CREATE INDEX videos_published_of_owner ON videos (owner_id, published_at_ms, id)
    WHERE visibility = 'public' AND playable = 1;
CREATE INDEX videos_unfinished ON videos (created_at_ms)
    WHERE status IN ('uploading', 'processing');
CREATE INDEX videos_progress ON videos (progress_at_ms);

-- One playable version of a film. Its file is videos/processed/{video}/{render}/{name}.mp4, the
-- index of its segments lies beside it.
CREATE TABLE video_files (
    video_id TEXT NOT NULL REFERENCES videos (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('video', 'audio')),
    position BIGINT NOT NULL,
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    frame_rate DOUBLE PRECISION NOT NULL,
    bandwidth_bps BIGINT NOT NULL,
    average_bandwidth_bps BIGINT NOT NULL,
    codecs TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    PRIMARY KEY (video_id, name)
);

-- An upload by tus or form. Its id is its video's. How much of it has arrived is what lies in the
-- blob store's stage, never a column.
CREATE TABLE uploads (
    id TEXT NOT NULL PRIMARY KEY REFERENCES videos (id) ON DELETE CASCADE,
    owner_id TEXT NOT NULL,
    protocol TEXT NOT NULL CHECK (protocol IN ('tus', 'form')),
    length_bytes BIGINT,                      -- NULL until the client tells it
    metadata TEXT NOT NULL DEFAULT '',        -- as the client wrote it, to be told back
    state TEXT NOT NULL CHECK (state IN ('receiving', 'done')),
    created_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL
);

CREATE INDEX uploads_expiry ON uploads (expires_at_ms);

-- A run of a worker that makes objects for a video and hasn't handed them over yet. No reference to
-- videos: the row must outlive it until the run's leftovers are gone.
CREATE TABLE renders (
    render TEXT NOT NULL PRIMARY KEY,
    video_id TEXT NOT NULL,
    alive_until_ms BIGINT NOT NULL
);

CREATE INDEX renders_of_video ON renders (video_id);

-- Objects and stages to delete, written in the transaction that made them worthless.
CREATE TABLE blob_trash (
    kind BIGINT NOT NULL,
    name TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (kind, name)
);
