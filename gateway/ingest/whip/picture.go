package whip

import (
	"time"

	"github.com/pion/rtp"
)

const (
	maxPackets = 4096    // of one picture
	maxPicture = 4 << 20 // bytes of one picture
)

// frame is a picture's payloads, complete and in order.
type frame struct {
	timestamp uint32
	arrival   time.Time // of the first packet
	payloads  [][]byte
}

// picture gathers the packets of one: those with one timestamp, up to the
// marker. Some senders set no marker, so a new timestamp ends a picture too.
type picture struct {
	now     *frame
	bytes   int
	suspect bool   // packets are missing before the next one
	skip    bool   // a part of the picture with timestamp stamp is missing
	stamp   uint32 //
}

// broken says that packets before the next one are missing. They may have been
// the end of one picture or the start of the next, so both are given up.
func (p *picture) broken() {
	p.now, p.bytes, p.suspect = nil, 0, true
}

// add takes the next packet. When it completes a picture, that is returned; when
// it belongs to the next one, again asks for the same packet once more.
func (p *picture) add(pkt *rtp.Packet, arrival time.Time) (done *frame, again bool) {
	if p.suspect {
		p.suspect, p.skip, p.stamp = false, true, pkt.Timestamp
	}
	if p.skip {
		if pkt.Timestamp == p.stamp {
			return nil, false
		}
		p.skip = false
	}
	if p.now != nil && p.now.timestamp != pkt.Timestamp {
		return p.take(), true
	}
	if len(pkt.Payload) == 0 {
		return nil, false
	}
	if p.now == nil {
		p.now = &frame{timestamp: pkt.Timestamp, arrival: arrival}
	}
	p.now.payloads = append(p.now.payloads, pkt.Payload)
	p.bytes += len(pkt.Payload)
	if len(p.now.payloads) > maxPackets || p.bytes > maxPicture {
		p.now, p.bytes, p.skip, p.stamp = nil, 0, true, pkt.Timestamp
		return nil, false
	}
	if pkt.Marker {
		return p.take(), false
	}
	return nil, false
}

func (p *picture) take() *frame {
	f := p.now
	p.now, p.bytes = nil, 0
	return f
}
