-- Searches that the user saved. They are the user's own words and outlive traces; one with words
-- that only a forgotten document had goes with it.
CREATE TABLE searches (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    query    TEXT NOT NULL UNIQUE,      -- with its chips, as it is typed
    saved_at TEXT NOT NULL              -- ISO 8601, UTC
) STRICT;
