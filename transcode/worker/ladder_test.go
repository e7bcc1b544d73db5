package worker_test

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/testcard"
)

// rungs returns the video packets of each rung, and fails unless every frame came
// in all of them, rung 0 first, with the same timestamp and the same kind.
func (r *rig) rungs() [][]packet {
	r.t.Helper()
	out := make([][]packet, len(r.s.Program().Rungs()))
	for i, p := range r.taken(transcode.Video) {
		want := i % len(out)
		if p.Rung != want {
			r.t.Fatalf("video packet %d at %d is of rung %d, want %d", i, p.PTS, p.Rung, want)
		}
		out[want] = append(out[want], p)
		if top := out[0][len(out[0])-1]; p.PTS != top.PTS || p.Key != top.Key {
			r.t.Fatalf("rung %d has a packet at %d (keyframe: %v), rung 0 at %d (keyframe: %v)", want, p.PTS, p.Key, top.PTS, top.Key)
		}
	}
	for i := range out { // a frame may be under way
		out[i] = out[i][:len(out[len(out)-1])]
	}
	return out
}

// sps is the parameter set of a keyframe.
func sps(t *testing.T, p packet) h264.SPS {
	t.Helper()
	var units h264.AnnexB
	var s h264.SPS
	if err := units.Unmarshal(p.Data); err != nil {
		t.Fatal(err)
	}
	if err := s.Unmarshal(units[0]); err != nil {
		t.Fatal(err)
	}
	return s
}

// comparison holds the colour of a card in every rung against that in rung 0, which
// is seen first.
type comparison struct {
	t   *testing.T
	top map[time.Duration][3]int
}

func newComparison(t *testing.T) comparison { return comparison{t, map[time.Duration][3]int{}} }

func (c comparison) see(rung int, pts time.Duration, card *compose.Picture) {
	got := mean(card, testcard.PlainRect(card.W, card.H))
	if rung == 0 {
		c.top[pts] = got
	}
	for k, want := range c.top[pts] {
		if d := got[k] - want; d > 6 || d < -6 {
			c.t.Errorf("rung %d at %v is %v, rung 0 %v", rung, pts, got, c.top[pts])
		}
	}
}

// TestLadder: every rung shows the same pictures at its own size, in the same frames
// with the same keyframes, those on demand too.
func TestLadder(t *testing.T) {
	p := transcode.Program{
		Width: 1920, Height: 1080, FPS: 15, Kbps: 3000, GOP: 30, Part: 5,
		Ladder: []transcode.Rung{{Width: 1280, Height: 720, Kbps: 1500}, {Width: 854, Height: 480, Kbps: 800}, {Width: 640, Height: 360, Kbps: 500}},
	}
	r := newRig(t, p)
	r.grid("host")
	r.join("host", testcard.Options{Name: "host", Color: green, ToneHz: 330, W: 960, H: 540, FPS: p.FPS, Kbps: 1000}, nil)
	r.live("host")
	for range 4 {
		r.s.RequestKeyframe()
		r.until(r.s.Now() + 1200*time.Millisecond)
	}
	checkTimelineOf(t, r, r.rungs()[0])
	extra := 0
	for _, v := range r.rungs()[0] {
		if v.Key && !p.Scheduled(p.FrameOf(v.PTS)) {
			extra++
		}
	}
	if extra < 3 {
		t.Errorf("%d keyframes on demand, asked 4 times", extra)
	}
	clocks := map[time.Duration]uint32{}
	c := newComparison(t)
	for i, packets := range r.rungs() {
		size := p.Rungs()[i]
		s := sps(t, packets[0])
		if s.Width() != size.Width || s.Height() != size.Height || s.ProfileIdc != 66 || !s.ConstraintSet1Flag {
			t.Errorf("rung %d is %d×%d of profile %d, constrained: %v", i, s.Width(), s.Height(), s.ProfileIdc, s.ConstraintSet1Flag)
		}
		read := 0
		frames(t, packets, func(pts time.Duration, pic *compose.Picture) {
			cell := pic.Sub(0, 0, pic.W/2, pic.H/2)
			c.see(i, pts, cell)
			ms, ok := testcard.ReadClock(cell)
			if !ok {
				return
			}
			if read++; i == 0 {
				clocks[pts] = ms
			} else if clocks[pts] != 0 && clocks[pts] != ms {
				t.Errorf("at %v rung %d shows the picture of %d, rung 0 that of %d", pts, i, ms, clocks[pts])
			}
		})
		if read < 30 {
			t.Errorf("rung %d: the clock could be read in %d frames", i, read)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, s := range r.stats.Rungs {
		if s.Name != p.Rungs()[i].Name() || s.SpeedRatio <= 0 {
			t.Errorf("rung %d says of itself %+v", i, s)
		}
	}
	if len(r.stats.Rungs) != 4 {
		t.Errorf("%d rungs in the statistics", len(r.stats.Rungs))
	}
}

// TestLadderSurvives: workers that are killed at any moment leave the rungs in step,
// each going on with a keyframe.
func TestLadderSurvives(t *testing.T) {
	p := small
	p.Ladder = []transcode.Rung{{Width: 426, Height: 240, Kbps: 400}, {Width: 320, Height: 180, Kbps: 300}}
	r := newRig(t, p)
	r.grid("host")
	r.join("host", testcard.Options{Name: "host", Color: red, ToneHz: 330, W: 320, H: 180, Kbps: 500}, nil)
	r.live("host")
	var died []time.Duration
	for n := range 4 {
		pid := r.workerPID()
		r.until(r.s.Now() + time.Second + time.Duration(n)*7*time.Millisecond)
		died = append(died, r.s.Now())
		if err := unix.Kill(pid, unix.SIGKILL); err != nil {
			t.Fatal(err)
		}
		r.wait("another worker", 8*time.Second, func() bool { return len(r.causes) == n+1 && r.stats.PID != pid })
	}
	r.until(r.s.Now() + time.Second)
	checkTimelineOf(t, r, r.rungs()[0])
	c := newComparison(t)
	for i, packets := range r.rungs() {
		for _, at := range died {
			for _, v := range packets {
				if v.at > at+50*time.Millisecond {
					if !v.Key {
						t.Errorf("rung %d goes on at %v without a keyframe", i, v.at)
					}
					break
				}
			}
		}
		frames(t, packets, func(pts time.Duration, pic *compose.Picture) {
			c.see(i, pts, pic.Sub(0, 0, pic.W/2, pic.H/2))
		})
	}
}
