package hls

import (
	"math"

	"github.com/regie-live/regie/transcode"
)

// grid is the program's frame clock. Everything is cut at frame indexes, and
// times are derived from them, never added up, so that no error accumulates.
type grid struct {
	fps     int64
	part    int64 // frames in a part
	segment int64 // frames from one scheduled keyframe to the next
}

// Frames says how many frames a part and a segment have. The encoder must put a
// keyframe at every index that is a multiple of segment.
//
// Where a segment can be cut into equal parts within a quarter of the wanted
// length, it is: a short last part costs every viewer two more requests and is
// the first to be left without a frame when the encoder cannot keep up.
func (o Options) Frames() (part, segment int) {
	o.setDurations()
	wanted := max(1, o.Part.Seconds()*float64(o.FPS))
	segment = max(1, int(math.Round(o.Segment.Seconds()*float64(o.FPS))))
	part = min(int(math.Round(wanted)), segment)
	nearest := 1.25
	for d := 1; d <= segment; d++ {
		if off := max(float64(d)/wanted, wanted/float64(d)); segment%d == 0 && off <= nearest {
			part, nearest = d, off
		}
	}
	return part, segment
}

// index gives the frame whose PTS is the nearest to pts.
func (g grid) index(pts int64) int64 {
	return (pts*g.fps + transcode.VideoClock/2) / transcode.VideoClock
}

// ticks is when frame i starts, in transcode.VideoClock.
func (g grid) ticks(i int64) int64 { return i * transcode.VideoClock / g.fps }

// samples is the first audio sample at or after frame i, in transcode.AudioClock.
func (g grid) samples(i int64) int64 {
	return (i*transcode.AudioClock + g.fps - 1) / g.fps
}

// micros is when frame i starts, in microseconds: the precision of playlists. A
// printed duration is always the difference of two of these, so printed parts
// add up to their printed segment exactly.
func (g grid) micros(i int64) int64 { return i * 1_000_000 / g.fps }

// partTarget is the least whole number of microseconds that no part exceeds.
func (g grid) partTarget() int64 {
	return (g.part*1_000_000 + g.fps - 1) / g.fps
}

// targetDuration is in seconds. Rounding up is more than RFC 8216bis 4.4.3.1
// asks for, and keeps older players content that compare without rounding.
func (g grid) targetDuration() int64 { return (g.segment + g.fps - 1) / g.fps }

// advancePartLimit is how many parts beyond the newest a reload may ask for
// (RFC 8216bis 6.2.5.2): three seconds' worth, or three.
func (g grid) advancePartLimit() int64 {
	if t := g.partTarget(); t < 1_000_000 {
		return (3_000_000 + t - 1) / t
	}
	return 3
}

// borderAfter is the first scheduled keyframe after frame i.
func (g grid) borderAfter(i int64) int64 { return (i/g.segment + 1) * g.segment }

// partsBetween is how many parts a segment has that spans the frames [a, b).
func (g grid) partsBetween(a, b int64) int64 { return (b - a + g.part - 1) / g.part }
