package whip

import (
	"errors"
	"io"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/regie-live/regie/gateway/internal/rtptime"
	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/transcode/media"
)

// track turns one track's packets into access units. All of it belongs to the
// goroutine of readMedia; the clock is under conn.clockMu.
type track struct {
	conn   *conn
	kind   media.Kind
	remote *webrtc.TrackRemote
	clock  *rtptime.Track
	flow   rtc.Flow

	payloadType uint8
	codec       media.Codec
	order       reorder
	picture     picture
	waiting     bool // for a keyframe
	started     bool // one has come
}

const receiveMTU = 1500

// readMedia runs until the peer ends.
func (t *track) readMedia() {
	t.waiting = t.kind == media.Video
	t.order.repair = t.kind == media.Video
	for {
		p, err := t.read()
		if err != nil {
			return
		}
		if p == nil || t.conn.now[t.kind].Load() != t {
			continue
		}
		now := time.Now()
		t.flow.Packets.Inc()
		t.order.push(p, now)
		for {
			p, arrival, lost := t.order.pop(now)
			if lost > 0 {
				t.flow.Lost.Add(float64(lost))
				t.onLoss()
			}
			if p == nil {
				break
			}
			t.packet(p, arrival)
		}
		t.askAgain(now)
	}
}

// read waits for a packet. A packet that we cannot use is nil; an error is the
// end of the track.
func (t *track) read() (*rtp.Packet, error) {
	buf := make([]byte, receiveMTU) // kept by what is made of it
	n, _, err := t.remote.Read(buf)
	if err != nil {
		if errors.Is(err, io.ErrShortBuffer) || errors.Is(err, webrtc.ErrCodecNotFound) {
			return nil, nil
		}
		return nil, err
	}
	p := &rtp.Packet{}
	if p.Unmarshal(buf[:n]) != nil {
		return nil, nil
	}
	return p, nil
}

// askAgain sends a NACK (RFC 4585 section 6.2.1) for what is missing.
func (t *track) askAgain(now time.Time) {
	missing := t.order.missing(now)
	if len(missing) == 0 {
		return
	}
	t.conn.mu.Lock()
	peer := t.conn.peer
	t.conn.mu.Unlock()
	if peer == nil {
		return
	}
	t.conn.send(peer, &rtcp.TransportLayerNack{
		MediaSSRC: uint32(t.remote.SSRC()),
		Nacks:     rtcp.NackPairsFromSequenceNumbers(missing),
	})
}

func (t *track) onLoss() {
	if t.kind != media.Video {
		return
	}
	if t.picture.broken(); !t.waiting {
		t.waiting = true
		t.conn.publisher.Dropped("loss", 1)
	}
	t.conn.requestKeyframe()
}

// packet takes the next packet in order. One without payload is padding, by
// which browsers probe for more bitrate.
func (t *track) packet(p *rtp.Packet, arrival time.Time) {
	if p.PayloadType != t.payloadType || t.codec == "" {
		t.payloadType = p.PayloadType
		t.codec = codecOf(t.remote.Codec())
		t.conn.switchTo(t.codec)
	}
	if t.kind == media.Audio {
		if len(p.Payload) > 0 && t.codec == media.Opus {
			t.conn.publisher.Write(media.AccessUnit{Kind: media.Audio, PTS: t.pts(p.Timestamp, arrival), Key: true, Data: p.Payload})
		}
		return
	}
	for {
		done, again := t.picture.add(p, arrival)
		if done != nil {
			t.frame(done)
		}
		if !again {
			return
		}
	}
}

// frame passes on a picture whose packets are all there.
func (t *track) frame(f *frame) {
	data, key, err := unpack(t.codec, f.payloads)
	switch {
	case err != nil:
		// Its first packets may have come before we listened.
		if t.started {
			t.conn.publisher.Dropped("invalid", 1)
		}
		t.waiting = true
		t.conn.requestKeyframe()
		return
	case len(data) == 0:
		return
	case t.waiting && (!key || !t.whole(data)):
		if t.started {
			t.conn.publisher.Dropped("loss", 1)
		}
		t.conn.requestKeyframe()
		return
	}
	t.waiting, t.started = false, true
	t.conn.publisher.Write(media.AccessUnit{Kind: media.Video, PTS: t.pts(f.timestamp, f.arrival), Key: key, Data: data})
}

// whole says whether a keyframe has its beginning. Later we know that nothing was
// lost before it, but not of the first: its head may have been sent before we
// listened.
func (t *track) whole(data []byte) bool {
	if t.started || t.codec != media.H264 && t.codec != media.H265 {
		return true
	}
	return hasHead(t.codec, data) || len(t.conn.config) > 0
}

func (t *track) pts(ts uint32, arrival time.Time) time.Duration {
	t.conn.clockMu.Lock()
	defer t.conn.clockMu.Unlock()
	return t.clock.PTS(ts, arrival)
}

// readReports takes the sender reports, and lets pion's interceptors see all of
// them, until the peer ends.
func (t *track) readReports(r *webrtc.RTPReceiver) {
	for {
		packets, _, err := r.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			if sr, ok := p.(*rtcp.SenderReport); ok && sr.SSRC == uint32(t.remote.SSRC()) {
				t.conn.clockMu.Lock()
				t.clock.Report(sr.NTPTime, sr.RTPTime)
				t.conn.clockMu.Unlock()
			}
		}
	}
}
