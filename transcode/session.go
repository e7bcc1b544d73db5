package transcode

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/regie-live/regie/transcode/media"
	"github.com/regie-live/regie/transcode/wire"
)

// maxSources bounds what one session may mix; layouts show four.
const maxSources = 64

// Options is what a Session needs from its owner. All but Events.Output may be
// left out.
type Options struct {
	// Command makes the worker's command; nil is this very program with the
	// argument "worker". Standard input, output and error are set by the Session.
	Command func(context.Context) *exec.Cmd
	Logger  *slog.Logger
	Events  Events
}

// Session mixes one program. Its methods may be called from any goroutine, before
// and during Run.
type Session struct {
	program Program
	command func(context.Context) *exec.Cmd
	log     *slog.Logger
	events  Events
	epoch   time.Time
	mono    int64 // epoch on wire.Monotonic
	running atomic.Bool

	// mu guards what a new worker is told, and the queue to the present one; so
	// state and what is sent about it never differ.
	mu      sync.Mutex
	sources map[SourceID]*source
	next    uint16
	scene   *Scene
	logo    []byte // the scene's picture of it; nil when it has none
	queue   *queue // nil while there is no worker

	// These belong to Run.
	line    timeline
	tally   tally
	dropped uint64 // by queues that are gone
}

// source is what the Session knows of one.
type source struct {
	Source
	index   uint16
	tracks  []media.Track
	history history
	asked   time.Time // when a keyframe was last asked for
	returns bool      // it is coded anew
	wished  time.Time // when a keyframe of that was asked for, until one comes
}

// New checks p and o. The program's time begins here; Run should follow at once.
func New(p Program, o Options) (*Session, error) {
	p = p.withDefaults()
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if o.Events.Output == nil {
		return nil, errors.New("transcode: a session needs Events.Output: nothing would take its program")
	}
	s := &Session{
		program: p,
		command: o.Command,
		log:     o.Logger,
		events:  o.Events,
		epoch:   time.Now(),
		mono:    wire.Monotonic(),
		sources: make(map[SourceID]*source),
		line:    newTimeline(p),
	}
	if s.command == nil {
		s.command = itself
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s, nil
}

// itself is this program as a worker. The link in /proc stays right when the file
// has been replaced by an upgrade.
func itself(ctx context.Context) *exec.Cmd {
	path := "/proc/self/exe"
	if _, err := os.Stat(path); err != nil {
		if p, err := os.Executable(); err == nil {
			path = p
		}
	}
	cmd := exec.CommandContext(ctx, path, "worker")
	cmd.Args[0] = os.Args[0]
	return cmd
}

// Program is what New was given, with its defaults.
func (s *Session) Program() Program { return s.program }

// Epoch is the wall-clock time of program time 0.
func (s *Session) Epoch() time.Time { return s.epoch }

// Now is the present program time.
func (s *Session) Now() time.Duration { return time.Since(s.epoch) }

// SetSource adds a source or changes its name and gain.
func (s *Session) SetSource(src Source) error {
	src.Gain = clampGain(src.Gain)
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.sources[src.ID]
	if known == nil {
		if len(s.sources) >= maxSources {
			return fmt.Errorf("transcode: source %q is one too many; a session mixes at most %d", src.ID, maxSources)
		}
		known = &source{index: s.freeIndex()}
		s.sources[src.ID] = known
	}
	known.Source = src
	s.send(wire.Source, known.index, src)
	return nil
}

// freeIndex returns one that no source has, the longest unused first, so that
// what is still under way for a removed source meets nobody.
func (s *Session) freeIndex() uint16 {
	for {
		s.next++
		taken := false
		for src := range maps.Values(s.sources) {
			taken = taken || src.index == s.next
		}
		if !taken {
			return s.next
		}
	}
}

// RemoveSource forgets a source. Cells that still name it show a name card.
func (s *Session) RemoveSource(id SourceID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if src := s.sources[id]; src != nil {
		delete(s.sources, id)
		s.send(wire.RemoveSource, src.index, nil)
	}
}

// SetTracks says that a publisher begins, with at most one video and one audio
// track, or changes its coding; or, without tracks, that it is gone. What comes
// after SetTracks does not connect to what came before.
func (s *Session) SetTracks(id SourceID, tracks []media.Track) {
	s.mu.Lock()
	defer s.mu.Unlock()
	src := s.sources[id]
	if src == nil {
		return
	}
	src.tracks = slices.Clone(tracks)
	src.history.reset()
	s.send(wire.Tracks, src.index, nonNil(src.tracks))
}

// nonNil keeps JSON from saying null.
func nonNil(t []media.Track) []media.Track {
	if t == nil {
		return []media.Track{}
	}
	return t
}

// Push hands on one access unit. Units for a source that is not known, or has no
// such track, are ignored.
func (s *Session) Push(in Input) {
	m := wire.Message{Type: wire.AccessUnit, Kind: uint8(in.Kind), PTS: int64(in.PTS), Payload: in.Data}
	if in.Key {
		m.Flags = wire.Key
	}
	if len(in.Data) == 0 || len(in.Data) > wire.MaxPayload {
		return
	}
	s.mu.Lock()
	src := s.sources[in.Source]
	if src == nil || len(src.tracks) == 0 {
		s.mu.Unlock()
		return
	}
	m.Source = src.index
	src.history.add(m)
	fits := s.queue == nil || s.queue.push(m)
	s.mu.Unlock()
	if !fits {
		s.needKeyframe(m.Source)
	}
}

// SetGain changes a source's level, softly; 1 leaves it as it is, 0 mutes.
func (s *Session) SetGain(id SourceID, gain float64) {
	gain = clampGain(gain)
	s.mu.Lock()
	defer s.mu.Unlock()
	if src := s.sources[id]; src != nil {
		src.Gain = gain
		s.send(wire.Gain, src.index, wire.Level{Gain: gain})
	}
}

// clampGain also turns NaN into silence.
func clampGain(g float64) float64 {
	if !(g > 0) {
		return 0
	}
	return min(g, 4)
}

// RequestKeyframe asks for a keyframe of the program, for somebody who joins. At
// most one a second is made in addition to the scheduled ones.
func (s *Session) RequestKeyframe() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.send(wire.Keyframe, 0, nil)
}

// send queues a control message to the present worker. mu is held.
func (s *Session) send(t wire.Type, index uint16, v any) {
	if s.queue == nil {
		return
	}
	m, err := wire.Control(t, index, v)
	if err != nil {
		s.log.Error("message to the worker could not be written", "error", err)
		return
	}
	s.queue.push(m)
}

// needKeyframe passes a wish on to the source's publisher, once a second.
func (s *Session) needKeyframe(index uint16) {
	s.mu.Lock()
	var id SourceID
	found := false
	for _, src := range s.sources {
		if src.index == index && time.Since(src.asked) >= time.Second {
			src.asked = time.Now()
			id, found = src.ID, true
		}
	}
	s.mu.Unlock()
	if found && s.events.NeedKeyframe != nil {
		s.events.NeedKeyframe(id)
	}
}
