package ingest

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/regie-live/regie/gateway/ingest/health"
	"github.com/regie-live/regie/transcode/media"
)

// Why a publisher ended, beside a *Refusal. Wrap them to say more.
var (
	ErrPeerClosed = errors.New("the encoder closed the connection")
	ErrSilent     = errors.New("the encoder sent nothing for too long")
	ErrReplaced   = errors.New("another encoder took over this seat")
	ErrStopping   = errors.New("the server is stopping")
	ErrRemoved    = errors.New("the seat was closed")
)

// Publisher is the connection that feeds a seat now. Its methods may be called
// from any goroutine; the seat's Sink sees them one at a time, in order, and
// nothing after Close.
//
// An attempt counts as accepted once its tracks are known and supported; one
// that ends before that counts as what it failed on (no_media if it just left).
type Publisher struct {
	door    *Door
	offer   Offer
	seat    Seat
	logger  *slog.Logger
	counts  *counts
	created time.Time

	lastMedia atomic.Int64 // since created, in ns
	bytes     atomic.Uint64
	closed    atomic.Bool
	meter     health.Meter

	mu       sync.Mutex // orders calls to the sink; guards what follows
	accepted bool
	done     bool
	watch    *time.Timer
}

func newPublisher(d *Door, o Offer) *Publisher {
	return &Publisher{door: d, offer: o, created: time.Now()}
}

// sit gives the publisher its place. It happens before anyone else knows of it.
func (p *Publisher) sit(s Seat) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seat = s
	p.counts = p.door.metrics.publisher(s.Session, p.offer.Protocol, s.Role)
	p.counts.connections.Inc()
	p.logger = p.door.logger.With(
		"session", s.Session, "participant", s.Participant, "conn", p.door.conns.Add(1),
		"protocol", p.offer.Protocol, "remote", p.offer.Remote)
	p.logger.Info("publisher connected")
}

// Seat returns the place that is held.
func (p *Publisher) Seat() Seat { return p.seat }

// Logger returns the log that names this publisher in every line.
func (p *Publisher) Logger() *slog.Logger { return p.logger }

// Silent says how long ago the last access unit came, or the connection.
func (p *Publisher) Silent() time.Duration {
	return time.Since(p.created) - time.Duration(p.lastMedia.Load())
}

// SetTracks says what follows: at most one video and one audio track. The error
// is a *Refusal that the caller tells its peer before it closes.
func (p *Publisher) SetTracks(tracks []media.Track) error {
	if r := checkTracks(tracks); r != nil {
		return r
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done {
		return &Refusal{Outcome: Unavailable, Reason: "the connection is over", Hint: "connect again"}
	}
	if !p.accepted {
		p.accepted = true
		p.door.metrics.connects.WithLabelValues(string(p.offer.Protocol), string(Accepted)).Inc()
	}
	p.meter.SetTracks(tracks)
	attrs := make([]any, 0, 2*len(tracks))
	for _, t := range tracks {
		attrs = append(attrs, t.Codec.Kind().String(), t.Codec)
	}
	p.logger.Info("publisher's tracks", attrs...)
	p.seat.Sink.SetTracks(tracks)
	return nil
}

// Write passes an access unit on. It never blocks. Units that come before
// SetTracks or after Close are ignored.
func (p *Publisher) Write(au media.AccessUnit) {
	if len(au.Data) == 0 {
		return
	}
	at := time.Since(p.created)
	p.lastMedia.Store(int64(at))
	p.bytes.Add(uint64(len(au.Data)))

	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done || !p.accepted {
		return
	}
	p.counts.unit(au, p.meter.Unit(at, au))
	p.seat.Sink.Write(au)
}

// Dropped counts n pictures that were thrown away before Write, by reason:
// "loss" (packets missing, until the next keyframe) or "invalid".
func (p *Publisher) Dropped(reason string, n int) {
	p.counts.dropped(reason, n)
}

// RequestKeyframe asks the peer for a keyframe where its protocol can.
func (p *Publisher) RequestKeyframe() { p.offer.RequestKeyframe() }

// Watch ends the connection through Offer.Disconnect when no media comes within
// first, or later stays away for longer than gap. It stops at Close.
func (p *Publisher) Watch(first, gap time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done || p.watch != nil {
		return
	}
	p.watch = time.AfterFunc(first, func() { p.watchOver(gap) })
}

func (p *Publisher) watchOver(gap time.Duration) {
	if p.bytes.Load() == 0 {
		p.offer.Disconnect(NewNoMedia())
		return
	}
	silent := p.Silent()
	if silent >= gap {
		p.offer.Disconnect(ErrSilent)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.done {
		p.watch.Reset(gap - silent)
	}
}

// Close frees the seat. The first cause counts and is logged; nil means that
// the peer left in good order.
func (p *Publisher) Close(cause error) {
	if !p.closed.CompareAndSwap(false, true) {
		return
	}
	if cause == nil {
		cause = ErrPeerClosed
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = true
	p.door.leaves(p)
	if p.watch != nil {
		p.watch.Stop()
	}
	p.counts.connections.Dec()
	attrs := []any{
		"cause", cause, "bytes", p.bytes.Load(),
		"duration", time.Since(p.created).Round(time.Millisecond),
	}
	var r *Refusal
	switch {
	case p.accepted:
		p.door.metrics.disconnects.WithLabelValues(string(p.offer.Protocol), reasonLabel(cause)).Inc()
		p.logger.Info("publisher ended", attrs...)
		if errors.As(cause, &r) {
			p.door.remember(p.offer, p.seat, r)
		}
	case errors.As(cause, &r):
		p.refused(r, attrs)
	case errors.Is(cause, ErrReplaced), errors.Is(cause, ErrStopping), errors.Is(cause, ErrRemoved):
		p.refused(EndedByUs(cause), attrs)
	default:
		p.refused(NewNoMedia(), attrs)
	}
	p.seat.Sink.Close(cause)
}

// refused counts an attempt that had a seat but never sent what we can use.
func (p *Publisher) refused(r *Refusal, attrs []any) {
	p.door.metrics.connects.WithLabelValues(string(p.offer.Protocol), string(r.Outcome)).Inc()
	p.logger.Warn("publisher refused", append(attrs, "outcome", r.Outcome, "hint", r.Hint)...)
	p.door.remember(p.offer, p.seat, r)
}

// NewNoMedia is the refusal of an encoder that connects and sends nothing.
func NewNoMedia() *Refusal {
	return &Refusal{
		Outcome: NoMedia,
		Reason:  "no picture or sound came",
		Hint:    "check that the encoder has a source and start it again",
	}
}

// EndedByUs puts the cause of a Disconnect into words for the peer.
func EndedByUs(cause error) *Refusal {
	r := &Refusal{Outcome: Unavailable, Reason: cause.Error(), Hint: "connect again"}
	switch {
	case errors.As(cause, &r):
	case errors.Is(cause, ErrReplaced):
		r.Hint = "stop one of the two encoders"
	case errors.Is(cause, ErrSilent):
		r.Hint = "check the network and the encoder, then connect again"
	case errors.Is(cause, ErrRemoved):
		r.Hint = "ask the session's host"
	}
	return r
}

// reasonLabel sorts causes into the few that a label may hold.
func reasonLabel(cause error) string {
	var r *Refusal
	var ne net.Error
	switch {
	case errors.As(cause, &r):
		return string(r.Outcome)
	case errors.Is(cause, ErrReplaced):
		return "replaced"
	case errors.Is(cause, ErrStopping):
		return "stopping"
	case errors.Is(cause, ErrRemoved):
		return "removed"
	case errors.Is(cause, ErrSilent):
		return "silent"
	case errors.Is(cause, ErrPeerClosed), errors.Is(cause, io.EOF), errors.Is(cause, io.ErrUnexpectedEOF),
		errors.Is(cause, syscall.ECONNRESET), errors.Is(cause, syscall.EPIPE):
		return "peer_closed"
	case errors.As(cause, &ne) && ne.Timeout():
		return "timeout"
	}
	return "error"
}
