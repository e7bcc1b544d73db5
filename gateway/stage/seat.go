package stage

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/media"
)

// seat is a participant's place. Its feed may be read from anywhere; the rest
// belongs to the stage's loop.
type seat struct {
	stage  *Stage
	person show.Participant
	source transcode.SourceID
	feed   atomic.Pointer[feed] // the publisher who sends now

	shown bool        // has a cell: sends, or is within the grace time
	seen  bool        // has sent since the program went on air
	grace *time.Timer // takes the cell away
}

// feed is the Sink of one publisher. After another has taken its seat, or the
// publisher has left, what it still writes is dropped.
type feed struct {
	seat  *seat
	offer ingest.Offer

	born    time.Time
	last    atomic.Int64 // time of the last Write, since born
	woken   atomic.Bool  // the loop knows that media flows
	gone    atomic.Bool
	program atomic.Pointer[Program] // nil while the session is not live
	tracks  atomic.Pointer[[]media.Track]
}

// Claim gives a participant's seat to a publisher, or says why not.
func (s *Stage) Claim(id show.ParticipantID, offer ingest.Offer) (ingest.Sink, error) {
	var f *feed
	var refused error
	err := s.loop.Do(func() {
		for _, t := range s.seats {
			if t.person.ID == id {
				f, refused = t.claim(offer)
				return
			}
		}
		refused = fmt.Errorf("stage: session %s has no participant %s", s.o.Session.ID, id)
	})
	if err != nil {
		return nil, &ingest.Refusal{Outcome: ingest.Unavailable, Reason: "the appliance is stopping", Hint: "try again in a minute"}
	}
	if refused != nil {
		return nil, refused
	}
	return f, nil
}

func (t *seat) claim(offer ingest.Offer) (*feed, error) {
	if old := t.feed.Load(); old != nil {
		silent := old.silent()
		if silent < TakeoverAfter {
			return nil, &ingest.Refusal{
				Outcome: ingest.SeatTaken,
				Reason:  fmt.Sprintf("the seat of %s is taken by %s from %s", t.person.Name, old.offer.Protocol, old.offer.Remote),
				Hint:    fmt.Sprintf("stop the other encoder, or wait until it has been silent for %v", TakeoverAfter),
			}
		}
		t.leave(old, fmt.Errorf("%w by %s from %s after %v of silence", ingest.ErrReplaced, offer.Protocol, offer.Remote, silent.Round(time.Millisecond)))
	}
	f := &feed{seat: t, offer: offer, born: time.Now()}
	t.feed.Store(f)
	if t.stage.run != nil {
		f.program.Store(&t.stage.run.program)
	}
	t.stage.publishView(time.Now())
	return f, nil
}

func (f *feed) silent() time.Duration {
	return time.Since(f.born) - time.Duration(f.last.Load())
}

func (f *feed) SetTracks(tracks []media.Track) {
	f.tracks.Store(&tracks)
	if p := f.program.Load(); p != nil && !f.gone.Load() {
		(*p).SetTracks(f.seat.source, tracks)
	}
}

func (f *feed) Write(au media.AccessUnit) {
	f.last.Store(int64(time.Since(f.born)))
	if !f.woken.Load() && !f.woken.Swap(true) {
		// The first one waits for the loop, so that an encoder's opening
		// keyframe is not lost while the program starts.
		_ = f.seat.stage.loop.Do(func() { f.seat.sends(f) })
	}
	if p := f.program.Load(); p != nil && !f.gone.Load() {
		(*p).Push(transcode.Input{Source: f.seat.source, AccessUnit: au})
	}
}

func (f *feed) Close(cause error) {
	f.seat.stage.loop.Post(func() {
		if f.seat.feed.Load() == f {
			f.seat.leave(f, cause)
		}
	})
}

// sends is called when a publisher's first media arrives.
func (t *seat) sends(f *feed) {
	s := t.stage
	if t.feed.Load() != f {
		return
	}
	if s.phase != show.Live && s.o.Session.Autostart && t.person.Role == show.Host {
		if err := s.goLive("host"); err != nil {
			s.log.Error("cannot go on air", "error", err)
		}
	}
	if s.run == nil {
		return
	}
	t.join(f)
	s.refresh()
}

// join gives the seat its cell.
func (t *seat) join(f *feed) {
	stopTimer(&t.grace)
	t.shown, t.seen = true, true
	if tracks := f.tracks.Load(); tracks != nil {
		t.stage.run.program.SetTracks(t.source, *tracks)
	}
}

// leave frees the seat; the grace time begins.
func (t *seat) leave(f *feed, cause error) {
	s := t.stage
	f.gone.Store(true)
	t.feed.Store(nil)
	if errors.Is(cause, ingest.ErrReplaced) {
		f.offer.Disconnect(cause)
	}
	if s.run != nil && t.shown {
		s.startTimer(&t.grace, s.o.Grace, func() { t.shown = false })
		if t.person.Role == show.Host {
			s.startTimer(&s.away, hold, func() {})
		}
	}
	s.publishView(time.Now())
	s.refresh()
}

// requestKeyframe asks the publisher who sends now, if it can be asked.
func (t *seat) requestKeyframe() {
	if f := t.feed.Load(); f != nil && f.offer.RequestKeyframe != nil {
		f.offer.RequestKeyframe()
	}
}
