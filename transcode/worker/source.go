package worker

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/clock"
	"github.com/regie-live/regie/transcode/media"
	"github.com/regie-live/regie/transcode/mix"
	"github.com/regie-live/regie/transcode/wire"
)

const (
	// maxRate is the pictures a second that are decoded; more is an attack or a
	// mistake. A burst after a stall may hold as many as the queue.
	maxRate   = 90
	videoWait = 128 // access units in front of a decoder
	audioWait = 256

	// leadLimit is by how much a picture may lead its sound; leadMargin is gained
	// on it when it is held. holdLimit bounds that; lagLimit and releaseStep are
	// when and how slowly, for each picture, it is given up again.
	leadLimit   = 33 * time.Millisecond
	leadMargin  = 5 * time.Millisecond
	holdLimit   = 500 * time.Millisecond
	lagLimit    = 15 * time.Millisecond
	releaseStep = 300 * time.Microsecond
)

// source is a participant's place in the mix.
type source struct {
	e     *engine
	index uint16
	id    transcode.SourceID
	name  atomic.Pointer[string]
	input *mix.Input
	tiles tiles
	shape atomic.Pointer[shape] // what its picture is scaled to
	// returns codes it anew; nil while nobody asks for that.
	returns atomic.Pointer[returner]
	meter   meter
	cadence cadence

	// These belong to the reader.
	clock  clock.Source
	feed   *feed
	tokens float64       // access units that maxRate still lets through
	filled time.Duration // when tokens were last added to

	dropped atomic.Uint64
	errors  atomic.Uint64
	size    atomic.Uint64 // width<<32 | height of the last picture

	mu    sync.Mutex
	asked time.Time // when a keyframe was last asked for
	gain  float64   // the participant's
	heard bool      // has a place in the scene

	// These belong to the video loop; hold is read by the feed.
	delay  time.Duration // from a picture's program time to its frame's, mean
	hold   atomic.Int64  // time.Duration that pictures are held back for lip sync
	offset time.Duration // audio minus video
}

func newSource(e *engine, index uint16, src transcode.Source) *source {
	s := &source{e: e, index: index, id: src.ID, input: mix.NewInput(0), tokens: videoWait, gain: src.Gain}
	s.name.Store(&src.Name)
	return s
}

// setGain and setHeard decide together how loud the source is: whoever has no
// place in the scene, because they are backstage or a slate is up, is silent.
func (s *source) setGain(g float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gain = g
	s.level()
}

func (s *source) setHeard(heard bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = heard
	s.level()
}

func (s *source) level() {
	if s.heard {
		s.input.SetGain(s.gain)
	} else {
		s.input.SetGain(0)
	}
}

// setTracks ends the feed of the publisher before and begins one for tracks. It
// does not wait: a decoder may be at work.
func (s *source) setTracks(tracks []media.Track) {
	if s.feed != nil {
		s.feed.stop()
		s.feed = nil
	}
	s.clock.Reset()
	s.input.Reset()
	s.input.SetVideoDelay(0)
	s.hold.Store(0)
	f := newFeed(s)
	for _, t := range tracks {
		f.add(t)
	}
	if len(tracks) > 0 {
		s.feed = f
		if f.video == nil {
			s.tiles.clear() // a name card at once: no picture will come
		}
	}
}

// push takes one access unit from the wire. It never blocks.
func (s *source) push(m wire.Message) {
	f := s.feed
	if f == nil {
		return
	}
	u := unit{data: m.Payload, key: m.Flags&wire.Key != 0, replay: m.Flags&wire.Replay != 0, last: m.Flags&wire.Last != 0}
	now := s.e.now()
	u.at = now
	if !u.replay {
		u.at, _ = s.clock.Map(media.Kind(m.Kind), time.Duration(m.PTS), now)
	}
	if media.Kind(m.Kind) == media.Audio {
		if f.audio != nil && !f.audio.offer(u) {
			s.dropped.Add(1)
		}
		return
	}
	if f.video == nil {
		return
	}
	if f.gap && !u.key {
		s.dropped.Add(1)
		return
	}
	if !u.replay && !s.withinRate(now) || !f.video.offer(u) {
		f.gap = true
		s.dropped.Add(1)
		s.askKeyframe()
		s.endReplay(u)
		return
	}
	f.gap = false
}

// withinRate is a token bucket of maxRate a second.
func (s *source) withinRate(now time.Duration) bool {
	s.tokens = min(s.tokens+(now-s.filled).Seconds()*maxRate, videoWait)
	s.filled = now
	if s.tokens < 1 {
		return false
	}
	s.tokens--
	return true
}

// askKeyframe asks the publisher for one, at most once a second.
func (s *source) askKeyframe() {
	s.mu.Lock()
	due := time.Since(s.asked) >= time.Second
	if due {
		s.asked = time.Now()
	}
	s.mu.Unlock()
	if due {
		// A broken pipe ends the worker through the loops.
		_ = s.e.out.send(wire.Message{Type: wire.NeedKeyframe, Source: s.index})
	}
}

// endReplay counts a source's replay as over with its last unit.
func (s *source) endReplay(u unit) {
	if u.last {
		s.e.replay.Add(-1)
	}
}

// shown keeps lip sync: called by the video loop when a picture of program time
// at is first shown, in a frame of program time frame.
//
// A picture that would lead its sound by too much is held back from then on. The
// host is released as soon as the ticks' phase does the same without delay; guests
// later, because their pictures move by whole frames.
func (s *source) shown(at, frame time.Duration, host bool) {
	d := frame - at
	if s.delay == 0 || (d-s.delay).Abs() > time.Second {
		s.delay = d
	}
	s.delay += (d - s.delay) / 10
	s.input.SetVideoDelay(s.delay)
	sound, playing := s.input.Delay()
	if !playing {
		s.offset = 0
		return
	}
	s.offset = sound - s.delay
	hold := time.Duration(s.hold.Load())
	release := -lagLimit
	if host {
		release = lagLimit
	}
	change := time.Duration(0)
	switch {
	case s.offset > leadLimit:
		change = min(s.offset-leadLimit+leadMargin, holdLimit-hold)
	case s.offset < release:
		change = -min(hold, max(releaseStep, (release-s.offset)/20))
	}
	s.hold.Store(int64(hold + change))
	s.delay += change // what the mean will come to, lest it be done twice
}

func (s *source) stats(now time.Duration) transcode.SourceStats {
	size := s.size.Load()
	st := transcode.SourceStats{
		ID: s.id, Live: s.tiles.age(now) < time.Second,
		Width: int(size >> 32), Height: int(size & 0xffffffff),
		AVOffset: s.offset, Errors: s.errors.Load(),
		Loudness: s.meter.loudness(now),
	}
	st.FPS, st.VFR = s.cadence.rate(now)
	return st
}
