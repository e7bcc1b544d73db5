package e2e

import (
	"fmt"
	"math"
	"math/cmplx"
	"slices"
	"testing"
	"time"

	"github.com/regie-live/regie/transcode"
)

// goertzel is the amplitude of a frequency in mono sound at 48 kHz.
func goertzel(mono []float32, hz float64) float64 {
	w := 2 * math.Pi * hz / transcode.AudioClock
	c := 2 * math.Cos(w)
	var a, b float64
	for _, v := range mono {
		a, b = float64(v)+c*a-b, a
	}
	return 2 * math.Hypot(a-b*math.Cos(w), b*math.Sin(w)) / float64(len(mono))
}

// peak is a line in a spectrum.
type peak struct{ hz, amplitude float64 }

// peaks finds what can be heard: every local maximum of the spectrum above a
// floor, the loudest first. The sound is cut to a power of two and weighted by a
// Blackman window, whose side lobes lie 58 dB below a line.
func peaks(mono []float32, floor float64) (found []peak) {
	n := 1
	for n*2 <= len(mono) {
		n *= 2
	}
	x := make([]complex128, n)
	for i := range x {
		phase := 2 * math.Pi * float64(i) / float64(n)
		weight := 0.42 - 0.5*math.Cos(phase) + 0.08*math.Cos(2*phase)
		x[i] = complex(float64(mono[i])*weight, 0)
	}
	fft(x)
	size := func(i int) float64 { return 2 * cmplx.Abs(x[i]) / float64(n) / 0.42 }
	for i := 2; i < n/2-1; i++ {
		if a := size(i); a > floor && a >= size(i-1) && a > size(i+1) {
			found = append(found, peak{float64(i) * transcode.AudioClock / float64(n), a})
		}
	}
	slices.SortFunc(found, func(a, b peak) int { return int(math.Copysign(1, b.amplitude-a.amplitude)) })
	return found
}

// fft transforms in place; the length is a power of two.
func fft(x []complex128) {
	n := len(x)
	if n == 1 {
		return
	}
	even, odd := make([]complex128, n/2), make([]complex128, n/2)
	for i := range even {
		even[i], odd[i] = x[2*i], x[2*i+1]
	}
	fft(even)
	fft(odd)
	for i := range even {
		turned := cmplx.Rect(1, -2*math.Pi*float64(i)/float64(n)) * odd[i]
		x[i], x[i+n/2] = even[i]+turned, even[i]-turned
	}
}

// judge compares sound with the looks that should be heard, and says what is
// wrong: a tone that is missing, at the wrong level, cut out for a moment, or
// heard but not sent.
func judge(mono []float32, mix ...look) (wrong string) {
	for _, l := range mix {
		if l.tone == 0 {
			continue
		}
		mean, least := steadiness(mono, l.tone)
		if mean < level*0.7 || mean > level*1.4 || least < level*0.4 {
			wrong += fmt.Sprintf("; %.0f Hz has the level %.4f and at least %.4f instead of %.4f", l.tone, mean, least, level)
		}
	}
	for _, p := range peaks(mono, level/20) {
		if !slices.ContainsFunc(mix, func(l look) bool { return l.tone > 0 && math.Abs(l.tone-p.hz) < 12 }) {
			wrong += fmt.Sprintf("; %.0f Hz was not sent, its level is %.4f", p.hz, p.amplitude)
		}
	}
	return wrong
}

// steadiness is a tone's mean and least level. Its pitch may be half a per cent
// off while the mixer takes up drift, so it is measured over 50 ms, in which that
// does not matter.
func steadiness(mono []float32, hz float64) (mean, least float64) {
	const window = transcode.AudioClock / 20
	least = math.Inf(1)
	n := 0
	for i := 0; i+window <= len(mono); i += window {
		a := goertzel(mono[i:i+window], hz)
		mean += a
		least = min(least, a)
		n++
	}
	return mean / float64(n), least
}

// settling is how long the sound may be unsteady after somebody joined or left: a
// mixer has to learn by how much each feed's packets come late.
const settling = 6 * time.Second

// hears fails unless exactly the tones of these looks are heard for a second, soon
// after now.
func (s *screen) hears(mix ...look) {
	s.t.Helper()
	s.hearsWithin(settling, mix...)
}

func (s *screen) hearsWithin(d time.Duration, mix ...look) {
	s.t.Helper()
	var wrong string
	for began := time.Now(); time.Since(began) < d; {
		if wrong = judge(s.listen(time.Second), mix...); wrong == "" {
			figure(s.t, "mix.sound_settled", max(0, time.Since(began)-time.Second).Seconds(), "s")
			return
		}
	}
	s.t.Errorf("%s: not the sound that was sent%s", s.name, wrong)
}

// beeps are the times at which a tone begins, counted from the first sample, to
// about a millisecond: where its level over 10 ms passes the half.
func beeps(mono []float32, hz float64) (at []time.Duration) {
	const window, hop = 480, 48
	quiet := window * 10
	for i := 0; i+window <= len(mono); i += hop {
		if goertzel(mono[i:i+window], hz) < beepLevel/2 {
			quiet += hop
			continue
		}
		if quiet > transcode.AudioClock/4 && i > 0 {
			// At half the level the tone fills half the window.
			at = append(at, samples(i+window/2))
		}
		quiet = 0
	}
	return at
}

// offsets pairs flashes with the nearest beep: sound minus picture, in order.
func offsets(flashes, beeps []time.Duration) (d []time.Duration) {
	for _, f := range flashes {
		best, found := time.Duration(0), false
		for _, b := range beeps {
			if !found || (b-f).Abs() < best.Abs() {
				best, found = b-f, true
			}
		}
		if found && best.Abs() < flashEvery/2 {
			d = append(d, best)
		}
	}
	return d
}

func average(d []time.Duration) (sum time.Duration) {
	for _, v := range d {
		sum += v
	}
	return sum / time.Duration(max(1, len(d)))
}

func mixture(d time.Duration, at func(seconds float64) float64) []float32 {
	out := make([]float32, int(d.Seconds()*transcode.AudioClock))
	for i := range out {
		out[i] = float32(at(float64(i) / transcode.AudioClock))
	}
	return out
}

func TestSoundIsJudged(t *testing.T) {
	sine := func(hz, s float64) float64 { return level * math.Sin(2*math.Pi*hz*s) }
	four := func(s float64) float64 {
		return sine(looks[0].tone, s) + sine(looks[1].tone, s) + sine(looks[2].tone, s) + sine(looks[3].tone, s)
	}
	for _, c := range []struct {
		name  string
		sound func(float64) float64
		want  []look
		right bool
	}{
		{"four of four", four, looks, true},
		{"one is missing", four, append(slices.Clone(looks), look{tone: 1777}), false},
		{"one too many", four, looks[:3], false},
		{"silence is not a tone", func(float64) float64 { return 0 }, looks[:1], false},
		{"silence", func(float64) float64 { return 0 }, nil, true},
		{"half as loud", func(s float64) float64 { return four(s) / 2 }, looks, false},
		{"hum", func(s float64) float64 { return four(s) + sine(50, s)/4 }, looks, false},
		{"a little sharp", func(s float64) float64 { return four(s * 1.005) }, looks, true},
		{"cut out", func(s float64) float64 {
			if s > 0.5 && s < 0.55 {
				return 0
			}
			return four(s)
		}, looks, false},
		{"clipped", func(s float64) float64 { return max(-level, min(level, four(s))) }, looks, false},
	} {
		if wrong := judge(mixture(time.Second, c.sound), c.want...); (wrong == "") != c.right {
			t.Errorf("%s: judged %q", c.name, wrong)
		}
	}
}

func TestBeepsAreFoundToTheMillisecond(t *testing.T) {
	for _, hz := range []float64{900, 2700} {
		sound := mixture(4*time.Second, func(s float64) float64 {
			v := level * math.Sin(2*math.Pi*437*s)
			if math.Mod(s-0.5037, 1) < 0.1 && s > 0.5037 {
				v += beepLevel * math.Sin(2*math.Pi*hz*s)
			}
			return v
		})
		found := beeps(sound, hz)
		if len(found) != 4 {
			t.Fatalf("%.0f Hz: %d beeps at %v, want 4", hz, len(found), found)
		}
		for i, at := range found {
			want := 503700*time.Microsecond + time.Duration(i)*time.Second
			if d := at - want; d.Abs() > 2*time.Millisecond {
				t.Errorf("%.0f Hz: beep %d found %v away", hz, i, d)
			}
		}
	}
}
