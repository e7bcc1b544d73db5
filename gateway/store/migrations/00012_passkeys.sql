-- +goose Up
-- Passkeys: public keys and what is known of them. Nothing here is a secret.
CREATE TABLE passkeys (
    id         TEXT PRIMARY KEY,
    user       TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    name       TEXT NOT NULL,
    site       TEXT NOT NULL, -- the host that it is good on
    credential BLOB NOT NULL UNIQUE,
    public_key BLOB NOT NULL, -- COSE
    flags      INTEGER NOT NULL, -- of the authenticator data
    count      INTEGER NOT NULL, -- signatures made
    transports TEXT NOT NULL, -- comma between
    created    INTEGER NOT NULL,
    last_used  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX passkeys_of ON passkeys (user);
