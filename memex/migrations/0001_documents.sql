CREATE TABLE documents (
    id          TEXT PRIMARY KEY,       -- types.content_id
    kind        TEXT NOT NULL,
    title       TEXT NOT NULL,
    uri         TEXT NOT NULL,
    created_at  TEXT,                   -- ISO 8601, UTC
    author      TEXT,
    language    TEXT,
    duration    REAL,                   -- seconds
    source      TEXT NOT NULL,
    attributes  TEXT NOT NULL,          -- JSON object of strings
    added_at    TEXT NOT NULL           -- ISO 8601, UTC
) STRICT;

CREATE TABLE segments (
    document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    position    INTEGER NOT NULL,
    text        TEXT NOT NULL,
    start       REAL,                   -- seconds
    "end"       REAL,                   -- seconds
    speaker     TEXT,
    page        INTEGER,
    heading     TEXT,
    line        INTEGER,
    words       TEXT,                   -- JSON [[text, start, end, probability], …]
    PRIMARY KEY (document_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE copies (
    document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    uri         TEXT NOT NULL,
    sha256      TEXT NOT NULL,          -- of the file's bytes
    kind        TEXT NOT NULL,
    title       TEXT NOT NULL,
    size        INTEGER NOT NULL,       -- bytes
    added_at    TEXT NOT NULL,          -- ISO 8601, UTC
    PRIMARY KEY (document_id, uri, sha256)
) STRICT, WITHOUT ROWID;

CREATE INDEX copies_by_sha256 ON copies (sha256);
