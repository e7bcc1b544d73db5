package testcard

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"testing"
	"time"

	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/libav"
	"github.com/regie-live/regie/transcode/media"
)

var (
	amber = color.RGBA{0xC0, 0x80, 0x30, 0xFF}
	start = time.UnixMilli(1_790_000_000_123)
)

// shown is what a card looks and sounds like after decoding.
type shown struct {
	pictures []shot
	samples  []float32     // stereo, 48 kHz
	heard    time.Duration // PTS of samples[0]
}

type shot struct {
	pts   time.Duration
	ms    uint32
	ok    bool
	plain [3]int // mean colour in PlainRect
	flash int    // mean luma in FlashRect
}

// play decodes the first d of c at w × h.
func play(t *testing.T, c *Card, d time.Duration, w, h int) shown {
	t.Helper()
	var s shown
	var video *libav.VideoDecoder
	var audio *libav.AudioDecoder
	for _, track := range c.Tracks() {
		var err error
		if track.Codec.Kind() == media.Video {
			video, err = libav.OpenVideoDecoder(track, 1<<22)
		} else {
			audio, err = libav.OpenAudioDecoder(track)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if video != nil {
		defer video.Close()
	}
	if audio != nil {
		defer audio.Close()
	}
	pic := compose.NewPicture(w, h)
	for last := time.Duration(0); ; {
		au, due, err := c.Next()
		if err != nil {
			t.Fatal(err)
		}
		if due < last {
			t.Fatalf("due goes back from %v to %v", last, due)
		}
		if last = due; due >= d {
			return s
		}
		if au.Kind == media.Audio {
			samples, err := audio.Decode(au.Data)
			if err != nil {
				t.Fatal(err)
			}
			if s.samples == nil {
				s.heard = au.PTS
			}
			s.samples = append(s.samples, samples...)
			continue
		}
		err = video.Decode(au.Data, au.PTS, func(f *libav.Frame) {
			if err := f.ScaleTo(pic, image.Rect(0, 0, f.W, f.H)); err != nil {
				t.Fatal(err)
			}
			s.pictures = append(s.pictures, look(pic, f.PTS))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func look(p *compose.Picture, pts time.Duration) shot {
	s := shot{pts: pts}
	s.ms, s.ok = ReadClock(p)
	s.plain = mean(p, PlainRect(p.W, p.H))
	s.flash = mean(p, FlashRect(p.W, p.H))[0]
	return s
}

// mean returns the mean colour of r without its outermost pixels.
func mean(p *compose.Picture, r image.Rectangle) [3]int {
	var sum [3]int
	r = r.Inset(4)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			sum[0] += int(p.Y[y*p.YStride+x])
			sum[1] += int(p.U[y/2*p.CStride+x/2])
			sum[2] += int(p.V[y/2*p.CStride+x/2])
		}
	}
	n := r.Dx() * r.Dy()
	return [3]int{sum[0] / n, sum[1] / n, sum[2] / n}
}

// level returns the amplitude of hz in the left channel.
func level(samples []float32, hz float64) float64 {
	var re, im float64
	n := len(samples) / 2
	for i := range n {
		sin, cos := math.Sincos(2 * math.Pi * hz * float64(i) / libav.SampleRate)
		v := float64(samples[2*i]) * (1 - math.Cos(2*math.Pi*float64(i)/float64(n)))
		re, im = re+v*cos, im+v*sin
	}
	return 2 * math.Hypot(re, im) / float64(n)
}

// TestCard looks at a card at its own size, at a quarter of it and in portrait, in
// every codec that can be encoded here.
func TestCard(t *testing.T) {
	tests := []struct {
		video, audio media.Codec
		w, h         int
		showW, showH int
	}{
		{media.H264, media.AAC, 640, 360, 640, 360},
		{media.H264, media.Opus, 1280, 720, 320, 180},
		{media.H264, media.AAC, 360, 640, 360, 640},
		{media.H265, media.MP3, 640, 360, 320, 180},
		{media.VP8, media.PCMA, 640, 360, 320, 180},
		{media.VP9, media.PCMU, 640, 360, 320, 180},
		{media.AV1, media.LPCM, 640, 360, 320, 180},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s-%s-%dx%d", tt.video, tt.audio, tt.w, tt.h), func(t *testing.T) {
			c, err := Open(Options{
				Name: "Théo", Color: amber, ToneHz: 330.5, W: tt.w, H: tt.h, Kbps: 1500,
				VideoCodec: tt.video, AudioCodec: tt.audio, Start: start,
			})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			s := play(t, c, 2*time.Second, tt.showW, tt.showH)
			if len(s.pictures) != 60 {
				t.Errorf("got %d pictures of two seconds", len(s.pictures))
			}
			y, u, v := compose.YCbCr(amber.R, amber.G, amber.B)
			for i, p := range s.pictures {
				due := time.Duration(i) * time.Second / 30
				if p.pts != base+due {
					t.Fatalf("picture %d has PTS %v", i, p.pts)
				}
				if want := uint32(start.Add(due).UnixMilli()); !p.ok || p.ms != want {
					t.Errorf("picture %d: the bar code says %d (%v), want %d", i, p.ms, p.ok, want)
				}
				if tt.video == media.VP8 { // no room for BT.709 in its header
					continue
				}
				for j, want := range []byte{y, u, v} {
					if d := p.plain[j] - int(want); d < -4 || d > 4 {
						t.Fatalf("picture %d: the plain part is %v, want %v", i, p.plain, []byte{y, u, v})
					}
				}
			}
			mid := s.samples[2*24000 : 2*72000]
			if a := level(mid, 330.5); a < 0.9*toneLevel || a > 1.1*toneLevel {
				t.Errorf("the tone has level %.3f, want %.3f", a, toneLevel)
			}
			if a := level(mid, 440); a > 0.01 {
				t.Errorf("there is 440 Hz at level %.3f", a)
			}
		})
	}
}

// TestFlashBeep: patch and burst begin at the same instant of the shared clock.
func TestFlashBeep(t *testing.T) {
	for _, codec := range []media.Codec{media.AAC, media.Opus} {
		t.Run(string(codec), func(t *testing.T) {
			c, err := Open(Options{Name: "Mei", Color: amber, ToneHz: 330, W: 320, H: 180, Kbps: 500, AudioCodec: codec, FlashBeep: true})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			s := play(t, c, 5*time.Second, 320, 180)
			var flashes, beeps []time.Duration
			white := false
			for _, p := range s.pictures {
				if now := p.flash > 200; now != white {
					if white = now; now {
						flashes = append(flashes, p.pts)
					}
				}
			}
			// The beep has more than the tone's level.
			quiet := 0
			for i := range len(s.samples) / 2 {
				if v := s.samples[2*i]; v > 1.3*toneLevel || v < -1.3*toneLevel {
					if quiet > libav.SampleRate {
						beeps = append(beeps, s.heard+time.Duration(i)*time.Second/libav.SampleRate)
					}
					quiet = 0
				}
				quiet++
			}
			if len(flashes) != 2 || len(beeps) != 2 {
				t.Fatalf("flashes at %v, beeps at %v", flashes, beeps)
			}
			for i := range flashes {
				if d := beeps[i] - flashes[i]; d < -2*time.Millisecond || d > 3*time.Millisecond {
					t.Errorf("flash at %v, beep at %v: %v apart", flashes[i], beeps[i], d)
				}
			}
		})
	}
}

func TestOneTrack(t *testing.T) {
	for _, o := range []Options{{NoVideo: true}, {NoAudio: true}} {
		c, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		tracks := c.Tracks()
		if len(tracks) != 1 {
			t.Fatal(tracks)
		}
		for range 10 {
			au, _, err := c.Next()
			if err != nil || au.Kind != tracks[0].Codec.Kind() || len(au.Data) == 0 {
				t.Errorf("got %v, %d bytes, %v", au.Kind, len(au.Data), err)
			}
		}
		c.Close()
		c.Close()
		if _, _, err := c.Next(); err == nil {
			t.Error("a closed card goes on")
		}
	}
	if _, err := Open(Options{NoVideo: true, NoAudio: true}); err == nil {
		t.Error("a card with nothing was opened")
	}
}

func TestKeyframes(t *testing.T) {
	c, err := Open(Options{W: 320, H: 180, NoAudio: true, GOP: 20})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var keys []int
	for i := range 50 {
		if i == 7 {
			c.RequestKeyframe()
		}
		au, _, err := c.Next()
		if err != nil {
			t.Fatal(err)
		}
		if au.Key {
			keys = append(keys, i)
		}
	}
	if fmt.Sprint(keys) != "[0 7 27 47]" {
		t.Errorf("keyframes at %v", keys)
	}
}

// TestReadClock: noise is not read as a time.
func TestReadClock(t *testing.T) {
	p := compose.NewPicture(640, 360)
	if _, ok := ReadClock(p); ok {
		t.Error("read a time from black")
	}
	DrawClock(p, start)
	if ms, ok := ReadClock(p); !ok || ms != uint32(start.UnixMilli()) {
		t.Errorf("got %d, %v", ms, ok)
	}
	x := (2*20 + 1) * p.W / 96
	for y := range 20 {
		p.Y[y*p.YStride+x] ^= 0xff
	}
	if _, ok := ReadClock(p); ok {
		t.Error("a flipped bit was not noticed")
	}
	if _, ok := ReadClock(compose.NewPicture(32, 16)); ok {
		t.Error("read a time from a stamp")
	}
}

func BenchmarkNext(b *testing.B) {
	c, err := Open(Options{Name: "Ana", Color: amber, ToneHz: 330})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	var due time.Duration
	for b.Loop() {
		if _, due, err = c.Next(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()/due.Seconds(), "cpu-s/s")
}
