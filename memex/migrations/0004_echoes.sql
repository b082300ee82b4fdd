-- Stretches of documents that were heard again: a podcast on a loudspeaker, the same talk
-- by a second microphone. What was said there is not stored twice.
CREATE TABLE echoes (
    document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    start       REAL NOT NULL,          -- seconds in that document's recording
    "end"       REAL NOT NULL,          -- seconds in that document's recording
    heard_at    TEXT NOT NULL,          -- ISO 8601, UTC
    heard_until TEXT NOT NULL,          -- ISO 8601, UTC
    source      TEXT NOT NULL,          -- what heard it: types.LIVE
    device      TEXT NOT NULL,
    heard_in    TEXT REFERENCES documents (id) ON DELETE SET NULL,
    PRIMARY KEY (document_id, heard_at, source, device)
) STRICT, WITHOUT ROWID;

CREATE INDEX echoes_by_time ON echoes (source, device, heard_until);
CREATE INDEX echoes_by_heard_in ON echoes (heard_in);
CREATE INDEX documents_by_time ON documents (created_at);
