package worker_test

import (
	"image"
	"image/color"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/libav"
	"github.com/regie-live/regie/transcode/media"
	"github.com/regie-live/regie/transcode/testcard"
)

// frames decodes the program's video and calls each for every frame.
func frames(t testing.TB, ps []packet, each func(pts time.Duration, p *compose.Picture)) {
	t.Helper()
	dec, err := libav.OpenVideoDecoder(media.Track{Codec: media.H264}, 1920*1920)
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	var pic *compose.Picture
	for i, p := range ps {
		err := dec.Decode(p.Data, time.Duration(p.PTS)*time.Second/transcode.VideoClock, func(f *libav.Frame) {
			if f.Corrupt {
				t.Errorf("frame at %v is corrupt", f.PTS)
			}
			if pic == nil {
				pic = compose.NewPicture(f.W, f.H)
			}
			if err := f.ScaleTo(pic, image.Rect(0, 0, f.W, f.H)); err != nil {
				t.Fatal(err)
			}
			each(f.PTS, pic)
		})
		if err != nil {
			t.Fatalf("packet %d of the program: %v", i, err)
		}
	}
}

// sound decodes a track of the program to the left channel.
func sound(t testing.TB, ps []packet, track media.Track) []float64 {
	t.Helper()
	dec, err := libav.OpenAudioDecoder(track)
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	var out []float64
	for _, p := range ps {
		s, err := dec.Decode(p.Data)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(s); i += 2 {
			out = append(out, float64(s[i]))
		}
	}
	return out
}

var (
	opusTrack = media.Track{Codec: media.Opus, SampleRate: 48000, Channels: 2}
	aacTrack  = media.Track{Codec: media.AAC, SampleRate: 48000, Channels: 2, Config: []byte{0x11, 0x90}}
)

// tone is the amplitude of hz in x.
func tone(x []float64, hz float64) float64 {
	var re, im float64
	for i, v := range x {
		w := 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(len(x)))
		re += v * w * math.Cos(2*math.Pi*hz*float64(i)/48000)
		im += v * w * math.Sin(2*math.Pi*hz*float64(i)/48000)
	}
	return 4 * math.Hypot(re, im) / float64(len(x))
}

// typical is the median of tone over windows of 0.1 s, because a busy machine may
// starve a source now and then.
func typical(x []float64, hz float64) float64 {
	var as []float64
	for ; len(x) >= 4800; x = x[4800:] {
		as = append(as, tone(x[:4800], hz))
	}
	slices.Sort(as)
	return as[len(as)/2]
}

// mean is the mean colour of a part of p.
func mean(p *compose.Picture, r image.Rectangle) [3]int {
	s := p.Sub(r.Min.X, r.Min.Y, r.Dx(), r.Dy())
	plane := func(b []byte, stride, w, h int) int {
		n := 0
		for y := range h {
			for _, v := range b[y*stride:][:w] {
				n += int(v)
			}
		}
		return n / (w * h)
	}
	return [3]int{plane(s.Y, s.YStride, s.W, s.H), plane(s.U, s.CStride, s.W/2, s.H/2), plane(s.V, s.CStride, s.W/2, s.H/2)}
}

// near compares with what coding and scaling leave of a colour.
func near(got [3]int, c color.RGBA) bool {
	y, u, v := compose.YCbCr(c.R, c.G, c.B)
	for i, want := range []byte{y, u, v} {
		if d := got[i] - int(want); d > 8 || d < -8 {
			return false
		}
	}
	return true
}

// quarter is the plain part of the card in cell i of a grid.
func quarter(p transcode.Program, i int) image.Rectangle {
	w, h := p.Width/2, p.Height/2
	return testcard.PlainRect(w, h).Add(image.Pt(i%2*w, i/2*h))
}

// checkTimeline: timestamps go up by the grid, and borders have their frames.
func checkTimeline(t testing.TB, r *rig) {
	t.Helper()
	checkTimelineOf(t, r, r.taken(transcode.Video))
}

// checkTimelineOf does so with the video of one rung.
func checkTimelineOf(t testing.TB, r *rig, video []packet) {
	t.Helper()
	p := r.s.Program()
	last := int64(-1)
	made := map[int64]bool{}
	for _, v := range video {
		n := p.FrameOf(v.PTS)
		if p.FramePTS(n) != v.PTS || n <= last {
			t.Fatalf("frame %d at %d after frame %d", n, v.PTS, last)
		}
		if p.Scheduled(n) && !v.Key {
			t.Errorf("frame %d begins a GOP and is no keyframe", n)
		}
		made[n] = true
		last = n
	}
	if len(video) == 0 {
		t.Fatal("no video came out")
	}
	for n := p.FrameOf(video[0].PTS); n <= last; n++ {
		if p.Border(n) && !made[n] {
			t.Errorf("no frame on the border of a part, %d", n)
		}
	}
	for _, track := range []transcode.Track{transcode.AAC, transcode.Opus} {
		size := map[transcode.Track]int64{transcode.AAC: 1024, transcode.Opus: 960}[track]
		ps := r.taken(track)
		for i, a := range ps {
			if a.PTS%size != 0 || i > 0 && a.PTS != ps[i-1].PTS+size {
				t.Fatalf("track %d: packet %d at %d after %d", track, i, a.PTS, ps[max(0, i-1)].PTS)
			}
		}
		if len(ps) == 0 {
			t.Fatalf("track %d: no packets", track)
		}
	}
}

// TestMix proves the mix by content: every cell has its participant's colour, and
// the sound their tones and no others.
func TestMix(t *testing.T) {
	r := newRig(t, small)
	colors := []color.RGBA{red, green, blue, gold}
	tones := []float64{330, 440, 550, 660}
	ids := []transcode.SourceID{"host", "guest1", "guest2", "guest3"}
	codecs := [][2]media.Codec{{media.H264, media.AAC}, {media.H264, media.Opus}, {media.H264, media.PCMU}, {media.H264, media.LPCM}}
	r.grid(ids...)
	for i, id := range ids {
		r.join(id, testcard.Options{Name: string(id), Color: colors[i], ToneHz: tones[i], W: 320, H: 180, Kbps: 800, VideoCodec: codecs[i][0], AudioCodec: codecs[i][1]}, nil)
	}
	from := r.live(ids...)
	r.until(from + 2*time.Second)
	checkTimeline(t, r)
	seen := 0
	frames(t, r.taken(transcode.Video), func(pts time.Duration, p *compose.Picture) {
		if pts < from {
			return
		}
		seen++
		for i := range ids {
			if got := mean(p, quarter(small, i)); !near(got, colors[i]) {
				t.Errorf("at %v cell %d is %v", pts, i, got)
			}
		}
	})
	if seen < 20 {
		t.Errorf("%d frames in 2 s", seen)
	}
	for track, as := range map[transcode.Track]media.Track{transcode.AAC: aacTrack, transcode.Opus: opusTrack} {
		x := sound(t, r.taken(track), as)
		x = x[len(x)-96000:]
		for _, hz := range tones {
			if a := typical(x, hz); math.Abs(a-0.2) > 0.03 {
				t.Errorf("track %d: %v Hz has amplitude %.3f, want 0.2", track, hz, a)
			}
		}
		for _, hz := range []float64{385, 495, 605, 880, 990} {
			if a := typical(x, hz); a > 0.02 {
				t.Errorf("track %d: %v Hz has amplitude %.3f and nobody sends it", track, hz, a)
			}
		}
	}
}

// TestCodecs: everything that a publisher may send is decoded in the confined
// process.
func TestCodecs(t *testing.T) {
	t.Parallel()
	r := newRig(t, small)
	tones := map[transcode.SourceID]float64{"a": 330, "b": 440, "c": 550, "d": 660}
	r.grid("a", "b", "c", "d")
	for id, c := range map[transcode.SourceID][2]media.Codec{
		"a": {media.VP8, media.MP3}, "b": {media.VP9, media.PCMA}, "c": {media.AV1, media.LPCM}, "d": {media.H265, media.PCMU},
	} {
		r.join(id, testcard.Options{Name: string(c[0]), Color: gold, ToneHz: tones[id], W: 320, H: 180, FPS: 15, Kbps: 300, VideoCodec: c[0], AudioCodec: c[1]}, nil)
	}
	r.until(r.live("a", "b", "c", "d") + 2*time.Second)
	x := sound(t, r.taken(transcode.AAC), aacTrack)
	for id, hz := range tones {
		if a := typical(x[max(0, len(x)-96000):], hz); a < 0.1 {
			t.Errorf("source %s: its tone has amplitude %.3f", id, a)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.stats.SourceStats {
		if s.Errors > 0 || s.Width != 320 || s.Height != 180 {
			t.Errorf("source %s: %d errors, %d×%d", s.ID, s.Errors, s.Width, s.Height)
		}
	}
	if len(r.causes) > 0 {
		t.Errorf("workers died: %v", r.causes)
	}
}
