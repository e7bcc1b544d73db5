package rtc

import (
	"net/netip"
	"sync"
)

const (
	// batchBytes fits into a core's own cache: the packets are still there when
	// the kernel copies them.
	batchBytes = 256 << 10
	// maxGroups is how many messages go into one system call.
	maxGroups = 64
	// maxSegments and maxGroupBytes are the kernel's limits of one message
	// (UDP_MAX_SEGMENTS of Linux before 6.9; the length of an IP packet).
	maxSegments   = 64
	maxGroupBytes = 63 << 10
)

// Batch collects what one goroutine sends between Begin and Flush, and gives it to
// the kernel in as few system calls as there can be. Consecutive packets of equal
// size for one address become one message.
//
// Every sender has its own, so that senders on several cores do not meet; others
// may Begin and Flush it too, for packets of the same viewers, and wait their turn.
type Batch struct {
	socket *socket

	mu     sync.Mutex // held from Begin to Flush
	data   []byte
	groups []group
	*scratch
}

// group is a row of packets for one address in Batch.data, all of one size but for
// the last, which may be shorter.
type group struct {
	to         netip.AddrPort
	start, end int
	size       int
}

// NewBatch makes a Batch for one sender.
func (n *Net) NewBatch() *Batch { return newBatch(n.udp) }

func newBatch(s *socket) *Batch {
	return &Batch{
		socket: s, data: make([]byte, 0, batchBytes), groups: make([]group, 0, maxGroups), scratch: newScratch(s),
	}
}

// Begin starts collecting. It waits until nobody else does.
func (b *Batch) Begin() { b.mu.Lock() }

// Flush sends what was collected. It waits while the socket's buffer is full, as
// every write does.
func (b *Batch) Flush() {
	b.empty()
	b.mu.Unlock()
}

// room adds a packet of n bytes, which the caller fills in before anything else.
func (b *Batch) room(n int, to netip.AddrPort) []byte {
	if len(b.data)+n > cap(b.data) {
		b.empty()
	}
	last := len(b.groups) - 1
	if last < 0 || !b.groups[last].fits(n, to) {
		if last+1 == maxGroups {
			b.empty()
		}
		b.groups = append(b.groups, group{to: to, start: len(b.data), end: len(b.data), size: n})
		last = len(b.groups) - 1
	}
	at := len(b.data)
	b.data = b.data[:at+n]
	b.groups[last].end = at + n
	return b.data[at:]
}

// fits says that a packet of n bytes can be the group's next.
func (g *group) fits(n int, to netip.AddrPort) bool {
	have := g.end - g.start
	return g.to == to && n <= g.size && have%g.size == 0 && have/g.size < maxSegments && have+n <= maxGroupBytes
}

func (b *Batch) empty() {
	if len(b.groups) > 0 {
		b.send()
	}
	b.data, b.groups = b.data[:0], b.groups[:0]
}

// cursor is how far a batch has been sent: up to the offset at of its data, which
// is in group number group.
type cursor struct{ group, at int }

// rest is what of the cursor's group is not sent.
func (b *Batch) rest(c cursor) []byte { return b.data[c.at:b.groups[c.group].end] }

// advance moves the cursor behind n bytes, and says how many packets those were.
func (b *Batch) advance(c *cursor, n int) (packets int) {
	g := &b.groups[c.group]
	packets = (n + g.size - 1) / g.size
	if c.at += n; c.at == g.end {
		c.group++ // the groups follow each other without a gap
	}
	return packets
}

// sendPlain sends the packet at the cursor with a system call of its own.
func (b *Batch) sendPlain(c *cursor) {
	g := &b.groups[c.group]
	p := b.rest(*c)
	p = p[:min(len(p), g.size)]
	if _, err := b.socket.WriteToUDPAddrPort(p, g.to); err != nil {
		b.socket.metrics.unsent.Inc()
	} else {
		b.socket.metrics.datagrams[plain].Inc()
	}
	b.advance(c, len(p))
}
