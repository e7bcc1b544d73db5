package show

import "time"

// LookPatch changes what is set, so that two people at the desk do not undo each
// other.
type LookPatch struct {
	Layout    *Layout        `json:"layout,omitempty"`
	Spotlight *ParticipantID `json:"spotlight,omitempty"` // empty: the host
	Slate     *SlateKind     `json:"slate,omitempty"`     // empty: none
}

// OverlayPatch changes what is set.
type OverlayPatch struct {
	LowerThird *LowerThird `json:"lower_third,omitempty"` // without a title and a line it goes away
	Logo       *bool       `json:"logo,omitempty"`
	Until      *time.Time  `json:"until,omitempty"` // the zero time counts to nothing
	SlateLine  *string     `json:"slate_line,omitempty"`
}

// Adjustment changes what is set of a person. Muted, CameraOff and Volume are the
// desk's; SelfMuted and SelfCameraOff the person's own; Name is either's. Hand is
// raised by the person and lowered by either.
type Adjustment struct {
	Muted         *bool    `json:"muted,omitempty"`      // true: only SelfMuted of false clears it
	CameraOff     *bool    `json:"camera_off,omitempty"` // likewise
	Volume        *float64 `json:"volume,omitempty"`     // linear, 0 to 2
	SelfMuted     *bool    `json:"self_muted,omitempty"`
	SelfCameraOff *bool    `json:"self_camera_off,omitempty"`
	Name          *string  `json:"name,omitempty"` // 1 to 40 characters
	Hand          *bool    `json:"hand,omitempty"`

	// What the appliance finds out by itself.
	Present *bool   `json:"-"` // their page is open
	Quality *string `json:"-"` // good, weak, bad or empty
}
