package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/regie-live/regie/gateway/show"
)

func (s *server) managing() {
	on(s, "GET", "/manage", account, "The sessions that I may manage", s.manageAll)
	on(s, "POST", "/sessions", sessions, "Make a session", s.addSession, created)
	on(s, "GET", "/sessions/{s}/manage", desk, "What those who run a session know of it", s.manage)
	on(s, "PATCH", "/sessions/{s}", sessions, "Change a session; the configuration's cannot be", s.changeSession)
	on(s, "DELETE", "/sessions/{s}", sessions, "Delete a session that is not live, with its keys and invites", s.removeSession)
	s.raw("GET", base+"/sessions/{s}/logo", anyone, "The session's logo", nil, s.getLogo, func(op *huma.Operation) {
		op.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{"image/png": {}}}, "404": {Description: "It has none"}}
	})
	s.raw("PUT", base+"/sessions/{s}/logo", desk, "Give a session a logo: a PNG of at most 256 KiB and 1024 pixels a side", nil, s.setLogo, func(op *huma.Operation) {
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"image/png": {}}}
		op.Responses = map[string]*huma.Response{"204": {Description: "Kept"}}
	})
	on(s, "DELETE", "/sessions/{s}/logo", desk, "Take the session's logo away", s.removeLogo)
}

func (s *server) manageAll(ctx context.Context, _ *nothing) (*body[[]show.Managed], error) {
	list, err := s.People.Sessions(ctx, callerOf(ctx).Principal)
	return listed(list, err)
}

func (s *server) addSession(ctx context.Context, in *body[show.NewSession]) (*body[show.Managed], error) {
	m, err := s.People.AddSession(ctx, callerOf(ctx).Principal, in.Body)
	return &body[show.Managed]{m}, err
}

func (s *server) manage(ctx context.Context, in *OfSession) (*body[show.Managed], error) {
	m, err := s.People.Session(ctx, callerOf(ctx).Principal, in.S)
	return &body[show.Managed]{m}, err
}

func (s *server) changeSession(ctx context.Context, in *struct {
	OfSession
	Body show.SessionPatch
}) (*body[show.Managed], error) {
	m, err := s.People.ChangeSession(ctx, callerOf(ctx).Principal, in.S, in.Body)
	return &body[show.Managed]{m}, err
}

func (s *server) removeSession(ctx context.Context, in *OfSession) (*nothing, error) {
	return nil, s.People.RemoveSession(ctx, callerOf(ctx).Principal, in.S)
}

func (s *server) getLogo(w http.ResponseWriter, r *http.Request, _ *caller) {
	of := show.SessionID(r.PathValue("s"))
	if s.People == nil {
		s.write(w, off("There are no logos on this server"))
		return
	}
	png, err := s.People.Logo(r.Context(), of)
	if err == nil && len(png) == 0 {
		err = &show.Error{Kind: show.NotFound, Detail: "this session has no logo"}
	}
	if err != nil {
		s.write(w, err)
		return
	}
	writeBody(w, r, "image/png", "public, max-age=60", png)
}

func (s *server) setLogo(w http.ResponseWriter, r *http.Request, c *caller) {
	png, ok := s.read(w, r, maxLogo, "the picture has more than 256 KiB; make it smaller")
	if !ok {
		return
	}
	if err := s.People.SetLogo(r.Context(), c.Principal, show.SessionID(r.PathValue("s")), png); err != nil {
		s.write(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *server) removeLogo(ctx context.Context, in *OfSession) (*nothing, error) {
	return nil, s.People.RemoveLogo(ctx, callerOf(ctx).Principal, in.S)
}
