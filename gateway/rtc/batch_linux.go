package rtc

import (
	"net"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// kernel is what sending in batches needs to know of the socket.
type kernel struct {
	raw syscall.RawConn
	v6  bool // of the socket, which then takes IPv4 addresses in their mapped form
	// sendmmsg is the system call; tests put another in its place.
	sendmmsg func(fd uintptr, m []unix.Mmsghdr) (int, syscall.Errno)
}

// probe asks the kernel what it can do. Whether the network device can too shows
// only when something is sent.
func probe(udp *net.UDPConn) (k kernel, best way, err error) {
	k.sendmmsg = sendmmsg
	if k.raw, err = udp.SyscallConn(); err != nil {
		return k, plain, err
	}
	var domain int
	var failed error
	err = k.raw.Control(func(fd uintptr) {
		if domain, failed = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DOMAIN); failed != nil {
			return
		}
		if _, errno := sendmmsg(fd, nil); errno != 0 {
			return
		}
		best = many
		if _, err := unix.GetsockoptInt(int(fd), unix.SOL_UDP, unix.UDP_SEGMENT); err == nil {
			best = gso
		}
	})
	if err == nil {
		err = failed
	}
	k.v6 = domain == unix.AF_INET6
	return k, best, err
}

// takes says whether a batch can send to an address. A zone would have to be
// looked up by its name, and hosts on the same cable are few.
func (k *kernel) takes(to netip.AddrPort) bool {
	return to.Addr().Zone() == "" && (k.v6 || to.Addr().Unmap().Is4())
}

func sendmmsg(fd uintptr, m []unix.Mmsghdr) (int, syscall.Errno) {
	n, _, errno := syscall.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(unsafe.SliceData(m))), uintptr(len(m)), 0, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// scratch is what a system call points to. It is made once for every batch.
type scratch struct {
	v6    bool
	n     int // messages
	msgs  [maxGroups]unix.Mmsghdr
	iovs  [maxGroups]unix.Iovec
	names [maxGroups]unix.RawSockaddrInet6
	oobs  [maxGroups]segmentSize

	// The call under way, so that no closure is made for each.
	sys   func(fd uintptr, m []unix.Mmsghdr) (int, syscall.Errno)
	from  int // first message to send
	took  int
	errno syscall.Errno
	once  func(fd uintptr)
	ready func(fd uintptr) bool
}

// segmentSize is the control message that makes the kernel cut a message.
type segmentSize struct {
	header unix.Cmsghdr
	size   uint16
	_      [6]byte // the kernel rounds up to the size of a pointer
}

func newScratch(s *socket) *scratch {
	k := &scratch{v6: s.v6, sys: s.sendmmsg}
	for i := range k.msgs {
		h := &k.msgs[i].Hdr
		h.Iov = &k.iovs[i]
		h.SetIovlen(1)
		h.Name = (*byte)(unsafe.Pointer(&k.names[i]))
		h.Namelen = unix.SizeofSockaddrInet4
		if s.v6 {
			h.Namelen = unix.SizeofSockaddrInet6
		}
		c := &k.oobs[i].header
		c.Level, c.Type = unix.SOL_UDP, unix.UDP_SEGMENT
		c.SetLen(unix.CmsgLen(2))
	}
	k.once = func(fd uintptr) { k.took, k.errno = k.sys(fd, k.msgs[k.from:k.n]) }
	k.ready = func(fd uintptr) bool { k.once(fd); return k.errno != syscall.EAGAIN }
	return k
}

// message adds one to the system call; size is that of its segments.
func (k *scratch) message(data []byte, to netip.AddrPort, size int) {
	h := &k.msgs[k.n].Hdr
	k.iovs[k.n].Base = unsafe.SliceData(data)
	k.iovs[k.n].SetLen(len(data))
	k.name(&k.names[k.n], to)
	h.Control = nil
	h.SetControllen(0)
	if len(data) > size {
		k.oobs[k.n].size = uint16(size)
		h.Control = (*byte)(unsafe.Pointer(&k.oobs[k.n]))
		h.SetControllen(unix.CmsgSpace(2))
	}
	k.n++
}

// name writes an address as the socket's family wants it. Port, like all of an
// address, is in network order; in both families it has the same place.
func (k *scratch) name(sa *unix.RawSockaddrInet6, to netip.AddrPort) {
	port := (*[2]byte)(unsafe.Pointer(&sa.Port))
	port[0], port[1] = byte(to.Port()>>8), byte(to.Port())
	if k.v6 {
		sa.Family, sa.Addr = unix.AF_INET6, to.Addr().As16()
		return
	}
	sa4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
	sa4.Family, sa4.Addr = unix.AF_INET, to.Addr().Unmap().As4()
}

// send hands all of the batch to the kernel. What a way refuses is sent again by
// the next lower one; what the network refuses is lost, as in any network.
func (b *Batch) send() {
	var c cursor
	lower := -1 // a group that is not sent by gso
	for c.group < len(b.groups) {
		w := b.socket.way()
		if w == plain {
			b.sendPlain(&c)
			continue
		}
		b.build(c, w, lower)
		errno := b.call(&c)
		if errno == 0 {
			continue
		}
		segmented := b.segmented()
		switch errno {
		case syscall.EIO: // the device cannot compute the checksums of segments
			if segmented {
				b.socket.failed(gso, errno)
			} else {
				b.drop(&c)
			}
		case syscall.EINVAL, syscall.EMSGSIZE: // this one path takes smaller packets only
			if segmented {
				b.socket.metrics.fallbacks[gso].Inc()
				lower = c.group
			} else {
				b.sendPlain(&c) // the kernel may fragment what it is given by itself
			}
		case syscall.ENOSYS:
			b.socket.failed(many, errno)
			b.socket.failed(gso, errno)
		case errClosed:
			for c.group < len(b.groups) {
				b.socket.metrics.unsent.Add(float64(b.advance(&c, len(b.rest(c)))))
			}
		default: // ENOBUFS, EPERM by a firewall, ENETUNREACH, …
			b.drop(&c)
		}
	}
}

// build prepares messages from the cursor on: of whole groups by gso, of single
// packets otherwise.
func (b *Batch) build(c cursor, w way, lower int) {
	b.n, b.from = 0, 0
	for b.n < maxGroups && c.group < len(b.groups) {
		g := &b.groups[c.group]
		data := b.rest(c)
		if w != gso || c.group == lower {
			data = data[:min(len(data), g.size)]
		}
		b.message(data, g.to, g.size)
		b.advance(&c, len(data))
	}
}

// errClosed is that of call when the socket is closed, or its deadline over.
const errClosed = syscall.EBADF

// call sends the messages until one is refused, and moves the cursor behind those
// that were not.
func (b *Batch) call(c *cursor) syscall.Errno {
	for b.from < b.n {
		// Control, not Write: that one lets nobody else send meanwhile. A full
		// buffer is waited for, as the network is just slower than we are.
		err := b.socket.raw.Control(b.once)
		if err == nil && b.errno == syscall.EAGAIN {
			err = b.socket.raw.Write(b.ready)
		}
		switch {
		case err != nil:
			return errClosed
		case b.errno == syscall.EINTR:
			continue
		case b.errno != 0:
			return b.errno
		}
		for range b.took {
			w, packets := many, 0
			if b.segmented() {
				w = gso
			}
			packets = b.advance(c, int(b.iovs[b.from].Len))
			b.socket.metrics.datagrams[w].Add(float64(packets))
			b.from++
		}
	}
	return 0
}

// segmented says whether the next message is to be cut by the kernel.
func (b *Batch) segmented() bool { return b.msgs[b.from].Hdr.Control != nil }

// drop gives up the next message.
func (b *Batch) drop(c *cursor) {
	b.socket.metrics.unsent.Add(float64(b.advance(c, int(b.iovs[b.from].Len))))
}
