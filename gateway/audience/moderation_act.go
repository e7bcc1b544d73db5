package audience

import (
	"context"
	"slices"

	"github.com/regie-live/regie/gateway/show"
)

// Why a message is hidden.
const (
	byHand   = "hide"
	byBan    = "ban"
	byClear  = "clear"
	byDelete = "delete"
)

// What viewers are told on a channel of their own.
type (
	toldApproved struct {
		Type    string    `json:"type"`
		Message show.Said `json:"message"`
	}
	toldDenied struct {
		Type string `json:"type"`
		ID   string `json:"id"`
	}
)

// ActOnMessage does something to a message or to what is held.
func (m *Moderation) ActOnMessage(ctx context.Context, by show.Principal, of show.SessionID, id string, a show.MessageAct) error {
	m.turn.Lock()
	defer m.turn.Unlock()
	m.mu.RLock()
	held, said, hidden, known := m.find(of, id)
	m.mu.RUnlock()
	switch {
	case held != nil && a.Act == "approve":
		return m.approve(ctx, by, of, *held, a.Reason)
	case held != nil && (a.Act == "deny" || a.Act == "delete"):
		return m.deny(ctx, by, of, *held, a.Reason)
	case held != nil:
		return no(show.Conflict, "This is held; approve or deny it.")
	case !known:
		return no(show.NotFound, "There is no such message here any more.")
	}
	switch a.Act {
	case "hide":
		if hidden.Cause != "" {
			return nil // so it is
		}
		return m.hide(ctx, by, of, []show.Said{said}, byHand, a.Reason)
	case "restore":
		return m.restore(ctx, by, of, hidden, a.Reason)
	case "delete":
		return m.remove(ctx, by, of, said, a.Reason)
	case "approve", "deny":
		return m.settle(ctx, by, of, said, a)
	}
	return no(show.Invalid, "There is no act %.20q; say hide, restore, delete, approve or deny.", a.Act)
}

// find looks for what a moderator means. With mu held.
func (m *Moderation) find(of show.SessionID, id string) (held *show.Held, said show.Said, hidden show.HiddenMessage, known bool) {
	r := m.rooms[of]
	if r == nil {
		return nil, said, hidden, false
	}
	if i := r.heldAt(id); i >= 0 {
		h := r.held[i]
		return &h, h.Said(), hidden, true
	}
	hidden, known = r.hidden[id]
	said = hidden.Said
	if i := r.messageAt(id); i >= 0 {
		return nil, r.messages[i].Said, hidden, true
	}
	if p := r.reports[id]; p != nil && !known {
		return nil, p.Message.Said, hidden, true
	}
	return nil, said, hidden, known
}

func about(s show.Said) string { return s.Name + " (" + string(s.By) + ") " + s.ID }

func (m *Moderation) approve(ctx context.Context, by show.Principal, of show.SessionID, h show.Held, reason string) error {
	said := h.Said()
	said.At = m.now() // it is said now: else it would be far up where nobody looks
	c := show.ModerationChange{Unhold: &show.OfMessage{Session: of, ID: h.ID}}
	c.Person = m.met(Post{Said: said}, true)
	return m.change(ctx, c, m.entry(by, "approve", of, about(said), reason), func() func() {
		r := m.room(of)
		if i := r.heldAt(h.ID); i >= 0 {
			r.held = slices.Delete(r.held, i, i+1)
		}
		m.keep(c.Person)
		delete(r.claims, h.ID)
		gone, added := r.add(h.Kind, said, h.Why)
		m.metrics.did("approve", "human")
		return func() {
			m.o.Floor.Publish(of, h.Kind, said)
			m.o.Floor.Tell(said.By, toldApproved{"approved", said})
			m.tellSettled(of, h.ID, "held/")
			m.tellMessage(of, added, gone)
		}
	})
}

func (m *Moderation) deny(ctx context.Context, by show.Principal, of show.SessionID, h show.Held, reason string) error {
	said := h.Said()
	c := show.ModerationChange{Unhold: &show.OfMessage{Session: of, ID: h.ID}}
	return m.change(ctx, c, m.entry(by, "deny", of, about(said), reason), func() func() {
		r := m.room(of)
		if i := r.heldAt(h.ID); i >= 0 {
			r.held = slices.Delete(r.held, i, i+1)
		}
		delete(r.claims, h.ID)
		m.metrics.did("deny", "human")
		return func() {
			m.o.Floor.Tell(said.By, toldDenied{"denied", h.ID})
			m.tellSettled(of, h.ID, "held/")
		}
	})
}

// tellSettled takes an item off the moderators' list, with the claim on it.
func (m *Moderation) tellSettled(of show.SessionID, id string, kinds ...string) {
	for _, kind := range append(kinds, "claim/") {
		m.tell(of, kind+id, nil)
	}
}

// hide takes messages of one room from everybody's screen. With turn held.
func (m *Moderation) hide(ctx context.Context, by show.Principal, of show.SessionID, said []show.Said, cause, reason string) error {
	c := show.ModerationChange{}
	for _, s := range said {
		c.Hide = append(c.Hide, show.HiddenMessage{Session: of, Said: s, By: nameOf(by), Cause: cause})
	}
	what := ""
	if len(said) == 1 {
		what = about(said[0])
		c.Unreport = &show.OfMessage{Session: of, ID: said[0].ID}
	}
	act := cause
	return m.change(ctx, c, m.entry(by, act, of, what, reason), func() func() {
		changed := m.setHidden(c.Hide)
		m.metrics.did(act, "human")
		if c.Unreport != nil {
			delete(m.room(of).reports, said[0].ID)
			delete(m.room(of).claims, said[0].ID)
		}
		return func() {
			if cause == byClear {
				m.o.Floor.Clear(of, m.now())
			} else {
				m.o.Floor.Hide(of, said[0].ID)
			}
			m.tellChanged(of, changed)
			if c.Unreport != nil {
				m.tellSettled(of, said[0].ID, "report/")
			}
		}
	})
}

// setHidden notes what is hidden, and returns the messages as they are now. With
// mu held.
func (m *Moderation) setHidden(list []show.HiddenMessage) map[show.SessionID][]show.ModMessage {
	changed := map[show.SessionID][]show.ModMessage{}
	for _, h := range list {
		r := m.room(h.Session)
		r.hidden[h.Said.ID] = h
		if x, ok := r.mark(h.Said.ID, true, h.By); ok {
			changed[h.Session] = append(changed[h.Session], x)
		}
	}
	return changed
}

func (m *Moderation) tellChanged(of show.SessionID, changed map[show.SessionID][]show.ModMessage) {
	for _, x := range changed[of] {
		m.tell(of, "message/"+x.ID, x)
	}
}

// restore undoes hide. With turn held.
func (m *Moderation) restore(ctx context.Context, by show.Principal, of show.SessionID, h show.HiddenMessage, reason string) error {
	switch h.Cause {
	case "":
		return nil // it is there
	case byDelete:
		return no(show.Gone, "This was deleted and cannot come back.")
	}
	c := show.ModerationChange{Unhide: []show.OfMessage{{Session: of, ID: h.Said.ID}}}
	return m.change(ctx, c, m.entry(by, "restore", of, about(h.Said), reason), func() func() {
		r := m.room(of)
		delete(r.hidden, h.Said.ID)
		x, ok := r.mark(h.Said.ID, false, "")
		m.metrics.did("restore", "human")
		return func() {
			m.o.Floor.Restore(of, h.Said)
			if ok {
				m.tell(of, "message/"+x.ID, x)
			}
		}
	})
}

// remove deletes a message for good: of what was said nothing is kept. With turn
// held.
func (m *Moderation) remove(ctx context.Context, by show.Principal, of show.SessionID, said show.Said, reason string) error {
	gone := show.Said{ID: said.ID, By: said.By, At: said.At}
	c := show.ModerationChange{
		Hide:     []show.HiddenMessage{{Session: of, Said: gone, By: nameOf(by), Cause: byDelete}},
		Unreport: &show.OfMessage{Session: of, ID: said.ID},
	}
	return m.change(ctx, c, m.entry(by, "delete", of, about(said), reason), func() func() {
		r := m.room(of)
		r.hidden[said.ID] = c.Hide[0]
		delete(r.reports, said.ID)
		delete(r.claims, said.ID)
		if i := r.messageAt(said.ID); i >= 0 {
			r.messages = slices.Delete(r.messages, i, i+1)
		}
		m.metrics.did("delete", "human")
		return func() {
			m.o.Floor.Delete(of, said.ID)
			m.tellSettled(of, said.ID, "message/", "report/")
		}
	})
}

// settle answers a report: approve leaves the message, deny hides it. With turn held.
func (m *Moderation) settle(ctx context.Context, by show.Principal, of show.SessionID, said show.Said, a show.MessageAct) error {
	m.mu.RLock()
	_, isReported := m.seen(of).reports[said.ID]
	m.mu.RUnlock()
	switch {
	case a.Act == "deny":
		return m.hide(ctx, by, of, []show.Said{said}, byHand, a.Reason)
	case !isReported:
		return nil // nothing waits
	}
	c := show.ModerationChange{Unreport: &show.OfMessage{Session: of, ID: said.ID}}
	return m.change(ctx, c, m.entry(by, "keep", of, about(said), a.Reason), func() func() {
		delete(m.room(of).reports, said.ID)
		delete(m.room(of).claims, said.ID)
		m.metrics.did("keep", "human")
		return func() { m.tellSettled(of, said.ID, "report/") }
	})
}

// seen is room for readers: one that is not there is empty, and not kept.
func (m *Moderation) seen(of show.SessionID) *modRoom {
	if r := m.rooms[of]; r != nil {
		return r
	}
	return &modRoom{}
}

// Clear takes all that is on the screens away.
func (m *Moderation) Clear(ctx context.Context, by show.Principal, of show.SessionID, reason string) error {
	m.turn.Lock()
	defer m.turn.Unlock()
	m.mu.RLock()
	var shown []show.Said
	for _, x := range m.seen(of).messages {
		if !x.Hidden {
			shown = append(shown, x.Said)
		}
	}
	m.mu.RUnlock()
	return m.hide(ctx, by, of, shown, byClear, reason)
}

// IsHidden: viewers must not see a message of a room's history.
func (m *Moderation) IsHidden(of show.SessionID, id string) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	_, hidden := m.seen(of).hidden[id]
	return hidden
}

// Report notes that a viewer minds a message.
func (m *Moderation) Report(ctx context.Context, by show.ViewerID, of show.SessionID, id, reason, note string) error {
	if !slices.Contains([]string{"spam", "abuse", "other"}, reason) {
		return no(show.Invalid, "Say why: spam, abuse or other.")
	}
	m.turn.Lock()
	defer m.turn.Unlock()
	m.mu.RLock()
	said, hidden := m.seen(of).saidOf(id)
	err := barred(m.people[by], m.now())
	m.mu.RUnlock()
	switch {
	case err != nil:
		return err
	case said.ID == "" || hidden:
		return no(show.NotFound, "There is no such message here any more.")
	}
	p := show.StoredReport{Session: of, Said: said, By: by, Reason: reason, Note: note, At: m.now()}
	return m.change(ctx, show.ModerationChange{Report: &p}, show.AuditEntry{}, func() func() {
		now := m.room(of).report(p)
		m.metrics.did("report", "viewer")
		return func() { m.tell(of, "report/"+id, now) }
	})
}

// Claim says that somebody is on an item, for a minute; over, in the place of
// whoever is.
func (m *Moderation) Claim(by show.Principal, of show.SessionID, item string, over bool) (show.Claim, error) {
	m.turn.Lock()
	defer m.turn.Unlock()
	now := m.now()
	c := show.Claim{By: idOf(by), Name: nameOf(by), Until: now.Add(claimFor)}
	m.mu.Lock()
	r := m.room(of)
	if was, ok := r.claims[item]; ok && !over && was.By != c.By && now.Before(was.Until) {
		m.mu.Unlock()
		return was, no(show.Conflict, "%s is on it; take another, or take this one over.", was.Name)
	}
	if len(r.claims) >= maxHeld {
		clear(r.claims)
	}
	r.claims[item] = c
	m.mu.Unlock()
	m.tell(of, "claim/"+item, c)
	return c, nil
}

// Release ends one's own claim.
func (m *Moderation) Release(by show.Principal, of show.SessionID, item string) error {
	m.turn.Lock()
	defer m.turn.Unlock()
	m.mu.Lock()
	r := m.room(of)
	was, ok := r.claims[item]
	if ok && was.By != idOf(by) && m.now().Before(was.Until) {
		m.mu.Unlock()
		return no(show.Conflict, "%s is on it, and nobody else can say otherwise.", was.Name)
	}
	delete(r.claims, item)
	m.mu.Unlock()
	m.tell(of, "claim/"+item, nil)
	return nil
}

// expire ends what is over.
func (m *Moderation) expire(ctx context.Context) {
	m.turn.Lock()
	defer m.turn.Unlock()
	now := m.now()
	type ended struct {
		of   show.SessionID
		name string
	}
	var levers, claims []ended
	m.mu.Lock()
	for of, r := range m.rooms {
		for name, l := range r.levers {
			if l.On && !l.Until.IsZero() && !now.Before(l.Until) {
				levers = append(levers, ended{of, string(name)})
			}
		}
		for item, c := range r.claims {
			if !now.Before(c.Until) {
				claims = append(claims, ended{of, item})
				delete(r.claims, item)
			}
		}
	}
	for a, until := range m.addresses {
		if !now.Before(until) {
			delete(m.addresses, a)
		}
	}
	m.mu.Unlock()
	for _, c := range claims {
		m.tell(c.of, "claim/"+c.name, nil)
	}
	for _, l := range levers {
		err := m.setLever(ctx, show.Principal{Name: "Regie"}, l.of, show.Lever{Name: show.LeverName(l.name), NameOfBy: "Regie"}, "timer")
		if err != nil {
			m.o.Logger.Error("a lever did not end", "session", l.of, "lever", l.name, "error", err)
		}
	}
}
