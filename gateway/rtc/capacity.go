package rtc

import (
	"math"
	"sync/atomic"
	"time"
)

const (
	// NoViewers is a Config.MaxViewers that lets none in.
	NoViewers = -1
	// maxPublishers bounds what few seats there are by far, return feeds included; they
	// have no part in the limits of viewers, so that a crowd does not lock the stage.
	maxPublishers = 256
	// maxConns bounds the TCP connections.
	maxConns = 4096
)

// Reason is why a peer is not let in.
type Reason string

// The reasons.
const (
	FullViewers   Reason = "viewers"   // Config.MaxViewers
	FullBandwidth Reason = "bandwidth" // Config.MaxMbps
	FullLoad      Reason = "load"      // the senders do not keep up
	FullStage     Reason = "publishers"
)

// A FullError says that no such peer is let in now.
type FullError struct {
	Reason     Reason
	RetryAfter time.Duration
}

func (e *FullError) Error() string {
	return map[Reason]string{
		FullViewers:   "as many viewers watch by WebRTC as this server may have",
		FullBandwidth: "this server sends as much by WebRTC as it may",
		FullLoad:      "this server is too busy for another viewer by WebRTC",
		FullStage:     "too many publishers and participants are connected",
	}[e.Reason]
}

// capacity keeps within the limits. It is guarded by Net.mu.
type capacity struct {
	maxViewers, maxKbps int // 0: no limit
	maxPublishers       int
	viewers, publishers int
	kbps                int // what the viewers may be sent, all together
}

// enter lets a peer in if it fits, and says with which of its costs; they are in
// kbit/s, the dearest first.
func (c *capacity) enter(side Side, costs []int, busy bool) (cost int, full Reason) {
	if side != Viewer {
		if c.publishers >= c.maxPublishers {
			return 0, FullStage
		}
		c.publishers++
		return 0, ""
	}
	switch {
	case c.maxViewers < 0 || c.maxViewers > 0 && c.viewers >= c.maxViewers:
		return 0, FullViewers
	case busy:
		return 0, FullLoad
	}
	if len(costs) == 0 {
		costs = []int{0}
	}
	for _, kbps := range costs {
		if c.maxKbps == 0 || c.kbps+kbps <= c.maxKbps {
			c.viewers++
			c.kbps += kbps
			return kbps, ""
		}
	}
	return 0, FullBandwidth
}

func (c *capacity) leave(side Side, kbps int) {
	if side != Viewer {
		c.publishers--
		return
	}
	c.viewers--
	c.kbps -= kbps
}

// admit lets a peer in, or says why not.
func (n *Net) admit(p *Peer) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return ErrClosed
	}
	now, costs := time.Now(), p.opts.Costs
	if len(costs) > 1 && n.busy.warm(now) {
		costs = costs[1:]
	}
	cost, full := n.capacity.enter(p.opts.Side, costs, n.busy.is(now))
	if full != "" {
		n.metrics.refusals.WithLabelValues(string(full)).Inc()
		return &FullError{Reason: full, RetryAfter: retryAfter(full)}
	}
	p.cost = cost
	n.peers[p] = struct{}{}
	p.setState("connecting")
	return nil
}

// retryAfter is when it may be worth to ask again: load passes sooner than a crowd.
func retryAfter(r Reason) time.Duration {
	if r == FullLoad {
		return calm
	}
	return 30 * time.Second
}

// Cost is the one of PeerOptions.Costs that the peer was let in with, or was moved
// to since.
func (p *Peer) Cost() int {
	p.net.mu.Lock()
	defer p.net.mu.Unlock()
	return p.cost
}

// Move says that the peer is to be sent so much. What is less always goes; what is
// more only if it fits, and while the senders keep up.
func (p *Peer) Move(kbps int) bool {
	n := p.net
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, inside := n.peers[p]; !inside {
		return false
	}
	c := &n.capacity
	if more := kbps - p.cost; more > 0 && (c.maxKbps > 0 && c.kbps+more > c.maxKbps || n.busy.is(time.Now())) {
		return false
	}
	c.kbps += kbps - p.cost
	p.cost = kbps
	return true
}

const (
	// pulseWindow is over how long a sender's time is added up.
	pulseWindow = 2 * time.Second
	// busyShare of that time spent on sending leaves no room for more, and warmShare
	// not for what costs most.
	busyShare = 0.8
	warmShare = 0.6
	// calm is how long it must be quiet before new viewers are let in again.
	calm = 10 * time.Second
)

// busy is until when senders count as overloaded, and as near to it, in nanoseconds
// of Unix time.
type busy struct{ until, near atomic.Int64 }

func (b *busy) is(now time.Time) bool   { return now.UnixNano() < b.until.Load() }
func (b *busy) warm(now time.Time) bool { return now.UnixNano() < b.near.Load() }

// note takes the share of its time that a sender was busy.
func (b *busy) note(now time.Time, share float64) {
	until := now.Add(calm).UnixNano()
	if share > warmShare {
		b.near.Store(until)
	}
	if share > busyShare {
		b.until.Store(until)
	}
}

// Pulse tells a Net how one sender keeps up. It belongs to the sender's goroutine,
// alone.
type Pulse struct {
	net   *Net
	began time.Time // of the window
	last  time.Time // end of the latest work
	spent time.Duration
}

// NewPulse makes the Pulse of one sender.
func (n *Net) NewPulse() *Pulse { return &Pulse{net: n} }

// Busy says that work that was there at due is done now. The time between is what
// the sender was behind, be it for work or for want of a processor.
func (p *Pulse) Busy(due, now time.Time) {
	if p.began.IsZero() {
		p.began, p.last = due, due
	}
	if due.Before(p.last) {
		due = p.last
	}
	p.spent += max(now.Sub(due), 0)
	p.last = now
	window := now.Sub(p.began)
	if window < pulseWindow {
		return
	}
	share := p.spent.Seconds() / window.Seconds()
	p.net.metrics.busy.Set(share)
	p.net.busy.note(now, share)
	p.began, p.spent = now, 0
}

// tellLimits shows the limits to Prometheus; without one it is infinite.
func (n *Net) tellLimits() {
	limit := func(v int, unit float64) float64 {
		if v == 0 {
			return math.Inf(1)
		}
		return max(float64(v), 0) * unit
	}
	n.metrics.maxViewers.Set(limit(n.config.MaxViewers, 1))
	n.metrics.maxBytes.Set(limit(n.config.MaxMbps, 1e6/8))
}

// Dropped says that work was given up because the sender did not keep up.
func (n *Net) Dropped(now time.Time) { n.busy.note(now, 1) }
