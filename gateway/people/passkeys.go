package people

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/regie-live/regie/gateway/auth"
	"github.com/regie-live/regie/gateway/show"
)

// maxPasskeys bounds what an account has.
const maxPasskeys = 20

// AskSetupPasskey begins to make the passkey of the first administrator; origin is
// that of the page.
func (s *Service) AskSetupPasskey(_ context.Context, remote, origin string, token show.Token, name string) (json.RawMessage, error) {
	name, err := s.maySetUp(remote, token, name)
	if err != nil {
		return nil, err
	}
	at, err := auth.SiteOf(origin)
	if err != nil {
		return nil, err
	}
	id := show.UserID(newID())
	options, c, err := auth.AskNew(at, id, name, nil)
	if err == nil {
		s.making.add(challenge{Challenge: c, user: id, name: name, token: token}, remote, s.now())
	}
	return options, err
}

// SetupByPasskey makes the first administrator, without a password.
func (s *Service) SetupByPasskey(ctx context.Context, remote string, token show.Token, name, title string, answer []byte) (show.SignedIn, error) {
	name, err := s.maySetUp(remote, token, name)
	if err != nil {
		return show.SignedIn{}, err
	}
	c, err := s.making.take(answer, s.now())
	if err != nil {
		return show.SignedIn{}, err
	}
	if c.token != token || c.name != name {
		return show.SignedIn{}, no(show.Conflict, "The name was changed while the passkey was made; try again.")
	}
	k, err := s.made(c, title, answer)
	if err != nil {
		return show.SignedIn{}, err
	}
	return s.setUp(token, c.user, name, func(u show.StoredUser, in show.SignIn, e show.AuditEntry) error {
		return s.store.AddUserWithPasskey(ctx, u, k, in, e)
	})
}

// made checks what an authenticator made and gives it a name and an owner.
func (s *Service) made(c challenge, title string, answer []byte) (show.StoredPasskey, error) {
	title, err := checkedName(title)
	if err != nil {
		return show.StoredPasskey{}, err
	}
	k, err := auth.CheckNew(c.Challenge, answer)
	if err != nil {
		s.log.Warn("a new passkey was refused", "user", c.user, "error", auth.Why(err))
		return k, no(show.Invalid, "This passkey cannot be used: it must be made on this page, and check that it is you, by a PIN, a fingerprint or your face. Try again, or another one.")
	}
	k.ID, k.User, k.Name, k.Created = show.PasskeyID(newID()), c.user, title, s.moment()
	return k, nil
}

// AskPasskey begins a sign-in with a passkey.
func (s *Service) AskPasskey(_ context.Context, remote, origin string) (json.RawMessage, error) {
	if wait := s.addresses.Wait(remote); wait > 0 {
		return nil, tooMany(wait)
	}
	at, err := auth.SiteOf(origin)
	if err != nil {
		return nil, err
	}
	options, c, err := auth.Ask(at)
	if err == nil {
		s.asked.add(challenge{Challenge: c}, remote, s.now())
	}
	return options, err
}

// SignInByPasskey signs in whose passkey answers.
func (s *Service) SignInByPasskey(ctx context.Context, remote string, answer []byte) (show.SignedIn, error) {
	if wait := s.addresses.Wait(remote); wait > 0 {
		return show.SignedIn{}, tooMany(wait)
	}
	c, err := s.asked.take(answer, s.now())
	if err != nil {
		return show.SignedIn{}, err
	}
	s.turn.Lock() // else a sign-in could outlive its passkey
	defer s.turn.Unlock()
	var broken error // the store
	k, err := auth.CheckAnswer(c.Challenge, answer, func(credential []byte) (show.StoredPasskey, error) {
		var k show.StoredPasskey
		var ok bool
		if k, ok, broken = s.store.PasskeyOf(ctx, credential); broken == nil && !ok {
			return k, no(show.SignedOut, "This passkey is not known here; it may have been removed. Sign in with another one, or with a password.")
		}
		return k, broken
	})
	switch {
	case broken != nil:
		return show.SignedIn{}, broken
	case err != nil:
		return show.SignedIn{}, s.wrongPasskey(ctx, remote, k, err)
	}
	u, ok, err := s.store.User(ctx, k.User)
	switch {
	case err != nil:
		return show.SignedIn{}, err
	case !ok:
		return show.SignedIn{}, no(show.SignedOut, "The account of this passkey was removed.")
	case u.Disabled:
		return show.SignedIn{}, no(show.Forbidden, "This account is disabled; ask an administrator.")
	}
	k.LastUsed = s.moment()
	in, signed := s.newSignIn(u)
	if err := s.store.SignInByPasskey(ctx, k, in, s.entry(signed.Principal, "signin.passkey", "", k.Name)); err != nil {
		return show.SignedIn{}, err
	}
	return signed, nil
}

// wrongPasskey counts a refusal as a wrong password is counted, by address; not by
// account, or who knows a credential could keep its owner out.
func (s *Service) wrongPasskey(ctx context.Context, remote string, k show.StoredPasskey, err error) error {
	var told *show.Error
	if !errors.As(err, &told) && k.ID == "" {
		told = no(show.Invalid, "This is not what a passkey answers; try again.")
	}
	if errors.Is(err, auth.ErrCopied) {
		if u, ok, err := s.store.User(ctx, k.User); ok && err == nil {
			s.Note(ctx, principalOf(u), "passkey.copied", "", k.Name)
		}
		told = no(show.Forbidden, "This passkey may have been copied: it counted fewer uses than before. Sign in another way, remove it in your account, and make a new one.")
	}
	if told == nil {
		told = no(show.SignedOut, "This passkey was not accepted here: it must check that it is you, and be used on the page that it was made for. Try again, or use a password.")
	}
	s.log.Warn("a passkey was refused", "remote", remote, "user", k.User, "error", auth.Why(err))
	s.addresses.Wrong(remote)
	return told
}

// WaysIn are how who asks can sign in.
func (s *Service) WaysIn(ctx context.Context, by show.Principal) (show.WaysIn, error) {
	u, err := s.itself(ctx, by)
	if err != nil {
		return show.WaysIn{}, err
	}
	list, err := s.passkeys(ctx, u.ID)
	return show.WaysIn{Password: u.Password != "", Passkeys: list}, err
}

func (s *Service) passkeys(ctx context.Context, of show.UserID) ([]show.Passkey, error) {
	stored, err := s.store.Passkeys(ctx, of)
	list := []show.Passkey{}
	for _, k := range stored {
		list = append(list, k.Passkey)
	}
	return list, err
}

// AskNewPasskey begins to make one more; who has a password says it.
func (s *Service) AskNewPasskey(ctx context.Context, by show.Principal, remote, origin, password string) (json.RawMessage, error) {
	u, err := s.itself(ctx, by)
	if err != nil {
		return nil, err
	}
	at, err := auth.SiteOf(origin)
	if err != nil {
		return nil, err
	}
	if err := s.prove(ctx, u, password, "The password is wrong."); err != nil {
		return nil, err
	}
	have, err := s.store.Passkeys(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	options, c, err := auth.AskNew(at, u.ID, u.Name, slices.DeleteFunc(have, func(k show.StoredPasskey) bool { return k.Site != at.ID }))
	if err == nil {
		s.making.add(challenge{Challenge: c, user: u.ID}, remote, s.now())
	}
	return options, err
}

// AddPasskey keeps the one that was made.
func (s *Service) AddPasskey(ctx context.Context, by show.Principal, title string, answer []byte) (show.Passkey, error) {
	u, err := s.itself(ctx, by)
	if err != nil {
		return show.Passkey{}, err
	}
	c, err := s.making.take(answer, s.now())
	if err != nil {
		return show.Passkey{}, err
	}
	if c.user != u.ID || c.token != "" {
		return show.Passkey{}, no(show.Forbidden, "This passkey was made for another account.")
	}
	k, err := s.made(c, title, answer)
	if err != nil {
		return show.Passkey{}, err
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	have, err := s.store.Passkeys(ctx, u.ID)
	if err != nil {
		return show.Passkey{}, err
	}
	_, known, err := s.store.PasskeyOf(ctx, k.Credential)
	switch {
	case err != nil:
		return show.Passkey{}, err
	case known:
		return show.Passkey{}, no(show.Conflict, "This passkey is here already.")
	case len(have) >= maxPasskeys:
		return show.Passkey{}, no(show.Conflict, "You have %d passkeys; remove one that you do not use.", maxPasskeys)
	}
	return k.Passkey, s.store.AddPasskey(ctx, k, s.entry(by, "passkey.add", "", k.Name))
}

// RenamePasskey gives one of one's own another name.
func (s *Service) RenamePasskey(ctx context.Context, by show.Principal, id show.PasskeyID, title string) (show.Passkey, error) {
	title, err := checkedName(title)
	if err != nil {
		return show.Passkey{}, err
	}
	u, err := s.itself(ctx, by)
	if err != nil {
		return show.Passkey{}, err
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	k, _, err := s.passkey(ctx, u.ID, id)
	if err != nil {
		return show.Passkey{}, err
	}
	k.Name = title
	return k.Passkey, s.store.RenamePasskey(ctx, id, title, s.entry(by, "passkey.rename", "", title))
}

// RemovePasskey removes one of one's own and ends one's other sign-ins.
func (s *Service) RemovePasskey(ctx context.Context, by show.Principal, keep show.Token, id show.PasskeyID) error {
	u, err := s.itself(ctx, by)
	if err != nil {
		return err
	}
	return s.removePasskey(ctx, by, u.ID, show.HashSecret(keep), id)
}

func (s *Service) removePasskey(ctx context.Context, by show.Principal, of show.UserID, keep show.SecretHash, id show.PasskeyID) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	k, n, err := s.passkey(ctx, of, id)
	if err != nil {
		return err
	}
	u, _, err := s.store.User(ctx, of)
	switch {
	case err != nil:
		return err
	case n == 1 && u.Password == "":
		return no(show.Conflict, "This is the only way to sign in to this account; set a password or add another passkey first.")
	}
	return s.store.RemovePasskey(ctx, k, keep, s.entry(by, "passkey.remove", "", u.Name+": "+k.Name))
}

// passkey finds one of an account's, and says how many it has.
func (s *Service) passkey(ctx context.Context, of show.UserID, id show.PasskeyID) (show.StoredPasskey, int, error) {
	have, err := s.store.Passkeys(ctx, of)
	if err != nil {
		return show.StoredPasskey{}, 0, err
	}
	i := slices.IndexFunc(have, func(k show.StoredPasskey) bool { return k.ID == id })
	if i < 0 {
		return show.StoredPasskey{}, 0, no(show.NotFound, "There is no such passkey; it may have been removed.")
	}
	return have[i], len(have), nil
}

// operatorPasskeys are for who has lost theirs, or had them stolen.
func (s *Service) operatorPasskeys(handle func(string, func(operation) (any, error))) {
	handle("GET /people/users/{name}/passkeys", func(o operation) (any, error) {
		return forUser(s, o, func(of show.UserID) (any, error) { return s.passkeys(o.ctx, of) })
	})
	handle("DELETE /people/users/{name}/passkeys/{id}", func(o operation) (any, error) {
		return forUser(s, o, func(of show.UserID) (any, error) {
			return nil, s.removePasskey(o.ctx, operator, of, show.SecretHash{}, show.PasskeyID(o.r.PathValue("id")))
		})
	})
}
