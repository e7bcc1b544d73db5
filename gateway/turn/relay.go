package turn

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/turn/v5"
)

// relayQueue is how many packets wait for a client: a burst of a keyframe.
const relayQueue = 512

// generator makes relays for pion.
type generator struct{ server *Server }

func (generator) Validate() error { return nil }

var errOnlyUDP = errors.New("only UDP is relayed, to ports of our choice")

func (g generator) AllocatePacketConn(c turn.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	if c.RequestedPort != 0 {
		return nil, nil, errOnlyUDP
	}
	return g.server.newRelay(c.UserID, c.Network == "udp6")
}

func (generator) AllocateListener(turn.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	return nil, nil, errOnlyUDP
}

func (generator) AllocateConn(turn.AllocateConnConfig) (net.Conn, error) { return nil, errOnlyUDP }

// relay is one allocation's way to our WebRTC port, and back. We are known by several
// addresses, and the client wants answers from the one that it spoke to: each has a
// socket of its own, so that answers can be told apart.
type relay struct {
	server *Server
	who    string
	back   chan datagram
	done   chan struct{}
	wg     sync.WaitGroup // the sockets' readers

	mu      sync.Mutex
	closed  bool
	local   net.Addr
	spare   *net.UDPConn                    // for the first address
	sockets map[netip.AddrPort]*net.UDPConn // by the address that the client speaks to
}

// datagram is a packet from an address of ours.
type datagram struct {
	from netip.AddrPort
	data []byte
}

func (s *Server) newRelay(who string, six bool) (net.PacketConn, net.Addr, error) {
	r := &relay{
		server: s, who: who, back: make(chan datagram, relayQueue), done: make(chan struct{}),
		sockets: map[netip.AddrPort]*net.UDPConn{},
	}
	// Nobody uses the relayed address: we never begin. It only has to look like one
	// of the family that was asked for.
	for _, a := range s.opts.Port.Hosts() {
		if a.Is6() != six {
			continue
		}
		var err error
		if r.spare, err = s.dial(); err != nil {
			return nil, nil, err
		}
		r.local = &net.UDPAddr{IP: a.AsSlice(), Port: r.spare.LocalAddr().(*net.UDPAddr).Port}
		s.mu.Lock()
		s.relays[r] = struct{}{}
		s.mu.Unlock()
		return r, r.local, nil
	}
	return nil, nil, errors.New("the WebRTC port has no address of that family")
}

// dial opens a socket that reaches our WebRTC port, and nothing else.
func (s *Server) dial() (*net.UDPConn, error) {
	to := s.opts.Port.Addr().(*net.UDPAddr)
	if to.IP.IsUnspecified() {
		to = &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: to.Port}
	}
	return net.DialUDP("udp", nil, to)
}

// WriteTo takes a packet from the client. What is not for us is dropped.
func (r *relay) WriteTo(b []byte, addr net.Addr) (int, error) {
	udp, ok := addr.(*net.UDPAddr)
	if !ok {
		return len(b), nil
	}
	to := udp.AddrPort()
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	if int(to.Port()) != r.server.opts.Port.Addr().(*net.UDPAddr).Port || !r.server.ours(to.Addr()) {
		return len(b), nil
	}
	socket, err := r.socket(to)
	if err != nil {
		return 0, err
	}
	r.server.opts.Metrics.in.Add(float64(len(b)))
	_, _ = socket.Write(b) // a packet that is not taken is lost like any other
	return len(b), nil
}

// socket is the one for an address; there are no more than we have addresses.
func (r *relay) socket(to netip.AddrPort) (*net.UDPConn, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, net.ErrClosed
	}
	if c := r.sockets[to]; c != nil {
		return c, nil
	}
	c := r.spare
	if r.spare = nil; c == nil {
		var err error
		if c, err = r.server.dial(); err != nil {
			return nil, err
		}
	}
	r.sockets[to] = c
	r.wg.Go(func() { r.read(c, to) })
	return c, nil
}

func (r *relay) read(c *net.UDPConn, from netip.AddrPort) {
	buf := make([]byte, 1600)
	for {
		n, err := c.Read(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // nobody listened for a moment
		}
		select {
		case r.back <- datagram{from, append([]byte(nil), buf[:n]...)}:
		default:
		}
	}
}

// ReadFrom gives pion what goes back to the client.
func (r *relay) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case d := <-r.back:
		n := copy(b, d.data)
		r.server.opts.Metrics.out.Add(float64(n))
		return n, net.UDPAddrFromAddrPort(d.from), nil
	case <-r.done:
		return 0, nil, net.ErrClosed
	}
}

// Close ends the allocation: pion hears of it from ReadFrom.
func (r *relay) Close() error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil
	}
	r.closed = true
	if r.spare != nil {
		_ = r.spare.Close()
	}
	for _, c := range r.sockets {
		_ = c.Close()
	}
	r.mu.Unlock()
	close(r.done)
	r.wg.Wait()
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	delete(r.server.relays, r)
	return nil
}

// LocalAddr and the deadlines complete net.PacketConn; pion sets none.
func (r *relay) LocalAddr() net.Addr              { return r.local }
func (r *relay) SetDeadline(time.Time) error      { return nil }
func (r *relay) SetReadDeadline(time.Time) error  { return nil }
func (r *relay) SetWriteDeadline(time.Time) error { return nil }
