-- +goose Up

CREATE TABLE products (
    id            TEXT PRIMARY KEY,
    session       TEXT REFERENCES sessions ON DELETE CASCADE, -- NULL: of the whole event
    title         TEXT NOT NULL,
    price         TEXT NOT NULL,
    currency      TEXT NOT NULL,
    url           TEXT NOT NULL,
    stock         INTEGER,
    offer_ends    INTEGER NOT NULL DEFAULT 0,
    picture       BLOB,
    picture_type  TEXT NOT NULL DEFAULT '',
    picture_hash  TEXT NOT NULL DEFAULT '',
    picture_from  TEXT NOT NULL DEFAULT '', -- an address that is still to be fetched
    picture_error TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX products_session ON products (session);

-- A pin outlives its product, so it keeps what that last said.
CREATE TABLE pins (
    id           TEXT PRIMARY KEY,
    session      TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    product      TEXT NOT NULL,
    title        TEXT NOT NULL,
    price        TEXT NOT NULL,
    currency     TEXT NOT NULL,
    url          TEXT NOT NULL,
    stock        INTEGER,
    offer_ends   INTEGER NOT NULL,
    picture_hash TEXT NOT NULL,
    start        INTEGER NOT NULL,
    seconds      REAL NOT NULL
) STRICT;
CREATE INDEX pins_session ON pins (session);
CREATE INDEX pins_product ON pins (product);

CREATE TABLE pin_minutes (
    pin    TEXT NOT NULL REFERENCES pins ON DELETE CASCADE,
    minute INTEGER NOT NULL,
    shown  INTEGER NOT NULL,
    opened INTEGER NOT NULL,
    PRIMARY KEY (pin, minute)
) STRICT, WITHOUT ROWID;
