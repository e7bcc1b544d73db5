package worker

import (
	"math"
	"time"
)

// phaser places the ticks just after the host's pictures arrive, so that a
// picture waits milliseconds for its frame instead of half a frame's time.
//
// Ticks keep the frame grid: tick n is at FrameTime(n) + phase, and phase moves by
// at most phaseStep a tick within a window one frame long. When the host's clock
// drifts past the window's end the phase walks back through it, so that no frame
// is lost or made twice for it.
type phaser struct {
	period time.Duration
	late   time.Duration // the window's end
	lag    time.Duration // mean of the host's pictures
	phase  time.Duration
	re, im float64 // mean direction of the host's pictures on the circle of a period
}

const (
	phaseStep = 800 * time.Microsecond
	// phaseLate is the window's end at most, and phaseMost how far it may go before:
	// it is placed so that the picture's delay, counted to the frame's own time,
	// is from phaseLead less than the sound's up to one frame more. So the picture
	// need not wait for its sound.
	phaseLate = 5 * time.Millisecond
	phaseMost = -120 * time.Millisecond
	phaseLead = 26 * time.Millisecond
	// phaseGrip keeps the phase from walking when the host sits on the window's end.
	phaseGrip = 3 * time.Millisecond
	// coherent is how concentrated the host's pictures must be: 1 is always at the
	// same place. A host with another frame rate has 0.
	coherent = 0.6
)

// observe notes that a picture of the host could be shown from program time t.
func (p *phaser) observe(t time.Duration) {
	a := 2 * math.Pi * float64(t%p.period) / float64(p.period)
	p.re += (math.Cos(a) - p.re) * 0.05
	p.im += (math.Sin(a) - p.im) * 0.05
}

// follow moves the window. lag is how long the host's pictures take to be ready,
// sound the delay that its sound needs.
func (p *phaser) follow(lag, sound time.Duration) {
	p.lag += (lag - p.lag) / 16
	late := min(max(p.lag+phaseGrip-(sound-phaseLead), phaseMost), phaseLate)
	if (late - p.late).Abs() > 6*time.Millisecond {
		p.late = late
	}
}

// step moves the phase and returns it.
func (p *phaser) step() time.Duration {
	if r := math.Hypot(p.re, p.im); r > coherent {
		p.phase += min(max(p.goal(r)-p.phase, -phaseStep), phaseStep)
	}
	return p.phase
}

// goal is where the phase should be: after the mean arrival by what arrivals
// scatter.
func (p *phaser) goal(r float64) time.Duration {
	period := float64(p.period)
	mean := math.Atan2(p.im, p.re) / (2 * math.Pi) * period
	scatter := period / (2 * math.Pi) * math.Sqrt(-2*math.Log(min(r, 1)))
	margin := min(max(1.5*scatter+2e6, 4e6), 12e6)
	g := time.Duration(mean + margin)
	// The image of g nearest to the phase, if it is within reach; else within the
	// window.
	near := g + time.Duration(math.Round(float64(p.phase-g)/period))*p.period
	if near <= p.late+phaseGrip && near > p.late-p.period-phaseGrip {
		return near
	}
	for g > p.late {
		g -= p.period
	}
	for g <= p.late-p.period {
		g += p.period
	}
	return g
}
