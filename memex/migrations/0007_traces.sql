-- What was asked, and what was shown for it: places, no text of documents, except for
-- answers, whose prompts have some. A trace that shows a document goes with it, whole.
CREATE TABLE traces (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    kind      TEXT NOT NULL,            -- search, ask
    query     TEXT NOT NULL,
    asked_at  TEXT NOT NULL,            -- ISO 8601, UTC
    filters   TEXT NOT NULL,            -- JSON object, of those that were set
    timings   TEXT NOT NULL,            -- JSON object: milliseconds by stage
    exchanges TEXT NOT NULL,            -- JSON [[[[role, content], …], output], …]
    answer    TEXT,                     -- NULL: a search, or it broke off
    found     INTEGER,
    verdict   TEXT,                     -- right, wrong: of the whole
    note      TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE shown (
    trace_id    INTEGER NOT NULL REFERENCES traces (id) ON DELETE CASCADE,
    list        TEXT NOT NULL,          -- hits, citations
    n           INTEGER NOT NULL,       -- from 1
    passage_id  TEXT NOT NULL,
    document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    first       INTEGER NOT NULL,       -- position of a segment
    last        INTEGER NOT NULL,       -- inclusive
    score       REAL NOT NULL,
    ranks       TEXT NOT NULL,          -- JSON object: rank by list, from 1
    verdict     TEXT,                   -- right, wrong
    note        TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (trace_id, list, n)
) STRICT, WITHOUT ROWID;

CREATE INDEX shown_by_document ON shown (document_id);

CREATE TRIGGER traces_go_with_documents BEFORE DELETE ON documents BEGIN
    DELETE FROM traces WHERE id IN (SELECT trace_id FROM shown WHERE document_id = OLD.id);
END;

-- Eval cases of the user's own: a question, and where its answer stands.
CREATE TABLE cases (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    query    TEXT NOT NULL UNIQUE,
    origin   TEXT NOT NULL,             -- search, ask: of a trace; mined
    asked_at TEXT NOT NULL,             -- ISO 8601, UTC: what "yesterday" was then
    added_at TEXT NOT NULL              -- ISO 8601, UTC
) STRICT;

CREATE TABLE evidence (
    case_id     INTEGER NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
    document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    first       INTEGER NOT NULL,       -- position of a segment
    last        INTEGER NOT NULL,       -- inclusive
    sha256      TEXT NOT NULL,          -- of what stood there
    PRIMARY KEY (case_id, document_id, first)
) STRICT, WITHOUT ROWID;

CREATE INDEX evidence_by_document ON evidence (document_id);

CREATE TRIGGER cases_go_with_documents BEFORE DELETE ON documents BEGIN
    DELETE FROM cases WHERE id IN (SELECT case_id FROM evidence WHERE document_id = OLD.id);
END;

-- Passages of which a question was drafted, whatever was said of it.
CREATE TABLE mined (
    document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    first       INTEGER NOT NULL,
    PRIMARY KEY (document_id, first)
) STRICT, WITHOUT ROWID;
