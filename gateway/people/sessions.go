package people

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"image/png"
	"slices"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

const (
	maxSessions = 500
	maxLogo     = 256 << 10 // bytes
	maxLogoSide = 1024      // pixels
)

// Sessions lists what by may manage.
func (s *Service) Sessions(ctx context.Context, by show.Principal) ([]show.Managed, error) {
	if by.Kind == show.Anonymous {
		return nil, no(show.SignedOut, "Sign in first.")
	}
	s.mu.RLock()
	order := slices.Clone(s.book.order)
	s.mu.RUnlock()
	list := []show.Managed{}
	for _, id := range order {
		if s.May(by, show.MaySessions, id) || s.May(by, show.MayDesk, id) {
			if m, ok := s.managed(id); ok {
				list = append(list, m)
			}
		}
	}
	return list, nil
}

// Session is one of Sessions.
func (s *Service) Session(ctx context.Context, by show.Principal, id show.SessionID) (show.Managed, error) {
	if !s.May(by, show.MaySessions, id) {
		if err := s.demand(by, show.MayDesk, id); err != nil {
			return show.Managed{}, err
		}
	}
	m, ok := s.managed(id)
	if !ok {
		return m, no(show.NotFound, "There is no session %.64q.", id)
	}
	return m, nil
}

func (s *Service) managed(id show.SessionID) (show.Managed, bool) {
	s.mu.RLock()
	v := s.book.sessions[id]
	if v == nil {
		s.mu.RUnlock()
		return show.Managed{}, false
	}
	m := v.Managed
	s.mu.RUnlock()
	m.Phase = s.o.Phase(id)
	return m, true
}

// AddSession makes a session with its host.
func (s *Service) AddSession(ctx context.Context, by show.Principal, n show.NewSession) (show.Managed, error) {
	if err := s.demand(by, show.MaySessions, ""); err != nil {
		return show.Managed{}, err
	}
	title, err := checkedTitle(n.Title)
	if err != nil {
		return show.Managed{}, err
	}
	host, err := checkedName(cmp.Or(n.HostName, by.Name))
	if err != nil {
		return show.Managed{}, err
	}
	if n.Owner == "" {
		n.Owner = by.User
	}
	if err := s.checkOwner(ctx, by, n.Owner); err != nil {
		return show.Managed{}, err
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	id, err := s.freeID(n.ID, title)
	if err != nil {
		return show.Managed{}, err
	}
	v := show.StoredSession{
		Managed: show.Managed{ID: id, Title: title, HostName: host, Owner: n.Owner,
			Starts: kept(n.Starts), Ends: kept(n.Ends), Autostart: n.Autostart},
		Created: s.moment(),
		People:  []show.StoredParticipant{{ID: hostID, Name: host, Role: show.Host}},
	}
	if err := s.checkPlan(ctx, v.Managed); err != nil {
		return show.Managed{}, err
	}
	if err := s.store.PutSession(ctx, v, s.entry(by, "session.add", id, title)); err != nil {
		return show.Managed{}, err
	}
	s.mu.Lock()
	s.book.sessions[id] = &v
	s.book.order = append(s.book.order, id)
	s.mu.Unlock()
	s.tellSession(s.o.Changes.SessionAdded, id)
	m, _ := s.managed(id)
	return m, nil
}

// kept is a time as the store keeps it.
func kept(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(time.Millisecond)
}

func (s *Service) checkPlan(ctx context.Context, m show.Managed) error {
	if !m.Starts.IsZero() && !m.Ends.IsZero() && !m.Ends.After(m.Starts) {
		return no(show.Invalid, "The session ends before it starts; set the end after the start.")
	}
	if s.o.CheckPlan != nil {
		return s.o.CheckPlan(ctx, m)
	}
	return nil
}

// checkOwner: an owner is there; only who keeps the accounts gives sessions away.
func (s *Service) checkOwner(ctx context.Context, by show.Principal, owner show.UserID) error {
	if owner == "" || owner == by.User {
		return nil
	}
	if err := s.demand(by, show.MayUsers, ""); err != nil {
		return err
	}
	_, ok, err := s.store.User(ctx, owner)
	if err == nil && !ok {
		return no(show.Invalid, "There is no account %.40q to own the session.", owner)
	}
	return err
}

// freeID is the one that was asked for, or one made of the title.
func (s *Service) freeID(asked show.SessionID, title string) (show.SessionID, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	taken := func(id show.SessionID) bool { return s.book.sessions[id] != nil || s.book.hidden[id] }
	switch {
	case len(s.book.sessions) >= maxSessions:
		return "", no(show.Conflict, "There are %d sessions; delete some that are over.", maxSessions)
	case asked != "" && !show.IsID(string(asked)):
		return "", no(show.Invalid, "A session's id has 1 to 64 small letters, digits and dashes, such as first-session.")
	case asked != "" && s.book.hidden[asked]:
		return "", no(show.Conflict, "%s was declared in the configuration file and its keys are kept for when it is again; choose another id.", asked)
	case asked != "" && taken(asked):
		return "", no(show.Conflict, "There is a session %s already; choose another id.", asked)
	case asked != "":
		return asked, nil
	}
	slug := show.Slug(title, "session")
	id := show.SessionID(slug)
	for n := 2; taken(id); n++ {
		id = show.SessionID(fmt.Sprintf("%s-%d", slug, n))
	}
	return id, nil
}

// changeable is a session that by may change, with turn held. Of a declared one
// that is the plan alone: the configuration has no place for it.
func (s *Service) changeable(by show.Principal, id show.SessionID, planAlone bool) (show.StoredSession, error) {
	if err := s.demand(by, show.MaySessions, id); err != nil {
		return show.StoredSession{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	v := s.book.sessions[id]
	switch {
	case v == nil:
		return show.StoredSession{}, no(show.NotFound, "There is no session %.64q.", id)
	case v.Declared && !planAlone:
		return show.StoredSession{}, no(show.Conflict, "%s is declared in the configuration file; change it there and restart.", id)
	}
	return *v, nil
}

// ChangeSession changes a session that is not declared, or when a declared one is
// planned.
func (s *Service) ChangeSession(ctx context.Context, by show.Principal, id show.SessionID, p show.SessionPatch) (show.Managed, error) {
	s.turn.Lock()
	defer s.turn.Unlock()
	planAlone := p.Title == nil && p.HostName == nil && p.Owner == nil && p.Autostart == nil
	v, err := s.changeable(by, id, planAlone)
	if err != nil {
		return show.Managed{}, err
	}
	if err := s.patch(ctx, by, &v, p); err != nil {
		return show.Managed{}, err
	}
	if err := s.store.PutSession(ctx, v, s.entry(by, "session.change", id, v.Title)); err != nil {
		return show.Managed{}, err
	}
	s.mu.Lock()
	s.book.sessions[id] = &v
	s.mu.Unlock()
	s.tellSession(s.o.Changes.SessionChanged, id)
	if p.HostName != nil && s.o.Changes.PersonRenamed != nil {
		s.o.Changes.PersonRenamed(id, hostID, v.HostName)
	}
	m, _ := s.managed(id)
	return m, nil
}

func (s *Service) patch(ctx context.Context, by show.Principal, v *show.StoredSession, p show.SessionPatch) error {
	var err error
	if p.Title != nil {
		if v.Title, err = checkedTitle(*p.Title); err != nil {
			return err
		}
	}
	if p.HostName != nil {
		if v.HostName, err = checkedName(*p.HostName); err != nil {
			return err
		}
		v.People = slices.Clone(v.People)
		for i := range v.People {
			if v.People[i].ID == hostID {
				v.People[i].Name = v.HostName
			}
		}
	}
	if p.Owner != nil {
		if err := s.checkOwner(ctx, by, *p.Owner); err != nil {
			return err
		}
		v.Owner = *p.Owner
	}
	if p.Starts != nil {
		v.Starts = kept(*p.Starts)
	}
	if p.Ends != nil {
		v.Ends = kept(*p.Ends)
	}
	if p.Autostart != nil {
		v.Autostart = *p.Autostart
	}
	if p.Starts == nil && p.Ends == nil {
		return nil
	}
	return s.checkPlan(ctx, v.Managed)
}

// RemoveSession deletes a session that is neither declared nor live, with its
// keys and invites.
func (s *Service) RemoveSession(ctx context.Context, by show.Principal, id show.SessionID) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	v, err := s.changeable(by, id, false)
	if err != nil {
		return err
	}
	if s.o.Phase(id) == show.Live {
		return no(show.Conflict, "%s is on air; end it first.", v.Title)
	}
	if err := s.store.RemoveSession(ctx, id, s.entry(by, "session.remove", id, v.Title)); err != nil {
		return err
	}
	s.mu.Lock()
	b := &s.book
	delete(b.sessions, id)
	b.order = slices.DeleteFunc(b.order, func(other show.SessionID) bool { return other == id })
	for hash, k := range b.seats {
		if k.session == id {
			delete(b.seats, hash)
		}
	}
	for at := range b.tokens {
		if at.session == id {
			delete(b.tokens, at)
		}
	}
	s.mu.Unlock()
	if s.o.Changes.SessionRemoved != nil {
		s.o.Changes.SessionRemoved(id)
	}
	return nil
}

// Logo is the PNG of a session, nil if it has none. Anybody may see it.
func (s *Service) Logo(ctx context.Context, id show.SessionID) ([]byte, error) {
	if !s.known(id) {
		return nil, no(show.NotFound, "There is no session %.64q.", id)
	}
	return s.store.Logo(ctx, id)
}

// SetLogo takes a PNG of at most 256 KiB and 1024 pixels a side. A declared
// session may have one too: the configuration has no place for it.
func (s *Service) SetLogo(ctx context.Context, by show.Principal, id show.SessionID, image []byte) error {
	if err := s.demand(by, show.MayDesk, id); err != nil {
		return err
	}
	if len(image) > maxLogo {
		return no(show.Invalid, "The logo has %d KiB; keep it under %d.", len(image)>>10, maxLogo>>10)
	}
	c, err := png.DecodeConfig(bytes.NewReader(image))
	if err != nil {
		return no(show.Invalid, "The logo is no PNG; export it as one.")
	}
	if c.Width > maxLogoSide || c.Height > maxLogoSide {
		return no(show.Invalid, "The logo has %d × %d pixels; make it at most %d a side.", c.Width, c.Height, maxLogoSide)
	}
	if _, err := png.Decode(bytes.NewReader(image)); err != nil {
		return no(show.Invalid, "The logo's PNG is damaged; export it again.")
	}
	return s.putLogo(ctx, by, id, image)
}

// RemoveLogo takes it away.
func (s *Service) RemoveLogo(ctx context.Context, by show.Principal, id show.SessionID) error {
	return s.putLogo(ctx, by, id, nil)
}

func (s *Service) putLogo(ctx context.Context, by show.Principal, id show.SessionID, image []byte) error {
	if err := s.demand(by, show.MayDesk, id); err != nil {
		return err
	}
	act := "session.logo"
	if image == nil {
		act = "session.logo.remove"
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	if err := s.store.PutLogo(ctx, id, image, s.entry(by, act, id, "")); err != nil {
		return err
	}
	s.mu.Lock()
	v := s.book.sessions[id]
	if v != nil {
		changed := *v
		changed.Logo = image != nil
		s.book.sessions[id] = &changed
	}
	s.mu.Unlock()
	if v != nil {
		s.tellSession(s.o.Changes.SessionChanged, id)
	}
	return nil
}
