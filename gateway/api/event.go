package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/regie-live/regie/gateway/show"
)

// Event is the schedule; package schedule has it.
type Event interface {
	Current() show.Schedule
	SetEvent(context.Context, show.Principal, show.Event) error
	AddCreator(context.Context, show.Principal, show.NewProfile) (show.Profile, error)
	ChangeCreator(context.Context, show.Principal, show.CreatorID, show.ProfilePatch) (show.Profile, error)
	RemoveCreator(context.Context, show.Principal, show.CreatorID) error
	Picture(context.Context, show.CreatorID) (image []byte, contentType string, err error)
	SetPicture(ctx context.Context, by show.Principal, id show.CreatorID, image []byte) error // nil takes it away
	ChangeSlot(context.Context, show.Principal, show.SessionID, show.SlotPatch) (show.Slot, error)
	Poster(context.Context, show.SessionID) (image []byte, contentType string, err error)
	SetPoster(ctx context.Context, by show.Principal, id show.SessionID, image []byte) error // nil takes it away
	Import(ctx context.Context, by show.Principal, format string, text []byte, dryRun bool) (show.Imported, error)
	Export(ctx context.Context, by show.Principal, format string) ([]byte, error)
}

const (
	maxEvent   = 64 << 10 // bytes of JSON
	eventCache = "public, max-age=2"
)

type OfCreator struct {
	C show.CreatorID `path:"c"`
}

func (s *server) event() {
	large := func(op *huma.Operation) { op.MaxBodyBytes = maxEvent }
	s.raw("GET", base+"/event", anyone, "The schedule: days, creators and slots. The ETag stands for all but now", show.Schedule{}, s.getEvent)
	on(s, "PUT", "/event", users, "Say what the event is called and when it is", s.setEvent, large)
	on(s, "POST", "/event/creators", users, "Add a creator", s.addCreator, created, large)
	on(s, "PATCH", "/event/creators/{c}", users, "Change a creator", s.changeCreator, large)
	on(s, "DELETE", "/event/creators/{c}", users, "Delete a creator, also from their sessions", s.removeCreator)
	s.image("/event/creators/{c}/picture", users, "creator's picture",
		func(r *http.Request) ([]byte, string, error) {
			return s.Event.Picture(r.Context(), show.CreatorID(r.PathValue("c")))
		},
		func(r *http.Request, c *caller, image []byte) error {
			return s.Event.SetPicture(r.Context(), c.Principal, show.CreatorID(r.PathValue("c")), image)
		})
	on(s, "PATCH", "/sessions/{s}/slot", sessions, "Change a session's place in the schedule; zero times take it out", s.changeSlot, large)
	s.image("/sessions/{s}/poster", sessions, "session's poster",
		func(r *http.Request) ([]byte, string, error) {
			return s.Event.Poster(r.Context(), show.SessionID(r.PathValue("s")))
		},
		func(r *http.Request, c *caller, image []byte) error {
			return s.Event.SetPoster(r.Context(), c.Principal, show.SessionID(r.PathValue("s")), image)
		})
}

var errNoEvent = off("There is no event on this server")

func (s *server) getEvent(w http.ResponseWriter, r *http.Request, _ *caller) {
	if s.Event == nil {
		s.write(w, errNoEvent)
		return
	}
	v := s.Event.Current()
	now := v.Now
	v.Now = time.Time{}
	unchanging, err := json.Marshal(v)
	if err == nil {
		v.Now = now
		var body []byte
		if body, err = json.Marshal(v); err == nil {
			writeTagged(w, r, "application/json", eventCache, etagOf(unchanging), body)
			return
		}
	}
	s.write(w, err)
}

func (s *server) setEvent(ctx context.Context, in *body[show.Event]) (*nothing, error) {
	if s.Event == nil {
		return nil, errNoEvent
	}
	return nil, s.Event.SetEvent(ctx, callerOf(ctx).Principal, in.Body)
}

func (s *server) addCreator(ctx context.Context, in *body[show.NewProfile]) (*body[show.Profile], error) {
	if s.Event == nil {
		return nil, errNoEvent
	}
	p, err := s.Event.AddCreator(ctx, callerOf(ctx).Principal, in.Body)
	return &body[show.Profile]{p}, err
}

func (s *server) changeCreator(ctx context.Context, in *struct {
	OfCreator
	Body show.ProfilePatch
}) (*body[show.Profile], error) {
	if s.Event == nil {
		return nil, errNoEvent
	}
	p, err := s.Event.ChangeCreator(ctx, callerOf(ctx).Principal, in.C, in.Body)
	return &body[show.Profile]{p}, err
}

func (s *server) removeCreator(ctx context.Context, in *OfCreator) (*nothing, error) {
	if s.Event == nil {
		return nil, errNoEvent
	}
	return nil, s.Event.RemoveCreator(ctx, callerOf(ctx).Principal, in.C)
}

func (s *server) changeSlot(ctx context.Context, in *struct {
	OfSession
	Body show.SlotPatch
}) (*body[show.Slot], error) {
	if s.Event == nil {
		return nil, errNoEvent
	}
	slot, err := s.Event.ChangeSlot(ctx, callerOf(ctx).Principal, in.S, in.Body)
	return &body[show.Slot]{slot}, err
}

// image adds the three routes of a picture.
func (s *server) image(path string, rule access, what string, get func(*http.Request) ([]byte, string, error), set func(*http.Request, *caller, []byte) error) {
	types := map[string]*huma.MediaType{"image/png": {}, "image/jpeg": {}}
	s.raw("GET", base+path, anyone, "The "+what, nil, func(w http.ResponseWriter, r *http.Request, _ *caller) {
		if s.Event == nil {
			s.write(w, errNoEvent)
			return
		}
		image, contentType, err := get(r)
		if err != nil {
			s.write(w, err)
			return
		}
		writePicture(w, r, contentType, image)
	}, func(op *huma.Operation) {
		op.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: types}, "404": {Description: "There is none"}}
	})
	change := func(w http.ResponseWriter, r *http.Request, c *caller, image []byte) {
		err := error(errNoEvent)
		if s.Event != nil {
			err = set(r, c, image)
		}
		if err != nil {
			s.write(w, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
	none := func(op *huma.Operation) { op.Responses = map[string]*huma.Response{"204": {Description: "Done"}} }
	s.raw("PUT", base+path, rule, "Set the "+what+": a PNG or JPEG of at most 1 MiB", nil, func(w http.ResponseWriter, r *http.Request, c *caller) {
		if image, ok := s.read(w, r, maxPicture, longPicture); ok {
			change(w, r, c, image)
		}
	}, none, func(op *huma.Operation) { op.RequestBody = &huma.RequestBody{Required: true, Content: types} })
	s.raw("DELETE", base+path, rule, "Take the "+what+" away", nil, func(w http.ResponseWriter, r *http.Request, c *caller) {
		change(w, r, c, nil)
	}, none)
}
