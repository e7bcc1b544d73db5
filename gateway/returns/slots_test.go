package returns

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode/media"
)

// TestSlots: one receiver over time. A letter is a person, a dot an empty slot.
func TestSlots(t *testing.T) {
	for name, steps := range map[string][][2]string{
		"in order":                    {{"", "......"}, {"a", "a....."}, {"ab", "ab...."}, {"abcdef", "abcdef"}},
		"order does not move people":  {{"abc", "abc..."}, {"cba", "abc..."}, {"cab", "abc..."}},
		"a hole is filled":            {{"abc", "abc..."}, {"ac", "a.c..."}, {"acd", "a.cd.."}},
		"back where they were":        {{"abc", "abc..."}, {"ac", "a.c..."}, {"abc", "abc..."}},
		"back after another came":     {{"abc", "abc..."}, {"ac", "a.c..."}, {"acd", "a.cd.."}, {"abcd", "abcd.."}},
		"kept free as long as it can": {{"abcdef", "abcdef"}, {"acdef", "a.cdef"}, {"acdefg", "agcdef"}, {"acdef", "a.cdef"}, {"acdefb", "abcdef"}},
		"all at once":                 {{"abc", "abc..."}, {"def", "...def"}, {"abc", "abc..."}},
		"the seventh waits":           {{"abcdefg", "abcdef"}, {"bcdefg", "gbcdef"}},
		"the important stay":          {{"abcdef", "abcdef"}, {"gabcdef", "abcdeg"}, {"abcdefg", "abcdef"}},
		"everybody leaves":            {{"ab", "ab...."}, {"", "......"}, {"b", ".b...."}},
	} {
		t.Run(name, func(t *testing.T) {
			tab := newTable()
			turns := map[uint64]show.ParticipantID{}
			for _, step := range steps {
				var feeds []show.Feed
				for _, id := range step[0] {
					feeds = append(feeds, show.Feed{From: show.ParticipantID(id), Picture: true})
				}
				before := tab.slots
				changed := tab.assign(feeds)
				var got strings.Builder
				for i, p := range tab.slots {
					got.WriteString(string(p.From))
					if p.From == "" {
						got.WriteString(".")
						continue
					}
					if p.From != before[i].From && p.turn <= before[i].turn {
						t.Errorf("%s comes to slot %d in turn %d, after %d", p.From, i, p.turn, before[i].turn)
					}
					if who := turns[p.turn]; who != "" && who != p.From {
						t.Errorf("%s and %s have the same turn", who, p.From)
					}
					turns[p.turn] = p.From
				}
				if got.String() != step[1] {
					t.Fatalf("with %q: %s, want %s", step[0], got.String(), step[1])
				}
				if changed != (before != tab.slots) {
					t.Errorf("with %q: changed is %v", step[0], changed)
				}
			}
		})
	}
}

// TestClock: timestamps follow the wall clock, over every source's own time.
func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		c := newClock(start)
		var last [2]uint32
		begun := [2]bool{}
		// check stamps a frame, and holds it to within slack of the wall clock.
		check := func(what string, k media.Kind, pts time.Duration, slack time.Duration) {
			t.Helper()
			got := c.stamp(k, pts, time.Now())
			if begun[k] && int32(got-last[k]) <= 0 {
				t.Errorf("%s: %v goes back by %d", what, k, last[k]-got)
			}
			last[k], begun[k] = got, true
			rate := map[media.Kind]float64{media.Video: 90000, media.Audio: 48000}[k]
			off := time.Duration(float64(int32(got-c.report(k, time.Now()))) / rate * 1e9)
			if off.Abs() > slack {
				t.Errorf("%s: %v is %v off", what, k, off)
			}
		}
		const exact, step = 100 * time.Microsecond, 20 * time.Millisecond
		pts := 7 * time.Hour
		play := func(what string, frames int, slack time.Duration) {
			t.Helper()
			for range frames {
				check(what, media.Audio, pts, slack)
				check(what, media.Video, pts, slack)
				time.Sleep(step)
				pts += step
			}
		}
		play("a source", 50, exact)
		time.Sleep(30 * time.Second) // nobody is there
		c.restart()
		pts = time.Minute
		play("another source", 50, 2*step)
		pts += time.Hour
		play("a source whose time jumps", 50, 3*step)
		pts = 0
		play("a source that begins again", 50, 4*step)

		// A picture behind its sound stays behind by as much; after a hiccup of the
		// network a burst keeps the source's own distances.
		check("late picture", media.Video, pts-100*time.Millisecond, 200*time.Millisecond)
		time.Sleep(500 * time.Millisecond)
		first := c.stamp(media.Audio, pts, time.Now())
		for i := range uint32(25) {
			if got := c.stamp(media.Audio, pts+time.Duration(i+1)*step, time.Now()); got-first != (i+1)*960 {
				t.Errorf("packet %d of a burst is %d ticks after the first", i+1, got-first)
			}
		}
	})
}
