package audience

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/regie-live/regie/gateway/audience/filter"
	"github.com/regie-live/regie/gateway/audience/review"
	"github.com/regie-live/regie/gateway/show"
)

// toldOut is what a viewer hears who is timed out, banned or unbanned.
type toldOut struct {
	Type   string    `json:"type"`
	Until  time.Time `json:"until,omitzero"`
	Reason string    `json:"reason,omitempty"`
}

// Person is the card of somebody, with their messages in one room.
func (m *Moderation) Person(ctx context.Context, of show.SessionID, id show.ViewerID) (show.ModPerson, error) {
	acts, err := m.o.Store.ActsOf(ctx, id)
	if err != nil {
		return show.ModPerson{}, err
	}
	p := show.ModPerson{Acts: acts, Messages: []show.ModMessage{}}
	m.mu.RLock()
	defer m.mu.RUnlock()
	w := m.people[id]
	for _, x := range m.seen(of).messages {
		if x.By == id {
			p.Messages = append(p.Messages, *x)
		}
	}
	p.Messages = p.Messages[max(0, len(p.Messages)-ofPerson):]
	switch {
	case w != nil:
		p.Watched = *w
	case len(p.Messages) > 0: // of the crew, who are not watched
		first := p.Messages[0]
		p.Watched = show.Watched{ID: id, Name: first.Name, Since: first.At, FirstSeen: first.At}
	default:
		return p, no(show.NotFound, "Nobody with this ID has said anything here.")
	}
	return p, nil
}

// ActOnPerson does something to somebody, in all sessions.
func (m *Moderation) ActOnPerson(ctx context.Context, by show.Principal, of show.SessionID, id show.ViewerID, a show.PersonAct) error {
	m.turn.Lock()
	defer m.turn.Unlock()
	m.mu.RLock()
	was := m.people[id]
	m.mu.RUnlock()
	if was == nil {
		return no(show.NotFound, "Nobody with this ID has said anything here; the crew cannot be moderated.")
	}
	w, now := *was, m.now()
	act := show.Act{Act: a.Act, By: nameOf(by), At: now, Reason: a.Reason, Session: of}
	c := show.ModerationChange{Person: &w, Act: &act}
	var told any
	switch a.Act {
	case "timeout":
		if !slices.Contains([]int{1, 10, 60}, a.Minutes) {
			return no(show.Invalid, "A time-out has 1, 10 or 60 minutes.")
		}
		w.TimedOutUntil = now.Add(time.Duration(a.Minutes) * time.Minute)
		act.Until = w.TimedOutUntil
		told = toldOut{"timed_out", act.Until, a.Reason}
	case "ban":
		w.Banned, w.Trusted = true, false
		c.Hide = m.allOf(id, nameOf(by))
		told = toldOut{Type: "banned"}
	case "unban": // ends a time-out too
		w.Banned, w.TimedOutUntil = false, time.Time{}
		c.Unhide = m.hiddenByBan(id)
		told = toldOut{Type: "unbanned"}
	case "trust", "untrust":
		w.Trusted = a.Act == "trust"
	case "note":
		w.Note = strings.TrimSpace(a.Note)
	default:
		return no(show.Invalid, "There is no act %.20q; say timeout, ban, unban, trust, untrust or note.", a.Act)
	}
	return m.change(ctx, c, m.entry(by, a.Act, of, w.Name+" ("+string(id)+")", a.Reason), func() func() {
		m.people[id] = &w
		m.rememberAddress(id, a.Act, now)
		m.metrics.did(a.Act, "human")
		hidden, back := m.setHidden(c.Hide), m.setShown(c.Unhide)
		return func() {
			if told != nil {
				m.o.Floor.Tell(id, told)
			}
			m.tellPerson(c.Hide, hidden, back)
		}
	})
}

// rememberAddress: whoever is new there is looked at for an hour. With mu held.
func (m *Moderation) rememberAddress(id show.ViewerID, act string, now time.Time) {
	remote := m.seenAt[id]
	switch {
	case remote == "":
	case act == "ban" && len(m.addresses) < maxAddresses:
		m.addresses[remote] = now.Add(addressFor)
	case act == "unban":
		delete(m.addresses, remote)
	}
}

// allOf is what a person said that is still to be seen, anywhere.
func (m *Moderation) allOf(id show.ViewerID, by string) []show.HiddenMessage {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var list []show.HiddenMessage
	for of, r := range m.rooms {
		for _, s := range r.shownBy(id) {
			list = append(list, show.HiddenMessage{Session: of, Said: s, By: by, Cause: byBan})
		}
	}
	return list
}

// hiddenByBan is what a ban took away: what was hidden by hand before stays so.
func (m *Moderation) hiddenByBan(id show.ViewerID) []show.OfMessage {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var list []show.OfMessage
	for of, r := range m.rooms {
		for _, h := range r.hidden {
			if h.Said.By == id && h.Cause == byBan {
				list = append(list, show.OfMessage{Session: of, ID: h.Said.ID})
			}
		}
	}
	return list
}

// setShown is setHidden's opposite; it returns what comes back. With mu held.
func (m *Moderation) setShown(list []show.OfMessage) map[show.SessionID][]show.Said {
	back := map[show.SessionID][]show.Said{}
	for _, o := range list {
		r := m.room(o.Session)
		back[o.Session] = append(back[o.Session], r.hidden[o.ID].Said)
		delete(r.hidden, o.ID)
		r.mark(o.ID, false, "")
	}
	for _, said := range back {
		slices.SortFunc(said, func(a, b show.Said) int { return a.At.Compare(b.At) })
	}
	return back
}

func (m *Moderation) tellPerson(hide []show.HiddenMessage, hidden map[show.SessionID][]show.ModMessage, back map[show.SessionID][]show.Said) {
	ids := map[show.SessionID][]string{}
	for _, h := range hide {
		ids[h.Session] = append(ids[h.Session], h.Said.ID)
	}
	for of, list := range ids {
		m.o.Floor.Hide(of, list...)
		m.tellChanged(of, hidden)
	}
	for of, said := range back {
		m.o.Floor.Restore(of, said...)
		for _, s := range said {
			m.mu.RLock()
			i := m.seen(of).messageAt(s.ID)
			var now show.ModMessage
			if i >= 0 {
				now = *m.rooms[of].messages[i]
			}
			m.mu.RUnlock()
			if i >= 0 {
				m.tell(of, "message/"+s.ID, now)
			}
		}
	}
}

// SetLever pulls a lever.
func (m *Moderation) SetLever(ctx context.Context, by show.Principal, of show.SessionID, name show.LeverName, p show.LeverPatch) (show.Lever, error) {
	if !slices.Contains(show.LeverNames(), name) {
		return show.Lever{}, no(show.NotFound, "There is no lever %.20q; there are slow, links, hold_first and pause.", name)
	}
	l := show.Lever{Name: name, On: p.On, By: idOf(by), NameOfBy: nameOf(by)}
	if p.On {
		l.Until = m.now().Add(leverFor)
		if p.Minutes > 0 {
			l.Until = m.now().Add(time.Duration(p.Minutes) * time.Minute)
		}
		if l.Value = p.Value; name == show.LeverSlow && l.Value == 0 {
			l.Value = defaultSlow
		}
	}
	m.turn.Lock()
	defer m.turn.Unlock()
	return l, m.setLever(ctx, by, of, l, "human")
}

// setLever with turn held.
func (m *Moderation) setLever(ctx context.Context, by show.Principal, of show.SessionID, l show.Lever, actor string) error {
	what := string(l.Name) + " off"
	if l.On {
		what = fmt.Sprintf("%s on until %s", l.Name, l.Until.Format(time.RFC3339))
	}
	c := show.ModerationChange{Lever: &show.StoredLever{Session: of, Lever: l}}
	return m.change(ctx, c, m.entry(by, "lever", of, what, ""), func() func() {
		r := m.room(of)
		r.levers[l.Name] = l
		m.metrics.did("lever", actor)
		on := r.leversOn(m.now())
		return func() {
			m.o.Floor.Levers(of, on)
			m.tell(of, "lever/"+string(l.Name), l)
		}
	})
}

// Levers are those of a room that are on.
func (m *Moderation) Levers(of show.SessionID) []show.Lever {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.seen(of).leversOn(m.now())
}

// View is all that moderators see of a room.
func (m *Moderation) View(of show.SessionID) show.ModView {
	m.mu.RLock()
	defer m.mu.RUnlock()
	r, now := m.seen(of), m.now()
	v := show.ModView{Messages: []show.ModMessage{}, Held: append([]show.Held{}, r.held...), Reports: []show.Report{}, Levers: []show.Lever{}, Claims: map[string]show.Claim{}}
	for _, x := range r.messages {
		v.Messages = append(v.Messages, *x)
	}
	for _, p := range r.reports {
		v.Reports = append(v.Reports, p.Report)
	}
	slices.SortFunc(v.Reports, func(a, b show.Report) int { return a.At.Compare(b.At) })
	for _, name := range show.LeverNames() {
		l, ok := r.levers[name]
		if l.On = r.on(name, now); !ok {
			l.Name = name
		}
		v.Levers = append(v.Levers, l)
	}
	for item, c := range r.claims {
		if now.Before(c.Until) {
			v.Claims[item] = c
		}
	}
	return v
}

// Glance counts what waits in a room.
func (m *Moderation) Glance(of show.SessionID) show.ModRoom {
	m.mu.RLock()
	defer m.mu.RUnlock()
	r := m.seen(of)
	return show.ModRoom{Session: of, Held: len(r.held), Reports: len(r.reports), LiveLevers: len(r.leversOn(m.now()))}
}

// Words are the event's filters.
func (m *Moderation) Words() show.EventWords {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.words
}

// SetWords replaces them.
func (m *Moderation) SetWords(ctx context.Context, by show.Principal, w show.EventWords) error {
	w = show.EventWords{Words: append([]string{}, w.Words...), Lists: append([]string{}, w.Lists...), Review: w.Review}
	if w.Review != nil {
		w.Review = new(*w.Review)
	}
	for i, word := range w.Words {
		w.Words[i] = strings.TrimSpace(word)
		if !utf8.ValidString(word) {
			return no(show.Invalid, "Word %d is not text in UTF-8.", i+1)
		}
	}
	_, tried, err := m.made(w)
	if err != nil {
		return no(show.Invalid, "%v", err)
	}
	if tried != nil {
		tried.Close()
	}
	m.turn.Lock()
	defer m.turn.Unlock()
	what := fmt.Sprintf("%d words, lists %s", len(w.Words), strings.Join(w.Lists, " "))
	return m.change(ctx, show.ModerationChange{Words: &w}, m.entry(by, "words", "", what, ""), func() func() {
		if err := m.useLocked(w); err != nil { // it was tried just now
			m.o.Logger.Error("the words are stored and not used", "error", err)
		}
		return func() {}
	})
}

// made makes of words what works by them.
func (m *Moderation) made(w show.EventWords) (*filter.Filter, reviewer, error) {
	f, err := filter.New(w.Words, w.Lists)
	if err != nil || w.Review == nil {
		return f, nil, err
	}
	h, err := review.New(*w.Review, m.o.OutsideAllow, m.o.Logger)
	if err != nil {
		return nil, nil, fmt.Errorf("review: %w", err)
	}
	return f, h, nil
}

func (m *Moderation) use(w show.EventWords) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.useLocked(w)
}

func (m *Moderation) useLocked(w show.EventWords) error {
	f, h, err := m.made(w)
	if err != nil {
		return err
	}
	if m.hook != nil {
		m.hook.Close()
	}
	m.words, m.filter, m.hook = w, f, h
	return nil
}
