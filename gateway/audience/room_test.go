package audience_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/regie-live/regie/gateway/show"
)

type ctx = context.Context

func TestSaying(t *testing.T) {
	h := newHall(t)
	lou, _ := h.comes("Lou")
	first := h.must(lou, "hello <b>there</b>")
	reply, err := h.Say(t.Context(), host, studio, show.NewMessage{ID: h.id(), Text: "welcome", ReplyTo: first.ID}, "")
	if err != nil || reply.Said.ReplyTo != first.ID || reply.Said.Badge != "creator" {
		t.Errorf("the host's reply is %+v (%v)", reply, err)
	}
	if lost, err := h.Say(t.Context(), host, studio, show.NewMessage{ID: h.id(), Text: "and you", ReplyTo: "nothing-of-the-kind"}, ""); err != nil || lost.Said.ReplyTo != "" {
		t.Errorf("a reply to nothing is %+v (%v)", lost, err)
	}
	h.heard("message hello <b>there</b>", "message welcome", "message and you")
	r := h.snapshot(lou)
	if len(r.Messages) != 3 || !r.Messages[0].Mine || r.Messages[1].Mine || r.Me.Nickname != "Lou" {
		t.Errorf("Lou sees %+v", r)
	}
	anybody := h.snapshot(show.Principal{})
	if len(anybody.Messages) != 3 || anybody.Messages[0].Mine || anybody.Me.ID != "" || strings.Join(anybody.Me.May, " ") != "join" {
		t.Errorf("nobody in particular sees %+v", anybody)
	}
	if _, err := h.says(show.Principal{}, "and I?"); show.KindOf(err) != show.SignedOut {
		t.Errorf("without a name: %v", err)
	}
	h.phase = show.Ended
	_, err = h.says(lou, "too late")
	h.refuses(show.Conflict, err)
	if !h.snapshot(lou).State.Closed {
		t.Error("the room of a session that has ended is open")
	}
}

func TestSayingTwiceIsSayingOnce(t *testing.T) {
	h := newHall(t)
	lou, _ := h.comes("Lou")
	mei, _ := h.comes("Mei")
	n := show.NewMessage{ID: "the-same-id-again", Text: "once"}
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			heard, err := h.Say(t.Context(), lou, studio, n, "192.0.2.1")
			if err != nil && show.KindOf(err) != show.TooMany || err == nil && heard.Said.Text != "once" {
				t.Errorf("%+v (%v)", heard, err)
			}
		})
	}
	all.Wait()
	h.heard("message once")
	_, err := h.Say(t.Context(), mei, studio, n, "192.0.2.1")
	h.refuses(show.Conflict, err)
	for range 210 { // past what is kept in memory
		h.must(host, "on and on")
	}
	h.heard(strings.Split(strings.TrimSuffix(strings.Repeat("message on and on\n", 210), "\n"), "\n")...)
	if heard, err := h.Say(t.Context(), lou, studio, n, "192.0.2.1"); err != nil || heard.Said.Text != "once" {
		t.Errorf("long after: %+v (%v)", heard, err)
	}
	h.heard()
	h.close()
	h.open()
	if r := h.snapshot(lou); len(r.Messages) != 100 || r.Messages[99].Text != "on and on" {
		t.Errorf("after a restart there are %d messages", len(r.Messages))
	}
	if heard, err := h.Say(t.Context(), lou, studio, n, "192.0.2.1"); err != nil || heard.Said.Text != "once" {
		t.Errorf("after a restart: %+v (%v)", heard, err)
	}
	h.heard()
}

// Hostile texts are refused with a sentence, and change nothing.
func TestTextsThatAreRefused(t *testing.T) {
	h := newHall(t)
	lou, _ := h.comes("Lou")
	for name, n := range map[string]show.NewMessage{
		"nothing":             {Text: ""},
		"blanks":              {Text: " \n\t\u200b "},
		"too long":            {Text: strings.Repeat("é", 501)},
		"a megabyte":          {Text: strings.Repeat("x", 1<<20)},
		"an override":         {Text: "gnp.\u202Eexe"},
		"an isolate":          {Text: "\u2067abc"},
		"no UTF-8":            {Text: "\xff\xfe"},
		"a tower of marks":    {Text: "a" + strings.Repeat("\u0301", 9)},
		"an id too short":     {ID: "short", Text: "x"},
		"an id with a quote":  {ID: `0123456789abcdef"`, Text: "x"},
		"an id much too long": {ID: strings.Repeat("a", 41), Text: "x"},
	} {
		if n.ID == "" {
			n.ID = h.id()
		}
		h.pass(2 * time.Second)
		if _, err := h.Say(t.Context(), lou, studio, n, ""); show.KindOf(err) != show.Invalid || len(err.Error()) > 200 {
			t.Errorf("%s: %v", name, err)
		}
	}
	h.heard()
	if r := h.snapshot(lou); len(r.Messages) != 0 {
		t.Errorf("there is %+v", r.Messages)
	}
	h.must(lou, "שלום مرحبا 👩‍👩‍👧 🏴󠁧󠁢󠁳󠁣󠁴󠁿 naïve")
}

func TestNames(t *testing.T) {
	h := newHall(t)
	lou, token := h.comes("Lou")
	for name, why := range map[string]string{
		"Lou":                                "looks like",
		"lou":                                "looks like",
		"Ｌｏｕ":                                "looks like",
		"Lоu":                                "looks like", // Cyrillic о
		"L o u":                              "looks like",
		"Ana":                                "could pass for",
		"Аnа":                                "could pass for", // Cyrillic А, а
		"THEO":                               "could pass for",
		"Moderator":                          "could pass for",
		"Zoé, moderator":                     "could pass for",
		"Аdmin":                              "could pass for", // Cyrillic А
		"":                                   "Write something",
		"\u202Ecod":                          "direction",
		"👋":                                  "letters or digits",
		"a name of much too many characters": "1 to 24",
	} {
		_, made, err := h.Join(t.Context(), show.Principal{}, "", studio, name, "192.0.2.1")
		if err == nil || !strings.Contains(err.Error(), why) || made != "" {
			t.Errorf("%q: %v, want %q", name, err, why)
			continue
		}
		if _, other, found := strings.Cut(err.Error(), "such as "); found {
			if _, _, err := h.Join(t.Context(), show.Principal{}, "", studio, strings.TrimSuffix(other, "."), "192.0.2.1"); err != nil {
				t.Errorf("%q is suggested for %q, and refused: %v", other, name, err)
			}
		} else if why == "looks like" || why == "could pass for" {
			t.Errorf("nothing is suggested: %v", err)
		}
	}
	me, again, err := h.Join(t.Context(), lou, token, studio, "LOU", "192.0.2.1") // one's own may look like one's own
	if err != nil || again != "" || me.ID != lou.Viewer || me.Nickname != "LOU" {
		t.Errorf("renamed: %+v, %q (%v)", me, again, err)
	}
	if p, err := h.Who(t.Context(), "forged"); p.Kind != show.Anonymous || err != nil {
		t.Errorf("a forged cookie is %+v (%v)", p, err)
	}
	if me, made, err := h.Join(t.Context(), host, "", studio, "Somebody else", ""); made != "" || me.Nickname != "Ana" || me.Badge != "creator" || err != nil {
		t.Errorf("the host joins as %+v (%v)", me, err)
	}
	h.close()
	h.open()
	if p, err := h.Who(t.Context(), token); p.Viewer != lou.Viewer || p.Name != "LOU" || err != nil {
		t.Errorf("after a restart the cookie is %+v's (%v)", p, err)
	}
}

func TestTwoDoNotTakeOneName(t *testing.T) {
	h := newHall(t)
	var all sync.WaitGroup
	var mu sync.Mutex
	got := 0
	for range 8 {
		all.Go(func() {
			if _, _, err := h.Join(t.Context(), show.Principal{}, "", studio, "Sam", "192.0.2.1"); err == nil {
				mu.Lock()
				got++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if got != 1 {
		t.Errorf("%d got the same name", got)
	}
}

func TestTooFast(t *testing.T) {
	h := newHall(t)
	lou, _ := h.comes("Lou")
	n := 0
	for ; n < 50; n++ {
		if _, err := h.Say(t.Context(), lou, studio, show.NewMessage{ID: h.id(), Text: strings.Repeat("ha ", n+1)}, "192.0.2.1"); err != nil {
			h.refuses(show.TooMany, err)
			break
		}
	}
	if n < 3 || n > 10 {
		t.Errorf("%d at once were let through", n)
	}
	h.pass(5 * time.Second)
	h.must(lou, "calmer now")
	for range 30 {
		h.n++
		if _, err := h.Say(t.Context(), host, studio, show.NewMessage{ID: h.id(), Text: "the crew may"}, ""); err != nil {
			t.Fatal(err)
		}
	}
}

func TestModeratorsDecideFirst(t *testing.T) {
	h := newHall(t)
	lou, _ := h.comes("Lou")
	act := func(id, act string) {
		t.Helper()
		if err := h.mods.ActOnMessage(t.Context(), iris, studio, id, show.MessageAct{Act: act}); err != nil {
			t.Errorf("%s: %v", act, err)
		}
	}
	lever := func(name show.LeverName, on bool) {
		t.Helper()
		if _, err := h.mods.SetLever(t.Context(), iris, studio, name, show.LeverPatch{On: on}); err != nil {
			t.Error(err)
		}
	}
	lever(show.LeverHoldFirst, true)
	if s := h.snapshot(lou).State; !s.HoldFirst {
		t.Errorf("the state is %+v", s)
	}
	held, err := h.says(lou, "my first words")
	if err != nil || !held.Held || len(held.Why) == 0 {
		t.Fatalf("%+v (%v)", held, err)
	}
	h.heard()
	act(held.Said.ID, "approve")
	h.mu.Lock()
	if len(h.told) != 2 || h.told[0] != "message my first words" || !strings.Contains(h.told[1], `"approved"`) {
		t.Errorf("heard %q", h.told)
	}
	h.told = nil
	h.mu.Unlock()
	lever(show.LeverHoldFirst, false)

	m := h.must(lou, "not so kind")
	act(m.ID, "hide")
	if r := h.snapshot(lou); len(r.Messages) != 1 {
		t.Errorf("what is hidden is shown: %+v", r.Messages)
	}
	act(m.ID, "restore")
	act(m.ID, "delete")
	h.heard("message not so kind", "hidden "+m.ID, "restored not so kind", "deleted "+m.ID)
	h.close()
	h.open()
	if r := h.snapshot(lou); len(r.Messages) != 1 || r.Messages[0].Text != "my first words" {
		t.Errorf("after a restart: %+v", r.Messages)
	}
	if err := h.mods.ActOnPerson(t.Context(), iris, studio, lou.Viewer, show.PersonAct{Act: "ban"}); err != nil {
		t.Fatal(err)
	}
	_, err = h.says(lou, "again")
	h.refuses(show.Forbidden, err)
	h.refuses(show.Forbidden, h.React(t.Context(), lou, studio, "heart", 1, ""))
	if me := h.snapshot(lou).Me; !me.Banned {
		t.Errorf("who is banned is %+v", me)
	}
	if n := testutil.CollectAndCount(h.reg); n == 0 {
		t.Error("nothing is counted")
	}
}
