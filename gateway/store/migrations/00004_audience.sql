-- +goose Up
-- What audiences say. A viewer is of the whole event; what they say goes with its
-- session.

CREATE TABLE viewers (
    id        TEXT PRIMARY KEY,
    hash      BLOB NOT NULL UNIQUE,
    nickname  TEXT NOT NULL,
    skeleton  TEXT NOT NULL, -- what the nickname looks like
    created   INTEGER NOT NULL,
    last_seen INTEGER NOT NULL
) STRICT;
CREATE INDEX viewers_looks ON viewers (skeleton, last_seen);

CREATE TABLE messages (
    place    INTEGER PRIMARY KEY, -- the order in which they were said
    session  TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    id       TEXT NOT NULL, -- the sender's
    by       TEXT NOT NULL,
    name     TEXT NOT NULL,
    badge    TEXT NOT NULL,
    text     TEXT NOT NULL,
    at       INTEGER NOT NULL,
    reply_to TEXT NOT NULL,
    question TEXT NOT NULL,
    UNIQUE (session, id)
) STRICT;
CREATE INDEX messages_of ON messages (session, place);

CREATE TABLE questions (
    session TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    id      TEXT NOT NULL,
    by      TEXT NOT NULL,
    name    TEXT NOT NULL,
    text    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    state   TEXT NOT NULL CHECK (state IN ('open', 'next', 'on_air', 'answered', 'dismissed')),
    PRIMARY KEY (session, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE question_votes (
    session  TEXT NOT NULL,
    question TEXT NOT NULL,
    viewer   TEXT NOT NULL,
    PRIMARY KEY (session, question, viewer),
    FOREIGN KEY (session, question) REFERENCES questions ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE polls (
    session  TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    id       TEXT NOT NULL,
    question TEXT NOT NULL,
    options  TEXT NOT NULL, -- JSON, of texts
    state    TEXT NOT NULL CHECK (state IN ('open', 'closed')),
    shown    INTEGER NOT NULL,
    closes   INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (session, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE poll_votes (
    session TEXT NOT NULL,
    poll    TEXT NOT NULL,
    viewer  TEXT NOT NULL,
    choice  INTEGER NOT NULL,
    PRIMARY KEY (session, poll, viewer),
    FOREIGN KEY (session, poll) REFERENCES polls ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
