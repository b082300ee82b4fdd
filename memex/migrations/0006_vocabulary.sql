-- The words that are remembered, in lower case (memex.spellings), and in how many documents
-- each is: in text and headings, in the title, and in the names of the speakers, each counting
-- by itself. A word that is in none has no row (memex.vocabulary).
CREATE TABLE words (
    word      TEXT PRIMARY KEY,
    documents INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO words (word, documents)
SELECT word, count(*) FROM (
    SELECT document, word FROM (
        SELECT s.document_id AS document, w.value AS word
        FROM segments AS s, json_each(spellings(s.text)) AS w
        UNION
        SELECT s.document_id, w.value FROM segments AS s, json_each(spellings(s.heading)) AS w
    )
    UNION ALL
    SELECT d.id, w.value FROM documents AS d, json_each(spellings(d.title)) AS w
    UNION ALL
    SELECT DISTINCT s.document, w.value FROM (
        SELECT DISTINCT document_id AS document, speaker FROM segments WHERE speaker IS NOT NULL
    ) AS s, json_each(spellings(s.speaker)) AS w
)
GROUP BY word;

-- Titles: a document is called as the file is in which it lies, and that may be moved.
CREATE TRIGGER words_of_new_titles AFTER INSERT ON documents
BEGIN
    INSERT INTO words (word, documents)
    SELECT value, 1 FROM json_each(spellings(new.title)) WHERE true
    ON CONFLICT (word) DO UPDATE SET documents = documents + 1;
END;

CREATE TRIGGER words_of_other_titles AFTER UPDATE OF title ON documents
WHEN old.title != new.title
BEGIN
    INSERT INTO words (word, documents)
    SELECT value, 1 FROM json_each(spellings(new.title)) WHERE true
    ON CONFLICT (word) DO UPDATE SET documents = documents + 1;
    UPDATE words SET documents = documents - 1
    WHERE word IN (SELECT value FROM json_each(spellings(old.title)));
    DELETE FROM words
    WHERE documents <= 0 AND word IN (SELECT value FROM json_each(spellings(old.title)));
END;

CREATE TRIGGER words_of_old_titles AFTER DELETE ON documents
BEGIN
    UPDATE words SET documents = documents - 1
    WHERE word IN (SELECT value FROM json_each(spellings(old.title)));
    DELETE FROM words
    WHERE documents <= 0 AND word IN (SELECT value FROM json_each(spellings(old.title)));
END;
