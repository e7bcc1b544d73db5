package audience

import (
	"context"
	"encoding/binary"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
)

// When a picture stands still: minFreeze and three times the usual pace are the
// W3C's freezeCount, longFreeze is what people call a stall.
const (
	minFreeze  = 150 * time.Millisecond
	longFreeze = 500 * time.Millisecond
	patience   = 10 * time.Second // for the first picture
	reportPace = time.Second
)

// whepViewer is one connection. It sees packets on the socket's goroutine and
// answers on its own.
type whepViewer struct {
	tally   *side
	pc      *webrtc.PeerConnection
	arrived time.Time
	changes chan webrtc.PeerConnectionState
	holes   chan struct{} // there is something to ask for

	mu           sync.Mutex // guards the rest
	video, audio *flow
	taken        bool // the first picture is there: pion sees no more media
	last         time.Time
	pace         time.Duration // between two pictures, in the mean
	reports      map[uint32]senderReport
	lost, late   int64 // that the tally has
	first        chan struct{}
}

// senderReport ties RTP timestamps to the sender's clock.
type senderReport struct {
	at    time.Time
	ntp   uint64
	stamp uint32
}

func newWHEPViewer(t *side) *whepViewer {
	return &whepViewer{
		tally: t, arrived: time.Now(),
		changes: make(chan webrtc.PeerConnectionState, 8), holes: make(chan struct{}, 1), first: make(chan struct{}),
		video: newFlow(90000), audio: newFlow(48000), reports: map[uint32]senderReport{},
	}
}

// see takes a packet of media. It reports whether pion is to see it too.
func (v *whepViewer) see(now time.Time, b []byte) bool {
	v.tally.bytes.Add(int64(len(b)))
	v.mu.Lock()
	defer v.mu.Unlock()
	if b[1]&0x7f == 111 {
		v.audio.take(now, b, nil)
		return false
	}
	v.video.take(now, b, func(stamp uint32) { v.picture(now, stamp) })
	if len(v.video.missing) > 0 {
		select {
		case v.holes <- struct{}{}:
		default:
		}
	}
	return !v.taken
}

// picture is called with the lock for each picture that is whole.
func (v *whepViewer) picture(now time.Time, stamp uint32) {
	if !v.taken {
		return
	}
	d := now.Sub(v.last)
	v.standstill(d)
	v.last = now
	if d < minFreeze {
		v.pace += (d - v.pace) / 30
	}
	if r, ok := v.reports[v.video.ssrc]; ok {
		made := fromNTP(r.ntp).Add(time.Duration(int32(stamp-r.stamp)) * time.Second / 90000)
		v.tally.latency.add(now.Sub(made))
	}
}

// standstill counts one of length d, if it is one.
func (v *whepViewer) standstill(d time.Duration) {
	switch {
	case d >= longFreeze:
		v.tally.stalls.Add(1)
	case d >= max(3*v.pace, v.pace+minFreeze):
		v.tally.dips.Add(1)
	default:
		return
	}
	v.tally.stalled.Add((d - v.pace).Microseconds())
}

// awaitKeyframe decrypts until the first picture that can be shown is there; after
// that the headers say all there is to know.
func (v *whepViewer) awaitKeyframe(t *webrtc.TrackRemote) {
	if t.Kind() != webrtc.RTPCodecTypeVideo {
		return
	}
	key, stamp := false, uint32(0)
	for {
		p, _, err := t.ReadRTP()
		if err != nil {
			return
		}
		if !key && isKeyframe(p.Payload) {
			key, stamp = true, p.Timestamp
		}
		if key && p.Marker && p.Timestamp-stamp < 1<<31 {
			break
		}
	}
	now := time.Now()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.taken, v.last, v.pace = true, now, time.Second/30
	v.tally.startup.add(now.Sub(v.arrived))
	close(v.first)
}

// isKeyframe says whether a packet of H.264 (RFC 6184) is of an IDR picture.
func isKeyframe(b []byte) bool {
	if len(b) < 2 {
		return false
	}
	switch b[0] & 0x1f {
	case 5:
		return true
	case 24: // STAP-A
		for b = b[1:]; len(b) > 2; {
			n := int(binary.BigEndian.Uint16(b))
			if b[2]&0x1f == 5 {
				return true
			}
			b = b[min(2+n, len(b)):]
		}
	case 28: // FU-A
		return b[1]&0x1f == 5
	}
	return false
}

func (v *whepViewer) changed(s webrtc.PeerConnectionState) {
	select {
	case v.changes <- s:
	default:
	}
}

// watch answers for the viewer until it ends or the connection does.
func (v *whepViewer) watch(ctx context.Context) error {
	tick := time.NewTicker(reportPace)
	defer tick.Stop()
	late := time.NewTimer(patience)
	defer late.Stop()
	defer v.finish()
	asking := time.NewTimer(0)
	defer asking.Stop()
	connected, armed := false, false
	first := v.first
	for {
		select {
		case <-ctx.Done():
			return nil
		case s := <-v.changes:
			switch s {
			case webrtc.PeerConnectionStateConnected:
				connected = true
			case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
				return errGone
			}
		case <-first:
			first = nil
			late.Stop()
		case <-late.C:
			return errNoPicture
		case <-v.holes:
			if !armed {
				armed = true
				asking.Reset(askAfter)
			}
		case <-asking.C:
			if armed = false; connected {
				v.ask()
			}
		case <-tick.C:
			if connected {
				v.report()
			}
		}
	}
}

// finish counts a standstill that lasts.
func (v *whepViewer) finish() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.taken {
		v.standstill(time.Since(v.last))
	}
	v.count()
}

func (v *whepViewer) count() {
	lost, late := v.video.lost+v.audio.lost, v.video.late
	v.tally.lost.Add(max(lost-v.lost, 0))
	v.tally.repaired.Add(max(late-v.late, 0))
	v.lost, v.late = lost, late
}

// ask sends NACKs, and a request for a keyframe when packets are given up.
func (v *whepViewer) ask() {
	now := time.Now()
	v.mu.Lock()
	numbers, gave := v.video.ask(now, func(stamp uint32) { v.picture(now, stamp) })
	ssrc := v.video.ssrc
	v.count()
	v.mu.Unlock()
	var packets []rtcp.Packet
	if len(numbers) > 0 {
		packets = append(packets, &rtcp.TransportLayerNack{MediaSSRC: ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(numbers)})
	}
	if gave {
		packets = append(packets, &rtcp.PictureLossIndication{MediaSSRC: ssrc})
	}
	if len(packets) > 0 {
		_ = v.pc.WriteRTCP(packets) // a lost one is followed by the next
	}
}

// report sends a receiver report (RFC 3550 section 6.4.2).
func (v *whepViewer) report() {
	now := time.Now()
	v.mu.Lock()
	var blocks []rtcp.ReceptionReport
	for _, f := range []*flow{v.video, v.audio} {
		if !f.started {
			continue
		}
		r := rtcp.ReceptionReport{
			SSRC: f.ssrc, LastSequenceNumber: uint32(f.highest), Jitter: uint32(f.jitter),
			TotalLost: uint32(min(max(f.highest-f.base+1-f.got, 0), 1<<23-1)),
		}
		if s, ok := v.reports[f.ssrc]; ok {
			r.LastSenderReport = uint32(s.ntp >> 16)
			r.Delay = uint32(now.Sub(s.at).Seconds() * 65536)
		}
		blocks = append(blocks, r)
	}
	v.mu.Unlock()
	if len(blocks) > 0 {
		_ = v.pc.WriteRTCP([]rtcp.Packet{&rtcp.ReceiverReport{SSRC: 1, Reports: blocks}})
	}
}

// readReports takes sender reports until the connection ends.
func (v *whepViewer) readReports(r *webrtc.RTPReceiver) {
	for {
		packets, _, err := r.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			if sr, ok := p.(*rtcp.SenderReport); ok {
				v.mu.Lock()
				v.reports[sr.SSRC] = senderReport{time.Now(), sr.NTPTime, sr.RTPTime}
				v.mu.Unlock()
			}
		}
	}
}

// fromNTP is the time of an NTP timestamp: seconds since 1900, in 32.32 bits.
func fromNTP(n uint64) time.Time {
	const epoch = 2208988800
	return time.Unix(int64(n>>32)-epoch, int64(n&0xffffffff*1e9>>32))
}
