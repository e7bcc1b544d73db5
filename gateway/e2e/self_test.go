package e2e

import (
	"testing"
	"time"

	"github.com/regie-live/regie/transcode/media"
)

// A card that goes straight to a screen must be seen as it is: what the tests
// below measure is then the appliance's and not their own.
func TestCardIsSeenAsItIs(t *testing.T) {
	for _, lead := range []time.Duration{0, 40 * time.Millisecond} {
		l := looks[1]
		l.beep, l.clock, l.lead, l.w, l.h = 900, true, lead, 320, 180
		c := newCard(t, l)
		tracks := c.Tracks()
		s := newScreen(t, "card", tracks[1])
		defer s.close()
		for {
			au, due, err := c.Next()
			if err != nil {
				t.Fatal(err)
			}
			if due > 7*time.Second {
				break
			}
			if au.Kind == media.Video {
				s.video(au.Data, au.PTS, time.Now())
			} else {
				s.audio(au.Data, au.PTS)
			}
		}
		for _, e := range s.complaints() {
			t.Error(e)
		}
		seen := s.watched(time.Time{})
		if n := len(seen); n < 200 {
			t.Errorf("%d pictures in 7 s", n)
		}
		for _, m := range seen {
			if want := c.began.Add(m.pts); m.clock.Sub(want).Abs() > time.Millisecond {
				t.Fatalf("the clock says %v at %v", m.clock.Sub(c.began), m.pts)
			}
		}
		mono, from := s.recorded()
		heard := beeps(mono, l.beep)
		for i := range heard {
			heard[i] += from
		}
		d := offsets(flashes(seen, 0), heard)
		if len(d) != 6 {
			t.Fatalf("%d flashes with a beep, want 6: %v, %v", len(d), flashes(seen, 0), heard)
		}
		for _, d := range d {
			if (d - lead).Abs() > 3*time.Millisecond {
				t.Errorf("sound is %v after its picture, made %v", d, lead)
			}
		}
	}
}
