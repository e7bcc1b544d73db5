package whep

import (
	"bytes"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/regie-live/regie/gateway/internal/rtptime"
	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/transcode"
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
func bound(t *testing.T) (*stream, *wire) {
	w := &wire{t: t, sent: map[uint16][]byte{}}
	s := newStream(media.Video)
	s.out, s.ssrc, s.pt = w, 1234, 102
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

// TestRepairIsExact sends for long enough that numbers wrap many times, leaves
// pictures out, and asks for all kinds of packets: wire sees to the rest.
func TestRepairIsExact(t *testing.T) {
	s, w := bound(t)
	var f feedOf
	var r ring
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
			s.send(fr, &h)
		}
		for range rand.IntN(3) {
			if s.repair(s.last-uint16(rand.IntN(1200)), &r, &h) {
				repaired++
			}
		}
		s.repair(uint16(rand.Uint32()), &r, &h) // nonsense
	}
	if w.n < 100_000 || repaired < 10_000 || joined < 100 {
		t.Errorf("%d sent, %d repaired, joined %d times: this proves nothing", w.n, repaired, joined)
	}
}

func TestRepairIsLimited(t *testing.T) {
	s, _ := bound(t)
	var f feedOf
	var r ring
	var h rtp.Header
	fr := f.next(true)
	r.add(fr)
	s.send(fr, &h)
	repaired := 0
	for range 10_000 {
		if s.repair(s.last, &r, &h) {
			repaired++
		}
	}
	if repaired != repairCredit {
		t.Errorf("%d repairs, want %d", repaired, repairCredit)
	}
	sent := 0
	for range 300 {
		fr := f.next(false)
		r.add(fr)
		sent += s.send(fr, &h)
	}
	for repaired = 0; s.repair(s.last, &r, &h); repaired++ {
	}
	if want := min(sent/repairShare, repairCredit); repaired != want {
		t.Errorf("%d repairs after %d packets, want %d", repaired, sent, want)
	}
}

func TestStartsWithKeyframe(t *testing.T) {
	s, w := bound(t)
	var f feedOf
	var h rtp.Header
	for range 5 {
		s.send(f.next(false), &h)
	}
	if w.n != 0 {
		t.Fatal("pictures before the first keyframe were sent")
	}
	s.send(f.next(true), &h)
	s.send(f.next(false), &h)
	if w.n == 0 {
		t.Fatal("nothing was sent")
	}
	var p rtp.Packet
	if err := p.Unmarshal(w.sent[w.last]); err != nil || !p.Marker || p.SSRC != 1234 || p.PayloadType != 102 || p.Timestamp != 6*3000 {
		t.Errorf("last packet %v (%v)", p.Header, err)
	}
}

// TestJoin: who comes shortly after a keyframe is given all since, in order and
// with timestamps that end in the present; who comes later waits.
func TestJoin(t *testing.T) {
	n, err := rtc.Listen(rtc.Config{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	fd := NewFeed(Options{Net: n, BasePath: "/live/a/", RequestKeyframe: func() { asked++ }})
	defer func() {
		fd.Close()
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}()
	k := newWorker(fd)
	var f feedOf
	at := time.Unix(1000, 0)
	write := func(key bool) *frame {
		fr := f.next(key)
		fr.at = at
		at = at.Add(33 * time.Millisecond)
		k.send(fr)
		return fr
	}
	enter := func() *wire {
		s, w := bound(t)
		v := newViewer(fd, "x")
		v.video = s
		k.add(v)
		return w
	}
	packets := func(w *wire) (list []rtp.Packet) {
		for i := w.last - uint16(w.n) + 1; len(list) < w.n; i++ {
			var p rtp.Packet
			if err := p.Unmarshal(w.sent[i]); err != nil {
				t.Fatal(err)
			}
			list = append(list, p)
		}
		return list
	}
	write(true)
	write(false)
	early := enter()
	live := write(false)
	got := packets(early)
	if want := int(live.first) + len(live.payloads); len(got) != want {
		t.Fatalf("the joiner got %d packets, want %d", len(got), want)
	}
	for i, p := range got[1:] {
		if step := int32(p.Timestamp - got[i].Timestamp); step < 0 || step > catchUp {
			t.Errorf("a step of %d in the timestamps", step)
		}
	}
	if last := got[len(got)-1]; last.Timestamp != live.time || !last.Marker {
		t.Errorf("the live picture is at %d, want %d", last.Timestamp, live.time)
	}
	next := write(false)
	if got := packets(early); got[len(got)-1].Timestamp != next.time {
		t.Error("the next picture is not at its own time")
	}
	for range 20 {
		write(false)
	}
	late := enter()
	write(false)
	if late.n != 0 || asked != 1 {
		t.Errorf("the latecomer got %d packets, asked %d times for a keyframe", late.n, asked)
	}
	write(true)
	if late.n == 0 {
		t.Error("the latecomer did not get the keyframe")
	}
}

func TestKeyframesAreThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var asked []time.Duration
		start := time.Now()
		k := newKeyframes(func() {
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, time.Since(start))
		})
		for range 100 { // ten asks a second for ten seconds; no keyframe comes
			k.ask()
			time.Sleep(100 * time.Millisecond)
		}
		synctest.Wait()
		if len(asked) != 11 { // at 0, 1, … 10 s
			t.Errorf("asked %d times in 10 s: %v", len(asked), asked)
		}
		for i, at := range asked {
			if i > 0 && at-asked[i-1] < keyframeInterval {
				t.Errorf("asked at %v and %v", asked[i-1], at)
			}
		}
		// an early ask that a keyframe has answered is forgotten
		k.ask()
		k.came()
		n := len(asked)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if len(asked) != n {
			t.Error("asked after the keyframe had come")
		}
		k.ask()
		k.ask()
		k.close()
		k.ask()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if len(asked) != n+1 {
			t.Errorf("asked %d times more, want 1", len(asked)-n)
		}
	})
}

func TestPacketizer(t *testing.T) {
	z := newPacketizer(newClock())
	key := bytes.Join([][]byte{{0, 0, 0, 1, 9, 0xf0}, {0, 0, 0, 1, 0x67, 1, 2, 3}, {0, 0, 0, 1, 0x68, 4}, append([]byte{0, 0, 0, 1, 0x65}, make([]byte, 5000)...)}, nil)
	f := z.frame(transcode.Packet{Track: transcode.Video, PTS: 0, Key: true, Data: key})
	if len(f.payloads) < 5 || f.payloads[0][0]&31 != 24 {
		t.Fatalf("%d packets, the first of kind %d; want the parameter sets first", len(f.payloads), f.payloads[0][0]&31)
	}
	for _, p := range f.payloads {
		if len(p) > maxPayload {
			t.Errorf("a payload of %d bytes", len(p))
		}
	}
	next := z.frame(transcode.Packet{Track: transcode.Video, PTS: 3000, Data: []byte{0, 0, 0, 1, 0x41, 1}})
	if next.first != uint64(len(f.payloads)) || next.number != 1 || next.time-f.time != 3000 || next.key {
		t.Errorf("the next picture is %+v", next)
	}
	sound := z.frame(transcode.Packet{Track: transcode.Opus, PTS: 960, Key: true, Data: []byte{1}})
	if sound.kind != media.Audio || len(sound.payloads) != 1 {
		t.Errorf("sound %+v", sound)
	}
	for _, p := range []transcode.Packet{{Track: transcode.AAC, Data: []byte{1}}, {Track: transcode.Opus}, {Track: transcode.Video}} {
		if f := z.frame(p); f != nil {
			t.Errorf("%+v became %+v", p, f)
		}
	}
}

// TestOverload: a worker that is held up loses pictures, begins again at a
// keyframe, and holds up nobody.
func TestOverload(t *testing.T) {
	n, err := rtc.Listen(rtc.Config{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	f := NewFeed(Options{Net: n, BasePath: "/live/a/", RequestKeyframe: func() { asked++ }})
	defer func() {
		f.Close()
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}()
	s, w := bound(t)
	v := newViewer(f, "x")
	v.video, v.worker = s, newWorker(f) // a worker that does not run
	v.worker.add(v)
	f.workers = append(f.workers, v.worker)

	write := func(key bool) {
		f.Write(transcode.Packet{Track: transcode.Video, PTS: int64(f.packets.pictures) * 3000, Key: key, Data: []byte{0, 0, 0, 1, 0x41, 1, 2, 3}})
	}
	write(true)
	for range maxQueue + 9 {
		write(false)
	}
	for range maxQueue {
		v.worker.send(<-v.worker.queue)
	}
	if w.n != maxQueue {
		t.Fatalf("%d packets sent, want %d", w.n, maxQueue)
	}
	write(false)
	v.worker.send(<-v.worker.queue)
	if w.n != maxQueue || asked != 1 {
		t.Errorf("after the gap: %d packets more, asked %d times for a keyframe", w.n-maxQueue, asked)
	}
	write(true)
	v.worker.send(<-v.worker.queue)
	if w.n != maxQueue+1 {
		t.Error("the keyframe did not go out")
	}
}

// parameters is what a negotiation came to.
type parameters struct{ fmtp []string }

func (p parameters) CodecParameters() (list []webrtc.RTPCodecParameters) {
	for i, f := range p.fmtp {
		list = append(list, webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264, SDPFmtpLine: f},
			PayloadType:        webrtc.PayloadType(96 + i),
		})
	}
	return list
}
func (parameters) HeaderExtensions() []webrtc.RTPHeaderExtensionParameter { return nil }
func (parameters) SSRC() webrtc.SSRC                                      { return 7 }
func (parameters) SSRCRetransmission() webrtc.SSRC                        { return 0 }
func (parameters) SSRCForwardErrorCorrection() webrtc.SSRC                { return 0 }
func (parameters) WriteStream() webrtc.TrackLocalWriter                   { return nil }
func (parameters) ID() string                                             { return "" }
func (parameters) RTCPReader() interceptor.RTCPReader                     { return nil }

func TestBindTakesTheBest(t *testing.T) {
	for _, tc := range []struct {
		fmtp []string
		want uint8
	}{
		{[]string{"packetization-mode=1;profile-level-id=64001f", "packetization-mode=1;profile-level-id=42001f", "packetization-mode=1;profile-level-id=42e01f"}, 98},
		{[]string{"packetization-mode=1;profile-level-id=64001f", "packetization-mode=1;profile-level-id=42001f"}, 97},
		{[]string{"packetization-mode=1;profile-level-id=640c1f"}, 96},
	} {
		s := newStream(media.Video)
		if _, err := s.Bind(parameters{tc.fmtp}); err != nil || s.pt != tc.want {
			t.Errorf("%v: payload type %d (%v), want %d", tc.fmtp, s.pt, err, tc.want)
		}
	}
	if _, err := newStream(media.Video).Bind(parameters{}); err == nil {
		t.Error("no codec is no error")
	}
}

func TestRoundTrip(t *testing.T) {
	now := time.Unix(1_700_000_000, 500_000_000)
	sent := uint32(rtptime.NTP(now.Add(-300*time.Millisecond)) >> 16)
	for name, tc := range map[string]struct {
		block rtcp.ReceptionReport
		want  time.Duration
		ok    bool
	}{
		"usual":      {rtcp.ReceptionReport{LastSenderReport: sent, Delay: 65536 / 4}, 50 * time.Millisecond, true},
		"no report":  {rtcp.ReceptionReport{Delay: 65536}, 0, false},
		"impossible": {rtcp.ReceptionReport{LastSenderReport: sent, Delay: 65536}, 0, false},
		"ancient":    {rtcp.ReceptionReport{LastSenderReport: sent - 100<<16}, 0, false},
	} {
		got, ok := roundTrip(tc.block, now)
		if ok != tc.ok || ok && (got-tc.want).Abs() > time.Millisecond {
			t.Errorf("%s: %v %v, want %v", name, got, ok, tc.want)
		}
	}
}
