// Package stage is a session while it runs: who holds which seat, what the
// picture shows, and when the program goes on and off air.
//
// It guarantees:
//   - All decisions of one session are made on one loop, one after another.
//   - Media does not pass through that loop: a publisher's access units go
//     straight to the mixer, and never wait.
//   - A seat has one publisher. A second one takes over only when the first has
//     been silent for TakeoverAfter; the first is then disconnected.
//   - From going live to the end the program runs, whatever the publishers do.
package stage

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/regie-live/regie/gateway/internal/loop"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/media"
)

const (
	// TakeoverAfter is how long a publisher must have been silent before
	// another one with the same key takes its seat.
	TakeoverAfter = 2 * time.Second
	// hold is how long the host's last picture stays before the whole screen
	// becomes a slate; the mixer holds a cell's last picture equally long.
	hold = 3 * time.Second
	// farewell is how long the closing slate is shown.
	farewell = 5 * time.Second
)

// Program is what a stage needs of a transcode.Session.
type Program interface {
	Run(ctx context.Context) error
	Epoch() time.Time
	SetSource(transcode.Source) error
	SetTracks(transcode.SourceID, []media.Track)
	Push(transcode.Input)
	SetScene(transcode.Scene)
	RequestKeyframe()
}

// Output takes the program to viewers.
type Output interface {
	Write(transcode.Packet)
	// Close is called once, after the last Write: the program has ended.
	Close()
}

// Options configure New.
type Options struct {
	Session show.Session
	Program struct{ Width, Height int }
	// Grace is how long a participant who left keeps the cell.
	Grace time.Duration
	// EndAfter is how long an autostarted session waits on air for anyone to
	// come back before it ends; 0 waits for ever.
	EndAfter time.Duration

	NewProgram func(transcode.Events) (Program, error)
	OpenOutput func(epoch time.Time, keyframe func()) (Output, error)

	Logger  *slog.Logger
	Metrics *Metrics
}

// Stage runs one session. Create it with New, then call Run.
type Stage struct {
	o     Options
	log   *slog.Logger
	loop  *loop.Loop
	view  atomic.Pointer[View]
	stats atomic.Pointer[transcode.Stats]

	// The rest belongs to the loop.
	ctx     context.Context
	phase   show.Phase
	seats   []*seat
	run     *run          // the program on air; nil unless live
	ended   chan struct{} // closed when the last run has stopped; nil before the first
	idle    *time.Timer   // nobody sends; when it fires the session ends
	away    *time.Timer   // the host's last picture still stands
	closing *time.Timer   // the closing slate is up
}

// View is a snapshot for pages and the API.
type View struct {
	Session show.Session
	Phase   show.Phase
	Since   time.Time // when Phase began
	OnAir   []show.ParticipantID
}

// New returns a stage in phase planned.
func New(o Options) *Stage {
	s := &Stage{
		o:     o,
		log:   o.Logger.With("session", o.Session.ID),
		loop:  loop.New(),
		phase: show.Planned,
	}
	for _, p := range o.Session.Participants {
		s.seats = append(s.seats, &seat{stage: s, person: p, source: transcode.SourceID(p.ID)})
	}
	s.publishView(time.Now())
	o.Metrics.phase(o.Session, show.Planned)
	return s
}

// Run works until ctx ends; it leaves nothing behind.
func (s *Stage) Run(ctx context.Context) error {
	loopCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	s.ctx = ctx
	go func() {
		// The loop outlives ctx by one closure: the one that takes it off air.
		<-ctx.Done()
		_ = s.loop.Do(func() { s.offAir("shutdown") })
		stop()
	}()
	s.loop.Run(loopCtx)
	if s.ended != nil {
		<-s.ended
	}
	return nil
}

// Forget takes a session that is no more out of the metrics, after Run.
func (s *Stage) Forget() { s.o.Metrics.forget(s.o.Session.ID) }

// View returns the newest snapshot.
func (s *Stage) View() View { return *s.view.Load() }

// Stats returns what the mixer said last; ok is false while it has said nothing.
func (s *Stage) Stats() (stats transcode.Stats, ok bool) {
	if p := s.stats.Load(); p != nil {
		return *p, true
	}
	return stats, false
}

// Start puts the session on air without waiting for the host.
func (s *Stage) Start(cause string) error {
	return s.do(func() error { return s.goLive(cause) })
}

// End takes the session off air, after a closing slate.
func (s *Stage) End(cause string) error {
	return s.do(func() error {
		if s.phase != show.Live {
			return ErrNotLive
		}
		s.beginFarewell(cause)
		return nil
	})
}

// ErrNotLive is returned by End when there is nothing to end.
var ErrNotLive = errors.New("the session is not on air; start it first")

func (s *Stage) do(f func() error) (err error) {
	if stopped := s.loop.Do(func() { err = f() }); stopped != nil {
		return stopped
	}
	return err
}

func (s *Stage) setPhase(p show.Phase, cause string) {
	if s.phase == p {
		return
	}
	s.log.Info("session is "+string(p), "cause", cause)
	s.phase = p
	s.o.Metrics.transition(s.o.Session, p, cause)
	s.publishView(time.Now())
}

func (s *Stage) publishView(since time.Time) {
	v := &View{Session: s.o.Session, Phase: s.phase, Since: since}
	if old := s.view.Load(); old != nil && old.Phase == s.phase {
		v.Since = old.Since
	}
	for _, t := range s.seats {
		if t.feed.Load() != nil {
			v.OnAir = append(v.OnAir, t.person.ID)
		}
	}
	s.view.Store(v)
}
