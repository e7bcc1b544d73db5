package people

import (
	"context"
	"slices"
	"time"

	"github.com/regie-live/regie/gateway/auth"
	"github.com/regie-live/regie/gateway/show"
)

const (
	tokenFor  = 24 * time.Hour
	maxTokens = 4 // of one place
)

// PublishToken makes a bearer for /whip, good for a day while the participant is
// there; p may be a Screen. The newest four of each count. by names who asked; see
// Publisher. It is empty when there is no such participant.
func (s *Service) PublishToken(id show.SessionID, p show.ParticipantID, by string) show.StreamKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, at := &s.book, stagePlace{id, p}
	if _, ok := b.person(stagePlace{id, p.Owner()}); !ok {
		return ""
	}
	token := show.StreamKey(auth.NewSecret())
	hash := show.HashSecret(token)
	b.seats[hash] = &seat{stagePlace: at, by: by, expires: s.now().Add(tokenFor)}
	if b.tokens[at] = append(b.tokens[at], hash); len(b.tokens[at]) > maxTokens {
		delete(b.seats, b.tokens[at][0])
		b.tokens[at] = b.tokens[at][1:]
	}
	return token
}

// dropTokens ends the publish tokens of a person and their screen, and tells which.
func (b *book) dropTokens(at stagePlace) map[show.SecretHash]stagePlace {
	dropped := map[show.SecretHash]stagePlace{}
	for _, of := range []stagePlace{at, {at.session, at.participant.Screen()}} {
		for _, hash := range b.tokens[of] {
			delete(b.seats, hash)
			dropped[hash] = of
		}
		delete(b.tokens, of)
	}
	return dropped
}

// SeatOf finds the place that a stream key or a publish token opens.
func (s *Service) SeatOf(key show.StreamKey) (show.SessionID, show.ParticipantID, bool) {
	if key == "" {
		return "", "", false
	}
	hash, now := show.HashSecret(key), s.now()
	s.mu.RLock()
	defer s.mu.RUnlock()
	at := s.book.seats[hash]
	if at == nil || !at.expires.IsZero() && !now.Before(at.expires) {
		return "", "", false
	}
	at.lastUsed.Store(now.UnixMilli())
	return at.session, at.participant, true
}

// Publisher is who was given the key by PublishToken: whoever sends with it is that
// person, and may take over from an earlier page of theirs. Empty for a stream key.
func (s *Service) Publisher(key show.StreamKey) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if at := s.book.seats[show.HashSecret(key)]; at != nil {
		return at.by
	}
	return ""
}

// noteUses stores when keys were used, as far as that is news.
func (s *Service) noteUses(ctx context.Context) {
	used, at := map[show.KeyID]time.Time{}, map[*seat]int64{}
	s.mu.RLock()
	for _, k := range s.book.seats {
		if last := k.lastUsed.Load(); k.key.ID != "" && !k.key.Declared && last != k.noted {
			used[k.key.ID], at[k] = time.UnixMilli(last), last
		}
	}
	s.mu.RUnlock()
	if len(used) == 0 {
		return
	}
	if err := s.store.KeysUsed(ctx, used); err != nil {
		s.log.Error("when stream keys were used was not stored", "error", err)
		return
	}
	for k, last := range at {
		k.noted = last
	}
}

// Keys lists the stream keys of a session that are good.
func (s *Service) Keys(ctx context.Context, by show.Principal, id show.SessionID) ([]show.KeyInfo, error) {
	if err := s.demand(by, show.MayDesk, id); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := []show.KeyInfo{}
	for _, k := range s.book.seats {
		if k.session == id && k.key.ID != "" {
			list = append(list, s.book.keyInfo(k))
		}
	}
	slices.SortFunc(list, func(a, b show.KeyInfo) int {
		if c := a.Created.Compare(b.Created); c != 0 {
			return c
		}
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return list, nil
}

// keyInfo is a key as it is now.
func (b *book) keyInfo(k *seat) show.KeyInfo {
	info := k.key
	if p, ok := b.person(k.stagePlace); ok {
		info.Name = display(p)
	}
	if last := k.lastUsed.Load(); last != 0 {
		info.LastUsed = time.UnixMilli(last).UTC()
	}
	return info
}

// AddKey makes a stream key, beside those that are there. It outlives a sign-in,
// so that only an account makes one.
func (s *Service) AddKey(ctx context.Context, by show.Principal, id show.SessionID, n show.NewKey) (show.KeyInfo, show.StreamKey, error) {
	if err := s.demandKeys(by, id); err != nil {
		return show.KeyInfo{}, "", err
	}
	name, err := optionalName(n.Name)
	if err != nil {
		return show.KeyInfo{}, "", err
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	person, fresh, err := s.place(id, n.Seat, n.Participant, name)
	if err != nil {
		return show.KeyInfo{}, "", err
	}
	secret := show.StreamKey(auth.NewSecret())
	k := show.StoredKey{Session: id, Hash: show.HashSecret(secret), KeyInfo: show.KeyInfo{
		ID: show.KeyID(newID()), Participant: person.ID, Created: s.moment(),
	}}
	if err := s.store.AddKey(ctx, k, fresh, s.entry(by, "key.new", id, display(person))); err != nil {
		return show.KeyInfo{}, "", err
	}
	at := newSeat(k)
	s.mu.Lock()
	if fresh != nil {
		s.book.put(id, person)
	}
	s.book.seats[k.Hash] = at
	info := s.book.keyInfo(at)
	s.mu.Unlock()
	if fresh != nil {
		s.tellPersonAdded(id, person)
	}
	return info, secret, nil
}

func (s *Service) demandKeys(by show.Principal, id show.SessionID) error {
	if err := s.demand(by, show.MayDesk, id); err != nil {
		return err
	}
	if by.Kind == show.Invitee {
		return no(show.Forbidden, "A stream key would outlive your invite; ask the session's owner to make one, or come with the browser.")
	}
	return nil
}

// place is book.place under the lock.
func (s *Service) place(id show.SessionID, seat show.Role, who show.ParticipantID, name string) (show.StoredParticipant, *show.StoredParticipant, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.book.sessions[id] == nil { // deleted since the caller was let in
		return show.StoredParticipant{}, nil, no(show.NotFound, "There is no session %.64q.", id)
	}
	return s.book.place(id, seat, who, name)
}

// RevokeKey ends a key and who publishes with it. A guest with no other way in is
// removed.
func (s *Service) RevokeKey(ctx context.Context, by show.Principal, id show.SessionID, key show.KeyID) error {
	if err := s.demandKeys(by, id); err != nil {
		return err
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	k, err := s.keyNamed(id, key)
	if err != nil {
		return err
	}
	at := stagePlace{id, k.Participant}
	away, err := s.withoutWayIn(ctx, at, key, "")
	if err != nil {
		return err
	}
	s.mu.RLock()
	person, _ := s.book.person(at)
	s.mu.RUnlock()
	if err := s.store.RevokeKey(ctx, k, away, s.now(), s.entry(by, "key.revoke", id, display(person))); err != nil {
		return err
	}
	s.mu.Lock()
	delete(s.book.seats, k.Hash)
	s.mu.Unlock()
	s.tellKeyRevoked(at, k.Hash)
	if away != nil {
		s.sendAway(at, *away, errKeyRevoked)
	}
	return nil
}

func (s *Service) keyNamed(id show.SessionID, key show.KeyID) (show.StoredKey, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for hash, at := range s.book.seats {
		switch {
		case at.session != id || at.key.ID != key || key == "":
		case at.key.Declared:
			return show.StoredKey{}, no(show.Conflict, "This key is in the configuration file; change it there and restart.")
		default:
			return show.StoredKey{Session: id, Hash: hash, KeyInfo: at.key}, nil
		}
	}
	return show.StoredKey{}, no(show.NotFound, "There is no such key in this session; it may be revoked already.")
}
