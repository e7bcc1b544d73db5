package api

import (
	"cmp"
	"context"
	"encoding/json"

	"github.com/regie-live/regie/gateway/show"
)

type takeAsk struct {
	Fade bool `json:"fade,omitempty"`
}

type slateAsk struct {
	Slate show.SlateKind `json:"slate" enum:"brb,countdown," doc:"Empty: none"`
}

// personPatch is what the desk may change of a person.
type personPatch struct {
	Place     *show.Place `json:"place,omitempty" enum:"backstage,on_air,back"`
	Muted     *bool       `json:"muted,omitempty" doc:"true; only the person unmutes"`
	CameraOff *bool       `json:"camera_off,omitempty" doc:"true; only the person switches it on"`
	Volume    *float64    `json:"volume,omitempty" minimum:"0" maximum:"2"`
	Hand      *bool       `json:"hand,omitempty" doc:"false lowers it"`
}

// quietens says that the patch does what a moderator may and nothing else.
func (b personPatch) quietens() bool {
	is := func(f *bool) bool { return f == nil || *f }
	return b.Place == nil && b.Volume == nil && b.Hand == nil && is(b.Muted) && is(b.CameraOff) && (b.Muted != nil || b.CameraOff != nil)
}

// mePatch is what a person on stage may change of themselves.
type mePatch struct {
	Place         *show.Place `json:"place,omitempty" enum:"checking,waiting,left"`
	SelfMuted     *bool       `json:"self_muted,omitempty" doc:"false also lifts the desk's muting"`
	SelfCameraOff *bool       `json:"self_camera_off,omitempty"`
	Name          *string     `json:"name,omitempty" minLength:"1" maxLength:"40"`
	Hand          *bool       `json:"hand,omitempty"`
}

type OfPerson struct {
	OfSession
	P show.ParticipantID `path:"p"`
}

func (s *server) stages() {
	on(s, "GET", "/sessions/{s}/desk", backstage, "The whole state of a stage; the events tell its changes", s.getDesk)
	on(s, "POST", "/sessions/{s}/start", desk, "Go live", s.start)
	on(s, "POST", "/sessions/{s}/end", crew, "End the session, after a closing slate", s.end)
	on(s, "PATCH", "/sessions/{s}/preview", desk, "Change the look in preview", s.preview)
	on(s, "POST", "/sessions/{s}/take", desk, "Put the preview on the program", s.take)
	on(s, "PUT", "/sessions/{s}/slate", crew, "Put a slate on the program at once, or take it off; the look in preview stays as it is", s.slate)
	on(s, "PATCH", "/sessions/{s}/overlays", desk, "Change what lies over the picture, at once", s.overlays)
	on(s, "PATCH", "/sessions/{s}/people/{p}", crew, "Move and adjust a person; moderators may mute them and switch their camera off", s.changePerson)
	on(s, "POST", "/sessions/{s}/people/{p}/remove", crew, "Remove a guest for good: their keys and invites are revoked", s.removePerson)
	on(s, "PATCH", "/sessions/{s}/me", performer, "What I do on this stage", s.changeMe)
}

func (s *server) stage(id show.SessionID) (Stage, error) {
	if s.Stage != nil {
		if st, ok := s.Stage(id); ok {
			return st, nil
		}
	}
	return nil, &show.Error{Kind: show.NotFound, Detail: "this session has no stage; /api/v1/sessions lists those that have"}
}

func (s *server) getDesk(_ context.Context, in *OfSession) (*body[show.Desk], error) {
	st, err := s.stage(in.S)
	if err != nil {
		return nil, err
	}
	d := st.Desk()
	if d.People == nil {
		d.People = []show.Person{}
	}
	return &body[show.Desk]{d}, nil
}

// onStage does something with a stage.
func (s *server) onStage(id show.SessionID, do func(Stage) error) (*nothing, error) {
	st, err := s.stage(id)
	if err != nil {
		return nil, err
	}
	return nil, do(st)
}

func (s *server) start(ctx context.Context, in *OfSession) (*nothing, error) {
	return s.onStage(in.S, func(st Stage) error { return s.noted(ctx, in.S, "stage.live", "", st.Start("desk")) })
}

func (s *server) slate(ctx context.Context, in *struct {
	OfSession
	Body slateAsk
}) (*nothing, error) {
	return s.onStage(in.S, func(st Stage) error {
		return s.noted(ctx, in.S, "stage.slate", cmp.Or(string(in.Body.Slate), "none"), st.Slate(in.Body.Slate))
	})
}

func (s *server) end(ctx context.Context, in *OfSession) (*nothing, error) {
	return s.onStage(in.S, func(st Stage) error { return s.noted(ctx, in.S, "stage.end", "", st.End("desk")) })
}

// noted writes into the audit log what worked.
func (s *server) noted(ctx context.Context, of show.SessionID, act, what string, err error) error {
	if err == nil {
		s.People.Note(ctx, callerOf(ctx).Principal, act, of, what)
	}
	return err
}

func (s *server) preview(_ context.Context, in *struct {
	OfSession
	Body show.LookPatch
}) (*nothing, error) {
	return s.onStage(in.S, func(st Stage) error { return st.Prepare(in.Body) })
}

func (s *server) take(_ context.Context, in *struct {
	OfSession
	Body takeAsk
}) (*nothing, error) {
	return s.onStage(in.S, func(st Stage) error { return st.Take(in.Body.Fade) })
}

func (s *server) overlays(_ context.Context, in *struct {
	OfSession
	RawBody []byte
	Body    show.OverlayPatch
}) (*nothing, error) {
	// null takes the lower third away, and is no empty pointer.
	var sent map[string]json.RawMessage
	if err := json.Unmarshal(in.RawBody, &sent); err == nil && string(sent["lower_third"]) == "null" {
		in.Body.LowerThird = &show.LowerThird{}
	}
	return s.onStage(in.S, func(st Stage) error { return st.Overlay(in.Body) })
}

func (s *server) changePerson(ctx context.Context, in *struct {
	OfPerson
	Body personPatch
}) (*nothing, error) {
	b := in.Body
	if !callerOf(ctx).desk && !b.quietens() {
		return nil, &show.Error{Kind: show.Forbidden, Detail: "moderators may mute a person and switch their camera off; the rest is for those who run this session"}
	}
	return s.onStage(in.S, func(st Stage) error {
		err := change(st, in.P, b.Place, show.Adjustment{Muted: b.Muted, CameraOff: b.CameraOff, Volume: b.Volume, Hand: b.Hand}, true)
		switch {
		case b.Muted != nil && *b.Muted:
			return s.noted(ctx, in.S, "person.mute", string(in.P), err)
		case b.CameraOff != nil && *b.CameraOff:
			return s.noted(ctx, in.S, "person.camera_off", string(in.P), err)
		}
		return err
	})
}

func (s *server) changeMe(ctx context.Context, in *struct {
	OfSession
	Body mePatch
}) (*nothing, error) {
	c, b := callerOf(ctx), in.Body
	if b.Name != nil {
		if err := s.People.Rename(ctx, c.Principal, in.S, c.participant, *b.Name); err != nil {
			return nil, err
		}
	}
	return s.onStage(in.S, func(st Stage) error {
		return change(st, c.participant, b.Place, show.Adjustment{SelfMuted: b.SelfMuted, SelfCameraOff: b.SelfCameraOff, Hand: b.Hand}, false)
	})
}

// change moves a person and adjusts them. What fails in the middle leaves what was
// before it.
func change(st Stage, id show.ParticipantID, to *show.Place, a show.Adjustment, byDesk bool) error {
	if a != (show.Adjustment{}) {
		if err := st.Adjust(id, a, byDesk); err != nil {
			return err
		}
	}
	if to == nil {
		return nil
	}
	return st.Move(id, *to, byDesk)
}

func (s *server) removePerson(ctx context.Context, in *OfPerson) (*nothing, error) {
	err := s.People.RemovePerson(ctx, callerOf(ctx).Principal, in.S, in.P)
	if err == nil {
		s.Kick(show.Principal{Kind: show.Invitee, Session: in.S, Participant: in.P})
	}
	return nil, err
}
