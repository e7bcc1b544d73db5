package rtc

import (
	"log/slog"
	"net"
	"net/netip"
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

// socket is the UDP port. What pion writes to it goes out at once; media for most
// viewers comes by a Batch.
type socket struct {
	*net.UDPConn
	kernel
	logger  *slog.Logger
	metrics *Metrics

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
	n, err := s.WriteToUDPAddrPort(p, to)
	if err == nil {
		s.metrics.datagrams[plain].Inc()
	}
	return n, err
}
