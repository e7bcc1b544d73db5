package transcode

import (
	"time"

	"github.com/regie-live/regie/transcode/media"
	"github.com/regie-live/regie/transcode/wire"
)

// returnPatience is how long a keyframe that was asked for is waited for before it
// is asked for again.
const returnPatience = time.Second

// SetReturn says whether a source is coded anew for Events.Return, which takes
// about as much of the processor as a rung of 360p. It holds until it is called
// again or the source is removed. A source that is not known is ignored.
func (s *Session) SetReturn(id SourceID, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if src := s.sources[id]; src != nil && src.returns != on {
		src.returns, src.wished = on, time.Time{}
		s.send(wire.Return, src.index, wire.Switch{On: on})
	}
}

// RequestReturnKeyframe asks for a keyframe of what SetReturn switched on, for
// somebody who joins or has lost something. It may be called at any rate: wishes
// that one keyframe fulfils are one, and at most two keyframes a second are made.
func (s *Session) RequestReturnKeyframe(id SourceID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	src := s.sources[id]
	if src == nil || !src.returns || time.Since(src.wished) < returnPatience {
		return
	}
	src.wished = time.Now()
	s.send(wire.ReturnKeyframe, src.index, nil)
}

// returned hands on what a worker coded of a source that is still wanted.
func (s *Session) returned(m wire.Message) {
	u := ReturnUnit{AccessUnit: media.AccessUnit{
		Kind: media.Kind(m.Kind), PTS: time.Duration(m.PTS), Key: m.Flags&wire.Key != 0, Data: m.Payload,
	}}
	wanted := false
	s.mu.Lock()
	for _, src := range s.sources {
		if src.index == m.Source && src.returns {
			u.Source, wanted = src.ID, true
			if u.Kind == media.Video && u.Key {
				src.wished = time.Time{}
			}
		}
	}
	s.mu.Unlock()
	if wanted && s.events.Return != nil {
		s.events.Return(u)
	}
}
