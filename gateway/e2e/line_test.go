package e2e

import (
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// line stands between somebody and a port of the appliance, over TCP and UDP. While
// it is cut nothing passes, and nobody is told, as when a network goes away.
type line struct {
	at     string
	target string
	udp    *net.UDPConn
	tcp    net.Listener
	noUDP  atomic.Bool // a firewall that lets no UDP through

	gate sync.RWMutex // locked while cut
	down atomic.Bool  // the same, for datagrams, which are dropped

	wg    sync.WaitGroup
	mu    sync.Mutex
	conns map[io.Closer]struct{}
	over  bool
}

// newLine leads to a target until the test ends.
func newLine(t testing.TB, target string) *line {
	t.Helper()
	l := &line{target: target, conns: map[io.Closer]struct{}{}}
	for try := 0; l.udp == nil; try++ {
		var err error
		if l.tcp, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		l.at = l.tcp.Addr().String()
		// The same port for both, which somebody else may have.
		if l.udp, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(l.tcp.Addr().(*net.TCPAddr).AddrPort())); err != nil {
			l.tcp.Close()
			if l.udp = nil; try == 20 {
				t.Fatal(err)
			}
		}
	}
	l.wg.Go(l.accept)
	l.wg.Go(l.datagrams)
	t.Cleanup(func() {
		l.mend()
		l.tcp.Close()
		l.udp.Close()
		l.mu.Lock()
		l.over = true
		for c := range l.conns {
			c.Close()
		}
		l.mu.Unlock()
		l.wg.Wait()
	})
	return l
}

func (l *line) cut() {
	if !l.down.Swap(true) {
		l.gate.Lock()
	}
}

func (l *line) mend() {
	if l.down.Swap(false) {
		l.gate.Unlock()
	}
}

// keep closes a connection at the end; false if that has come.
func (l *line) keep(c io.Closer) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		c.Close()
		return false
	}
	l.conns[c] = struct{}{}
	return true
}

func (l *line) accept() {
	for {
		c, err := l.tcp.Accept()
		if err != nil {
			return
		}
		l.wg.Go(func() {
			there, err := net.Dial("tcp", l.target)
			if err != nil {
				c.Close()
				return
			}
			if !l.keep(c) || !l.keep(there) {
				return
			}
			l.wg.Go(func() { l.copy(there, c) })
			l.copy(c, there)
		})
	}
}

func (l *line) copy(to, from net.Conn) {
	defer to.Close()
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		l.gate.RLock()
		l.gate.RUnlock() //nolint:staticcheck // only waits
		if n > 0 {
			if _, err := to.Write(b[:n]); err != nil {
				from.Close()
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (l *line) datagrams() {
	to := map[string]*net.UDPConn{}
	b := make([]byte, 2048)
	for {
		n, from, err := l.udp.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		if l.down.Load() || l.noUDP.Load() {
			continue
		}
		there := to[from.String()]
		if there == nil {
			c, err := net.Dial("udp", l.target)
			if err != nil || !l.keep(c) {
				continue
			}
			there = c.(*net.UDPConn)
			to[from.String()] = there
			l.wg.Go(func() {
				b := make([]byte, 2048)
				for {
					n, err := there.Read(b)
					if err != nil {
						return
					}
					if !l.down.Load() {
						_, _ = l.udp.WriteToUDPAddrPort(b[:n], from)
					}
				}
			})
		}
		_, _ = there.Write(b[:n])
	}
}

// network is how somebody's browser reaches the appliance.
type network struct {
	a        *appliance
	web, rtc *line
	relay    bool // nothing but TURN is tried
}

func (a *appliance) network() *network {
	a.t.Helper()
	return &network{a: a, web: newLine(a.t, a.ports.HTTP), rtc: newLine(a.t, a.ports.WebRTC)}
}

func (n *network) cut()  { n.web.cut(); n.rtc.cut() }
func (n *network) mend() { n.web.mend(); n.rtc.mend() }

// to is the address of a page over this network.
func (n *network) to(address string) string {
	return strings.Replace(address, n.a.ports.HTTP, n.web.at, 1)
}

// candidates are what person.js puts in place of the appliance's port.
func (n *network) candidates() [2]string {
	_, from, _ := net.SplitHostPort(n.a.ports.WebRTC)
	_, to, _ := net.SplitHostPort(n.rtc.at)
	return [2]string{from, to}
}
