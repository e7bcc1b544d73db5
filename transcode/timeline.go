package transcode

import (
	"fmt"
	"time"

	"github.com/regie-live/regie/transcode/wire"
)

// timeline is how far the program has come. It outlives workers.
//
// A frame counts when all its rungs have come. What a worker that died had sent of
// one is forgotten: the next worker knows nothing of it and begins with a keyframe
// in all rungs, to which half a frame would not connect.
type timeline struct {
	program Program
	rungs   int // of the program
	begun   bool
	frame   int64    // next video frame
	whole   []Packet // of that frame, so far
	audio   [2]int64 // timestamp of the next packet of AAC and Opus
	gaps    uint64   // audio packets that did not connect
}

func newTimeline(p Program) timeline { return timeline{program: p, rungs: len(p.Rungs())} }

// begin places the start: the GOP border at or before now, so that the first
// segment is whole.
func (t *timeline) begin(now time.Duration) {
	if t.begun {
		return
	}
	t.begun = true
	n := t.program.FrameAt(max(now, 0))
	t.frame = n - n%int64(t.program.GOP)
	at := t.program.FramePTS(t.frame) * AudioClock / VideoClock
	for i := range t.audio {
		size := packetSamples(AAC + Track(i))
		t.audio[i] = (at + size - 1) / size * size
	}
}

// accept takes a worker's next packet and returns what is to be sent because of
// it: nothing for what is older than what came before, which the worker before had
// already sent, nor for a frame that still lacks rungs. The result is valid until
// the next call. An error tells of a worker that breaks the rules.
func (t *timeline) accept(p Packet) ([]Packet, error) {
	if p.Track == Video {
		return t.acceptVideo(p)
	}
	if p.Track > Opus || p.Rung != 0 {
		return nil, fmt.Errorf("%w: packet of track %d, rung %d", wire.ErrFormat, p.Track, p.Rung)
	}
	next := &t.audio[p.Track-AAC]
	if p.PTS < *next {
		return nil, nil
	}
	if p.PTS > *next {
		t.gaps++
	}
	*next = p.PTS + packetSamples(p.Track)
	return []Packet{p}, nil
}

func (t *timeline) acceptVideo(p Packet) ([]Packet, error) {
	n := t.program.FrameOf(p.PTS)
	if n < t.frame {
		return nil, nil
	}
	if len(t.whole) == t.rungs {
		t.whole = t.whole[:0]
	}
	if p.Rung != len(t.whole) || p.Rung > 0 && (p.PTS != t.whole[0].PTS || p.Key != t.whole[0].Key) {
		return nil, fmt.Errorf("%w: rung %d of frame %d (keyframe: %v) when %d of %d rungs were complete", wire.ErrFormat, p.Rung, n, p.Key, len(t.whole), t.rungs)
	}
	t.whole = append(t.whole, p)
	if len(t.whole) < t.rungs {
		return nil, nil
	}
	t.frame = n + 1
	return t.whole, nil
}

// forget drops what came of a frame that will not be completed.
func (t *timeline) forget() { t.whole = t.whole[:0] }
