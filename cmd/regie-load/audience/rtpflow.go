package audience

import (
	"encoding/binary"
	"slices"
	"time"
)

// flow follows the sequence numbers of one RTP stream: what is missing, what came
// after all, and which pictures are whole. It knows no clock and no socket.
type flow struct {
	clock   float64 // of the timestamps, per second
	ssrc    uint32
	started bool
	base    int64 // extended sequence number of the first packet
	next    int64 // all before it have come or are given up
	highest int64
	got     int64
	lost    int64 // given up
	late    int64 // came after they were asked for

	missing map[int64]*hole
	ahead   map[int64]bool // came while some before are missing; true: with marker
	broken  bool           // a packet of the picture at next is given up
	stamps  map[int64]uint32

	jitter  float64 // RFC 3550 appendix A.8, in units of the clock
	transit float64
}

type hole struct {
	since, asked time.Time
	times        int
}

// How a receiver asks again, as browsers do: after a moment for what is only out
// of order, then every round trip; after a second it goes on without.
const (
	askAfter = 10 * time.Millisecond
	askEvery = 100 * time.Millisecond
	giveUp   = time.Second
)

func newFlow(clock float64) *flow {
	return &flow{clock: clock, missing: map[int64]*hole{}, ahead: map[int64]bool{}, stamps: map[int64]uint32{}}
}

// take reads the header of a packet and calls whole for each picture that is
// complete now, with its timestamp.
func (f *flow) take(now time.Time, b []byte, whole func(stamp uint32)) {
	marker := b[1]&0x80 != 0
	sequence, stamp := binary.BigEndian.Uint16(b[2:]), binary.BigEndian.Uint32(b[4:])
	ssrc := binary.BigEndian.Uint32(b[8:])
	if !f.started || ssrc != f.ssrc {
		*f = *newFlow(f.clock)
		f.started, f.ssrc = true, ssrc
		f.base, f.next, f.highest = int64(sequence), int64(sequence), int64(sequence)-1
	}
	n := f.highest + int64(int16(sequence-uint16(f.highest)))
	switch {
	case n < f.next:
		return // again, or given up
	case n > f.highest:
		f.measureJitter(now, stamp)
		if n-f.highest > 2000 { // the sender has begun anew
			f.forget(n)
		}
		for i := f.highest + 1; i < n; i++ {
			f.missing[i] = &hole{since: now}
		}
		f.highest = n
	default:
		h := f.missing[n]
		if h == nil {
			return // again
		}
		if h.times > 0 {
			f.late++
		}
		delete(f.missing, n)
	}
	f.got++
	if n > f.next {
		f.ahead[n] = marker
		f.stamps[n] = stamp
		return
	}
	f.pass(marker, stamp, whole)
	f.drain(whole)
}

// pass moves next past a packet that is there.
func (f *flow) pass(marker bool, stamp uint32, whole func(uint32)) {
	f.next++
	if marker {
		if !f.broken && whole != nil {
			whole(stamp)
		}
		f.broken = false
	}
}

func (f *flow) drain(whole func(uint32)) {
	for {
		marker, ok := f.ahead[f.next]
		if !ok {
			return
		}
		stamp := f.stamps[f.next]
		delete(f.ahead, f.next)
		delete(f.stamps, f.next)
		f.pass(marker, stamp, whole)
	}
}

func (f *flow) forget(n int64) {
	f.lost += int64(len(f.missing))
	clear(f.missing)
	clear(f.ahead)
	clear(f.stamps)
	f.next, f.highest, f.broken = n, n-1, true
}

// ask gives the sequence numbers to ask for now. It gives up what is too old: the
// pictures with it are not whole, and gave says that there were some.
func (f *flow) ask(now time.Time, whole func(uint32)) (numbers []uint16, gave bool) {
	for n, h := range f.missing {
		switch {
		case now.Sub(h.since) >= giveUp:
			delete(f.missing, n)
			f.lost++
			gave = true
		case now.Sub(h.since) >= askAfter && now.Sub(h.asked) >= askEvery:
			h.asked = now
			h.times++
			numbers = append(numbers, uint16(n))
		}
	}
	for gave && f.next <= f.highest && f.missing[f.next] == nil {
		if _, ok := f.ahead[f.next]; ok {
			f.drain(whole)
		} else {
			f.broken = true
			f.next++
		}
	}
	slices.Sort(numbers)
	return numbers, gave
}

// measureJitter follows RFC 3550 section 6.4.1.
func (f *flow) measureJitter(now time.Time, stamp uint32) {
	transit := float64(now.UnixMicro()%(1<<32))*f.clock/1e6 - float64(stamp)
	if f.transit != 0 {
		if d := transit - f.transit; d > -f.clock && d < f.clock {
			f.jitter += (max(d, -d) - f.jitter) / 16
		}
	}
	f.transit = transit
}
