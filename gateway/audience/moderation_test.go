package audience_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/regie-live/regie/gateway/show"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestJudge: what is shown, held and refused.
func TestJudge(t *testing.T) {
	h := newHouse(t)
	lever := func(name show.LeverName, on bool, value int) {
		t.Helper()
		_, err := h.SetLever(t.Context(), iris, studio, name, show.LeverPatch{On: on, Value: value})
		h.ok(err)
	}
	h.ok(h.SetWords(t.Context(), bo, show.EventWords{Words: []string{"grumpf"}, Lists: []string{"en", "fr"}}))
	for _, tt := range []struct{ who, text, why string }{
		{"1", "hello", ""}, {"1", "see https://x.example", ""}, {"1", "what a gr.u.mpf", ""}, {"1", "GRÜMPF", "word"},
		{"1", "fils de pute", "word"}, {"1", "p\u0430ypal", "lookalike"}, {"1", strings.Repeat("a", 30), "repeat"},
		{"2", "buy", ""}, {"2", "BUY!", ""}, {"2", "b u y", "repeat"}, {"2", "now", ""},
	} {
		if _, why := h.says(tt.who, tt.text); why != tt.why {
			t.Errorf("%q is held for %q, want %q", tt.text, why, tt.why)
		}
	}
	h.ok(h.onPerson("1", "trust", 0))
	if _, why := h.says("1", "grumpf"); why != "" {
		t.Errorf("who is trusted is held for %s", why)
	}
	lever(show.LeverLinks, true, 0)
	if _, why := h.says("2", "see https://x.example"); why != "link" {
		t.Errorf("with links off it is held for %q", why)
	}
	lever(show.LeverHoldFirst, true, 0)
	if _, why := h.says("3", "hello"); why != "first" {
		t.Errorf("a first message is held for %q", why)
	}
	if _, why := h.says("2", "hello"); why != "" {
		t.Errorf("a later message is held for %q", why)
	}
	lever(show.LeverSlow, true, 5)
	h.clock = h.clock.Add(5 * time.Second)
	h.says("2", "one")
	_, _, err := h.try("2", "two")
	h.no(show.TooMany, err)
	h.clock = h.clock.Add(5 * time.Second)
	h.says("2", "two")
	lever(show.LeverPause, true, 0)
	_, _, err = h.try("2", "three")
	h.no(show.Conflict, err)
	crew := h.post("9", "crew", "grumpf https://x.example")
	crew.Crew = true
	if v, err := h.Judge(t.Context(), crew); err != nil || v.Held {
		t.Errorf("the crew: %+v %v", v, err)
	}
	h.clock = h.clock.Add(11 * time.Minute) // levers end at their moment
	if on := h.Levers(studio); len(on) != 0 {
		t.Errorf("%v are still on", on)
	}
	h.says("2", "three")
}

// The same ID again is the same thing.
func TestTwiceIsOnce(t *testing.T) {
	h := newHouse(t)
	for _, text := range []string{"hello", "fuck"} {
		p := h.post("1", "id-"+text, text)
		first, err := h.Judge(t.Context(), p)
		h.ok(err)
		again, err := h.Judge(t.Context(), p)
		h.ok(err)
		if !reflect.DeepEqual(first, again) {
			t.Errorf("%+v, then %+v", first, again)
		}
	}
	if v := h.View(studio); len(v.Messages) != 1 || len(v.Held) != 1 {
		t.Errorf("%+v", v)
	}
}

func TestHeld(t *testing.T) {
	h := newHouse(t)
	a, _ := h.says("1", "fuck")
	b, _ := h.says("2", "fuck")
	if got := testutil.ToFloat64(gauge(t, h.reg, "regie_moderation_queue_items", "held_messages")); got != 2 {
		t.Errorf("%v wait", got)
	}
	h.no(show.Conflict, h.onMessage(a, "hide"))
	h.ok(h.onMessage(a, "approve"))
	h.heard("publish message "+a, "tell 1 approved")
	h.ok(h.onMessage(b, "deny"))
	h.heard("tell 2 denied")
	if v := h.View(studio); len(v.Held) != 0 || len(v.Messages) != 1 || !v.Messages[0].At.Equal(h.clock) {
		t.Errorf("%+v", v)
	}
	if h.mods["held/"+a] != nil || h.mods["held/"+b] != nil || h.mods["message/"+a] == nil {
		t.Errorf("moderators see %v", h.mods)
	}
	h.no(show.NotFound, h.onMessage(b, "approve"))
}

// A session that is deleted leaves nothing that waits.
func TestForget(t *testing.T) {
	h := newHouse(t)
	h.says("1", "fuck")
	h.ok(h.Forget(t.Context(), studio))
	if g := h.Glance(studio); g.Held != 0 {
		t.Errorf("%+v", g)
	}
	if got := testutil.ToFloat64(gauge(t, h.reg, "regie_moderation_queue_items", "held_messages")); got != 0 {
		t.Errorf("%v wait", got)
	}
}

func TestHideAndUndo(t *testing.T) {
	h := newHouse(t)
	a, _ := h.says("1", "hello")
	b, _ := h.says("1", "there")
	h.ok(h.onMessage(a, "hide"))
	h.ok(h.onMessage(a, "hide"))
	h.heard("hide " + a)
	if v := h.View(studio); !v.Messages[0].Hidden || v.Messages[0].HiddenBy != "Iris" || !h.IsHidden(studio, a) {
		t.Errorf("%+v", v.Messages[0])
	}
	h.ok(h.onMessage(a, "restore"))
	h.heard("restore " + a + " hello")
	if m := h.mods["message/"+a].(show.ModMessage); m.Hidden || h.IsHidden(studio, a) {
		t.Errorf("%+v", m)
	}
	h.ok(h.onMessage(b, "delete"))
	h.heard("delete " + b)
	h.no(show.Gone, h.onMessage(b, "restore"))
	h.ok(h.Clear(t.Context(), iris, studio, "flood"))
	h.heard("clear")
	if !h.IsHidden(studio, a) {
		t.Error("after clear, a page that loads anew shows what was cleared")
	}
}

// TestBan: a ban hides what they said, also over a restart, and unban brings back
// that, but not what was hidden by hand.
func TestBan(t *testing.T) {
	h := newHouse(t)
	a, _ := h.says("1", "one")
	b, _ := h.says("1", "two")
	other, _ := h.says("2", "three")
	h.ok(h.onMessage(a, "hide"))
	h.told = nil
	h.ok(h.onPerson("1", "ban", 0))
	h.heard("tell 1 banned", "hide "+b)
	_, _, err := h.try("1", "four")
	h.no(show.Forbidden, err)
	h.no(show.Forbidden, h.Barred("1"))
	h.ok(h.Barred("2"))
	if _, why := h.says("2", "fine"); why != "" {
		t.Errorf("somebody else is held for %s", why)
	}
	newcomer := h.post("4", "m-4", "hello")
	newcomer.Remote = "192.0.2.1"
	if v, err := h.Judge(t.Context(), newcomer); err != nil || !slices.Equal(v.Why, []string{"first"}) {
		t.Errorf("who is new at the address: %+v %v", v, err)
	}
	h.close()
	h.open()
	h.no(show.Forbidden, h.Barred("1"))
	if !h.IsHidden(studio, a) || !h.IsHidden(studio, b) || h.IsHidden(studio, other) {
		t.Error("what was hidden is not what is hidden")
	}
	h.Recall(studio, show.Said{ID: b, By: "1", Name: "n1", Text: "two"})
	if v := h.View(studio); !v.Messages[0].Hidden || len(v.Held) != 1 || h.mods["held/m-4"] == nil {
		t.Errorf("after a restart: %+v", v)
	}
	h.ok(h.onPerson("1", "unban", 0))
	h.heard("tell 1 unbanned", "restore "+b+" two")
	if !h.IsHidden(studio, a) || h.IsHidden(studio, b) {
		t.Error("unban restores what the ban hid, and nothing else")
	}
	p := h.person("1")
	if len(p.Acts) != 2 || p.Acts[0].Act != "unban" || p.Acts[1].By != "Iris" || p.Banned || len(p.Messages) != 1 {
		t.Errorf("%+v", p)
	}
	h.ok(h.onPerson("1", "note", 0))
	if p := h.person("1"); p.Note != "n" {
		t.Errorf("%+v", p)
	}
	entries, err := h.store.Audit(t.Context(), 20)
	h.ok(err)
	if len(entries) != 4 || entries[1].Act != "audience.unban" || entries[2].Act != "audience.ban" || entries[2].By != "Iris" || entries[2].Of != "n1 (1): because" || entries[2].Session != studio {
		t.Errorf("the audit log has %+v", entries)
	}
}

func TestTimeout(t *testing.T) {
	h := newHouse(t)
	h.says("1", "one")
	h.no(show.Invalid, h.onPerson("1", "timeout", 5))
	h.no(show.Invalid, h.onPerson("1", "eat", 0))
	h.no(show.NotFound, h.onPerson("7", "ban", 0))
	for _, minutes := range []int{1, 10, 60} {
		h.told = nil
		h.ok(h.onPerson("1", "timeout", minutes))
		h.heard("tell 1 timed_out")
		end := h.clock.Add(time.Duration(minutes) * time.Minute)
		h.clock = end.Add(-2 * time.Second)
		_, _, err := h.try("1", "now?")
		h.no(show.TooMany, err)
		h.clock = end
		if _, why := h.says("1", fmt.Sprint("after ", minutes)); why != "" {
			t.Errorf("held for %s", why)
		}
	}
}

func TestReports(t *testing.T) {
	h := newHouse(t)
	a, _ := h.says("1", "one")
	h.no(show.Invalid, h.Report(t.Context(), "2", studio, a, "boring", ""))
	h.no(show.NotFound, h.Report(t.Context(), "2", studio, "m99", "spam", ""))
	for _, by := range []show.ViewerID{"2", "2", "3"} {
		h.ok(h.Report(t.Context(), by, studio, a, "spam", "x"))
	}
	h.close()
	h.open()
	if v := h.View(studio); len(v.Reports) != 1 || v.Reports[0].Count != 2 || v.Reports[0].Message.Text != "one" || !slices.Equal(v.Reports[0].Reasons, []string{"spam"}) {
		t.Fatalf("%+v", v.Reports)
	}
	h.ok(h.onMessage(a, "approve"))
	if v := h.View(studio); len(v.Reports) != 0 || h.mods["report/"+a] != nil {
		t.Errorf("%+v", v.Reports)
	}
	h.Recall(studio, show.Said{ID: a, By: "1", Name: "n1", Text: "one"})
	h.ok(h.Report(t.Context(), "2", studio, a, "abuse", ""))
	h.ok(h.onMessage(a, "hide"))
	if g := h.Glance(studio); g.Reports != 0 || !h.IsHidden(studio, a) {
		t.Errorf("%+v", g)
	}
}

// TestLeversAndClaims: who set it is told, and it ends by itself.
func TestLeversAndClaims(t *testing.T) {
	h := newHouse(t)
	_, err := h.SetLever(t.Context(), iris, studio, "turbo", show.LeverPatch{On: true})
	h.no(show.NotFound, err)
	l, err := h.SetLever(t.Context(), iris, studio, show.LeverSlow, show.LeverPatch{On: true})
	h.ok(err)
	if l.Value != 10 || l.NameOfBy != "Iris" || !l.Until.Equal(h.clock.Add(10*time.Minute)) {
		t.Errorf("%+v", l)
	}
	_, err = h.Claim(iris, studio, "m1", false)
	h.ok(err)
	_, err = h.Claim(bo, studio, "m1", false)
	h.no(show.Conflict, err)
	if !strings.HasPrefix(err.Error(), "Iris is on it") {
		t.Error(err)
	}
	h.no(show.Conflict, h.Release(bo, studio, "m1"))
	if c, err := h.Claim(bo, studio, "m1", true); err != nil || c.Name != "Bo" || h.mods["claim/m1"] != c {
		t.Errorf("taken over: %+v, %v", c, err)
	}
	h.close()
	h.clock = h.clock.Add(9 * time.Minute)
	h.open()
	if on := h.Levers(studio); len(on) != 1 {
		t.Errorf("after a restart %v are on", on)
	}
	_, err = h.Claim(iris, studio, "m1", false)
	h.ok(err)
	h.told = nil
	h.clock = h.clock.Add(time.Minute)
	h.Expire(t.Context())
	h.heard("levers 0")
	if l := h.mods["lever/slow"].(show.Lever); l.On || h.mods["claim/m1"] != nil {
		t.Errorf("%+v", h.mods)
	}
	_, err = h.Claim(bo, studio, "m1", false)
	h.ok(err)
	h.ok(h.Release(bo, studio, "m1"))
}

// TestReviewHook: a real service on this machine has a say.
func TestReviewHook(t *testing.T) {
	h := newHouse(t)
	verdict := `{"verdict":"deny"}`
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(verdict)) }))
	defer s.Close()
	hook := show.ReviewHook{URL: s.URL, TimeoutMS: 2000, Fallback: "allow"}
	h.ok(h.SetWords(t.Context(), bo, show.EventWords{Review: &hook}))
	if _, why := h.says("1", "hello"); why != "review" {
		t.Errorf("held for %q", why)
	}
	verdict = `{"verdict":"modify","text":"bonjour"}`
	v, id, err := h.try("1", "hello")
	if h.ok(err); v.Held || v.Text != "bonjour" || h.mods["message/"+id].(show.ModMessage).Text != "bonjour" {
		t.Errorf("%+v", v)
	}
	hook.URL = "https://10.0.0.1/"
	h.no(show.Invalid, h.SetWords(t.Context(), bo, show.EventWords{Review: &hook}))
	h.no(show.Invalid, h.SetWords(t.Context(), bo, show.EventWords{Lists: []string{"tlh"}}))
	if w := h.Words(); w.Review == nil || w.Review.URL != s.URL {
		t.Errorf("a refused change changed the words to %+v", w)
	}
}

// TestRecent: moderators see the last 300, and their pages let go of the others.
func TestRecent(t *testing.T) {
	h := newHouse(t)
	for i := range 305 {
		h.says(fmt.Sprint(i%7), fmt.Sprint("message number ", i))
	}
	if v := h.View(studio); len(v.Messages) != 300 || len(h.mods) != 300 || v.Messages[0].ID != "m6" {
		t.Errorf("%d messages from %s on, %d keys", len(v.Messages), v.Messages[0].ID, len(h.mods))
	}
	if p := h.person("3"); len(p.Messages) != 20 {
		t.Errorf("%d on the card", len(p.Messages))
	}
}

func TestMetricNames(t *testing.T) {
	h := newHouse(t)
	h.says("1", "fuck")
	if wrong, err := testutil.GatherAndLint(h.reg); err != nil || len(wrong) > 0 {
		t.Error(wrong, err)
	}
	if at := testutil.ToFloat64(gauge(t, h.reg, "regie_moderation_queue_oldest_timestamp_seconds", "held_messages")); at != float64(h.clock.Unix()) {
		t.Errorf("the oldest waits since %v", at)
	}
}
