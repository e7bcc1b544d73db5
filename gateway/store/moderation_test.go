package store

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regie-live/regie/gateway/show"
)

func said(id string) show.Said {
	return show.Said{ID: id, By: "v1", Name: "Lou", Text: "<b>hi</b>", At: noon}
}

// TestModeration: what moderators decide comes back over a restart, and each change
// has its entry in the audit log.
func TestModeration(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	s, err := Open(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	lou := show.Watched{ID: "v1", Name: "Lou", Since: noon, FirstSeen: noon, Note: "n", Banned: true, TimedOutUntil: noon.Add(time.Minute)}
	ban := show.Act{Act: "ban", By: "Iris", At: noon, Reason: "spam", Session: "studio"}
	want := show.StoredModeration{
		People:  []show.Watched{lou},
		Held:    []show.StoredHeld{{Session: "studio", Held: show.NewHeld(show.IsQuestion, said("q1"), []string{"word"})}},
		Hidden:  []show.HiddenMessage{{Session: "studio", Said: said("m1"), By: "Iris", Cause: "ban"}},
		Reports: []show.StoredReport{{Session: "studio", Said: said("m2"), By: "v2", Reason: "spam", Note: "x", At: noon}},
		Levers:  []show.StoredLever{{Session: "studio", Lever: show.Lever{Name: "slow", On: true, Value: 10, By: "u", NameOfBy: "Iris", Until: noon}}},
		Words:   &show.EventWords{Words: []string{"grumpf"}, Lists: []string{"fr"}, Review: &show.ReviewHook{URL: "https://x.example", TimeoutMS: 500, Fallback: "hold"}},
	}
	must(s.Moderate(ctx, show.ModerationChange{Person: &lou, Act: &ban, Hide: append(want.Hidden, show.HiddenMessage{Session: "studio", Said: said("m9"), Cause: "hide"})}, entry("audience.ban")))
	must(s.Moderate(ctx, show.ModerationChange{Unhide: []show.OfMessage{{Session: "studio", ID: "m9"}}}, entry("audience.restore")))
	must(s.Moderate(ctx, show.ModerationChange{Hold: &want.Held[0], Report: &want.Reports[0], Lever: &want.Levers[0], Words: want.Words}, show.AuditEntry{}))
	other := show.StoredHeld{Session: "studio", Held: show.NewHeld(show.IsMessage, said("m3"), nil)}
	must(s.Moderate(ctx, show.ModerationChange{Hold: &other}, show.AuditEntry{}))
	must(s.Moderate(ctx, show.ModerationChange{Unhold: &show.OfMessage{Session: "studio", ID: "m3"}, Unreport: &show.OfMessage{Session: "studio", ID: "nothing"}}, entry("audience.deny")))
	must(s.Close())

	s = opened(t, dir)
	got, err := s.Moderation(ctx)
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Error(d, err)
	}
	acts, err := s.ActsOf(ctx, "v1")
	if d := cmp.Diff([]show.Act{ban}, acts); d != "" || err != nil {
		t.Error(d, err)
	}
	must(s.Moderate(ctx, show.ModerationChange{Forget: "studio"}, show.AuditEntry{}))
	got, err = s.Moderation(ctx)
	if len(got.Held)+len(got.Hidden)+len(got.Reports)+len(got.Levers) > 0 || len(got.People) != 1 || got.Words == nil || err != nil {
		t.Errorf("of a session that is gone: %+v %v", got, err)
	}
	if log, err := s.Audit(ctx, 9); err != nil || len(log) != 3 || log[2].Act != "audience.ban" {
		t.Errorf("%+v %v", log, err)
	}
}

// asBanner makes this test binary ban people until it is killed.
const asBanner = "REGIE_STORE_TEST_BANS"

func banFor(dir string) {
	s, err := Open(context.Background(), dir)
	for i := 0; err == nil; i++ {
		who := show.Watched{ID: show.ViewerID(fmt.Sprintf("v%d", i)), FirstSeen: noon, Banned: true}
		held := show.StoredHeld{Session: "studio", Held: show.NewHeld(show.IsMessage, said(fmt.Sprintf("m%d", i)), []string{"word"})}
		err = s.Moderate(context.Background(), show.ModerationChange{
			Person: &who, Act: &show.Act{Act: "ban", At: noon}, Hold: &held,
			Hide: []show.HiddenMessage{{Session: "studio", Said: said(fmt.Sprintf("h%d", i)), Cause: "ban"}},
		}, entry("audience.ban"))
		if err == nil {
			fmt.Println(who.ID)
		}
	}
	fmt.Println(err)
	os.Exit(1)
}

// TestBansSurviveKill9: no ban that was acknowledged is lost, with what was hidden
// and held along with it, however the process ends.
func TestBansSurviveKill9(t *testing.T) {
	for _, bans := range []int{1, 9, 20} {
		dir := t.TempDir()
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), asBanner+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var told []string
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if told = append(told, lines.Text()); len(told) == bans {
				if err := cmd.Process.Kill(); err != nil { // SIGKILL; what is in the pipe still counts
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait() // killed
		if len(told) < bans {
			t.Fatalf("the child said %q", told)
		}
		m, err := opened(t, dir).Moderation(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n := len(m.People); n < len(told) || n > len(told)+1 || len(m.Held) != n || len(m.Hidden) != n {
			t.Errorf("%d bans with %d held and %d hidden, of which %d were acknowledged", n, len(m.Held), len(m.Hidden), len(told))
		}
		kept := map[string]bool{}
		for _, p := range m.People {
			kept[string(p.ID)] = p.Banned
		}
		for _, who := range told {
			if !kept[who] {
				t.Errorf("%s is not banned any more", who)
			}
		}
	}
}
