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

// seat is a participant's place. Its feed, coded and the IDs may be read from
// anywhere; the rest belongs to the stage's loop.
type seat struct {
	stage  *Stage
	person show.Participant
	source transcode.SourceID
	of     *seat                // the owner, of a shared screen
	feed   atomic.Pointer[feed] // the publisher who sends now
	coded  atomic.Bool          // the mixer codes it anew for return feeds

	state                // what the desk sees; see people.go
	turn     int         // when a guest came on air: the first has the smallest
	shown    bool        // is in the mix: sends, or is within the grace time
	seen     bool        // has sent since the program began
	receives bool        // has a return feed
	grace    *time.Timer // takes the cell away
	gone     *time.Timer // takes the place away
}

func newSeat(s *Stage, p show.Participant) *seat {
	return &seat{
		stage: s, person: p, source: transcode.SourceID(p.ID),
		state: state{place: show.Invited, since: time.Now(), volume: 1},
	}
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
	program atomic.Pointer[Program] // nil while there is none
	tracks  atomic.Pointer[[]media.Track]

	forward atomic.Bool   // goes to return feeds as it is
	picture time.Duration // PTS of the last one; of Write alone
	back    int           // how much its pictures look like B-frames; the same
}

// Claim gives a participant's seat to a publisher, or says why not. The seat of a
// screen is made when somebody begins to share it, and goes when they end.
func (s *Stage) Claim(id show.ParticipantID, offer ingest.Offer) (ingest.Sink, error) {
	var f *feed
	err := s.change(func() (err error) {
		t := s.seat(id)
		if owner := s.seat(id.Owner()); t == nil && owner != nil {
			t = s.addScreen(owner)
		}
		if t == nil {
			return fmt.Errorf("stage: session %s has no participant %s", s.o.Session.ID, id)
		}
		if f, err = t.claim(offer); err != nil && t.of != nil && t.feed.Load() == nil {
			s.drop(t)
		}
		return err
	})
	if errors.Is(err, errStopped) {
		return nil, &ingest.Refusal{Outcome: ingest.Unavailable, Reason: "the appliance is stopping", Hint: "try again in a minute"}
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (t *seat) claim(offer ingest.Offer) (*feed, error) {
	if t.whereabouts() == show.Removed {
		return nil, &ingest.Refusal{
			Outcome: ingest.Unavailable,
			Reason:  t.person.Name + " was removed from the session",
			Hint:    "ask the host for a new invite",
		}
	}
	if old := t.feed.Load(); old != nil {
		silent := old.silent()
		if same := offer.Person != "" && offer.Person == old.offer.Person; silent < TakeoverAfter && !same && !old.offer.Yields {
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
	return f, nil
}

// Disconnect ends the publisher in a person's seat if it came with such an offer.
func (s *Stage) Disconnect(id show.ParticipantID, cause error, such func(ingest.Offer) bool) error {
	return s.change(func() error {
		if t := s.seat(id); t != nil {
			if f := t.feed.Load(); f != nil && such(f.offer) {
				t.disconnect(cause)
			}
		}
		return nil
	})
}

// fetched: it is a camera, which sends day and night whether anybody looks or not.
func (f *feed) fetched() bool { return f.offer.Protocol == ingest.Pull }

func (f *feed) silent() time.Duration {
	return time.Since(f.born) - time.Duration(f.last.Load())
}

func (f *feed) SetTracks(tracks []media.Track) {
	f.tracks.Store(&tracks)
	if f.gone.Load() {
		return
	}
	if p := f.program.Load(); p != nil {
		(*p).SetTracks(f.seat.source, tracks)
	}
	f.setReturn(tracks)
}

func (f *feed) Write(au media.AccessUnit) {
	f.last.Store(int64(time.Since(f.born)))
	if !f.woken.Load() && !f.woken.Swap(true) {
		// The first one waits for the loop, so that an encoder's opening
		// keyframe is not lost while the program starts.
		_ = f.seat.stage.loop.Do(func() { f.seat.sends(f) })
	}
	if f.gone.Load() {
		return
	}
	if p := f.program.Load(); p != nil {
		(*p).Push(transcode.Input{Source: f.seat.source, AccessUnit: au})
	}
	f.writeReturn(au)
}

func (f *feed) Close(cause error) {
	f.seat.stage.loop.Post(func() {
		if f.seat.feed.Load() == f {
			f.seat.leave(f, cause)
			f.seat.stage.refresh()
		}
	})
}

// sends is called when a publisher's first media arrives.
func (t *seat) sends(f *feed) {
	s := t.stage
	if t.feed.Load() != f {
		return
	}
	t.enter(f)
	if !s.session.Autostart {
		if s.anyoneThere() {
			s.rehearse()
		}
	} else if s.phase != show.Live && t.person.Role == show.Host && t.of == nil {
		if err := s.goLive("host"); err != nil {
			s.log.Error("cannot go on air", "error", err)
		}
	}
	if s.run != nil {
		t.join(f)
	}
	s.refresh()
}

// join puts the seat into the mix.
func (t *seat) join(f *feed) {
	stopTimer(&t.grace)
	t.shown, t.seen = true, true
	if tracks := f.tracks.Load(); tracks != nil {
		t.stage.run.program.SetTracks(t.source, *tracks)
	}
}

// mix tells the program of the seat, its name and its level.
func (t *seat) mix() {
	if t.stage.run == nil {
		return
	}
	src := transcode.Source{ID: t.source, Name: t.person.Name, Gain: t.person.Gain * t.volume}
	if err := t.stage.run.program.SetSource(src); err != nil {
		t.stage.log.Error("a participant cannot be mixed", "participant", t.person.ID, "error", err)
	}
}

// leave frees the seat; the grace time begins. A screen goes at once.
func (t *seat) leave(f *feed, cause error) {
	s := t.stage
	f.gone.Store(true)
	t.feed.Store(nil)
	t.endReturn(f)
	if errors.Is(cause, ingest.ErrReplaced) {
		f.offer.Disconnect(cause)
	} else if t.of != nil {
		s.drop(t)
		return
	}
	if s.run != nil && t.shown {
		s.startTimer(&t.grace, s.o.Grace, func() { t.shown = false })
		if t.person.Role == show.Host {
			s.startTimer(&s.away, hold, func() {})
		}
	}
}

// requestKeyframe asks the publisher who sends now, if it can be asked.
func (t *seat) requestKeyframe() {
	if f := t.feed.Load(); f != nil && f.offer.RequestKeyframe != nil {
		f.offer.RequestKeyframe()
	}
}

// disconnect ends whoever sends in this seat.
func (t *seat) disconnect(cause error) {
	if f := t.feed.Load(); f != nil {
		t.leave(f, cause)
		if f.offer.Disconnect != nil {
			f.offer.Disconnect(cause)
		}
	}
}
