-- Podcasts that are followed. Of an episode nothing is kept here but its marks: hashes
-- by which it is known again when its feed is rebuilt (ingest.podcasts.identity).
CREATE TABLE feeds (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice
    url           TEXT NOT NULL,          -- where it is now, with the credentials it needs
    typed         TEXT NOT NULL,          -- as the user gave it
    private       INTEGER NOT NULL DEFAULT 0,  -- 1: it came from the own network
    title         TEXT NOT NULL DEFAULT '',
    etag          TEXT,
    last_modified TEXT,
    added_at      TEXT NOT NULL,          -- ISO 8601, UTC
    checked_at    TEXT,                   -- ISO 8601, UTC; when its server last answered
    next_at       TEXT,                   -- ISO 8601, UTC; NULL: now
    trouble       TEXT NOT NULL DEFAULT '',
    failures      INTEGER NOT NULL DEFAULT 0,  -- looks in a row that brought trouble
    back          INTEGER NOT NULL,       -- episodes that are fetched of those already there
    keep_audio    INTEGER NOT NULL        -- 0: a transcript is enough
) STRICT;

CREATE TABLE episodes (
    feed_id INTEGER NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
    mark    TEXT NOT NULL,
    PRIMARY KEY (feed_id, mark)
) STRICT, WITHOUT ROWID;
