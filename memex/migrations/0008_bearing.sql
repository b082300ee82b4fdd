-- What spoke for an answer and against it: JSON object, by name; NULL for a search.
ALTER TABLE traces ADD COLUMN bearing TEXT;
