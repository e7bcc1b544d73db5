package ingest

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"github.com/regie-live/regie/gateway/internal/guess"
	"github.com/regie-live/regie/gateway/show"
)

// DoorOptions is what a Door needs.
type DoorOptions struct {
	Seats   Seats
	Logger  *slog.Logger // default: no log
	Metrics *Metrics     // default: counted, but not exported
}

// Door is where every publisher comes in, whatever its protocol. It asks Seats
// whose place a stream key opens, logs and counts each attempt once, slows down
// whoever guesses keys, and remembers the last refusals so that a creator can
// be told why an encoder fails (encoders hide our words from their users).
//
// Under a flood of attempts it counts all and logs some: 20 refusals at once,
// then 5 a second; the next line says how many were left out.
//
// All methods may be called from any goroutine.
type Door struct {
	seats   Seats
	logger  *slog.Logger
	metrics *Metrics
	guesses *guess.Addresses
	conns   atomic.Uint64

	lines    *rate.Limiter
	unlogged atomic.Uint64

	mu       sync.Mutex
	refusals []Attempt    // the oldest first, at most maxRefusals
	seated   []*Publisher // in the order in which they came
}

const (
	maxRefusals = 50 // bounds the memory of Refusals

	// So many wrong keys an address may try at once, and then one in a while.
	guessBurst = 10
	guessEvery = 3 * time.Second
)

// Attempt is a publisher that was turned away. It never holds the key. Encoders and
// cameras that try again by themselves, and fail alike, are one.
type Attempt struct {
	Time     time.Time // of the last
	Times    int
	Protocol Protocol
	Remote   string
	Refusal  Refusal
	// Whose seat it was; empty when the key opens none.
	Session     show.SessionID
	Participant show.ParticipantID
}

// NewDoor makes a Door that opens onto the seats in o.
func NewDoor(o DoorOptions) *Door {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = NewMetrics(prometheus.NewRegistry())
	}
	return &Door{
		seats:   o.Seats,
		logger:  o.Logger,
		metrics: o.Metrics,
		guesses: guess.NewAddresses(guessBurst, guessEvery, time.Now),
		lines:   rate.NewLimiter(5, 20),
	}
}

// Admit gives the publisher that o describes its seat. The error is a *Refusal,
// already logged and counted. Whoever admits must Close the Publisher.
func (d *Door) Admit(o Offer) (*Publisher, error) {
	if wait := d.guesses.Wait(o.Remote); wait > 0 {
		r := &Refusal{
			Outcome: RateLimited,
			Reason:  "too many wrong stream keys from this address",
			Hint:    fmt.Sprintf("wait %d s, then try again with the right key", int(wait.Seconds())+1),
		}
		d.Refuse(o, r)
		return nil, r
	}
	if o.RequestKeyframe == nil {
		o.RequestKeyframe = func() {}
	}
	if o.Disconnect == nil {
		o.Disconnect = func(error) {}
	}

	p := newPublisher(d, o)
	o.Silent = p.Silent

	seat, err := d.seats.Claim(o)
	if err != nil {
		r := asRefusal(err)
		if r.Outcome == BadKey {
			d.guesses.Wrong(o.Remote)
		}
		d.refuse(o, seat, r)
		return nil, r
	}
	p.sit(seat)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seated = append(d.seated, p)
	return p, nil
}

func (d *Door) leaves(p *Publisher) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seated = slices.DeleteFunc(d.seated, func(q *Publisher) bool { return q == p })
}

// Refuse logs, counts and remembers an attempt that ended before a key was
// known, or by a rule of its protocol.
func (d *Door) Refuse(o Offer, r *Refusal) { d.refuse(o, Seat{}, r) }

func (d *Door) refuse(o Offer, whose Seat, r *Refusal) {
	d.count(o, whose, r)
	if !d.lines.Allow() {
		d.unlogged.Add(1)
		return
	}
	attrs := []any{
		"protocol", o.Protocol, "remote", o.Remote,
		"outcome", r.Outcome, "reason", r.Reason, "hint", r.Hint,
	}
	if whose.Session != "" {
		attrs = append(attrs, "session", whose.Session, "participant", whose.Participant)
	}
	if n := d.unlogged.Swap(0); n > 0 {
		attrs = append(attrs, "unlogged", n)
	}
	d.logger.Warn("publisher refused", attrs...)
}

// Refusals returns the last attempts that were turned away, the oldest first.
func (d *Door) Refusals() []Attempt {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]Attempt(nil), d.refusals...)
}

// RefusalsOf returns, of the last attempts that were turned away, those that the
// people of a session may know of: at its own seats, and with keys that open none,
// which may be an old one of theirs. The oldest comes first.
func (d *Door) RefusalsOf(session show.SessionID) []Attempt {
	return slices.DeleteFunc(d.Refusals(), func(a Attempt) bool {
		return a.Session != session && a.Session != ""
	})
}

// Count is Refuse for who writes the line, and knows more for it: a camera that
// could not be reached is one of a known participant.
func (d *Door) Count(o Offer, whose Seat, r *Refusal) { d.count(o, whose, r) }

func (d *Door) count(o Offer, whose Seat, r *Refusal) {
	d.metrics.connects.WithLabelValues(string(o.Protocol), string(r.Outcome)).Inc()
	d.remember(o, whose, r)
}

func (d *Door) remember(o Offer, whose Seat, r *Refusal) {
	a := Attempt{
		Time: time.Now(), Times: 1, Protocol: o.Protocol, Remote: o.Remote, Refusal: *r,
		Session: whose.Session, Participant: whose.Participant,
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refusals = slices.DeleteFunc(d.refusals, func(b Attempt) bool {
		if a.again(b) {
			a.Times += b.Times
			return true
		}
		return false
	})
	if len(d.refusals) == maxRefusals {
		d.refusals = append(d.refusals[:0], d.refusals[1:]...)
	}
	d.refusals = append(d.refusals, a)
}

// again says whether a is b once more. The port that a sender calls from is another
// each time.
func (a Attempt) again(b Attempt) bool {
	host := func(remote string) string {
		if h, _, err := net.SplitHostPort(remote); err == nil && a.Protocol != Pull {
			return h
		}
		return remote
	}
	return a.Protocol == b.Protocol && host(a.Remote) == host(b.Remote) && a.Refusal == b.Refusal &&
		a.Session == b.Session && a.Participant == b.Participant
}

func asRefusal(err error) *Refusal {
	var r *Refusal
	if errors.As(err, &r) {
		return r
	}
	return &Refusal{
		Outcome: Unavailable,
		Reason:  err.Error(),
		Hint:    "try again in a few seconds; the server's log says more",
	}
}
