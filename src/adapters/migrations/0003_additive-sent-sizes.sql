-- Up migration

-- UTF-8 bytes of a reply's plain text, for the bound of the sent messages that are kept. What an earlier release
-- wrote counts as nothing, and goes by its age.
ALTER TABLE blacksky_replies ADD COLUMN text_bytes integer NOT NULL DEFAULT 0;
