package worker_test

import (
	"context"
	"fmt"
	"image/color"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/media"
	"github.com/regie-live/regie/transcode/testcard"
	"github.com/regie-live/regie/transcode/worker"
)

func command(ctx context.Context) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), worker.AsWorker+"=1")
	return cmd
}

// small is a program that two busy cores make easily.
var small = transcode.Program{Width: 640, Height: 360, FPS: 30, Kbps: 1500, GOP: 60, Part: 10}

// packet is one of the program with when it came.
type packet struct {
	transcode.Packet
	at time.Duration // program time
}

// returnUnit is one of a source with when it came.
type returnUnit struct {
	transcode.ReturnUnit
	at time.Duration // program time
}

// rig is a running Session and what comes out of it.
type rig struct {
	t   testing.TB
	s   *transcode.Session
	ctx context.Context

	mu      sync.Mutex
	packets []packet
	returns []returnUnit
	stats   transcode.Stats
	causes  []error
	keys    map[transcode.SourceID]int // keyframes asked for
	onKey   map[transcode.SourceID]func()
}

func newRig(t testing.TB, p transcode.Program) *rig {
	t.Helper()
	r := &rig{t: t, keys: map[transcode.SourceID]int{}, onKey: map[transcode.SourceID]func(){}}
	s, err := transcode.New(p, transcode.Options{
		Command: command,
		Logger:  slog.New(slog.NewTextHandler(logTo{t}, nil)),
		Events: transcode.Events{
			Output: func(p transcode.Packet) {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.packets = append(r.packets, packet{p, r.s.Now()})
			},
			Return: func(u transcode.ReturnUnit) {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.returns = append(r.returns, returnUnit{u, r.s.Now()})
			},
			Stats: func(st transcode.Stats) {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.stats = st
			},
			NeedKeyframe: func(id transcode.SourceID) {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.keys[id]++
				if f := r.onKey[id]; f != nil {
					f()
				}
			},
			Restarted: func(cause error) {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.causes = append(r.causes, cause)
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.s = s
	ctx, cancel := context.WithCancel(context.Background())
	r.ctx = ctx
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(5 * time.Second):
			t.Error("Run did not end")
		}
	})
	return r
}

type logTo struct{ t testing.TB }

func (l logTo) Write(b []byte) (int, error) {
	l.t.Log(string(b[:len(b)-1]))
	return len(b), nil
}

// participant publishes a test card until stopped.
type participant struct {
	stop func()
	card *testcard.Card
}

// join adds a source and publishes a card to it in real time. change may alter
// each access unit, or drop it by returning false.
func (r *rig) join(id transcode.SourceID, o testcard.Options, change func(*media.AccessUnit, time.Duration) bool) *participant {
	r.t.Helper()
	if err := r.s.SetSource(transcode.Source{ID: id, Name: string(id), Gain: 1}); err != nil {
		r.t.Fatal(err)
	}
	return r.publish(id, o, change)
}

// publish lets a new publisher send for a source.
func (r *rig) publish(id transcode.SourceID, o testcard.Options, change func(*media.AccessUnit, time.Duration) bool) *participant {
	r.t.Helper()
	card := r.open(o)
	r.s.SetTracks(id, card.Tracks())
	return r.send(id, card, 1, change)
}

// publishMore goes on as the same publisher, with another card.
func (r *rig) publishMore(id transcode.SourceID, o testcard.Options, change func(*media.AccessUnit, time.Duration) bool) *participant {
	r.t.Helper()
	return r.send(id, r.open(o), 1, change)
}

func (r *rig) open(o testcard.Options) *testcard.Card {
	r.t.Helper()
	card, err := testcard.Open(o)
	if err != nil {
		r.t.Fatal(err)
	}
	return card
}

// send pushes a card at pace times its own speed.
func (r *rig) send(id transcode.SourceID, card *testcard.Card, pace float64, change func(*media.AccessUnit, time.Duration) bool) *participant {
	r.t.Helper()
	r.mu.Lock()
	r.onKey[id] = card.RequestKeyframe
	r.mu.Unlock()
	ctx, cancel := context.WithCancel(r.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer card.Close()
		start := time.Now()
		timer := time.NewTimer(0)
		defer timer.Stop()
		for {
			au, due, err := card.Next()
			if err != nil {
				r.t.Errorf("card %s: %v", id, err)
				return
			}
			timer.Reset(time.Until(start.Add(time.Duration(float64(due) / pace))))
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
			}
			if change == nil || change(&au, due) {
				r.s.Push(transcode.Input{Source: id, AccessUnit: au})
			}
		}
	}()
	stop := func() { cancel(); <-done }
	r.t.Cleanup(stop)
	return &participant{stop: stop, card: card}
}

// grid shows the sources in up to four quarters of the program.
func (r *rig) grid(ids ...transcode.SourceID) {
	p := r.s.Program()
	w, h := p.Width/2, p.Height/2
	var sc transcode.Scene
	for i, id := range ids {
		sc.Cells = append(sc.Cells, transcode.Cell{
			Source: id, Fit: transcode.Contain, Caption: string(id),
			Rect: transcode.Rect{X: i % 2 * w, Y: i / 2 * h, W: w, H: h},
		})
	}
	r.s.SetScene(sc)
}

// wait polls until ok, which is called with the lock held.
func (r *rig) wait(what string, limit time.Duration, ok func() bool) {
	r.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(limit); time.Now().Before(end); <-tick.C {
		r.mu.Lock()
		yes := ok()
		r.mu.Unlock()
		if yes {
			return
		}
	}
	r.t.Fatalf("not within %v: %s", limit, what)
}

// until waits for the program to reach time t.
func (r *rig) until(t time.Duration) {
	r.t.Helper()
	r.wait("program time "+t.String(), max(t-r.s.Now(), 0)+5*time.Second, func() bool {
		for _, p := range r.packets[max(0, len(r.packets)-50):] {
			if p.Track == transcode.Video && p.PTS >= int64(t.Seconds()*transcode.VideoClock) {
				return true
			}
		}
		return false
	})
}

// live waits until the sources' pictures arrive, and returns the program time from
// which on they must be seen.
func (r *rig) live(ids ...transcode.SourceID) time.Duration {
	r.t.Helper()
	r.wait(fmt.Sprint("live: ", ids), 15*time.Second, func() bool {
		n := 0
		for _, s := range r.stats.SourceStats {
			if s.Live && slices.Contains(ids, s.ID) {
				n++
			}
		}
		return n == len(ids)
	})
	return r.s.Now() + time.Second
}

// taken returns the packets of one track so far.
func (r *rig) taken(track transcode.Track) []packet {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []packet
	for _, p := range r.packets {
		if p.Track == track {
			out = append(out, p)
		}
	}
	return out
}

var (
	red   = color.RGBA{200, 30, 30, 255}
	green = color.RGBA{30, 160, 40, 255}
	blue  = color.RGBA{30, 60, 200, 255}
	gold  = color.RGBA{210, 180, 40, 255}
)
