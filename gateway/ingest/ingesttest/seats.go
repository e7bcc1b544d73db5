// Package ingesttest has seats for the tests of the protocols: they take what a
// publisher sends and let a test wait for it. It guarantees that a Sink's
// methods were called one at a time and never after Close, or the test fails.
package ingesttest

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode/media"
)

// Key opens the only seat.
const Key = show.StreamKey("TEST-KEY-abcdef")

// Patience is how long Wait waits for what ought to come.
const Patience = 20 * time.Second

// Seats has one seat, for the host of session "studio".
type Seats struct {
	t testing.TB

	mu      sync.Mutex
	changed chan struct{} // closed and replaced at every change
	claims  []*Claim
	busy    bool
}

// Claim is one publisher that took the seat, and all it sent.
type Claim struct {
	seats *Seats

	Offer  ingest.Offer
	Tracks [][]media.Track // each SetTracks
	Units  []media.AccessUnit
	Closed bool
	Cause  error
}

// New returns free seats.
func New(t testing.TB) *Seats {
	return &Seats{t: t, changed: make(chan struct{})}
}

// Claim implements ingest.Seats.
func (s *Seats) Claim(o ingest.Offer) (ingest.Seat, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !Key.Equal(o.Key) {
		return ingest.Seat{}, &ingest.Refusal{
			Outcome: ingest.BadKey, Reason: "no seat has this stream key", Hint: "copy the key again",
		}
	}
	if s.busy {
		return ingest.Seat{}, &ingest.Refusal{
			Outcome: ingest.SeatTaken, Reason: "another encoder sends with this key", Hint: "stop it first",
		}
	}
	s.busy = true
	c := &Claim{seats: s, Offer: o}
	s.claims = append(s.claims, c)
	s.change()
	return ingest.Seat{Session: "studio", Participant: "host", Role: show.Host, Sink: sink{c}}, nil
}

func (s *Seats) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// sink feeds a Claim.
type sink struct{ c *Claim }

func (k sink) do(what string, f func(c *Claim)) {
	k.c.seats.mu.Lock()
	defer k.c.seats.mu.Unlock()
	if k.c.Closed {
		k.c.seats.t.Errorf("%s after Close", what)
	}
	f(k.c)
	k.c.seats.change()
}

func (k sink) SetTracks(ts []media.Track) {
	k.do("SetTracks", func(c *Claim) { c.Tracks = append(c.Tracks, ts) })
}

func (k sink) Write(au media.AccessUnit) {
	k.do("Write", func(c *Claim) {
		if len(c.Tracks) == 0 {
			c.seats.t.Error("Write before SetTracks")
		}
		c.Units = append(c.Units, au)
	})
}

func (k sink) Close(cause error) {
	k.do("Close", func(c *Claim) {
		c.Closed, c.Cause = true, cause
		c.seats.busy = false
	})
}

// Wait returns a copy of claim number n (from 0) once ok says so of it, and
// fails the test if that takes longer than Patience.
func (s *Seats) Wait(n int, what string, ok func(Claim) bool) Claim {
	s.t.Helper()
	deadline := time.After(Patience)
	for {
		s.mu.Lock()
		changed := s.changed
		var c Claim
		there := n < len(s.claims)
		if there {
			c = *s.claims[n]
			c.Units = append([]media.AccessUnit(nil), c.Units...)
			c.Tracks = append([][]media.Track(nil), c.Tracks...)
		}
		s.mu.Unlock()
		if there && ok(c) {
			return c
		}
		select {
		case <-changed:
		case <-deadline:
			s.t.Fatalf("publisher %d: waited %v for %s; have %s", n, Patience, what, c)
		}
	}
}

// WaitClosed returns claim n when its publisher has ended.
func (s *Seats) WaitClosed(n int) Claim {
	s.t.Helper()
	return s.Wait(n, "its end", func(c Claim) bool { return c.Closed })
}

// Claims says how many publishers took the seat so far.
func (s *Seats) Claims() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.claims)
}

// Last returns the tracks that hold now.
func (c Claim) Last() []media.Track {
	if len(c.Tracks) == 0 {
		return nil
	}
	return c.Tracks[len(c.Tracks)-1]
}

// Of returns the units of one kind.
func (c Claim) Of(k media.Kind) []media.AccessUnit {
	var us []media.AccessUnit
	for _, au := range c.Units {
		if au.Kind == k {
			us = append(us, au)
		}
	}
	return us
}

// Elementary joins the units of one kind into a file that a decoder reads: the
// track's Config and Annex B for H.264 and H.265, IVF for VP8, VP9 and AV1, ADTS
// for AAC; bare units for the rest.
func (c Claim) Elementary(k media.Kind) []byte {
	var b bytes.Buffer
	for _, t := range c.Last() {
		switch {
		case t.Codec.Kind() != k:
		case k == media.Video && t.Codec != media.H264 && t.Codec != media.H265:
			return ivf(t.Codec, c.Of(k))
		case t.Codec == media.AAC:
			return adts(c.seats.t, t.Config, c.Of(k))
		default:
			b.Write(t.Config)
		}
	}
	for _, au := range c.Of(k) {
		b.Write(au.Data)
	}
	return b.Bytes()
}

func (c Claim) String() string {
	return fmt.Sprintf("tracks %+v, %d video and %d audio units, closed %v (%v)",
		c.Last(), len(c.Of(media.Video)), len(c.Of(media.Audio)), c.Closed, c.Cause)
}
