package people

import (
	"context"
	"crypto/subtle"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/regie-live/regie/gateway/auth"
	"github.com/regie-live/regie/gateway/show"
)

// setupFile is within the data folder, for who did not see the start.
const setupFile = "setup-link"

// setup is the one-time link that makes the first administrator. It is not stored:
// a restart makes another.
type setup struct {
	mu      sync.Mutex
	token   show.Token // empty once there is an administrator
	expires time.Time
}

func (s *setup) renew(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token, s.expires = auth.NewToken(), now.Add(auth.SetupFor)
}

func (s *setup) link() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token == "" {
		return ""
	}
	return "/setup#" + string(s.token)
}

func (s *setup) expired(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token != "" && !now.Before(s.expires)
}

func (s *setup) matches(token show.Token, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token != "" && now.Before(s.expires) && subtle.ConstantTimeCompare([]byte(token), []byte(s.token)) == 1
}

func (s *setup) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = ""
}

// SetupOpen reports whether there is no administrator yet.
func (s *Service) SetupOpen() bool { return s.setup.link() != "" }

// SetupLink is the path of the page that makes the administrator, with the one-time
// token in its fragment: /setup#TOKEN. It is empty when there is an administrator.
// One that has expired is renewed.
func (s *Service) SetupLink() string {
	if s.setup.expired(s.now()) {
		s.setup.renew(s.now())
		s.keepSetupLink()
	}
	return s.setup.link()
}

// keepSetupLink writes the link to Dir/setup-link, or removes that.
func (s *Service) keepSetupLink() {
	file := filepath.Join(s.o.Dir, setupFile)
	link := s.setup.link()
	if link == "" {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.log.Warn("the setup link that was used is still in its file", "file", file, "error", err)
		}
		return
	}
	if err := writePrivate(file, s.o.Origin()+link+"\n"); err != nil {
		s.log.Warn("the setup link was not written; regie setup-link prints it", "file", file, "error", err)
	}
}

// writePrivate replaces a file by one that its owner alone can read.
func writePrivate(file, text string) error {
	tmp, err := os.CreateTemp(filepath.Dir(file), ".setup-*") // made with 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(text)
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), file)
}

// Setup makes the first administrator.
func (s *Service) Setup(ctx context.Context, remote string, token show.Token, name, password string) (show.SignedIn, error) {
	name, err := s.maySetUp(remote, token, name)
	if err == nil {
		err = auth.Check(password, name)
	}
	if err != nil {
		return show.SignedIn{}, err
	}
	hash, err := s.passwords.Hash(ctx, password)
	if err != nil {
		return show.SignedIn{}, err
	}
	return s.setUp(token, show.UserID(newID()), name, func(u show.StoredUser, in show.SignIn, e show.AuditEntry) error {
		u.Password = hash
		return s.store.AddUser(ctx, u, &in, e)
	})
}

// maySetUp looks at the token and at the name, which it returns as it is kept.
func (s *Service) maySetUp(remote string, token show.Token, name string) (string, error) {
	if wait := s.tokens.Wait(remote); wait > 0 {
		return "", tooMany(wait)
	}
	if err := s.checkSetup(token); err != nil {
		s.tokens.Wrong(remote)
		return "", err
	}
	return checkedName(name)
}

// setUp adds the administrator, unless somebody was faster.
func (s *Service) setUp(token show.Token, id show.UserID, name string, add func(show.StoredUser, show.SignIn, show.AuditEntry) error) (show.SignedIn, error) {
	s.turn.Lock()
	defer s.turn.Unlock()
	if err := s.checkSetup(token); err != nil {
		return show.SignedIn{}, err
	}
	u := show.StoredUser{User: show.User{ID: id, Name: name, Role: show.Admin, Created: s.moment()}}
	in, signed := s.newSignIn(u)
	if err := add(u, in, s.entry(principalOf(u), "setup", "", name)); err != nil {
		return show.SignedIn{}, err
	}
	s.setup.close()
	s.keepSetupLink()
	return signed, nil
}

func (s *Service) checkSetup(token show.Token) error {
	switch {
	case !s.SetupOpen():
		return no(show.Gone, "This appliance has an administrator already; sign in.")
	case !s.setup.matches(token, s.now()):
		return no(show.Gone, "This setup link is not good any more: each is good for an hour. Run `regie setup-link` on the machine for the one that is, or look into the file setup-link in its data folder.")
	}
	return nil
}
