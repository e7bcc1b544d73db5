package people

import (
	"context"
	"errors"
	"time"

	"github.com/regie-live/regie/gateway/auth"
	"github.com/regie-live/regie/gateway/show"
)

// What those are told who are sent away.
var (
	errRemoved       = errors.New("the host removed you from this session")
	errInviteRevoked = errors.New("your invite was revoked; ask the host for another")
	errInviteExpired = errors.New("your invite has expired; ask the host for another")
	errKeyRevoked    = errors.New("your stream key was revoked; ask the host for another")
)

// maxBrowsers is how many browsers one invite keeps signed in.
const maxBrowsers = 8

// Invites lists the invites of a session, also those that are over.
func (s *Service) Invites(ctx context.Context, by show.Principal, id show.SessionID) ([]show.InviteInfo, error) {
	if err := s.demand(by, show.MayDesk, id); err != nil {
		return nil, err
	}
	stored, err := s.store.Invites(ctx, id)
	if err != nil {
		return nil, err
	}
	list := make([]show.InviteInfo, 0, len(stored))
	for _, i := range stored {
		list = append(list, i.InviteInfo)
	}
	return list, nil
}

// AddInvite makes an invite; its page is /j/TOKEN.
func (s *Service) AddInvite(ctx context.Context, by show.Principal, id show.SessionID, n show.NewInvite) (show.InviteInfo, show.Token, error) {
	if err := s.demand(by, show.MayDesk, id); err != nil {
		return show.InviteInfo{}, "", err
	}
	name, err := optionalName(n.Name)
	if err != nil {
		return show.InviteInfo{}, "", err
	}
	asked := time.Duration(min(max(n.ExpiresIn, 0), int(auth.MaxInviteFor/time.Second))) * time.Second
	if n.ExpiresIn < 0 || n.ExpiresIn > int(auth.MaxInviteFor/time.Second) {
		return show.InviteInfo{}, "", no(show.Invalid, "An invite is good for 1 second to %d days.", int(auth.MaxInviteFor.Hours()/24))
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	person, fresh, err := s.place(id, n.Seat, n.Participant, name)
	if err != nil {
		return show.InviteInfo{}, "", err
	}
	s.mu.RLock()
	ends := s.book.sessions[id].Ends
	s.mu.RUnlock()
	token, now := show.Token(auth.NewSecret()), s.moment()
	i := show.StoredInvite{Session: id, Hash: show.HashSecret(token), InviteInfo: show.InviteInfo{
		ID: show.InviteID(newID()), Participant: person.ID, Seat: person.Role, Name: person.Name,
		Created: now, Expires: auth.InviteEnds(now, ends, asked),
	}}
	if err := s.store.AddInvite(ctx, i, fresh, s.entry(by, "invite.new", id, display(person))); err != nil {
		return show.InviteInfo{}, "", err
	}
	if fresh != nil {
		s.mu.Lock()
		s.book.put(id, person)
		s.mu.Unlock()
		s.tellPersonAdded(id, person)
	}
	return i.InviteInfo, token, nil
}

// RevokeInvite ends an invite and the sign-ins by it. A guest with no other way in
// is removed.
func (s *Service) RevokeInvite(ctx context.Context, by show.Principal, id show.SessionID, invite show.InviteID) error {
	if err := s.demand(by, show.MayDesk, id); err != nil {
		return err
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	i, ok, err := s.store.Invite(ctx, invite)
	if err != nil {
		return err
	}
	if !ok || i.Session != id {
		return no(show.NotFound, "There is no such invite in this session.")
	}
	if i.Revoked {
		return nil
	}
	at := stagePlace{id, i.Participant}
	away, err := s.withoutWayIn(ctx, at, "", invite)
	if err != nil {
		return err
	}
	if err := s.store.RevokeInvite(ctx, i, away, s.now(), s.entry(by, "invite.revoke", id, i.Name)); err != nil {
		return err
	}
	if away != nil {
		s.sendAway(at, *away, errInviteRevoked)
	} else if !i.Used.IsZero() {
		s.closePage(at, errInviteRevoked)
	}
	return nil
}

// withoutWayIn is the guest who has no key and no invite but those named, marked
// as removed; nil for whoever has, and for those who stay in any case.
func (s *Service) withoutWayIn(ctx context.Context, at stagePlace, key show.KeyID, invite show.InviteID) (*show.StoredParticipant, error) {
	s.mu.RLock()
	p, ok := s.book.person(at)
	stays := !ok || p.Role == show.Host || p.Declared || p.Source != "" || s.book.hasKey(at, key)
	s.mu.RUnlock()
	if stays {
		return nil, nil
	}
	invites, err := s.store.Invites(ctx, at.session)
	if err != nil {
		return nil, err
	}
	for _, i := range invites {
		if i.Participant == at.participant && i.ID != invite && s.good(i) {
			return nil, nil
		}
	}
	p.Removed = true
	return &p, nil
}

func (s *Service) good(i show.StoredInvite) bool {
	return auth.StateOf(i.InviteInfo, s.o.Phase(i.Session), s.now()) == auth.InviteGood
}

// invitation finds a good invite by its token.
func (s *Service) invitation(ctx context.Context, remote string, token show.Token) (show.StoredInvite, error) {
	if wait := s.tokens.Wait(remote); wait > 0 {
		return show.StoredInvite{}, tooMany(wait)
	}
	i, ok, err := s.store.InviteOf(ctx, show.HashSecret(token))
	if err != nil {
		return i, err
	}
	if !ok || !s.known(i.Session) {
		s.tokens.Wrong(remote)
		return i, no(show.NotFound, "There is no such invite. Copy the whole link again, or ask the host for another.")
	}
	switch auth.StateOf(i.InviteInfo, s.o.Phase(i.Session), s.now()) {
	case auth.InviteRevoked:
		return i, no(show.Gone, "This invite was revoked. Ask the host for another.")
	case auth.InviteExpired:
		return i, no(show.Expired, "This invite has expired. Ask the host for another.")
	}
	return i, nil
}

// Invitation says what an invite is for. An unknown one is NotFound, one that has
// expired Expired, one that was revoked Gone.
func (s *Service) Invitation(ctx context.Context, remote string, token show.Token) (show.Invitation, error) {
	i, err := s.invitation(ctx, remote, token)
	if err != nil {
		return show.Invitation{}, err
	}
	s.mu.RLock()
	title := ""
	if v := s.book.sessions[i.Session]; v != nil {
		title = v.Title
	}
	s.mu.RUnlock()
	return show.Invitation{
		Session: i.Session, Title: title, Seat: i.Seat, Name: i.Name, Expires: i.Expires, Phase: s.o.Phase(i.Session),
	}, nil
}

// Join signs the holder of an invite in as its participant, under a name of 1 to
// 40 characters. They may join again, also from another browser, until it ends.
func (s *Service) Join(ctx context.Context, remote string, token show.Token, name string) (show.SignedIn, error) {
	name, err := checkedName(name)
	if err != nil {
		return show.SignedIn{}, err
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	i, err := s.invitation(ctx, remote, token)
	if err != nil {
		return show.SignedIn{}, err
	}
	at := stagePlace{i.Session, i.Participant}
	s.mu.RLock()
	person, ok := s.book.person(at)
	s.mu.RUnlock()
	if !ok {
		return show.SignedIn{}, no(show.Gone, "The host removed you from this session.")
	}
	if !person.Declared { // the configuration names those
		person.Name = name
	}
	cookie := auth.NewToken()
	in := show.SignIn{Hash: show.HashSecret(cookie), Invite: i.ID, Created: s.moment(), Expires: i.Expires}
	who := show.Principal{Kind: show.Invitee, Name: person.Name, Role: person.Role, Session: i.Session, Participant: person.ID}
	if err := s.store.Join(ctx, i, person, in, maxBrowsers, s.entry(who, "invite.join", i.Session, display(person))); err != nil {
		return show.SignedIn{}, err
	}
	s.rename(i.Session, person)
	return show.SignedIn{Token: cookie, Expires: i.Expires, Principal: who}, nil
}

// Rename changes a participant's own name, or anybody's at the desk.
func (s *Service) Rename(ctx context.Context, by show.Principal, id show.SessionID, p show.ParticipantID, name string) error {
	if own, ok := s.ParticipantOf(by, id); !ok || own != p {
		if err := s.demand(by, show.MayDesk, id); err != nil {
			return err
		}
	}
	name, err := checkedName(name)
	if err != nil {
		return err
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	person, err := s.personOf(id, p)
	switch {
	case err != nil:
		return err
	case person.Declared:
		return no(show.Conflict, "%s is in the configuration file; change the name there and restart.", display(person))
	case person.Name == name:
		return nil
	}
	person.Name = name
	if err := s.store.PutParticipant(ctx, id, person, s.entry(by, "person.rename", id, name)); err != nil {
		return err
	}
	s.rename(id, person)
	return nil
}

// personOf finds somebody of a session.
func (s *Service) personOf(id show.SessionID, p show.ParticipantID) (show.StoredParticipant, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	person, ok := s.book.person(stagePlace{id, p})
	if !ok {
		return person, no(show.NotFound, "There is nobody %.40q in this session.", p)
	}
	return person, nil
}

// rename notes a name that is stored.
func (s *Service) rename(id show.SessionID, person show.StoredParticipant) {
	s.mu.Lock()
	before, _ := s.book.person(stagePlace{id, person.ID})
	s.book.put(id, person)
	if person.Role == show.Host {
		s.book.sessions[id].HostName = person.Name
	}
	s.mu.Unlock()
	if before.Name != person.Name && s.o.Changes.PersonRenamed != nil {
		s.o.Changes.PersonRenamed(id, person.ID, display(person))
	}
}

// RemovePerson revokes every key and invite of a guest. The host and declared
// guests cannot be removed: their connection can be ended, their invites revoked.
// Moderators may do this too.
func (s *Service) RemovePerson(ctx context.Context, by show.Principal, id show.SessionID, p show.ParticipantID) error {
	if err := s.demand(by, show.MayDesk, id); err != nil && !s.May(by, show.MayModerate, id) {
		return err
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	person, err := s.personOf(id, p)
	switch {
	case err != nil:
		return err
	case person.Role == show.Host:
		return no(show.Conflict, "The host cannot be removed; revoke their invite or their stream key instead.")
	case person.Declared:
		return no(show.Conflict, "%s is in the configuration file; send them back, or take their key out there and restart.", display(person))
	}
	return s.remove(ctx, id, person, errRemoved, s.entry(by, "person.remove", id, display(person)))
}

// remove takes a person away with all that brings them in. With turn held.
func (s *Service) remove(ctx context.Context, id show.SessionID, person show.StoredParticipant, cause error, e show.AuditEntry) error {
	person.Removed, person.Source = true, ""
	if err := s.store.RemoveParticipant(ctx, id, person, s.now(), e); err != nil {
		return err
	}
	s.sendAway(stagePlace{id, person.ID}, person, cause)
	return nil
}

// expire removes guests whose invites are over and who have no stream key.
func (s *Service) expire(ctx context.Context) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	invites, err := s.store.Invites(ctx, "")
	if err != nil {
		return err
	}
	seen := map[stagePlace]bool{}
	for _, i := range invites {
		at := stagePlace{i.Session, i.Participant}
		if seen[at] || s.good(i) {
			continue
		}
		seen[at] = true
		s.mu.RLock()
		p, ok := s.book.person(at)
		s.mu.RUnlock()
		if !ok || p.Declared || p.Role == show.Host {
			continue
		}
		away, err := s.withoutWayIn(ctx, at, "", "")
		if err == nil && away != nil {
			err = s.remove(ctx, i.Session, *away, errInviteExpired, s.entry(show.Principal{Name: "regie"}, "person.expire", i.Session, display(p)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
