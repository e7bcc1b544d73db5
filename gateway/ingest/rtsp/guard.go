package rtsp

import (
	"errors"
	"net"
	"sync"
	"time"

	"github.com/regie-live/regie/gateway/ingest"
)

// guard is the listener that gortsplib accepts from. It bounds the number of
// connections, rides out failures to accept (gortsplib would end the server),
// and gives each connection a deadline until it records (gortsplib has none).
type guard struct {
	net.Listener
	server  *Server
	gate    *ingest.Gate
	stopped chan struct{}
	once    sync.Once
}

// Accept implements net.Listener.
func (g *guard) Accept() (net.Conn, error) {
	for {
		nc, err := g.Listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil, err
		case err != nil:
			g.server.opts.Logger.Warn("cannot accept", "protocol", g.server.protocol, "error", err)
			select {
			case <-g.stopped:
			case <-time.After(100 * time.Millisecond):
			}
			continue
		}
		leave, r := g.gate.Enter(nc.RemoteAddr().String())
		if r != nil {
			nc.Close()
			g.server.door.Refuse(g.server.offer("", nc.RemoteAddr()), r)
			continue
		}
		c := &guardedConn{Conn: nc, guard: g, leave: leave}
		c.arm()
		return c, nil
	}
}

// Close implements net.Listener.
func (g *guard) Close() error {
	g.once.Do(func() { close(g.stopped) })
	return g.Listener.Close()
}

// guardedConn never waits longer than its deadline, whatever deadline the
// library sets, unless it is free.
type guardedConn struct {
	net.Conn
	guard *guard
	leave func()

	mu    sync.Mutex
	free  bool
	until time.Time
}

// arm starts the time within which the peer must record.
func (c *guardedConn) arm() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.free = false
	c.until = time.Now().Add(c.guard.server.opts.HandshakeTimeout)
	c.Conn.SetReadDeadline(c.until)
}

// disarm lets the connection rest: media comes, perhaps elsewhere.
func (c *guardedConn) disarm() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.free = true
	c.Conn.SetReadDeadline(time.Time{})
}

// SetReadDeadline implements net.Conn.
func (c *guardedConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.free && (t.IsZero() || t.After(c.until)) {
		t = c.until
	}
	return c.Conn.SetReadDeadline(t)
}

// Close implements net.Conn.
func (c *guardedConn) Close() error {
	c.leave()
	return c.Conn.Close()
}

// guarded finds our connection under TLS.
func guarded(nc net.Conn) *guardedConn {
	if t, ok := nc.(interface{ NetConn() net.Conn }); ok {
		nc = t.NetConn()
	}
	c, _ := nc.(*guardedConn)
	return c
}
