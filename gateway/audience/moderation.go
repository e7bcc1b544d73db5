// Package audience keeps the conversation beside a program, and lets moderators
// keep it kind.
//
// Moderation guarantees:
//   - What it acknowledges (a ban, a time-out, what is hidden, held or reported, a
//     lever) is stored with its entry in the audit log, and survives a kill -9.
//     Only then the audience and the moderators are told, in that order.
//   - Filters and the review hook hold what they do not like; nothing is lost that a
//     viewer was told is kept. What is refused is refused with a sentence.
//   - Persons are known by the ID of their account or token, the same in all
//     sessions. The address of somebody who was banned holds the first message of
//     whoever is new there, for an hour, and does nothing else.
//   - Levers end by themselves at their moment, also if the appliance was away.
//   - One moderator at a time is on an item; that ends a minute after they said so.
package audience

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/regie-live/regie/gateway/audience/filter"
	"github.com/regie-live/regie/gateway/audience/review"
	"github.com/regie-live/regie/gateway/show"
)

const (
	recent       = 300 // messages of a room that moderators see
	ofPerson     = 20  // and of one person
	claimFor     = time.Minute
	addressFor   = time.Hour
	maxAddresses = 10_000
	leverFor     = 10 * time.Minute
	maxHeld      = 1000 // of a room
)

// moderationStore is what a moderation is kept in.
type moderationStore interface {
	Moderation(context.Context) (show.StoredModeration, error)
	ActsOf(context.Context, show.ViewerID) ([]show.Act, error)
	Moderate(context.Context, show.ModerationChange, show.AuditEntry) error
}

// floor is where the audience sees what moderators decide. It must not wait for
// any viewer, nor call back.
type floor interface {
	Publish(show.SessionID, show.SaidKind, show.Said) // was held, is approved
	Hide(of show.SessionID, ids ...string)
	Restore(show.SessionID, ...show.Said)
	Delete(of show.SessionID, id string)
	Clear(of show.SessionID, before time.Time)
	Levers(show.SessionID, []show.Lever) // those that are on
	Tell(show.ViewerID, any)
}

// reviewer is the operator's service, see package review.
type reviewer interface {
	Ask(context.Context, review.Asked) (review.Verdict, string)
	Close()
}

// ModerationOptions say what OpenModeration works with.
type ModerationOptions struct {
	Store moderationStore
	Floor floor
	// Tell tells the moderators of a session.
	Tell func(show.SessionID, ...show.Change)
	// OutsideAllow are hosts inside our network that a review hook may be on.
	OutsideAllow []string
	Registerer   prometheus.Registerer
	Logger       *slog.Logger
	Now          func() time.Time // default: time.Now
}

// Moderation is of all rooms of the event. Its methods may be called from any
// goroutine; Run makes what ends by itself end.
type Moderation struct {
	o       ModerationOptions
	now     func() time.Time
	metrics *modMetrics

	turn sync.Mutex // held through a change, its storing and its telling

	mu        sync.RWMutex // guards what follows, never held while waiting
	people    map[show.ViewerID]*show.Watched
	rooms     map[show.SessionID]*modRoom
	words     show.EventWords
	filter    *filter.Filter
	hook      reviewer             // nil: none
	addresses map[string]time.Time // of the banned, until when they count
	seenAt    map[show.ViewerID]string
}

// modRoom is one session's.
type modRoom struct {
	messages []*show.ModMessage // the oldest first
	held     []show.Held
	reports  map[string]*reported
	hidden   map[string]show.HiddenMessage
	levers   map[show.LeverName]show.Lever
	claims   map[string]show.Claim
	spoke    map[show.ViewerID]*spoken
}

// reported is a message with who reported it.
type reported struct {
	show.Report
	by map[show.ViewerID]struct{}
}

// OpenModeration loads what is stored.
func OpenModeration(ctx context.Context, o ModerationOptions) (*Moderation, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	m := &Moderation{
		o: o, now: func() time.Time { return o.Now().UTC().Truncate(time.Millisecond) }, metrics: newModMetrics(o.Registerer),
		people: map[show.ViewerID]*show.Watched{}, rooms: map[show.SessionID]*modRoom{},
		addresses: map[string]time.Time{}, seenAt: map[show.ViewerID]string{},
	}
	kept, err := o.Store.Moderation(ctx)
	if err != nil {
		return nil, err
	}
	words := show.EventWords{Words: []string{}, Lists: filter.Lists()}
	if kept.Words != nil {
		words = *kept.Words
	}
	if err := m.use(words); err != nil {
		return nil, fmt.Errorf("audience: the stored words: %w", err)
	}
	m.load(kept)
	return m, nil
}

func (m *Moderation) load(kept show.StoredModeration) {
	for _, w := range kept.People {
		m.people[w.ID] = &w
	}
	for _, h := range kept.Held {
		r := m.room(h.Session)
		r.held = append(r.held, h.Held)
		m.tell(h.Session, "held/"+h.ID, h.Held)
	}
	for _, h := range kept.Hidden {
		m.room(h.Session).hidden[h.Said.ID] = h
	}
	for _, p := range kept.Reports {
		m.room(p.Session).report(p)
	}
	for _, l := range kept.Levers {
		m.room(l.Session).levers[l.Name] = l.Lever
		m.tell(l.Session, "lever/"+string(l.Name), l.Lever)
	}
	for of, r := range m.rooms {
		for id, p := range r.reports {
			m.tell(of, "report/"+id, p.Report)
		}
	}
	m.metrics.set(m.rooms)
}

// room is a session's, made when it is first needed. With mu held.
func (m *Moderation) room(of show.SessionID) *modRoom {
	r := m.rooms[of]
	if r == nil {
		r = &modRoom{
			reports: map[string]*reported{}, hidden: map[string]show.HiddenMessage{}, levers: map[show.LeverName]show.Lever{},
			claims: map[string]show.Claim{}, spoke: map[show.ViewerID]*spoken{},
		}
		m.rooms[of] = r
	}
	return r
}

// Run lets levers and claims end, until ctx does.
func (m *Moderation) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			m.mu.Lock()
			defer m.mu.Unlock()
			if m.hook != nil {
				m.hook.Close()
			}
			return nil
		case <-tick.C:
			m.expire(ctx)
		}
	}
}

// change stores a change, then lets done put it into the state; what done returns
// is called last, with nothing but turn held.
func (m *Moderation) change(ctx context.Context, c show.ModerationChange, e show.AuditEntry, done func() (tell func())) error {
	if err := m.o.Store.Moderate(ctx, c, e); err != nil {
		return err
	}
	m.mu.Lock()
	tell := done()
	m.metrics.set(m.rooms)
	m.mu.Unlock()
	tell()
	return nil
}

// Forget drops what waits in a session that is no more; people stay as they are.
func (m *Moderation) Forget(ctx context.Context, of show.SessionID) error {
	m.turn.Lock()
	defer m.turn.Unlock()
	return m.change(ctx, show.ModerationChange{Forget: of}, show.AuditEntry{}, func() func() {
		delete(m.rooms, of)
		return func() {}
	})
}

func (m *Moderation) tell(of show.SessionID, key string, value any) {
	m.o.Tell(of, show.Change{Key: key, Value: value})
}

// entry is a line of the audit log; why it was done is part of what it is of.
func (m *Moderation) entry(by show.Principal, act string, of show.SessionID, what, reason string) show.AuditEntry {
	if reason != "" {
		what += ": " + reason
	}
	return show.AuditEntry{At: m.now(), By: nameOf(by), Act: "audience." + act, Session: of, Of: what}
}

func nameOf(p show.Principal) string { return cmp.Or(p.Name, string(p.Kind), "anonymous") }

// idOf names a moderator.
func idOf(p show.Principal) string {
	switch p.Kind {
	case show.Account:
		return string(p.User)
	case show.Invitee:
		return string(p.Session) + "/" + string(p.Participant)
	}
	return string(p.Kind)
}

func no(kind show.ErrorKind, format string, args ...any) *show.Error {
	return &show.Error{Kind: kind, Detail: fmt.Sprintf(format, args...)}
}
