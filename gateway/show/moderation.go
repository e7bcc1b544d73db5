package show

import "time"

// Said is something that a viewer said: a message, or a question.
type Said struct {
	ID       string    `json:"id"`
	By       ViewerID  `json:"by"`
	Name     string    `json:"name"`
	Badge    string    `json:"badge"`
	Text     string    `json:"text"`
	At       time.Time `json:"at"`
	ReplyTo  string    `json:"reply_to,omitempty"`
	Question string    `json:"question,omitempty"`
}

// SaidKind tells messages and questions apart.
type SaidKind string

// The kinds.
const (
	IsMessage  SaidKind = "message"
	IsQuestion SaidKind = "question"
)

// ModMessage is a message as moderators see it.
type ModMessage struct {
	Said
	Author   ViewerID `json:"author"`
	Hidden   bool     `json:"hidden"`
	HiddenBy string   `json:"hidden_by,omitempty"` // a name
	Flags    []string `json:"flags" nullable:"false"`
}

// Held waits for a moderator. Message or Question is set, by Kind.
type Held struct {
	ID       string    `json:"id"`
	Kind     SaidKind  `json:"kind"`
	Message  *Said     `json:"message,omitempty"`
	Question *Said     `json:"question,omitempty"`
	Why      []string  `json:"why" nullable:"false"` // word, link, first, repeat, lookalike, review
	At       time.Time `json:"at"`
}

// Said is what is held.
func (h Held) Said() Said {
	if h.Kind == IsQuestion {
		return *h.Question
	}
	return *h.Message
}

// NewHeld holds something.
func NewHeld(kind SaidKind, s Said, why []string) Held {
	h := Held{ID: s.ID, Kind: kind, Why: why, At: s.At}
	if kind == IsQuestion {
		h.Question = &s
	} else {
		h.Message = &s
	}
	return h
}

// Report is what viewers reported of one message; it has the message's ID.
type Report struct {
	ID      string     `json:"id"`
	Message ModMessage `json:"message"`
	Count   int        `json:"count"`
	Reasons []string   `json:"reasons" nullable:"false"`
	At      time.Time  `json:"at"` // the first
}

// LeverName is something that moderators can pull for everybody.
type LeverName string

// The levers.
const (
	LeverSlow      LeverName = "slow"       // one message in Value seconds
	LeverLinks     LeverName = "links"      // links are held
	LeverHoldFirst LeverName = "hold_first" // first messages are held
	LeverPause     LeverName = "pause"      // only crew speaks
)

// LeverNames are all.
func LeverNames() []LeverName { return []LeverName{LeverSlow, LeverLinks, LeverHoldFirst, LeverPause} }

// Lever is a lever's position with who set it.
type Lever struct {
	Name     LeverName `json:"name"`
	On       bool      `json:"on"`
	Value    int       `json:"value,omitempty"`
	By       string    `json:"by"`
	NameOfBy string    `json:"name_of_by"`
	Until    time.Time `json:"until,omitzero"`
}

// LeverPatch sets a lever; without minutes for ten.
type LeverPatch struct {
	On      bool `json:"on"`
	Value   int  `json:"value,omitempty" minimum:"0" maximum:"300"`
	Minutes int  `json:"minutes,omitempty" minimum:"0" maximum:"720"`
}

// Claim says who is on it.
type Claim struct {
	By    string    `json:"by"`
	Name  string    `json:"name"`
	Until time.Time `json:"until"`
}

// Act is what was done to a person.
type Act struct {
	Act     string    `json:"act"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	Reason  string    `json:"reason,omitempty"`
	Until   time.Time `json:"until,omitzero"`
	Session SessionID `json:"session,omitempty"`
}

// Watched is what is kept of a viewer for moderators, the same in all sessions.
type Watched struct {
	ID            ViewerID  `json:"id"`
	Name          string    `json:"name"`
	Since         time.Time `json:"since"` // first said something that was shown; zero: never
	FirstSeen     time.Time `json:"first_seen"`
	Note          string    `json:"note"`
	Trusted       bool      `json:"trusted"`
	Banned        bool      `json:"banned"`
	TimedOutUntil time.Time `json:"timed_out_until,omitzero"`
}

// ModPerson is a Watched with what they said and what was done to them.
type ModPerson struct {
	Watched
	Messages []ModMessage `json:"messages" nullable:"false"` // the last 20 here
	Acts     []Act        `json:"acts" nullable:"false"`     // the newest first
}

// PersonAct asks to do something to a person.
type PersonAct struct {
	Act     string `json:"act" enum:"timeout,ban,unban,trust,untrust,note"`
	Minutes int    `json:"minutes,omitempty" doc:"Of a timeout: 1, 10 or 60"`
	Reason  string `json:"reason,omitempty" maxLength:"200"`
	Note    string `json:"note,omitempty" maxLength:"1000"`
}

// MessageAct asks to do something to a message, or to what is held.
type MessageAct struct {
	Act    string `json:"act" enum:"hide,restore,delete,approve,deny"`
	Reason string `json:"reason,omitempty" maxLength:"200"`
}

// ModView is all that moderators see of a room.
type ModView struct {
	Messages []ModMessage     `json:"messages" nullable:"false"`
	Held     []Held           `json:"held" nullable:"false"`
	Reports  []Report         `json:"reports" nullable:"false"`
	Levers   []Lever          `json:"levers" nullable:"false"`
	Claims   map[string]Claim `json:"claims"`
}

// ModRoom is a room at a glance.
type ModRoom struct {
	Session    SessionID `json:"session"`
	Title      string    `json:"title"`
	Phase      Phase     `json:"phase"`
	Held       int       `json:"held"`
	Reports    int       `json:"reports"`
	LiveLevers int       `json:"live_levers"`
}

// EventWords are the event's filters.
type EventWords struct {
	Words  []string    `json:"words" nullable:"false" maxItems:"2000"`
	Lists  []string    `json:"lists" nullable:"false" doc:"Of en, fr"`
	Review *ReviewHook `json:"review"`
}

// ReviewHook is a service of the operator's that sees messages before they are shown.
type ReviewHook struct {
	_         struct{} `nullable:"true"`
	URL       string   `json:"url" maxLength:"1000"`
	TimeoutMS int      `json:"timeout_ms" minimum:"50" maximum:"2000"`
	Fallback  string   `json:"fallback" enum:"allow,hold" doc:"What happens when it does not answer"`
}

// What the store keeps beside.
type (
	// OfMessage names a message.
	OfMessage struct {
		Session SessionID
		ID      string
	}
	// HiddenMessage was shown once. Cause is hide, ban, clear or delete; what was
	// deleted has no text any more.
	HiddenMessage struct {
		Session SessionID
		Said    Said
		By      string
		Cause   string
	}
	// StoredHeld is a Held with its session.
	StoredHeld struct {
		Session SessionID
		Held
	}
	// StoredReport is one viewer's report of a message.
	StoredReport struct {
		Session SessionID
		Said    Said
		By      ViewerID
		Reason  string
		Note    string
		At      time.Time
	}
	// StoredLever is a Lever with its session.
	StoredLever struct {
		Session SessionID
		Lever
	}
	// StoredModeration is all of it. Acts are read when they are asked for.
	StoredModeration struct {
		People  []Watched
		Held    []StoredHeld
		Hidden  []HiddenMessage
		Reports []StoredReport
		Levers  []StoredLever
		Words   *EventWords
	}
	// ModerationChange is one change, whole or not at all.
	ModerationChange struct {
		Person   *Watched
		Act      *Act // of Person
		Hide     []HiddenMessage
		Unhide   []OfMessage
		Hold     *StoredHeld
		Unhold   *OfMessage
		Report   *StoredReport
		Unreport *OfMessage
		Lever    *StoredLever
		Words    *EventWords
		Forget   SessionID // what waits there and was hidden there; people stay
	}
)
