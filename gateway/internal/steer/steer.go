// Package steer decides from what a receiver of WebRTC says of its link how much to
// send it: one of several rungs, of which 0 is the most.
//
// It guarantees: down at once on heavy loss, else after two bad reports in a row; up
// after a calm time, one rung at a time, later with every time that did not last. It
// is pure: time comes in from outside.
package steer

import "time"

// Thresholds of a viewer's link. Losses of a few packets are repaired within a
// round trip and seen by nobody; past heavyLoss pictures fall apart at once.
const (
	quietLoss = 0.04
	badLoss   = 0.08
	heavyLoss = 0.25
	// queueing is by how much the round trip may grow beyond the least: more means
	// that packets pile up in front of a bottleneck. Over TCP that is all to be seen.
	queueing = 200 * time.Millisecond
)

const (
	// heavyWindow is how long requests for repairs are counted before they are
	// judged by themselves, ahead of the viewer's next report.
	heavyWindow = 200 * time.Millisecond
	fewPackets  = 20 // prove nothing
	// settle is how long a step down is given to help before the next.
	settle = 1500 * time.Millisecond
	// calmFirst is the quiet time before a step up; it doubles with every step up
	// that did not last for proof, up to calmMost, and halves with every one that did.
	calmFirst = 5 * time.Second
	calmMost  = 2 * time.Minute
	proof     = 15 * time.Second
)

// Steer steers one receiver. It belongs to one goroutine, or is locked by its owner.
type Steer struct {
	rungs int
	rung  int // now

	base    time.Duration // the least round trip, which slowly rises to the present
	bad     int           // bad reports in a row
	changed time.Time     // last step
	climbed time.Time     // last step up, until it has lasted or failed
	calm    time.Time     // since when all is quiet; zero: it is not
	wait    time.Duration // calm before the next step up

	began  time.Time // of the window
	window tally     // since then
	since  tally     // since the last report
}

// tally counts packets, and those of them that were asked for again.
type tally struct{ sent, asked int }

func (t *tally) add(sent, asked int) { t.sent += sent; t.asked += asked }

// share is 0 where there is too little to judge.
func (t *tally) share() float64 {
	if t.sent < fewPackets {
		return 0
	}
	return float64(t.asked) / float64(t.sent)
}

// New begins with rung of so many.
func New(rung, rungs int) Steer { return Steer{rungs: rungs, rung: rung, wait: calmFirst} }

// Repairs notes how many packets a viewer was sent since the last call and how many
// of them it asks for again. It says whether the rung has changed.
func (s *Steer) Repairs(now time.Time, sent, asked int) bool {
	if s.began.IsZero() {
		s.began = now
	}
	s.window.add(sent, asked)
	s.since.add(sent, asked)
	if now.Sub(s.began) < heavyWindow || s.window.sent < fewPackets {
		return false
	}
	share := s.window.share()
	s.began, s.window = now, tally{}
	return share > heavyLoss && s.down(now)
}

// Report notes a receiver report: the share of packets that it says is lost, and
// the round trip if it is known. What was asked for again counts as lost, as a
// repair that has come hides it from the report.
func (s *Steer) Report(now time.Time, lost float64, rtt time.Duration) bool {
	lost = max(lost, s.since.share())
	s.since = tally{}
	queue := s.queue(rtt)
	switch {
	case lost > heavyLoss:
		s.bad, s.calm = s.bad+1, time.Time{}
		return s.down(now)
	case lost > badLoss || queue > queueing:
		s.calm = time.Time{}
		if s.bad++; s.bad >= 2 {
			return s.down(now)
		}
	case lost < quietLoss && queue < queueing/2:
		s.bad = 0
		if s.calm.IsZero() {
			s.calm = now
		}
		return s.up(now)
	default:
		s.bad, s.calm = 0, time.Time{}
	}
	return false
}

// queue is how much of a round trip is waiting. A route that has become longer is
// the new measure after some minutes.
func (s *Steer) queue(rtt time.Duration) time.Duration {
	switch {
	case rtt == 0:
		return 0
	case s.base == 0 || rtt < s.base:
		s.base = rtt
	default:
		s.base += (rtt - s.base) / 64
	}
	return rtt - s.base
}

func (s *Steer) down(now time.Time) bool {
	if !s.climbed.IsZero() && now.Sub(s.climbed) < proof {
		s.wait = min(2*s.wait, calmMost)
	}
	s.climbed, s.calm = time.Time{}, time.Time{}
	if s.rung == s.rungs-1 || now.Sub(s.changed) < settle {
		return false
	}
	s.rung++
	s.changed, s.bad = now, 0
	return true
}

// Refuse takes a step up back that cannot be made now.
func (s *Steer) Refuse(rung int) {
	s.rung, s.climbed, s.wait = rung, time.Time{}, min(2*s.wait, calmMost)
}

func (s *Steer) up(now time.Time) bool {
	if !s.climbed.IsZero() && now.Sub(s.climbed) >= proof {
		s.climbed = time.Time{}
		s.wait = max(s.wait/2, calmFirst)
	}
	if s.rung == 0 || now.Sub(s.calm) < s.wait || now.Sub(s.changed) < s.wait {
		return false
	}
	s.rung--
	s.changed, s.climbed, s.calm = now, now, now
	return true
}

// Rung is what to send now.
func (s *Steer) Rung() int { return s.rung }
