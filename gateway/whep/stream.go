package whep

import (
	"sync/atomic"

	"github.com/pion/rtp"

	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/media"
)

// stream is one track to one viewer.
type stream struct {
	rtc.Track
	waiting bool         // for a keyframe; of the worker alone
	rung    int          // that is sent; of the worker alone
	want    atomic.Int32 // rung to change to at the next keyframe

	// Track's lock guards the rest.
	runs  [8]run // the latest last; the zero run is none
	stamp uint32 // of the last packet
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

func newStream(k media.Kind) *stream {
	return &stream{Track: rtc.NewTrack(k, k.String(), "program"), waiting: k == media.Video}
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
	s.Lock()
	defer s.Unlock()
	if !s.Open() {
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
	s.Lock()
	defer s.Unlock()
	if !s.Open() {
		return 0
	}
	live := since[len(since)-1]
	r := s.begin(since[0])
	r.live, r.stamp, r.step = live.number, live.time, catchUp
	if s.Started() { // and has seen something, which must not have been later
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
		s.Send(stamp, i == marker, f.payloads[i], h)
	}
	s.waiting, s.stamp = false, stamp
	return to - from
}

func (s *stream) latest() *run { return &s.runs[len(s.runs)-1] }

// begin starts a new run with f.
func (s *stream) begin(f *frame) *run {
	copy(s.runs[:], s.runs[1:])
	*s.latest() = run{ok: true, rung: f.rung, sequence: s.Last() + 1, feed: f.first}
	return s.latest()
}

// follow begins a new run if f does not continue the latest, or that gets too
// long for find.
func (s *stream) follow(f *frame) {
	if f.kind != media.Video {
		return
	}
	r := s.latest()
	length := s.Last() - r.sequence + 1
	if !r.ok || r.rung != f.rung || r.feed+uint64(length) != f.first || length >= 1<<14 {
		s.begin(f)
	}
}

// find says in which run packet n was sent, and its number in the run's rung. A wrong
// answer would send two packets with one number, so it gives none in doubt: as n
// is among the last ringSize, and a run is much shorter than half the number
// space, the newest run that does not begin after n is the one that holds it.
func (s *stream) find(n uint16) (r *run, sequence uint64) {
	if !s.Started() || s.Last()-n >= ringSize { // before the ring, or never sent
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
	s.Lock()
	defer s.Unlock()
	r, sequence := s.find(n)
	if r == nil {
		return false
	}
	p, ok := from[r.rung].get(sequence)
	return ok && s.Again(n, r.time(p.number, p.time), p.marker, p.payload, h)
}
