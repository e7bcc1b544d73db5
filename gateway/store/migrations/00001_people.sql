-- +goose Up
-- Times are Unix milliseconds; 0 is never. Secrets are SHA-256 of at least 128
-- random bits, passwords argon2id in PHC form.

CREATE TABLE users (
    id        TEXT PRIMARY KEY,
    name      TEXT NOT NULL,
    fold      TEXT NOT NULL UNIQUE, -- the name without case
    role      TEXT NOT NULL CHECK (role IN ('admin', 'creator', 'moderator')),
    password  TEXT NOT NULL,
    created   INTEGER NOT NULL,
    last_seen INTEGER NOT NULL DEFAULT 0,
    disabled  INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE sessions (
    id        TEXT PRIMARY KEY,
    title     TEXT NOT NULL,
    host_name TEXT NOT NULL,
    owner     TEXT REFERENCES users ON DELETE SET NULL,
    starts    INTEGER NOT NULL DEFAULT 0,
    ends      INTEGER NOT NULL DEFAULT 0,
    autostart INTEGER NOT NULL DEFAULT 0,
    declared  INTEGER NOT NULL DEFAULT 0, -- mirrors the configuration file
    created   INTEGER NOT NULL,
    logo      BLOB
) STRICT;
CREATE INDEX sessions_owner ON sessions (owner);

-- Who was removed stays, so that nobody gets their name on old invites or ID.
CREATE TABLE participants (
    session  TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    id       TEXT NOT NULL,
    name     TEXT NOT NULL,
    role     TEXT NOT NULL CHECK (role IN ('host', 'guest')),
    declared INTEGER NOT NULL DEFAULT 0,
    removed  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (session, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE stream_keys (
    id          TEXT PRIMARY KEY,
    hash        BLOB NOT NULL UNIQUE,
    session     TEXT NOT NULL,
    participant TEXT NOT NULL,
    created     INTEGER NOT NULL,
    last_used   INTEGER NOT NULL DEFAULT 0,
    revoked     INTEGER NOT NULL DEFAULT 0,
    FOREIGN KEY (session, participant) REFERENCES participants ON DELETE CASCADE
) STRICT;
CREATE INDEX stream_keys_of ON stream_keys (session, participant);

CREATE TABLE invites (
    id          TEXT PRIMARY KEY,
    hash        BLOB NOT NULL UNIQUE,
    session     TEXT NOT NULL,
    participant TEXT NOT NULL,
    created     INTEGER NOT NULL,
    expires     INTEGER NOT NULL,
    used        INTEGER NOT NULL DEFAULT 0,
    revoked     INTEGER NOT NULL DEFAULT 0,
    FOREIGN KEY (session, participant) REFERENCES participants ON DELETE CASCADE
) STRICT;
CREATE INDEX invites_of ON invites (session, participant);

-- What a browser's cookie stands for: an account or a participant by invite.
CREATE TABLE sign_ins (
    hash    BLOB PRIMARY KEY,
    user    TEXT REFERENCES users ON DELETE CASCADE,
    invite  TEXT REFERENCES invites ON DELETE CASCADE,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL, -- of an account; an invite has its own
    CHECK ((user IS NULL) <> (invite IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_ins_user ON sign_ins (user);
CREATE INDEX sign_ins_invite ON sign_ins (invite);

CREATE TABLE audit (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    by      TEXT NOT NULL,
    act     TEXT NOT NULL,
    session TEXT NOT NULL,
    of      TEXT NOT NULL
) STRICT;
