package hls

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/regie-live/regie/transcode"
)

// coarse is a grid that keeps examples readable: ten frames a second, two a part
// and six a segment.
var coarse = grid{fps: 10, part: 2, segment: 6}

// TestCutter: a program in shorthand, and the parts that come of it.
//
// In the program K is a keyframe, f another frame, . a lost one, N a keyframe with
// new parameters. A part is written first-end, with * when it begins with a
// keyframe, [ when it starts a segment, ] when it ends one and ! when it is
// discontinuous; (first-end) is a segment of nothing.
func TestCutter(t *testing.T) {
	for _, c := range []struct{ name, program, parts, dropped string }{
		{"a part waits for its last frame", "K", "", ""},
		{"a whole segment", "Kfffff", "[0-2* 2-4 4-6]", ""},
		{"two segments", "KfffffKfffff", "[0-2* 2-4 4-6] [6-8* 8-10 10-12]", ""},
		{"a forced keyframe begins a part", "KfKfff", "[0-2* 2-4* 4-6]", ""},
		{"a forced keyframe does not cut", "KffKff", "[0-2* 2-4 4-6]", ""},
		{"a lost last frame", "K.ff", "[0-2* 2-4", ""},
		{"a lost first frame", "Kf.f", "[0-2* 2-4", ""},
		{"a lost keyframe, and the next frame is one", "Kfffff.Kff", "[0-2* 2-4 4-6] [6-8* 8-10", ""},
		{"a lost keyframe: nothing until the next", "Kfffff.fffKf", "[0-2* 2-4 4-6] (6-10) [10-12*]", "no_keyframe 3"},
		{"no keyframe where a segment must begin", "KffffffffffKfff", "[0-2* 2-4 4-6] (6-11) [11-12*]", "no_keyframe 8"},
		{"a whole part lost", "Kf..ffffKfff", "[0-2* (2-6) (6-8) [8-10* 10-12]", "no_keyframe 4"},
		{"a whole part lost, a new encoder", "Kf..KfKf", "[0-2* (2-4) [4-6*] [6-8*", ""},
		{"the rest of a part and a whole one lost", "Kff...Kf", "[0-2* 2-4 (4-6) [6-8*", ""},
		{"begins in the middle", "...KffKf", "[3-5* 5-6] [6-8*", ""},
		{"joins a running program", "......fffKffKfffffK", "[12-14* 14-16 16-18]", ""},
		{"joins at a scheduled keyframe", "......KfffffK", "[6-8* 8-10 10-12]", ""},
		{"frames before the first keyframe", "ffKfffKf", "[2-4* 4-6] [6-8*", "no_keyframe 2"},
		{"a keyframe that comes late, but in its part", "Kfffff.Kff", "[0-2* 2-4 4-6] [6-8* 8-10", ""},
		{"a gap that is too long to fill", "Kf.............Kf", "[0-2* ![15-17*", ""},
		{"new parameters at a border", "KfffffNf", "[0-2* 2-4 4-6] ![6-8*", ""},
		{"new parameters in a part", "KffNff", "[0-2* 2-3] ![3-5* 5-6]", ""},
		{"new parameters after a gap", "Kf.....Nff", "[0-2* (2-6) (6-7) ![7-9*", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var parts []string
			dropped := make(map[dropReason]int)
			cut := newCutter(coarse, 1, 12, func(c cut) { parts = append(parts, notation(c)) }, func(_ int, r dropReason) { dropped[r]++ })
			sps := spsSmall
			for i, kind := range c.program {
				switch kind {
				case 'N':
					sps = spsLarge
					fallthrough
				case 'K':
					cut.picture(0, coarse.ticks(int64(i)), picture(sps, true, int64(i)))
				case 'f':
					cut.picture(0, coarse.ticks(int64(i)), picture(sps, false, int64(i)))
				}
			}
			if got := strings.Join(parts, " "); got != c.parts {
				t.Errorf("got  %s\nwant %s", got, c.parts)
			}
			if got := tally(dropped); got != c.dropped {
				t.Errorf("dropped %q, want %q", got, c.dropped)
			}
		})
	}
}

func notation(c cut) string {
	if c.gap {
		return fmt.Sprintf("(%d-%d)", c.first, c.end)
	}
	mark := func(is bool, s string) string {
		if is {
			return s
		}
		return ""
	}
	return mark(c.discontinuity, "!") + mark(c.newSegment, "[") + fmt.Sprintf("%d-%d", c.first, c.end) +
		mark(c.frames[0].key, "*") + mark(c.endSegment, "]")
}

func tally(dropped map[dropReason]int) string {
	var out []string
	for _, r := range slices.Sorted(maps.Keys(dropped)) {
		out = append(out, fmt.Sprintf("%s %d", r, dropped[r]))
	}
	return strings.Join(out, ", ")
}

// TestSound: which part a packet of sound ends up in. A part of the coarse grid
// lasts 9600 samples.
func TestSound(t *testing.T) {
	type step any // int64: a packet with that PTS; rune: a picture as in TestCutter
	for _, c := range []struct {
		name    string
		steps   []step
		parts   string // the PTS of the sound in each part
		dropped string
	}{
		{"in time", []step{0, 1024, 'K', 9000, 'f', 'f', 10000, 'f', 19000}, "[0 1024 9000] [10000 19000]", ""},
		{"on the border", []step{9599, 9600, 'K', 'f', 'f', 'f', 19000}, "[9599] [9600 19000]", ""},
		{"late: the next part", []step{'K', 'f', 0, 1024, 'f', 'f', 19000}, "[] [0 1024 19000]", ""},
		{"late, and waited for", []step{0, 'K', 'f', 9000, 'f', 'f', 19000}, "[0 9000] [19000]", ""},
		{"too late", []step{0, 'K', 'f', 'f', 'f', 'f', 'f', 'K', 9000}, "[0] [9000] [] []", ""},
		{"early: its own part", []step{0, 10000, 20000, 'K', 'f', 'f', 'f'}, "[0] [10000]", ""},
		{"none", []step{'K', 'f', 'f', 'f'}, "[] []", ""},
		{"backwards", []step{2048, 1024, 2048, 3072, 'K', 'f', 9000}, "[2048 3072 9000]", "late 2"},
		{"before the first picture", []step{0, 4800, 5000, '.', 'K', 'f', 14000}, "[4800 5000 14000]", "late 1"},
		{"joins a running program", []step{30000, '.', '.', '.', '.', '.', '.', '.', 'K', 38000, 'f', 'f', 'f', 'f', 57000, 57600, 'K', 'f', 67000}, "[57600 67000]", ""},
		{"in a gap", []step{'K', 'f', 0, '.', '.', 19200, 'K', 19000, 28800, 'f'}, "[] [19200]", "late 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var parts []string
			dropped := make(map[dropReason]int)
			cut := newCutter(coarse, 1, 12, func(c cut) {
				if c.gap {
					return
				}
				pts := make([]int64, len(c.audio))
				for i, a := range c.audio {
					pts[i] = a.pts
				}
				parts = append(parts, fmt.Sprint(pts))
			}, func(_ int, r dropReason) { dropped[r]++ })
			frame := int64(0)
			for _, s := range c.steps {
				switch s := s.(type) {
				case int:
					cut.sound(sound{pts: int64(s)})
				case rune:
					if s != '.' {
						cut.picture(0, coarse.ticks(frame), picture(spsSmall, s == 'K', frame))
					}
					frame++
				}
			}
			cut.finish()
			if got := strings.Join(parts, " "); got != c.parts {
				t.Errorf("got  %s\nwant %s", got, c.parts)
			}
			if got := tally(dropped); got != c.dropped {
				t.Errorf("dropped %q, want %q", got, c.dropped)
			}
		})
	}
}

// TestEndsTogether: the picture ends where the sound does, but does not wait for sound that
// stopped long before, or never was. Sound ends so many samples after the start.
func TestEndsTogether(t *testing.T) {
	for _, c := range []struct {
		name, program string
		sound         int64
		parts         string
	}{
		{"together", "KfffffK", 7 * 4800, "[0-2* 2-4 4-6] [6-7*]"},
		{"the picture first", "KfffffK", 8 * 4800, "[0-2* 2-4 4-6] [6-7*]"},
		{"the sound first, in the last part", "KfffffKf", 7*4800 + 4799, "[0-2* 2-4 4-6] [6-7*]"},
		{"the sound first, in the part before", "KfffffKf", 5*4800 + 100, "[0-2* 2-4 4-5]"},
		{"the sound first, on a border", "KfffffKf", 6 * 4800, "[0-2* 2-4 4-6]"},
		{"a frame is lost where the sound ends", "Kfff.f", 5 * 4800, "[0-2* 2-4"},
		{"the sound stopped long ago", "KfffffKfff", 4 * 4800, "[0-2* 2-4 4-6] [6-8* 8-10"},
		{"no sound", "Kfff", 0, "[0-2* 2-4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var parts []string
			cut := newCutter(coarse, 1, 12, func(c cut) { parts = append(parts, notation(c)) }, func(_ int, r dropReason) { t.Error("dropped", r) })
			if c.sound > 0 {
				cut.sound(sound{pts: c.sound - aacSamples}) // its newest packet says where it is
			}
			for i, kind := range c.program {
				if kind != '.' {
					cut.picture(0, coarse.ticks(int64(i)), picture(spsSmall, kind == 'K', int64(i)))
				}
			}
			cut.finish()
			if got := strings.Join(parts, " "); got != c.parts {
				t.Errorf("got  %s\nwant %s", got, c.parts)
			}
		})
	}
}

// TestSoundIsBounded: sound without a picture does not fill the memory.
func TestSoundIsBounded(t *testing.T) {
	dropped := 0
	cut := newCutter(coarse, 1, 12, func(cut) {}, func(int, dropReason) { dropped++ })
	for i := range int64(3 * audioQueue) {
		cut.sound(sound{pts: i * aacSamples})
	}
	if len(cut.audio) != audioQueue || dropped != 2*audioQueue || cut.audio[0].pts != 2*audioQueue*aacSamples {
		t.Errorf("%d packets wait from %d on, %d dropped", len(cut.audio), cut.audio[0].pts, dropped)
	}
}

// TestRefused: what is not a picture, and what is too late.
func TestRefused(t *testing.T) {
	dropped := make(map[dropReason]int)
	cut := newCutter(coarse, 1, 12, func(cut) {}, func(_ int, r dropReason) { dropped[r]++ })
	cut.picture(0, 0, picture(spsSmall, true, 0))
	cut.picture(0, coarse.ticks(1), nil)
	cut.picture(0, coarse.ticks(1), []byte{1, 2, 3})
	cut.picture(0, coarse.ticks(1), []byte{0, 0, 0, 1, 0x09, 0xf0}) // nothing but a delimiter
	cut.picture(0, coarse.ticks(1), picture("67", true, 1))         // a parameter set cut short
	cut.picture(0, -3000, picture(spsSmall, true, 1))
	cut.picture(0, 0, picture(spsSmall, false, 0))
	if got := tally(dropped); got != "invalid 5, late 1" {
		t.Errorf("dropped %s", got)
	}
}

func TestGrid(t *testing.T) {
	for _, c := range []struct {
		fps                         int
		part, segment               float64
		wantPart, wantSegment       int
		partTarget, target, advance int64
	}{
		{30, .333, 2, 10, 60, 333_334, 2, 9},
		{25, .333, 2, 10, 50, 400_000, 2, 8},
		{50, .333, 2, 20, 100, 400_000, 2, 8},
		{13, .333, 2, 4, 26, 307_693, 2, 10},
		{30, .333, 3, 10, 90, 333_334, 3, 9},
		{30, 5, 2, 60, 60, 2_000_000, 2, 3},
		{30, 0, 0, 10, 60, 333_334, 2, 9},
		{60, .2, 1, 12, 60, 200_000, 1, 15},
		{50, 1, 4, 50, 200, 1_000_000, 4, 3},
		{24, .5, 2.5, 12, 60, 500_000, 3, 6},
		{10, .01, .5, 1, 5, 100_000, 1, 30},
	} {
		o := Options{FPS: c.fps, Part: seconds(c.part), Segment: seconds(c.segment)}
		part, segment := o.Frames()
		g := grid{int64(c.fps), int64(part), int64(segment)}
		if part != c.wantPart || segment != c.wantSegment || g.partTarget() != c.partTarget || g.targetDuration() != c.target || g.advancePartLimit() != c.advance {
			t.Errorf("%d fps, %v s, %v s: %d and %d frames, part target %d, target duration %d, advance part limit %d",
				c.fps, c.part, c.segment, part, segment, g.partTarget(), g.targetDuration(), g.advancePartLimit())
		}
		// A worker may round a frame's time either way.
		for i := range int64(100_000) {
			if pts := i * transcode.VideoClock / g.fps; g.index(pts) != i || g.index(pts+1) != i || g.ticks(i) != pts {
				t.Fatalf("%d fps: frame %d at %d is taken for %d", c.fps, i, pts, g.index(pts))
			}
		}
	}
}
