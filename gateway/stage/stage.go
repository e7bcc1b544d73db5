// Package stage is a session while it runs: who holds which seat and is where on
// the way to the stage, what the picture shows, who gets whom in return, and when
// the program goes on and off air.
//
// It guarantees:
//   - All decisions of one session are made on one loop, one after another. Two
//     people at the desk change different fields without undoing each other.
//   - Media does not pass through that loop: a publisher's access units go
//     straight to the mixer and to the return feeds, and never wait.
//   - A seat has one publisher. A second one takes over only when it is the same
//     person, or the first has been silent for TakeoverAfter; the first is then
//     disconnected.
//   - Nobody is seen or heard by viewers before they are on air, nor heard by
//     anybody else; at most show.MaxGuests guests are at once.
//   - From going live to the end the program runs, whatever the publishers do.
//     Before, a session that does not start by itself rehearses: the program runs,
//     and nothing of it goes out, from when somebody comes until all have been gone
//     for rehearsalIdle.
//   - Every change that the desk can see is told through Options.Changed, once, in
//     order; Desk is the sum of all that were told.
package stage

import (
	"context"
	"errors"
	"log/slog"
	"sync"
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
	// rehearsalIdle is how long a rehearsal goes on with nobody there.
	rehearsalIdle = 30 * time.Second
	// crossfade is how long Take takes when it fades.
	crossfade = 400 * time.Millisecond
	// maxPeople bounds who may be on the way to one stage.
	maxPeople = 16
)

// Program is what a stage needs of a transcode.Session.
type Program interface {
	Run(ctx context.Context) error
	Epoch() time.Time
	SetSource(transcode.Source) error
	RemoveSource(transcode.SourceID)
	SetTracks(transcode.SourceID, []media.Track)
	Push(transcode.Input)
	SetScene(transcode.Scene)
	RequestKeyframe()
	// SetReturn has a source coded anew for return feeds.
	SetReturn(id transcode.SourceID, on bool)
	RequestReturnKeyframe(id transcode.SourceID)
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
	// Program is what viewers get; Rungs is in how many sizes.
	Program struct{ Width, Height, Rungs int }
	// Grace is how long a participant who left keeps the cell, and a guest the
	// place.
	Grace time.Duration
	// EndAfter is how long an autostarted session waits on air for anyone to
	// come back before it ends; 0 waits for ever.
	EndAfter time.Duration

	NewProgram func(transcode.Events) (Program, error)
	// OpenOutput opens the ways out of a program whose time 0 was at epoch. It may
	// have run for long.
	OpenOutput func(epoch time.Time, keyframe func()) (Output, error)

	Changed func(show.Change) // must not block; default: nobody is told
	Returns Returns           // default: nobody gets a return feed
	Logo    func() []byte     // a PNG, or nil; default: there is none

	Logger  *slog.Logger
	Metrics *Metrics
}

// Stage runs one session. Create it with New, then call Run.
type Stage struct {
	o       Options
	log     *slog.Logger
	loop    *loop.Loop
	view    atomic.Pointer[View]
	desk    atomic.Pointer[show.Desk]
	stats   atomic.Pointer[transcode.Stats]
	sources atomic.Pointer[map[transcode.SourceID]*seat] // replaced when people come and go
	now     atomic.Pointer[Program]                      // of run
	running sync.WaitGroup                               // programs

	// The rest belongs to the loop.
	ctx      context.Context
	session  show.Session // its participants are the seats
	phase    show.Phase
	since    time.Time // when phase began
	seats    []*seat   // the host first, a screen after its owner
	turns    int       // how often a guest has gone on air
	program  show.Look
	preview  show.Look
	overlays show.Overlays
	fade     bool                               // the next change of picture
	desks    map[show.ParticipantID]bool        // who have a return feed and no seat
	routes   map[show.ParticipantID][]show.Feed // as Returns knows them
	told     bool                               // publish has been called
	run      *run                               // the program; nil while there is none
	ended    chan struct{}                      // closed when the last run has stopped; nil before the first
	idle     *time.Timer                        // nobody is there; when it fires the session or rehearsal ends
	away     *time.Timer                        // the host's last picture still stands
	closing  *time.Timer                        // the closing slate is up
}

// View is a snapshot for pages and the API of what anyone may know: guests who are
// not on air are not in it.
type View struct {
	Session show.Session
	Phase   show.Phase
	Since   time.Time // when Phase began
	OnAir   []show.ParticipantID
}

// New returns a stage in phase planned.
func New(o Options) *Stage {
	if o.Changed == nil {
		o.Changed = func(show.Change) {}
	}
	if o.Logo == nil {
		o.Logo = func() []byte { return nil }
	}
	s := &Stage{
		o:       o,
		log:     o.Logger.With("session", o.Session.ID),
		loop:    loop.New(),
		session: o.Session,
		phase:   show.Planned,
		since:   time.Now(),
		program: show.Look{Layout: show.Auto},
		preview: show.Look{Layout: show.Auto},
		desks:   map[show.ParticipantID]bool{},
	}
	for _, p := range o.Session.Participants {
		s.seats = append(s.seats, newSeat(s, p))
	}
	s.index()
	d := s.snapshot()
	s.desk.Store(&d)
	s.publishView()
	o.Metrics.phase(o.Session, show.Planned)
	return s
}

// Run works until ctx ends; it leaves nothing behind.
func (s *Stage) Run(ctx context.Context) error {
	loopCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	s.ctx = ctx
	s.loop.Post(s.refresh) // tells the beginning
	go func() {
		// The loop outlives ctx by one closure: the one that takes it off air.
		<-ctx.Done()
		_ = s.loop.Do(func() { s.stop("shutdown") })
		stop()
	}()
	s.loop.Run(loopCtx)
	s.running.Wait()
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

// Start puts the session on air, with whoever is on stage.
func (s *Stage) Start(cause string) error {
	return s.change(func() error { return s.goLive(cause) })
}

// End takes the session off air, after a closing slate.
func (s *Stage) End(cause string) error {
	return s.change(func() error {
		if s.phase != show.Live {
			return ErrNotLive
		}
		s.beginFarewell(cause)
		return nil
	})
}

// Update takes over what was changed in the plan: title, times, and whether the
// session starts by itself. Its participants come and go by AddPerson and
// RemovePerson.
func (s *Stage) Update(to show.Session) error {
	return s.change(func() error {
		s.session.Title, s.session.Autostart = to.Title, to.Autostart
		s.session.Starts, s.session.Ends = to.Starts, to.Ends
		s.o.Metrics.phase(s.session, s.phase)
		return nil
	})
}

// ErrNotLive is returned by End when there is nothing to end.
var ErrNotLive = &show.Error{Kind: show.Conflict, Detail: "the session is not on air; start it first"}

// errStopped is for who asks while the appliance goes down.
var errStopped = errors.New("this session is closing; try again in a minute")

// change runs f on the loop and lets everybody see what has become of it.
func (s *Stage) change(f func() error) (err error) {
	stopped := s.loop.Do(func() {
		err = f()
		s.refresh()
	})
	if stopped != nil {
		return errStopped
	}
	return err
}

func (s *Stage) setPhase(p show.Phase, cause string) {
	if s.phase == p {
		return
	}
	s.log.Info("session is "+string(p), "cause", cause)
	s.phase, s.since = p, time.Now()
	s.o.Metrics.transition(s.session, p, cause)
}

// refresh makes everything follow the state: clocks, the picture, who gets whom,
// and what is told. It is called after every change, and costs nothing when there
// was none.
func (s *Stage) refresh() {
	s.watch()
	s.draw()
	s.route()
	s.publish()
}
