package returns

import (
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/transcode/media"
)

// ringSize is how many packets of a stream can be sent again: two seconds of a
// person's picture.
const ringSize = 512

// stream is one section to one receiver.
type stream struct {
	rtc.Track
	ring []packet // of pictures; ringSize long once something was sent
}

// packet is what was sent, but for what all packets of the stream have in common.
type packet struct {
	number  uint16
	marker  bool
	stamp   uint32
	payload []byte
}

// newStream makes a stream of a slot, whose sound and picture have one id.
func newStream(k media.Kind, slot string) *stream {
	return &stream{Track: rtc.NewTrack(k, slot+"-"+k.String(), slot)}
}

// Bind implements webrtc.TrackLocal. In the section of a picture that the receiver
// cannot play nothing is sent.
func (s *stream) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	p, err := s.Track.Bind(c)
	if codecs := c.CodecParameters(); err != nil && s.Media() == media.Video && len(codecs) > 0 {
		return codecs[0], nil
	}
	return p, err
}

// send writes a frame's packets and returns how many; h is scratch.
func (s *stream) send(f *frame, stamp uint32, h *rtp.Header) int {
	s.Lock()
	defer s.Unlock()
	if !s.Open() {
		return 0
	}
	if s.ring == nil && f.kind == media.Video {
		s.ring = make([]packet, ringSize)
	}
	for i, b := range f.payloads {
		// RFC 7587 section 4.2 wants sound's marker after silence only, which is
		// the source's to know, and browsers do not ask for.
		marker := f.kind == media.Video && i == len(f.payloads)-1
		s.Send(stamp, marker, b, h)
		if s.ring != nil {
			s.ring[s.Last()%ringSize] = packet{s.Last(), marker, stamp, b}
		}
	}
	return len(f.payloads)
}

// repair sends packet n again, exactly as it was.
func (s *stream) repair(n uint16, h *rtp.Header) bool {
	s.Lock()
	defer s.Unlock()
	if s.ring == nil || s.Last()-n >= ringSize {
		return false
	}
	p := s.ring[n%ringSize]
	return p.payload != nil && p.number == n && s.Again(n, p.stamp, p.marker, p.payload, h)
}

// latest is the number of the last packet.
func (s *stream) latest() uint16 {
	s.Lock()
	defer s.Unlock()
	return s.Last()
}

func (s *stream) begun() bool {
	s.Lock()
	defer s.Unlock()
	return s.Started()
}
