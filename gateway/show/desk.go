package show

import "time"

// Layout names how the people on air share the picture.
type Layout string

// The layouts. Each takes the spotlit person first, then the host, then the
// guests in the order in which they came on air.
const (
	Auto         Layout = "auto"   // by the number of people on air; see Arrange
	Solo         Layout = "solo"   // one, the whole picture
	TwoUp        Layout = "two-up" // two, side by side
	OnePlusTwo   Layout = "1+2"    // one large, two small
	OnePlusThree Layout = "1+3"    // one large, three small
	PiP          Layout = "pip"    // one large, the second in a corner of it
	Grid         Layout = "grid"   // up to four, equal
)

// SlateKind is a full-screen card that the host puts up.
type SlateKind string

// The slates; the empty one is none.
const (
	NoSlate        SlateKind = ""
	BeRightBack    SlateKind = "brb"
	CountdownSlate SlateKind = "countdown"
)

// Look is what the host decides of the picture. There are two: the one on air,
// and the one in preview, which Take puts on air.
type Look struct {
	Layout    Layout        `json:"layout"`
	Spotlight ParticipantID `json:"spotlight,omitempty"` // has the first cell; empty: the host
	Slate     SlateKind     `json:"slate,omitempty"`
}

// Picture is a Look with the places that it gives to the people who are there.
type Picture struct {
	Look
	Cells []PlacedCell `json:"cells"` // in drawing order; empty under a slate
	// Words are what the slate says, below the session's title, that is there because
	// the host has put it up or nobody can be looked at.
	Words string `json:"words,omitempty"`
}

// PlacedCell is where a person shows, as fractions of the picture.
type PlacedCell struct {
	Participant ParticipantID `json:"participant"`
	X           float64       `json:"x"`
	Y           float64       `json:"y"`
	W           float64       `json:"w"`
	H           float64       `json:"h"`
}

// Overlays lie over the picture and change at once, without Take.
type Overlays struct {
	LowerThird *LowerThird `json:"lower_third,omitempty"`
	Logo       bool        `json:"logo"`                 // the session's logo shows; it may have none
	Until      time.Time   `json:"until,omitzero"`       // what CountdownSlate counts to
	SlateLine  string      `json:"slate_line,omitempty"` // what a slate says, if not its usual words
}

// LowerThird is a name or a question in the lower part of the picture.
type LowerThird struct {
	Title string `json:"title"`
	Line  string `json:"line,omitempty"`
}

// Place is where a person is on the way to the stage and back.
type Place string

// The places. A guest goes invited → checking → waiting → backstage → on air; the
// host sends them back or removes them, or they leave. Nobody sees or hears a
// guest before waiting, which begins when the guest says Join.
const (
	Invited   Place = "invited"
	Checking  Place = "checking"  // trying camera and microphone
	Waiting   Place = "waiting"   // has joined; the host has not let them in yet
	Backstage Place = "backstage" // hears the stage, is not on it
	OnAir     Place = "on_air"    // has a cell while the session is live
	Back      Place = "back"      // backstage again, after being on air
	Left      Place = "left"      // may come again
	Removed   Place = "removed"   // may not: the invite is revoked
)

// Person is what the desk knows of a participant.
type Person struct {
	ID    ParticipantID `json:"id"`
	Name  string        `json:"name"`
	Role  Role          `json:"role"` // host or guest
	Place Place         `json:"place"`
	Since time.Time     `json:"since"` // when Place began
	// Of is set for a shared screen that is shown beside its owner.
	Of ParticipantID `json:"of,omitempty"`
	// Via is how their picture comes: rtmp, rtmps, rtsp, rtsps, whip, pull; empty
	// while none does.
	Via string `json:"via,omitempty"`
	// Present says that their page is open.
	Present bool `json:"present"`
	// Muted and CameraOff are the host's or their own doing. The host mutes and
	// never unmutes: only SelfMuted's owner clears either.
	Muted         bool    `json:"muted"`
	CameraOff     bool    `json:"camera_off"`
	SelfMuted     bool    `json:"self_muted"`
	SelfCameraOff bool    `json:"self_camera_off"`
	Volume        float64 `json:"volume"` // linear, 0 to 2
	// Quality is good, weak or bad; empty while they do not send.
	Quality string `json:"quality,omitempty"`
	Hand    bool   `json:"hand,omitempty"` // raised
}

// Desk is the whole state of a stage as its host and participants see it.
type Desk struct {
	ID        SessionID `json:"id"`
	Title     string    `json:"title"`
	Phase     Phase     `json:"phase"`
	Since     time.Time `json:"since,omitzero"`
	EndsAt    time.Time `json:"ends_at,omitzero"` // planned
	Autostart bool      `json:"autostart"`
	Width     int       `json:"width"` // of the program, in pixels
	Height    int       `json:"height"`
	Program   Picture   `json:"program"`
	Preview   Picture   `json:"preview"`
	Overlays  Overlays  `json:"overlays"`
	People    []Person  `json:"people"` // the host first
}

// Change is one thing of a Desk that is different now. Key is "session" (Value is
// a Desk without program, preview, overlays and people), "program", "preview"
// (Picture), "overlays" (Overlays) or "person/ID" (Person; nil when it is gone).
type Change struct {
	Key   string
	Value any
}
