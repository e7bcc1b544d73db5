package store

import (
	"context"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

// Keys lists the stream keys that are not revoked, the oldest first.
func (s *Store) Keys(ctx context.Context) ([]show.StoredKey, error) {
	return query(ctx, s.read, func(r row) (show.StoredKey, error) {
		var k show.StoredKey
		err := r.Scan(&k.ID, secret{&k.Hash}, &k.Session, &k.Participant, moment{&k.Created}, moment{&k.LastUsed})
		return k, err
	}, `SELECT id, hash, session, participant, created, last_used FROM stream_keys WHERE revoked = 0 ORDER BY created, rowid`)
}

// AddKey adds a key and, if they are new, whom it is for.
func (s *Store) AddKey(ctx context.Context, k show.StoredKey, of *show.StoredParticipant, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error {
		if of != nil {
			if err := putParticipant(t, k.Session, *of); err != nil {
				return err
			}
		}
		return t.exec(`INSERT INTO stream_keys (id, hash, session, participant, created) VALUES (?, ?, ?, ?, ?)`,
			k.ID, k.Hash[:], k.Session, k.Participant, stamp(k.Created))
	})
}

// RevokeKey ends a key and, if away is not nil, the person who had no other way in.
func (s *Store) RevokeKey(ctx context.Context, k show.StoredKey, away *show.StoredParticipant, at time.Time, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error {
		if away != nil {
			if err := putParticipant(t, k.Session, *away); err != nil {
				return err
			}
		}
		return t.exec(`UPDATE stream_keys SET revoked = ? WHERE id = ?`, stamp(at), k.ID)
	})
}

// KeysUsed notes when keys were last used.
func (s *Store) KeysUsed(ctx context.Context, at map[show.KeyID]time.Time) error {
	return s.change(ctx, show.AuditEntry{}, func(t tx) error {
		for id, used := range at {
			if err := t.exec(`UPDATE stream_keys SET last_used = ? WHERE id = ?`, stamp(used), id); err != nil {
				return err
			}
		}
		return nil
	})
}
