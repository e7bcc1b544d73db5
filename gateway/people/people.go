// Package people knows who may do what: accounts and their sign-ins, the sessions
// that people make, the stream keys and invites that bring others onto a stage,
// and the log of who changed what.
//
// It guarantees:
//   - What a method acknowledges is stored and survives a kill -9; then, in the
//     same order for everybody, Changes tells the wiring.
//   - Every method that takes a Principal asks package auth whether they may.
//   - Secrets are random and of 128 bits at least; each is returned once, by what
//     makes it, and kept as a hash.
//   - SeatOf, PublishToken, May and ParticipantOf do no I/O and never wait for any.
//   - Errors that a person can do something about are a *show.Error.
//
// All methods may be called from any goroutine, those of Changes excepted: they
// must not change anything here again.
package people

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

// Options say what Open works with.
type Options struct {
	Dir      string         // where setup-link is written; it exists
	Declared []show.Session // of the configuration, keys and all; read-only here
	Changes  Changes
	// Phase tells where a session is in its life. It must not block.
	Phase  func(show.SessionID) show.Phase
	Now    func() time.Time // default: time.Now
	Logger *slog.Logger
}

// Changes are told of what was stored. Any may be nil.
type Changes struct {
	SessionAdded   func(show.Session)
	SessionChanged func(show.Session) // title, host's name, plan, autostart, logo
	SessionRemoved func(show.SessionID)
	PersonAdded    func(show.SessionID, show.Participant) // by invite or key: invited
	PersonRenamed  func(show.SessionID, show.ParticipantID, string)
	PersonRemoved  func(show.SessionID, show.ParticipantID, error) // for good; the error tells them why
	// KeyRevoked asks to disconnect the publisher that came with the key: the one
	// whose show.HashSecret(offer.Key) is this.
	KeyRevoked func(show.SessionID, show.ParticipantID, show.SecretHash)
}

// Service is ready after Open and does its housekeeping while Run works.
type Service struct{}

var errNotYet = errors.New("not yet")

// Open loads what is stored. Without an administrator it makes a new setup link
// and writes it to Dir/setup-link.
func Open(context.Context, Options) (*Service, error) { return nil, errNotYet }

// Run works until ctx ends: it notes when keys were used, takes away whose invite
// has expired, and renews the setup link while there is no administrator.
func (s *Service) Run(ctx context.Context) error { return errNotYet }

// Stages are all sessions with their participants, for the wiring to open: the
// declared ones first, with who was added to them.
func (s *Service) Stages() []show.Session { return nil }

// SetupOpen reports whether there is no administrator yet.
func (s *Service) SetupOpen() bool { return false }

// SetupLink is the path of the page that makes the administrator, with the one-time
// token in its fragment: /setup#TOKEN. It is empty when there is an administrator.
func (s *Service) SetupLink() string { return "" }

// Setup makes the first administrator.
func (s *Service) Setup(ctx context.Context, remote string, token show.Token, name, password string) (show.SignedIn, error) {
	return show.SignedIn{}, errNotYet
}

// SignIn checks a password; remote is the address of who tries.
func (s *Service) SignIn(ctx context.Context, remote, name, password string) (show.SignedIn, error) {
	return show.SignedIn{}, errNotYet
}

// SignOut ends a sign-in; one that is not there is over already.
func (s *Service) SignOut(ctx context.Context, token show.Token) error { return errNotYet }

// Who says who holds the token, and until when it is good, which may be later than
// it was: an account's slides. Anonymous is no error.
func (s *Service) Who(ctx context.Context, token show.Token) (show.Principal, time.Time, error) {
	return show.Principal{}, time.Time{}, errNotYet
}

// May says whether p may do perm on a session; with no session, on the appliance
// as a whole (for MaySessions: make one).
func (s *Service) May(p show.Principal, perm show.Permission, of show.SessionID) bool { return false }

// Permissions are what p may do anywhere.
func (s *Service) Permissions(p show.Principal) []show.Permission { return nil }

// ParticipantOf says who p is on a session's stage: a participant themselves, the
// account that hosts "host".
func (s *Service) ParticipantOf(p show.Principal, of show.SessionID) (show.ParticipantID, bool) {
	return "", false
}

// ChangePassword changes one's own and ends one's other sign-ins.
func (s *Service) ChangePassword(ctx context.Context, by show.Principal, keep show.Token, old, password string) error {
	return errNotYet
}

// Users lists the accounts by name.
func (s *Service) Users(ctx context.Context, by show.Principal) ([]show.User, error) {
	return nil, errNotYet
}

// AddUser makes an account. The password is returned if it was made here.
func (s *Service) AddUser(ctx context.Context, by show.Principal, n show.NewUser) (show.User, string, error) {
	return show.User{}, "", errNotYet
}

// ChangeUser changes an account. A new password, another role and disabling end
// its sign-ins. There is always an administrator.
func (s *Service) ChangeUser(ctx context.Context, by show.Principal, id show.UserID, p show.UserPatch) (show.User, error) {
	return show.User{}, errNotYet
}

// RemoveUser deletes an account; its sessions stay, without an owner.
func (s *Service) RemoveUser(ctx context.Context, by show.Principal, id show.UserID) error {
	return errNotYet
}

// Sessions lists what by may manage.
func (s *Service) Sessions(ctx context.Context, by show.Principal) ([]show.Managed, error) {
	return nil, errNotYet
}

// Session is one of Sessions.
func (s *Service) Session(ctx context.Context, by show.Principal, id show.SessionID) (show.Managed, error) {
	return show.Managed{}, errNotYet
}

// AddSession makes a session with its host.
func (s *Service) AddSession(ctx context.Context, by show.Principal, n show.NewSession) (show.Managed, error) {
	return show.Managed{}, errNotYet
}

// ChangeSession changes a session that is not declared.
func (s *Service) ChangeSession(ctx context.Context, by show.Principal, id show.SessionID, p show.SessionPatch) (show.Managed, error) {
	return show.Managed{}, errNotYet
}

// RemoveSession deletes a session that is neither declared nor live, with its
// keys and invites.
func (s *Service) RemoveSession(ctx context.Context, by show.Principal, id show.SessionID) error {
	return errNotYet
}

// Logo is the PNG of a session, nil if it has none. Anybody may see it.
func (s *Service) Logo(ctx context.Context, id show.SessionID) ([]byte, error) {
	return nil, errNotYet
}

// SetLogo takes a PNG of at most 256 KiB and 1024 pixels a side.
func (s *Service) SetLogo(ctx context.Context, by show.Principal, id show.SessionID, png []byte) error {
	return errNotYet
}

// RemoveLogo takes it away.
func (s *Service) RemoveLogo(ctx context.Context, by show.Principal, id show.SessionID) error {
	return errNotYet
}

// Keys lists the stream keys of a session that are good.
func (s *Service) Keys(ctx context.Context, by show.Principal, id show.SessionID) ([]show.KeyInfo, error) {
	return nil, errNotYet
}

// AddKey makes a stream key, beside those that are there.
func (s *Service) AddKey(ctx context.Context, by show.Principal, id show.SessionID, n show.NewKey) (show.KeyInfo, show.StreamKey, error) {
	return show.KeyInfo{}, "", errNotYet
}

// RevokeKey ends a key and who publishes with it.
func (s *Service) RevokeKey(ctx context.Context, by show.Principal, id show.SessionID, key show.KeyID) error {
	return errNotYet
}

// Invites lists the invites of a session, also those that are over.
func (s *Service) Invites(ctx context.Context, by show.Principal, id show.SessionID) ([]show.InviteInfo, error) {
	return nil, errNotYet
}

// AddInvite makes an invite; its page is /j/TOKEN.
func (s *Service) AddInvite(ctx context.Context, by show.Principal, id show.SessionID, n show.NewInvite) (show.InviteInfo, show.Token, error) {
	return show.InviteInfo{}, "", errNotYet
}

// RevokeInvite ends an invite and the sign-ins by it. A guest with no other way in
// is removed.
func (s *Service) RevokeInvite(ctx context.Context, by show.Principal, id show.SessionID, invite show.InviteID) error {
	return errNotYet
}

// Invitation says what an invite is for. An unknown one is NotFound, one that has
// expired or was revoked Gone.
func (s *Service) Invitation(ctx context.Context, remote string, token show.Token) (show.Invitation, error) {
	return show.Invitation{}, errNotYet
}

// Join signs the holder of an invite in as its participant, under a name of 1 to
// 40 characters. They may join again, also from another browser, until it ends.
func (s *Service) Join(ctx context.Context, remote string, token show.Token, name string) (show.SignedIn, error) {
	return show.SignedIn{}, errNotYet
}

// Rename changes a participant's own name, or anybody's at the desk.
func (s *Service) Rename(ctx context.Context, by show.Principal, id show.SessionID, p show.ParticipantID, name string) error {
	return errNotYet
}

// RemovePerson revokes every key and invite of a guest. The host and declared
// guests cannot be removed: their connection can be ended, their invites revoked.
func (s *Service) RemovePerson(ctx context.Context, by show.Principal, id show.SessionID, p show.ParticipantID) error {
	return errNotYet
}

// PublishToken makes a bearer for /whip, good for a day while the participant is
// there; p may be a Screen. The newest four of each count.
func (s *Service) PublishToken(id show.SessionID, p show.ParticipantID) show.StreamKey { return "" }

// SeatOf finds the place that a stream key or a publish token opens.
func (s *Service) SeatOf(key show.StreamKey) (show.SessionID, show.ParticipantID, bool) {
	return "", "", false
}

// Note writes what was done elsewhere (stage.live, stage.end, …) into the audit log.
func (s *Service) Note(ctx context.Context, by show.Principal, act string, id show.SessionID, of string) {
}

// Audit is the last 200 entries, the newest first.
func (s *Service) Audit(ctx context.Context, by show.Principal) ([]show.AuditEntry, error) {
	return nil, errNotYet
}
