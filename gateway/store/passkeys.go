package store

import (
	"context"
	"strings"

	"github.com/regie-live/regie/gateway/show"
)

const (
	passkeyColumns = `id, user, name, site, credential, public_key, flags, count, transports, created, last_used`
	backedUp       = 1 << 4 // of the flags: WebAuthn, section 6.1
)

func scanPasskey(r row) (show.StoredPasskey, error) {
	var k show.StoredPasskey
	var transports string
	err := r.Scan(&k.ID, &k.User, &k.Name, &k.Site, &k.Credential, &k.PublicKey, &k.Flags, &k.Count, &transports, moment{&k.Created}, moment{&k.LastUsed})
	if transports != "" {
		k.Transports = strings.Split(transports, ",")
	}
	k.Synced = k.Flags&backedUp != 0
	return k, err
}

// Passkeys lists those of an account, the oldest first.
func (s *Store) Passkeys(ctx context.Context, of show.UserID) ([]show.StoredPasskey, error) {
	return query(ctx, s.read, scanPasskey, `SELECT `+passkeyColumns+` FROM passkeys WHERE user = ? ORDER BY created, rowid`, of)
}

// PasskeyOf finds one by its credential.
func (s *Store) PasskeyOf(ctx context.Context, credential []byte) (show.StoredPasskey, bool, error) {
	return one(ctx, s.read, scanPasskey, `SELECT `+passkeyColumns+` FROM passkeys WHERE credential = ?`, credential)
}

// AddPasskey adds one to an account.
func (s *Store) AddPasskey(ctx context.Context, k show.StoredPasskey, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error { return addPasskey(t, k) })
}

func addPasskey(t tx, k show.StoredPasskey) error {
	return t.exec(`INSERT INTO passkeys (`+passkeyColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		k.ID, k.User, k.Name, k.Site, k.Credential, k.PublicKey, k.Flags, k.Count, strings.Join(k.Transports, ","), stamp(k.Created), stamp(k.LastUsed))
}

// AddUserWithPasskey adds an account that has no password, signed in.
func (s *Store) AddUserWithPasskey(ctx context.Context, a show.StoredUser, k show.StoredPasskey, in show.SignIn, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error {
		if err := addUser(t, a); err != nil {
			return err
		}
		if err := addPasskey(t, k); err != nil {
			return err
		}
		return addSignIn(t, in)
	})
}

// SignInByPasskey notes the use of one, and the sign-in that came of it.
func (s *Store) SignInByPasskey(ctx context.Context, k show.StoredPasskey, in show.SignIn, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error {
		if err := t.exec(`UPDATE passkeys SET flags = ?, count = ?, last_used = ? WHERE id = ?`, k.Flags, k.Count, stamp(k.LastUsed), k.ID); err != nil {
			return err
		}
		return signIn(t, in)
	})
}

// RenamePasskey gives one another name.
func (s *Store) RenamePasskey(ctx context.Context, id show.PasskeyID, name string, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error { return t.exec(`UPDATE passkeys SET name = ? WHERE id = ?`, name, id) })
}

// RemovePasskey deletes one, and ends its account's sign-ins but for the one to keep.
func (s *Store) RemovePasskey(ctx context.Context, k show.StoredPasskey, keep show.SecretHash, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error {
		if err := t.exec(`DELETE FROM sign_ins WHERE user = ? AND hash <> ?`, k.User, keep[:]); err != nil {
			return err
		}
		return t.exec(`DELETE FROM passkeys WHERE id = ?`, k.ID)
	})
}
