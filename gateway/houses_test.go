package gateway

import (
	"log/slog"
	"net/http"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/regie-live/regie/gateway/show"
)

// TestHousesComeAndGo: sessions are opened and closed while the appliance runs, and
// leave nothing behind.
func TestHousesComeAndGo(t *testing.T) {
	w := &wiring{o: Options{Config: testConfig(t), Version: "test", Logger: slog.New(slog.DiscardHandler)}}
	g, err := w.build()
	if err != nil {
		t.Fatal(err)
	}
	run(t, g)
	page := "http://" + g.Addrs().HTTP + "/api/v1/sessions/third"
	status := func() int {
		r, err := http.Get(page)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		return r.StatusCode
	}
	for range 2 {
		if got := status(); got != http.StatusNotFound {
			t.Fatalf("before it is opened: %d", got)
		}
		h := w.newHouse(show.Session{ID: "third", Title: "Third", Participants: []show.Participant{{ID: "host", Name: "Cleo", Role: show.Host, Gain: 1}}})
		if err := w.houses.open(h); err != nil {
			t.Fatal(err)
		}
		if err := w.houses.open(h); err == nil {
			t.Error("a second session of the same name was taken")
		}
		if got := status(); got != http.StatusOK {
			t.Errorf("while it is open: %d", got)
		}
		if err := w.houses.close("third"); err != nil {
			t.Error(err)
		}
		if err := w.houses.close("third"); err == nil {
			t.Error("it was closed twice")
		}
	}
	n, err := testutil.GatherAndCount(w.reg, "regie_session_info")
	if err != nil || n != len(w.o.Config.Sessions) {
		t.Errorf("%d sessions in the metrics: %v", n, err)
	}
}
