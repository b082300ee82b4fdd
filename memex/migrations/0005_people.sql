-- Who speaks. A voice is what one person's recordings have in common; who that is, is for
-- the user to say. Voices of different scopes (what is around the microphones, podcasts)
-- and of different models are never compared.
CREATE TABLE people (
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE COLLATE NOCASE,
    owner    INTEGER NOT NULL DEFAULT 0,  -- 1: whose memory this is; one at most
    added_at TEXT NOT NULL                -- ISO 8601, UTC
) STRICT;

CREATE UNIQUE INDEX people_owner ON people (owner) WHERE owner = 1;

CREATE TABLE voices (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,  -- "Voice ID" until it has a name
    person   INTEGER REFERENCES people (id) ON DELETE SET NULL,
    scope    TEXT NOT NULL,
    model    TEXT NOT NULL,
    vector   BLOB NOT NULL,                -- float32, little-endian, of length 1
    seconds  REAL NOT NULL,                -- of speech that it was made of
    heard    INTEGER NOT NULL,             -- recordings that it was made of
    first_at TEXT NOT NULL,                -- ISO 8601, UTC
    last_at  TEXT NOT NULL                 -- ISO 8601, UTC
) STRICT;

CREATE INDEX voices_by_person ON voices (person);

-- Which segments a voice speaks. Deferred: a recording's segments are stored after it is
-- known who speaks them, in the same transaction.
CREATE TABLE spoken (
    document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE
                DEFERRABLE INITIALLY DEFERRED,
    position    INTEGER NOT NULL,          -- of the segment
    voice       INTEGER NOT NULL REFERENCES voices (id) ON DELETE CASCADE,
    confidence  REAL NOT NULL,             -- 0 to 1
    PRIMARY KEY (document_id, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX spoken_by_voice ON spoken (voice);
