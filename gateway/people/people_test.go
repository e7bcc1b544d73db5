package people_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/regie-live/regie/gateway/people"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/gateway/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	noon     = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	operator = show.Principal{Kind: show.MachineOperator, Name: "operator"}
)

const (
	elsewhere = "192.0.2.7:1000"
	password  = "correct horse battery"
)

// office is a Service on a real store, with a clock of its own and a list of what
// the wiring was told.
type office struct {
	*people.Service
	t     *testing.T
	dir   string
	store *store.Store
	now   time.Time
	phase map[show.SessionID]show.Phase
	told  []string
}

var declared = []show.Session{{ID: "declared", Title: "From the file", Autostart: true, Participants: []show.Participant{
	{ID: "host", Name: "Ana", Role: show.Host, Key: "KEY-OF-ANA", Gain: 1},
	{ID: "guest1", Name: "Théo", Role: show.Guest, Key: "KEY-OF-THEO", Gain: 2},
}}}

func newOffice(t *testing.T) *office {
	o := &office{t: t, dir: t.TempDir(), now: noon, phase: map[show.SessionID]show.Phase{}}
	o.open(declared)
	t.Cleanup(func() { _ = o.store.Close() })
	return o
}

func (o *office) open(declared []show.Session) {
	o.t.Helper()
	var err error
	if o.store, err = store.Open(o.t.Context(), o.dir); err != nil {
		o.t.Fatal(err)
	}
	tell := func(format string, args ...any) { o.told = append(o.told, fmt.Sprintf(format, args...)) }
	o.Service, err = people.Open(o.t.Context(), people.Options{
		Store: o.store, Dir: o.dir, Declared: declared,
		Now:    func() time.Time { return o.now },
		Phase:  func(id show.SessionID) show.Phase { return o.phase[id] },
		Origin: func() string { return "http://localhost:8080" },
		Changes: people.Changes{
			SessionAdded:   func(s show.Session) { tell("session %s added with %d", s.ID, len(s.Participants)) },
			SessionChanged: func(s show.Session) { tell("session %s changed: %s", s.ID, s.Title) },
			SessionRemoved: func(id show.SessionID) { tell("session %s removed", id) },
			PersonAdded:    func(id show.SessionID, p show.Participant) { tell("%s/%s added: %s", id, p.ID, p.Name) },
			PersonRenamed:  func(id show.SessionID, p show.ParticipantID, n string) { tell("%s/%s is %s", id, p, n) },
			PersonRemoved:  func(id show.SessionID, p show.ParticipantID, e error) { tell("%s/%s removed: %v", id, p, e) },
			InviteRevoked:  func(id show.SessionID, p show.ParticipantID, e error) { tell("%s/%s page closed: %v", id, p, e) },
			KeyRevoked:     func(id show.SessionID, p show.ParticipantID, _ show.SecretHash) { tell("%s/%s key revoked", id, p) },
		},
	})
	if err != nil {
		o.t.Fatal(err)
	}
	o.CheapPasswords()
}

// restart is what a kill and a start are to who is here.
func (o *office) restart(declared []show.Session) {
	o.t.Helper()
	if err := o.store.Close(); err != nil {
		o.t.Fatal(err)
	}
	o.open(declared)
}

func (o *office) heard(want ...string) {
	o.t.Helper()
	if !slices.Equal(o.told, want) {
		o.t.Errorf("the wiring was told %q, want %q", o.told, want)
	}
	o.told = nil
}

func want(t *testing.T, err error, kind show.ErrorKind) {
	t.Helper()
	if show.KindOf(err) != kind || kind == "" && err != nil {
		t.Errorf("got %q (%v), want %q", show.KindOf(err), err, kind)
	}
}

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (o *office) token() show.Token {
	return show.Token(strings.TrimPrefix(o.SetupLink(), "/setup#"))
}

func (o *office) studio(by show.Principal) show.SessionID {
	o.t.Helper()
	m := must(o.AddSession(o.t.Context(), by, show.NewSession{Title: "Studio", HostName: "Bo"}))(o.t)
	o.told = nil
	return m.ID
}

func (o *office) who(token show.Token) show.Principal {
	o.t.Helper()
	p, _, err := o.Who(o.t.Context(), token)
	if err != nil {
		o.t.Fatal(err)
	}
	return p
}

func TestSetup(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	first := o.token()
	if !o.SetupOpen() || len(first) < 43 {
		t.Fatalf("open %v, link %q", o.SetupOpen(), string(first))
	}
	_, err := o.Setup(ctx, elsewhere, "guessed", "Ana", password)
	want(t, err, show.Gone)
	_, err = o.Setup(ctx, elsewhere, first, "Ana", "too short")
	want(t, err, show.Invalid)
	_, err = o.Setup(ctx, elsewhere, first, " ", password)
	want(t, err, show.Invalid)

	o.now = o.now.Add(time.Hour) // at its end
	_, err = o.Setup(ctx, elsewhere, first, "Ana", password)
	want(t, err, show.Gone)
	second := o.token()
	file := filepath.Join(o.dir, "setup-link")
	if text, err := os.ReadFile(file); err != nil || string(text) != "http://localhost:8080/setup#"+string(second)+"\n" {
		t.Errorf("the file holds %q (%v)", text, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v (%v)", info, err)
	}
	o.restart(declared)
	if third := o.token(); third == second {
		t.Error("a restart kept the link")
	}
	in := must(o.Setup(ctx, elsewhere, o.token(), "Ana", password))(t)
	if me := o.who(in.Token); me.Role != show.Admin || me.Name != "Ana" || me.Kind != show.Account {
		t.Errorf("%+v", me)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) || o.SetupOpen() {
		t.Errorf("the link is still there: %v", err)
	}
	_, err = o.Setup(ctx, elsewhere, second, "Eve", password)
	want(t, err, show.Gone)
	o.restart(declared)
	if o.SetupOpen() || o.who(in.Token).Name != "Ana" {
		t.Error("the administrator is lost")
	}
}

func TestGuessingIsSlow(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	for range 10 {
		_, err := o.Setup(ctx, elsewhere, "guessed", "Eve", password)
		want(t, err, show.Gone)
	}
	_, err := o.Setup(ctx, elsewhere, o.token(), "Eve", password) // even the right one
	want(t, err, show.TooMany)
	_, err = o.Invitation(ctx, elsewhere, "guessed")
	want(t, err, show.TooMany)
	_, err = o.Invitation(ctx, "192.0.2.8:1", "guessed")
	want(t, err, show.NotFound)

	must(o.Setup(ctx, "192.0.2.8:1", o.token(), "Ana", password))(t)
	for range 10 {
		_, err := o.SignIn(ctx, elsewhere, "Ana", "not her password")
		want(t, err, show.SignedOut)
	}
	_, err = o.SignIn(ctx, elsewhere, "Ana", password)
	want(t, err, show.TooMany)
	must(o.SignIn(ctx, "192.0.2.8:1", "ana", password))(t)
	o.now = o.now.Add(31 * time.Second)
	must(o.SignIn(ctx, elsewhere, "ANA", password))(t)
}

// TestGuessingAnAccountIsSlow: from many addresses.
func TestGuessingAnAccountIsSlow(t *testing.T) {
	o := newOffice(t)
	for i := range 30 {
		_, err := o.SignIn(t.Context(), fmt.Sprintf("192.0.2.%d:1", i), "nobody", "not a password")
		want(t, err, show.SignedOut)
	}
	_, err := o.SignIn(t.Context(), "198.51.100.1:1", "Nobody", "not a password")
	want(t, err, show.TooMany)
	_, err = o.SignIn(t.Context(), "198.51.100.1:1", "another", "not a password")
	want(t, err, show.SignedOut)
}

// TestSignInStates: what becomes of a cookie.
func TestSignInStates(t *testing.T) {
	signedIn := func(o *office, in show.SignedIn) bool { return o.who(in.Token).Kind == show.Account }
	for name, test := range map[string]struct {
		then func(*office, show.User, show.SignedIn) error
		good bool
	}{
		"just now":      {func(o *office, _ show.User, _ show.SignedIn) error { return nil }, true},
		"29 days later": {func(o *office, _ show.User, _ show.SignedIn) error { o.now = noon.Add(29 * 24 * time.Hour); return nil }, true},
		"30 days later": {func(o *office, _ show.User, _ show.SignedIn) error { o.now = noon.Add(30 * 24 * time.Hour); return nil }, false},
		"seen on the way": {func(o *office, _ show.User, in show.SignedIn) error {
			o.now = noon.Add(20 * 24 * time.Hour)
			o.who(in.Token)
			o.now = noon.Add(45 * 24 * time.Hour)
			return nil
		}, true},
		"signed out": {func(o *office, _ show.User, in show.SignedIn) error { return o.SignOut(o.t.Context(), in.Token) }, false},
		"disabled": {func(o *office, u show.User, _ show.SignedIn) error {
			yes := true
			_, err := o.ChangeUser(o.t.Context(), operator, u.ID, show.UserPatch{Disabled: &yes})
			return err
		}, false},
		"another role": {func(o *office, u show.User, _ show.SignedIn) error {
			r := show.Moderator
			_, err := o.ChangeUser(o.t.Context(), operator, u.ID, show.UserPatch{Role: &r})
			return err
		}, false},
		"another name": {func(o *office, u show.User, _ show.SignedIn) error {
			n := "Beatrice"
			_, err := o.ChangeUser(o.t.Context(), operator, u.ID, show.UserPatch{Name: &n})
			return err
		}, true},
		"a new password by an administrator": {func(o *office, u show.User, _ show.SignedIn) error {
			p := "another good password"
			_, err := o.ChangeUser(o.t.Context(), operator, u.ID, show.UserPatch{Password: &p})
			return err
		}, false},
		"a new password of one's own": {func(o *office, u show.User, in show.SignedIn) error {
			return o.ChangePassword(o.t.Context(), o.who(in.Token), in.Token, password, "another good password")
		}, true},
		"a new password from another browser": {func(o *office, u show.User, in show.SignedIn) error {
			return o.ChangePassword(o.t.Context(), o.who(in.Token), "another", password, "another good password")
		}, false},
		"removed": {func(o *office, u show.User, _ show.SignedIn) error {
			return o.RemoveUser(o.t.Context(), operator, u.ID)
		}, false},
		"a restart":    {func(o *office, _ show.User, _ show.SignedIn) error { o.restart(declared); return nil }, true},
		"housekeeping": {func(o *office, _ show.User, _ show.SignedIn) error { return o.store.Tidy(o.t.Context(), o.now) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			u, made, err := o.AddUser(t.Context(), operator, show.NewUser{Name: "Bea", Role: show.Creator, Password: password})
			if err != nil || made != "" {
				t.Fatal(made, err)
			}
			in := must(o.SignIn(t.Context(), elsewhere, "Bea", password))(t)
			if !signedIn(o, in) {
				t.Fatal("not signed in")
			}
			if err := test.then(o, u, in); err != nil {
				t.Fatal(err)
			}
			if got := signedIn(o, in); got != test.good {
				t.Errorf("signed in: %v", got)
			}
		})
	}
}

func TestThereIsAlwaysAnAdministrator(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	u, made, err := o.AddUser(ctx, operator, show.NewUser{Name: "Ana", Role: show.Admin})
	if err != nil || len(made) != 26 || o.SetupOpen() {
		t.Fatal(made, err, o.SetupOpen())
	}
	must(o.SignIn(ctx, elsewhere, "Ana", made))(t)
	no, role := true, show.Creator
	want(t, o.RemoveUser(ctx, operator, u.ID), show.Conflict)
	_, err = o.ChangeUser(ctx, operator, u.ID, show.UserPatch{Disabled: &no})
	want(t, err, show.Conflict)
	_, err = o.ChangeUser(ctx, operator, u.ID, show.UserPatch{Role: &role})
	want(t, err, show.Conflict)
	_, _, err = o.AddUser(ctx, operator, show.NewUser{Name: "aNA", Role: show.Admin})
	want(t, err, show.Conflict)
	_, _, err = o.AddUser(ctx, operator, show.NewUser{Name: "Zoe", Role: show.Host})
	want(t, err, show.Invalid)
	_, _, err = o.AddUser(ctx, operator, show.NewUser{Name: "Zoe", Role: show.Admin})
	want(t, err, "")
	want(t, o.RemoveUser(ctx, operator, u.ID), "")
	want(t, o.RemoveUser(ctx, operator, u.ID), show.NotFound)
}

// When a declared session is planned is kept here: the configuration has no place
// for it. All else of it is the configuration's.
func TestDeclaredSessionIsPlanned(t *testing.T) {
	o := newOffice(t)
	starts, ends, title := noon.Add(time.Hour), noon.Add(2*time.Hour), "Mine"
	m, err := o.ChangeSession(t.Context(), operator, "declared", show.SessionPatch{Starts: &starts, Ends: &ends})
	if err != nil || !m.Starts.Equal(starts) || !m.Ends.Equal(ends) {
		t.Fatalf("%+v %v", m, err)
	}
	if _, err := o.ChangeSession(t.Context(), operator, "declared", show.SessionPatch{Title: &title, Starts: &starts}); show.KindOf(err) != show.Conflict {
		t.Errorf("its title can be changed: %v", err)
	}
	o.restart(declared)
	if at := o.Stages()[0]; at.Title != "From the file" || !at.Starts.Equal(starts) || !at.Ends.Equal(ends) {
		t.Errorf("after a restart it is %+v", at)
	}
	if err := o.RemoveSession(t.Context(), operator, "declared"); show.KindOf(err) != show.Conflict {
		t.Errorf("it can be deleted: %v", err)
	}
}
