package audience

import (
	"io"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// socket is a viewer's UDP socket below pion. Media is read here, from the clear
// headers of its packets, many with one system call; pion is given the rest: STUN,
// DTLS, RTCP, and media until pass is off. Reads are for one goroutine.
type socket struct {
	*net.UDPConn
	raw  syscall.RawConn
	see  func(now time.Time, packet []byte) (pass bool)
	step func(fd uintptr) bool // made once

	waiting []datagram // for pion
	err     error
}

type datagram struct {
	data []byte
	from netip.AddrPort
}

// openSocket binds where packets to server leave.
func openSocket(local netip.Addr, see func(time.Time, []byte) bool) (*socket, error) {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(local, 0)))
	if err != nil {
		return nil, err
	}
	// A keyframe for a viewer is 100 kB at once, and a busy machine is late.
	_ = conn.SetReadBuffer(1 << 20)
	s := &socket{UDPConn: conn, see: see}
	s.step = s.receive
	if s.raw, err = conn.SyscallConn(); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return s, nil
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

// receive reads what has come. It reports false when it must wait for more.
func (s *socket) receive(fd uintptr) bool {
	b := scratches.Get().(*scratch)
	defer scratches.Put(b)
	for {
		for i := range b.messages {
			b.messages[i].header.Namelen = unix.SizeofSockaddrInet4
		}
		n, _, e := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&b.messages[0])), batch, unix.MSG_DONTWAIT, 0, 0)
		switch {
		case e == unix.EINTR:
			continue
		case e == unix.EAGAIN:
			return len(s.waiting) > 0
		case e == unix.ECONNREFUSED: // an ICMP answer to an earlier packet
			continue
		case e != 0:
			s.err = e
			return true
		}
		now := time.Now()
		for i := range int(n) {
			packet := b.data[i][:b.messages[i].length]
			if !isRTP(packet) || s.see(now, packet) {
				s.waiting = append(s.waiting, datagram{append([]byte{}, packet...), address(&b.from[i])})
			}
		}
		if int(n) < batch {
			return len(s.waiting) > 0
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
	for len(s.waiting) == 0 {
		if err := s.raw.Read(s.step); err != nil {
			return 0, netip.AddrPort{}, err
		}
		if s.err != nil {
			return 0, netip.AddrPort{}, s.err
		}
	}
	d := s.waiting[0]
	if s.waiting = s.waiting[1:]; len(s.waiting) == 0 {
		s.waiting = nil
	}
	if len(d.data) > len(b) {
		return 0, d.from, io.ErrShortBuffer
	}
	return copy(b, d.data), d.from, nil
}

// WriteToAddrPort implements ice.AddrPortReaderWriter.
func (s *socket) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	return s.WriteToUDPAddrPort(b, to)
}

// ReadFrom implements net.PacketConn.
func (s *socket) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := s.ReadFromAddrPort(b)
	return n, net.UDPAddrFromAddrPort(from), err
}
