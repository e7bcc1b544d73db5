package worker_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/media"
	"github.com/regie-live/regie/transcode/testcard"
)

// workerPID finds the process of the rig's present worker.
func (r *rig) workerPID() int {
	r.t.Helper()
	pid := 0
	r.wait("a worker", 5*time.Second, func() bool { pid = r.stats.PID; return pid != 0 })
	return pid
}

// TestWorkerDies: the program goes on from where it was, and shows the
// participants again at once, from the pictures since their last keyframe.
func TestWorkerDies(t *testing.T) {
	for _, c := range []struct {
		name   string
		signal unix.Signal
		within time.Duration
		cause  string
	}{
		{"killed", unix.SIGKILL, time.Second, "killed"},
		{"hangs", unix.SIGSTOP, 3 * time.Second, "hangs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, small)
			r.grid("host", "guest1")
			// No keyframe comes after the first: only replay can bring pictures.
			for _, id := range []transcode.SourceID{"host", "guest1"} {
				r.join(id, testcard.Options{Name: string(id), Color: green, ToneHz: 440, W: 320, H: 180, Kbps: 500, GOP: 100000}, nil)
				r.mu.Lock()
				r.onKey[id] = nil
				r.mu.Unlock()
			}
			seen := r.live("host", "guest1")
			r.until(seen + time.Second)
			pid := r.workerPID()
			died := r.s.Now()
			if err := unix.Kill(pid, c.signal); err != nil {
				t.Fatal(err)
			}
			r.wait("another worker's picture", c.within+5*time.Second, func() bool {
				return len(r.causes) > 0 && r.packets[len(r.packets)-1].Track == transcode.Video && r.stats.PID != pid
			})
			r.until(r.s.Now() + time.Second)
			checkTimeline(t, r)
			r.mu.Lock()
			cause := r.causes[0]
			r.mu.Unlock()
			if !strings.Contains(cause.Error(), c.cause) {
				t.Errorf("cause %q, want %q", cause, c.cause)
			}
			var before, after time.Duration
			for _, p := range r.taken(transcode.Video) {
				if p.at < died {
					before = p.at
				} else if after == 0 && p.at > died+50*time.Millisecond {
					after = p.at
					if !p.Key {
						t.Error("the new worker's first frame is no keyframe")
					}
				}
			}
			t.Logf("no frame for %v", after-before)
			if after-before > c.within {
				t.Errorf("no frame for %v, want at most %v", after-before, c.within)
			}
			frames(t, r.taken(transcode.Video), func(pts time.Duration, p *compose.Picture) {
				if pts < seen {
					return
				}
				for i := range 2 {
					if got := mean(p, quarter(small, i)); !near(got, green) {
						t.Errorf("at %v cell %d is %v: the participant is gone", pts, i, got)
					}
				}
			})
		})
	}
}

// TestSourceStops: one participant's cell alone changes when it stops: the last
// picture stands, then a name card comes. A participant that comes back is in its
// cell again.
func TestSourceStops(t *testing.T) {
	t.Parallel()
	r := newRig(t, small)
	r.grid("host", "guest1")
	r.join("host", testcard.Options{Name: "host", Color: red, ToneHz: 330, W: 320, H: 180, Kbps: 500}, nil)
	guest := testcard.Options{Name: "guest1", Color: blue, ToneHz: 550, W: 320, H: 180, Kbps: 500}
	p := r.join("guest1", guest, nil)
	seen := r.live("host", "guest1")
	r.until(seen + time.Second)
	p.stop()
	stopped := r.s.Now()
	r.s.SetTracks("guest1", nil)
	r.until(stopped + 4*time.Second)
	back := r.s.Now()
	r.publish("guest1", guest, nil)
	again := r.live("guest1")
	const settle = 4 // seconds that sound may take on a busy machine, as after any join
	r.until(again + settle*time.Second)
	checkTimeline(t, r)
	frames(t, r.taken(transcode.Video), func(pts time.Duration, p *compose.Picture) {
		if pts < seen {
			return
		}
		if got := mean(p, quarter(small, 0)); !near(got, red) {
			t.Errorf("at %v the host's cell is %v", pts, got)
		}
		shown := near(mean(p, quarter(small, 1)), blue)
		switch {
		case pts < stopped+2500*time.Millisecond && !shown:
			t.Errorf("at %v the guest's picture does not stand", pts)
		case pts > stopped+3500*time.Millisecond && pts < back && shown:
			t.Errorf("at %v the guest's picture still stands", pts)
		case pts > again && !shown:
			t.Errorf("at %v the guest is not back", pts)
		}
	})
	ps := r.taken(transcode.Opus)
	at := func(from time.Duration) []float64 {
		i := int(from.Seconds()*48000)/960 - int(ps[0].PTS)/960
		return sound(t, ps[i:i+45], opusTrack)[4800:]
	}
	if a := typical(at(stopped+time.Second), 550); a > 0.01 {
		t.Errorf("the guest is heard after it stopped: %.3f", a)
	}
	if a := typical(at(stopped+time.Second), 330); a < 0.1 {
		t.Errorf("the host is not heard: %.3f", a)
	}
	var heard []float64
	for n := range time.Duration(settle) {
		heard = append(heard, typical(at(again+n*time.Second), 550))
	}
	if slices.Max(heard) < 0.1 {
		t.Errorf("the guest is not heard again: %.3f", heard)
	}
}

// TestGarbage: damaged and invented access units cost their sender's cell, ask for
// a keyframe, and touch nobody else.
func TestGarbage(t *testing.T) {
	t.Parallel()
	r := newRig(t, small)
	r.grid("host", "guest1", "guest2")
	r.join("host", testcard.Options{Name: "host", Color: red, ToneHz: 330, W: 320, H: 180, Kbps: 500}, nil)
	var bad atomic.Bool
	rnd1, rnd2 := rand.New(rand.NewPCG(9, 9)), rand.New(rand.NewPCG(8, 8))
	r.join("guest1", testcard.Options{Name: "guest1", Color: blue, W: 320, H: 180, Kbps: 500}, func(au *media.AccessUnit, _ time.Duration) bool {
		if bad.Load() && rnd1.IntN(3) == 0 {
			d := append([]byte(nil), au.Data...)
			for range 1 + len(d)/50 {
				d[rnd1.IntN(len(d))] = byte(rnd1.Uint32())
			}
			au.Data = d
		}
		return true
	})
	// Noise that claims to be a keyframe, with timestamps from anywhere.
	r.join("guest2", testcard.Options{Name: "guest2", Color: gold, W: 320, H: 180, Kbps: 500}, func(au *media.AccessUnit, _ time.Duration) bool {
		d := make([]byte, 1+rnd2.IntN(4000))
		for i := range d {
			d[i] = byte(rnd2.Uint32())
		}
		copy(d, []byte{0, 0, 0, 1, 0x65})
		au.Data, au.Key = d, true
		au.PTS = time.Duration(rnd2.Int64N(1 << 50))
		return true
	})
	seen := r.live("host", "guest1")
	r.until(seen)
	bad.Store(true)
	r.until(seen + 3*time.Second)
	bad.Store(false)
	good := r.s.Now()
	// What was damaged without a sign stands until the next keyframe, which comes
	// every two seconds.
	r.until(good + 4*time.Second)
	checkTimeline(t, r)
	r.mu.Lock()
	asked, restarts, errs := r.keys["guest1"], len(r.causes), map[transcode.SourceID]uint64{}
	for _, s := range r.stats.SourceStats {
		errs[s.ID] = s.Errors
	}
	r.mu.Unlock()
	if asked == 0 || asked > 8 {
		t.Errorf("asked guest1 for a keyframe %d times in 3 s of damage, want once a second", asked)
	}
	if restarts != 0 {
		t.Errorf("%d workers died", restarts)
	}
	if errs["guest1"] == 0 || errs["guest2"] == 0 || errs["host"] != 0 {
		t.Errorf("errors counted: %v", errs)
	}
	frames(t, r.taken(transcode.Video), func(pts time.Duration, p *compose.Picture) {
		if got := mean(p, quarter(small, 0)); pts > seen && !near(got, red) {
			t.Errorf("at %v the host's cell is %v", pts, got)
		}
		if got := mean(p, quarter(small, 1)); pts > good+2500*time.Millisecond && !near(got, blue) {
			t.Errorf("at %v guest1 is not back: %v", pts, got)
		}
	})
}

// TestHostile: pictures that are too large or too many, and sizes and clocks that
// change in mid-stream, stay the affair of who sends them; memory stays bounded.
func TestHostile(t *testing.T) {
	t.Parallel()
	p := small
	p.MaxPixels = 320 * 180
	r := newRig(t, p)
	r.grid("host", "large", "many", "other")
	o := func(w int) testcard.Options { return testcard.Options{Color: blue, W: w, H: w * 9 / 16, Kbps: 500} }
	r.join("host", testcard.Options{Color: red, ToneHz: 330, W: 320, H: 180, Kbps: 500}, nil)
	r.join("large", o(640), nil)
	r.join("many", o(320), func(au *media.AccessUnit, _ time.Duration) bool {
		for range 20 {
			r.s.Push(transcode.Input{Source: "many", AccessUnit: *au})
			au.PTS += time.Millisecond
		}
		return true
	})
	other := r.join("other", o(320), nil)
	seen := r.live("host", "other")
	r.until(seen + time.Second)
	other.stop()
	// The same publisher goes on with another size and a clock that begins again.
	card := o(160)
	card.Color = gold
	r.publishMore("other", card, nil)
	changed := r.s.Now() + 2*time.Second
	r.until(changed + time.Second)
	checkTimeline(t, r)
	frames(t, r.taken(transcode.Video), func(pts time.Duration, pic *compose.Picture) {
		if got := mean(pic, quarter(p, 0)); pts > seen && !near(got, red) {
			t.Errorf("at %v the host's cell is %v", pts, got)
		}
		if got := mean(pic, quarter(p, 1)); near(got, blue) {
			t.Errorf("at %v the picture that is too large is shown", pts)
		}
		if got := mean(pic, quarter(p, 3)); pts > changed && !near(got, gold) {
			t.Errorf("at %v the picture of another size is not shown: %v", pts, got)
		}
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keys["many"] == 0 || r.stats.Dropped < 100 {
		t.Errorf("too many pictures: %d dropped, asked %d times for a keyframe", r.stats.Dropped, r.keys["many"])
	}
	for _, s := range r.stats.SourceStats {
		if (s.Errors > 0) != (s.ID == "large") && s.ID != "many" {
			t.Errorf("source %s: %d errors", s.ID, s.Errors)
		}
	}
	if len(r.causes) > 0 {
		t.Errorf("workers died: %v", r.causes)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.stats.PID))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kb := 0
	if _, err := fmt.Sscan(rest, &kb); err != nil {
		t.Fatal(err)
	}
	t.Logf("the worker used %d MB at most", kb>>10)
	if kb > 800<<10 { // the race detector takes five times as much
		t.Errorf("the worker used %d MB", kb>>10)
	}
}
