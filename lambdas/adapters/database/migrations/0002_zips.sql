-- Where the ZIPs of jobs lie, or are to lie; void ones too, until they are deleted from the store. `purge` is
-- since when one is to be deleted, as a picture in it is.
CREATE TABLE zips (
    job TEXT NOT NULL REFERENCES jobs (id),
    attempt BIGINT NOT NULL,
    key TEXT NOT NULL,
    purge BIGINT,
    PRIMARY KEY (job, attempt)
);

-- Which jobs a picture is in.
CREATE INDEX items_of_picture ON items (picture);
