-- A copy is a file as it was when it was read. It is live until the file is edited
-- (replaced_at); a file that is gone keeps its copy (missing_since) until the user's
-- choice for deleted files says otherwise. A document without a live copy is hidden.
ALTER TABLE copies ADD COLUMN signature TEXT NOT NULL DEFAULT '';  -- memex.spool.signature
ALTER TABLE copies ADD COLUMN device INTEGER;                      -- st_dev, in signed 64 bits
ALTER TABLE copies ADD COLUMN replaced_at TEXT;                    -- ISO 8601, UTC
ALTER TABLE copies ADD COLUMN missing_since TEXT;                  -- ISO 8601, UTC

CREATE INDEX copies_by_uri ON copies (uri);

CREATE TABLE tombstones (
    hash TEXT PRIMARY KEY               -- salted: memex.tombstones
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
