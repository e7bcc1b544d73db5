package whip

import (
	"time"

	"github.com/pion/rtp"
)

const (
	reorderSize = 512 // packets; half a second at 10 Mbit/s
	reorderWait = 200 * time.Millisecond
	nackFirst   = 3 * time.Millisecond // what is merely out of order comes by itself
	nackAgain   = 40 * time.Millisecond
	maxNacks    = 60 // sequence numbers in one request
)

// reorder puts packets back in order and says which are missing. It waits for a
// missing packet until reorderWait has passed or reorderSize is full, then gives
// it up. Its clock is the caller's.
type reorder struct {
	repair bool // the peer can send again, so waiting is worth while

	started bool
	next    uint16 // the sequence number that is due
	high    uint16 // one past the highest seen
	slots   [reorderSize]slot
	jumps   int // packets in a row that were far from due
}

type slot struct {
	packet  *rtp.Packet
	arrival time.Time // of the packet, or when it was found missing
	asked   time.Time
}

func (r *reorder) slot(seq uint16) *slot { return &r.slots[seq%reorderSize] }

// push takes a packet as it came.
func (r *reorder) push(p *rtp.Packet, now time.Time) {
	seq := p.SequenceNumber
	if !r.started {
		r.started, r.next, r.high = true, seq, seq
	}
	ahead := int16(seq - r.next)
	if ahead < -reorderSize || ahead >= reorderSize {
		// One stray packet is dropped; several mean that the sender began anew.
		if r.jumps++; r.jumps < 5 {
			return
		}
		*r = reorder{repair: r.repair, started: true, next: seq, high: seq}
		ahead = 0
	} else if ahead < 0 {
		return // late or twice
	}
	r.jumps = 0
	for int16(seq-r.high) >= 0 {
		*r.slot(r.high) = slot{arrival: now}
		r.high++
	}
	if s := r.slot(seq); s.packet == nil {
		s.packet, s.arrival = p, now
	}
}

// pop returns the next packet with its arrival, or nil when there is none yet;
// and how many before it were given up.
func (r *reorder) pop(now time.Time) (p *rtp.Packet, arrival time.Time, lost int) {
	for r.next != r.high {
		s := r.slot(r.next)
		if s.packet != nil {
			p, arrival = s.packet, s.arrival
			*s = slot{}
			r.next++
			return p, arrival, lost
		}
		wait := reorderWait
		if !r.repair {
			wait /= 4
		}
		if now.Sub(s.arrival) < wait && r.high-r.next < reorderSize*3/4 {
			break
		}
		*s = slot{}
		r.next++
		lost++
	}
	return nil, time.Time{}, lost
}

// missing lists the sequence numbers to ask for now.
func (r *reorder) missing(now time.Time) (list []uint16) {
	if !r.repair {
		return nil
	}
	for seq := r.next; seq != r.high && len(list) < maxNacks; seq++ {
		s := r.slot(seq)
		switch {
		case s.packet != nil, now.Sub(s.arrival) < nackFirst, now.Sub(s.asked) < nackAgain:
			continue
		}
		s.asked = now
		list = append(list, seq)
	}
	return list
}
