package api

import (
	"context"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

// Sessions is what anybody may know. List is in the order in which the sessions are
// to be shown.
type Sessions interface {
	List() []show.SessionView
	Get(show.SessionID) (show.SessionView, bool)
}

// Stage is one session's stage. Its errors are sentences.
type Stage interface {
	Desk() show.Desk
	Move(id show.ParticipantID, to show.Place, byDesk bool) error
	Adjust(id show.ParticipantID, a show.Adjustment, byDesk bool) error
	Prepare(show.LookPatch) error
	Take(fade bool) error
	Slate(show.SlateKind) error
	Overlay(show.OverlayPatch) error
	Start(cause string) error
	End(cause string) error
}

// People knows who may do what; package people has it.
type People interface {
	Who(context.Context, show.Token) (show.Principal, time.Time, error)
	May(show.Principal, show.Permission, show.SessionID) bool
	Permissions(show.Principal) []show.Permission
	ParticipantOf(show.Principal, show.SessionID) (show.ParticipantID, bool)
	Note(ctx context.Context, by show.Principal, act string, id show.SessionID, of string)
	Audit(context.Context, show.Principal) ([]show.AuditEntry, error)

	SetupOpen() bool
	Setup(ctx context.Context, remote string, token show.Token, name, password string) (show.SignedIn, error)
	SignIn(ctx context.Context, remote, name, password string) (show.SignedIn, error)
	SignOut(context.Context, show.Token) error
	ChangePassword(ctx context.Context, by show.Principal, keep show.Token, old, password string) error
	Passkeys

	Users(context.Context, show.Principal) ([]show.User, error)
	AddUser(context.Context, show.Principal, show.NewUser) (show.User, string, error)
	ChangeUser(context.Context, show.Principal, show.UserID, show.UserPatch) (show.User, error)
	RemoveUser(context.Context, show.Principal, show.UserID) error

	Sessions(context.Context, show.Principal) ([]show.Managed, error)
	Session(context.Context, show.Principal, show.SessionID) (show.Managed, error)
	AddSession(context.Context, show.Principal, show.NewSession) (show.Managed, error)
	ChangeSession(context.Context, show.Principal, show.SessionID, show.SessionPatch) (show.Managed, error)
	RemoveSession(context.Context, show.Principal, show.SessionID) error
	Logo(context.Context, show.SessionID) ([]byte, error)
	SetLogo(ctx context.Context, by show.Principal, id show.SessionID, png []byte) error
	RemoveLogo(context.Context, show.Principal, show.SessionID) error

	Keys(context.Context, show.Principal, show.SessionID) ([]show.KeyInfo, error)
	AddKey(context.Context, show.Principal, show.SessionID, show.NewKey) (show.KeyInfo, show.StreamKey, error)
	RevokeKey(context.Context, show.Principal, show.SessionID, show.KeyID) error
	Cameras(context.Context, show.Principal, show.SessionID) ([]show.Camera, error)
	AddCamera(context.Context, show.Principal, show.SessionID, show.NewCamera) (show.Camera, error)
	RemoveCamera(context.Context, show.Principal, show.SessionID, show.ParticipantID) error
	Invites(context.Context, show.Principal, show.SessionID) ([]show.InviteInfo, error)
	AddInvite(context.Context, show.Principal, show.SessionID, show.NewInvite) (show.InviteInfo, show.Token, error)
	RevokeInvite(context.Context, show.Principal, show.SessionID, show.InviteID) error
	Invitation(ctx context.Context, remote string, token show.Token) (show.Invitation, error)
	Join(ctx context.Context, remote string, token show.Token, name string) (show.SignedIn, error)
	Rename(ctx context.Context, by show.Principal, id show.SessionID, p show.ParticipantID, name string) error
	RemovePerson(context.Context, show.Principal, show.SessionID, show.ParticipantID) error
	PublishToken(id show.SessionID, p show.ParticipantID, by string) show.StreamKey
}

// Message is one thing said between the desk and a person.
type Message struct {
	From     show.ParticipantID `json:"from"` // "desk" if not said as a participant
	FromName string             `json:"from_name"`
	Text     string             `json:"text"`
	At       time.Time          `json:"at"`
}

// ProfileRequest says what an encoder's profile is to hold.
type ProfileRequest struct {
	Session  show.SessionID
	Title    string
	Protocol string // rtmp or whip
	Key      string // empty: the creator fills it in
	Host     string // as the browser reached us
	Secure   bool
}
