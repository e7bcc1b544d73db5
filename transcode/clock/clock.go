// Package clock maps a publisher's timestamps to program time.
//
// A publisher's clock starts anywhere, runs a little fast or slow, and reaches
// us through a network that only ever delays. So the least delayed access units
// tell the truth: the map is the running minimum of (arrival − PTS), taken over
// both tracks together, which keeps lip sync whatever either track suffers.
//
// It guarantees, for every Source:
//   - Both tracks go through the same map at any moment, unless sound alone has
//     lost so much of its time that it could not be played any more: then it is
//     mapped near its arrival again.
//   - The map moves by at most slew (0.5 %) while a publisher keeps time, so that
//     resampling can follow it unheard.
//   - A jump of more than a second, back or forth, and a publisher that sends
//     faster or slower than its own timestamps are followed at once: what it
//     sends is mapped near its arrival again, never seconds away. Jumps are told.
//   - It is pure: time comes in as an argument. State is a few hundred bytes.
package clock

import (
	"time"

	"github.com/regie-live/regie/transcode/media"
)

const (
	// slew is how fast the map follows its minimum: 5 ms a second. Crystals drift
	// by 0.1 ms a second; the rest is for changes of the network's delay.
	slew = 0.005

	// settle is how long after a start or jump the map follows an earlier arrival
	// at once. Publishers often begin with a burst that came late.
	settle = time.Second

	// bucket × buckets is the window of the minimum; recent of them are looked at
	// to find out that everything is late.
	bucket  = 250 * time.Millisecond
	buckets = 16
	recent  = 4

	// early is by how much an access unit may precede the map before the map
	// moves to it; late is by how much the best of the last second may lag.
	early = 300 * time.Millisecond
	late  = 200 * time.Millisecond

	// behind is by how much the best sound of a hold may lag while pictures do not.
	// The mixer waits 500 ms for sound; what lags more would never be heard.
	behind = 450 * time.Millisecond
	hold   = 250 * time.Millisecond
	// regained is by how much sound that had lost time may then be ahead.
	regained = 100 * time.Millisecond

	// jump is what tells a new timeline from jitter.
	jump = time.Second

	// back is how far timestamps of one track may go back: pictures come in
	// decoding order, and 16 reordered ones at 30 a second are 0.53 s.
	back = 600 * time.Millisecond

	// overlap is how long after a jump access units of the other track may still
	// belong to the timeline before it.
	overlap = 2 * time.Second
)

// Source maps one publisher's timestamps. The zero value is ready; a new
// publisher needs a new one, or Reset.
type Source struct {
	started bool
	offset  time.Duration // program time = PTS + offset
	base    time.Duration // arrival when the current timeline began
	moved   time.Duration // arrival when offset was last slewed

	previous time.Duration // offset of the timeline before
	jumped   bool          // there is such a timeline

	last [2]track

	lost  time.Duration // what the timestamps of sound lack, for a device that skips
	since time.Duration // arrival when the current hold began
	best  time.Duration // the least that its sound lagged
	seen  bool          // it has a picture that did not

	// mins holds the minimum of each bucket, newest at index head; used says how
	// many are filled.
	mins     [buckets]time.Duration
	head     int
	used     int
	headFrom time.Duration
}

type track struct {
	seen bool
	pts  time.Duration
}

// Reset forgets everything.
func (s *Source) Reset() { *s = Source{} }

// Map returns the program time of an access unit with timestamp pts that
// arrived at program time now. Calls must be in the order of arrival.
//
// jumped says that the timeline was moved: what follows does not connect to
// what came before.
func (s *Source) Map(kind media.Kind, pts, now time.Duration) (at time.Duration, jumped bool) {
	if kind == media.Audio {
		// What it had lost it may also have caught up with.
		if ahead := pts + s.lost + s.offset - now; ahead > regained {
			s.lost -= min(s.lost, ahead)
		}
		pts += s.lost
	}
	o := now - pts
	t := &s.last[kind&1]
	before := *t
	*t = track{seen: true, pts: pts}
	if !s.started {
		s.rebase(o, now)
		s.jumped = false
		return pts + s.offset, true
	}
	if s.jumped && now-s.base < overlap && abs(o-s.previous) < abs(o-s.offset) && abs(o-s.offset) > jump/2 {
		return pts + s.previous, false
	}
	if s.leaps(before, pts, o, now) {
		if kind == media.Audio {
			pts, o = pts-s.lost, o+s.lost
		}
		s.lost = 0
		s.rebase(o, now)
		return pts + s.offset, true
	}
	s.note(o, now)
	if s.allLate() {
		s.rebase(s.minimum(1), now)
		return pts + s.offset, true
	}
	s.follow(o, now)
	lost := s.loss(kind, o, now)
	s.lost += lost
	return pts + lost + s.offset, lost > 0
}

// leaps tells a new timeline: far ahead of the map, or far back on its own track
// and no longer near the map. Late and continuous is a stall, no jump.
func (s *Source) leaps(before track, pts, o, now time.Duration) bool {
	ahead := s.offset - o
	if now-s.base < settle && ahead < jump {
		return false // still part of the start: follow takes it
	}
	return ahead > early || before.seen && pts < before.pts-back && -ahead > jump
}

func (s *Source) rebase(o, now time.Duration) {
	s.previous, s.jumped = s.offset, s.started
	s.started = true
	s.offset, s.base, s.moved = o, now, now
	s.since, s.best, s.seen = now, 0, false
	s.mins[0], s.head, s.used, s.headFrom = o, 0, 1, now
}

// note enters o into the window. Time in which nothing arrives does not count,
// so that a stall does not push the good minima out.
func (s *Source) note(o, now time.Duration) {
	if now-s.headFrom < bucket {
		s.mins[s.head] = min(s.mins[s.head], o)
		return
	}
	s.head = (s.head + 1) % buckets
	s.used = min(s.used+1, buckets)
	s.mins[s.head], s.headFrom = o, now
}

// minimum is the least offset of the newest n buckets.
func (s *Source) minimum(n int) time.Duration {
	m := s.mins[s.head]
	for i := range min(n, s.used) {
		m = min(m, s.mins[(s.head-i+buckets)%buckets])
	}
	return m
}

// allLate reports that nothing of the last second came near its time: the
// publisher is slower than its clock, or its path has become longer.
func (s *Source) allLate() bool {
	return s.used > recent && s.minimum(recent) > s.offset+late
}

// loss is by how much sound lags, if none of a whole hold came near its time though
// pictures did.
func (s *Source) loss(kind media.Kind, o, now time.Duration) (lost time.Duration) {
	lag := o - s.offset
	if kind == media.Video {
		s.seen = s.seen || lag < late
		return 0
	}
	if now-s.since >= hold {
		most := behind
		if s.lost > 0 {
			most = late // known to lose: there is no sync to keep by waiting
		}
		if s.seen && s.best > most {
			lost = s.best
		}
		s.since, s.best, s.seen = now, lag-lost, false
	}
	s.best = min(s.best, lag-lost)
	return lost
}

// follow moves the map towards the window's minimum.
func (s *Source) follow(o, now time.Duration) {
	if now-s.base < settle {
		s.offset = min(s.offset, o)
		s.moved = now
		return
	}
	step := time.Duration(float64(now-s.moved) * slew)
	if step < time.Microsecond {
		return // keep the rounding away until more time has passed
	}
	s.moved = now
	d := s.minimum(buckets) - s.offset
	s.offset += min(max(d, -step), step)
}

func abs(d time.Duration) time.Duration { return max(d, -d) }
