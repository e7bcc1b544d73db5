package people

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

const (
	hostID      = show.ParticipantID("host")
	guestPrefix = "guest"
	maxPeople   = 16 // on a stage, the host with them
)

// book is what must be known without asking the store: the sessions with their
// people, and what each key opens. Service.mu guards it.
type book struct {
	sessions map[show.SessionID]*show.StoredSession
	order    []show.SessionID                 // the declared ones first
	declared map[show.SessionID]show.Session  // as the configuration has them
	hidden   map[show.SessionID]bool          // were declared once, and may be again
	seats    map[show.SecretHash]*seat        // stream keys and publish tokens
	tokens   map[stagePlace][]show.SecretHash // publish tokens, the oldest first
}

// stagePlace is a participant of a session.
type stagePlace struct {
	session     show.SessionID
	participant show.ParticipantID
}

// seat is what a key opens.
type seat struct {
	stagePlace
	key      show.KeyInfo // empty for a publish token
	expires  time.Time    // of a publish token
	by       string       // who asked for a publish token
	lastUsed atomic.Int64 // Unix ms
	noted    int64        // what the store knows of lastUsed; Run's own
}

func newBook() book {
	return book{
		sessions: map[show.SessionID]*show.StoredSession{},
		declared: map[show.SessionID]show.Session{},
		hidden:   map[show.SessionID]bool{},
		seats:    map[show.SecretHash]*seat{},
		tokens:   map[stagePlace][]show.SecretHash{},
	}
}

// load fills the book and mirrors the declared sessions in the store.
func (s *Service) load(ctx context.Context) error {
	stored, err := s.store.Sessions(ctx)
	if err != nil {
		return err
	}
	for _, d := range s.o.Declared {
		if err := s.mirror(ctx, d, stored); err != nil {
			return err
		}
	}
	if stored, err = s.store.Sessions(ctx); err != nil {
		return err
	}
	b := &s.book
	for _, d := range s.o.Declared {
		b.declared[d.ID] = d
		b.order = append(b.order, d.ID)
	}
	for _, v := range stored {
		_, is := b.declared[v.ID]
		if v.Declared && !is {
			b.hidden[v.ID] = true
			continue
		}
		b.sessions[v.ID] = &v
		if !is {
			b.order = append(b.order, v.ID)
		}
	}
	keys, err := s.store.Keys(ctx)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if !b.hidden[k.Session] {
			b.seats[k.Hash] = newSeat(k)
		}
	}
	for _, d := range s.o.Declared { // last: a declared key is that of the configuration
		for _, p := range d.Participants {
			if p.Key != "" {
				b.seats[show.HashSecret(p.Key)] = newSeat(show.StoredKey{Session: d.ID, KeyInfo: show.KeyInfo{
					ID: show.KeyID("declared-" + p.ID), Participant: p.ID, Declared: true,
				}})
			}
		}
	}
	return nil
}

func newSeat(k show.StoredKey) *seat {
	at := &seat{stagePlace: stagePlace{k.Session, k.Participant}, key: k.KeyInfo}
	if !k.LastUsed.IsZero() {
		at.noted = k.LastUsed.UnixMilli()
		at.lastUsed.Store(at.noted)
	}
	return at
}

// mirror brings a declared session into the store, where keys and invites can
// refer to it. One that people made under the same name becomes the declared one.
func (s *Service) mirror(ctx context.Context, d show.Session, stored []show.StoredSession) error {
	v := show.StoredSession{Created: s.now()}
	i := slices.IndexFunc(stored, func(v show.StoredSession) bool { return v.ID == d.ID })
	if i >= 0 {
		v = stored[i]
		if !v.Declared {
			s.log.Warn("a session that was made here is in the configuration now, which counts", "session", d.ID)
		}
	}
	before := fmt.Sprint(v)
	v.ID, v.Title, v.Autostart, v.Declared = d.ID, d.Title, d.Autostart, true
	v.HostName = "" // when it is planned stays: the configuration has no place for it
	people := slices.Clone(v.People)
	for i := range people { // those who are not declared any more are not there
		people[i].Removed = people[i].Removed || people[i].Declared
	}
	for _, p := range d.Participants {
		if p.Role == show.Host {
			v.HostName = p.Name
		}
		person := show.StoredParticipant{ID: p.ID, Name: p.Name, Role: p.Role, Declared: true}
		if i := slices.IndexFunc(people, func(o show.StoredParticipant) bool { return o.ID == p.ID }); i >= 0 {
			people[i] = person
		} else {
			people = append(people, person)
		}
	}
	v.People = people
	if i >= 0 && fmt.Sprint(v) == before {
		return nil
	}
	return s.store.PutSession(ctx, v, show.AuditEntry{})
}

// Stages are all sessions with their participants, for the wiring to open: the
// declared ones first, with who was added to them.
func (s *Service) Stages() []show.Session {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := make([]show.Session, 0, len(s.book.order))
	for _, id := range s.book.order {
		all = append(all, s.book.stage(id))
	}
	return all
}

// stage is a session as the stage knows it.
func (b *book) stage(id show.SessionID) show.Session {
	at, is := b.declared[id]
	v := b.sessions[id]
	if !is {
		at = show.Session{ID: id, Title: v.Title, Autostart: v.Autostart}
	}
	at.Starts, at.Ends = v.Starts, v.Ends
	at.Participants = slices.Clone(at.Participants)
	for i := range at.Participants {
		at.Participants[i].Direct = true
	}
	for _, p := range v.People {
		if !p.Declared && !p.Removed {
			at.Participants = append(at.Participants, onStage(p))
		}
	}
	return at
}

func onStage(p show.StoredParticipant) show.Participant {
	return show.Participant{ID: p.ID, Name: display(p), Role: p.Role, Source: p.Source, Reach: p.Reach, Gain: 1}
}

// display is a person's name, or what they are called until they say it.
func display(p show.StoredParticipant) string {
	if p.Role == show.Host {
		return cmp.Or(p.Name, "Host")
	}
	return cmp.Or(p.Name, "Guest "+strings.TrimPrefix(string(p.ID), guestPrefix))
}

// person finds who is there.
func (b *book) person(at stagePlace) (show.StoredParticipant, bool) {
	v := b.sessions[at.session]
	if v == nil {
		return show.StoredParticipant{}, false
	}
	i := slices.IndexFunc(v.People, func(p show.StoredParticipant) bool { return p.ID == at.participant && !p.Removed })
	if i < 0 {
		return show.StoredParticipant{}, false
	}
	return v.People[i], true
}

// put notes a person as they are now.
func (b *book) put(id show.SessionID, p show.StoredParticipant) {
	v := b.sessions[id]
	people := slices.Clone(v.People) // whoever reads has the old ones
	if i := slices.IndexFunc(people, func(o show.StoredParticipant) bool { return o.ID == p.ID }); i >= 0 {
		people[i] = p
	} else {
		people = append(people, p)
	}
	v.People = people
}

// place finds for whom a key or an invite is made: somebody who is there, or a new
// guest, who is returned to be stored.
func (b *book) place(id show.SessionID, seat show.Role, who show.ParticipantID, name string) (show.StoredParticipant, *show.StoredParticipant, error) {
	if who == "" && seat == show.Host {
		who = hostID
	}
	if who != "" {
		p, ok := b.person(stagePlace{id, who})
		switch {
		case !ok:
			return p, nil, no(show.NotFound, "There is nobody %.40q in this session.", who)
		case seat != "" && seat != p.Role:
			return p, nil, no(show.Invalid, "%s is a %s; leave the seat away, or say so.", display(p), p.Role)
		}
		return p, nil, nil
	}
	if seat != show.Guest {
		return show.StoredParticipant{}, nil, no(show.Invalid, "There is no seat %.20q; say host or guest.", seat)
	}
	n, there := 0, 0
	if b.sessions[id].Declared {
		n = show.MaxGuests // the configuration may name as many later
	}
	for _, p := range b.sessions[id].People {
		if !p.Removed {
			there++
		}
		if i, err := strconv.Atoi(strings.TrimPrefix(string(p.ID), guestPrefix)); err == nil {
			n = max(n, i)
		}
	}
	if there >= maxPeople {
		return show.StoredParticipant{}, nil, no(show.Conflict, "%d people are in this session already; remove somebody first.", maxPeople)
	}
	p := show.StoredParticipant{ID: show.ParticipantID(guestPrefix + strconv.Itoa(n+1)), Name: name, Role: show.Guest}
	return p, &p, nil
}

// hasKey: a stream key brings them in.
func (b *book) hasKey(at stagePlace, but show.KeyID) bool {
	for _, k := range b.seats {
		if k.stagePlace == at && k.key.ID != "" && k.key.ID != but {
			return true
		}
	}
	return false
}
