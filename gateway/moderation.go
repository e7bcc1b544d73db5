package gateway

import (
	"context"
	"time"

	"github.com/regie-live/regie/gateway/audience"
	"github.com/regie-live/regie/gateway/show"
)

// This file joins moderators with the audience's channels.

func (w *wiring) openModeration() (err error) {
	w.moderation, err = audience.OpenModeration(context.Background(), audience.ModerationOptions{
		Store: w.store, Floor: floor{w}, Tell: w.events.Mod,
		OutsideAllow: w.config.Outside.Allow, Registerer: w.reg, Logger: w.log,
	})
	if err != nil {
		return err
	}
	w.add("moderation", w.moderation.Run, func() { runStopped(w.moderation.Run) })
	return nil
}

// floor tells the audience what moderators decide.
type floor struct{ *wiring }

// told is what the channel room:SESSION carries; see the API's description.
type told struct {
	Type    string     `json:"type"`
	ID      string     `json:"id,omitempty"`
	Message *show.Said `json:"message,omitempty"`
	Before  time.Time  `json:"before,omitzero"`
}

func (f floor) Publish(of show.SessionID, kind show.SaidKind, s show.Said) {
	if kind == show.IsMessage {
		f.events.Room(of, told{Type: "message", Message: &s}, true)
	}
}

func (f floor) Hide(of show.SessionID, ids ...string) {
	for _, id := range ids {
		f.events.Room(of, told{Type: "hidden", ID: id}, true)
	}
}

func (f floor) Restore(of show.SessionID, said ...show.Said) {
	for _, s := range said {
		f.events.Room(of, told{Type: "restored", Message: &s}, true)
	}
}

func (f floor) Delete(of show.SessionID, id string) {
	f.events.Room(of, told{Type: "deleted", ID: id}, true)
}

func (f floor) Clear(of show.SessionID, before time.Time) {
	f.events.Room(of, told{Type: "cleared", Before: before}, true)
}

func (f floor) Levers(show.SessionID, []show.Lever) {}

func (f floor) Tell(id show.ViewerID, v any) { f.events.Me(id, v) }
