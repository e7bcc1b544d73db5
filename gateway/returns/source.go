package returns

import (
	"bytes"
	"sync"
	"time"

	"github.com/pion/rtp/codecs"

	"github.com/regie-live/regie/gateway/internal/keyframes"
	"github.com/regie-live/regie/transcode/media"
)

// maxPayload keeps a packet with its RTP header (12) and authentication tag (16)
// within 1200 bytes, which passes every tunnel and VPN.
const maxPayload = 1200 - 12 - 16

// keyframeInterval is the least time between two requests for a keyframe of one
// person, programInterval of the program, where every viewer gets it too.
const (
	keyframeInterval = 500 * time.Millisecond
	programInterval  = time.Second
)

// source is a person, or the program, as others get them. It outlives publishers.
type source struct {
	keyframes *keyframes.Asker

	mu      sync.Mutex // orders what is written; guards the rest
	life    uint64     // of the publisher; 0: nobody sends
	sends   [2]bool    // by media.Kind
	config  []byte     // H.264 parameter sets that are not in the pictures
	h264    codecs.H264Payloader
	number  uint64 // of the next picture
	targets []target
}

// target is a slot that a source goes to.
type target struct {
	*receiver
	slot  int
	turn  uint64
	takes [2]bool // by media.Kind
}

// frame is one picture or packet of sound, cut into payloads. Receivers share it, and
// it is never written to again.
type frame struct {
	source   *source
	life     uint64
	kind     media.Kind
	key      bool
	number   uint64 // of a picture, without gaps
	pts      time.Duration
	payloads [][]byte
}

// begin takes the tracks of a new publisher, or of one that changes its coding.
func (s *source) begin(tracks []media.Track) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.life++
	s.sends, s.config, s.h264 = [2]bool{}, nil, codecs.H264Payloader{}
	for _, t := range tracks {
		switch t.Codec {
		case media.H264:
			s.sends[media.Video], s.config = true, t.Config
		case media.Opus:
			s.sends[media.Audio] = true
		}
	}
}

func (s *source) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sends = [2]bool{}
}

// aim says where the source goes from now on.
func (s *source) aim(targets []target) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.targets = targets
}

// write gives an access unit to all who get the source.
func (s *source) write(au media.AccessUnit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if au.Kind > media.Audio || !s.sends[au.Kind] {
		return
	}
	number := s.number
	if au.Kind == media.Video {
		s.number++ // those that nobody takes are counted too
		if au.Key {
			s.keyframes.Came()
		}
	}
	var f *frame
	for _, t := range s.targets {
		if !t.takes[au.Kind] {
			continue
		}
		if f == nil {
			if f = s.cut(au); f == nil {
				return
			}
			f.number = number
		}
		t.offer(item{frame: f, slot: t.slot, turn: t.turn})
	}
}

// cut is nil for what browsers cannot take.
func (s *source) cut(au media.AccessUnit) *frame {
	f := &frame{source: s, life: s.life, kind: au.Kind, key: au.Key, pts: au.PTS}
	if au.Kind == media.Audio {
		if len(au.Data) == 0 || len(au.Data) > maxPayload {
			return nil
		}
		f.payloads = [][]byte{au.Data}
		return f
	}
	data := au.Data
	if au.Key && len(s.config) > 0 && !hasParameters(data) {
		data = append(bytes.Clone(s.config), data...)
	}
	if f.payloads = s.h264.Payload(maxPayload, data); len(f.payloads) == 0 {
		return nil
	}
	return f
}

// hasParameters says whether a picture in Annex B form brings its own sequence
// parameter set.
func hasParameters(data []byte) bool {
	for {
		i := bytes.Index(data, []byte{0, 0, 1})
		if i < 0 || i+3 >= len(data) {
			return false
		}
		if data = data[i+3:]; data[0]&31 == 7 {
			return true
		}
	}
}
