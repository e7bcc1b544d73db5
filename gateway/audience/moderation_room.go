package audience

import (
	"slices"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

// What a room knows. All with Moderation.mu held.

func (r *modRoom) on(name show.LeverName, now time.Time) bool {
	l := r.levers[name]
	return l.On && (l.Until.IsZero() || now.Before(l.Until))
}

// leversOn lists those that are on, in their order.
func (r *modRoom) leversOn(now time.Time) []show.Lever {
	list := []show.Lever{}
	for _, name := range show.LeverNames() {
		if r.on(name, now) {
			list = append(list, r.levers[name])
		}
	}
	return list
}

func (r *modRoom) heldAt(id string) int {
	return slices.IndexFunc(r.held, func(h show.Held) bool { return h.ID == id })
}

func (r *modRoom) messageAt(id string) int {
	return slices.IndexFunc(r.messages, func(x *show.ModMessage) bool { return x.ID == id })
}

func (r *modRoom) spokenBy(id show.ViewerID) *spoken {
	s := r.spoke[id]
	if s == nil {
		if len(r.spoke) >= maxSpoken {
			clear(r.spoke) // all begin anew
		}
		s = &spoken{}
		r.spoke[id] = s
	}
	return s
}

// add notes a message that is shown; questions have a list of their own. gone is
// what had to make room.
func (r *modRoom) add(kind show.SaidKind, s show.Said, flags []string) (gone string, added *show.ModMessage) {
	if kind != show.IsMessage {
		return "", nil
	}
	if flags == nil {
		flags = []string{}
	}
	added = &show.ModMessage{Said: s, Author: s.By, Flags: flags}
	if h, ok := r.hidden[s.ID]; ok {
		added.Hidden, added.HiddenBy = true, h.By
	}
	r.messages = append(r.messages, added)
	if len(r.messages) > recent {
		gone = r.messages[0].ID
		r.messages = slices.Delete(r.messages, 0, 1)
	}
	copied := *added
	return gone, &copied
}

// report adds what one viewer says of a message.
func (r *modRoom) report(p show.StoredReport) show.Report {
	x := r.reports[p.Said.ID]
	if x == nil {
		message := show.ModMessage{Said: p.Said, Author: p.Said.By, Flags: []string{}}
		if i := r.messageAt(p.Said.ID); i >= 0 {
			message = *r.messages[i]
		}
		x = &reported{Report: show.Report{ID: p.Said.ID, Message: message, Reasons: []string{}, At: p.At}, by: map[show.ViewerID]struct{}{}}
		r.reports[p.Said.ID] = x
	}
	x.by[p.By] = struct{}{}
	x.Count = len(x.by)
	if !slices.Contains(x.Reasons, p.Reason) {
		x.Reasons = append(slices.Clone(x.Reasons), p.Reason)
	}
	return x.Report
}

// mark sets a message hidden or not, and says how it is now.
func (r *modRoom) mark(id string, hidden bool, by string) (show.ModMessage, bool) {
	i := r.messageAt(id)
	if i < 0 {
		return show.ModMessage{}, false
	}
	x := r.messages[i]
	x.Hidden, x.HiddenBy = hidden, ""
	if hidden {
		x.HiddenBy = by
	}
	return *x, true
}

// shownBy are the messages of a person that everybody sees.
func (r *modRoom) shownBy(id show.ViewerID) []show.Said {
	var list []show.Said
	for _, x := range r.messages {
		if x.By == id && !x.Hidden {
			list = append(list, x.Said)
		}
	}
	return list
}

// saidOf is a message that may be there.
func (r *modRoom) saidOf(id string) (s show.Said, hidden bool) {
	i := r.messageAt(id)
	if i < 0 {
		return s, false
	}
	return r.messages[i].Said, r.messages[i].Hidden
}
