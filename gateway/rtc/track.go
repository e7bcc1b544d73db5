package rtc

import (
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/regie-live/regie/gateway/internal/rtptime"
	"github.com/regie-live/regie/transcode/media"
)

// RepairShare is how many of a track's packets may be repairs: one in so many. Past
// it a link does not get better by sending more. RepairCredit may be sent at the
// start, and are saved up at most.
const (
	RepairShare  = 3
	RepairCredit = 256
)

// Track is one section to one peer: a webrtc.TrackLocal that only says where to
// write, and numbers and counts what is written. Who embeds it knows what that is.
//
// Who sends and who repairs meet at its Mutex: Open, Started, Last, Sent, Send and
// Again are called with it held.
type Track struct {
	sync.Mutex
	media      media.Kind
	id, stream string

	out     PacketWriter
	ssrc    uint32
	pt      uint8
	sent    uint32 // packets, repairs not counted, as in sender reports
	octets  uint32
	last    uint16 // sequence number of the last packet
	started bool
	credit  int // × RepairShare
}

// PacketWriter is pion's webrtc.TrackLocalWriter or a Shortcut.
type PacketWriter interface {
	WriteRTP(h *rtp.Header, payload []byte) (int, error)
}

var _ webrtc.TrackLocal = (*Track)(nil)

// NewTrack makes a track. Browsers keep those of one stream in step.
func NewTrack(m media.Kind, id, stream string) Track {
	return Track{
		media: m, id: id, stream: stream, credit: RepairCredit * RepairShare,
		// Low enough that SRTP's rollover counter is not in doubt at the start
		// (RFC 3711 section 3.3.1).
		last: uint16(rand.IntN(1 << 15)),
	}
}

// Bind implements webrtc.TrackLocal.
func (t *Track) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	p, ok := Best(t.media, c.CodecParameters())
	if !ok {
		return p, errors.New("the receiver cannot play " + t.media.String())
	}
	t.Lock()
	defer t.Unlock()
	t.out, t.ssrc, t.pt = c.WriteStream(), uint32(c.SSRC()), uint8(p.PayloadType)
	return p, nil
}

// Unbind implements webrtc.TrackLocal.
func (t *Track) Unbind(webrtc.TrackLocalContext) error {
	t.Lock()
	defer t.Unlock()
	t.out = nil
	return nil
}

// Redirect makes the track write elsewhere, before anything is sent.
func (t *Track) Redirect(w PacketWriter) {
	t.Lock()
	defer t.Unlock()
	if t.out != nil {
		t.out = w
	}
}

// ID, RID, StreamID and Kind implement webrtc.TrackLocal.
func (t *Track) ID() string       { return t.id }
func (t *Track) RID() string      { return "" }
func (t *Track) StreamID() string { return t.stream }
func (t *Track) Kind() webrtc.RTPCodecType {
	if t.media == media.Audio {
		return webrtc.RTPCodecTypeAudio
	}
	return webrtc.RTPCodecTypeVideo
}

// Media is what the track is of.
func (t *Track) Media() media.Kind { return t.media }

// SSRC of the track, which does not change once the peer is connected; 0 for one
// that takes nothing of this kind.
func (t *Track) SSRC() uint32 { return t.ssrc }

// Open says whether there is somewhere to write.
func (t *Track) Open() bool { return t.out != nil }

// Started says whether something was sent.
func (t *Track) Started() bool { return t.started }

// Last is the sequence number of the last packet.
func (t *Track) Last() uint16 { return t.last }

// Sent is how many packets were sent, without repairs, modulo 1<<32.
func (t *Track) Sent() uint32 { return t.sent }

// Send writes the next packet of an open track; h is scratch. A packet that the
// network does not take is lost like any other.
func (t *Track) Send(stamp uint32, marker bool, payload []byte, h *rtp.Header) {
	t.last++
	t.write(t.last, stamp, marker, payload, h)
	t.sent++
	t.octets += uint32(len(payload))
	t.started = true
	t.credit = min(t.credit+1, RepairCredit*RepairShare)
}

// Again writes packet n once more, which must be exactly as it was: its number is
// half of a nonce. It is false for who has asked for too many.
func (t *Track) Again(n uint16, stamp uint32, marker bool, payload []byte, h *rtp.Header) bool {
	if t.out == nil || t.credit < RepairShare {
		return false
	}
	t.credit -= RepairShare
	t.write(n, stamp, marker, payload, h)
	return true
}

func (t *Track) write(n uint16, stamp uint32, marker bool, payload []byte, h *rtp.Header) {
	*h = rtp.Header{Version: 2, PayloadType: t.pt, SSRC: t.ssrc, SequenceNumber: n, Timestamp: stamp, Marker: marker}
	_, _ = t.out.WriteRTP(h, payload)
}

// Report is a sender report (RFC 3550 section 6.4.1) that says which timestamp the
// present has; nil before something was sent.
func (t *Track) Report(now time.Time, stamp uint32) rtcp.Packet {
	t.Lock()
	defer t.Unlock()
	if !t.started {
		return nil
	}
	return &rtcp.SenderReport{
		SSRC: t.ssrc, NTPTime: rtptime.NTP(now), RTPTime: stamp, PacketCount: t.sent, OctetCount: t.octets,
	}
}
