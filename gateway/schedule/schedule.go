// Package schedule is the event: its days, its creators, and when which session is.
// It checks what is planned, imports and exports it as YAML and CSV, and writes it
// for calendars.
//
// It guarantees:
//   - A session's title and times have one home, package people; the schedule adds
//     the rest (description, category, creators, poster, cancelled). A session that
//     has a start and an end is in the schedule, whoever planned it.
//   - On an event's one stage no two sessions overlap, each starts on one of its days,
//     and none is longer than 12 hours; who tries is told of which and when. An
//     appliance without an event knows no such rules.
//   - What a method acknowledges is stored and survives a kill -9; then Tell has it,
//     once, and so does everybody who listens. What changes with time alone (a slot
//     is over) or on a stage (its phase) is told when it happens.
//   - Calendars hear of every change: UIDs never change, sequences only grow, and a
//     session that is cancelled, taken out or deleted is called off, not left out.
//   - HTML is made here of Markdown, and holds no script, no style, no picture. Pictures
//     are written anew (package picture): nothing that hid in a file is handed on.
//   - Current, Picture's tag and CheckPlan do no I/O. Errors that a person can do
//     something about are a *show.Error.
//
// All methods may be called from any goroutine. Session, Removed and CheckPlan are
// what package people calls in the middle of a change of its own; they ask nothing
// of it.
package schedule

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"sync"
	"time"
	_ "time/tzdata" // a container without zone files knows all zones too

	"github.com/regie-live/regie/gateway/show"
)

// Sessions is where sessions are made and changed; package people has it.
type Sessions interface {
	May(show.Principal, show.Permission, show.SessionID) bool
	AddSession(context.Context, show.Principal, show.NewSession) (show.Managed, error)
	Session(context.Context, show.Principal, show.SessionID) (show.Managed, error)
	ChangeSession(context.Context, show.Principal, show.SessionID, show.SessionPatch) (show.Managed, error)
}

// Store is what keeps an event. A change is on the disk, with its audit entry, when
// it returns; it is whole or not at all.
type Store interface {
	Event(context.Context) (show.StoredEvent, error)
	PutEvent(context.Context, show.StoredEvent, show.AuditEntry) error

	Profiles(context.Context) ([]show.StoredProfile, error)
	PutProfile(context.Context, show.StoredProfile, show.AuditEntry) error
	RemoveProfile(ctx context.Context, id show.CreatorID, without []show.StoredSlot, e show.AuditEntry) error
	Picture(context.Context, show.CreatorID) ([]byte, error)
	PutPicture(ctx context.Context, id show.CreatorID, picture []byte, tag string, e show.AuditEntry) error

	Slots(context.Context) ([]show.StoredSlot, error)
	PutSlot(context.Context, show.StoredSlot, show.AuditEntry) error
	Poster(context.Context, show.SessionID) ([]byte, error)
	PutPoster(ctx context.Context, id show.SessionID, poster []byte, tag string, e show.AuditEntry) error
}

// Options say what Open works with.
type Options struct {
	Store    Store
	Sessions Sessions
	Planned  []show.Session // all there are
	// Tell has what is different in the schedule: "event", "creator/ID", "slot/SESSION".
	// It must not block; default: nobody is told.
	Tell   func(...show.Change)
	Now    func() time.Time // default: time.Now
	Logger *slog.Logger     // default: no log
}

// Service is ready after Open; Run tells what changes with time.
type Service struct {
	o   Options
	log *slog.Logger

	turn    sync.Mutex // held through a change that was asked for here
	writing sync.Mutex // held while slots are compared and stored; after turn and people's own
	wake    chan struct{}

	mu   sync.RWMutex // guards what follows, never held while waiting for anything
	book book
}

// Open loads what is stored.
func Open(ctx context.Context, o Options) (*Service, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Tell == nil {
		o.Tell = func(...show.Change) {}
	}
	s := &Service{o: o, log: o.Logger, wake: make(chan struct{}, 1), book: newBook()}
	var err error
	if s.book.event, err = o.Store.Event(ctx); err != nil {
		return nil, err
	}
	if s.book.event.UID == "" {
		s.book.event.UID = rand.Text()
		if err := o.Store.PutEvent(ctx, s.book.event, show.AuditEntry{}); err != nil {
			return nil, err
		}
	}
	if s.book.zone, err = zoneOf(s.book.event.TimeZone); err != nil {
		s.log.Warn("the event's time zone is not known here any more; UTC counts", "time_zone", s.book.event.TimeZone)
		s.book.zone = time.UTC
	}
	s.book.descriptionHTML = html(s.book.event.Description)
	profiles, err := o.Store.Profiles(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range profiles {
		s.book.profiles[p.ID] = profileOf(p)
	}
	return s, s.loadSlots(ctx)
}

// loadSlots also notes what was changed and not noted, should we have been killed
// in between.
func (s *Service) loadSlots(ctx context.Context) error {
	slots, err := s.o.Store.Slots(ctx)
	if err != nil {
		return err
	}
	for _, at := range s.o.Planned {
		s.book.plans[at.ID] = planOf(at)
	}
	for _, at := range slots {
		s.book.put(at)
	}
	for _, at := range s.o.Planned {
		if _, ok := s.book.slots[at.ID]; !ok {
			slots = append(slots, show.StoredSlot{Session: at.ID})
		}
	}
	for _, at := range slots {
		if err := s.keep(ctx, at.Session, nil, show.AuditEntry{}); err != nil {
			return err
		}
	}
	return nil
}

// Run tells what changes with time, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		case <-timer.C:
		}
		timer.Reset(s.tell())
	}
}

// Phase notes where a session's stage is in its life.
func (s *Service) Phase(id show.SessionID, phase show.Phase) {
	s.mu.Lock()
	changed := s.book.phases[id] != phase
	s.book.phases[id] = phase
	s.mu.Unlock()
	if changed {
		s.tell()
	}
}

// Session notes a session that was made or changed.
func (s *Service) Session(at show.Session) {
	s.mu.Lock()
	s.book.plans[at.ID] = planOf(at)
	asked := s.book.asked[at.ID] // not nil: it is we who asked for it
	s.mu.Unlock()
	s.follow(at.ID, asked)
}

// Removed notes a session that is no more.
func (s *Service) Removed(id show.SessionID) {
	s.mu.Lock()
	delete(s.book.plans, id)
	delete(s.book.phases, id)
	s.mu.Unlock()
	s.follow(id, nil)
}

func (s *Service) follow(id show.SessionID, want *show.StoredSlot) {
	if err := s.keep(context.Background(), id, want, show.AuditEntry{}); err != nil {
		s.log.Error("calendars do not hear of a change of a session; the next start makes it up", "session", id, "error", err)
	}
	s.tell()
}

// checked marks what was checked before it was asked for.
type checked struct{}

// CheckPlan says why a session cannot be planned as it is to be.
func (s *Service) CheckPlan(ctx context.Context, m show.Managed) error {
	if ctx.Value(checked{}) != nil {
		return nil
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	slot := s.book.show(m.ID, plan{m.Title, m.Starts, m.Ends}, s.book.slot(m.ID))
	return s.book.event.CheckSlot(slot, s.book.all(), s.book.zone)
}

// zoneOf finds a time zone by its IANA name.
func zoneOf(name string) (*time.Location, error) {
	if name == "" {
		return time.UTC, nil
	}
	at, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, no(show.Invalid, "There is no time zone %.60q; write one of the IANA list, such as Europe/Paris or America/New_York.", name)
	}
	return at, nil
}

func no(kind show.ErrorKind, format string, args ...any) *show.Error {
	return &show.Error{Kind: kind, Detail: fmt.Sprintf(format, args...)}
}

// entry is a line of the audit log.
func (s *Service) entry(by show.Principal, act string, id show.SessionID, of string) show.AuditEntry {
	name := by.Name
	if name == "" {
		name = string(by.Kind)
	}
	return show.AuditEntry{At: s.o.Now(), By: name, Act: act, Session: id, Of: of}
}

// demand says no to who may not change the event, or a session's slot.
func (s *Service) demand(by show.Principal, of show.SessionID) error {
	perm := show.MaySessions
	if of == "" {
		perm = show.MayUsers
	}
	s.mu.RLock()
	_, is := s.book.plans[of]
	s.mu.RUnlock()
	switch {
	case of != "" && !is:
		return no(show.NotFound, "There is no session %.64q.", of)
	case s.o.Sessions.May(by, perm, of):
		return nil
	case by.Kind == show.Anonymous:
		return no(show.SignedOut, "Sign in first.")
	case of == "":
		return no(show.Forbidden, "Only an administrator changes the event.")
	}
	return no(show.Forbidden, "Only an administrator or the session's creator changes its place in the schedule.")
}
