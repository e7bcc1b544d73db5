package audience

import "time"

// minStall is when hls.js calls a standstill a stall: STALL_MINIMUM_DURATION_MS of
// its gap controller.
const minStall = 250 * time.Millisecond

// buffer is what a player has loaded of its one or two tracks, and its playhead.
// Media time is since an epoch that the tracks share. It knows no clock: its
// caller says what time it is, in order.
type buffer struct {
	ends  []time.Duration // of media time, per track; -1: nothing yet
	head  time.Duration   // playhead, at the time at
	at    time.Time
	state state
	dryAt time.Time // when the playhead came to stand

	stalls, dips int64
	stalled      time.Duration
	watched      time.Duration
}

type state uint8

const (
	waiting state = iota // for the first picture
	playing
	dry
)

// newBuffer is a player who will begin at head as soon as all tracks are there.
func newBuffer(tracks int, head time.Duration) *buffer {
	b := &buffer{head: head, ends: make([]time.Duration, tracks)}
	for i := range b.ends {
		b.ends[i] = -1
	}
	return b
}

// end is how far all tracks are loaded.
func (b *buffer) end() time.Duration {
	e := b.ends[0]
	for _, other := range b.ends[1:] {
		e = min(e, other)
	}
	return e
}

// load says that a track is now loaded to media time end. It reports whether the
// first picture appears with it.
func (b *buffer) load(now time.Time, track int, end time.Duration) (first bool) {
	b.advance(now)
	b.ends[track] = max(b.ends[track], end)
	if b.end() <= b.head {
		return false
	}
	switch b.state {
	case waiting:
		first = true
	case dry:
		b.standstill(now)
	case playing:
		return false
	}
	b.state, b.at = playing, now
	return first
}

// advance plays up to now.
func (b *buffer) advance(now time.Time) {
	if b.state != playing || !now.After(b.at) {
		return
	}
	to := b.head + now.Sub(b.at)
	if end := b.end(); to > end {
		b.state, b.dryAt = dry, now.Add(end-to)
		to = end
	}
	b.watched += to - b.head
	b.head, b.at = to, now
}

// standstill counts one that ends now.
func (b *buffer) standstill(now time.Time) {
	d := now.Sub(b.dryAt)
	b.stalled += d
	if d >= minStall {
		b.stalls++
	} else {
		b.dips++
	}
}

// stop ends the playing; a standstill that lasts is counted.
func (b *buffer) stop(now time.Time) {
	b.advance(now)
	if b.state == dry {
		b.standstill(now)
		b.state = waiting
	}
}

// jump moves the playhead of a player who has fallen behind, or past a hole.
func (b *buffer) jump(now time.Time, head time.Duration) {
	b.advance(now)
	if b.state == playing {
		b.state, b.dryAt = dry, now
	}
	b.head, b.at = max(b.head, head), now
}
