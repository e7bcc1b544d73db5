package store

import (
	"context"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

const invites = `SELECT i.id, i.hash, i.session, i.participant, p.role, p.name, i.created, i.expires, i.used, i.revoked <> 0
	FROM invites i JOIN participants p ON p.session = i.session AND p.id = i.participant `

func scanInvite(r row) (show.StoredInvite, error) {
	var i show.StoredInvite
	err := r.Scan(&i.ID, secret{&i.Hash}, &i.Session, &i.Participant, &i.Seat, &i.Name,
		moment{&i.Created}, moment{&i.Expires}, moment{&i.Used}, &i.Revoked)
	return i, err
}

// Invites lists those of a session, the oldest first; of every session if it is
// empty.
func (s *Store) Invites(ctx context.Context, id show.SessionID) ([]show.StoredInvite, error) {
	return query(ctx, s.read, scanInvite, invites+`WHERE i.session = ? OR ? = '' ORDER BY i.created, i.rowid`, id, id)
}

// Invite finds one.
func (s *Store) Invite(ctx context.Context, id show.InviteID) (show.StoredInvite, bool, error) {
	return one(ctx, s.read, scanInvite, invites+`WHERE i.id = ?`, id)
}

// InviteOf finds one by its secret.
func (s *Store) InviteOf(ctx context.Context, hash show.SecretHash) (show.StoredInvite, bool, error) {
	return one(ctx, s.read, scanInvite, invites+`WHERE i.hash = ?`, hash[:])
}

// AddInvite adds an invite and, if they are new, whom it is for.
func (s *Store) AddInvite(ctx context.Context, i show.StoredInvite, of *show.StoredParticipant, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error {
		if of != nil {
			if err := putParticipant(t, i.Session, *of); err != nil {
				return err
			}
		}
		return t.exec(`INSERT INTO invites (id, hash, session, participant, created, expires) VALUES (?, ?, ?, ?, ?, ?)`,
			i.ID, i.Hash[:], i.Session, i.Participant, stamp(i.Created), stamp(i.Expires))
	})
}

// RevokeInvite ends an invite, the sign-ins by it and, if away is not nil, the
// person who had no other way in.
func (s *Store) RevokeInvite(ctx context.Context, i show.StoredInvite, away *show.StoredParticipant, at time.Time, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error {
		if away != nil {
			if err := putParticipant(t, i.Session, *away); err != nil {
				return err
			}
		}
		if err := t.exec(`DELETE FROM sign_ins WHERE invite = ?`, i.ID); err != nil {
			return err
		}
		return t.exec(`UPDATE invites SET revoked = ? WHERE id = ?`, stamp(at), i.ID)
	})
}

// Join notes that an invite was used, under which name, and by which sign-in; of
// an invite's sign-ins the newest keep count.
func (s *Store) Join(ctx context.Context, i show.StoredInvite, of show.StoredParticipant, in show.SignIn, keep int, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error {
		if err := t.exec(`UPDATE invites SET used = ? WHERE id = ? AND used = 0`, stamp(in.Created), i.ID); err != nil {
			return err
		}
		if err := putParticipant(t, i.Session, of); err != nil {
			return err
		}
		if err := addSignIn(t, in); err != nil {
			return err
		}
		return t.exec(`DELETE FROM sign_ins WHERE invite = ? AND hash NOT IN
			(SELECT hash FROM sign_ins WHERE invite = ? ORDER BY created DESC, hash LIMIT ?)`, i.ID, i.ID, keep)
	})
}

// RemoveParticipant revokes all that brings a person in and marks them as removed.
func (s *Store) RemoveParticipant(ctx context.Context, id show.SessionID, p show.StoredParticipant, at time.Time, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error {
		for _, text := range []string{
			`DELETE FROM sign_ins WHERE invite IN (SELECT id FROM invites WHERE session = ?2 AND participant = ?3)`,
			`UPDATE invites SET revoked = ?1 WHERE session = ?2 AND participant = ?3 AND revoked = 0`,
			`UPDATE stream_keys SET revoked = ?1 WHERE session = ?2 AND participant = ?3 AND revoked = 0`,
		} {
			if err := t.exec(text, stamp(at), id, p.ID); err != nil {
				return err
			}
		}
		return putParticipant(t, id, p)
	})
}
