package store

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/regie-live/regie/gateway/show"
)

// asChild makes this test binary the process that is killed.
const asChild = "REGIE_STORE_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(asChild); dir != "" {
		child(dir)
		return
	}
	if dir := os.Getenv(asBanner); dir != "" {
		banFor(dir)
		return
	}
	if dir := os.Getenv(asChatter); dir != "" {
		chatter(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

func opened(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func user(n string) show.StoredUser {
	return show.StoredUser{Password: "$hash of " + n, User: show.User{ID: show.UserID("id-" + n), Name: n, Role: show.Creator, Created: noon}}
}

func entry(act string) show.AuditEntry { return show.AuditEntry{At: noon, By: "test", Act: act} }

// child adds accounts one after another for ever and says so of each that was
// acknowledged.
func child(dir string) {
	s, err := Open(context.Background(), dir)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for i := 0; ; i++ {
		name := fmt.Sprintf("user%d", i)
		if err := s.AddUser(context.Background(), user(name), nil, entry("user.add")); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(name)
	}
}

// killed runs this test binary with a setting until it has said n lines, kills it, and
// returns all that it said.
func killed(t *testing.T, setting string, n int) (acknowledged []string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), setting)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		acknowledged = append(acknowledged, lines.Text())
		if len(acknowledged) == n {
			if err := cmd.Process.Kill(); err != nil { // SIGKILL; what is in the pipe still counts
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // killed
	if len(acknowledged) < n {
		t.Fatalf("the child said %q", acknowledged)
	}
	return acknowledged
}

// TestKill9LosesNothing kills a process that writes, again and again, and looks
// for all that it had acknowledged.
func TestKill9LosesNothing(t *testing.T) {
	for round := range 5 {
		dir := t.TempDir()
		acknowledged := killed(t, asChild+"="+dir, 5+7*round)
		s, err := Open(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		users, err := s.Users(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		log, err := s.Audit(t.Context(), 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(users) != len(log) || len(users) < len(acknowledged) || len(users) > len(acknowledged)+1 {
			t.Errorf("%d accounts and %d audit entries, of which %d were acknowledged", len(users), len(log), len(acknowledged))
		}
		for _, name := range acknowledged {
			if _, ok, err := s.UserNamed(t.Context(), name); !ok || err != nil {
				t.Errorf("%s was acknowledged and is lost (%v)", name, err)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestOnlyTheOwnerReadsIt(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, fileName), nil, 0o644); err != nil { // somebody's touch
		t.Fatal(err)
	}
	s := opened(t, dir)
	if err := s.AddUser(t.Context(), user("ana"), nil, entry("user.add")); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, fileName+"*"))
	if err != nil || len(files) < 2 {
		t.Fatalf("%v (%v)", files, err)
	}
	for _, f := range files {
		if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v (%v)", f, info.Mode(), err)
		}
	}
}

func TestDurability(t *testing.T) {
	s := opened(t, t.TempDir())
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"} {
		var got string
		if err := s.write.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %s, want %s (%v)", pragma, got, want, err)
		}
	}
	if _, err := s.read.Exec(`DELETE FROM users`); err == nil {
		t.Error("what reads can write")
	}
}

func TestForeignFilesAreRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, fileName), []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "restore it from a backup") {
		t.Errorf("%v", err)
	}

	dir = t.TempDir()
	s, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.write.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "a newer Regie wrote this store") {
		t.Errorf("%v", err)
	}
}

// TestAChangeIsWholeOrNot: what fails half-way leaves nothing behind.
func TestAChangeIsWholeOrNot(t *testing.T) {
	s := opened(t, t.TempDir())
	key := show.StoredKey{Session: "nowhere", KeyInfo: show.KeyInfo{ID: "k", Participant: "guest1", Created: noon}}
	person := show.StoredParticipant{ID: "guest1", Name: "Mei", Role: show.Guest}
	if err := s.AddKey(t.Context(), key, &person, entry("key.new")); err == nil {
		t.Fatal("a key for no session")
	}
	if log, err := s.Audit(t.Context(), 10); err != nil || len(log) != 0 {
		t.Errorf("%v (%v)", log, err)
	}
	// Two accounts of one name, whatever the case.
	if err := s.AddUser(t.Context(), user("Ana"), nil, entry("user.add")); err != nil {
		t.Fatal(err)
	}
	other := user("ANA")
	if err := s.AddUser(t.Context(), other, nil, entry("user.add")); err == nil {
		t.Error("two accounts of one name")
	}
}

func TestManyWritersAndReaders(t *testing.T) {
	s := opened(t, t.TempDir())
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			if err := s.AddUser(t.Context(), user(fmt.Sprint(i)), nil, entry("user.add")); err != nil {
				t.Error(err)
			}
			if _, err := s.Users(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if users, err := s.Users(t.Context()); err != nil || len(users) != 40 {
		t.Errorf("%d accounts (%v)", len(users), err)
	}
}

// TestRoundTrip: what goes in comes out, over a restart.
func TestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ana := user("ana")
	in := show.SignIn{Hash: show.HashSecret("cookie"), User: ana.ID, Created: noon, Expires: noon.Add(time.Hour)}
	check(s.AddUser(ctx, ana, &in, entry("setup")))
	session := show.StoredSession{
		Managed: show.Managed{ID: "studio", Title: "First", HostName: "Ana", Owner: ana.ID, Starts: noon, Ends: noon.Add(time.Hour), Autostart: true},
		Created: noon, People: []show.StoredParticipant{{ID: "host", Name: "Ana", Role: show.Host}},
	}
	check(s.PutSession(ctx, session, entry("session.add")))
	mei := show.StoredParticipant{ID: "guest1", Name: "Mei", Role: show.Guest}
	key := show.StoredKey{Session: "studio", Hash: show.HashSecret("key"), KeyInfo: show.KeyInfo{ID: "k1", Participant: "guest1", Created: noon}}
	check(s.AddKey(ctx, key, &mei, entry("key.new")))
	check(s.KeysUsed(ctx, map[show.KeyID]time.Time{"k1": noon.Add(time.Minute)}))
	invite := show.StoredInvite{Session: "studio", Hash: show.HashSecret("invite"), InviteInfo: show.InviteInfo{
		ID: "i1", Participant: "guest1", Seat: show.Guest, Name: "Mei", Created: noon, Expires: noon.Add(2 * time.Hour)}}
	check(s.AddInvite(ctx, invite, nil, entry("invite.new")))
	for i := range 3 { // the newest two browsers stay
		joined := show.SignIn{Hash: show.HashSecret(fmt.Sprint("browser", i)), Invite: "i1", Created: noon.Add(time.Duration(i) * time.Minute), Expires: invite.Expires}
		mei.Name = fmt.Sprint("Mei ", i)
		check(s.Join(ctx, invite, mei, joined, 2, entry("invite.join")))
	}
	check(s.PutLogo(ctx, "studio", []byte("png"), entry("session.logo")))
	roof := show.StoredParticipant{ID: "guest2", Name: "Roof", Role: show.Guest, Source: "rtsp://u:p@cam/1", Reach: show.Private}
	gone := show.StoredParticipant{ID: "guest3", Name: "Door", Role: show.Guest, Source: "rtsp://u:p@cam/2"}
	check(s.PutParticipant(ctx, "studio", roof, entry("camera.add")))
	check(s.PutParticipant(ctx, "studio", gone, entry("camera.add")))
	gone.Removed = true
	check(s.RemoveParticipant(ctx, "studio", gone, noon, entry("camera.remove")))
	gone.Source = ""
	check(s.Close())

	s = opened(t, dir)
	got, err := s.Sessions(ctx)
	check(err)
	session.Logo, session.People = true, append(session.People, mei, roof, gone)
	if d := cmp.Diff([]show.StoredSession{session}, got); d != "" {
		t.Error(d)
	}
	keys, err := s.Keys(ctx)
	check(err)
	key.LastUsed = noon.Add(time.Minute)
	if d := cmp.Diff([]show.StoredKey{key}, keys); d != "" {
		t.Error(d)
	}
	stored, ok, err := s.InviteOf(ctx, invite.Hash)
	invite.Used, invite.Name = noon, "Mei 2"
	if d := cmp.Diff(invite, stored); d != "" || !ok || err != nil {
		t.Error(d, ok, err)
	}
	for cookie, want := range map[string]bool{"cookie": true, "browser0": false, "browser1": true, "browser2": true, "": false} {
		if _, ok, err := s.SignInOf(ctx, show.HashSecret(cookie)); ok != want || err != nil {
			t.Errorf("%s: %v (%v)", cookie, ok, err)
		}
	}
	if png, err := s.Logo(ctx, "studio"); string(png) != "png" || err != nil {
		t.Errorf("%q (%v)", png, err)
	}

	// Whoever goes takes all with them that is theirs, and no more.
	check(s.RemoveUser(ctx, ana.ID, entry("user.remove")))
	if got, err := s.Sessions(ctx); err != nil || len(got) != 1 || got[0].Owner != "" {
		t.Errorf("%+v (%v)", got, err)
	}
	mei.Removed = true
	check(s.RemoveParticipant(ctx, "studio", mei, noon, entry("person.remove")))
	if keys, err := s.Keys(ctx); err != nil || len(keys) != 0 {
		t.Errorf("%+v (%v)", keys, err)
	}
	if i, _, err := s.Invite(ctx, "i1"); err != nil || !i.Revoked {
		t.Errorf("%+v (%v)", i, err)
	}
	if _, ok, _ := s.SignInOf(ctx, show.HashSecret("browser2")); ok {
		t.Error("who was removed is signed in")
	}
	check(s.RemoveSession(ctx, "studio", entry("session.remove")))
	if i, err := s.Invites(ctx, ""); err != nil || len(i) != 0 {
		t.Errorf("%+v (%v)", i, err)
	}
	log, err := s.Audit(ctx, 3)
	if err != nil || len(log) != 3 || log[0].Act != "session.remove" || log[2].Act != "user.remove" {
		t.Errorf("%+v (%v)", log, err)
	}
}

func TestTidy(t *testing.T) {
	s := opened(t, t.TempDir())
	ana := user("ana")
	in := show.SignIn{Hash: show.HashSecret("cookie"), User: ana.ID, Created: noon, Expires: noon.Add(time.Hour)}
	if err := s.AddUser(t.Context(), ana, &in, entry("setup")); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		after time.Duration
		kept  bool
	}{{time.Hour - time.Millisecond, true}, {time.Hour, false}} {
		if err := s.Tidy(t.Context(), noon.Add(test.after)); err != nil {
			t.Fatal(err)
		}
		if _, ok, err := s.SignInOf(t.Context(), in.Hash); ok != test.kept || err != nil {
			t.Errorf("after %v: %v (%v)", test.after, ok, err)
		}
	}
}
