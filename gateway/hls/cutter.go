package hls

import (
	"slices"

	"github.com/regie-live/regie/transcode"
)

// audioQueue bounds the sound that waits for its picture: four seconds.
const audioQueue = 4 * transcode.AudioClock / 1024

// dropReason says why a packet reached no part, as a metric label.
type dropReason string

const (
	dropInvalid    dropReason = "invalid"     // not an H.264 access unit, or parameter sets that cannot be read
	dropIncomplete dropReason = "incomplete"  // another rung of its frame never came
	dropNoKeyframe dropReason = "no_keyframe" // decoding cannot start here
	dropLate       dropReason = "late"        // its time has been published already
	dropQueueFull  dropReason = "queue_full"  // sound without a picture
)

// sound is one AAC packet; pts in transcode.AudioClock.
type sound struct {
	pts  int64
	data []byte
}

// cut is one part as the cutter found it, or a whole segment of nothing.
type cut struct {
	first, end    int64 // frame indexes, end exclusive
	gap           bool  // nothing was encoded: a segment of its own
	frames        []frame
	audio         []sound
	params        []*params // by rung
	newSegment    bool      // the part starts a segment …
	discontinuity bool      // … that does not follow on from the one before
	segmentEnd    int64     // where its segment is meant to end
	endSegment    bool      // the part ends its segment, as meant or early
}

// cutter sorts packets into parts, the same for every rendition. It is pure: parts
// go to emit as soon as their last frame and their sound are there, and drop hears of
// every packet that reached none. The sound counts as the rendition after the last
// rung.
//
// Sound comes later than the picture of the same time, as coding it takes longer. A
// part waits for it, for at most soundLag: with the sound of the part before, its
// track would begin earlier than the part, and players that take the first sample for
// the part's time would be off by as much.
type cutter struct {
	grid   grid
	maxGap int64 // frames; a longer one is a discontinuity
	emit   func(cut)
	drop   func(rendition int, r dropReason)
	gather gatherer

	waiting       bool      // nothing can be decoded before the next keyframe
	params        []*params // by rung; nil until the first keyframe
	newSegment    bool      // the open part starts a segment
	discontinuity bool
	segmentEnd    int64
	partStart     int64
	partEnd       int64
	frames        []frame // of the open part
	closed        []cut   // parts that wait for their sound
	last          int64   // index of the newest frame taken

	audio     []sound // not yet in a part
	lastAudio int64   // PTS of the newest packet taken
	audioFrom int64   // no sound before this
}

func newCutter(g grid, rungs int, maxGap int64, emit func(cut), drop func(int, dropReason)) *cutter {
	return &cutter{
		grid: g, maxGap: maxGap, emit: emit, drop: drop,
		gather: gatherer{rungs: rungs, drop: drop}, last: -1, lastAudio: -1,
	}
}

// soundLag is how much later than the picture its sound may come, in milliseconds.
// Sound that is later than that is not waited for.
const soundLag = 400

// sound takes one AAC packet. Sound waits for the part that covers its time; when
// that part has gone, it goes into the next.
func (c *cutter) sound(s sound) {
	if s.pts <= c.lastAudio || s.pts < c.audioFrom {
		c.drop(c.gather.rungs, dropLate)
		return
	}
	if len(c.audio) == audioQueue {
		c.drop(c.gather.rungs, dropQueueFull)
		c.audio = append(c.audio[:0], c.audio[1:]...)
	}
	c.lastAudio = s.pts
	c.audio = append(c.audio, s)
	c.release(false)
}

// picture takes one access unit of a rung in Annex B form.
func (c *cutter) picture(rung int, pts int64, au []byte) {
	p, err := repack(au)
	if err != nil || p.data == nil || pts < 0 {
		c.drop(rung, dropInvalid)
		return
	}
	i := c.grid.index(pts)
	if i <= c.last {
		c.drop(rung, dropLate)
		return
	}
	f, broken := c.gather.add(rung, i, p)
	if broken {
		c.waiting = true // what follows may refer to the frame that was given up
	}
	if f != nil {
		c.take(*f)
	}
}

// take takes a frame that is there in all rungs.
func (c *cutter) take(f frame) {
	if c.joins(f.index) && (!f.key || f.index%c.grid.segment != 0) {
		return
	}
	sets := c.merge(f)
	changed := c.params != nil && sets != nil && !same(sets, c.params)
	if changed || c.params == nil || !c.advance(f) {
		if !f.key || sets == nil {
			for rung := range f.rungs {
				c.drop(rung, dropNoKeyframe)
			}
			return
		}
		c.begin(f.index, sets)
	}
	c.last = f.index
	c.release(false)
	c.frames = append(c.frames, f)
	if f.index == c.partEnd-1 {
		c.flush(c.partEnd)
	}
}

// joins says that nothing is cut yet and that the program has run for longer than a
// segment before its viewers could come: frame i is not its beginning. Then the
// first segment is a whole one, from a scheduled keyframe on, because one of a few
// frames would leave players nothing to begin with. What came before is not lost,
// so it is not counted.
func (c *cutter) joins(i int64) bool { return c.params == nil && i >= c.grid.segment }

// merge gives the parameter sets that hold from f on; nil when a rung has none yet.
func (c *cutter) merge(f frame) []*params {
	sets := make([]*params, len(f.rungs))
	for rung, p := range f.rungs {
		switch {
		case p.sets != nil:
			sets[rung] = p.sets
		case c.params != nil:
			sets[rung] = c.params[rung]
		default:
			return nil
		}
	}
	return sets
}

func same(a, b []*params) bool {
	for i := range a {
		if a[i] != b[i] && !a[i].equal(b[i]) {
			return false
		}
	}
	return true
}

// advance opens the part that f belongs to. It reports false, with everything
// before f flushed, when f cannot go on from there: a whole part had no picture,
// or what is there can be followed only by a keyframe.
func (c *cutter) advance(f frame) bool {
	if c.waiting && !f.key {
		return false
	}
	for f.index >= c.partEnd {
		if len(c.frames) == 0 {
			c.waiting = true
			return false
		}
		c.flush(c.partEnd)
	}
	if c.newSegment && len(c.frames) == 0 && !f.key {
		c.waiting = true
		return false
	}
	c.waiting = false
	return true
}

// begin starts a segment at frame i outside the schedule: at the very start,
// after a gap, or because the encoder's parameters changed.
func (c *cutter) begin(i int64, sets []*params) {
	if len(c.frames) > 0 {
		c.flush(min(i, c.partEnd))
	}
	c.release(true)
	joins := c.joins(i)
	if c.params != nil {
		c.discontinuity = !same(sets, c.params) || i-c.partStart > c.maxGap
		if i-c.partStart <= c.maxGap {
			c.fill(i)
		}
	}
	if c.params == nil || !same(sets, c.params) {
		c.params = sets
	}
	c.waiting = false
	c.newSegment = true
	c.segmentEnd = c.grid.borderAfter(i)
	c.partStart, c.partEnd = i, min(i+c.grid.part, c.segmentEnd)
	c.audioFrom = c.grid.samples(i)
	for len(c.audio) > 0 && c.audio[0].pts < c.audioFrom {
		if !joins {
			c.drop(c.gather.rungs, dropLate)
		}
		c.audio = c.audio[1:]
	}
}

// fill makes segments of nothing up to frame i, so that the playlist's time stays
// the program's (RFC 8216bis 6.2.1).
func (c *cutter) fill(i int64) {
	for c.partStart < i {
		end := min(i, c.grid.borderAfter(c.partStart))
		c.emit(cut{first: c.partStart, end: end, gap: true, params: c.params, newSegment: true, segmentEnd: end, endSegment: true})
		c.partStart = end
	}
}

// flush closes the open part, which has frames, and opens the one that follows.
func (c *cutter) flush(end int64) {
	out := cut{
		first: c.partStart, end: end, frames: c.frames, params: c.params,
		newSegment: c.newSegment, discontinuity: c.discontinuity,
		segmentEnd: c.segmentEnd, endSegment: end == c.segmentEnd || end < c.partEnd,
	}
	c.frames, c.newSegment, c.discontinuity = nil, false, false
	if out.endSegment {
		c.newSegment, c.segmentEnd = true, c.grid.borderAfter(end)
	}
	c.partStart, c.partEnd = end, min(end+c.grid.part, c.segmentEnd)
	c.closed = append(c.closed, out)
	c.release(false)
}

// release emits the parts whose sound is there, or all.
func (c *cutter) release(all bool) {
	for len(c.closed) > 0 && (all || !c.awaitsSound(c.closed[0].end)) {
		out := c.closed[0]
		n, limit := 0, c.grid.samples(out.end)
		for n < len(c.audio) && c.audio[n].pts < limit {
			n++
		}
		out.audio = c.audio[:n:n]
		c.audio = append([]sound(nil), c.audio[n:]...)
		c.closed = c.closed[1:]
		c.emit(out)
	}
}

// awaitsSound says whether the sound up to frame end is still to come, and coming.
func (c *cutter) awaitsSound(end int64) bool {
	const lag = soundLag * transcode.AudioClock / 1000
	missing := c.grid.samples(end) - (c.lastAudio + aacSamples)
	waited := c.grid.samples(c.last) - c.grid.samples(end)
	return c.lastAudio >= 0 && missing > 0 && missing < lag && waited < lag
}

// finish emits what is there of the open part; nothing may be written after it.
func (c *cutter) finish() {
	if len(c.frames) > 0 {
		c.flush(c.last + 1)
	}
	c.trim()
	c.release(true)
}

// trim ends the picture where the sound ends that will not come any more. A player
// has both up to the end of the shorter one only, and waits for the rest of the
// longer one before it says that the program is over.
func (c *cutter) trim() {
	end := (c.lastAudio + aacSamples) * c.grid.fps / transcode.AudioClock
	for n := len(c.closed); n > 0 && c.awaitsSound(c.closed[n-1].end); n-- {
		out := &c.closed[n-1]
		out.frames = slices.DeleteFunc(out.frames, func(f frame) bool { return f.index >= end })
		if len(out.frames) > 0 {
			out.end, out.endSegment = end, true
			return
		}
		c.closed = c.closed[:n-1]
	}
}
