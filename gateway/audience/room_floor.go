package audience

import (
	"context"
	"slices"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

// Rooms are the floor of what moderators decide.
var _ floor = (*Rooms)(nil)

// on finds a room for the moderators, whose decision is stored already.
func (rs *Rooms) on(of show.SessionID, do func(context.Context, *room) error) {
	ctx := context.Background()
	r, _, err := rs.load(ctx, of) // who decides knows what was said
	if err == nil {
		err = do(ctx, r)
	}
	if err != nil {
		rs.o.Logger.Error("the audience did not see what a moderator decided", "session", of, "error", err)
	}
}

// Publish shows what was held.
func (rs *Rooms) Publish(of show.SessionID, kind show.SaidKind, s show.Said) {
	rs.on(of, func(ctx context.Context, r *room) error {
		rs.metrics.count(kind, show.Heard{}, nil)
		if kind == show.IsQuestion {
			_, err := rs.addQuestion(ctx, r, s)
			return err
		}
		if err := rs.o.Store.AddMessage(ctx, of, s); err != nil {
			return err
		}
		rs.publish(r, s)
		return nil
	})
}

// Hide takes messages from everybody's screen.
func (rs *Rooms) Hide(of show.SessionID, ids ...string) {
	rs.on(of, func(_ context.Context, r *room) error {
		r.turn.Lock()
		defer r.turn.Unlock()
		for _, id := range ids {
			rs.o.Listeners.Room(of, toldID{"hidden", id}, true)
		}
		return nil
	})
}

// Restore brings messages back.
func (rs *Rooms) Restore(of show.SessionID, said ...show.Said) {
	rs.on(of, func(_ context.Context, r *room) error {
		r.turn.Lock()
		defer r.turn.Unlock()
		for _, s := range said {
			rs.o.Listeners.Room(of, toldMessage{"restored", s}, true)
		}
		return nil
	})
}

// Delete forgets a message.
func (rs *Rooms) Delete(of show.SessionID, id string) {
	rs.on(of, func(ctx context.Context, r *room) error {
		r.turn.Lock()
		defer r.turn.Unlock()
		r.mu.Lock()
		r.messages = slices.DeleteFunc(r.messages, func(m show.Said) bool { return m.ID == id })
		_, asked := r.questions[id]
		delete(r.questions, id)
		r.mu.Unlock()
		rs.o.Listeners.Room(of, toldID{"deleted", id}, true)
		if asked {
			rs.o.Listeners.Live(of, show.Change{Key: "question/" + id})
		}
		return rs.o.Store.EraseMessage(ctx, of, id)
	})
}

// Clear empties everybody's screen.
func (rs *Rooms) Clear(of show.SessionID, before time.Time) {
	rs.on(of, func(_ context.Context, r *room) error {
		r.turn.Lock()
		defer r.turn.Unlock()
		rs.o.Listeners.Room(of, toldCleared{"cleared", before}, true)
		return nil
	})
}

// Levers says which are on.
func (rs *Rooms) Levers(of show.SessionID, on []show.Lever) {
	rs.on(of, func(_ context.Context, r *room) error {
		rs.refresh(r, on)
		return nil
	})
}

// Tell tells one viewer.
func (rs *Rooms) Tell(v show.ViewerID, what any) { rs.o.Listeners.Me(v, what) }
