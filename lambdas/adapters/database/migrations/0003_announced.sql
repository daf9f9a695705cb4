-- Uploads that were announced and have not come, to forget those that never do.
CREATE INDEX uploads_announced ON uploads (created) WHERE state = 'announced' AND due IS NULL;
