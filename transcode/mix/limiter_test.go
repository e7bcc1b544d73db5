package mix

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestLimiterUnityBelowCeiling(t *testing.T) {
	l := NewLimiter()
	r := rand.New(rand.NewPCG(1, 1))
	in := make([]float32, 2*Rate)
	for i := range in {
		in[i] = (r.Float32()*2 - 1) * Ceiling
	}
	out := slices.Clone(in)
	l.Process(out)
	if !slices.Equal(out[2*Lookahead:], in[:len(in)-2*Lookahead]) {
		t.Error("the limiter touched what was below its ceiling")
	}
}

// TestLimiterHolds: nothing exceeds the ceiling, the gain moves smoothly, and
// after the loud part it is unity again.
func TestLimiterHolds(t *testing.T) {
	l := NewLimiter()
	const loud, quiet = Rate, 2 * Rate
	in := make([]float32, 2*(loud+quiet))
	for i := range loud + quiet {
		a := 2.5
		if i >= loud {
			a = 0.5
		}
		v := float32(a * math.Sin(2*math.Pi*220*float64(i)/Rate))
		in[2*i], in[2*i+1] = v, -v/2
	}
	out := slices.Clone(in)
	l.Process(out)
	gain := 0.0 // as found first: it went down ahead of the peak
	for i := Lookahead; i < loud+quiet; i++ {
		x, y := in[2*(i-Lookahead)], out[2*i]
		if abs(y) > Ceiling {
			t.Fatalf("%v at %d", y, i)
		}
		if abs(x) < 0.2 {
			continue
		}
		g := float64(y / x)
		if gain != 0 && math.Abs(g-gain) > 0.02 {
			t.Fatalf("gain went from %.2f to %.2f at %d", gain, g, i)
		}
		if r := out[2*i+1] / in[2*(i-Lookahead)+1]; abs(r-y/x) > 1e-3 {
			t.Fatalf("the image moved: %v and %v", r, y/x)
		}
		gain = g
	}
	if gain != 1 {
		t.Errorf("gain %v two seconds after the peak", gain)
	}
}

func TestLimiterBounded(t *testing.T) {
	l := NewLimiter()
	s := make([]float32, 2*Block)
	for n := range 200 {
		for i := range s {
			s[i] = 4 - float32(n*Block+i/2)*1e-5 // ever falling: the queue's worst case
		}
		l.Process(s)
	}
	if len(l.mins) > Lookahead+1 {
		t.Errorf("%d gains queued", len(l.mins))
	}
}

func BenchmarkLimiter(b *testing.B) {
	l := NewLimiter()
	s := make([]float32, 2*Block)
	for range b.N {
		for i := range s {
			s[i] = float32(i%7) * 0.3
		}
		l.Process(s)
	}
}
