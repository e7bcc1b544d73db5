package turn

import (
	"net"
	"sync"
	"time"
)

const (
	maxConns = 512
	// connIdle is longer than from one refresh of an allocation to the next, firstWord
	// what a client may take to ask for one.
	connIdle  = 11 * time.Minute
	firstWord = 15 * time.Second
)

// listener bounds the TCP connections, and can end them.
type listener struct {
	net.Listener

	mu     sync.Mutex
	conns  map[*conn]struct{}
	closed bool
}

func newListener(l net.Listener) *listener {
	return &listener{Listener: l, conns: map[*conn]struct{}{}}
}

// Accept closes what comes past the limit at once.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		l.mu.Lock()
		full := l.closed || len(l.conns) >= maxConns
		t := &conn{Conn: c, from: l}
		if !full {
			l.conns[t] = struct{}{}
		}
		l.mu.Unlock()
		if full {
			_ = c.Close()
			continue
		}
		_ = c.SetReadDeadline(time.Now().Add(firstWord))
		return t, nil
	}
}

func (l *listener) closeAll() {
	l.mu.Lock()
	l.closed = true
	conns := make([]*conn, 0, len(l.conns))
	for c := range l.conns {
		conns = append(conns, c)
	}
	l.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
	}
}

// conn is a connection that ends when nothing comes, or nothing goes.
type conn struct {
	net.Conn
	from *listener
}

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err == nil {
		_ = c.SetReadDeadline(time.Now().Add(connIdle))
	}
	return n, err
}

func (c *conn) Write(b []byte) (int, error) {
	_ = c.SetWriteDeadline(time.Now().Add(firstWord))
	return c.Conn.Write(b)
}

func (c *conn) Close() error {
	c.from.mu.Lock()
	delete(c.from.conns, c)
	c.from.mu.Unlock()
	return c.Conn.Close()
}
