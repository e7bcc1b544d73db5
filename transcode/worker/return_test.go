package worker_test

import (
	"image"
	"math"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/media"
	"github.com/regie-live/regie/transcode/testcard"
)

// returned is what came back of a source, of one kind, with when.
func (r *rig) returned(id transcode.SourceID, kind media.Kind) []packet {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []packet
	for _, u := range r.returns {
		if u.Source == id && u.Kind == kind {
			track := transcode.Video
			if kind == media.Audio {
				track = transcode.Opus
			}
			out = append(out, packet{transcode.Packet{Track: track, PTS: int64(u.PTS * transcode.VideoClock / time.Second), Key: u.Key, Data: u.Data}, u.at})
		}
	}
	return out
}

// TestReturn: a source that is asked for comes back as it is, at its own shape, with
// its sound and the program's clock, and nobody else does.
func TestReturn(t *testing.T) {
	r := newRig(t, small)
	r.grid("host", "guest1")
	r.join("host", testcard.Options{Name: "host", Color: red, ToneHz: 330, W: 960, H: 540, Kbps: 800, FPS: 15}, nil)
	r.join("guest1", testcard.Options{Name: "guest1", Color: blue, ToneHz: 550, W: 180, H: 320, Kbps: 300, FPS: 50}, nil)
	r.live("host", "guest1")
	r.s.SetReturn("host", true)
	r.s.SetReturn("guest1", true)
	r.until(r.s.Now() + 5*time.Second)
	r.s.SetReturn("guest1", false)
	r.until(r.s.Now() + time.Second)
	n := len(r.returned("guest1", media.Video))
	r.until(r.s.Now() + time.Second)
	if more := len(r.returned("guest1", media.Video)); more != n {
		t.Errorf("%d pictures of a source that is not asked for any more", more-n)
	}
	for _, c := range []struct {
		id   transcode.SourceID
		size image.Point
		fps  float64
		card [3]uint8
		hz   float64
	}{{"host", image.Pt(640, 360), 15, [3]uint8{red.R, red.G, red.B}, 330}, {"guest1", image.Pt(180, 320), 25, [3]uint8{blue.R, blue.G, blue.B}, 550}} {
		video, sounds := r.returned(c.id, media.Video), r.returned(c.id, media.Audio)
		checkReturn(t, c.id, video, c.size, c.fps)
		y, u, v := compose.YCbCr(c.card[0], c.card[1], c.card[2])
		read, even := 0, 0
		var lastPTS time.Duration
		var lastMS uint32
		frames(t, video, func(pts time.Duration, p *compose.Picture) {
			if image.Pt(p.W, p.H) != c.size {
				t.Fatalf("%s: %d×%d", c.id, p.W, p.H)
			}
			got := mean(p, testcard.PlainRect(p.W, p.H))
			for i, want := range []byte{y, u, v} {
				if math.Abs(float64(got[i])-float64(want)) > 8 {
					t.Errorf("%s at %v is %v", c.id, pts, got)
				}
			}
			if ms, ok := testcard.ReadClock(p); ok {
				read++
				if d := pts - lastPTS - time.Duration(ms-lastMS)*time.Millisecond; d.Abs() < 5*time.Millisecond {
					even++
				}
				lastPTS, lastMS = pts, ms
			}
		})
		// The card's clock and program time run alike, but for where this machine
		// was late.
		if read < len(video)/2 || even < read*8/10 {
			t.Errorf("%s: the clock could be read in %d of %d pictures, and went on as the timestamps in %d", c.id, read, len(video), even)
		}
		for i, s := range sounds[1:] {
			if d := s.PTS - sounds[i].PTS; d < 1799 {
				t.Errorf("%s: packet %d of sound is %d after the one before", c.id, i+1, d)
			}
		}
		x := sound(t, sounds, opusTrack)
		if a := typical(x[4800:], c.hz); math.Abs(a-0.2) > 0.03 {
			t.Errorf("%s: its tone has amplitude %.3f", c.id, a)
		}
		if a := typical(x[4800:], 880-c.hz); a > 0.02 {
			t.Errorf("%s: the other's tone has amplitude %.3f", c.id, a)
		}
		if d := time.Duration(sounds[0].PTS-video[0].PTS) * time.Second / transcode.VideoClock; d.Abs() > 300*time.Millisecond {
			t.Errorf("%s: sound begins %v after the picture", c.id, d)
		}
	}
	checkTimeline(t, r)
}

// checkReturn: timestamps go up at the rate, a keyframe comes first and at least
// every two seconds, and the profile is the right one.
func checkReturn(t *testing.T, id transcode.SourceID, video []packet, size image.Point, fps float64) {
	t.Helper()
	seconds := float64(video[len(video)-1].PTS-video[0].PTS) / transcode.VideoClock
	if rate := float64(len(video)-1) / seconds; seconds < 4 || rate > fps*1.05 || rate < fps*0.7 {
		t.Fatalf("%s: %.1f pictures a second for %.1f s, want %v", id, rate, seconds, fps)
	}
	s := sps(t, video[0])
	if !video[0].Key || s.ProfileIdc != 66 || !s.ConstraintSet1Flag || s.Width() != size.X || s.Height() != size.Y {
		t.Errorf("%s: begins with a keyframe: %v; %d×%d of profile %d", id, video[0].Key, s.Width(), s.Height(), s.ProfileIdc)
	}
	key := video[0].PTS
	bytes := 0
	for i, v := range video {
		bytes += len(v.Data)
		if i > 0 && v.PTS <= video[i-1].PTS {
			t.Errorf("%s: picture %d at %d after %d", id, i, v.PTS, video[i-1].PTS)
		}
		if v.Key {
			key = v.PTS
		}
		if v.PTS-key > 2.1*transcode.VideoClock {
			t.Errorf("%s: no keyframe from %d to %d", id, key, v.PTS)
		}
	}
	if kbps := float64(bytes) * 8 / 1000 / seconds; kbps > 750 {
		t.Errorf("%s: %.0f kbit/s", id, kbps)
	}
}

// TestReturnStalls: nothing comes of a source that sends nothing, and a keyframe
// when it goes on; keyframes come on demand, twice a second at most; and a new worker
// goes on with one by itself.
func TestReturnStalls(t *testing.T) {
	r := newRig(t, small)
	r.grid("host")
	var stalled atomic.Bool
	r.join("host", testcard.Options{Name: "host", Color: green, ToneHz: 330, W: 320, H: 180, Kbps: 500}, func(*media.AccessUnit, time.Duration) bool {
		return !stalled.Load()
	})
	r.live("host")
	r.s.SetReturn("host", true)
	r.wait("pictures", 5*time.Second, func() bool { return len(r.returns) > 30 })
	asking := r.s.Now()
	for r.s.Now() < asking+1500*time.Millisecond {
		r.s.RequestReturnKeyframe("host")
		r.until(r.s.Now() + 30*time.Millisecond)
	}
	asked := r.s.Now()
	stalled.Store(true)
	r.until(r.s.Now() + 1500*time.Millisecond)
	still := len(r.returned("host", media.Video))
	r.until(r.s.Now() + time.Second)
	video := r.returned("host", media.Video)
	if len(video) != still {
		t.Errorf("%d pictures of a source that sends none", len(video)-still)
	}
	keys := 0
	for _, v := range video {
		if v.at > asking && v.at < asked && v.Key {
			keys++
		}
	}
	if keys < 2 || keys > 4 {
		t.Errorf("%d keyframes in 1.5 s of asking", keys)
	}
	stalled.Store(false)
	r.wait("it to go on", 10*time.Second, func() bool {
		return slices.ContainsFunc(r.returns, func(u returnUnit) bool { return u.at > asked+2500*time.Millisecond && u.Kind == media.Video })
	})
	if v := r.returned("host", media.Video)[still]; !v.Key {
		t.Error("it goes on without a keyframe")
	}
	pid := r.workerPID()
	r.until(r.s.Now() + time.Second)
	died := r.s.Now()
	if err := unix.Kill(pid, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	r.wait("another worker", 8*time.Second, func() bool { return len(r.causes) > 0 && r.stats.PID != pid })
	r.wait("it to go on", 8*time.Second, func() bool { return len(r.returns) > 0 && r.returns[len(r.returns)-1].at > died+time.Second })
	video = r.returned("host", media.Video)
	i := slices.IndexFunc(video, func(v packet) bool { return v.at > died+50*time.Millisecond })
	if i < 0 || !video[i].Key {
		t.Errorf("picture %d of the new worker is no keyframe", i)
	}
	for i := range video[1:] {
		if video[i+1].PTS <= video[i].PTS {
			t.Errorf("picture %d at %d after %d", i+1, video[i+1].PTS, video[i].PTS)
		}
	}
}
