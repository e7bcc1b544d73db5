package health

import (
	"bytes"
	"math"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/regie-live/regie/transcode/media"
)

// stream makes what an encoder sends: pictures in decoding order, sound beside.
type stream struct {
	fps, gop, bFrames int
	bytes             int           // of a picture
	soundLate         time.Duration // by which sound arrives after its picture
	uneven            bool
	noSound           bool
}

// play sends d of it to m, and gives the time at the end.
func (s stream) play(m *Meter, d time.Duration) time.Duration {
	step := time.Second / time.Duration(s.fps)
	const block = 1024 * time.Second / 48000
	sound := time.Duration(0)
	n := int(d / step)
	for i := range n {
		at := time.Duration(i) * step
		for ; !s.noSound && sound+s.soundLate <= at; sound += block {
			m.Unit(sound+s.soundLate, media.AccessUnit{Kind: media.Audio, Key: true, PTS: time.Hour + sound, Data: make([]byte, 341)})
		}
		shown, key := s.shown(i)
		pts := time.Duration(shown) * step
		if s.uneven && shown%2 == 1 {
			pts += step * 6 / 10
		}
		m.Unit(at, media.AccessUnit{Kind: media.Video, Key: key, PTS: time.Hour + pts, Data: make([]byte, s.bytes)})
	}
	return time.Duration(n) * step
}

// shown is the place of the i-th coded picture among the shown ones: a group of
// bFrames+1 pictures begins with the one that is shown last.
func (s stream) shown(i int) (place int, key bool) {
	in, group := i%s.gop, i-i%s.gop
	if in == 0 || s.bFrames == 0 {
		return i, in == 0
	}
	size := s.bFrames + 1
	first := group + 1 + (in-1)/size*size
	if at := (in - 1) % size; at > 0 {
		return first + at - 1, false
	}
	return first + size - 1, false
}

var both = []media.Track{
	{Codec: media.H264},
	{Codec: media.AAC, SampleRate: 44100, Channels: 1, Config: []byte{0x11, 0x90}}, // 48 kHz, stereo: it decides
}

func TestMeter(t *testing.T) {
	for _, tt := range []struct {
		name   string
		stream stream
		want   Video
		offset int
	}{
		{"clean", stream{fps: 30, gop: 60, bytes: 10000}, Video{FPS: 30, Kbps: 2400, KbpsNow: 2400, Keyframe: 2}, 0},
		{"B-frames", stream{fps: 30, gop: 61, bFrames: 2, bytes: 10000}, Video{FPS: 30, Kbps: 2400, KbpsNow: 2400, Keyframe: 2, BFrames: 2}, 0},
		{"three B-frames, 25 fps", stream{fps: 25, gop: 49, bFrames: 3, bytes: 5000}, Video{FPS: 25, Kbps: 1000, KbpsNow: 1000, Keyframe: 2, BFrames: 3}, 0},
		{"uneven", stream{fps: 30, gop: 60, bytes: 10000, uneven: true}, Video{FPS: 30, Unsteady: 0.6, Kbps: 2400, KbpsNow: 2400, Keyframe: 2}, 0},
		{"OBS as it comes", stream{fps: 30, gop: 250, bytes: 10000}, Video{FPS: 30, Kbps: 2400, KbpsNow: 2400, Keyframe: 8.3}, 0},
		{"sound late", stream{fps: 30, gop: 60, bytes: 10000, soundLate: 100 * time.Millisecond}, Video{FPS: 30, Kbps: 2400, KbpsNow: 2400, Keyframe: 2}, -100},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var m Meter
			m.SetTracks(both)
			now := tt.stream.play(&m, 40*time.Second)
			var h Health
			if age := m.Fill(now, &h); age < 39*time.Second {
				t.Errorf("the age is %v", age)
			}
			got := *h.Video
			if math.Abs(got.FPS-tt.want.FPS) > 0.2 || math.Abs(got.Unsteady-tt.want.Unsteady) > 0.06 ||
				math.Abs(float64(got.Kbps-tt.want.Kbps)) > 60 || math.Abs(float64(got.KbpsNow-tt.want.KbpsNow)) > 60 ||
				math.Abs(got.Keyframe-tt.want.Keyframe) > 0.1 || got.BFrames != tt.want.BFrames {
				t.Errorf("measured %+v, want %+v", got, tt.want)
			}
			if h.AVOffset == nil || math.Abs(float64(*h.AVOffset-tt.offset)) > 40 {
				t.Errorf("A/V offset %v, want about %d", h.AVOffset, tt.offset)
			}
			if a := *h.Audio; a.Rate != 48000 || a.Channels != 2 || math.Abs(float64(a.Kbps-128)) > 4 {
				t.Errorf("sound %+v, want 48 kHz stereo at 128 kbit/s", a)
			}
		})
	}
}

func TestMeterNoticesTheEndOfKeyframesAndOfBitrate(t *testing.T) {
	var m Meter
	m.SetTracks(both[:1])
	now := stream{fps: 30, gop: 10000, bytes: 10000, noSound: true}.play(&m, 15*time.Second)
	var h Health
	m.Fill(now, &h)
	if h.Video.NoKey < 14.9 || h.Video.Keyframe != 0 || h.Audio != nil || h.AVOffset != nil {
		t.Errorf("after 15 s with one keyframe: %+v", h.Video)
	}
	m.Fill(now+time.Minute, &h)
	if h.Video.Kbps != 0 || h.Video.KbpsNow != 0 {
		t.Errorf("a minute after the last picture: %+v", h.Video)
	}
	m.SetTracks(both)
	m.Fill(now+time.Minute, &h)
	if h.Video.NoKey != 0 || h.Video.FPS != 0 {
		t.Errorf("new tracks inherit from the old: %+v", h.Video)
	}
}

// The clock of an encoder that starts again begins anew, too.
func TestMeterSurvivesAJumpOfTheClock(t *testing.T) {
	var m Meter
	m.SetTracks(both)
	at := time.Duration(0)
	for _, base := range []time.Duration{time.Hour, 0, 3 * time.Hour} {
		for i := range 300 {
			at += time.Second / 30
			m.Unit(at, media.AccessUnit{Kind: media.Video, Key: i%60 == 0, PTS: base + at, Data: []byte{1}})
			m.Unit(at, media.AccessUnit{Kind: media.Audio, PTS: base + at, Data: []byte{1}})
		}
	}
	var h Health
	m.Fill(at, &h)
	if h.Video.FPS != 30 || h.Video.Unsteady > 0.02 || h.Video.BFrames != 0 || h.Video.Keyframe != 2 || *h.AVOffset != 0 {
		t.Errorf("measured %+v, offset %d", h.Video, *h.AVOffset)
	}
}

// What real encoders write is read: profile and size of every coding.
func TestCodings(t *testing.T) {
	for _, tt := range []struct {
		codec  media.Codec
		args   []string
		header int // bytes of a container before the first picture
		want   Video
	}{
		{media.H264, []string{"-c:v", "libx264", "-profile:v", "high", "-f", "h264"}, 0, Video{Codec: "h264", Profile: "High", Width: 642, Height: 362}},
		{media.H264, []string{"-c:v", "libx264", "-profile:v", "baseline", "-f", "h264"}, 0, Video{Codec: "h264", Profile: "Constrained Baseline", Width: 642, Height: 362}},
		{media.H265, []string{"-c:v", "libx265", "-x265-params", "log-level=none", "-f", "hevc"}, 0, Video{Codec: "h265", Profile: "Main", Width: 642, Height: 362}},
		{media.VP8, []string{"-c:v", "libvpx", "-f", "ivf"}, 44, Video{Codec: "vp8", Width: 642, Height: 362}},
		{media.VP9, []string{"-c:v", "libvpx-vp9", "-f", "ivf"}, 44, Video{Codec: "vp9", Profile: "Profile 0", Width: 642, Height: 362}},
		{media.AV1, []string{"-c:v", "libaom-av1", "-cpu-used", "8", "-f", "obu"}, 0, Video{Codec: "av1", Profile: "Main", Width: 642, Height: 362}},
	} {
		t.Run(string(tt.codec)+"/"+tt.want.Profile, func(t *testing.T) {
			args := append([]string{"-v", "error", "-f", "lavfi", "-i", "testsrc2=s=642x362:r=25", "-frames:v", "1", "-pix_fmt", "yuv420p"}, tt.args...)
			cmd := exec.Command("ffmpeg", append(args, "-")...)
			var coded, said bytes.Buffer
			cmd.Stdout, cmd.Stderr = &coded, &said
			if err := cmd.Run(); err != nil {
				t.Fatalf("ffmpeg: %v\n%s", err, &said)
			}
			unit := coded.Bytes()[tt.header:]

			var m Meter
			m.SetTracks([]media.Track{{Codec: tt.codec}})
			m.Unit(0, media.AccessUnit{Kind: media.Video, Key: true, Data: unit})
			var h Health
			m.Fill(time.Second, &h)
			if got := *h.Video; got.Codec != tt.want.Codec || got.Profile != tt.want.Profile || got.Width != tt.want.Width || got.Height != tt.want.Height {
				t.Errorf("read %+v, want %+v", got, tt.want)
			}
		})
	}
}

func FuzzPicture(f *testing.F) {
	f.Add(uint8(0), []byte{0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x28, 0, 0, 1, 0x68})
	f.Add(uint8(4), []byte{0x12, 0, 0x0a, 0x0b, 0, 0, 0, 0x24})
	codecs := []media.Codec{media.H264, media.H265, media.VP8, media.VP9, media.AV1}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		p := newPicture(media.Track{Codec: codecs[int(which)%len(codecs)], Config: data})
		p.keyframe(data)
		if len(p.last) > maxSet {
			t.Errorf("%d bytes are kept", len(p.last))
		}
	})
}

// What measuring costs for each access unit, beside the network and the mixer.
func BenchmarkUnit(b *testing.B) {
	for _, bFrames := range []int{0, 2} {
		b.Run("bframes="+strconv.Itoa(bFrames), func(b *testing.B) {
			var m Meter
			m.SetTracks(both)
			s := stream{fps: 30, gop: 61, bFrames: bFrames}
			data := make([]byte, 10000)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				shown, key := s.shown(i)
				m.Unit(time.Duration(i)*time.Second/30, media.AccessUnit{Kind: media.Video, Key: key, PTS: time.Duration(shown) * time.Second / 30, Data: data})
			}
		})
	}
}

func TestSilenceMustLast(t *testing.T) {
	var m Meter
	m.SetTracks(both)
	silent := func(at time.Duration) float64 {
		var h Health
		m.Fill(at, &h)
		return h.Audio.Silent
	}
	for s := range 20 {
		m.Hear(time.Duration(s)*time.Second, -90)
	}
	if got := silent(19 * time.Second); got != 19 {
		t.Errorf("silent for %v s, want 19", got)
	}
	m.Hear(20*time.Second, -18)
	m.Hear(21*time.Second, -90)
	if got := silent(21 * time.Second); got != 1 {
		t.Errorf("a second after a word it is silent for %v s, want 1", got)
	}
	m.Hear(60*time.Second, -90) // nobody asked for a while: who knows what was said
	if got := silent(60 * time.Second); got != 0 {
		t.Errorf("silent for %v s, want 0", got)
	}
	var h Health
	if m.Fill(70*time.Second, &h); h.Audio.Loudness != nil {
		t.Error("an old loudness is told")
	}
}
