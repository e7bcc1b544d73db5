-- +goose Up
-- Secrets that still sign beside a new one, and reasons in a word that pages translate.

ALTER TABLE webhooks ADD COLUMN old_secrets TEXT NOT NULL DEFAULT '[]'; -- JSON
ALTER TABLE webhooks ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE deliveries ADD COLUMN reason TEXT NOT NULL DEFAULT '';
