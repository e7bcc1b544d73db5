package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/regie-live/regie/gateway/audience"
	"github.com/regie-live/regie/gateway/show"
)

// This file joins the audience's rooms with the stages, the pages and those who
// moderate.

func (w *wiring) openRooms() error {
	w.rooms = audience.OpenRooms(audience.RoomOptions{
		Store: w.store, Listeners: w.events, May: w.people.May, Phase: w.phase,
		Crew: w.namesOfCrew, OnAir: w.questionOnAir, OffAir: w.questionOffAir, Admit: w.admit,
		Pins: w.shop.Pins, Viewers: w.watching, Sessions: w.sessionIDs, Others: w.events.Said,
		Registerer: w.reg, Logger: w.log,
	})
	if err := w.openModeration(); err != nil {
		return err
	}
	if err := w.rooms.Use(context.Background(), w.moderation); err != nil {
		return err
	}
	w.add("rooms", w.rooms.Run, func() {})
	return nil
}

func (w *wiring) sessionIDs() []show.SessionID {
	var list []show.SessionID
	for _, h := range w.houses.all() {
		list = append(list, h.session.ID)
	}
	return list
}

func (w *wiring) watching(of show.SessionID) int {
	if h := w.houses.get(of); h != nil {
		return h.audience.Count()
	}
	return 0
}

// namesOfCrew are those of the people of a session and of every account.
func (w *wiring) namesOfCrew(of show.SessionID) []string {
	users, err := w.people.Users(context.Background(), show.Principal{Kind: show.MachineOperator})
	if err != nil {
		w.log.Error("the names of the accounts cannot be read", "error", err)
	}
	var names []string
	for _, u := range users {
		names = append(names, u.Name)
	}
	if h := w.houses.get(of); h != nil {
		for _, p := range h.stage.Desk().People {
			names = append(names, p.Name)
		}
	}
	return names
}

// admit makes a guest's invite for a viewer who raised a hand. Moderators may do
// that, who may not make invites otherwise.
func (w *wiring) admit(ctx context.Context, by show.Principal, of show.SessionID, name string) (string, error) {
	_, token, err := w.people.AddInvite(ctx, show.Principal{Kind: show.MachineOperator, Name: by.Name}, of, show.NewInvite{Seat: show.Guest, Name: name})
	return "/j/" + string(token), err
}

// What fits into a lower third.
const (
	askerFits    = 60
	questionFits = 100
)

// questionOnAir draws a question as a lower third, and announces it for the same
// moment.
func (w *wiring) questionOnAir(of show.SessionID, q show.Question) error {
	h := w.houses.get(of)
	if h == nil {
		return errNoSession
	}
	b := h.now.Load()
	if b == nil {
		return &show.Error{Kind: show.Conflict, Detail: errOffAir.Error()}
	}
	c, err := questionCue(q, max(0, time.Since(b.epoch)))
	if err != nil {
		return err
	}
	lower := &show.LowerThird{Title: fitted(q.Name, askerFits), Line: fitted(q.Text, questionFits)}
	if err := h.stage.Overlay(show.OverlayPatch{LowerThird: lower}); err != nil {
		return err
	}
	w.endCue(of, h.asked.Swap(&asked{lower: *lower, cue: c, on: b}))
	if err := b.announce(c); errors.Is(err, errOffAir) {
		return &show.Error{Kind: show.Conflict, Detail: err.Error()}
	} else if err != nil {
		return fmt.Errorf("question %s: %w", q.ID, err)
	}
	w.hook(of, w.webhooks.Question(of, q))
	return nil
}

// asked is the question that is drawn.
type asked struct {
	lower show.LowerThird
	cue   show.Cue
	on    *broadcast
}

func questionCue(q show.Question, start time.Duration) (show.Cue, error) {
	data, err := json.Marshal(struct {
		ID   string `json:"id"`
		Text string `json:"text"`
		Name string `json:"name"`
	}{q.ID, q.Text, q.Name})
	start = start.Round(time.Millisecond)
	// A question can be on air twice.
	return show.Cue{ID: fmt.Sprintf("question-%.40s-%d", q.ID, start.Milliseconds()), Class: "com.regie.question", Start: start, Data: data}, err
}

// questionOffAir takes the lower third away, if it is still the question's.
func (w *wiring) questionOffAir(of show.SessionID) {
	h := w.houses.get(of)
	if h == nil {
		return
	}
	a := h.asked.Swap(nil)
	if a == nil {
		return
	}
	if now := h.stage.Desk().Overlays.LowerThird; now != nil && *now == a.lower {
		if err := h.stage.Overlay(show.OverlayPatch{LowerThird: &show.LowerThird{}}); err != nil {
			w.log.Warn("a question stays drawn", "session", of, "error", err)
		}
	}
	w.endCue(of, a)
}

// endCue announces a question's cue again, with the duration that is known now.
func (w *wiring) endCue(of show.SessionID, a *asked) {
	if a == nil {
		return
	}
	a.cue.Duration = max(time.Millisecond, (time.Since(a.on.epoch) - a.cue.Start).Round(time.Millisecond))
	if err := a.on.announce(a.cue); err != nil && !errors.Is(err, errOffAir) {
		w.log.Warn("the end of a question is not announced", "session", of, "error", err)
	}
}

// fitted is a text cut to n characters.
func fitted(text string, n int) string {
	if r := []rune(text); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return text
}
