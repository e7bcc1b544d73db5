package rtc

import (
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// A way is how packets are handed to the kernel, the cheapest last.
type way uint8

const (
	plain way = iota // a system call each
	many             // sendmmsg: a system call for many packets
	gso              // sendmmsg with UDP_SEGMENT: all packets of a frame for one viewer are one message
	nways
)

func (w way) String() string { return [...]string{"plain", "sendmmsg", "gso"}[w] }

// wayRetry is how long a way that failed is not tried again. Devices come and go
// (a VPN, a container's network); what one refused the next may take.
const wayRetry = 30 * time.Second

// socket is the UDP port. Whatever is written to it goes out at once, except for
// the packets of streams that a Batch collects.
type socket struct {
	*net.UDPConn
	kernel
	logger  *slog.Logger
	metrics *Metrics
	routes  routes

	best way                  // what this kernel can do
	down [nways]atomic.Int64  // until when a way is not used, in nanoseconds of Unix time; 0: it is
	told [nways]atomic.Uint32 // whether the log has it
}

func newSocket(udp *net.UDPConn, logger *slog.Logger, metrics *Metrics) (*socket, error) {
	s := &socket{UDPConn: udp, logger: logger, metrics: metrics}
	var err error
	if s.kernel, s.best, err = probe(udp); err != nil {
		return nil, err
	}
	logger.Info("webrtc is open", "address", udp.LocalAddr().String(), "sends", s.best.String())
	return s, nil
}

// way is the cheapest that works just now.
func (s *socket) way() way {
	for w := s.best; w > plain; w-- {
		until := s.down[w].Load()
		if until == 0 {
			return w
		}
		if until < time.Now().UnixNano() {
			s.down[w].Store(0)
			return w
		}
	}
	return plain
}

// failed takes a way out of use for a while.
func (s *socket) failed(w way, err error) {
	s.down[w].Store(time.Now().Add(wayRetry).UnixNano())
	s.metrics.fallbacks[w].Inc()
	if s.told[w].Swap(1) == 0 {
		s.logger.Warn("the network refuses a cheaper way of sending; viewers notice nothing, but cost more",
			"way", w.String(), "error", err, "retry", wayRetry)
	}
}

// ReadFromAddrPort implements ice.AddrPortReaderWriter.
func (s *socket) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	return s.ReadFromUDPAddrPort(b)
}

// WriteToAddrPort implements ice.AddrPortReaderWriter.
func (s *socket) WriteToAddrPort(p []byte, to netip.AddrPort) (int, error) {
	if b := s.routes.of(p); b != nil && b.take(p, to) {
		return len(p), nil
	}
	n, err := s.WriteToUDPAddrPort(p, to)
	if err == nil {
		s.metrics.datagrams[plain].Inc()
	}
	return n, err
}

// routes says which batch a stream's packets belong to. pion gives us packets
// only, but SRTP leaves the SSRC readable (RFC 3711 section 3.1). Looking up takes
// no lock: it is done for every packet, by all senders at once.
type routes struct {
	mu      sync.Mutex // of those who change it
	buckets [1024]atomic.Pointer[route]
}

// route is never written to once it is in a bucket.
type route struct {
	ssrc  uint32
	batch *Batch
	next  *route
}

func (r *routes) bucket(ssrc uint32) *atomic.Pointer[route] {
	return &r.buckets[ssrc%uint32(len(r.buckets))] // SSRCs are random
}

func (r *routes) add(ssrc uint32, b *Batch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	bucket := r.bucket(ssrc)
	bucket.Store(&route{ssrc, b, bucket.Load()})
}

func (r *routes) remove(ssrc uint32, b *Batch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	bucket := r.bucket(ssrc)
	var rest *route
	for e := bucket.Load(); e != nil; e = e.next {
		if e.ssrc != ssrc || e.batch != b {
			rest = &route{e.ssrc, e.batch, rest}
		}
	}
	bucket.Store(rest)
}

// of is nil for what is no media.
func (r *routes) of(p []byte) *Batch {
	// RFC 7983 for RTP and RTCP, RFC 5761 section 4 to tell them apart.
	if len(p) < 12 || p[0]>>6 != 2 || p[1]&0x7f >= 64 && p[1]&0x7f < 96 {
		return nil
	}
	ssrc := uint32(p[8])<<24 | uint32(p[9])<<16 | uint32(p[10])<<8 | uint32(p[11])
	for e := r.bucket(ssrc).Load(); e != nil; e = e.next {
		if e.ssrc == ssrc {
			return e.batch
		}
	}
	return nil
}
