-- +goose Up
-- What moderators know and did. Sessions are not referred to: a ban and its reason
-- outlive the session that it was earned in. said is JSON (show.Said).

CREATE TABLE watched (
    viewer     TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    since      INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    note       TEXT NOT NULL,
    trusted    INTEGER NOT NULL,
    banned     INTEGER NOT NULL,
    timed_out  INTEGER NOT NULL
) STRICT;

CREATE TABLE moderation_acts (
    id      INTEGER PRIMARY KEY,
    viewer  TEXT NOT NULL,
    session TEXT NOT NULL,
    act     TEXT NOT NULL,
    by      TEXT NOT NULL,
    at      INTEGER NOT NULL,
    reason  TEXT NOT NULL,
    until   INTEGER NOT NULL
) STRICT;
CREATE INDEX moderation_acts_of ON moderation_acts (viewer, id);

CREATE TABLE hidden (
    session TEXT NOT NULL,
    id      TEXT NOT NULL,
    said    TEXT NOT NULL,
    by      TEXT NOT NULL,
    cause   TEXT NOT NULL CHECK (cause IN ('hide', 'ban', 'clear', 'delete')),
    PRIMARY KEY (session, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE held (
    session TEXT NOT NULL,
    id      TEXT NOT NULL,
    kind    TEXT NOT NULL CHECK (kind IN ('message', 'question')),
    said    TEXT NOT NULL,
    why     TEXT NOT NULL, -- JSON
    at      INTEGER NOT NULL,
    PRIMARY KEY (session, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE reports (
    session TEXT NOT NULL,
    message TEXT NOT NULL,
    viewer  TEXT NOT NULL,
    reason  TEXT NOT NULL,
    note    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    said    TEXT NOT NULL,
    PRIMARY KEY (session, message, viewer)
) STRICT, WITHOUT ROWID;

CREATE TABLE levers (
    session TEXT NOT NULL,
    name    TEXT NOT NULL,
    is_on   INTEGER NOT NULL,
    value   INTEGER NOT NULL,
    by      TEXT NOT NULL,
    by_name TEXT NOT NULL,
    until   INTEGER NOT NULL,
    PRIMARY KEY (session, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE event_words (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    data TEXT NOT NULL -- JSON (show.EventWords)
) STRICT;
