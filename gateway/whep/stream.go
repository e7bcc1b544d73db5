package whep

import (
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/media"
)

// repairShare is how many of a viewer's packets may be repairs: one in so many.
// Past it a link does not get better by sending more.
const (
	repairShare  = 3
	repairCredit = 256 // at the start, and at most
)

// stream is one track to one viewer: a webrtc.TrackLocal that only says where to
// write.
type stream struct {
	kind    media.Kind
	waiting bool         // for a keyframe; of the worker alone
	rung    int          // that is sent; of the worker alone
	want    atomic.Int32 // rung to change to at the next keyframe

	mu      sync.Mutex // guards the rest; the worker and the repairs meet here
	out     writer
	ssrc    uint32
	pt      uint8
	runs    [8]run // the latest last; the zero run is none
	sent    uint32 // packets, repairs not counted, as in sender reports
	octets  uint32
	last    uint16 // sequence number of the last packet
	stamp   uint32 // its timestamp
	started bool
	credit  int // × repairShare
}

// writer is pion's webrtc.TrackLocalWriter or an rtc.Shortcut.
type writer interface {
	WriteRTP(h *rtp.Header, payload []byte) (int, error)
}

// run is a row of packets whose sequence numbers follow those of a rung. A new one
// begins wherever pictures were left out, or come from another rung.
type run struct {
	ok       bool
	rung     int
	sequence uint16 // of its first packet
	feed     uint64 // the same in its rung

	// The pictures before number live were sent late, all at once, to someone who
	// joined; stamp is the timestamp of live. See time.
	live  uint64
	stamp uint32
	step  uint32
}

// catchUp is the time between two pictures that are sent late, at most.
const catchUp = transcode.VideoClock / 1000

// time is the RTP timestamp of a picture. Late ones are squeezed together before
// the live one: with their own timestamps a player would take the first for the
// present, and stay behind by as much as it was old.
func (r *run) time(number uint64, stamp uint32) uint32 {
	if number >= r.live {
		return stamp
	}
	return r.stamp - uint32(r.live-number)*r.step
}

var _ webrtc.TrackLocal = (*stream)(nil)

func newStream(k media.Kind) *stream {
	return &stream{
		kind: k, waiting: k == media.Video, credit: repairCredit * repairShare,
		// Low enough that SRTP's rollover counter is not in doubt at the start
		// (RFC 3711 section 3.3.1).
		last: uint16(rand.IntN(1 << 15)),
	}
}

// Bind implements webrtc.TrackLocal.
func (s *stream) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	p, ok := rtc.Best(s.kind, c.CodecParameters())
	if !ok {
		return p, errors.New("the viewer cannot play " + s.kind.String())
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

// ID, RID, StreamID and Kind implement webrtc.TrackLocal. One StreamID makes
// browsers keep sound and picture in step.
func (s *stream) ID() string       { return s.kind.String() }
func (s *stream) RID() string      { return "" }
func (s *stream) StreamID() string { return "program" }
func (s *stream) Kind() webrtc.RTPCodecType {
	if s.kind == media.Audio {
		return webrtc.RTPCodecTypeAudio
	}
	return webrtc.RTPCodecTypeVideo
}

// turn changes to the wanted rung if f, of any rung, is where that can be done:
// at a keyframe, which all rungs have at the same moment, the largest first. On the
// way down the old rung's keyframe is left out for the new one's that follows; on
// the way up the new one's comes before. It says whether the rung has changed, and
// is called by the worker only, for pictures that do not come in the middle of one.
func (s *stream) turn(f *frame) bool {
	want := int(s.want.Load())
	switch {
	case want == s.rung:
		return false
	case s.waiting, want > s.rung && f.key && f.rung == s.rung:
		s.waiting = true
	case want < s.rung && f.key && f.rung == want:
	default:
		return false
	}
	s.rung = want
	return true
}

// send writes a frame's packets from one to before another; h is scratch. It
// returns how many packets were sent. What begins with a frame's first packet must
// go on to its last.
func (s *stream) send(f *frame, from, to int, h *rtp.Header) int {
	if s.waiting && !f.key {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out == nil {
		return 0
	}
	if from == 0 {
		s.follow(f)
	}
	return s.write(f, from, to, h)
}

// join sends the pictures since the last keyframe to someone who waits for one.
// The last of them is live.
func (s *stream) join(since []*frame, h *rtp.Header) (sent int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out == nil {
		return 0
	}
	live := since[len(since)-1]
	r := s.begin(since[0])
	r.live, r.stamp, r.step = live.number, live.time, catchUp
	if s.started { // and has seen something, which must not have been later
		r.step = min(r.step, (live.time-s.stamp)/uint32(len(since)))
	}
	for _, f := range since {
		sent += s.write(f, 0, len(f.payloads), h)
	}
	return sent
}

// write sends packets of a frame, with the lock held.
func (s *stream) write(f *frame, from, to int, h *rtp.Header) int {
	stamp, marker := f.time, -1
	if f.kind == media.Video {
		// RFC 7587 section 4.2 wants sound's marker after silence only, of which
		// the program has none.
		stamp, marker = s.latest().time(f.number, f.time), len(f.payloads)-1
	}
	for i := from; i < to; i++ {
		b := f.payloads[i]
		s.last++
		*h = rtp.Header{
			Version: 2, PayloadType: s.pt, SSRC: s.ssrc, SequenceNumber: s.last, Timestamp: stamp,
			Marker: i == marker,
		}
		// A packet that the network does not take is lost like any other.
		_, _ = s.out.WriteRTP(h, b)
		s.octets += uint32(len(b))
	}
	s.waiting, s.started, s.stamp = false, true, stamp
	s.sent += uint32(to - from)
	s.credit = min(s.credit+to-from, repairCredit*repairShare)
	return to - from
}

func (s *stream) latest() *run { return &s.runs[len(s.runs)-1] }

// begin starts a new run with f.
func (s *stream) begin(f *frame) *run {
	copy(s.runs[:], s.runs[1:])
	*s.latest() = run{ok: true, rung: f.rung, sequence: s.last + 1, feed: f.first}
	return s.latest()
}

// follow begins a new run if f does not continue the latest, or that gets too
// long for find.
func (s *stream) follow(f *frame) {
	if f.kind != media.Video {
		return
	}
	r := s.latest()
	length := s.last - r.sequence + 1
	if !r.ok || r.rung != f.rung || r.feed+uint64(length) != f.first || length >= 1<<14 {
		s.begin(f)
	}
}

// find says in which run packet n was sent, and its number in the run's rung. A wrong
// answer would send two packets with one number, so it gives none in doubt: as n
// is among the last ringSize, and a run is much shorter than half the number
// space, the newest run that does not begin after n is the one that holds it.
func (s *stream) find(n uint16) (r *run, sequence uint64) {
	if !s.started || s.last-n >= ringSize { // before the ring, or never sent
		return nil, 0
	}
	for i := len(s.runs) - 1; i >= 0; i-- {
		if r := &s.runs[i]; r.ok && int16(n-r.sequence) >= 0 {
			return r, r.feed + uint64(n-r.sequence)
		}
	}
	return nil, 0
}

// repair sends packet n again, exactly as it was.
func (s *stream) repair(n uint16, from rings, h *rtp.Header) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, sequence := s.find(n)
	if r == nil || s.out == nil || s.credit < repairShare {
		return false
	}
	p, ok := from[r.rung].get(sequence)
	if !ok {
		return false
	}
	s.credit -= repairShare
	*h = rtp.Header{
		Version: 2, PayloadType: s.pt, SSRC: s.ssrc, SequenceNumber: n,
		Timestamp: r.time(p.number, p.time), Marker: p.marker,
	}
	_, _ = s.out.WriteRTP(h, p.payload)
	return true
}
