package people

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/regie-live/regie/gateway/auth"
	"github.com/regie-live/regie/gateway/show"
)

func principalOf(u show.StoredUser) show.Principal {
	return show.Principal{Kind: show.Account, Name: u.Name, User: u.ID, Role: u.Role}
}

// newSignIn makes what is stored of a sign-in and what the browser gets.
func (s *Service) newSignIn(u show.StoredUser) (show.SignIn, show.SignedIn) {
	token, now := auth.NewToken(), s.moment()
	in := show.SignIn{Hash: show.HashSecret(token), User: u.ID, Created: now, Expires: now.Add(auth.SignInFor)}
	return in, show.SignedIn{Token: token, Expires: in.Expires, Principal: principalOf(u)}
}

func tooMany(wait time.Duration) *show.Error {
	seconds := int(wait/time.Second) + 1
	return &show.Error{
		Kind: show.TooMany, Wait: time.Duration(seconds) * time.Second,
		Detail: fmt.Sprintf("Too many wrong tries; wait %d s and try again.", seconds),
	}
}

// SignIn checks a password; remote is the address of who tries.
func (s *Service) SignIn(ctx context.Context, remote, name, password string) (show.SignedIn, error) {
	name, err := checkedName(name)
	if err != nil {
		return show.SignedIn{}, err
	}
	account := strings.ToLower(name)
	if wait := max(s.addresses.Wait(remote), s.accounts.Wait(account)); wait > 0 {
		return show.SignedIn{}, tooMany(wait)
	}
	u, _, err := s.store.UserNamed(ctx, name) // nobody has no password, which takes as long
	if err != nil {
		return show.SignedIn{}, err
	}
	ok, err := s.passwords.Matches(ctx, password, u.Password)
	if err != nil {
		return show.SignedIn{}, err
	}
	if !ok {
		s.addresses.Wrong(remote)
		s.accounts.Wrong(account)
		return show.SignedIn{}, no(show.SignedOut, "The name or the password is wrong. An administrator can give you a new password.")
	}
	s.turn.Lock() // else a sign-in could outlive the change of a password
	defer s.turn.Unlock()
	now, there, err := s.store.User(ctx, u.ID)
	switch {
	case err != nil:
		return show.SignedIn{}, err
	case !there || now.Password != u.Password:
		return show.SignedIn{}, no(show.SignedOut, "The password was changed at this moment; sign in with the new one.")
	case now.Disabled:
		return show.SignedIn{}, no(show.Forbidden, "This account is disabled; ask an administrator.")
	}
	in, signed := s.newSignIn(now)
	if err := s.store.AddSignIn(ctx, in, s.entry(signed.Principal, "signin", "", now.Name)); err != nil {
		return show.SignedIn{}, err
	}
	return signed, nil
}

// SignOut ends a sign-in; one that is not there is over already.
func (s *Service) SignOut(ctx context.Context, token show.Token) error {
	if token == "" {
		return nil
	}
	return s.store.RemoveSignIn(ctx, show.HashSecret(token))
}

// Who says who holds the token, and until when it is good, which may be later than
// it was: an account's slides. Anonymous is no error.
func (s *Service) Who(ctx context.Context, token show.Token) (show.Principal, time.Time, error) {
	var nobody show.Principal
	if token == "" {
		return nobody, time.Time{}, nil
	}
	in, ok, err := s.store.SignInOf(ctx, show.HashSecret(token))
	if err != nil || !ok {
		return nobody, time.Time{}, err
	}
	if in.Invite != "" {
		return s.whoJoined(ctx, in)
	}
	now := s.moment()
	u, ok, err := s.store.User(ctx, in.User)
	if err != nil || !ok || u.Disabled || !now.Before(in.Expires) {
		return nobody, time.Time{}, err
	}
	if until, changed := auth.Slide(in.Expires, now); changed {
		in.Expires = until
		if err := s.store.ExtendSignIn(ctx, in, now); err != nil {
			return nobody, time.Time{}, err
		}
	}
	return principalOf(u), in.Expires, nil
}

// whoJoined is the participant of an invite.
func (s *Service) whoJoined(ctx context.Context, in show.SignIn) (show.Principal, time.Time, error) {
	i, ok, err := s.store.Invite(ctx, in.Invite)
	if err != nil || !ok || !s.good(i) {
		return show.Principal{}, time.Time{}, err
	}
	s.mu.RLock()
	p, ok := s.book.person(stagePlace{i.Session, i.Participant})
	s.mu.RUnlock()
	if !ok {
		return show.Principal{}, time.Time{}, nil
	}
	until := i.Expires
	if now := s.moment(); !now.Before(until) { // on air past its end
		until = now.Add(time.Hour)
	}
	return show.Principal{Kind: show.Invitee, Name: display(p), Role: p.Role, Session: i.Session, Participant: p.ID}, until, nil
}

// ChangePassword changes one's own, or makes one for who has passkeys alone (then
// old does not count), and ends one's other sign-ins.
func (s *Service) ChangePassword(ctx context.Context, by show.Principal, keep show.Token, old, password string) error {
	u, err := s.itself(ctx, by)
	if err == nil {
		err = s.prove(ctx, u, old, "The old password is wrong.")
	}
	if err == nil {
		err = auth.Check(password, u.Name)
	}
	if err != nil {
		return err
	}
	hash, err := s.passwords.Hash(ctx, password)
	if err != nil {
		return err
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	before := u.Password
	u, ok, err := s.store.User(ctx, by.User)
	if err != nil {
		return err
	}
	if !ok || u.Password != before {
		return no(show.Conflict, "Your password was changed at this moment by somebody else; sign in again.")
	}
	u.Password = hash
	return s.store.ChangeUser(ctx, u, true, show.HashSecret(keep), s.entry(by, "user.password", "", u.Name))
}

// itself is the account that asks.
func (s *Service) itself(ctx context.Context, by show.Principal) (show.StoredUser, error) {
	if by.Kind != show.Account {
		return show.StoredUser{}, no(show.SignedOut, "Sign in to an account first.")
	}
	u, ok, err := s.store.User(ctx, by.User)
	if err == nil && !ok {
		err = no(show.SignedOut, "Your account was removed.")
	}
	return u, err
}

// prove asks who is signed in for their password, if they have one: what lets them
// in for good must not be changed by who finds their browser open.
func (s *Service) prove(ctx context.Context, u show.StoredUser, password, wrong string) error {
	if u.Password == "" {
		return nil
	}
	account := strings.ToLower(u.Name)
	if wait := s.accounts.Wait(account); wait > 0 {
		return tooMany(wait)
	}
	ok, err := s.passwords.Matches(ctx, password, u.Password)
	if err != nil {
		return err
	}
	if !ok {
		s.accounts.Wrong(account)
		return no(show.Forbidden, "%s", wrong)
	}
	return nil
}
