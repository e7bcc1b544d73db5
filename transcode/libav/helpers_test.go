package libav

import (
	"bytes"
	"math"
	"os/exec"
	"testing"
	"time"

	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/media"
)

const testPixels = 1920 * 1080

var videoCodecs = []media.Codec{media.H264, media.H265, media.VP8, media.VP9, media.AV1}

// quadrants are four colours that no codec, range or matrix error maps onto
// each other, as Y, Cb, Cr.
var quadrants = [4][3]byte{{180, 60, 150}, {60, 200, 100}, {110, 110, 210}, {210, 128, 128}}

// drawQuadrants paints each quarter of p in its own colour, and a block that moves
// with n.
func drawQuadrants(p *compose.Picture, n int) {
	for i, c := range quadrants {
		p.Sub(i%2*p.W/2, i/2*p.H/2, p.W/2, p.H/2).Fill(c[0], c[1], c[2])
	}
	p.Sub(n*4%(p.W-16), p.H/2-8, 16, 16).Fill(235, 128, 128)
}

// sample returns the mean colour of the 8 × 8 pixels around x, y.
func sample(p *compose.Picture, x, y int) [3]int {
	var sum [3]int
	for j := y - 4; j < y+4; j++ {
		for i := x - 4; i < x+4; i++ {
			sum[0] += int(p.Y[j*p.YStride+i])
			sum[1] += int(p.U[j/2*p.CStride+i/2])
			sum[2] += int(p.V[j/2*p.CStride+i/2])
		}
	}
	return [3]int{sum[0] / 64, sum[1] / 64, sum[2] / 64}
}

func checkColor(t *testing.T, what string, p *compose.Picture, x, y int, want [3]byte, tolerance int) {
	t.Helper()
	got := sample(p, x, y)
	for i := range got {
		if d := got[i] - int(want[i]); d > tolerance || d < -tolerance {
			t.Errorf("%s at %d,%d: got %v, want %v within %d", what, x, y, got, want, tolerance)
			return
		}
	}
}

func checkQuadrants(t *testing.T, what string, p *compose.Picture, tolerance int) {
	t.Helper()
	for i, c := range quadrants {
		checkColor(t, what, p, (2*(i%2)+1)*p.W/4, (2*(i/2)+1)*p.H/4, c, tolerance)
	}
}

// encodeClip makes n access units of moving quadrants; frame 0 is a keyframe.
func encodeClip(t testing.TB, cfg VideoEncoderConfig, n int) [][]byte {
	t.Helper()
	e, err := OpenVideoEncoder(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var clip [][]byte
	for i := range n {
		drawQuadrants(e.Canvas(), i)
		data, _, err := e.Encode(int64(i), false)
		if err != nil {
			t.Fatal(err)
		}
		clip = append(clip, data)
	}
	return clip
}

func openVideo(t testing.TB, c media.Codec) *VideoDecoder {
	t.Helper()
	d, err := OpenVideoDecoder(media.Track{Codec: c}, testPixels)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// ffmpeg runs the ffmpeg program and returns what it writes to stdout.
func ffmpeg(t testing.TB, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ffmpeg", append([]string{"-hide_banner", "-loglevel", "error", "-nostdin"}, args...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, errs.Bytes())
	}
	return out.Bytes()
}

// splitH264 splits an Annex B stream at its access unit delimiters.
func splitH264(stream []byte) [][]byte {
	aud := []byte{0, 0, 0, 1, 9}
	var units [][]byte
	for start := bytes.Index(stream, aud); start >= 0; {
		next := bytes.Index(stream[start+1:], aud)
		if next < 0 {
			return append(units, stream[start:])
		}
		units = append(units, stream[start:start+1+next])
		start += 1 + next
	}
	return units
}

// goertzel returns the amplitude of the tone of hz in the left channel of
// interleaved stereo.
func goertzel(samples []float32, hz, rate float64) float64 {
	n := len(samples) / 2
	w := 2 * math.Pi * hz / rate
	var s1, s2 float64
	for i := range n {
		// A Hann window keeps neighbouring tones out.
		h := 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(n))
		s1, s2 = float64(samples[2*i])*h+2*math.Cos(w)*s1-s2, s1
	}
	return 4 * math.Sqrt(s1*s1+s2*s2-2*math.Cos(w)*s1*s2) / float64(n)
}

func tone(n int, hz, rate, level float64) []float32 {
	s := make([]float32, 2*n)
	for i := range n {
		v := float32(level * math.Sin(2*math.Pi*hz*float64(i)/rate))
		s[2*i], s[2*i+1] = v, v
	}
	return s
}

func frameTime(i int) time.Duration { return time.Duration(i) * time.Second / 30 }
