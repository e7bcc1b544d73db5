package audience

import (
	"context"
	"slices"

	"github.com/regie-live/regie/gateway/audience/filter"
	"github.com/regie-live/regie/gateway/show"
)

// What a viewer who raised a hand is told.
type (
	toldInvite struct {
		Type    string         `json:"type"`
		URL     string         `json:"url"`
		Session show.SessionID `json:"session"`
	}
	toldHand struct {
		Type string `json:"type"`
		Up   bool   `json:"up"`
	}
)

// RaiseHand asks to come on stage, or no longer. Hands are kept in memory.
func (rs *Rooms) RaiseHand(ctx context.Context, p show.Principal, of show.SessionID, up bool, note, remote string) error {
	r, me, err := rs.enter(ctx, p, of)
	if err != nil {
		return err
	}
	if note != "" {
		if note, err = checkedText(note, 140); err != nil {
			return err
		}
	}
	if p.Kind == show.Invitee && p.Session == of {
		return no(show.Conflict, "You are on this stage already; raise your hand there.")
	}
	if err := rs.hurry(rs.limits.votes, me, remote); err != nil {
		return err
	}
	h := show.Hand{Viewer: me.ID, Name: me.Nickname, Note: filter.Clean(note), At: rs.now()}
	r.mu.Lock()
	i := slices.IndexFunc(r.hands, func(x show.Hand) bool { return x.Viewer == me.ID })
	switch {
	case i >= 0 && up:
		h.At = r.hands[i].At // keeps the place in the queue
		r.hands[i] = h
	case i >= 0:
		r.hands = slices.Delete(r.hands, i, i+1)
	case up && len(r.hands) >= maxHands:
		r.mu.Unlock()
		return no(show.Conflict, "A lot of hands are up; try again later.")
	case up:
		r.hands = append(r.hands, h)
	}
	r.mu.Unlock()
	rs.tellHand(of, h, up)
	return nil
}

func (rs *Rooms) tellHand(of show.SessionID, h show.Hand, up bool) {
	c := show.Change{Key: "hand/" + string(h.Viewer)}
	if up {
		c.Value = h
	}
	rs.o.Listeners.Mod(of, c)
}

// Hands are those that are up, in their order.
func (rs *Rooms) Hands(ctx context.Context, of show.SessionID) ([]show.Hand, error) {
	r, err := rs.room(ctx, of)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]show.Hand{}, r.hands...), nil
}

// AnswerHand invites a viewer to the stage's green room, or lowers their hand.
func (rs *Rooms) AnswerHand(ctx context.Context, by show.Principal, of show.SessionID, v show.ViewerID, admit bool) error {
	r, err := rs.room(ctx, of)
	if err != nil {
		return err
	}
	r.turn.Lock()
	defer r.turn.Unlock()
	r.mu.Lock()
	i := slices.IndexFunc(r.hands, func(x show.Hand) bool { return x.Viewer == v })
	var h show.Hand
	if i >= 0 {
		h = r.hands[i]
	}
	r.mu.Unlock()
	if i < 0 {
		return no(show.NotFound, "This hand is not up any more.")
	}
	var told any = toldHand{"hand", false}
	if admit {
		link, err := rs.o.Admit(ctx, by, of, h.Name)
		if err != nil {
			return err
		}
		told = toldInvite{"invite", link, of}
	}
	r.mu.Lock()
	r.hands = slices.DeleteFunc(r.hands, func(x show.Hand) bool { return x.Viewer == v })
	r.mu.Unlock()
	rs.o.Listeners.Me(v, told)
	rs.tellHand(of, h, false)
	return nil
}
