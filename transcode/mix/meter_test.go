package mix

import (
	"math"
	"testing"
)

// stereo is seconds of a sine at a peak level of dBFS, on one or both sides.
func stereo(hz, dBFS, seconds float64, left, right float32) []float32 {
	a := math.Pow(10, dBFS/20)
	out := make([]float32, 0, int(2*Rate*seconds))
	for i := range int(Rate * seconds) {
		v := float32(a * math.Sin(2*math.Pi*hz*float64(i)/Rate))
		out = append(out, left*v, right*v)
	}
	return out
}

// TestMeter holds the meter against what EBU Tech 3341 and BS.1770 demand.
func TestMeter(t *testing.T) {
	for _, c := range []struct {
		name    string
		samples []float32
		want    float64
	}{
		{"1 kHz at -23 dBFS on both sides", stereo(1000, -23, 2, 1, 1), -23},
		{"1 kHz at -33 dBFS on both sides", stereo(1000, -33, 2, 1, 1), -33},
		{"997 Hz at full scale on one side", stereo(997, 0, 2, 1, 0), -3.01},
		{"a tone that hardly counts", stereo(25, -20, 2, 1, 1), -31.1},
		{"silence", make([]float32, 2*Rate), Floor},
		{"nothing", nil, Floor},
		{"the last 0.4 s count", append(stereo(1000, -6, 1, 1, 1), stereo(1000, -40, 0.6, 1, 1)...), -40},
		{"no numbers", []float32{float32(math.NaN()), float32(math.Inf(1)), 1e30, -1e30}, Floor},
	} {
		var m Meter
		for s := c.samples; len(s) > 0; { // in packets of any size
			n := min(2*777, len(s))
			m.Write(s[:n])
			s = s[n:]
		}
		if got := m.Loudness(); math.Abs(got-c.want) > 0.15 {
			t.Errorf("%s: %.2f LUFS, want %.2f", c.name, got, c.want)
		}
	}
}

func BenchmarkMeter(b *testing.B) {
	s := stereo(1000, -20, 0.02, 1, 1)
	var m Meter
	b.SetBytes(int64(4 * len(s)))
	for b.Loop() {
		m.Write(s)
	}
}
