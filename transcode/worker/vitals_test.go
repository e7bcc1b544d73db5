package worker

import (
	"image"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/regie-live/regie/transcode"
)

// TestCadence tells even pictures from uneven ones, whatever rounding and losses do.
func TestCadence(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	ms := func(n int, fps float64) time.Duration {
		return time.Duration(math.Round(float64(n)*1000/fps)) * time.Millisecond
	}
	for _, c := range []struct {
		name string
		at   func(n int) time.Duration // program time of picture n; < 0: lost
		fps  float64
		vfr  bool
	}{
		{"30 a second", func(n int) time.Duration { return time.Duration(n) * time.Second / 30 }, 30, false},
		{"59.94 in whole milliseconds", func(n int) time.Duration { return ms(n, 59.94) }, 59.9, false},
		{"25 with losses", func(n int) time.Duration {
			if n%20 == 7 {
				return -1
			}
			return time.Duration(n) * 40 * time.Millisecond
		}, 23.8, false},
		{"24 shown at 30", func(n int) time.Duration { return ms(n+n/4, 30) }, 24.2, true},
		{"as the light allows", func(n int) time.Duration {
			return time.Duration(n)*50*time.Millisecond + time.Duration(rnd.IntN(45))*time.Millisecond
		}, 20, true},
	} {
		var m cadence
		now := time.Duration(0)
		for n := range 200 {
			if at := c.at(n); at >= 0 {
				now = time.Minute + at
				m.note(now, now)
			}
		}
		if fps, vfr := m.rate(now); math.Abs(fps-c.fps) > 0.5 || vfr != c.vfr {
			t.Errorf("%s: %v a second, uneven: %v; want %v, %v", c.name, fps, vfr, c.fps, c.vfr)
		}
		if fps, vfr := m.rate(now + 2*time.Second); fps != 0 || vfr {
			t.Errorf("%s, then a pause: %v a second", c.name, fps)
		}
		m.note(now-10*time.Second, now+3*time.Second) // a new clock
		if fps, _ := m.rate(now + 3*time.Second); fps != 0 {
			t.Errorf("%s, then one picture: %v a second", c.name, fps)
		}
	}
}

func TestMeterHolds(t *testing.T) {
	var m meter
	if got := m.loudness(0); got != transcode.Silence {
		t.Errorf("nothing is %v LUFS", got)
	}
	tone := make([]float32, 2*960)
	for n := range 50 {
		for i := range 960 {
			v := float32(0.1 * math.Sin(2*math.Pi*1000*float64(n*960+i)/48000))
			tone[2*i], tone[2*i+1] = v, v
		}
		m.write(tone, time.Duration(n)*20*time.Millisecond)
	}
	if got := m.loudness(time.Second); math.Abs(got+20) > 0.2 {
		t.Errorf("%v LUFS, want -20", got)
	}
	if got := m.loudness(2 * time.Second); got != transcode.Silence {
		t.Errorf("a second after the sound ended it is %v LUFS", got)
	}
}

func TestReturnSize(t *testing.T) {
	for _, c := range []struct{ src, want image.Point }{
		{image.Pt(1280, 720), image.Pt(640, 360)},
		{image.Pt(1920, 1080), image.Pt(640, 360)},
		{image.Pt(720, 1280), image.Pt(360, 640)},
		{image.Pt(640, 480), image.Pt(480, 360)},
		{image.Pt(1000, 1000), image.Pt(360, 360)},
		{image.Pt(321, 181), image.Pt(320, 180)},
		{image.Pt(320, 180), image.Pt(320, 180)},
		{image.Pt(4000, 16), image.Pt(640, 16)},
		{image.Pt(1, 1), image.Pt(16, 16)},
	} {
		if got := returnSize(c.src.X, c.src.Y); got != c.want {
			t.Errorf("%v: %v, want %v", c.src, got, c.want)
		}
	}
}

// TestBlocks: packets of 20 ms follow each other evenly however the sound is cut,
// begin again after a hole, and never go back.
func TestBlocks(t *testing.T) {
	var b blocks
	var got []block
	n := float32(0)
	write := func(pairs int, at time.Duration) {
		s := make([]float32, 2*pairs)
		for i := range s {
			s[i] = n
			n++
		}
		b.write(s, at, func(b block) { got = append(got, b) })
	}
	second := time.Second
	for i := range 50 { // 1024 pairs, with timestamps in whole milliseconds
		write(1024, second+time.Duration(math.Round(float64(i)*1024/48))*time.Millisecond)
	}
	if len(got) != 53 {
		t.Fatalf("%d blocks", len(got))
	}
	for i, x := range got {
		if x.at != second+time.Duration(i)*20*time.Millisecond || x.samples[0] != float32(i*1920) || len(x.samples) != 1920 {
			t.Fatalf("block %d at %v begins with sample %v of %d", i, x.at, x.samples[0], len(x.samples))
		}
	}
	got = nil
	write(960, 5*second)
	if len(got) != 1 || got[0].at != 5*second {
		t.Errorf("after a hole: %d blocks at %v", len(got), got[0].at)
	}
	got = nil
	write(960, 4*second+500*time.Millisecond) // a clock that was set back
	if len(got) != 0 {
		t.Errorf("time goes back to %v", got[0].at)
	}
	write(960, 5*second+20*time.Millisecond)
	if len(got) != 1 || got[0].at != 5*second+20*time.Millisecond {
		t.Errorf("and on: %v", got)
	}
}
