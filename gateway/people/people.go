// Package people knows who may do what: accounts and their sign-ins, the sessions
// that people make, the stream keys and invites that bring others onto a stage,
// and the log of who changed what.
//
// It guarantees:
//   - What a method acknowledges is stored and survives a kill -9; then, in the
//     same order for everybody, Changes tells the wiring.
//   - Every method that takes a Principal asks package auth whether they may.
//   - Secrets are random and of 128 bits at least; each is returned once, by what
//     makes it, and kept as a hash.
//   - SeatOf, PublishToken, May and ParticipantOf do no I/O and never wait for any.
//   - Errors that a person can do something about are a *show.Error.
//
// All methods may be called from any goroutine, those of Changes excepted: they
// must not change anything here again.
package people

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"github.com/regie-live/regie/gateway/auth"
	"github.com/regie-live/regie/gateway/internal/guess"
	"github.com/regie-live/regie/gateway/show"
)

// Options say what Open works with.
type Options struct {
	Store    Store
	Dir      string         // where setup-link is written; it exists
	Declared []show.Session // of the configuration, keys and all; read-only here
	Changes  Changes
	// Phase tells where a session is in its life. It must not block.
	Phase func(show.SessionID) show.Phase
	// CheckPlan says why a session cannot be planned as it is to be. It must change
	// nothing here.
	CheckPlan func(context.Context, show.Managed) error
	// CheckSource says why a camera's address cannot be, as far as that shows in it;
	// Camera how it goes with one. They must not block.
	CheckSource func(*url.URL, show.Reach) error
	Camera      func(show.SessionID, show.ParticipantID) show.CameraStatus
	// Origin is how this appliance is reached, such as http://localhost:8080, for
	// the setup link. It is asked once Run has begun.
	Origin func() string
	Now    func() time.Time // default: time.Now
	Logger *slog.Logger     // default: no log
}

// Changes are told of what was stored. Any may be nil.
type Changes struct {
	SessionAdded   func(show.Session)
	SessionChanged func(show.Session) // title, host's name, plan, autostart, logo
	SessionRemoved func(show.SessionID)
	PersonAdded    func(show.SessionID, show.Participant) // by invite, key or source: invited
	PersonRenamed  func(show.SessionID, show.ParticipantID, string)
	PersonRemoved  func(show.SessionID, show.ParticipantID, error) // for good; the error tells them why
	// InviteRevoked: their page must be closed, though they may come by another way.
	InviteRevoked func(show.SessionID, show.ParticipantID, error)
	// KeyRevoked asks to disconnect the publisher that came with the key: the one
	// whose show.HashSecret(offer.Key) is this.
	KeyRevoked func(show.SessionID, show.ParticipantID, show.SecretHash)
}

// Service is ready after Open and does its housekeeping while Run works.
type Service struct {
	o         Options
	store     Store
	log       *slog.Logger
	now       func() time.Time
	passwords *auth.Passwords
	setup     setup

	accounts  *guess.Limiter[string] // wrong passwords by account
	addresses *guess.Addresses       // wrong passwords by address
	tokens    *guess.Addresses       // wrong setup links and invites by address
	asked     challenges             // of who signs in with a passkey
	making    challenges             // of who makes one; apart, so that strangers push none of them out

	turn sync.Mutex // held through a change and what Changes does of it

	mu   sync.RWMutex // guards what follows, never held while waiting for anything
	book book
}

// What a guesser may do. An account takes more than one address can give, so that
// nobody keeps its owner out from a single place.
const (
	guessBurst    = 10
	guessEvery    = 30 * time.Second
	accountBurst  = 30
	accountEvery  = 5 * time.Second
	tidyEvery     = time.Minute
	noteUsesEvery = 10 * time.Second
)

// Open loads what is stored. Without an administrator it makes a new setup link.
func Open(ctx context.Context, o Options) (*Service, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Phase == nil {
		o.Phase = func(show.SessionID) show.Phase { return show.Planned }
	}
	if o.Camera == nil {
		o.Camera = func(show.SessionID, show.ParticipantID) show.CameraStatus { return show.CameraStatus{} }
	}
	if o.Origin == nil {
		o.Origin = func() string { return "" }
	}
	s := &Service{
		o: o, store: o.Store, log: o.Logger, now: o.Now, passwords: auth.NewPasswords(auth.Strong),
		accounts:  guess.New[string](accountBurst, accountEvery, o.Now),
		addresses: guess.NewAddresses(guessBurst, guessEvery, o.Now),
		tokens:    guess.NewAddresses(guessBurst, guessEvery, o.Now),
		asked:     challenges{max: maxAsked},
		making:    challenges{max: maxMaking},
		book:      newBook(),
	}
	if err := s.load(ctx); err != nil {
		return nil, err
	}
	users, err := s.store.Users(ctx)
	if err != nil {
		return nil, err
	}
	if !hasAdmin(users) {
		s.setup.renew(s.now())
	}
	return s, nil
}

// Run works until ctx ends: it writes the setup link and renews it while there is
// no administrator, notes when keys were used, and takes away whose invite has
// expired.
func (s *Service) Run(ctx context.Context) error {
	s.keepSetupLink()
	uses, tidy := time.NewTicker(noteUsesEvery), time.NewTicker(tidyEvery)
	defer uses.Stop()
	defer tidy.Stop()
	for {
		select {
		case <-ctx.Done():
			s.noteUses(context.WithoutCancel(ctx))
			return nil
		case <-uses.C:
			s.noteUses(ctx)
		case <-tidy.C:
			s.tidy(ctx)
		}
	}
}

// tidy does what time brings with it.
func (s *Service) tidy(ctx context.Context) {
	if s.setup.expired(s.now()) {
		s.setup.renew(s.now())
		s.keepSetupLink()
	}
	if err := s.expire(ctx); err != nil {
		s.log.Error("people whose invites expired were not taken away", "error", err)
	}
	if err := s.store.Tidy(ctx, s.now()); err != nil {
		s.log.Error("the store was not tidied", "error", err)
	}
}

// May says whether p may do perm on a session; with no session, on the appliance
// as a whole (for MaySessions: make one).
func (s *Service) May(p show.Principal, perm show.Permission, of show.SessionID) bool {
	if of == "" {
		return auth.May(p, perm, auth.Whose{})
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	at := s.book.sessions[of]
	return at != nil && auth.May(p, perm, auth.Whose{Session: of, Owner: at.Owner})
}

// Permissions are what p may do anywhere.
func (s *Service) Permissions(p show.Principal) []show.Permission { return auth.Anywhere(p) }

// ParticipantOf says who p is on a session's stage: a participant themselves, the
// account that hosts "host".
func (s *Service) ParticipantOf(p show.Principal, of show.SessionID) (show.ParticipantID, bool) {
	switch {
	case !s.May(p, show.MayStage, of):
		return "", false
	case p.Kind == show.Invitee:
		return p.Participant, true
	}
	return hostID, true
}

// demand is May with words for who may not.
func (s *Service) demand(p show.Principal, perm show.Permission, of show.SessionID) error {
	switch {
	case of != "" && !s.known(of):
		return no(show.NotFound, "There is no session %.64q.", of)
	case s.May(p, perm, of):
		return nil
	case p.Kind == show.Anonymous:
		return no(show.SignedOut, "Sign in first.")
	}
	return no(show.Forbidden, "%s may not do that: it takes the permission %q.", cmp.Or(p.Name, "You"), perm)
}

func (s *Service) known(id show.SessionID) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.book.sessions[id] != nil
}

// no is an answer for the person who asked.
func no(kind show.ErrorKind, format string, args ...any) *show.Error {
	return &show.Error{Kind: kind, Detail: fmt.Sprintf(format, args...)}
}

// entry is a line of the audit log.
func (s *Service) entry(by show.Principal, act string, id show.SessionID, of string) show.AuditEntry {
	name := cmp.Or(by.Name, string(by.Kind), "anonymous")
	return show.AuditEntry{At: s.now(), By: name, Act: act, Session: id, Of: of}
}

// Note writes what was done elsewhere (stage.live, stage.end, …) into the audit log.
func (s *Service) Note(ctx context.Context, by show.Principal, act string, id show.SessionID, of string) {
	if err := s.store.AddAudit(ctx, s.entry(by, act, id, of)); err != nil {
		s.log.Error("the audit log lacks an entry", "act", act, "session", id, "error", err)
	}
}

// auditShown is how much of the log can be read.
const auditShown = 200

// Audit is the last 200 entries, the newest first.
func (s *Service) Audit(ctx context.Context, by show.Principal) ([]show.AuditEntry, error) {
	if err := s.demand(by, show.MayUsers, ""); err != nil {
		return nil, err
	}
	return s.store.Audit(ctx, auditShown)
}
