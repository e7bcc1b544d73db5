package audience

import (
	"testing"
	"time"
)

// TestBuffer: what a player sees, in milliseconds.
func TestBuffer(t *testing.T) {
	type step struct {
		at, track, end int // track -1: only time passes
	}
	for _, c := range []struct {
		name           string
		tracks, head   int
		steps          []step
		first          int // at which step the picture appears
		stalls, dips   int64
		stalled, head2 int
	}{
		{"in time", 1, 0, []step{{0, 0, 333}, {300, 0, 666}, {600, 0, 1000}, {900, -1, 0}}, 0, 0, 0, 0, 900},
		{"the start position is not there yet", 1, 500, []step{{0, 0, 333}, {20, 0, 666}, {120, -1, 0}}, 1, 0, 0, 0, 600},
		{"a dip", 1, 0, []step{{0, 0, 300}, {400, 0, 600}}, 0, 0, 1, 100, 300},
		{"a stall as hls.js counts", 1, 0, []step{{0, 0, 300}, {550, 0, 600}}, 0, 1, 0, 250, 300},
		{"a stall that does not end", 1, 0, []step{{0, 0, 300}, {2300, -1, 0}}, 0, 1, 0, 2000, 300},
		{"sound apart is late", 2, 0, []step{{0, 0, 1000}, {10, 1, 200}, {500, 1, 1000}}, 1, 1, 0, 290, 200},
		{"what came again changes nothing", 1, 0, []step{{0, 0, 600}, {10, 0, 300}, {500, -1, 0}}, 0, 0, 0, 0, 500},
	} {
		t.Run(c.name, func(t *testing.T) {
			ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
			start := time.Unix(1000, 0)
			b := newBuffer(c.tracks, ms(c.head))
			for i, s := range c.steps {
				now := start.Add(ms(s.at))
				if s.track < 0 {
					b.advance(now)
				} else if first := b.load(now, s.track, ms(s.end)); first != (i == c.first) {
					t.Errorf("step %d: first picture %v", i, first)
				}
			}
			b.stop(start.Add(ms(c.steps[len(c.steps)-1].at)))
			if b.stalls != c.stalls || b.dips != c.dips || b.stalled != ms(c.stalled) || b.head != ms(c.head2) {
				t.Errorf("%d stalls, %d dips, stood %v, at %v; want %d, %d, %v, %v", b.stalls, b.dips, b.stalled, b.head, c.stalls, c.dips, ms(c.stalled), ms(c.head2))
			}
		})
	}
}

// TestBufferJump: who falls behind stands until there is media at the new place.
func TestBufferJump(t *testing.T) {
	b := newBuffer(1, 0)
	now := time.Unix(1000, 0)
	b.load(now, 0, time.Second)
	b.jump(now.Add(500*time.Millisecond), 5*time.Second)
	b.load(now.Add(900*time.Millisecond), 0, 6*time.Second)
	b.stop(now.Add(time.Second))
	if b.stalls != 1 || b.stalled != 400*time.Millisecond || b.head != 5100*time.Millisecond {
		t.Errorf("%d stalls, stood %v, at %v", b.stalls, b.stalled, b.head)
	}
}
