package gateway

import (
	"context"
	"fmt"
	"os"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/people"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/gateway/store"
)

// openStore comes before the sessions, so that it closes after them: what they say
// when they end is still kept.
func (w *wiring) openStore() (err error) {
	dir := w.config.Data.Dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data.dir: %w; choose a folder that this user may write to", err)
	}
	if w.store, err = store.Open(context.Background(), dir); err != nil {
		return err
	}
	w.store.Register(w.reg)
	w.add("store", untilDone(w.store.Close), func() { _ = w.store.Close() })
	return nil
}

// openPeople loads what is stored, and opens every session: the declared ones and
// those that people made.
func (w *wiring) openPeople() error {
	var declared []show.Session
	for _, c := range w.config.Sessions {
		declared = append(declared, sessionOf(c))
	}
	var err error
	w.people, err = people.Open(context.Background(), people.Options{
		Store: w.store, Dir: w.config.Data.Dir, Declared: declared, Changes: w.changes(), CheckPlan: w.checkPlan,
		CheckSource: w.cameras.check, Camera: w.cameras.status,
		Phase: w.phase, Origin: w.origin, Logger: w.log,
	})
	if err != nil {
		return err
	}
	w.add("people", w.people.Run, func() {})
	for _, s := range w.people.Stages() {
		if err := w.houses.open(w.newHouse(s)); err != nil {
			return err
		}
	}
	return nil
}

func (w *wiring) phase(id show.SessionID) show.Phase {
	if h := w.houses.get(id); h != nil {
		return h.stage.View().Phase
	}
	return show.Planned
}

// changes carries out what was decided about people.
func (w *wiring) changes() people.Changes {
	at := func(id show.SessionID, do func(*house) error) {
		h := w.houses.get(id)
		if h == nil {
			return // it is being closed
		}
		if err := do(h); err != nil {
			w.log.Error("a change did not reach the stage", "session", id, "error", err)
		}
	}
	return people.Changes{
		SessionAdded: func(s show.Session) {
			if err := w.houses.open(w.newHouse(s)); err != nil {
				w.log.Error("a session was stored and not opened", "session", s.ID, "error", err)
			}
			w.schedule.Session(s)
		},
		SessionChanged: func(s show.Session) {
			w.schedule.Session(s)
			at(s.ID, func(h *house) error {
				w.loadLogo(h)
				return h.stage.Update(s)
			})
		},
		SessionRemoved: func(id show.SessionID) {
			w.cards.stop(id)
			w.cameras.removeAll(id)
			if err := w.houses.close(id); err != nil {
				w.log.Error("a session was not closed", "session", id, "error", err)
			}
			w.events.Close(id)
			if err := w.moderation.Forget(context.Background(), id); err != nil {
				w.log.Error("what waits for moderators was not forgotten", "session", id, "error", err)
			}
			w.rooms.Forget(id)
			w.shop.Forget(id)
			w.hook(id, w.webhooks.Ended(id))
			w.schedule.Removed(id)
		},
		PersonAdded: func(id show.SessionID, p show.Participant) {
			at(id, func(h *house) error {
				if err := h.stage.AddPerson(p); err != nil || p.Source == "" {
					return err
				}
				return w.cameras.add(id, p)
			})
		},
		PersonRenamed: func(id show.SessionID, p show.ParticipantID, name string) {
			at(id, func(h *house) error { return h.stage.Adjust(p, show.Adjustment{Name: &name}, false) })
		},
		PersonRemoved: func(id show.SessionID, p show.ParticipantID, _ error) {
			w.cameras.remove(id, p)
			at(id, func(h *house) error { return h.stage.RemovePerson(p) })
			w.events.Kick(invitee(id, p))
		},
		InviteRevoked: func(id show.SessionID, p show.ParticipantID, cause error) {
			at(id, func(h *house) error {
				if h.returns != nil {
					h.returns.Remove(p, cause)
				}
				return nil
			})
			w.events.Kick(invitee(id, p))
		},
		KeyRevoked: func(id show.SessionID, p show.ParticipantID, hash show.SecretHash) {
			at(id, func(h *house) error {
				return h.stage.Disconnect(p, ingest.ErrRemoved, func(o ingest.Offer) bool { return show.HashSecret(o.Key) == hash })
			})
		},
	}
}

// loadLogo fetches what the stage may have to draw at once.
func (w *wiring) loadLogo(h *house) {
	png, err := w.people.Logo(context.Background(), h.session.ID)
	if err != nil {
		w.log.Error("a logo cannot be read", "session", h.session.ID, "error", err)
	}
	h.logo.Store(&png)
}

func invitee(id show.SessionID, p show.ParticipantID) show.Principal {
	return show.Principal{Kind: show.Invitee, Session: id, Participant: p}
}

// cardTarget is where a test card publishes to: as an encoder on this machine would.
func (w *wiring) cardTarget() string {
	if w.addrs.RTMP != "" {
		return "rtmp://" + Near(w.addrs.RTMP) + "/live"
	}
	return w.origin() + "/whip"
}
