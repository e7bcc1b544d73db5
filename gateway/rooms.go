package gateway

import (
	"net/http"
	"runtime"

	"github.com/regie-live/regie/gateway/api"
	"github.com/regie-live/regie/gateway/events"
	"github.com/regie-live/regie/gateway/ingest/health"
	"github.com/regie-live/regie/gateway/ingest/obs"
	"github.com/regie-live/regie/gateway/internal/front"
	"github.com/regie-live/regie/gateway/returns"
	"github.com/regie-live/regie/gateway/show"
)

// This file joins the API and the pages with what they ask.

func (w *wiring) openEvents() (err error) {
	w.events, err = events.New(events.Options{
		Who: w.listener, May: w.people.May, ParticipantOf: w.people.ParticipantOf,
		Registerer: w.reg, Logger: w.log, Redis: w.config.Audience.Redis.Reveal(),
	})
	if err != nil {
		return err
	}
	w.add("events", w.events.Run, func() { runStopped(w.events.Run) })
	return nil
}

// who is behind a request, by its cookie. Whoever cannot be told is nobody.
func (w *wiring) who(r *http.Request) show.Principal {
	token := api.TokenOf(r)
	if token == "" {
		return show.Principal{}
	}
	p, _, err := w.people.Who(r.Context(), token)
	if err != nil {
		w.log.Error("a sign-in cannot be looked up", "error", err)
	}
	return p
}

// listener is who, or a viewer by the cookie of theirs.
func (w *wiring) listener(r *http.Request) show.Principal {
	if p := w.who(r); p.Kind != show.Anonymous {
		return p
	}
	p, err := w.rooms.Who(r.Context(), api.ViewerTokenOf(r))
	if err != nil {
		w.log.Error("a viewer cannot be looked up", "error", err)
	}
	return p
}

// visitors tells the pages who opens them.
type visitors struct{ *wiring }

func (v visitors) Who(r *http.Request) show.Principal { return v.who(r) }

func (v visitors) MayDesk(p show.Principal, id show.SessionID) bool {
	return v.people.May(p, show.MayDesk, id)
}

func (v visitors) Invitation(r *http.Request, token show.Token) (show.Invitation, error) {
	return v.people.Invitation(r.Context(), front.Remote(r), token)
}

func (w *wiring) api() http.Handler {
	o := api.Options{
		Sessions:   w.houses,
		People:     w.people,
		Event:      w.schedule,
		Moderation: w.moderation,
		Rooms:      w.rooms,
		Shop:       w.shop,
		Webhooks:   w.webhooks,
		Stage: func(id show.SessionID) (api.Stage, bool) {
			h := w.houses.get(id)
			if h == nil {
				return nil, false
			}
			return h.stage, true
		},
		Beacon: w.viewers,
		Events: w.events.Handler(),
		Say: func(id show.SessionID, p show.ParticipantID, m api.Message) {
			w.events.Say(id, p, events.Message(m))
		},
		Kick:     w.events.Kick,
		Health:   func(id show.SessionID) any { return w.healthOf(id) },
		Refusals: w.refusalsOf,
		Profile:  w.profile,
		TestCard: w.testCard,
		Logger:   w.log,
	}
	if w.net != nil {
		o.Return, o.ICE = w.serveReturn, w.iceServersFor
	}
	return api.Handler(o)
}

func (w *wiring) serveReturn(rw http.ResponseWriter, r *http.Request, of show.SessionID, id show.ParticipantID, role show.Role) {
	if h := w.houses.get(of); h != nil { // else it was deleted just now
		h.returns.Serve(rw, r, returns.Receiver{ID: id, Role: role, ICEServers: w.iceServersFor(of, id)})
	}
}

// testCard puts a session on air with a test card in the host's seat.
func (w *wiring) testCard(id show.SessionID) error {
	h := w.houses.get(id)
	if h == nil {
		return errNoSession
	}
	if err := w.cards.show(id, h.stage.View().Session.Title); err != nil {
		return err
	}
	return h.stage.Start("test card")
}

// healthOf says how what a session's people send arrives.
func (w *wiring) healthOf(id show.SessionID) []health.Health {
	h := w.houses.get(id)
	if h == nil {
		return []health.Health{}
	}
	var people []show.Participant
	for _, p := range h.stage.Desk().People {
		people = append(people, show.Participant{ID: p.ID, Name: p.Name, Role: p.Role})
	}
	heard := map[show.ParticipantID]float64{}
	if stats, ok := h.stage.Stats(); ok {
		for _, s := range stats.SourceStats {
			heard[show.ParticipantID(s.ID)] = s.Loudness
		}
	}
	p := w.config.Program
	return w.door.Health(id, people, health.Limits{
		Width: p.Width, Height: p.Height, FPS: p.FPS, Kbps: seatKbps(p.Kbps),
		MaxPixels: p.MaxPixels, Cores: runtime.NumCPU(),
	}, func(id show.ParticipantID) (float64, bool) {
		lufs, ok := heard[id]
		return lufs, ok
	})
}

// seatKbps is what a participant is meant to send for a program of so much: there
// is nothing to win by more than twice that.
func seatKbps(program int) int { return 2 * program }

func (w *wiring) refusalsOf(id show.SessionID) []api.Refusal {
	list := []api.Refusal{}
	for _, a := range w.door.RefusalsOf(id) {
		list = append(list, api.Refusal{
			Time: a.Time, Times: a.Times, Protocol: string(a.Protocol), Remote: a.Remote,
			Outcome: string(a.Refusal.Outcome), Reason: a.Refusal.Reason, Hint: a.Refusal.Hint,
			Participant: a.Participant,
		})
	}
	return list
}

// profile makes what OBS imports.
func (w *wiring) profile(r api.ProfileRequest) ([]byte, error) {
	p := w.config.Program
	profile := obs.Profile{
		Name: r.Title, Protocol: obs.Protocol(r.Protocol), Key: r.Key,
		Width: p.Width, Height: p.Height, FPS: p.FPS, Kbps: p.Kbps,
	}
	switch profile.Protocol {
	case obs.RTMP:
		if w.addrs.RTMP == "" {
			return nil, &show.Error{Kind: show.Conflict, Detail: "RTMP is switched off here; set rtmp.address, or take the profile for WHIP"}
		}
		profile.Server = "rtmp://" + reached(r.Host, w.addrs.RTMP, "1935") + "/live"
	case obs.WHIP:
		scheme := "http://"
		if r.Secure {
			scheme = "https://"
		}
		profile.Server = scheme + r.Host + "/whip"
	}
	return profile.Zip()
}
