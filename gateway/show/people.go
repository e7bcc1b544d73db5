package show

import (
	"crypto/sha256"
	"strings"
	"time"
)

// Permission names something that one may do; see Principal and package auth.
type Permission string

// The permissions.
const (
	MayUsers    Permission = "users"    // accounts, and the audit log
	MaySessions Permission = "sessions" // make, change and delete sessions
	MayDesk     Permission = "desk"     // run a session: its picture, its people, its keys and invites
	MayStage    Permission = "stage"    // be on a stage
	MayModerate Permission = "moderate" // the audience
	MayRead     Permission = "read"     // what is public
)

// User is an account.
type User struct {
	ID       UserID    `json:"id"`
	Name     string    `json:"name"`
	Role     Role      `json:"role"` // admin, creator or moderator
	Created  time.Time `json:"created"`
	LastSeen time.Time `json:"last_seen,omitzero"`
	Disabled bool      `json:"disabled"`
}

// NewUser asks for an account; without a password one is made.
type NewUser struct {
	Name     string `json:"name"`
	Role     Role   `json:"role"`
	Password string `json:"password,omitempty"`
}

// UserPatch changes what is set.
type UserPatch struct {
	Name     *string `json:"name,omitempty"`
	Role     *Role   `json:"role,omitempty"`
	Password *string `json:"password,omitempty"`
	Disabled *bool   `json:"disabled,omitempty"`
}

// SignedIn is what a browser gets: Token goes into its cookie, once.
type SignedIn struct {
	Token     Token
	Expires   time.Time
	Principal Principal
}

// Token is a random secret of a browser or a link. It prints as dots.
type Token string

func (Token) String() string   { return Redacted }
func (Token) GoString() string { return Redacted }

// SecretHash is what is kept of a random secret. A plain hash is enough where
// nobody can guess the secret: 128 bits at least.
type SecretHash [sha256.Size]byte

// HashSecret hashes a stream key, a token or an invite.
func HashSecret[S ~string](secret S) SecretHash { return sha256.Sum256([]byte(secret)) }

// Managed is what those who run a session know of it.
type Managed struct {
	ID        SessionID `json:"id"`
	Title     string    `json:"title"`
	HostName  string    `json:"host_name"`
	Owner     UserID    `json:"owner,omitempty"`
	Starts    time.Time `json:"starts,omitzero"` // planned
	Ends      time.Time `json:"ends,omitzero"`
	Autostart bool      `json:"autostart"`
	Declared  bool      `json:"declared"` // in the configuration file, where alone it can be changed
	Phase     Phase     `json:"phase"`
	Logo      bool      `json:"logo"`
}

// NewSession asks for a session. ID is made from the title if it is empty, Owner
// is who asks.
type NewSession struct {
	ID        SessionID `json:"id,omitempty"`
	Title     string    `json:"title"`
	HostName  string    `json:"host_name"`
	Starts    time.Time `json:"starts,omitzero"`
	Ends      time.Time `json:"ends,omitzero"`
	Autostart bool      `json:"autostart,omitempty"`
	Owner     UserID    `json:"owner,omitempty"`
}

// SessionPatch changes what is set. A zero time takes a plan away.
type SessionPatch struct {
	Title     *string    `json:"title,omitempty"`
	HostName  *string    `json:"host_name,omitempty"`
	Starts    *time.Time `json:"starts,omitempty"`
	Ends      *time.Time `json:"ends,omitempty"`
	Autostart *bool      `json:"autostart,omitempty"`
	Owner     *UserID    `json:"owner,omitempty"`
}

// KeyID names a stream key without being one.
type KeyID string

// KeyInfo is all that is known of a stream key after it was shown.
type KeyInfo struct {
	ID          KeyID         `json:"id"`
	Participant ParticipantID `json:"participant"`
	Name        string        `json:"name"` // of the participant
	Created     time.Time     `json:"created,omitzero"`
	LastUsed    time.Time     `json:"last_used,omitzero"`
	Declared    bool          `json:"declared"` // in the configuration file
}

// NewKey asks for a stream key: for the host, for a new guest, or one more for
// the participant who is named.
type NewKey struct {
	Seat        Role          `json:"seat"` // host or guest
	Name        string        `json:"name,omitempty"`
	Participant ParticipantID `json:"participant,omitempty"`
}

// InviteID names an invite without being one.
type InviteID string

// InviteInfo is all that is known of an invite after its link was shown.
type InviteInfo struct {
	ID          InviteID      `json:"id"`
	Participant ParticipantID `json:"participant"`
	Seat        Role          `json:"seat"`
	Name        string        `json:"name"` // of the participant; empty until they say
	Created     time.Time     `json:"created"`
	Expires     time.Time     `json:"expires"`
	Used        time.Time     `json:"used,omitzero"` // first joined
	Revoked     bool          `json:"revoked"`
}

// NewInvite asks for an invite: for the host, for a new guest, or one more for
// the participant who is named.
type NewInvite struct {
	Seat        Role          `json:"seat"` // host or guest
	Name        string        `json:"name,omitempty"`
	Participant ParticipantID `json:"participant,omitempty"`
	ExpiresIn   int           `json:"expires_in,omitempty"` // seconds; default: half an hour after the planned end, else a day
}

// Invitation is what an invite says to whoever holds it.
type Invitation struct {
	Session SessionID `json:"session"`
	Title   string    `json:"title"`
	Seat    Role      `json:"seat"`
	Name    string    `json:"name,omitempty"`
	Expires time.Time `json:"expires"`
	Phase   Phase     `json:"phase"`
}

// AuditEntry is one line of the log of who did what.
type AuditEntry struct {
	At      time.Time `json:"at"`
	By      string    `json:"by"`  // a name, as it was then
	Act     string    `json:"act"` // user.add, session.remove, key.new, …
	Session SessionID `json:"session,omitempty"`
	Of      string    `json:"of,omitempty"` // whom or what
}

// screenSuffix cannot end the ID of a person.
const screenSuffix = "-screen"

// Screen is the participant that a person's shared screen is, when it is shown
// beside them.
func (p ParticipantID) Screen() ParticipantID { return p + screenSuffix }

// DeskOf names an account at a desk. hosts says that the host's seat is theirs to
// take: what an encoder sends there is likely their own.
func DeskOf(u UserID, hosts bool) ParticipantID {
	if hosts {
		return hostPrefix + ParticipantID(u)
	}
	return deskPrefix + ParticipantID(u)
}

// Hosts: may be who sends as the host.
func (p ParticipantID) Hosts() bool {
	return p == "host" || strings.HasPrefix(string(p), hostPrefix)
}

// No participant's ID has a colon.
const deskPrefix, hostPrefix = "desk:", "host:"

// Owner is the person to whom a screen belongs; everybody else owns themselves.
func (p ParticipantID) Owner() ParticipantID {
	return ParticipantID(strings.TrimSuffix(string(p), screenSuffix))
}
