// Package auth holds the rules by which people prove who they are and what they
// may do: passwords, random tokens, how long a sign-in or an invite is good, and
// the one table of permissions.
//
// It guarantees:
//   - A password costs a guesser 64 MiB and three passes of argon2id (RFC 9106,
//     section 4, second choice), and this machine no more than two at once.
//   - Everything else here is a function of its inputs: no clock, no storage.
//   - What expires does so at its moment: at that very time it is over.
package auth

import (
	"crypto/rand"
	"encoding/base64"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

const (
	// SignInFor is how long an account stays signed in after it was last seen.
	SignInFor = 30 * 24 * time.Hour
	// slideAfter keeps a page that asks every two seconds from writing as often.
	slideAfter = time.Hour
	// AfterEnd is how long after the planned end of its session an invite is good.
	AfterEnd = 30 * time.Minute
	// InviteFor is how long one is good without a plan.
	InviteFor = 24 * time.Hour
	// MaxInviteFor bounds what may be asked for.
	MaxInviteFor = 90 * 24 * time.Hour
	// SetupFor is how long a setup link is good.
	SetupFor = time.Hour
)

// NewToken makes a secret of 256 bits for a cookie or a setup link.
func NewToken() show.Token {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	return show.Token(base64.RawURLEncoding.EncodeToString(b[:]))
}

// NewSecret makes a secret of 130 bits for people to copy: a stream key, an
// invite, a bearer; capital letters and digits.
func NewSecret() string { return rand.Text() }

// Slide says until when a sign-in of an account is good that was good until
// expires and is used now; changed if that is worth storing.
func Slide(expires, now time.Time) (until time.Time, changed bool) {
	until = now.Add(SignInFor)
	if until.Sub(expires) < slideAfter {
		return expires, false
	}
	return until, true
}

// InviteEnds is when an invite ends that is made now for a session with this
// planned end, which may be zero or over; asked is what its maker wants, or 0.
func InviteEnds(now, ends time.Time, asked time.Duration) time.Time {
	switch {
	case asked > 0:
		return now.Add(min(asked, MaxInviteFor))
	case ends.After(now):
		return ends.Add(AfterEnd)
	}
	return now.Add(InviteFor)
}

// InviteState is what an invite is good for.
type InviteState string

// The states.
const (
	InviteGood    InviteState = "good"
	InviteExpired InviteState = "expired"
	InviteRevoked InviteState = "revoked"
)

// StateOf is the state of an invite. While its session is live an invite that was
// used does not expire, so that nobody is thrown off the air by a clock.
func StateOf(i show.InviteInfo, phase show.Phase, now time.Time) InviteState {
	switch {
	case i.Revoked:
		return InviteRevoked
	case now.Before(i.Expires), phase == show.Live && !i.Used.IsZero():
		return InviteGood
	}
	return InviteExpired
}
