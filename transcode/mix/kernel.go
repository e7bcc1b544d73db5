package mix

import "math"

// Resampling is by a windowed sinc of taps samples, tabulated at phases points
// between two samples and interpolated in between: images and aliases are below
// -90 dB, flat to 18 kHz.
const (
	taps   = 16
	phases = 128
	cutoff = 0.93 // of half the sample rate
	beta   = 8    // of the Kaiser window
)

// kernel holds, for each phase, the weights of samples -7 to +8 around the
// position. One more row spares a wrap when interpolating.
type kernel [phases + 1][taps]float32

func newKernel() *kernel {
	var k kernel
	for p := range k {
		var w [taps]float64
		sum := 0.0
		for i := range w {
			x := float64(i-taps/2+1) - float64(p)/phases
			w[i] = sinc(x*cutoff) * kaiser(x/(taps/2))
			sum += w[i]
		}
		for i := range w {
			k[p][i] = float32(w[i] / sum)
		}
	}
	return &k
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// kaiser is the window at x in [-1, 1].
func kaiser(x float64) float64 {
	if x <= -1 || x >= 1 {
		return 0
	}
	return bessel(beta*math.Sqrt(1-x*x)) / bessel(beta)
}

// bessel is I₀, the modified Bessel function of order zero.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for n := 1.0; n < 40; n++ {
		term *= x / (2 * n) * (x / (2 * n))
		sum += term
	}
	return sum
}

// resample fills dst with pairs read from src (pairs too) beginning at position
// pos and going on by ratio per pair. src must reach from taps/2-1 before the
// first position to taps/2 behind the last.
func (k *kernel) resample(dst, src []float32, pos, ratio float64) {
	for i := 0; i+1 < len(dst); i += 2 {
		whole := int(pos)
		phase := (pos - float64(whole)) * phases
		p := int(phase)
		f := float32(phase - float64(p))
		a, b := &k[p], &k[p+1]
		x := src[2*(whole-taps/2+1):][:2*taps]
		var l, r float32
		for t := range taps {
			c := a[t] + f*(b[t]-a[t])
			l += c * x[2*t]
			r += c * x[2*t+1]
		}
		dst[i], dst[i+1] = l, r
		pos += ratio
	}
}
