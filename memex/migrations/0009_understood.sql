-- What a follow-up was understood as; NULL where a question stood by itself, and for a search.
ALTER TABLE traces ADD COLUMN understood TEXT;
