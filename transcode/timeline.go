package transcode

import "time"

// timeline is how far the program has come. It outlives workers.
type timeline struct {
	program Program
	begun   bool
	frame   int64    // next video frame
	audio   [2]int64 // timestamp of the next packet of AAC and Opus
	gaps    uint64   // audio packets that did not connect
}

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

// accept reports whether p goes on from what came before; what is older than that
// was already sent by the worker before.
func (t *timeline) accept(p Packet) bool {
	if p.Track == Video {
		n := t.program.FrameOf(p.PTS)
		if n < t.frame {
			return false
		}
		t.frame = n + 1
		return true
	}
	next := &t.audio[p.Track-AAC]
	if p.PTS < *next {
		return false
	}
	if p.PTS > *next {
		t.gaps++
	}
	*next = p.PTS + packetSamples(p.Track)
	return true
}
