package store

import (
	"context"
	"strings"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

const userColumns = `id, name, role, password, created, last_seen, disabled`

func scanUser(r row) (show.StoredUser, error) {
	var a show.StoredUser
	err := r.Scan(&a.ID, &a.Name, &a.Role, &a.Password, moment{&a.Created}, moment{&a.LastSeen}, &a.Disabled)
	return a, err
}

// Users lists all, by name.
func (s *Store) Users(ctx context.Context) ([]show.StoredUser, error) {
	return query(ctx, s.read, scanUser, `SELECT `+userColumns+` FROM users ORDER BY fold`)
}

// UserNamed finds one by its name, whatever the case.
func (s *Store) UserNamed(ctx context.Context, name string) (show.StoredUser, bool, error) {
	return one(ctx, s.read, scanUser, `SELECT `+userColumns+` FROM users WHERE fold = ?`, fold(name))
}

// User finds one.
func (s *Store) User(ctx context.Context, id show.UserID) (show.StoredUser, bool, error) {
	return one(ctx, s.read, scanUser, `SELECT `+userColumns+` FROM users WHERE id = ?`, id)
}

// AddUser adds one, signed in if in is not nil.
func (s *Store) AddUser(ctx context.Context, a show.StoredUser, in *show.SignIn, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error {
		if err := addUser(t, a); err != nil {
			return err
		}
		if in == nil {
			return nil
		}
		return addSignIn(t, *in)
	})
}

func addUser(t tx, a show.StoredUser) error {
	return t.exec(`INSERT INTO users (id, name, fold, role, password, created, disabled) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		a.ID, a.Name, fold(a.Name), a.Role, a.Password, stamp(a.Created), a.Disabled)
}

// ChangeUser replaces all but when it was made and seen. If signOut is set, its
// sign-ins end, but for the one to keep.
func (s *Store) ChangeUser(ctx context.Context, a show.StoredUser, signOut bool, keep show.SecretHash, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error {
		if signOut {
			if err := t.exec(`DELETE FROM sign_ins WHERE user = ? AND hash <> ?`, a.ID, keep[:]); err != nil {
				return err
			}
		}
		return t.exec(`UPDATE users SET name = ?, fold = ?, role = ?, password = ?, disabled = ? WHERE id = ?`,
			a.Name, fold(a.Name), a.Role, a.Password, a.Disabled, a.ID)
	})
}

// RemoveUser deletes one with its sign-ins; its sessions are nobody's then.
func (s *Store) RemoveUser(ctx context.Context, id show.UserID, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error { return t.exec(`DELETE FROM users WHERE id = ?`, id) })
}

func scanSignIn(r row) (show.SignIn, error) {
	var in show.SignIn
	err := r.Scan(secret{&in.Hash}, &in.User, &in.Invite, moment{&in.Created}, moment{&in.Expires})
	return in, err
}

// SignInOf finds what a cookie stands for.
func (s *Store) SignInOf(ctx context.Context, hash show.SecretHash) (show.SignIn, bool, error) {
	return one(ctx, s.read, scanSignIn,
		`SELECT hash, coalesce(user, ''), coalesce(invite, ''), created, expires FROM sign_ins WHERE hash = ?`, hash[:])
}

// AddSignIn adds one of an account.
func (s *Store) AddSignIn(ctx context.Context, in show.SignIn, e show.AuditEntry) error {
	return s.change(ctx, e, func(t tx) error { return signIn(t, in) })
}

func signIn(t tx, in show.SignIn) error {
	if err := t.exec(`UPDATE users SET last_seen = ? WHERE id = ?`, stamp(in.Created), in.User); err != nil {
		return err
	}
	return addSignIn(t, in)
}

func addSignIn(t tx, in show.SignIn) error {
	return t.exec(`INSERT INTO sign_ins (hash, user, invite, created, expires) VALUES (?, ?, ?, ?, ?)`,
		in.Hash[:], orNull(in.User), orNull(in.Invite), stamp(in.Created), stamp(in.Expires))
}

// ExtendSignIn notes that an account was seen, and until when it is signed in.
func (s *Store) ExtendSignIn(ctx context.Context, in show.SignIn, seen time.Time) error {
	return s.change(ctx, show.AuditEntry{}, func(t tx) error {
		if err := t.exec(`UPDATE users SET last_seen = ? WHERE id = ?`, stamp(seen), in.User); err != nil {
			return err
		}
		return t.exec(`UPDATE sign_ins SET expires = ? WHERE hash = ?`, stamp(in.Expires), in.Hash[:])
	})
}

// RemoveSignIn ends one; it may be over already.
func (s *Store) RemoveSignIn(ctx context.Context, hash show.SecretHash) error {
	return s.change(ctx, show.AuditEntry{}, func(t tx) error { return t.exec(`DELETE FROM sign_ins WHERE hash = ?`, hash[:]) })
}

func fold(name string) string { return strings.ToLower(name) }
