-- +goose Up
-- Times are Unix milliseconds; 0 is never. Tags are of the bytes of a picture.

CREATE TABLE event (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    uid         TEXT NOT NULL, -- names it in calendars
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    time_zone   TEXT NOT NULL,
    days        TEXT NOT NULL  -- JSON
) STRICT;

CREATE TABLE creators (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    bio         TEXT NOT NULL,
    links       TEXT NOT NULL, -- JSON
    picture     BLOB,
    picture_tag TEXT NOT NULL DEFAULT ''
) STRICT;

-- What the schedule knows of a session beside its title and times. The rows stay
-- when a session goes, so that calendars hear of it; hence no reference. Title,
-- starts and ends are what calendars were told last.
CREATE TABLE slots (
    session     TEXT PRIMARY KEY,
    description TEXT NOT NULL DEFAULT '',
    category    TEXT NOT NULL DEFAULT '',
    creators    TEXT NOT NULL DEFAULT '[]', -- JSON
    cancelled   INTEGER NOT NULL DEFAULT 0,
    title       TEXT NOT NULL DEFAULT '',
    starts      INTEGER NOT NULL DEFAULT 0,
    ends        INTEGER NOT NULL DEFAULT 0,
    removed     INTEGER NOT NULL DEFAULT 0,
    sequence    INTEGER NOT NULL DEFAULT 0,
    changed     INTEGER NOT NULL DEFAULT 0,
    poster      BLOB,
    poster_tag  TEXT NOT NULL DEFAULT ''
) STRICT;
