package mix

import "math"

// Floor is the loudness of silence, in LUFS: below it BS.1770 counts nothing.
const Floor = -70

// Meter measures momentary loudness: ITU-R BS.1770-4 over the last 0.4 s, in steps
// of 0.1 s. It belongs to one goroutine. Its zero value is ready.
type Meter struct {
	filters [2][2]biquad // by channel
	sum     float64      // of the squares of the step at hand, both channels
	n       int          // pairs in it
	steps   [4]float64   // mean squares of the last steps
	next    int
}

const meterStep = Rate / 10

// The two filters of the K weighting at 48 kHz (BS.1770-4, tables 1 and 2).
var (
	shelf    = coefficients{1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585}
	highPass = coefficients{1, -2, 1, -1.99004745483398, 0.99007225036621}
)

type coefficients struct{ b0, b1, b2, a1, a2 float64 }

type biquad struct{ z1, z2 float64 }

func (q *biquad) run(c *coefficients, x float64) float64 {
	y := c.b0*x + q.z1
	q.z1 = c.b1*x - c.a1*y + q.z2
	q.z2 = c.b2*x - c.a2*y
	return y
}

// Write takes interleaved stereo. It reports whether Loudness has changed.
func (m *Meter) Write(samples []float32) bool {
	changed := false
	for i := 0; i+1 < len(samples); i += 2 {
		for ch := range 2 {
			f := &m.filters[ch]
			v := f[1].run(&highPass, f[0].run(&shelf, float64(sane(samples[i+ch]))))
			m.sum += v * v
		}
		if m.n++; m.n == meterStep {
			m.steps[m.next] = m.sum / meterStep
			m.next = (m.next + 1) % len(m.steps)
			m.sum, m.n, changed = 0, 0, true
		}
	}
	return changed
}

// Loudness is that of the last four whole steps in LUFS, at least Floor.
func (m *Meter) Loudness() float64 {
	sum := 0.0
	for _, s := range m.steps {
		sum += s
	}
	return max(-0.691+10*math.Log10(sum/float64(len(m.steps))), Floor)
}
