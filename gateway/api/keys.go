package api

import (
	"context"
	"slices"

	"github.com/regie-live/regie/gateway/show"
)

type keyCreated struct {
	show.KeyInfo
	Key string `json:"key" doc:"Only now"`
}

type inviteCreated struct {
	show.InviteInfo
	URL string `json:"url" doc:"A path on this server; only now"`
}

type OfKey struct {
	OfSession
	ID show.KeyID `path:"id"`
}

type OfInvite struct {
	OfSession
	ID show.InviteID `path:"id"`
}

type OfToken struct {
	Token show.Token `path:"token" maxLength:"256"`
}

type joinAsk struct {
	Invite show.Token `json:"invite" minLength:"1" maxLength:"256"`
	Name   string     `json:"name" minLength:"1" maxLength:"40"`
}

func (s *server) keysAndInvites() {
	on(s, "GET", "/sessions/{s}/keys", desk, "The stream keys that are good, never the keys themselves", s.listKeys)
	on(s, "POST", "/sessions/{s}/keys", desk, "Make a stream key; it is shown once, and stands beside older ones", s.addKey, created)
	on(s, "DELETE", "/sessions/{s}/keys/{id}", desk, "Revoke a stream key, and end who publishes with it", s.revokeKey)
	on(s, "GET", "/sessions/{s}/cameras", sessions, "The cameras that are fetched, and how it goes with each; never their passwords", s.listCameras)
	on(s, "POST", "/sessions/{s}/cameras", sessions, "Make a guest of a camera that this server fetches; one in a private network is for administrators to add", s.addCamera, created)
	on(s, "DELETE", "/sessions/{s}/cameras/{p}", sessions, "Take a camera away", s.removeCamera)
	on(s, "GET", "/sessions/{s}/invites", desk, "The invites, never their links", s.listInvites)
	on(s, "POST", "/sessions/{s}/invites", desk, "Make an invite; its link is shown once", s.addInvite, created)
	on(s, "DELETE", "/sessions/{s}/invites/{id}", desk, "Revoke an invite, and the sign-ins by it", s.revokeInvite)
	on(s, "GET", "/invites/{token}", visitor, "What an invite is for", s.invitation)
	on(s, "POST", "/join", visitor, "Come in by an invite", s.join)
}

func (s *server) listKeys(ctx context.Context, in *OfSession) (*body[[]show.KeyInfo], error) {
	list, err := s.People.Keys(ctx, callerOf(ctx).Principal, in.S)
	return listed(list, err)
}

func (s *server) addKey(ctx context.Context, in *struct {
	OfSession
	Body show.NewKey
}) (*body[keyCreated], error) {
	info, key, err := s.People.AddKey(ctx, callerOf(ctx).Principal, in.S, in.Body)
	return &body[keyCreated]{keyCreated{info, string(key)}}, err
}

func (s *server) revokeKey(ctx context.Context, in *OfKey) (*nothing, error) {
	return nil, s.People.RevokeKey(ctx, callerOf(ctx).Principal, in.S, in.ID)
}

func (s *server) listCameras(ctx context.Context, in *OfSession) (*body[[]show.Camera], error) {
	list, err := s.People.Cameras(ctx, callerOf(ctx).Principal, in.S)
	return listed(list, err)
}

func (s *server) addCamera(ctx context.Context, in *struct {
	OfSession
	Body show.NewCamera
}) (*body[show.Camera], error) {
	c, err := s.People.AddCamera(ctx, callerOf(ctx).Principal, in.S, in.Body)
	return &body[show.Camera]{c}, err
}

func (s *server) removeCamera(ctx context.Context, in *OfPerson) (*nothing, error) {
	return nil, s.People.RemoveCamera(ctx, callerOf(ctx).Principal, in.S, in.P)
}

func (s *server) listInvites(ctx context.Context, in *OfSession) (*body[[]show.InviteInfo], error) {
	list, err := s.People.Invites(ctx, callerOf(ctx).Principal, in.S)
	return listed(list, err)
}

func (s *server) addInvite(ctx context.Context, in *struct {
	OfSession
	Body show.NewInvite
}) (*body[inviteCreated], error) {
	info, token, err := s.People.AddInvite(ctx, callerOf(ctx).Principal, in.S, in.Body)
	return &body[inviteCreated]{inviteCreated{info, "/j/" + string(token)}}, err
}

func (s *server) revokeInvite(ctx context.Context, in *OfInvite) (*nothing, error) {
	by := callerOf(ctx).Principal
	list, err := s.People.Invites(ctx, by, in.S)
	if err != nil {
		return nil, err
	}
	if err := s.People.RevokeInvite(ctx, by, in.S, in.ID); err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(list, func(i show.InviteInfo) bool { return i.ID == in.ID }); i >= 0 {
		s.Kick(show.Principal{Kind: show.Invitee, Session: in.S, Participant: list[i].Participant})
	}
	return nil, nil
}

func (s *server) invitation(ctx context.Context, in *OfToken) (*body[show.Invitation], error) {
	i, err := s.People.Invitation(ctx, callerOf(ctx).remote, in.Token)
	return &body[show.Invitation]{i}, err
}

func (s *server) join(ctx context.Context, in *body[joinAsk]) (*withCookie[joined], error) {
	c := callerOf(ctx)
	got, err := s.People.Join(ctx, c.remote, in.Body.Invite, in.Body.Name)
	if err != nil {
		return nil, err
	}
	p := got.Principal
	return &withCookie[joined]{s.cookieOf(c, got.Token, got.Expires), joined{s.meOf(p), p.Session, p.Participant}}, nil
}
