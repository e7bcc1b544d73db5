package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/regie-live/regie/gateway/show"
)

// Moderation is what moderators see and do; package audience has it. Who may is
// decided here.
type Moderation interface {
	Glance(show.SessionID) show.ModRoom
	View(show.SessionID) show.ModView
	ActOnMessage(ctx context.Context, by show.Principal, of show.SessionID, id string, a show.MessageAct) error
	Clear(ctx context.Context, by show.Principal, of show.SessionID, reason string) error
	Person(ctx context.Context, of show.SessionID, id show.ViewerID) (show.ModPerson, error)
	ActOnPerson(ctx context.Context, by show.Principal, of show.SessionID, id show.ViewerID, a show.PersonAct) error
	SetLever(ctx context.Context, by show.Principal, of show.SessionID, name show.LeverName, p show.LeverPatch) (show.Lever, error)
	Claim(by show.Principal, of show.SessionID, item string, over bool) (show.Claim, error)
	Release(by show.Principal, of show.SessionID, item string) error
	Words() show.EventWords
	SetWords(context.Context, show.Principal, show.EventWords) error
}

// maxWordsBody bounds a word list.
const maxWordsBody = 512 << 10

type modRooms struct {
	Rooms []show.ModRoom `json:"rooms" nullable:"false"`
}

type whyAsk struct {
	Reason string `json:"reason,omitempty" maxLength:"200"`
}

type OfViewer struct {
	OfSession
	V show.ViewerID `path:"v" maxLength:"200"`
}

type OfItem struct {
	OfSession
	Item string `path:"item" maxLength:"200"`
}

func (s *server) moderation() {
	of := "/sessions/{s}/moderation"
	on(s, "GET", "/moderation", moderators, "What waits for moderators in all rooms", s.modRooms)
	on(s, "GET", of, crew, "What moderators see of a room; the channel mod:SESSION tells its changes", s.modView)
	on(s, "POST", of+"/messages/{m}", crew, "Hide, restore or delete a message; approve or deny what is held; settle a report", s.actOnMessage)
	on(s, "POST", of+"/clear", crew, "Take all messages from the screens", s.clearScreens)
	on(s, "GET", of+"/people/{v}", crew, "What is known of a viewer", s.modPerson)
	on(s, "POST", of+"/people/{v}", crew, "Time out, ban, trust or note a viewer, in all sessions", s.actOnPerson)
	on(s, "PUT", of+"/levers/{name}", crew, "Pull a lever; it ends by itself, after ten minutes unless said", s.setLever)
	on(s, "PUT", of+"/claims/{item}", crew, "Say that I am on it, for a minute", s.claim)
	on(s, "DELETE", of+"/claims/{item}", crew, "Say that I am not on it any more", s.release)
	on(s, "GET", "/event/words", users, "The event's words, lists and review hook", s.getWords)
	on(s, "PUT", "/event/words", users, "Set the event's words, lists and review hook", s.setWords, func(op *huma.Operation) {
		op.MaxBodyBytes = maxWordsBody
	})
}

// moderating answers that there is none, or does something.
func (s *server) moderating(do func(Moderation) error) (*nothing, error) {
	if s.Moderation == nil {
		return nil, errNoModeration
	}
	return nil, do(s.Moderation)
}

var errNoModeration = off("Moderation is off on this server")

func (s *server) modRooms(context.Context, *nothing) (*body[modRooms], error) {
	if s.Moderation == nil {
		return nil, errNoModeration
	}
	list := modRooms{Rooms: []show.ModRoom{}}
	for _, v := range s.Sessions.List() {
		r := s.Moderation.Glance(v.ID)
		r.Session, r.Title, r.Phase = v.ID, v.Title, v.Phase
		list.Rooms = append(list.Rooms, r)
	}
	return &body[modRooms]{list}, nil
}

func (s *server) modView(_ context.Context, in *OfSession) (*body[show.ModView], error) {
	if s.Moderation == nil {
		return nil, errNoModeration
	}
	return &body[show.ModView]{s.Moderation.View(in.S)}, nil
}

func (s *server) actOnMessage(ctx context.Context, in *struct {
	OfSession
	M    string `path:"m" maxLength:"64"`
	Body show.MessageAct
}) (*nothing, error) {
	return s.moderating(func(m Moderation) error {
		return m.ActOnMessage(ctx, callerOf(ctx).Principal, in.S, in.M, in.Body)
	})
}

func (s *server) clearScreens(ctx context.Context, in *struct {
	OfSession
	Body whyAsk
}) (*nothing, error) {
	return s.moderating(func(m Moderation) error {
		return m.Clear(ctx, callerOf(ctx).Principal, in.S, in.Body.Reason)
	})
}

func (s *server) modPerson(ctx context.Context, in *OfViewer) (*body[show.ModPerson], error) {
	if s.Moderation == nil {
		return nil, errNoModeration
	}
	p, err := s.Moderation.Person(ctx, in.S, in.V)
	return &body[show.ModPerson]{p}, err
}

func (s *server) actOnPerson(ctx context.Context, in *struct {
	OfViewer
	Body show.PersonAct
}) (*nothing, error) {
	return s.moderating(func(m Moderation) error {
		return m.ActOnPerson(ctx, callerOf(ctx).Principal, in.S, in.V, in.Body)
	})
}

func (s *server) setLever(ctx context.Context, in *struct {
	OfSession
	Name show.LeverName `path:"name"`
	Body show.LeverPatch
}) (*body[show.Lever], error) {
	if s.Moderation == nil {
		return nil, errNoModeration
	}
	l, err := s.Moderation.SetLever(ctx, callerOf(ctx).Principal, in.S, in.Name, in.Body)
	return &body[show.Lever]{l}, err
}

func (s *server) claim(ctx context.Context, in *struct {
	OfItem
	Over bool `query:"over" doc:"Also when somebody else is on it"`
}) (*body[show.Claim], error) {
	if s.Moderation == nil {
		return nil, errNoModeration
	}
	c, err := s.Moderation.Claim(callerOf(ctx).Principal, in.S, in.Item, in.Over)
	return &body[show.Claim]{c}, err
}

func (s *server) release(ctx context.Context, in *OfItem) (*nothing, error) {
	return s.moderating(func(m Moderation) error { return m.Release(callerOf(ctx).Principal, in.S, in.Item) })
}

func (s *server) getWords(context.Context, *nothing) (*body[show.EventWords], error) {
	if s.Moderation == nil {
		return nil, errNoModeration
	}
	return &body[show.EventWords]{s.Moderation.Words()}, nil
}

func (s *server) setWords(ctx context.Context, in *body[show.EventWords]) (*body[show.EventWords], error) {
	if s.Moderation == nil {
		return nil, errNoModeration
	}
	err := s.Moderation.SetWords(ctx, callerOf(ctx).Principal, in.Body)
	return &body[show.EventWords]{s.Moderation.Words()}, err
}
