package show

import "time"

// What the store keeps and package people works with: the types of people.go
// with the secrets' hashes, which nobody else sees.

// StoredUser is a User with what proves them.
type StoredUser struct {
	User
	Password string // a hash that names its algorithm
}

// StoredSession is a session with who is on its stage.
type StoredSession struct {
	Managed
	Created time.Time
	People  []StoredParticipant // the host first, then by ID
}

// StoredParticipant is a person on a stage; who was removed is remembered, so
// that nobody gets their ID again.
type StoredParticipant struct {
	ID       ParticipantID
	Name     string
	Role     Role
	Declared bool
	Removed  bool
	Source   SourceURL // of a camera; it goes when they are removed
	Reach    Reach
}

// StoredKey is a stream key.
type StoredKey struct {
	KeyInfo
	Session SessionID
	Hash    SecretHash
}

// StoredInvite is an invite.
type StoredInvite struct {
	InviteInfo
	Session SessionID
	Hash    SecretHash
}

// SignIn is what a browser's cookie stands for: User or Invite.
type SignIn struct {
	Hash    SecretHash
	User    UserID
	Invite  InviteID
	Created time.Time
	Expires time.Time // of a User; an invite has its own
}
