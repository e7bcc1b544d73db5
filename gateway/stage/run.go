package stage

import (
	"context"
	"fmt"
	"time"

	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode"
)

// run is one time on air: a program, and its ways out.
type run struct {
	program Program
	stop    context.CancelFunc
	leaving bool // the closing slate is up
}

// goLive starts the program. It does nothing when the session is already live.
func (s *Stage) goLive(cause string) error {
	if s.run != nil {
		if s.run.leaving {
			s.offAir("restart")
		} else {
			return nil
		}
	}
	if s.ended != nil {
		<-s.ended // at most the two seconds that a worker gets to stop
	}
	// The program may call back before the output exists; nothing is lost,
	// because it only runs once its Run is called below.
	var out Output
	var last transcode.Stats
	program, err := s.o.NewProgram(transcode.Events{
		Output:       func(p transcode.Packet) { out.Write(p) },
		NeedKeyframe: s.needKeyframe,
		Stats:        func(st transcode.Stats) { s.observe(&last, st) },
		Restarted:    func(error) { s.o.Metrics.restarted(s.o.Session.ID) }, // the session logs it
	})
	if err != nil {
		return fmt.Errorf("start the mixer: %w", err)
	}
	if out, err = s.o.OpenOutput(program.Epoch(), program.RequestKeyframe); err != nil {
		return fmt.Errorf("open the ways out: %w", err)
	}
	ctx, stop := context.WithCancel(s.ctx)
	r := &run{program: program, stop: stop}
	s.run, s.ended = r, make(chan struct{})
	go func(ended chan struct{}) {
		defer close(ended)
		defer out.Close()
		if err := program.Run(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("the mixer stopped", "error", err)
			s.loop.Post(func() {
				if s.run == r {
					s.offAir("mixer")
				}
			})
		}
	}(s.ended)

	s.setPhase(show.Live, cause)
	for _, t := range s.seats {
		if err := program.SetSource(transcode.Source{ID: t.source, Name: t.person.Name, Gain: t.person.Gain}); err != nil {
			s.log.Error("a participant cannot be mixed", "participant", t.person.ID, "error", err)
		}
		if f := t.feed.Load(); f != nil {
			f.program.Store(&s.run.program)
			if f.woken.Load() {
				t.join(f)
				t.requestKeyframe()
			}
		}
	}
	s.refresh()
	return nil
}

// offAir stops the program at once. The goroutine that runs it closes ended.
func (s *Stage) offAir(cause string) {
	if s.run == nil {
		return
	}
	s.run.stop()
	s.run = nil
	stopTimer(&s.idle)
	stopTimer(&s.away)
	stopTimer(&s.closing)
	for _, t := range s.seats {
		stopTimer(&t.grace)
		t.shown, t.seen = false, false
		if f := t.feed.Load(); f != nil {
			// Whoever still sends stays off air until they come anew, or until
			// somebody starts the session.
			f.program.Store(nil)
		}
	}
	s.stats.Store(nil)
	s.o.Metrics.offAir(s.o.Session.ID)
	s.setPhase(show.Ended, cause)
}

func (s *Stage) beginFarewell(cause string) {
	if s.run == nil || s.run.leaving {
		return
	}
	s.run.leaving = true
	s.log.Info("session ends", "cause", cause)
	s.refresh()
	s.startTimer(&s.closing, farewell, func() { s.offAir(cause) })
}

func (s *Stage) needKeyframe(id transcode.SourceID) {
	for _, t := range s.seats { // seats never change after New
		if t.source == id {
			t.requestKeyframe()
		}
	}
}

func (s *Stage) observe(last *transcode.Stats, st transcode.Stats) {
	s.o.Metrics.observe(s.o.Session.ID, *last, st)
	*last = st
	s.stats.Store(&st)
}

// startTimer runs f on the loop when d has passed, then draws the picture anew.
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
