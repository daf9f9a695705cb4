-- One form for PostgreSQL and SQLite: identifiers are text as people see them, times milliseconds since
-- 1970, what only the service itself reads is JSON.

-- An owner's changes are numbered, so that a client can ask for what it missed.
CREATE TABLE owners (
    id TEXT PRIMARY KEY,
    sequence BIGINT NOT NULL
);

-- Tokens of programs, as SHA-256.
CREATE TABLE tokens (
    hash TEXT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    created BIGINT NOT NULL,
    last_used BIGINT,
    revoked BIGINT
);
CREATE INDEX tokens_of_owner ON tokens (owner, created);

-- Pictures and stamps.
CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    content_type TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    width BIGINT,
    height BIGINT,
    created BIGINT NOT NULL,
    due BIGINT
);
CREATE INDEX uploads_of_owner ON uploads (owner, kind, created, id);
CREATE INDEX uploads_due ON uploads (due) WHERE due IS NOT NULL;

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    stamp TEXT,
    stamp_key TEXT,
    settings TEXT NOT NULL,
    created BIGINT NOT NULL,
    finished BIGINT,
    queued BIGINT NOT NULL,
    processing BIGINT NOT NULL,
    done BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    cancelled BIGINT NOT NULL,
    zip_attempt BIGINT NOT NULL,
    zip TEXT NOT NULL,
    request TEXT,
    traceparent TEXT
);
CREATE INDEX jobs_of_owner ON jobs (owner, created, id);

CREATE TABLE items (
    job TEXT NOT NULL REFERENCES jobs (id),
    number BIGINT NOT NULL,
    picture TEXT NOT NULL,
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    output TEXT,
    queued BIGINT NOT NULL,
    started BIGINT,
    finished BIGINT,
    PRIMARY KEY (job, number)
);

CREATE TABLE idempotency (
    owner TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    job TEXT NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (owner, key)
);
CREATE INDEX idempotency_created ON idempotency (created);

-- Messages that are to be on the queue. A sender takes them for a time, so that no other sends them too.
CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    body TEXT NOT NULL,
    created BIGINT NOT NULL,
    leased_until BIGINT NOT NULL
);
CREATE INDEX outbox_free ON outbox (leased_until, created);

CREATE TABLE events (
    owner TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    data TEXT NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (owner, sequence)
);
CREATE INDEX events_created ON events (created);

-- Signatures of callbacks taken, until their time is over.
CREATE TABLE callbacks (
    signature TEXT PRIMARY KEY,
    expires BIGINT NOT NULL
);
CREATE INDEX callbacks_expires ON callbacks (expires);
