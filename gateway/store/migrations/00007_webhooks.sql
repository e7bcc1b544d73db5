-- +goose Up
-- Who is told what happens, and the outbox: what is still to be told, and what was.

CREATE TABLE webhooks (
    id            TEXT PRIMARY KEY,
    url           TEXT NOT NULL,
    events        TEXT NOT NULL, -- JSON
    secret        TEXT NOT NULL, -- signs, so that a hash would not do
    created       INTEGER NOT NULL,
    enabled       INTEGER NOT NULL,
    why           TEXT NOT NULL,
    failing_since INTEGER NOT NULL
) STRICT;

CREATE TABLE deliveries (
    n        INTEGER PRIMARY KEY,
    webhook  TEXT NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    message  TEXT NOT NULL,
    event    TEXT NOT NULL,
    body     BLOB NOT NULL,
    at       INTEGER NOT NULL,
    outcome  TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    status   INTEGER NOT NULL,
    error    TEXT NOT NULL,
    next     INTEGER NOT NULL,
    UNIQUE (webhook, message)
) STRICT;
CREATE INDEX deliveries_due ON deliveries (webhook, outcome, next);

-- Sessions that are told to be on air: after a crash their end is still to be told.
CREATE TABLE on_air (
    session TEXT PRIMARY KEY,
    title   TEXT NOT NULL,
    since   INTEGER NOT NULL
) STRICT;
