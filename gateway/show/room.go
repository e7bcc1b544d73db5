package show

import (
	"cmp"
	"time"
)

// StoredViewer is somebody who took a nickname, with what proves them.
type StoredViewer struct {
	ID       ViewerID
	Hash     SecretHash
	Nickname string
	Skeleton string // what the nickname looks like
	Created  time.Time
	LastSeen time.Time
}

// MyPlace is what somebody in the audience knows of themselves.
type MyPlace struct {
	ID            ViewerID  `json:"id"`
	Nickname      string    `json:"nickname"` // empty: join first
	Badge         string    `json:"badge"`    // creator, guest, moderator, admin; empty for viewers
	May           []string  `json:"may" nullable:"false" doc:"join, say, moderate"`
	TimedOutUntil time.Time `json:"timed_out_until,omitzero"`
	Banned        bool      `json:"banned,omitempty"`
}

// RoomState is what holds for a whole room.
type RoomState struct {
	Paused      bool   `json:"paused"`
	SlowSeconds int    `json:"slow_seconds"`
	LinksOff    bool   `json:"links_off"`
	HoldFirst   bool   `json:"hold_first"`
	OnAir       string `json:"on_air,omitempty"` // a question
	Closed      bool   `json:"closed"`           // the session has ended
}

// Message is something said, as somebody in the audience sees it.
type Message struct {
	Said
	Mine bool `json:"mine,omitempty"`
}

// NewMessage asks to say something. ID is the sender's own, so that sending again
// says it once.
type NewMessage struct {
	ID      string `json:"id" pattern:"^[A-Za-z0-9_-]{16,40}$"`
	Text    string `json:"text" minLength:"1" maxLength:"500"`
	ReplyTo string `json:"reply_to,omitempty" maxLength:"40"`
}

// NewQuestion asks to ask something.
type NewQuestion struct {
	ID   string `json:"id" pattern:"^[A-Za-z0-9_-]{16,40}$"`
	Text string `json:"text" minLength:"1" maxLength:"280"`
}

// Heard is what became of something that was said: shown, or held for a moderator.
type Heard struct {
	Said Said
	Held bool
	Why  []string
}

// QuestionState is how far a question has come.
type QuestionState string

// The states.
const (
	QuestionOpen      QuestionState = "open"
	QuestionNext      QuestionState = "next"
	QuestionOnAir     QuestionState = "on_air"
	QuestionAnswered  QuestionState = "answered"
	QuestionDismissed QuestionState = "dismissed"
)

// Question is what a viewer asked the stage.
type Question struct {
	ID    string        `json:"id"`
	By    ViewerID      `json:"by"`
	Name  string        `json:"name"`
	Text  string        `json:"text"`
	At    time.Time     `json:"at"`
	Votes int           `json:"votes"`
	State QuestionState `json:"state"`
	Voted bool          `json:"voted,omitempty"` // by who asks
}

// Poll is a question to the audience.
type Poll struct {
	ID       string       `json:"id"`
	Question string       `json:"question"`
	Options  []PollOption `json:"options" nullable:"false"`
	State    string       `json:"state" enum:"open,closed"`
	Shown    bool         `json:"shown"` // its result
	Closes   time.Time    `json:"closes,omitzero"`
	Mine     *int         `json:"mine,omitempty"` // what who asks chose
}

// PollOption is one answer.
type PollOption struct {
	Text  string `json:"text"`
	Votes int    `json:"votes"`
}

// The states of a poll.
const (
	PollOpen   = "open"
	PollClosed = "closed"
)

// NewPoll asks the audience.
type NewPoll struct {
	Question string   `json:"question" minLength:"1" maxLength:"200"`
	Options  []string `json:"options" minItems:"2" maxItems:"6" nullable:"false"`
	Seconds  int      `json:"seconds,omitempty" minimum:"0" maximum:"86400" doc:"After which it closes; 0: by hand"`
}

// PollPatch changes what is set.
type PollPatch struct {
	State *string `json:"state,omitempty" enum:"open,closed"`
	Shown *bool   `json:"shown,omitempty"`
}

// Hand is raised by a viewer who asks to come on stage.
type Hand struct {
	Viewer ViewerID  `json:"viewer"`
	Name   string    `json:"name"`
	Note   string    `json:"note"`
	At     time.Time `json:"at"`
}

// StoredRoom is what the store keeps of a room, messages and questions from the
// oldest on.
type StoredRoom struct {
	Messages  []Said
	Questions []Question
	Polls     []Poll
}

// Reactions are those that there are.
func Reactions() []string { return []string{"heart", "clap", "laugh", "wow", "fire"} }

// Asked orders questions: on air, next, then by votes.
func (q Question) Asked(other Question) int {
	rank := func(s QuestionState) int {
		switch s {
		case QuestionOnAir:
			return 0
		case QuestionNext:
			return 1
		case QuestionOpen:
			return 2
		}
		return 3
	}
	return cmp.Or(rank(q.State)-rank(other.State), other.Votes-q.Votes, q.At.Compare(other.At))
}

// Room is all that a page of a room begins with.
type Room struct {
	Me        MyPlace    `json:"me"`
	State     RoomState  `json:"state"`
	Messages  []Message  `json:"messages" nullable:"false"` // the oldest first
	Questions []Question `json:"questions" nullable:"false"`
	Polls     []Poll     `json:"polls" nullable:"false"`
	Pins      []Pin      `json:"pins" nullable:"false"`
	Reactions []string   `json:"reactions" nullable:"false"`
}
