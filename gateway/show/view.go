package show

import (
	"slices"
	"time"
)

// SessionView is what anyone may know of a session: no key, no address. Its
// JSON is the API's answer and the state that the pages start from, so that
// there is one shape to learn.
type SessionView struct {
	ID           SessionID         `json:"id"`
	Title        string            `json:"title"`
	Phase        Phase             `json:"phase"`
	Since        time.Time         `json:"since,omitzero"` // when Phase began
	Participants []ParticipantView `json:"participants"`   // the host first
	Viewers      int               `json:"viewers"`
	Width        int               `json:"width,omitzero"` // of the program, in pixels
	Height       int               `json:"height,omitzero"`
	HLSURL       string            `json:"hls_url"` // paths on this server
	WHEPURL      string            `json:"whep_url"`
}

// ParticipantView is what anyone may know of a person on stage.
type ParticipantView struct {
	Name  string `json:"name"`
	Role  Role   `json:"role"`
	OnAir bool   `json:"on_air"`
}

// NewSessionView shows a session without its secrets. The caller adds what
// only it knows: Since, Viewers, Width and Height.
func NewSessionView(s Session, phase Phase, onAir []ParticipantID) SessionView {
	v := SessionView{
		ID:           s.ID,
		Title:        s.Title,
		Phase:        phase,
		Participants: make([]ParticipantView, 0, len(s.Participants)),
		HLSURL:       "/live/" + string(s.ID) + "/index.m3u8",
		WHEPURL:      "/live/" + string(s.ID) + "/whep",
	}
	for _, p := range s.Participants {
		v.Participants = append(v.Participants, ParticipantView{
			Name: p.Name, Role: p.Role, OnAir: phase == Live && slices.Contains(onAir, p.ID), // the stage may stand before and after
		})
	}
	return v
}
