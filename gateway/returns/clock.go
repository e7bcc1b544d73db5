package returns

import (
	"math/rand/v2"
	"time"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/media"
)

// maxJump is how far a source's time may step away from the wall clock's before it
// is taken for another time altogether.
const maxJump = 2 * time.Second

// gap lies between two sources: what a packet of sound lasts.
const gap = 20 * time.Millisecond

// clock gives one slot's picture and sound their RTP timestamps. Both count the wall
// clock from a random start (RFC 3550 section 5.1), so that they go on over every
// change of who is in the slot; a source's own time is laid on it when it begins.
// It is pure.
type clock struct {
	epoch  time.Time
	offset [2]uint32

	laid   bool
	origin time.Duration    // since epoch, of the source's time 0
	last   [2]time.Duration // since epoch, of the latest frame, by media.Kind
	wall   [2]time.Duration // when that came
	steady [2]bool          // it came from the present source
}

func newClock(now time.Time) clock {
	return clock{epoch: now, offset: [2]uint32{rand.Uint32(), rand.Uint32()}, last: [2]time.Duration{-gap, -gap}}
}

// restart says that another source comes.
func (c *clock) restart() { c.laid, c.steady = false, [2]bool{} }

// stamp is the RTP timestamp of a frame with the source's time pts that comes now.
// It is later than the one before.
func (c *clock) stamp(k media.Kind, pts time.Duration, now time.Time) uint32 {
	wall := now.Sub(c.epoch)
	at := c.origin + pts
	if step := (at - c.last[k]) - (wall - c.wall[k]); c.steady[k] && (step > maxJump || step < -maxJump) {
		c.restart()
	}
	if !c.laid {
		c.laid = true
		c.origin = max(wall, c.last[0]+gap, c.last[1]+gap) - pts
		at = c.origin + pts
	}
	if at <= c.last[k] {
		at = c.last[k] + time.Millisecond
	}
	c.last[k], c.wall[k], c.steady[k] = at, wall, true
	return c.at(k, at)
}

// report is the timestamp that belongs to the wall-clock time now.
func (c *clock) report(k media.Kind, now time.Time) uint32 { return c.at(k, now.Sub(c.epoch)) }

func (c *clock) at(k media.Kind, t time.Duration) uint32 {
	rate := int64(transcode.VideoClock)
	if k == media.Audio {
		rate = transcode.AudioClock
	}
	return c.offset[k] + uint32(int64(t/time.Second)*rate+int64(t%time.Second)*rate/int64(time.Second))
}
