package audience

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/regie-live/regie/gateway/audience/filter"
	"github.com/regie-live/regie/gateway/audience/review"
	"github.com/regie-live/regie/gateway/show"
)

// Why something is held, beside the flags of package filter.
const (
	whyFirst  = "first"
	whyReview = "review"
)

const (
	againIn     = time.Minute // for so long the same again is a repetition
	againAt     = 3           // times
	maxSpoken   = 20_000      // people of a room whose last words are known
	defaultSlow = 10          // seconds
)

// spoken is what is remembered of a person in a room.
type spoken struct {
	at    time.Time
	texts []string // as filter.Same has them, the last few
	times []time.Time
}

// Post is something that somebody wants to say.
type Post struct {
	Session show.SessionID
	Kind    show.SaidKind
	show.Said
	Crew   bool   // the desk, moderators, people on the stage: nobody holds them
	Remote string // address; as trustworthy as the connection itself
}

// Verdict is what becomes of it: it is shown, with Text, or held.
type Verdict struct {
	Held bool
	Why  []string
	Text string
}

// Judge decides before anybody sees it; the same ID again gets the same answer. An
// error is a *show.Error for whoever wrote it, or the store's. What is not held must
// be shown now: moderators see it already.
func (m *Moderation) Judge(ctx context.Context, p Post) (Verdict, error) {
	if v, known := m.knownPost(p); known {
		return v, nil
	}
	m.mu.Lock()
	flags, hold, err := m.consider(p)
	hook := m.hook
	m.mu.Unlock()
	if err != nil {
		return Verdict{}, err
	}
	text := p.Text
	if len(hold) == 0 && hook != nil && !p.Crew {
		var v review.Verdict
		v, text = hook.Ask(ctx, review.Asked{
			Session: p.Session, Kind: p.Kind, ID: p.ID, Author: p.By, Name: p.Name, Text: p.Text, Flags: flags, At: p.At,
		})
		if v == review.Hold {
			hold = []string{whyReview}
		}
	}
	p.Text = text
	m.turn.Lock()
	defer m.turn.Unlock()
	if err := m.Barred(p.By); err != nil { // while the service thought about it
		return Verdict{}, err
	}
	if v, known := m.knownPost(p); known {
		return v, nil
	}
	if len(hold) > 0 {
		return Verdict{Held: true, Why: hold, Text: text}, m.hold(ctx, p, hold)
	}
	return Verdict{Text: text}, m.pass(ctx, p, flags)
}

// knownPost answers for an ID that was judged before.
func (m *Moderation) knownPost(p Post) (Verdict, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	r := m.rooms[p.Session]
	if r == nil {
		return Verdict{}, false
	}
	if i := r.heldAt(p.ID); i >= 0 && r.held[i].Said().By == p.By {
		return Verdict{Held: true, Why: r.held[i].Why, Text: r.held[i].Said().Text}, true
	}
	if i := r.messageAt(p.ID); i >= 0 && r.messages[i].By == p.By {
		return Verdict{Text: r.messages[i].Text}, true
	}
	return Verdict{}, false
}

// consider says what is known without asking anybody. With mu held.
func (m *Moderation) consider(p Post) (flags, hold []string, err error) {
	r, w, now := m.room(p.Session), m.people[p.By], m.now()
	for _, f := range m.filter.Check(p.Text) {
		flags = append(flags, string(f))
	}
	if p.Crew {
		return flags, nil, nil
	}
	if err := barred(w, now); err != nil {
		return nil, nil, err
	}
	if r.on(show.LeverPause, now) {
		return nil, nil, no(show.Conflict, "The chat is paused; a moderator opens it again.")
	}
	s := r.spokenBy(p.By)
	if slow := time.Duration(r.levers[show.LeverSlow].Value) * time.Second; r.on(show.LeverSlow, now) && now.Sub(s.at) < slow {
		wait := slow - now.Sub(s.at)
		return nil, nil, &show.Error{Kind: show.TooMany, Wait: wait, Detail: fmt.Sprintf("Slow mode is on: one message in %d seconds. Send it in %d.", int(slow.Seconds()), int(wait.Seconds())+1)}
	}
	if len(r.held) >= maxHeld {
		return nil, nil, &show.Error{Kind: show.TooMany, Wait: time.Minute, Detail: "The moderators have a lot to do; try again in a minute."}
	}
	if s.again(filter.Same(p.Text), now) && !slices.Contains(flags, string(filter.Repeat)) {
		flags = append(flags, string(filter.Repeat))
	}
	if w == nil || w.Since.IsZero() {
		m.seenFrom(p.By, p.Remote)
	}
	if w != nil && w.Trusted {
		return flags, nil, nil
	}
	for _, f := range flags {
		if f != string(filter.Link) || r.on(show.LeverLinks, now) {
			hold = append(hold, f)
		}
	}
	first := w == nil || w.Since.IsZero()
	if first && (r.on(show.LeverHoldFirst, now) || now.Before(m.addresses[p.Remote])) {
		hold = append(hold, whyFirst)
	}
	return flags, hold, nil
}

// seenFrom remembers for a while where somebody came from. With mu held.
func (m *Moderation) seenFrom(id show.ViewerID, remote string) {
	if len(m.seenAt) >= maxAddresses {
		clear(m.seenAt)
	}
	if remote != "" {
		m.seenAt[id] = remote
	}
}

// again notes a text and says whether it was said too often.
func (s *spoken) again(text string, now time.Time) bool {
	s.at = now
	n := 1
	for i, t := range s.texts {
		if t == text && text != "" && now.Sub(s.times[i]) < againIn {
			n++
		}
	}
	s.texts, s.times = append(s.texts, text), append(s.times, now)
	if len(s.texts) > 2*againAt {
		s.texts, s.times = s.texts[1:], s.times[1:]
	}
	return n >= againAt
}

// Barred says why somebody may not take part now: for reactions, votes and hands.
func (m *Moderation) Barred(id show.ViewerID) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return barred(m.people[id], m.now())
}

func barred(w *show.Watched, now time.Time) error {
	switch {
	case w == nil:
		return nil
	case w.Banned:
		return no(show.Forbidden, "A moderator has excluded you from this event's chat.")
	case now.Before(w.TimedOutUntil):
		return &show.Error{Kind: show.TooMany, Wait: w.TimedOutUntil.Sub(now), Detail: "A moderator has given you a break; write again when it is over."}
	}
	return nil
}

// Watched is what is known of somebody; of strangers, nothing.
func (m *Moderation) Watched(id show.ViewerID) show.Watched {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if w := m.people[id]; w != nil {
		return *w
	}
	return show.Watched{ID: id}
}

// hold keeps something for a moderator. With turn held.
func (m *Moderation) hold(ctx context.Context, p Post, why []string) error {
	h := show.NewHeld(p.Kind, p.Said, why)
	c := show.ModerationChange{Hold: &show.StoredHeld{Session: p.Session, Held: h}}
	c.Person = m.met(p, false)
	return m.change(ctx, c, show.AuditEntry{}, func() func() {
		r := m.room(p.Session)
		r.held = append(r.held, h)
		m.keep(c.Person)
		m.metrics.did("hold", "filter")
		return func() { m.tell(p.Session, "held/"+h.ID, h) }
	})
}

// pass notes what is shown. With turn held.
func (m *Moderation) pass(ctx context.Context, p Post, flags []string) error {
	done := func() func() {
		gone, added := m.room(p.Session).add(p.Kind, p.Said, flags)
		return func() { m.tellMessage(p.Session, added, gone) }
	}
	if w := m.met(p, true); w != nil && !p.Crew {
		return m.change(ctx, show.ModerationChange{Person: w}, show.AuditEntry{}, func() func() { m.keep(w); return done() })
	}
	m.mu.Lock()
	tell := done()
	m.mu.Unlock()
	tell()
	return nil
}

// met is a person who must be stored: new, or shown for the first time, or under
// another name.
func (m *Moderation) met(p Post, shown bool) *show.Watched {
	m.mu.RLock()
	defer m.mu.RUnlock()
	w := show.Watched{ID: p.By, FirstSeen: p.At}
	if was := m.people[p.By]; was != nil {
		w = *was
		if w.Name == p.Name && (!shown || !w.Since.IsZero()) {
			return nil
		}
	}
	w.Name = p.Name
	if shown && w.Since.IsZero() {
		w.Since = p.At
	}
	return &w
}

func (m *Moderation) keep(w *show.Watched) {
	if w != nil {
		kept := *w
		m.people[w.ID] = &kept
	}
}

func (m *Moderation) tellMessage(of show.SessionID, added *show.ModMessage, gone string) {
	if gone != "" {
		m.tell(of, "message/"+gone, nil)
	}
	if added != nil {
		m.tell(of, "message/"+added.ID, *added)
	}
}

// Recall notes what was shown before a restart, the oldest first.
func (m *Moderation) Recall(of show.SessionID, said ...show.Said) {
	m.turn.Lock()
	defer m.turn.Unlock()
	for _, s := range said {
		m.mu.Lock()
		var flags []string
		for _, f := range m.filter.Check(s.Text) {
			flags = append(flags, string(f))
		}
		gone, added := m.room(of).add(show.IsMessage, s, flags)
		m.mu.Unlock()
		m.tellMessage(of, added, gone)
	}
}
