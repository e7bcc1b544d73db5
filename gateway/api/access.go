package api

import (
	"context"
	"net/http"

	"github.com/regie-live/regie/gateway/internal/front"
	"github.com/regie-live/regie/gateway/show"
)

// cookie is the name of the cookie that holds a browser's token.
const cookie = "regie"

// access is the rule of a route: who may use it.
type access int

const (
	anyone     access = iota // nobody is asked who they are
	visitor                  // anybody; the answer depends on who it is
	account                  // who is signed in with an account
	users                    // who may see to accounts
	sessions                 // who may make sessions, or change this one
	desk                     // who runs this session
	performer                // who is on this stage
	house                    // the desk and the people of this session
	crew                     // the desk, and who moderates the audience
	backstage                // the house and the crew
	moderators               // who moderates all of the event
	seller                   // the crew of the session that a product is of; of the event, administrators
	listener                 // anybody, at the room of a session
	speaker                  // who has a name in it
)

// caller is who makes a request.
type caller struct {
	show.Principal
	token       show.Token
	participant show.ParticipantID // on the stage of the session that is asked about; empty if none
	desk        bool               // runs it
	moderates   bool
	remote      string
	viewer      show.Token // of who has no account and no invite
	secure      bool       // came by TLS
	host        string
	request     *http.Request
}

type callerKey struct{}

func callerOf(ctx context.Context) *caller { return ctx.Value(callerKey{}).(*caller) }

// TokenOf is the token in a request's cookie.
func TokenOf(r *http.Request) show.Token {
	c, err := r.Cookie(cookie)
	if err != nil || len(c.Value) > 256 {
		return ""
	}
	return show.Token(c.Value)
}

// admit finds out who asks, and whether the rule lets them.
func (s *server) admit(r *http.Request, rule access) (*caller, error) {
	c := &caller{
		token: TokenOf(r), remote: front.Remote(r), host: r.Host,
		secure: front.Secure(r), request: r,
	}
	if rule == anyone {
		return c, nil
	}
	if s.People == nil {
		return nil, off("There are no people on this server")
	}
	if c.token != "" {
		var err error
		if c.Principal, _, err = s.People.Who(r.Context(), c.token); err != nil {
			return nil, err
		}
	}
	of := show.SessionID(r.PathValue("s"))
	if rule == seller {
		var err error
		if of, err = s.soldIn(r); err != nil {
			return nil, err
		}
	}
	if of != "" && rule != visitor {
		if _, ok := s.Sessions.Get(of); !ok {
			return nil, &show.Error{Kind: show.NotFound, Detail: "there is no such session; /api/v1/sessions lists them"}
		}
		c.desk = s.People.May(c.Principal, show.MayDesk, of)
		c.moderates = s.People.May(c.Principal, show.MayModerate, of)
		if p, ok := s.People.ParticipantOf(c.Principal, of); ok {
			c.participant = p
		}
	}
	if (rule == listener || rule == speaker) && s.Rooms != nil {
		if err := s.viewerOf(r, c); err != nil {
			return nil, err
		}
	}
	var ok bool
	var why string
	switch rule {
	case visitor, listener:
		ok = true
	case speaker:
		if ok = c.Kind != show.Anonymous; !ok {
			return nil, &show.Error{Kind: show.SignedOut, Detail: "choose a name first: POST /api/v1/sessions/{s}/room/join"}
		}
	case account:
		ok, why = c.Kind == show.Account, "sign in with an account for that"
	case users:
		ok, why = s.People.May(c.Principal, show.MayUsers, ""), "only an administrator may do that"
	case sessions:
		ok, why = s.People.May(c.Principal, show.MaySessions, of), "only an administrator or the session's creator may do that"
	case desk:
		ok, why = c.desk, "only those who run this session may do that: its host, its creator or an administrator"
	case performer:
		ok, why = c.participant != "", "only people on this session's stage may do that; open the invite that you got"
	case house:
		ok, why = c.desk || c.participant != "", "only people of this session may see that; open the invite that you got, or sign in"
	case crew:
		ok, why = c.desk || c.moderates, "only moderators and those who run this session may do that"
	case moderators:
		ok, why = s.People.May(c.Principal, show.MayModerate, ""), "only moderators and administrators may do that"
	case seller:
		ok, why = s.maySell(c.Principal, of), whySeller
	case backstage:
		ok, why = c.desk || c.participant != "" || c.moderates, "only people of this session and moderators may see that; open the invite that you got, or sign in"
	}
	switch {
	case ok:
		return c, nil
	case c.Kind == show.Anonymous:
		return nil, &show.Error{Kind: show.SignedOut, Detail: "sign in, or open the invite that you got; " + why}
	}
	return nil, &show.Error{Kind: show.Forbidden, Detail: why}
}
