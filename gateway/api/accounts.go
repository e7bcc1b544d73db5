package api

import (
	"context"
	"net/http"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

// Me is who asks.
type Me struct {
	Kind        show.PrincipalKind `json:"kind" enum:",account,participant"`
	Name        string             `json:"name"`
	Role        show.Role          `json:"role"`
	User        show.UserID        `json:"user,omitempty"`
	Session     show.SessionID     `json:"session,omitempty"`
	Participant show.ParticipantID `json:"participant,omitempty"`
	May         []show.Permission  `json:"may" nullable:"false"`
}

type signedIn struct {
	Me Me `json:"me"`
}

type setupAsk struct {
	Token        show.Token  `json:"token" minLength:"1" maxLength:"256"`
	Name         string      `json:"name" minLength:"1" maxLength:"40"`
	Password     string      `json:"password,omitempty" maxLength:"256" doc:"Or a passkey"`
	Passkey      *newPasskey `json:"passkey,omitempty" doc:"Instead of a password; /setup/passkey begins to make it"`
	SessionTitle string      `json:"session_title,omitempty" maxLength:"200"`
	TestCard     bool        `json:"test_card,omitempty"`
}

type setupDone struct {
	Me      Me             `json:"me"`
	Session show.SessionID `json:"session,omitempty"`
}

type joined struct {
	Me          Me                 `json:"me"`
	Session     show.SessionID     `json:"session"`
	Participant show.ParticipantID `json:"participant"`
}

type userCreated struct {
	User     show.User `json:"user"`
	Password string    `json:"password,omitempty" doc:"Only if it was made here, and only now"`
}

type OfUser struct {
	ID show.UserID `path:"id"`
}

func (s *server) accounts() {
	on(s, "GET", "/setup", visitor, "Whether there is no administrator yet", s.setupOpen)
	on(s, "POST", "/setup", visitor, "Make the first administrator, with the one-time token", s.setup, created)
	on(s, "POST", "/signin", visitor, "Sign in", s.signIn)
	on(s, "POST", "/signout", visitor, "Sign out", s.signOut)
	on(s, "GET", "/me", visitor, "Who I am, and what I may do", s.me)
	on(s, "POST", "/me/password", account, "Change my password; my other browsers are signed out", s.changePassword)
	on(s, "GET", "/users", users, "The accounts", s.listUsers)
	on(s, "POST", "/users", users, "Make an account; without a password one is made and shown once", s.addUser, created)
	on(s, "PATCH", "/users/{id}", users, "Change an account", s.changeUser)
	on(s, "DELETE", "/users/{id}", users, "Delete an account; its sessions stay", s.removeUser)
	on(s, "GET", "/audit", users, "Who did what: the last 200 entries, the newest first", s.audit)
}

func (s *server) meOf(p show.Principal) Me {
	may := s.People.Permissions(p)
	if may == nil {
		may = []show.Permission{}
	}
	return Me{Kind: p.Kind, Name: p.Name, Role: p.Role, User: p.User, Session: p.Session, Participant: p.Participant, May: may}
}

// cookieOf gives a browser its token.
func (s *server) cookieOf(c *caller, token show.Token, until time.Time) http.Cookie {
	return http.Cookie{
		Name: cookie, Value: string(token), Path: "/", Expires: until, MaxAge: max(1, int(until.Sub(s.Now()).Seconds())),
		HttpOnly: true, Secure: c.secure, SameSite: http.SameSiteLaxMode,
	}
}

type setupState struct {
	Open bool `json:"open"`
}

func (s *server) setupOpen(context.Context, *nothing) (*body[setupState], error) {
	return &body[setupState]{setupState{s.People.SetupOpen()}}, nil
}

func (s *server) setup(ctx context.Context, in *body[setupAsk]) (*withCookie[setupDone], error) {
	c, ask := callerOf(ctx), in.Body
	var got show.SignedIn
	var err error
	if k := ask.Passkey; k != nil {
		got, err = s.People.SetupByPasskey(ctx, c.remote, ask.Token, ask.Name, k.Name, k.Credential)
	} else {
		got, err = s.People.Setup(ctx, c.remote, ask.Token, ask.Name, ask.Password)
	}
	if err != nil {
		return nil, err
	}
	done := setupDone{Me: s.meOf(got.Principal)}
	if ask.SessionTitle != "" {
		// The administrator is there whatever becomes of the session: the page goes on.
		m, err := s.People.AddSession(ctx, got.Principal, show.NewSession{Title: ask.SessionTitle, HostName: got.Principal.Name})
		if err == nil && ask.TestCard && s.TestCard != nil {
			err = s.TestCard(m.ID)
		}
		if err != nil {
			s.log.Error("api: the first session was not set up whole", "error", err)
		}
		done.Session = m.ID
	}
	return &withCookie[setupDone]{s.cookieOf(c, got.Token, got.Expires), done}, nil
}

type signInAsk struct {
	Name     string `json:"name" maxLength:"80"`
	Password string `json:"password" maxLength:"256"`
}

func (s *server) signIn(ctx context.Context, in *body[signInAsk]) (*withCookie[signedIn], error) {
	c := callerOf(ctx)
	got, err := s.People.SignIn(ctx, c.remote, in.Body.Name, in.Body.Password)
	if err != nil {
		return nil, err
	}
	return &withCookie[signedIn]{s.cookieOf(c, got.Token, got.Expires), signedIn{s.meOf(got.Principal)}}, nil
}

type onlyCookie struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func (s *server) signOut(ctx context.Context, _ *nothing) (*onlyCookie, error) {
	c := callerOf(ctx)
	if c.token != "" {
		if err := s.People.SignOut(ctx, c.token); err != nil {
			return nil, err
		}
		s.Kick(c.Principal)
	}
	gone := s.cookieOf(c, "", s.Now())
	gone.MaxAge, gone.Expires = -1, time.Unix(1, 0)
	return &onlyCookie{gone}, nil
}

// me also renews the cookie, as an account's sign-in lasts longer when it is used.
func (s *server) me(ctx context.Context, _ *nothing) (*struct {
	SetCookie string `header:"Set-Cookie"`
	Body      Me
}, error) {
	c := callerOf(ctx)
	out := &struct {
		SetCookie string `header:"Set-Cookie"`
		Body      Me
	}{Body: s.meOf(c.Principal)}
	if c.Kind != show.Anonymous {
		if _, until, err := s.People.Who(ctx, c.token); err == nil && until.After(s.Now()) {
			renewed := s.cookieOf(c, c.token, until)
			out.SetCookie = renewed.String()
		}
	}
	return out, nil
}

type passwordAsk struct {
	Old string `json:"old" maxLength:"256" doc:"Does not count if there is none yet"`
	New string `json:"new" maxLength:"256"`
}

func (s *server) changePassword(ctx context.Context, in *body[passwordAsk]) (*nothing, error) {
	c := callerOf(ctx)
	err := s.People.ChangePassword(ctx, c.Principal, c.token, in.Body.Old, in.Body.New)
	if err == nil {
		s.Kick(c.Principal)
	}
	return nil, err
}

func (s *server) listUsers(ctx context.Context, _ *nothing) (*body[[]show.User], error) {
	list, err := s.People.Users(ctx, callerOf(ctx).Principal)
	return listed(list, err)
}

func (s *server) addUser(ctx context.Context, in *body[show.NewUser]) (*body[userCreated], error) {
	u, password, err := s.People.AddUser(ctx, callerOf(ctx).Principal, in.Body)
	return &body[userCreated]{userCreated{u, password}}, err
}

func (s *server) changeUser(ctx context.Context, in *struct {
	OfUser
	Body show.UserPatch
}) (*body[show.User], error) {
	u, err := s.People.ChangeUser(ctx, callerOf(ctx).Principal, in.ID, in.Body)
	if err == nil {
		s.Kick(show.Principal{Kind: show.Account, User: in.ID})
	}
	return &body[show.User]{u}, err
}

func (s *server) removeUser(ctx context.Context, in *OfUser) (*nothing, error) {
	err := s.People.RemoveUser(ctx, callerOf(ctx).Principal, in.ID)
	if err == nil {
		s.Kick(show.Principal{Kind: show.Account, User: in.ID})
	}
	return nil, err
}

func (s *server) audit(ctx context.Context, _ *nothing) (*body[[]show.AuditEntry], error) {
	list, err := s.People.Audit(ctx, callerOf(ctx).Principal)
	return listed(list, err)
}

// listed is a list that is never null.
func listed[T any](list []T, err error) (*body[[]T], error) {
	if list == nil {
		list = []T{}
	}
	return &body[[]T]{list}, err
}
