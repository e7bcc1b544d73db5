// Package show holds the words of a live event as types: sessions, participants,
// roles, keys, layouts. It is pure: no I/O, no goroutine, no clock.
package show

import (
	"crypto/subtle"
	"time"
)

// SessionID names a session in URLs, logs and labels: [a-z0-9-]{1,64}.
type SessionID string

// ParticipantID names a participant within a session: "host", "guest1", …
type ParticipantID string

// Role is what a person may do.
type Role string

// The roles.
const (
	Host      Role = "host"
	Guest     Role = "guest"
	Creator   Role = "creator"
	Moderator Role = "moderator"
	Admin     Role = "admin"
	Viewer    Role = "viewer"
)

// MaxGuests is how many guests share a stage with the host.
const MaxGuests = 3

// StreamKey is the secret an encoder holds; it alone says which session and
// which seat. It prints as dots, so that it cannot reach a log by accident.
type StreamKey string

// Redacted is how a secret prints.
const Redacted = "•••"

func (StreamKey) String() string   { return Redacted }
func (StreamKey) GoString() string { return Redacted }

// Equal compares in constant time.
func (k StreamKey) Equal(other StreamKey) bool {
	return subtle.ConstantTimeCompare([]byte(k), []byte(other)) == 1
}

// Participant is a person on stage.
type Participant struct {
	ID     ParticipantID
	Name   string
	Role   Role
	Key    StreamKey
	Source SourceURL // of a camera that we fetch; empty when the person pushes
	Reach  Reach     // of Source
	Gain   float64   // linear; 1 leaves the level as it is
	// Direct puts them on air as soon as they send with their key, without the green
	// room: they are in the configuration. A host always is.
	Direct bool
}

// Session is one live show of a creator.
type Session struct {
	ID           SessionID
	Title        string
	Participants []Participant // the host first
	Autostart    bool          // on air as soon as the host sends
	Starts, Ends time.Time     // planned; zero when it is not
}

// Phase is where a session is in its life.
type Phase string

// The phases, in order.
const (
	Planned Phase = "planned"
	Live    Phase = "live"
	Ended   Phase = "ended"
)
