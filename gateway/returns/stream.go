package returns

import (
	"errors"
	"math/rand/v2"
	"sync"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/transcode/media"
)

const (
	// ringSize is how many packets of a stream can be sent again: two seconds of a
	// person's picture.
	ringSize = 512
	// repairShare is how many of a stream's packets may be repairs: one in so many.
	repairShare  = 3
	repairCredit = 256 // at the start, and at most
)

// stream is one section to one receiver: a webrtc.TrackLocal that only says where
// to write.
type stream struct {
	kind media.Kind
	id   string // of the slot; the same for its picture and its sound

	mu      sync.Mutex // guards the rest; the receiver's loop and the repairs meet here
	out     writer
	ssrc    uint32
	pt      uint8
	sent    uint32 // packets, repairs not counted, as in sender reports
	octets  uint32
	last    uint16 // sequence number of the last packet
	started bool
	ring    []packet // of pictures; ringSize long once something was sent
	credit  int      // × repairShare
}

// writer is pion's webrtc.TrackLocalWriter or an rtc.Shortcut.
type writer interface {
	WriteRTP(h *rtp.Header, payload []byte) (int, error)
}

// packet is what was sent, but for what all packets of the stream have in common.
type packet struct {
	number  uint16
	marker  bool
	stamp   uint32
	payload []byte
}

var _ webrtc.TrackLocal = (*stream)(nil)

func newStream(k media.Kind, id string) *stream {
	return &stream{
		kind: k, id: id, credit: repairCredit * repairShare,
		// Low enough that SRTP's rollover counter is not in doubt at the start
		// (RFC 3711 section 3.3.1).
		last: uint16(rand.IntN(1 << 15)),
	}
}

// Bind implements webrtc.TrackLocal.
func (s *stream) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	p, ok := rtc.Best(s.kind, c.CodecParameters())
	if codecs := c.CodecParameters(); !ok && s.kind == media.Video && len(codecs) > 0 {
		return codecs[0], nil // of a section in which nothing is sent
	}
	if !ok {
		return p, errors.New("the receiver cannot play " + s.kind.String())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out, s.ssrc, s.pt = c.WriteStream(), uint32(c.SSRC()), uint8(p.PayloadType)
	return p, nil
}

// Unbind implements webrtc.TrackLocal.
func (s *stream) Unbind(webrtc.TrackLocalContext) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out = nil
	return nil
}

// shorten makes the stream go past pion, before anything is sent.
func (s *stream) shorten(w writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out != nil {
		s.out = w
	}
}

// ID, RID, StreamID and Kind implement webrtc.TrackLocal. One StreamID for a slot
// makes browsers keep its sound and picture in step.
func (s *stream) ID() string       { return s.id + "-" + s.kind.String() }
func (s *stream) RID() string      { return "" }
func (s *stream) StreamID() string { return s.id }
func (s *stream) Kind() webrtc.RTPCodecType {
	if s.kind == media.Audio {
		return webrtc.RTPCodecTypeAudio
	}
	return webrtc.RTPCodecTypeVideo
}

// send writes a frame's packets and returns how many; h is scratch.
func (s *stream) send(f *frame, stamp uint32, h *rtp.Header) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out == nil {
		return 0
	}
	if s.ring == nil && s.kind == media.Video {
		s.ring = make([]packet, ringSize)
	}
	for i, b := range f.payloads {
		s.last++
		// RFC 7587 section 4.2 wants sound's marker after silence only, which is
		// the source's to know, and browsers do not ask for.
		p := packet{s.last, f.kind == media.Video && i == len(f.payloads)-1, stamp, b}
		if s.ring != nil {
			s.ring[s.last%ringSize] = p
		}
		s.write(p, h)
		s.octets += uint32(len(b))
	}
	s.started = true
	s.sent += uint32(len(f.payloads))
	s.credit = min(s.credit+len(f.payloads), repairCredit*repairShare)
	return len(f.payloads)
}

// write sends a packet with the lock held. One that the network does not take is
// lost like any other.
func (s *stream) write(p packet, h *rtp.Header) {
	*h = rtp.Header{Version: 2, PayloadType: s.pt, SSRC: s.ssrc, SequenceNumber: p.number, Timestamp: p.stamp, Marker: p.marker}
	_, _ = s.out.WriteRTP(h, p.payload)
}

// repair sends packet n again, exactly as it was.
func (s *stream) repair(n uint16, h *rtp.Header) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out == nil || s.ring == nil || s.last-n >= ringSize || s.credit < repairShare {
		return false
	}
	p := s.ring[n%ringSize]
	if p.payload == nil || p.number != n {
		return false
	}
	s.credit -= repairShare
	s.write(p, h)
	return true
}

// latest is the number of the last packet.
func (s *stream) latest() uint16 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

func (s *stream) hasStarted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.started
}
