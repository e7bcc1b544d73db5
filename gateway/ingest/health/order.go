package health

import (
	"math"
	"slices"
	"time"
)

const (
	// depth is how many pictures may come before one that is shown earlier: more
	// than B-frames of any profile.
	depth = 16
	// bMemory is how long B-frames are remembered: encoders use them as they see fit.
	bMemory = 10 * time.Second
	// jump in PTS, either way, begins the measuring anew.
	jump = 5 * time.Second
	// steps is how many pictures a mean is taken over, about.
	steps = 150
)

// arrived is a picture's PTS and when it came.
type arrived struct{ pts, at time.Duration }

// order brings pictures, which come in decoding order, into the order in which
// they are shown: to tell B-frames, and how even the time between pictures is.
type order struct {
	held  [depth + 1]time.Duration // PTS, sorted, not yet counted
	n     int
	last  time.Duration // the last one counted
	some  bool
	count int
	mean  float64 // seconds from picture to picture
	vary  float64 // variance of it

	// A group is a picture that is shown after all before it, and those that come
	// behind it but are shown first: its B-frames.
	head  time.Duration // PTS of the group's first
	late  arrived       // the latest of the group, measured by its PTS
	run   int           // B-frames in the group
	most  int           // the largest group lately
	since time.Duration // when most was seen
}

// add takes a picture. When a group ends, ended is true and last is the picture
// of it that came the latest for its PTS: a B-frame, if it has some, since those
// are sent when they are due. That is how late this publisher's pictures are.
func (o *order) add(pts, at time.Duration) (ended bool, last arrived) {
	if o.n > 0 && (pts-o.held[o.n-1]).Abs() > jump {
		*o = order{most: o.most, since: o.since}
	}
	o.hold(pts)
	switch now := (arrived{pts, at}); {
	case o.n == 1 && !o.some:
		o.head, o.late = pts, now
	case pts > o.head:
		ended, last = true, o.late
		o.head, o.late, o.run = pts, now, 0
	default:
		o.run++
		if o.run >= o.most || at-o.since > bMemory {
			o.most, o.since = o.run, at
		}
		if at-pts > o.late.at-o.late.pts {
			o.late = now
		}
	}
	return ended, last
}

// hold sorts pts in and counts the earliest when enough are held.
func (o *order) hold(pts time.Duration) {
	i, _ := slices.BinarySearch(o.held[:o.n], pts)
	copy(o.held[i+1:], o.held[i:o.n])
	o.held[i] = pts
	if o.n++; o.n <= depth {
		return
	}
	first := o.held[0]
	copy(o.held[:], o.held[1:o.n])
	o.n--
	if o.some {
		o.step((first - o.last).Seconds())
	}
	o.last, o.some = first, true
}

func (o *order) step(d float64) {
	if d <= 0 || d > 1 { // a picture twice, or a pause
		return
	}
	o.count++
	weight := 1 / float64(min(o.count, steps))
	diff := d - o.mean
	o.mean += weight * diff
	o.vary += weight * (diff*diff*(1-weight) - o.vary)
}

// rate gives pictures a second, and how uneven they come: the deviation of the
// time between two, as a part of it. Both are 0 until enough have come.
func (o *order) rate() (fps, unsteady float64) {
	if o.count < 2*depth {
		return 0, 0
	}
	return math.Round(100/o.mean) / 100, math.Round(100*math.Sqrt(o.vary)/o.mean) / 100
}

func (o *order) bFrames(at time.Duration) int {
	if at-o.since > bMemory {
		return 0
	}
	return o.most
}
