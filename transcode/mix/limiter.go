package mix

import "math"

// Lookahead is how much later than its input the Limiter's output comes: 5 ms.
const Lookahead = Rate / 200

// Ceiling is the highest sample the Limiter lets out: -1.5 dB, because lossy
// coding overshoots.
const Ceiling = 0.84

// release is how fast the gain comes back: by 1-1/e in 80 ms.
var release = 1 - math.Exp(-1.0/(0.080*Rate))

// Limiter lowers the gain before a peak arrives and lets it come back slowly. The
// gain is the mean over the look-ahead of the least gain needed within it, so
// it is smooth and has arrived when the peak does.
type Limiter struct {
	delay [2 * Lookahead]float32
	env   [Lookahead + 1]float64
	sum   float64
	unity int // how many of env, newest first, are exactly 1
	level float64
	at    int // of delay
	n     int64

	// mins is a queue of gains, rising, with their positions: the first is the
	// least within the window.
	mins []need
}

type need struct {
	at   int64
	gain float64
}

// NewLimiter returns a Limiter at unity gain.
func NewLimiter() *Limiter {
	l := &Limiter{sum: Lookahead + 1, unity: Lookahead + 1, level: 1}
	for i := range l.env {
		l.env[i] = 1
	}
	return l
}

// Process replaces s, interleaved stereo, by the output: the input of Lookahead
// pairs ago, limited.
func (l *Limiter) Process(s []float32) {
	for i := 0; i+1 < len(s); i += 2 {
		g := l.gain(max(abs(s[i]), abs(s[i+1])))
		d := l.delay[2*l.at:][:2]
		s[i], d[0] = d[0], s[i]
		s[i+1], d[1] = d[1], s[i+1]
		if l.at++; l.at == Lookahead {
			l.at = 0
		}
		if g != 1 {
			s[i] = clamp(s[i] * float32(g))
			s[i+1] = clamp(s[i+1] * float32(g))
		}
	}
}

// gain takes the next peak and returns the gain for the one Lookahead before it.
func (l *Limiter) gain(peak float32) float64 {
	need := l.window(peak)
	switch {
	case need < l.level:
		l.level = need
	case l.level < 1:
		if l.level += (need - l.level) * release; l.level > 0.99999 {
			l.level = 1
		}
	}
	i := int(l.n % (Lookahead + 1))
	l.sum += l.level - l.env[i]
	l.env[i] = l.level
	l.n++
	if l.level != 1 {
		l.unity = 0
	} else if l.unity++; l.unity > Lookahead {
		l.unity = Lookahead + 1
		l.sum = Lookahead + 1 // exactly, whatever rounding has gathered
	}
	return l.sum / (Lookahead + 1)
}

// window returns the least gain needed within the look-ahead.
func (l *Limiter) window(peak float32) float64 {
	g := 1.0
	if peak > Ceiling {
		g = Ceiling / float64(peak)
	}
	for len(l.mins) > 0 && l.mins[len(l.mins)-1].gain >= g {
		l.mins = l.mins[:len(l.mins)-1]
	}
	l.mins = append(l.mins, need{l.n, g})
	if l.mins[0].at < l.n-Lookahead {
		l.mins = l.mins[:copy(l.mins, l.mins[1:])]
	}
	return l.mins[0].gain
}

func clamp(v float32) float32 { return min(max(v, -Ceiling), Ceiling) }

func abs(v float32) float32 { return max(v, -v) }
