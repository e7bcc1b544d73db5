-- +goose Up
-- A participant may be a camera that is fetched: from where, with its password, which
-- has to be said to the camera, and how far its address may lead (show.Reach).

ALTER TABLE participants ADD COLUMN source TEXT NOT NULL DEFAULT '';
ALTER TABLE participants ADD COLUMN reach TEXT NOT NULL DEFAULT '';
