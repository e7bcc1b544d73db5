package whep

import (
	"time"

	"github.com/pion/rtp"
)

// player knows when a browser shows pictures: each as soon as it is whole and
// follows the one before, or is a keyframe, with which it does not wait for what is
// missing before.
type player struct {
	packets map[uint16]*rtp.Packet
	started bool
	next    uint16 // first packet of the next picture
	key     uint16 // of the latest keyframe, while it is not whole
	waiting bool   // for that keyframe

	shown   time.Time     // when the latest picture was
	longest time.Duration // without one
	stamp   uint32        // its timestamp
	skipped time.Duration // most of the program that was left out, which no slow machine excuses
}

func (y *player) play(p *rtp.Packet, now time.Time) {
	n := p.SequenceNumber
	y.packets[n] = p
	delete(y.packets, n-4000)
	// Keyframes alone begin with parameter sets, in a STAP-A (RFC 6184 section 5.7.1).
	if len(p.Payload) > 0 && p.Payload[0]&31 == 24 && (!y.started || int16(n-y.next) >= 0) {
		y.key, y.waiting = n, true
	}
	if y.waiting && y.whole(y.key) {
		y.next, y.started, y.waiting = y.key, true, false
	}
	for y.started && y.whole(y.next) {
		stamp := y.packets[y.next].Timestamp
		for q := y.packets[y.next]; q != nil && q.Timestamp == stamp; q = y.packets[y.next] {
			y.next++
		}
		if !y.shown.IsZero() {
			y.longest = max(y.longest, now.Sub(y.shown))
			y.skipped = max(y.skipped, time.Duration(int32(stamp-y.stamp))*time.Second/90000)
		}
		y.shown, y.stamp = now, stamp
	}
}

// whole says that all packets of the picture that begins with n are here.
func (y *player) whole(n uint16) bool {
	for first := y.packets[n]; ; n++ {
		switch p := y.packets[n]; {
		case p == nil || p.Timestamp != first.Timestamp:
			return false
		case p.Marker:
			return true
		}
	}
}
