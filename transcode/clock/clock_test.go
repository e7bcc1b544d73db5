package clock

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/regie-live/regie/transcode/media"
)

const ms = time.Millisecond

// publisher simulates one: a frame every 33.3 ms and a packet of sound every
// 21.3 ms on its own clock, sent when complete, delayed by the network.
type publisher struct {
	speed  float64                               // its clock against ours
	start  time.Duration                         // first PTS
	delay  func(at time.Duration) time.Duration  // network delay of what is sent at this time
	stamp  func(pts time.Duration) time.Duration // changes timestamps; nil leaves them
	length time.Duration
}

// run calls each in order of arrival; captured is the program time at which the
// picture or sound happened.
func (p publisher) run(each func(k media.Kind, pts, captured, arrival time.Duration)) {
	type track struct{ next, step time.Duration }
	tracks := [2]track{{0, time.Second / 30}, {0, 1024 * time.Second / 48000}}
	var last time.Duration
	for {
		k := 0
		if tracks[1].next < tracks[0].next {
			k = 1
		}
		t := &tracks[k]
		captured := time.Duration(float64(t.next) / p.speed)
		sent := captured
		if k == 1 {
			sent = time.Duration(float64(t.next+t.step) / p.speed)
		}
		if captured > p.length {
			return
		}
		pts := p.start + t.next
		if p.stamp != nil {
			pts = p.stamp(pts)
		}
		arrival := max(last, sent+p.delay(sent)) // TCP keeps the order
		last = arrival
		each(media.Kind(k), pts, captured, arrival)
		t.next += t.step
	}
}

func jitter(base, most time.Duration, seed uint64) func(time.Duration) time.Duration {
	r := rand.New(rand.NewPCG(seed, 1))
	return func(time.Duration) time.Duration { return base + time.Duration(r.Int64N(int64(most))) }
}

// TestKeepsTime: a publisher that keeps time within a crystal's tolerance is
// mapped to a constant delay for an hour, smoothly, and never jumps.
func TestKeepsTime(t *testing.T) {
	for _, c := range []struct {
		name  string
		speed float64
		most  time.Duration // jitter on top of 30 ms
		hi    time.Duration
	}{
		{"exact", 1, 2 * ms, 33 * ms},
		{"fast", 1 + 200e-6, 10 * ms, 40 * ms},
		{"slow", 1 - 200e-6, 10 * ms, 40 * ms},
		// Delays keep the order, so one late unit makes those behind it late and
		// the least delay is met rarely.
		{"jitter", 1 + 50e-6, 80 * ms, 65 * ms},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s Source
			jumps := 0
			var lo, hi time.Duration = time.Hour, -time.Hour
			p := publisher{speed: c.speed, start: 17 * time.Hour, delay: jitter(30*ms, c.most, 3), length: time.Hour}
			var lastAt, lastPTS [2]time.Duration
			p.run(func(k media.Kind, pts, captured, arrival time.Duration) {
				at, jumped := s.Map(k, pts, arrival)
				if jumped {
					jumps++
				}
				if captured > 5*time.Second {
					d := at - captured
					lo, hi = min(lo, d), max(hi, d)
					if bend := (at - lastAt[k]) - (pts - lastPTS[k]); abs(bend) > time.Duration(float64(pts-lastPTS[k]+c.most)*slew)+ms/10 {
						t.Fatalf("at %v the map bent by %v in one step", captured, bend)
					}
				}
				lastAt[k], lastPTS[k] = at, pts
			})
			if jumps != 1 {
				t.Errorf("%d jumps, want the first only", jumps)
			}
			if lo < 28*ms || hi > c.hi {
				t.Errorf("delay between %v and %v, want between 28 ms and %v", lo, hi, c.hi)
			}
		})
	}
}

// TestFollows: whatever a publisher does, what it sends is mapped close to its
// arrival again soon, and both tracks by the same amount.
func TestFollows(t *testing.T) {
	still := func(time.Duration) time.Duration { return 20 * ms }
	for _, c := range []struct {
		name     string
		p        publisher
		from     time.Duration // look after this time
		early    time.Duration // most that a unit may be mapped after its arrival
		late     time.Duration // most that it may be mapped before its arrival
		minJumps int
		maxJumps int
	}{
		{"jump ahead", publisher{speed: 1, delay: still, stamp: func(p time.Duration) time.Duration {
			if p > 10*time.Second {
				p += 77 * time.Minute
			}
			return p
		}}, 0, 5 * ms, 30 * ms, 2, 2},
		{"jump back to zero", publisher{speed: 1, start: time.Hour, delay: still, stamp: func(p time.Duration) time.Duration {
			if p > time.Hour+10*time.Second {
				p -= time.Hour + 10*time.Second
			}
			return p
		}}, 0, 5 * ms, 30 * ms, 2, 2},
		{"one and a half times too fast", publisher{speed: 1.5, delay: still}, 0, 320 * ms, 30 * ms, 5, 30},
		{"0.7 of its speed", publisher{speed: 0.7, delay: still}, 3 * time.Second, 5 * ms, 700 * ms, 5, 30},
		{"burst at the start", publisher{speed: 1, delay: func(at time.Duration) time.Duration {
			return max(20*ms, 800*ms-at)
		}}, 2 * time.Second, 5 * ms, 30 * ms, 1, 1},
		{"stall of 3 s, then all at once", publisher{speed: 1, delay: func(at time.Duration) time.Duration {
			if at > 10*time.Second && at < 13*time.Second {
				return 13*time.Second - at + 20*ms
			}
			return 20 * ms
		}}, 13500 * ms, 5 * ms, 30 * ms, 1, 1},
		{"path 400 ms longer", publisher{speed: 1, delay: func(at time.Duration) time.Duration {
			if at > 10*time.Second {
				return 420 * ms
			}
			return 20 * ms
		}}, 13 * time.Second, 5 * ms, 40 * ms, 2, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s Source
			jumps := 0
			c.p.length = 20 * time.Second
			c.p.run(func(k media.Kind, pts, captured, arrival time.Duration) {
				at, jumped := s.Map(k, pts, arrival)
				if jumped {
					jumps++
				}
				if captured < c.from {
					return
				}
				if at-arrival > c.early || arrival-at > c.late {
					t.Fatalf("%v sent at %v: mapped %v from its arrival", k, captured, at-arrival)
				}
			})
			if jumps < c.minJumps || jumps > c.maxJumps {
				t.Errorf("%d jumps, want %d to %d", jumps, c.minJumps, c.maxJumps)
			}
		})
	}
}

// TestSoundAlone: sound that loses its time, at once or for ever, is mapped near its
// arrival again, as is sound that catches up; the pictures stay where they are. What
// is late and can be waited for is let be.
func TestSoundAlone(t *testing.T) {
	for name, c := range map[string]struct {
		stamp func(pts time.Duration) time.Duration
		late  time.Duration // most that sound may be mapped before its arrival, after 20 s
		jumps int
	}{
		"a twentieth is lost":    {func(p time.Duration) time.Duration { return p * 19 / 20 }, 330 * ms, 15},
		"a third is lost":        {func(p time.Duration) time.Duration { return p * 2 / 3 }, 400 * ms, 110},
		"seven seconds are lost": {func(p time.Duration) time.Duration { return p - min(max(p-10*time.Second, 0), 7*time.Second) }, 250 * ms, 30},
		"lost and caught up with": {func(p time.Duration) time.Duration {
			if p > 10*time.Second && p < 30*time.Second {
				p -= 7 * time.Second
			}
			return p
		}, 250 * ms, 5},
		"400 ms late": {func(p time.Duration) time.Duration { return p - 400*ms }, 450 * ms, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var s Source
			jumps := 0
			p := publisher{speed: 1, start: time.Hour, delay: jitter(20*ms, 10*ms, 4), length: time.Minute}
			p.run(func(k media.Kind, pts, captured, arrival time.Duration) {
				if k == media.Audio {
					pts = time.Hour + c.stamp(pts-time.Hour)
				}
				at, jumped := s.Map(k, pts, arrival)
				if jumped && captured > ms {
					jumps++
				}
				if k == media.Video && abs(at-captured-20*ms) > 50*ms {
					t.Fatalf("picture of %v mapped to %v", captured, at)
				}
				if k == media.Audio && captured > 20*time.Second && (at-arrival > regained || arrival-at > c.late) {
					t.Fatalf("sound of %v mapped %v from its arrival", captured, at-arrival)
				}
			})
			if jumps > c.jumps {
				t.Errorf("%d jumps, want %d", jumps, c.jumps)
			}
		})
	}
}

// TestReordered: pictures in decoding order are no jump.
func TestReordered(t *testing.T) {
	var s Source
	order := []int{0, 4, 2, 1, 3, 8, 6, 5, 7}
	for i := range 900 {
		pts := time.Duration(i/9*9+order[i%9]) * time.Second / 30
		if _, jumped := s.Map(media.Video, pts, time.Duration(i)*time.Second/30); jumped != (i == 0) {
			t.Fatalf("picture %d: jumped %v", i, jumped)
		}
	}
}

// TestReset: the next publisher on the same seat starts afresh.
func TestReset(t *testing.T) {
	var s Source
	s.Map(media.Audio, time.Hour, time.Second)
	s.Reset()
	if at, jumped := s.Map(media.Audio, 0, 2*time.Second); at != 2*time.Second || !jumped {
		t.Errorf("got %v, %v", at, jumped)
	}
}
