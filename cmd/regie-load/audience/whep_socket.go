package audience

import (
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
	"unsafe"

	"github.com/pion/ice/v4"
	"golang.org/x/sys/unix"
)

// socket is a viewer's UDP socket below pion. Media is read here, from the clear
// headers of its packets, many with one system call; pion is given the rest: STUN,
// DTLS, RTCP, and media until see says otherwise.
//
// It is read by the clock, not when something comes: on loopback the kernel has
// the sender wake whoever waits, and would bill a server for its viewers' reading,
// who in truth are elsewhere.
type socket struct {
	fd    int
	local *net.UDPAddr
	see   func(now time.Time, packet []byte) (pass bool)
	ready chan datagram // for pion; what it does not take in time is lost
	done  chan struct{}

	mu     sync.Mutex // guards the rest: a closed fd may be another's
	closed bool
}

type datagram struct {
	data []byte
	from netip.AddrPort
}

// openSocket binds where packets to a server leave.
func openSocket(local netip.Addr, see func(time.Time, []byte) bool) (*socket, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	// A keyframe for a viewer is 100 kB at once, and a busy machine is late.
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 1<<20)
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: local.As4()}); err != nil {
		_ = unix.Close(fd)
		return nil, os.NewSyscallError("bind", err)
	}
	bound, err := unix.Getsockname(fd)
	if err != nil {
		_ = unix.Close(fd)
		return nil, os.NewSyscallError("getsockname", err)
	}
	return &socket{
		fd: fd, see: see, ready: make(chan datagram, 64), done: make(chan struct{}),
		local: &net.UDPAddr{IP: local.AsSlice(), Port: bound.(*unix.SockaddrInet4).Port},
	}, nil
}

// clock reads all sockets, every few milliseconds.
type clock struct {
	mu      sync.Mutex // guards sockets
	sockets map[*socket]struct{}
}

const clockPeriod = 5 * time.Millisecond

func (c *clock) run(stop <-chan struct{}) {
	tick := time.NewTicker(clockPeriod)
	defer tick.Stop()
	var all []*socket
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		all = all[:0]
		c.mu.Lock()
		for s := range c.sockets {
			all = append(all, s)
		}
		c.mu.Unlock()
		for _, s := range all {
			s.receive()
		}
	}
}

func (c *clock) add(s *socket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sockets[s] = struct{}{}
}

func (c *clock) remove(s *socket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.sockets, s)
}

const batch = 16

// scratch is room for a batch; it is shared by all sockets.
type scratch struct {
	messages [batch]message
	vectors  [batch]unix.Iovec
	from     [batch]unix.RawSockaddrInet4
	data     [batch][1600]byte
}

// message is struct mmsghdr of recvmmsg(2).
type message struct {
	header unix.Msghdr
	length uint32
	_      [4]byte
}

var scratches = sync.Pool{New: func() any {
	s := &scratch{}
	for i := range s.messages {
		s.vectors[i].Base = &s.data[i][0]
		s.vectors[i].SetLen(len(s.data[i]))
		h := &s.messages[i].header
		h.Iov = &s.vectors[i]
		h.SetIovlen(1)
		h.Name = (*byte)(unsafe.Pointer(&s.from[i]))
	}
	return s
}}

// receive takes what has come.
func (s *socket) receive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	b := scratches.Get().(*scratch)
	defer scratches.Put(b)
	for {
		for i := range b.messages {
			b.messages[i].header.Namelen = unix.SizeofSockaddrInet4
		}
		n, _, e := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&b.messages[0])), batch, unix.MSG_DONTWAIT, 0, 0)
		if e == unix.EINTR || e == unix.ECONNREFUSED { // the latter is an ICMP answer to an earlier packet
			continue
		}
		if e != 0 {
			return
		}
		now := time.Now()
		for i := range int(n) {
			packet := b.data[i][:b.messages[i].length]
			if !isRTP(packet) || s.see(now, packet) {
				select {
				case s.ready <- datagram{append([]byte{}, packet...), address(&b.from[i])}:
				default:
				}
			}
		}
		if int(n) < batch {
			return
		}
	}
}

func address(a *unix.RawSockaddrInet4) netip.AddrPort {
	port := (*[2]byte)(unsafe.Pointer(&a.Port)) // in network order
	return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(port[0])<<8|uint16(port[1]))
}

// isRTP tells RTP from STUN, DTLS (RFC 7983) and RTCP (RFC 5761).
func isRTP(b []byte) bool {
	return len(b) >= 12 && b[0]>>6 == 2 && (b[1] < 192 || b[1] > 223)
}

// ReadFromAddrPort implements ice.AddrPortReaderWriter.
func (s *socket) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	select {
	case <-s.done:
		return 0, netip.AddrPort{}, net.ErrClosed
	case d := <-s.ready:
		if len(d.data) > len(b) {
			return 0, d.from, io.ErrShortBuffer
		}
		return copy(b, d.data), d.from, nil
	}
}

// WriteToAddrPort implements ice.AddrPortReaderWriter.
func (s *socket) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, net.ErrClosed
	}
	err := unix.Sendto(s.fd, b, unix.MSG_DONTWAIT, &unix.SockaddrInet4{Addr: to.Addr().Unmap().As4(), Port: int(to.Port())})
	return len(b), os.NewSyscallError("sendto", err)
}

// ReadFrom and WriteTo implement net.PacketConn.
func (s *socket) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := s.ReadFromAddrPort(b)
	return n, net.UDPAddrFromAddrPort(from), err
}

func (s *socket) WriteTo(b []byte, to net.Addr) (int, error) {
	u, ok := to.(*net.UDPAddr)
	if !ok {
		return 0, net.InvalidAddrError(to.String())
	}
	return s.WriteToAddrPort(b, u.AddrPort())
}

// Close ends reads; it may be called again.
func (s *socket) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	s.closed = true
	close(s.done)
	return os.NewSyscallError("close", unix.Close(s.fd))
}

func (s *socket) LocalAddr() net.Addr { return s.local }

// Deadlines are not kept: Close ends what waits.
func (s *socket) SetDeadline(time.Time) error      { return nil }
func (s *socket) SetReadDeadline(time.Time) error  { return nil }
func (s *socket) SetWriteDeadline(time.Time) error { return nil }

var (
	_ net.PacketConn           = (*socket)(nil)
	_ ice.AddrPortReaderWriter = (*socket)(nil)
)
