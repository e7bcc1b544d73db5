package transcode

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/regie-live/regie/transcode/wire"
)

// attach makes the queue to a new worker and fills it with all it must know.
// replay is false when the pictures since the last keyframes are suspected of
// having killed the one before.
func (s *Session) attach(replay bool) (*queue, error) {
	program, err := json.Marshal(s.program)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	setup := wire.Setup{
		Version: wire.Version, Program: program, Epoch: s.mono,
		VideoNext: s.line.frame, AACNext: s.line.audio[0], OpusNext: s.line.audio[1],
	}
	ordered := slices.SortedFunc(maps.Values(s.sources), func(a, b *source) int { return int(a.index) - int(b.index) })
	for _, src := range ordered {
		if !replay {
			src.history.reset()
		}
		if len(src.history.units) > 0 {
			setup.Replays++
		}
	}
	s.queue = newQueue()
	s.send(wire.Configure, 0, setup)
	for _, src := range ordered {
		s.send(wire.Source, src.index, src.Source)
		if len(src.tracks) > 0 {
			s.send(wire.Tracks, src.index, src.tracks)
		}
		if src.returns {
			s.send(wire.Return, src.index, wire.Switch{On: true})
		}
		src.wished = time.Time{}
	}
	if s.scene != nil {
		if len(s.logo) > 0 {
			s.sendLogo()
		}
		s.send(wire.Scene, 0, s.scene)
	}
	for _, src := range ordered {
		for i, m := range src.history.units {
			if i == len(src.history.units)-1 {
				m.Flags |= wire.Last
			}
			s.queue.push(m)
		}
	}
	return s.queue, nil
}

// detach ends what attach began: nothing more is queued.
func (s *Session) detach() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queue != nil {
		s.queue.close()
		s.dropped += s.queue.drops()
		s.queue = nil
	}
}
