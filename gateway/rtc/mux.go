package rtc

import (
	"net"
	"net/netip"
	"sync"

	"github.com/pion/ice/v4"
)

// maxTCPQueue bounds what waits for a peer on TCP, in bytes: a second and a half
// of program. Packets past it are dropped, and the peer asks for a keyframe.
const maxTCPQueue = 512 << 10

// udpMux shows pion one address per family; see hosts.canonical.
type udpMux struct {
	*ice.UDPMuxDefault
	addrs []net.Addr
}

func (m udpMux) GetListenAddresses() []net.Addr { return m.addrs }

// tcpMux hides the listener's address, from which pion would conclude which
// interfaces to use.
type tcpMux struct{ mux *ice.TCPMuxDefault }

func (m tcpMux) Close() error                   { return m.mux.Close() }
func (m tcpMux) RemoveConnByUfrag(ufrag string) { m.mux.RemoveConnByUfrag(ufrag) }
func (m tcpMux) GetConnByUfrag(ufrag string, v6 bool, local net.IP) (net.PacketConn, error) {
	return m.mux.GetConnByUfrag(ufrag, v6, local)
}

// listener bounds the connections and gives all of one family the same local
// address, the canonical one that pion looks them up by.
type listener struct {
	net.Listener
	canonical []netip.Addr
	slots     chan struct{}
}

func newListener(l net.Listener, canonical []netip.Addr, limit int) *listener {
	return &listener{Listener: l, canonical: canonical, slots: make(chan struct{}, limit)}
}

// Accept closes what comes past the limit at once.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case l.slots <- struct{}{}:
		default:
			_ = c.Close()
			continue
		}
		if t, ok := c.(*net.TCPConn); ok {
			// What waits in the kernel is old when it arrives; it would be 4 MB.
			_ = t.SetWriteBuffer(maxTCPQueue / 2)
		}
		return &tcpConn{Conn: c, local: l.local(c), free: func() { <-l.slots }}, nil
	}
}

func (l *listener) local(c net.Conn) net.Addr {
	real, ok := c.LocalAddr().(*net.TCPAddr)
	if !ok {
		return c.LocalAddr()
	}
	for _, a := range l.canonical {
		if a.Is4() == real.AddrPort().Addr().Unmap().Is4() {
			return &net.TCPAddr{IP: a.AsSlice(), Port: real.Port}
		}
	}
	return real
}

type tcpConn struct {
	net.Conn
	local net.Addr
	once  sync.Once
	free  func()
}

func (c *tcpConn) LocalAddr() net.Addr { return c.local }

func (c *tcpConn) Close() error {
	c.once.Do(c.free)
	return c.Conn.Close()
}
