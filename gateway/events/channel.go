package events

import (
	"strings"

	"github.com/regie-live/regie/gateway/show"
)

const (
	deskPrefix = "desk:"
	talkPrefix = "talk:"
)

// channel is the name of a channel, taken apart.
type channel struct {
	session show.SessionID
	talk    show.ParticipantID // whose talk with the desk it is; empty: the desk
}

func (c channel) String() string {
	if c.talk == "" {
		return deskPrefix + string(c.session)
	}
	return talkPrefix + string(c.session) + "/" + string(c.talk)
}

func parseChannel(name string) (channel, bool) {
	if session, ok := strings.CutPrefix(name, deskPrefix); ok {
		return channel{session: show.SessionID(session)}, session != ""
	}
	name, ok := strings.CutPrefix(name, talkPrefix)
	session, participant, cut := strings.Cut(name, "/")
	return channel{show.SessionID(session), show.ParticipantID(participant)}, ok && cut && session != "" && participant != ""
}

// mayRead says whether who may listen to a channel.
func (h *Hub) mayRead(who show.Principal, c channel) bool {
	if h.o.May(who, show.MayDesk, c.session) || c.talk == "" && h.o.May(who, show.MayModerate, c.session) {
		return true
	}
	participant, ok := h.o.ParticipantOf(who, c.session)
	return ok && (c.talk == "" || c.talk == participant)
}

// userOf names a principal for centrifuge, so that Kick finds their sockets.
func userOf(p show.Principal) string {
	switch p.Kind {
	case show.Account:
		return "account/" + string(p.User)
	case show.Invitee:
		return "participant/" + string(p.Session) + "/" + string(p.Participant)
	}
	return ""
}
