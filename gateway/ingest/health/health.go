// Package health says how what a publisher sends arrives, and what its creator
// would do well to change. Encoders hide our words from their users, so the
// creator's page says them: codec, size, rate, keyframes, sound, and one piece of
// advice at a time.
//
// It guarantees:
//   - A Meter decodes nothing, keeps a bounded amount of memory whatever comes, and
//     costs well under a microsecond for an access unit.
//   - Advise is pure, and worst first. It gives codes and numbers; the words are in
//     the catalogue of the pages, in each language.
package health

import (
	"time"

	"github.com/regie-live/regie/gateway/show"
)

// State is what the line of a seat says first.
type State string

// The states. A publisher is checked for Settling before it is called good.
const (
	Waiting  State = "waiting"  // nobody sends
	Checking State = "checking" // somebody sends, too short a time to judge
	Good     State = "good"
	Fix      State = "fix" // what comes is worth changing
)

// Health is how one participant's sending arrives. Its JSON is what the API and
// the desk's channel give.
type Health struct {
	Participant show.ParticipantID `json:"participant"`
	Name        string             `json:"name"`
	State       State              `json:"state"`
	Protocol    string             `json:"protocol,omitempty"`
	Video       *Video             `json:"video,omitempty"`
	Audio       *Audio             `json:"audio,omitempty"`
	// AVOffset is by how much sound arrives ahead of its picture, in milliseconds;
	// negative when it comes later. Absent while it is not known.
	AVOffset *int      `json:"av_offset_ms,omitempty"`
	Advice   *Advice   `json:"advice,omitempty"` // the worst
	Since    time.Time `json:"since,omitzero"`   // when the publisher connected
}

// Video describes the picture. What is not known is zero.
type Video struct {
	Codec   string  `json:"codec"`
	Profile string  `json:"profile,omitempty"`
	Width   int     `json:"width,omitempty"`
	Height  int     `json:"height,omitempty"`
	FPS     float64 `json:"fps,omitempty"`
	// Unsteady is how much the time from picture to picture varies: its standard
	// deviation ÷ its mean.
	Unsteady float64 `json:"unsteady,omitempty"`
	Kbps     int     `json:"kbps"`                          // over 30 s
	KbpsNow  int     `json:"kbps_now"`                      // over 10 s
	Keyframe float64 `json:"keyframe_seconds,omitempty"`    // the longest spacing lately
	NoKey    float64 `json:"no_keyframe_seconds,omitempty"` // since the last keyframe, when that is longer than Keyframe
	BFrames  int     `json:"b_frames"`                      // in a row
}

// Audio describes the sound.
type Audio struct {
	Codec    string `json:"codec"`
	Rate     int    `json:"rate,omitempty"` // Hz
	Channels int    `json:"channels,omitempty"`
	Kbps     int    `json:"kbps"` // over 30 s
	// Loudness is what the mixer hears at the moment; Silent, for how many seconds
	// that has been next to nothing.
	Loudness *float64 `json:"loudness_lufs,omitempty"`
	Silent   float64  `json:"silent_seconds,omitempty"`
}

// NewWaiting is the health of a participant who does not send.
func NewWaiting(p show.Participant) Health {
	return Health{Participant: p.ID, Name: p.Name, State: Waiting}
}

// Settling is how long a publisher is checked before it is judged.
const Settling = 8 * time.Second

// Judge sets State and Advice by what was measured. age is how long the publisher
// has sent.
func (h *Health) Judge(age time.Duration, l Limits) {
	advice := Advise(*h, l)
	switch {
	case len(advice) > 0 && (advice[0].Level == MustFix && age >= Settling || advice[0].sure()):
		h.State = Fix
	case age < Settling:
		h.State = Checking
		return // what is said before it is known would be taken back
	default:
		h.State = Good
	}
	if len(advice) > 0 {
		h.Advice = &advice[0]
	}
}
