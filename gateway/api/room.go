package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/regie-live/regie/gateway/show"
)

// Rooms are the audience's; package audience has them, behind show's words. Remote
// is the address that a request came from.
type Rooms interface {
	Who(context.Context, show.Token) (show.Principal, error)
	Snapshot(context.Context, show.Principal, show.SessionID) (show.Room, error)
	Join(ctx context.Context, p show.Principal, token show.Token, of show.SessionID, nickname, remote string) (show.MyPlace, show.Token, error)
	Say(ctx context.Context, p show.Principal, of show.SessionID, n show.NewMessage, remote string) (show.Heard, error)
	React(ctx context.Context, p show.Principal, of show.SessionID, kind string, n int, remote string) error
	Report(ctx context.Context, p show.Principal, of show.SessionID, id, reason, note, remote string) error
	Ask(ctx context.Context, p show.Principal, of show.SessionID, n show.NewQuestion, remote string) (show.Question, show.Heard, error)
	VoteQuestion(ctx context.Context, p show.Principal, of show.SessionID, id string, up bool, remote string) error
	SetQuestion(ctx context.Context, of show.SessionID, id string, state show.QuestionState) (show.Question, error)
	AddPoll(ctx context.Context, of show.SessionID, n show.NewPoll) (show.Poll, error)
	SetPoll(ctx context.Context, of show.SessionID, id string, patch show.PollPatch) (show.Poll, error)
	VotePoll(ctx context.Context, p show.Principal, of show.SessionID, id string, choice int, remote string) error
	RaiseHand(ctx context.Context, p show.Principal, of show.SessionID, up bool, note, remote string) error
	Hands(context.Context, show.SessionID) ([]show.Hand, error)
	AnswerHand(ctx context.Context, by show.Principal, of show.SessionID, v show.ViewerID, admit bool) error
}

const (
	viewerCookie = "regie_viewer"  // of a viewer without an account
	viewerFor    = 180 * 24 * 3600 // seconds
)

// ViewerTokenOf is the token of a viewer in a request's cookie.
func ViewerTokenOf(r *http.Request) show.Token {
	c, err := r.Cookie(viewerCookie)
	if err != nil || len(c.Value) > 256 {
		return ""
	}
	return show.Token(c.Value)
}

type (
	OfMessage struct {
		OfSession
		M string `path:"m" maxLength:"80"`
	}
	OfQuestion struct {
		OfSession
		Q string `path:"q" maxLength:"80"`
	}
	OfPoll struct {
		OfSession
		P string `path:"p" maxLength:"80"`
	}
	OfHand struct {
		OfSession
		V show.ViewerID `path:"v" maxLength:"200"`
	}

	joinRoomAsk struct {
		Nickname string `json:"nickname" minLength:"1" maxLength:"100" doc:"1 to 24 characters"`
	}
	roomJoined struct {
		Me show.MyPlace `json:"me"`
	}
	reactionAsk struct {
		Kind string `json:"kind"`
		N    int    `json:"n" minimum:"1" maximum:"20"`
	}
	questionPatch struct {
		State show.QuestionState `json:"state" enum:"open,next,on_air,answered,dismissed"`
	}
	choiceAsk struct {
		Option int `json:"option" minimum:"0" maximum:"5"`
	}
	handAsk struct {
		Up   bool   `json:"up"`
		Note string `json:"note,omitempty" maxLength:"140"`
	}
	handAnswer struct {
		Admit bool `json:"admit" doc:"true makes an invite; false lowers the hand"`
	}
	reportAsk struct {
		Reason string `json:"reason" enum:"spam,abuse,other"`
		Note   string `json:"note,omitempty" maxLength:"500"`
	}
	// heard is 201 with what is shown, or 202: held for a moderator.
	heard[T any] struct {
		Status int
		Body   T
	}
	heardMessage struct {
		Message *show.Message `json:"message,omitempty"`
		Held    bool          `json:"held,omitempty"`
		Why     []string      `json:"why,omitempty"`
	}
	heardQuestion struct {
		Question *show.Question `json:"question,omitempty"`
		Held     bool           `json:"held,omitempty"`
		Why      []string       `json:"why,omitempty"`
	}
)

func (s *server) room() {
	heldToo := func(op *huma.Operation) {
		op.DefaultStatus = http.StatusCreated
		op.Description += " 202 says that a moderator looks at it first. Sending the same id again says it once."
	}
	inRoom(s, "GET", "", listener, "The room of a session: what was said, asked and pinned; the channels room:SESSION and live:SESSION tell its changes", s.getRoom)
	inRoom(s, "POST", "/join", listener, "Take a nickname, or another; the cookie is who you are from then on", s.joinRoom, created)
	inRoom(s, "POST", "/messages", speaker, "Say something", s.sayInRoom, heldToo)
	inRoom(s, "POST", "/messages/{m}/report", speaker, "Tell the moderators of a message", s.report)
	inRoom(s, "POST", "/reactions", speaker, "React to what happens", s.react)
	inRoom(s, "POST", "/questions", speaker, "Ask the stage", s.askInRoom, heldToo)
	inRoom(s, "PATCH", "/questions/{q}", crew, "Move a question on; on_air draws it over the picture", s.setQuestion)
	inRoom(s, "PUT", "/questions/{q}/vote", speaker, "Vote for a question", s.voteFor(true))
	inRoom(s, "DELETE", "/questions/{q}/vote", speaker, "Take the vote back", s.voteFor(false))
	inRoom(s, "POST", "/polls", crew, "Ask the audience", s.addPoll, created)
	inRoom(s, "PATCH", "/polls/{p}", crew, "Open or close a poll, show its result", s.setPoll)
	inRoom(s, "POST", "/polls/{p}/vote", speaker, "Choose an answer; changeable while the poll is open", s.votePoll)
	inRoom(s, "POST", "/hand", speaker, "Ask to come on stage, or no longer", s.raiseHand)
	inRoom(s, "GET", "/hands", crew, "The hands that are up", s.hands)
	inRoom(s, "POST", "/hands/{v}", crew, "Invite a viewer to the green room, or lower their hand", s.answerHand)
}

// viewerOf says who asks, if an account or an invite does not.
func (s *server) viewerOf(r *http.Request, c *caller) error {
	if c.Kind != show.Anonymous {
		return nil
	}
	var err error
	c.viewer = ViewerTokenOf(r)
	c.Principal, err = s.Rooms.Who(r.Context(), c.viewer)
	return err
}

func (s *server) getRoom(ctx context.Context, in *OfSession) (*body[show.Room], error) {
	v, err := s.Rooms.Snapshot(ctx, callerOf(ctx).Principal, in.S)
	return &body[show.Room]{v}, err
}

func (s *server) joinRoom(ctx context.Context, in *struct {
	OfSession
	Body joinRoomAsk
}) (*withCookies[roomJoined], error) {
	c := callerOf(ctx)
	me, token, err := s.Rooms.Join(ctx, c.Principal, c.viewer, in.S, in.Body.Nickname, c.remote)
	if err != nil {
		return nil, err
	}
	out := &withCookies[roomJoined]{Body: roomJoined{me}}
	if token != "" {
		out.SetCookie = []http.Cookie{{
			Name: viewerCookie, Value: string(token), Path: "/", MaxAge: viewerFor,
			HttpOnly: true, Secure: c.secure, SameSite: http.SameSiteLaxMode,
		}}
	}
	return out, nil
}

// withCookies may have none.
type withCookies[T any] struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Body      T
}

func (s *server) sayInRoom(ctx context.Context, in *struct {
	OfSession
	Body show.NewMessage
}) (*heard[heardMessage], error) {
	c := callerOf(ctx)
	h, err := s.Rooms.Say(ctx, c.Principal, in.S, in.Body, c.remote)
	if err != nil {
		return nil, err
	}
	if h.Held {
		return &heard[heardMessage]{http.StatusAccepted, heardMessage{Held: true, Why: h.Why}}, nil
	}
	return &heard[heardMessage]{http.StatusCreated, heardMessage{Message: &show.Message{Said: h.Said, Mine: true}}}, nil
}

func (s *server) askInRoom(ctx context.Context, in *struct {
	OfSession
	Body show.NewQuestion
}) (*heard[heardQuestion], error) {
	c := callerOf(ctx)
	q, h, err := s.Rooms.Ask(ctx, c.Principal, in.S, in.Body, c.remote)
	if err != nil {
		return nil, err
	}
	if h.Held {
		return &heard[heardQuestion]{http.StatusAccepted, heardQuestion{Held: true, Why: h.Why}}, nil
	}
	return &heard[heardQuestion]{http.StatusCreated, heardQuestion{Question: &q}}, nil
}

func (s *server) report(ctx context.Context, in *struct {
	OfMessage
	Body reportAsk
}) (*nothing, error) {
	c := callerOf(ctx)
	return nil, s.Rooms.Report(ctx, c.Principal, in.S, in.M, in.Body.Reason, strings.TrimSpace(in.Body.Note), c.remote)
}

func (s *server) react(ctx context.Context, in *struct {
	OfSession
	Body reactionAsk
}) (*nothing, error) {
	c := callerOf(ctx)
	return nil, s.Rooms.React(ctx, c.Principal, in.S, in.Body.Kind, in.Body.N, c.remote)
}

func (s *server) setQuestion(ctx context.Context, in *struct {
	OfQuestion
	Body questionPatch
}) (*body[show.Question], error) {
	q, err := s.Rooms.SetQuestion(ctx, in.S, in.Q, in.Body.State)
	return &body[show.Question]{q}, s.noted(ctx, in.S, "question."+string(in.Body.State), q.Name, err)
}

func (s *server) voteFor(up bool) func(context.Context, *OfQuestion) (*nothing, error) {
	return func(ctx context.Context, in *OfQuestion) (*nothing, error) {
		c := callerOf(ctx)
		return nil, s.Rooms.VoteQuestion(ctx, c.Principal, in.S, in.Q, up, c.remote)
	}
}

func (s *server) addPoll(ctx context.Context, in *struct {
	OfSession
	Body show.NewPoll
}) (*body[show.Poll], error) {
	p, err := s.Rooms.AddPoll(ctx, in.S, in.Body)
	return &body[show.Poll]{p}, s.noted(ctx, in.S, "poll.new", p.Question, err)
}

func (s *server) setPoll(ctx context.Context, in *struct {
	OfPoll
	Body show.PollPatch
}) (*body[show.Poll], error) {
	p, err := s.Rooms.SetPoll(ctx, in.S, in.P, in.Body)
	return &body[show.Poll]{p}, err
}

func (s *server) votePoll(ctx context.Context, in *struct {
	OfPoll
	Body choiceAsk
}) (*nothing, error) {
	c := callerOf(ctx)
	return nil, s.Rooms.VotePoll(ctx, c.Principal, in.S, in.P, in.Body.Option, c.remote)
}

func (s *server) raiseHand(ctx context.Context, in *struct {
	OfSession
	Body handAsk
}) (*nothing, error) {
	c := callerOf(ctx)
	return nil, s.Rooms.RaiseHand(ctx, c.Principal, in.S, in.Body.Up, in.Body.Note, c.remote)
}

func (s *server) hands(ctx context.Context, in *OfSession) (*body[[]show.Hand], error) {
	list, err := s.Rooms.Hands(ctx, in.S)
	return listed(list, err)
}

func (s *server) answerHand(ctx context.Context, in *struct {
	OfHand
	Body handAnswer
}) (*nothing, error) {
	return nil, s.Rooms.AnswerHand(ctx, callerOf(ctx).Principal, in.S, in.V, in.Body.Admit)
}

// inRoom is on for a room: it answers that there is none.
func inRoom[I, O any](s *server, method, path string, rule access, summary string, h func(context.Context, *I) (*O, error), more ...func(*huma.Operation)) {
	on(s, method, "/sessions/{s}/room"+path, rule, summary, func(ctx context.Context, in *I) (*O, error) {
		if s.Rooms == nil {
			return nil, off("There are no rooms on this server")
		}
		return h(ctx, in)
	}, more...)
}
