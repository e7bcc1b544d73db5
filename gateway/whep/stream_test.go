package whep

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/transcode/media"
)

// wire keeps every packet that was written, by its number, and fails the test if
// a number is used for two that differ.
type wire struct {
	t    *testing.T
	sent map[uint16][]byte
	last uint16
	n    int
}

func (w *wire) WriteRTP(h *rtp.Header, payload []byte) (int, error) {
	b, err := (&rtp.Packet{Header: *h, Payload: payload}).Marshal()
	if err != nil {
		w.t.Fatal(err)
	}
	if old, again := w.sent[h.SequenceNumber]; again && !bytes.Equal(old, b) {
		w.t.Fatalf("number %d is used for two packets", h.SequenceNumber)
	} else if !again && w.n > 0 && h.SequenceNumber != w.last+1 {
		w.t.Fatalf("number %d after %d", h.SequenceNumber, w.last)
	} else if !again {
		w.last = h.SequenceNumber
		w.n++
	}
	w.sent[h.SequenceNumber] = b
	delete(w.sent, h.SequenceNumber-30000) // long enough ago
	return len(b), nil
}

func (w *wire) Write(b []byte) (int, error) { panic("not used") }

// bound makes a stream as the negotiation would.
func bound(t *testing.T, k media.Kind) (*stream, *wire) {
	w := &wire{t: t, sent: map[uint16][]byte{}}
	s := newStream(k)
	if _, err := s.Bind(parameters{w}); err != nil {
		t.Fatal(err)
	}
	return s, w
}

// feedOf makes pictures of random sizes.
type feedOf struct{ number, sequence uint64 }

func (f *feedOf) next(key bool) *frame {
	fr := &frame{kind: media.Video, key: key, number: f.number, first: f.sequence, time: uint32(f.number * 3000)}
	for range 1 + rand.IntN(12) {
		fr.payloads = append(fr.payloads, []byte{byte(f.number), byte(f.number >> 8), byte(len(fr.payloads)), byte(rand.Uint32())})
	}
	f.number++
	f.sequence += uint64(len(fr.payloads))
	return fr
}

func sendAll(s *stream, f *frame, h *rtp.Header) int { return s.send(f, 0, len(f.payloads), h) }

// TestRepairIsExact sends for long enough that numbers wrap many times, leaves
// pictures out, and asks for all kinds of packets: wire sees to the rest.
func TestRepairIsExact(t *testing.T) {
	s, w := bound(t, media.Video)
	var f feedOf
	r := make(rings, 1)
	var h rtp.Header
	repaired, joined := 0, 0
	var since []*frame
	for i := range 60_000 {
		fr := f.next(i%50 == 0)
		r.add(fr)
		if fr.key {
			since = nil
		}
		since = append(since, fr)
		if rand.IntN(100) == 0 {
			s.waiting = true // as after an overload
		}
		if s.waiting && rand.IntN(30) == 0 {
			s.join(since, &h)
			joined++
		} else {
			sendAll(s, fr, &h)
		}
		for range rand.IntN(3) {
			if s.repair(s.Last()-uint16(rand.IntN(1200)), r, &h) {
				repaired++
			}
		}
		s.repair(uint16(rand.Uint32()), r, &h) // nonsense
	}
	if w.n < 100_000 || repaired < 10_000 || joined < 100 {
		t.Errorf("%d sent, %d repaired, joined %d times: this proves nothing", w.n, repaired, joined)
	}
}

func TestRepairIsLimited(t *testing.T) {
	s, _ := bound(t, media.Video)
	var f feedOf
	r := make(rings, 1)
	var h rtp.Header
	fr := f.next(true)
	r.add(fr)
	sendAll(s, fr, &h)
	repaired := 0
	for range 10_000 {
		if s.repair(s.Last(), r, &h) {
			repaired++
		}
	}
	if repaired != rtc.RepairCredit {
		t.Errorf("%d repairs, want %d", repaired, rtc.RepairCredit)
	}
	sent := 0
	for range 300 {
		fr := f.next(false)
		r.add(fr)
		sent += sendAll(s, fr, &h)
	}
	for repaired = 0; s.repair(s.Last(), r, &h); repaired++ {
	}
	if want := min(sent/rtc.RepairShare, rtc.RepairCredit); repaired != want {
		t.Errorf("%d repairs after %d packets, want %d", repaired, sent, want)
	}
}

func TestStartsWithKeyframe(t *testing.T) {
	s, w := bound(t, media.Video)
	var f feedOf
	var h rtp.Header
	for range 5 {
		sendAll(s, f.next(false), &h)
	}
	if w.n != 0 {
		t.Fatal("pictures before the first keyframe were sent")
	}
	sendAll(s, f.next(true), &h)
	sendAll(s, f.next(false), &h)
	if w.n == 0 {
		t.Fatal("nothing was sent")
	}
	var p rtp.Packet
	if err := p.Unmarshal(w.sent[w.last]); err != nil || !p.Marker || p.SSRC != 7 || p.PayloadType != 96 || p.Timestamp != 6*3000 {
		t.Errorf("last packet %v (%v)", p.Header, err)
	}
}

// parameters is what a negotiation came to.
type parameters struct{ to webrtc.TrackLocalWriter }

func (parameters) CodecParameters() []webrtc.RTPCodecParameters {
	codec := func(mime string, pt webrtc.PayloadType) webrtc.RTPCodecParameters {
		return webrtc.RTPCodecParameters{RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: mime}, PayloadType: pt}
	}
	return []webrtc.RTPCodecParameters{codec(webrtc.MimeTypeH264, 96), codec(webrtc.MimeTypeOpus, 97)}
}
func (parameters) HeaderExtensions() []webrtc.RTPHeaderExtensionParameter { return nil }
func (parameters) SSRC() webrtc.SSRC                                      { return 7 }
func (parameters) SSRCRetransmission() webrtc.SSRC                        { return 0 }
func (parameters) SSRCForwardErrorCorrection() webrtc.SSRC                { return 0 }
func (p parameters) WriteStream() webrtc.TrackLocalWriter                 { return p.to }
func (parameters) ID() string                                             { return "" }
func (parameters) RTCPReader() interceptor.RTCPReader                     { return nil }
