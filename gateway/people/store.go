package people

import (
	"context"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

// Store is what keeps people. A change is on the disk, with its audit entry, when
// it returns; it is whole or not at all.
type Store interface {
	userStore
	passkeyStore
	sessionStore
	keyStore
	inviteStore

	Audit(ctx context.Context, n int) ([]show.AuditEntry, error)
	AddAudit(context.Context, show.AuditEntry) error
	Tidy(ctx context.Context, now time.Time) error
}

type userStore interface {
	Users(context.Context) ([]show.StoredUser, error)
	User(context.Context, show.UserID) (show.StoredUser, bool, error)
	UserNamed(context.Context, string) (show.StoredUser, bool, error)
	AddUser(context.Context, show.StoredUser, *show.SignIn, show.AuditEntry) error
	ChangeUser(ctx context.Context, u show.StoredUser, signOut bool, keep show.SecretHash, e show.AuditEntry) error
	RemoveUser(context.Context, show.UserID, show.AuditEntry) error

	SignInOf(context.Context, show.SecretHash) (show.SignIn, bool, error)
	AddSignIn(context.Context, show.SignIn, show.AuditEntry) error
	ExtendSignIn(ctx context.Context, in show.SignIn, seen time.Time) error
	RemoveSignIn(context.Context, show.SecretHash) error
}

type passkeyStore interface {
	Passkeys(context.Context, show.UserID) ([]show.StoredPasskey, error)
	PasskeyOf(ctx context.Context, credential []byte) (show.StoredPasskey, bool, error)
	AddPasskey(context.Context, show.StoredPasskey, show.AuditEntry) error
	AddUserWithPasskey(context.Context, show.StoredUser, show.StoredPasskey, show.SignIn, show.AuditEntry) error
	SignInByPasskey(context.Context, show.StoredPasskey, show.SignIn, show.AuditEntry) error
	RenamePasskey(ctx context.Context, id show.PasskeyID, name string, e show.AuditEntry) error
	RemovePasskey(ctx context.Context, k show.StoredPasskey, keep show.SecretHash, e show.AuditEntry) error
}

type sessionStore interface {
	Sessions(context.Context) ([]show.StoredSession, error)
	PutSession(context.Context, show.StoredSession, show.AuditEntry) error
	RemoveSession(context.Context, show.SessionID, show.AuditEntry) error
	PutParticipant(context.Context, show.SessionID, show.StoredParticipant, show.AuditEntry) error
	RemoveParticipant(ctx context.Context, id show.SessionID, p show.StoredParticipant, at time.Time, e show.AuditEntry) error
	Logo(context.Context, show.SessionID) ([]byte, error)
	PutLogo(ctx context.Context, id show.SessionID, png []byte, e show.AuditEntry) error
}

type keyStore interface {
	Keys(context.Context) ([]show.StoredKey, error)
	AddKey(context.Context, show.StoredKey, *show.StoredParticipant, show.AuditEntry) error
	RevokeKey(ctx context.Context, k show.StoredKey, away *show.StoredParticipant, at time.Time, e show.AuditEntry) error
	KeysUsed(context.Context, map[show.KeyID]time.Time) error
}

type inviteStore interface {
	Invites(context.Context, show.SessionID) ([]show.StoredInvite, error) // empty: of all
	Invite(context.Context, show.InviteID) (show.StoredInvite, bool, error)
	InviteOf(context.Context, show.SecretHash) (show.StoredInvite, bool, error)
	AddInvite(context.Context, show.StoredInvite, *show.StoredParticipant, show.AuditEntry) error
	RevokeInvite(ctx context.Context, i show.StoredInvite, away *show.StoredParticipant, at time.Time, e show.AuditEntry) error
	Join(ctx context.Context, i show.StoredInvite, of show.StoredParticipant, in show.SignIn, keep int, e show.AuditEntry) error
}
