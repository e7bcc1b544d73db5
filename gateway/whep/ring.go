package whep

import "sync"

// ringSize is how many packets can be sent again: three seconds of program, more
// than any player waits.
const ringSize = 1024

// rings keep the latest packets of every rung, for all viewers.
type rings []ring

func (r rings) add(f *frame) { r[f.rung].add(f) }

// ring keeps the latest packets of one rung.
type ring struct {
	mu      sync.RWMutex
	packets [ringSize]packet
}

// packet is all of a packet that viewers share.
type packet struct {
	sequence uint64 // in the rung
	number   uint64 // of its picture
	time     uint32
	marker   bool
	payload  []byte
}

func (r *ring) add(f *frame) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, b := range f.payloads {
		s := f.first + uint64(i)
		r.packets[s%ringSize] = packet{sequence: s, number: f.number, time: f.time, marker: i == len(f.payloads)-1, payload: b}
	}
}

func (r *ring) get(sequence uint64) (packet, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	p := r.packets[sequence%ringSize]
	return p, p.payload != nil && p.sequence == sequence
}
