package events

import (
	"strings"

	"github.com/regie-live/regie/gateway/show"
)

// kind is what a channel is for; channels are named KIND:REST.
type kind string

const (
	deskKind  kind = "desk"  // :SESSION, a map: what a stage is
	talkKind  kind = "talk"  // :SESSION/PARTICIPANT, a stream: the desk with one person
	roomKind  kind = "room"  // :SESSION, a stream: what the audience says
	liveKind  kind = "live"  // :SESSION, a map: what the audience sees beside it
	meKind    kind = "me"    // :VIEWER, a stream: for one viewer alone
	modKind   kind = "mod"   // :SESSION, a map: what moderators see
	eventKind kind = "event" // a map: the schedule
)

// isMap tells maps, which keep a value for each key, from streams.
func (k kind) isMap() bool {
	return k == deskKind || k == liveKind || k == modKind || k == eventKind
}

// isPublic: anybody may listen who knows the session.
func (k kind) isPublic() bool { return k == roomKind || k == liveKind || k == eventKind }

// channel is the name of a channel, taken apart.
type channel struct {
	kind    kind
	session show.SessionID
	person  show.ParticipantID // whose talk it is
	viewer  show.ViewerID      // who alone hears it
}

func (c channel) String() string {
	switch c.kind {
	case eventKind:
		return string(c.kind)
	case meKind:
		return string(c.kind) + ":" + string(c.viewer)
	case talkKind:
		return string(c.kind) + ":" + string(c.session) + "/" + string(c.person)
	}
	return string(c.kind) + ":" + string(c.session)
}

func parseChannel(name string) (channel, bool) {
	before, rest, cut := strings.Cut(name, ":")
	c := channel{kind: kind(before)}
	switch c.kind {
	case eventKind:
		return c, !cut
	case meKind:
		c.viewer = show.ViewerID(rest)
	case talkKind:
		session, person, ok := strings.Cut(rest, "/")
		c.session, c.person = show.SessionID(session), show.ParticipantID(person)
		return c, ok && session != "" && person != ""
	case deskKind, roomKind, liveKind, modKind:
		c.session = show.SessionID(rest)
	default:
		return c, false
	}
	return c, rest != ""
}

// mayRead says whether who may listen to a channel.
func (h *Hub) mayRead(who show.Principal, c channel) bool {
	switch c.kind {
	case eventKind:
		return true
	case meKind:
		return c.viewer == who.ViewerID()
	case roomKind, liveKind:
		return h.o.May(who, show.MayRead, c.session)
	case modKind:
		return h.o.May(who, show.MayModerate, c.session) || h.o.May(who, show.MayDesk, c.session)
	}
	if h.o.May(who, show.MayDesk, c.session) || c.kind == deskKind && h.o.May(who, show.MayModerate, c.session) {
		return true
	}
	person, ok := h.o.ParticipantOf(who, c.session)
	return ok && (c.kind == deskKind || c.person == person)
}

// userOf names a principal for centrifuge, so that Kick finds their sockets. Those
// of nobody in particular have no name.
func userOf(p show.Principal) string {
	switch p.Kind {
	case show.Account:
		return "account/" + string(p.User)
	case show.Invitee:
		return "participant/" + string(p.Session) + "/" + string(p.Participant)
	case show.Visitor:
		return "viewer/" + string(p.Viewer)
	}
	return ""
}
