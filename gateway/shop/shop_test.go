package shop

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/regie-live/regie/gateway/internal/outside"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/gateway/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var ana = show.Principal{Kind: show.Account, Name: "Ana", Role: show.Creator}

// rig is a shop with a real store and a program that notes what it is told.
type rig struct {
	*Service
	store *store.Store
	reg   *prometheus.Registry

	mu      sync.Mutex
	offAir  bool
	program []string
	pages   map[string]show.Pin
	shown   int
	viewers int
}

func open(t *testing.T, dir string, allow ...string) *rig {
	t.Helper()
	r := &rig{reg: prometheus.NewRegistry(), pages: map[string]show.Pin{}, viewers: 7}
	var err error
	if r.store, err = store.Open(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	for _, id := range []show.SessionID{"studio", "other"} {
		if err := r.store.PutSession(t.Context(), show.StoredSession{Managed: show.Managed{ID: id}, Created: time.Now()}, show.AuditEntry{}); err != nil {
			t.Fatal(err)
		}
	}
	client := outside.New(outside.Options{Allow: allow, MaxBytes: 1 << 20})
	r.Service, err = Open(t.Context(), Options{
		Store: r.store, Fetch: client, Registerer: r.reg, Logger: slog.New(slog.DiscardHandler),
		Announce: r.announce,
		Tell: func(of show.SessionID, c show.Change) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.pages[string(of)+" "+c.Key] = c.Value.(show.Pin)
		},
		Shown:   func(show.SessionID, show.Pin) { r.mu.Lock(); r.shown++; r.mu.Unlock() },
		Viewers: func(show.SessionID) int { r.mu.Lock(); defer r.mu.Unlock(); return r.viewers },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = r.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		<-done
		client.Close()
		if err := r.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func (r *rig) announce(of show.SessionID, p show.Pin, ended bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.offAir {
		return errors.New("the session is not on air")
	}
	what := fmt.Sprintf("%s %s %v", of, p.Title, p.Stock != nil)
	if ended {
		what += fmt.Sprintf(" over after %v", p.Seconds)
	}
	r.program = append(r.program, what)
	return nil
}

func (r *rig) said() string {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	all := strings.Join(r.program, "; ")
	r.program = nil
	return all
}

func (r *rig) offline(off bool) { r.mu.Lock(); r.offAir = off; r.mu.Unlock() }

func (r *rig) cup(t *testing.T) show.Product {
	t.Helper()
	p, err := r.AddProduct(t.Context(), ana, show.Product{Session: "studio", Title: "Cup", Price: "12.5", Currency: "eur", URL: "https://shop.example/cup"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (r *rig) pinned(t *testing.T, p show.Product, seconds int) show.Pin {
	t.Helper()
	pin, err := r.AddPin(t.Context(), ana, "studio", show.NewPin{Product: p.ID, Seconds: seconds})
	if err != nil {
		t.Fatal(err)
	}
	return pin
}

func TestPinBeginsAndEndsWithTheProgram(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, t.TempDir())
		cup := r.cup(t)
		began := time.Now()
		pin := r.pinned(t, cup, 0)
		if said := r.said(); said != "studio Cup false" {
			t.Errorf("the program heard %q", said)
		}
		want := show.Pin{ID: pin.ID, Product: cup.ID, Title: "Cup", Price: "12.50", Currency: "EUR", Link: "/p/" + string(pin.ID), Start: began.UTC(), Seconds: 60}
		if d := cmp.Diff(want, pin); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff(map[string]show.Pin{"studio pin/" + string(pin.ID): want}, r.pages); d != "" {
			t.Error(d)
		}
		stock := 32
		if _, err := r.ChangeProduct(t.Context(), ana, cup.ID, show.ProductPatch{Stock: &stock}); err != nil {
			t.Fatal(err)
		}
		if said := r.said(); said != "studio Cup true" {
			t.Errorf("of a stock the program heard %q", said)
		}
		time.Sleep(59 * time.Second)
		if said := r.said(); said != "" {
			t.Errorf("before its end the program heard %q", said)
		}
		time.Sleep(time.Second)
		if said := r.said(); said != "studio Cup true over after 60" {
			t.Errorf("at its end the program heard %q", said)
		}
		stock--
		if _, err := r.ChangeProduct(t.Context(), ana, cup.ID, show.ProductPatch{Stock: &stock}); err != nil {
			t.Fatal(err)
		}
		if said := r.said(); said != "" {
			t.Errorf("of a pin that is over the program heard %q", said)
		}
		if got := r.Pins("studio")[0]; *got.Stock != 31 || *r.pages["studio pin/"+string(pin.ID)].Stock != 31 {
			t.Errorf("the drawer shows %+v", got)
		}
		if n := testutil.ToFloat64(r.metrics.shown); n != 1 || r.shown != 1 {
			t.Errorf("shown %v times, and %d were told", n, r.shown)
		}
	})
}

func TestEndPin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, t.TempDir())
		pin := r.pinned(t, r.cup(t), 30)
		time.Sleep(12300 * time.Millisecond)
		if err := r.EndPin(t.Context(), ana, "other", pin.ID); show.KindOf(err) != show.NotFound {
			t.Errorf("from another session: %v", err)
		}
		r.said()
		for range 2 { // the second is of one that is over
			if err := r.EndPin(t.Context(), ana, "studio", pin.ID); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		if said := r.said(); said != "studio Cup false over after 12.3" {
			t.Errorf("the program heard %q", said)
		}
		if stored, err := r.store.Pins(t.Context()); err != nil || len(stored) != 1 || stored[0].Seconds != 12.3 {
			t.Errorf("%+v (%v)", stored, err)
		}
		log, err := r.store.Audit(t.Context(), 9)
		if err != nil || len(log) != 3 || log[0].Act != "pin.end" || log[1].Act != "pin.add" || log[1].By != "Ana" || log[1].Session != "studio" {
			t.Errorf("%+v (%v)", log, err)
		}
	})
}

func TestRefusedPins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, t.TempDir())
		cup := r.cup(t)
		for name, test := range map[string]struct {
			of   show.SessionID
			ask  show.NewPin
			kind show.ErrorKind
		}{
			"no product":               {"studio", show.NewPin{Product: "none"}, show.NotFound},
			"another session's":        {"other", show.NewPin{Product: cup.ID}, show.NotFound},
			"for ever":                 {"studio", show.NewPin{Product: cup.ID, Seconds: 3601}, show.Invalid},
			"for less than no time":    {"studio", show.NewPin{Product: cup.ID, Seconds: -1}, show.Invalid},
			"for longer than there is": {"studio", show.NewPin{Product: cup.ID, Seconds: 1 << 62}, show.Invalid},
		} {
			if _, err := r.AddPin(t.Context(), ana, test.of, test.ask); show.KindOf(err) != test.kind {
				t.Errorf("%s: %v", name, err)
			}
		}
		r.offline(true)
		if _, err := r.AddPin(t.Context(), ana, "studio", show.NewPin{Product: cup.ID}); show.KindOf(err) != show.Conflict {
			t.Errorf("off air: %v", err)
		}
		if stored, err := r.store.Pins(t.Context()); err != nil || len(stored) != 0 || len(r.Pins("studio")) != 0 || r.shown != 0 {
			t.Errorf("%+v is kept (%v)", stored, err)
		}
	})
}

// A pin goes on after a restart, once there is a program again.
func TestPinOutlivesTheProcess(t *testing.T) {
	dir := t.TempDir()
	var cup show.Product
	var first, second show.Pin
	t.Run("before", func(t *testing.T) {
		r := open(t, dir)
		cup = r.cup(t)
		first, second = r.pinned(t, cup, 1), r.pinned(t, cup, 3600)
		if r.Open(second.ID, true) != "https://shop.example/cup" {
			t.Error("the pin leads nowhere")
		}
	})
	r := open(t, dir)
	r.mu.Lock()
	known := len(r.pages)
	r.mu.Unlock()
	if d := cmp.Diff([]show.Pin{first, second}, r.Pins("studio")); d != "" || known != 2 {
		t.Errorf("%s; pages know %d", d, known)
	}
	r.OnAir("studio")
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(r.heard(), "studio Cup false"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the program heard %q", r.heard())
		}
	}
	report, err := r.Report(t.Context(), "studio")
	if err != nil || !strings.Contains(string(report), string(second.ID)+",Cup,") || !strings.Contains(string(report), ",1\n") {
		t.Errorf("%s (%v)", report, err)
	}
}

func (r *rig) heard() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.program, "; ")
}

func TestReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, t.TempDir())
		time.Sleep(30 * time.Second) // of a minute: the bubble's clock begins with one
		cup := r.cup(t)
		equals := "=1+1"
		if _, err := r.ChangeProduct(t.Context(), ana, cup.ID, show.ProductPatch{Title: &equals}); err != nil {
			t.Fatal(err)
		}
		pin := r.pinned(t, cup, 90)
		synctest.Wait() // the viewers of this minute are counted
		for range 3 {
			if got := r.Open(pin.ID, true); got != "https://shop.example/cup" {
				t.Errorf("the pin leads to %q", got)
			}
		}
		r.mu.Lock()
		r.viewers = 9
		r.mu.Unlock()
		time.Sleep(time.Minute)
		r.Open(pin.ID, true)
		r.Open(pin.ID, false)   // only looked at
		time.Sleep(time.Minute) // it is over, and still opened from the drawer
		r.Open(pin.ID, true)
		if url := r.Open("https://evil.example", true); url != "" {
			t.Errorf("an unknown pin leads to %q", url)
		}
		report, err := r.Report(t.Context(), "studio")
		if err != nil {
			t.Fatal(err)
		}
		row := string(pin.ID) + ",'=1+1,2000-01-01T00:0"
		if want := "pin,product,minute,shown,opened\n" + row + "0:00Z,7,3\n" + row + "1:00Z,9,1\n" + row + "2:00Z,0,1\n"; string(report) != want {
			t.Errorf("the report is\n%s\nwant\n%s", report, want)
		}
		if n := testutil.ToFloat64(r.metrics.clicked); n != 5 {
			t.Errorf("%v clicks", n)
		}
		if other, err := r.Report(t.Context(), "other"); err != nil || string(other) != "pin,product,minute,shown,opened\n" {
			t.Errorf("%s (%v)", other, err)
		}
	})
}

func TestRemovedProduct(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, t.TempDir())
		cup := r.cup(t)
		if _, err := r.SetPicture(t.Context(), ana, cup.ID, pngFile(t)); err != nil {
			t.Fatal(err)
		}
		pin := r.pinned(t, cup, 60)
		if pin.Picture == "" {
			t.Error("the pin has no picture")
		}
		if err := r.RemoveProduct(t.Context(), ana, cup.ID); err != nil {
			t.Fatal(err)
		}
		got := r.Pins("studio")[0]
		if got.Title != "Cup" || got.Picture != "" || r.Open(pin.ID, true) != "https://shop.example/cup" {
			t.Errorf("%+v", got)
		}
		stored, err := r.store.Pins(t.Context())
		if d := cmp.Diff(got, stored[0].Pin); d != "" || err != nil {
			t.Error(d, err)
		}
		if err := r.store.RemoveSession(t.Context(), "studio", show.AuditEntry{}); err != nil {
			t.Fatal(err)
		}
		r.Forget("studio")
		if stored, err := r.store.Pins(t.Context()); err != nil || len(stored) != 0 || len(r.Pins("studio")) != 0 || r.Open(pin.ID, true) != "" {
			t.Errorf("%+v of a deleted session (%v)", stored, err)
		}
	})
}
