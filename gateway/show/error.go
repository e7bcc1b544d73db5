package show

import (
	"errors"
	"time"
)

// Error is a no with its reason, written for the person who asked: a sentence
// that says what to do. Kind is for programs.
type Error struct {
	Kind   ErrorKind
	Detail string
	Wait   time.Duration // of TooMany: when to try again
}

// ErrorKind tells the ways of saying no apart.
type ErrorKind string

// The kinds. The API gives each its own status.
const (
	Invalid   ErrorKind = "invalid"    // what was sent cannot be
	SignedOut ErrorKind = "signed_out" // who asks must sign in, or gave a wrong password
	Forbidden ErrorKind = "forbidden"  // who asks may not
	NotFound  ErrorKind = "not_found"
	Gone      ErrorKind = "gone"     // was there: an invite that was revoked
	Expired   ErrorKind = "expired"  // its time is over
	Conflict  ErrorKind = "conflict" // not now, or not any more
	TooMany   ErrorKind = "too_many" // wrong too often, or too many at once
)

func (e *Error) Error() string { return e.Detail }

// KindOf is the kind of the Error in err, empty if there is none.
func KindOf(err error) ErrorKind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}
