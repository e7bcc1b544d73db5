package people

import (
	"context"
	"slices"
	"strings"

	"github.com/regie-live/regie/gateway/auth"
	"github.com/regie-live/regie/gateway/show"
)

// maxUsers bounds what a page has to list.
const maxUsers = 1000

func hasAdmin(users []show.StoredUser) bool {
	return slices.ContainsFunc(users, func(u show.StoredUser) bool { return u.Role == show.Admin })
}

// Users lists the accounts by name.
func (s *Service) Users(ctx context.Context, by show.Principal) ([]show.User, error) {
	if err := s.demand(by, show.MayUsers, ""); err != nil {
		return nil, err
	}
	stored, err := s.store.Users(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]show.User, 0, len(stored))
	for _, u := range stored {
		list = append(list, u.User)
	}
	return list, nil
}

// AddUser makes an account. The password is returned if it was made here. The
// first administrator may be made so, on the machine, instead of by the setup link.
func (s *Service) AddUser(ctx context.Context, by show.Principal, n show.NewUser) (show.User, string, error) {
	if err := s.demand(by, show.MayUsers, ""); err != nil {
		return show.User{}, "", err
	}
	name, err := checkedName(n.Name)
	if err != nil {
		return show.User{}, "", err
	}
	if err := checkRole(n.Role); err != nil {
		return show.User{}, "", err
	}
	made := ""
	if n.Password == "" {
		made = auth.NewSecret()
		n.Password = made
	}
	hash, err := s.hashed(ctx, n.Password, name)
	if err != nil {
		return show.User{}, "", err
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	users, err := s.store.Users(ctx)
	if err != nil {
		return show.User{}, "", err
	}
	if len(users) >= maxUsers {
		return show.User{}, "", no(show.Conflict, "There are %d accounts; remove some.", maxUsers)
	}
	if err := freeName(users, "", name); err != nil {
		return show.User{}, "", err
	}
	u := show.StoredUser{Password: hash, User: show.User{ID: show.UserID(newID()), Name: name, Role: n.Role, Created: s.moment()}}
	if err := s.store.AddUser(ctx, u, nil, s.entry(by, "user.add", "", name+", "+string(n.Role))); err != nil {
		return show.User{}, "", err
	}
	if n.Role == show.Admin && s.SetupOpen() {
		s.setup.close()
		s.keepSetupLink()
	}
	return u.User, made, nil
}

func (s *Service) hashed(ctx context.Context, password, name string) (string, error) {
	if err := auth.Check(password, name); err != nil {
		return "", err
	}
	return s.passwords.Hash(ctx, password)
}

func checkRole(r show.Role) error {
	if r != show.Admin && r != show.Creator && r != show.Moderator {
		return no(show.Invalid, "There is no role %.20q for an account; say admin, creator or moderator.", r)
	}
	return nil
}

// freeName: no other account has the name, whatever the case.
func freeName(users []show.StoredUser, but show.UserID, name string) error {
	if slices.ContainsFunc(users, func(u show.StoredUser) bool {
		return u.ID != but && strings.ToLower(u.Name) == strings.ToLower(name)
	}) {
		return no(show.Conflict, "There is an account %s already; choose another name.", name)
	}
	return nil
}

// ChangeUser changes an account. A new password, another role and disabling end
// its sign-ins. There is always an administrator.
func (s *Service) ChangeUser(ctx context.Context, by show.Principal, id show.UserID, p show.UserPatch) (show.User, error) {
	if err := s.demand(by, show.MayUsers, ""); err != nil {
		return show.User{}, err
	}
	hash := ""
	if p.Password != nil {
		u, _, err := s.store.User(ctx, id)
		if err != nil {
			return show.User{}, err
		}
		if hash, err = s.hashed(ctx, *p.Password, u.Name); err != nil {
			return show.User{}, err
		}
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	users, err := s.store.Users(ctx)
	if err != nil {
		return show.User{}, err
	}
	i := slices.IndexFunc(users, func(u show.StoredUser) bool { return u.ID == id })
	if i < 0 {
		return show.User{}, no(show.NotFound, "There is no such account; it may have been removed.")
	}
	u := users[i]
	act := "user.change"
	if p.Name != nil {
		if u.Name, err = checkedName(*p.Name); err == nil {
			err = freeName(users, id, u.Name)
		}
	}
	if p.Role != nil && err == nil {
		u.Role, err = *p.Role, checkRole(*p.Role)
	}
	if p.Disabled != nil {
		u.Disabled = *p.Disabled
	}
	if hash != "" {
		u.Password, act = hash, "user.password"
	}
	if err == nil && !enabledAdmin(u) {
		err = s.notTheLast(users, id)
	}
	if err != nil {
		return show.User{}, err
	}
	signOut := hash != "" || u.Disabled || u.Role != users[i].Role
	if err := s.store.ChangeUser(ctx, u, signOut, show.SecretHash{}, s.entry(by, act, "", u.Name)); err != nil {
		return show.User{}, err
	}
	return u.User, nil
}

// RemoveUser deletes an account; its sessions stay, without an owner.
func (s *Service) RemoveUser(ctx context.Context, by show.Principal, id show.UserID) error {
	if err := s.demand(by, show.MayUsers, ""); err != nil {
		return err
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	users, err := s.store.Users(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(users, func(u show.StoredUser) bool { return u.ID == id })
	if i < 0 {
		return no(show.NotFound, "There is no such account; it may have been removed.")
	}
	if err := s.notTheLast(users, id); err != nil {
		return err
	}
	if err := s.store.RemoveUser(ctx, id, s.entry(by, "user.remove", "", users[i].Name)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for of, v := range s.book.sessions {
		if v.Owner == id {
			changed := *v
			changed.Owner = ""
			s.book.sessions[of] = &changed
		}
	}
	return nil
}

func enabledAdmin(u show.StoredUser) bool { return u.Role == show.Admin && !u.Disabled }

// notTheLast refuses to lose the last administrator who can sign in.
func (s *Service) notTheLast(users []show.StoredUser, id show.UserID) error {
	is := false
	for _, u := range users {
		switch {
		case u.ID == id:
			is = enabledAdmin(u)
		case enabledAdmin(u):
			return nil
		}
	}
	if !is {
		return nil
	}
	return no(show.Conflict, "This is the only administrator; make another one first.")
}
