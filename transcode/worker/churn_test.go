package worker_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/media"
	"github.com/regie-live/regie/transcode/testcard"
)

// resident is a process's memory in MB.
func resident(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kb := 0
	if _, err := fmt.Sscan(rest, &kb); err != nil {
		t.Fatal(err)
	}
	return kb >> 10
}

// TestChurn: publishers that come and go, sources that are added and removed and
// scenes that change, hundreds of times, leave nothing behind in the worker.
func TestChurn(t *testing.T) {
	t.Parallel()
	r := newRig(t, small)
	card := r.open(testcard.Options{Color: green, W: 640, H: 360, Kbps: 800})
	defer card.Close()
	tracks := card.Tracks()
	var units []media.AccessUnit
	for len(units) < 60 {
		au, _, err := card.Next()
		if err != nil {
			t.Fatal(err)
		}
		units = append(units, au)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	cycle := func(n int) {
		id := transcode.SourceID(fmt.Sprint("guest", n%3))
		if err := r.s.SetSource(transcode.Source{ID: id, Name: fmt.Sprint("Name ", n), Gain: 1}); err != nil {
			t.Fatal(err)
		}
		r.s.SetTracks(id, tracks)
		for _, au := range units {
			au.PTS += time.Duration(n) * time.Minute
			r.s.Push(transcode.Input{Source: id, AccessUnit: au})
		}
		if n%2 == 0 {
			r.grid("guest0", "guest1", "guest2")
		} else {
			r.grid(id)
		}
		if n%5 == 4 {
			r.s.RemoveSource(id)
		}
		<-tick.C
	}
	r.grid("guest0")
	r.until(time.Second)
	for n := range 150 {
		cycle(n)
	}
	r.mu.Lock()
	pid := r.stats.PID
	r.mu.Unlock()
	before := resident(t, pid)
	for n := range 300 {
		cycle(150 + n)
	}
	after := resident(t, pid)
	t.Logf("%d MB after 150 cycles, %d MB after 450", before, after)
	if after > before*3/2+40 {
		t.Errorf("the worker grew from %d to %d MB", before, after)
	}
	r.until(r.s.Now() + time.Second)
	checkTimeline(t, r)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.causes) > 0 {
		t.Errorf("workers died: %v", r.causes)
	}
}
