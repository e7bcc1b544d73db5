package transcode

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"time"
)

// withDefaults fills what a caller may leave at zero.
func (p Program) withDefaults() Program {
	p.AACKbps = cmp.Or(p.AACKbps, 128)
	p.OpusKbps = cmp.Or(p.OpusKbps, 96)
	p.MaxPixels = cmp.Or(p.MaxPixels, 2560*1440)
	p.GOP = cmp.Or(p.GOP, 2*p.FPS)
	p.Part = cmp.Or(p.Part, max(1, p.FPS/3))
	return p
}

// Rungs are all encodings of the program, the program's own size first.
func (p Program) Rungs() []Rung {
	return append([]Rung{{p.Width, p.Height, p.Kbps}}, p.Ladder...)
}

// Validate says everything that is wrong with p.
func (p Program) Validate() error {
	var errs []error
	within := func(name string, v, lo, hi int, hint string) {
		if v < lo || v > hi {
			errs = append(errs, fmt.Errorf("program %s is %d; choose %d to %d%s", name, v, lo, hi, hint))
		}
	}
	within("width", p.Width, 160, 1920, ", even")
	within("height", p.Height, 160, 1920, ", even")
	if p.Width%2 != 0 || p.Height%2 != 0 {
		errs = append(errs, fmt.Errorf("program size is %d×%d; both must be even, because colour has half the resolution", p.Width, p.Height))
	}
	within("fps", p.FPS, 10, 60, "")
	within("kbps", p.Kbps, 100, 50000, "")
	within("gop", p.GOP, 1, 600, " frames")
	within("part", p.Part, 1, max(p.GOP, 1), " frames, at most one GOP")
	within("aac_kbps", p.AACKbps, 32, 320, "")
	within("opus_kbps", p.OpusKbps, 16, 320, "")
	within("max_pixels", p.MaxPixels, 160*160, 8192*4320, "")
	return errors.Join(append(errs, p.validateLadder())...)
}

func (p Program) validateLadder() error {
	if len(p.Ladder) > MaxRungs-1 {
		return fmt.Errorf("program ladder has %d rungs beside the program's own size; take at most %d", len(p.Ladder), MaxRungs-1)
	}
	above := p.Rungs()[0]
	for i, r := range p.Ladder {
		switch {
		case r.Width < 64 || r.Height < 64 || r.Width%2 != 0 || r.Height%2 != 0:
			return fmt.Errorf("rung %d of the program is %d×%d; both sides must be even and at least 64", i+1, r.Width, r.Height)
		case r.Width >= above.Width || r.Height >= above.Height || r.Kbps > above.Kbps:
			return fmt.Errorf("rung %d of the program, %d×%d at %d kbit/s, is not smaller than the one above it", i+1, r.Width, r.Height, r.Kbps)
		case r.Kbps < 50:
			return fmt.Errorf("rung %d of the program has %d kbit/s; choose 50 or more", i+1, r.Kbps)
		}
		above = r
	}
	return nil
}

// FrameTime is the program time of a frame.
func (p Program) FrameTime(frame int64) time.Duration {
	return time.Duration(frame/int64(p.FPS))*time.Second +
		time.Duration(frame%int64(p.FPS))*time.Second/time.Duration(p.FPS)
}

// FrameAt is the last frame at or before program time t.
func (p Program) FrameAt(t time.Duration) int64 {
	n := int64(math.Floor(t.Seconds() * float64(p.FPS)))
	for p.FrameTime(n) > t {
		n--
	}
	for p.FrameTime(n+1) <= t {
		n++
	}
	return n
}

// FramePTS is a frame's timestamp in VideoClock.
func (p Program) FramePTS(frame int64) int64 { return frame * VideoClock / int64(p.FPS) }

// FrameOf is the inverse of FramePTS.
func (p Program) FrameOf(pts int64) int64 {
	return (pts*int64(p.FPS) + VideoClock/2) / VideoClock
}

// Scheduled reports whether a frame is a keyframe of the GOP grid.
func (p Program) Scheduled(frame int64) bool { return frame%int64(p.GOP) == 0 }

// Border reports whether a frame begins an HLS part: parts are counted from each
// GOP's beginning, and are never without a frame.
func (p Program) Border(frame int64) bool { return frame%int64(p.GOP)%int64(p.Part) == 0 }

// packetSamples is the length of an audio packet of each track.
func packetSamples(t Track) int64 {
	if t == AAC {
		return 1024
	}
	return 960
}
