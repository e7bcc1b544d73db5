package stage

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode"
)

// run is one program, from rehearsal to its end, and its ways out once it is live.
type run struct {
	program Program
	cancel  context.CancelFunc
	live    bool             // has ways out
	leaving bool             // the closing slate is up
	shown   bool             // somebody has been on air
	again   bool             // a rehearsal follows
	drawn   *transcode.Scene // that the program shows; its Fade is 0

	out   atomic.Pointer[Output] // nil in rehearsal
	whole bool                   // out has had the beginning of a frame; of write alone

	mu   sync.Mutex
	over bool // nothing more is written
}

// newRun makes a program that does not run yet.
func (s *Stage) newRun() (*run, error) {
	if s.ended != nil {
		<-s.ended // at most the two seconds that a worker gets to stop
	}
	// The program may call back before it is known here; nothing is lost, because it
	// only runs once its Run is called.
	r := &run{}
	var last transcode.Stats
	program, err := s.o.NewProgram(transcode.Events{
		Output:       func(p transcode.Packet) { s.write(r, p) },
		NeedKeyframe: s.needKeyframe,
		Return:       s.returned,
		Stats:        func(st transcode.Stats) { s.observe(&last, st) },
		Restarted:    func(error) { s.o.Metrics.restarted(s.o.Session.ID) }, // the session logs it
	})
	if err != nil {
		return nil, fmt.Errorf("start the mixer: %w", err)
	}
	r.program = program
	return r, nil
}

// write hands on a packet of the program. A way out that opens in the middle of a
// frame gets nothing of that frame.
func (s *Stage) write(r *run, p transcode.Packet) {
	if s.o.Returns != nil && p.Track == transcode.Video && p.Rung == max(s.o.Program.Rungs-1, 0) {
		s.o.Returns.Program(p)
	}
	out := r.out.Load()
	if out == nil {
		return
	}
	if !r.whole && p.Track == transcode.Video {
		if p.Rung != 0 {
			return
		}
		r.whole = true
	}
	(*out).Write(p)
}

// open gives r its way out; one that comes too late is closed at once.
func (r *run) open(out Output) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.live = true
	if r.over {
		out.Close()
		return
	}
	r.out.Store(&out)
}

func (r *run) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = true
	if out := r.out.Load(); out != nil {
		(*out).Close()
	}
}

// begin runs r, with all who are there.
func (s *Stage) begin(r *run) {
	ctx, cancel := context.WithCancel(s.ctx)
	r.cancel = cancel
	ended := make(chan struct{})
	s.run, s.ended = r, ended
	s.now.Store(&r.program)
	s.running.Go(func() {
		err := r.program.Run(ctx)
		r.close()
		close(ended)
		s.loop.Post(func() { s.over(r, err) })
	})
	for _, t := range s.seats {
		t.mix()
		if f := t.feed.Load(); f != nil {
			f.program.Store(&r.program)
			if f.woken.Load() {
				t.join(f)
				t.requestKeyframe()
			}
		}
	}
}

// over is called when a program has stopped, for whatever reason.
func (s *Stage) over(r *run, err error) {
	switch {
	case s.run == r:
		s.log.Error("the mixer stopped", "error", err)
		s.stop("mixer")
	case r.again && s.run == nil && s.anyoneThere():
		s.rehearse()
	}
	s.refresh()
}

// goLive opens the ways out of the program, which it starts if need be. It does
// nothing when the session is already live.
func (s *Stage) goLive(cause string) error {
	if s.run != nil && s.run.leaving {
		s.stop("restart")
	}
	r := s.run
	if r != nil && r.live {
		return nil
	}
	if r == nil {
		var err error
		if r, err = s.newRun(); err != nil {
			return err
		}
	}
	out, err := s.o.OpenOutput(r.program.Epoch(), r.program.RequestKeyframe)
	if err != nil {
		return fmt.Errorf("open the ways out: %w", err)
	}
	stopTimer(&s.idle) // a rehearsal's; a session on air waits longer
	r.open(out)
	s.setPhase(show.Live, cause)
	if s.run != r {
		s.begin(r)
	}
	return nil
}

// rehearse runs the program without ways out. An autostarted session needs none:
// it is on air as soon as there is something to see.
func (s *Stage) rehearse() {
	if s.run != nil || s.session.Autostart {
		return
	}
	r, err := s.newRun()
	if err != nil {
		s.log.Error("cannot rehearse", "error", err)
		return
	}
	s.log.Info("rehearsal begins")
	s.begin(r)
}

// stop ends the program at once, live or not. The goroutine that runs it closes
// ended.
func (s *Stage) stop(cause string) {
	r := s.run
	if r == nil {
		return
	}
	r.again = cause != "shutdown" && cause != "mixer" && !s.session.Autostart
	r.cancel()
	s.run = nil
	s.now.Store(nil)
	for _, slot := range []**time.Timer{&s.idle, &s.away, &s.closing} {
		stopTimer(slot)
	}
	for _, t := range s.seats {
		stopTimer(&t.grace)
		t.shown, t.seen = false, false
		t.code(false)
		if f := t.feed.Load(); f != nil {
			// Whoever still sends stays off air until they come anew, or until
			// somebody starts the session or its next rehearsal.
			f.program.Store(nil)
		}
	}
	s.stats.Store(nil)
	s.o.Metrics.offAir(s.o.Session.ID)
	if r.live {
		s.setPhase(show.Ended, cause)
	} else {
		s.log.Info("rehearsal ends", "cause", cause)
	}
}

func (s *Stage) beginFarewell(cause string) {
	if s.run == nil || !s.run.live || s.run.leaving {
		return
	}
	s.run.leaving = true
	s.log.Info("session ends", "cause", cause)
	s.startTimer(&s.closing, farewell, func() { s.stop(cause) })
}

// watch starts or stops the clocks of who is not there.
func (s *Stage) watch() {
	for _, t := range s.seats {
		t.watch()
	}
	switch r := s.run; {
	case r == nil:
	case !r.live:
		if s.anyoneThere() {
			stopTimer(&s.idle)
		} else if s.idle == nil {
			s.startTimer(&s.idle, rehearsalIdle, func() { s.stop("deserted") })
		}
	case r.leaving || s.o.EndAfter <= 0 || !s.session.Autostart || s.anyoneSends():
		stopTimer(&s.idle)
	case s.idle == nil:
		s.startTimer(&s.idle, s.o.EndAfter, func() { s.beginFarewell("deserted") })
	}
}

// anyoneSends: a guest who is a camera is nobody.
func (s *Stage) anyoneSends() bool {
	for _, t := range s.seats {
		if f := t.feed.Load(); f != nil && !(f.fetched() && t.guest()) {
			return true
		}
	}
	return false
}

// anyoneThere: somebody sends, or has a return feed.
func (s *Stage) anyoneThere() bool {
	for _, t := range s.seats {
		if t.receives {
			return true
		}
	}
	return len(s.desks) > 0 || s.anyoneSends()
}

func (s *Stage) needKeyframe(id transcode.SourceID) {
	if t := (*s.sources.Load())[id]; t != nil {
		t.requestKeyframe()
	}
}

func (s *Stage) observe(last *transcode.Stats, st transcode.Stats) {
	s.o.Metrics.observe(s.o.Session.ID, *last, st)
	*last = st
	s.stats.Store(&st)
}

// startTimer runs f on the loop when d has passed, then makes everything follow.
// The timer lives in slot, which is nil again when f runs; a timer that was
// stopped or replaced in the meantime does nothing, even if it had fired.
func (s *Stage) startTimer(slot **time.Timer, d time.Duration, f func()) {
	stopTimer(slot)
	var timer *time.Timer
	timer = time.AfterFunc(d, func() {
		s.loop.Post(func() {
			if *slot != timer {
				return
			}
			*slot = nil
			f()
			s.refresh()
		})
	})
	*slot = timer
}

func stopTimer(slot **time.Timer) {
	if *slot != nil {
		(*slot).Stop()
		*slot = nil
	}
}
