// Package h1 is an HTTP/1.1 client for audiences of thousands: one connection that
// is kept alive, GET only, bodies that nobody reads dropped in the kernel.
//
// It guarantees: a body is delivered to its last byte or the answer is an error; a
// head is bounded by 8 kB and a text by 8 MB; a kept-alive connection that the
// server has closed meanwhile is replaced once; after an error the next Send
// begins with a new connection. Close may be called from any goroutine and ends
// what waits; everything else is for one goroutine.
package h1

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	maxHead = 8 << 10
	maxText = 8 << 20
)

// Errors of an answer, beside those of the network.
var (
	ErrMalformed = errors.New("malformed HTTP")
	ErrShort     = errors.New("the body ended early")
	ErrScheme    = errors.New("only http:// addresses")
	ErrTooLarge  = errors.New("the answer is too large")
)

// Request is one GET.
type Request struct {
	URL   string
	Text  bool   // the body is wanted, gzip is welcome; otherwise it is dropped
	Range string // value of a Range header, or nothing
	// FirstByte bounds the time to the answer's first byte, Whole that to its last.
	// Zero means no bound.
	FirstByte, Whole time.Duration
}

// Response is an answer with its body behind it.
type Response struct {
	Status int
	Bytes  int64  // of the body, as sent
	Head   []byte // the body's first bytes, if there; valid until the next Send
	Body   []byte // of a text, still compressed if Gzip; valid until the next Send
	Gzip   bool

	Location   string
	RetryAfter string
}

// Conn is a connection to one server at a time.
type Conn struct {
	dialer net.Dialer

	host    string
	request Request
	began   time.Time
	reused  bool // the connection has carried an answer before

	buf   []byte
	r, w  int
	out   []byte
	text  []byte
	first [16]byte // of the body

	drop    func(fd uintptr) bool // made once: a closure for each read would be garbage
	left    int64                 // for drop: bytes to go
	dropped int64
	dropErr error

	mu     sync.Mutex // guards the rest against Close
	tcp    *net.TCPConn
	raw    syscall.RawConn
	closed bool
}

// New returns a Conn that connects with the first Send.
func New() *Conn {
	c := &Conn{buf: make([]byte, 2048)}
	c.drop = c.dropStep
	return c
}

// Close ends the connection for good.
func (c *Conn) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.tcp != nil {
		_ = c.tcp.Close()
	}
}

// Send sends a request. The answer is taken by Receive before the next Send.
func (c *Conn) Send(ctx context.Context, q Request) error {
	rest, ok := strings.CutPrefix(q.URL, "http://")
	if !ok {
		return fmt.Errorf("%s: %w", q.URL, ErrScheme)
	}
	host, path := rest, "/"
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		host, path = rest[:i], rest[i:]
		if path[0] == '?' {
			path = "/" + path
		}
	}
	if strings.ContainsAny(path, " \r\n") || strings.ContainsAny(host, " \r\n") {
		return fmt.Errorf("%q: %w", q.URL, ErrMalformed)
	}
	c.request, c.began = q, time.Now()
	if host != c.host {
		c.reset()
		c.host = host
	}
	b := append(c.out[:0], "GET "...)
	b = append(append(b, path...), " HTTP/1.1\r\nHost: "...)
	b = append(b, host...)
	if q.Text {
		b = append(b, "\r\nAccept-Encoding: gzip"...)
	}
	if q.Range != "" {
		b = append(append(b, "\r\nRange: "...), q.Range...)
	}
	c.out = append(b, "\r\nUser-Agent: regie-load\r\n\r\n"...)
	if c.conn() != nil {
		c.reused = true
		if _, err := c.conn().Write(c.out); err == nil {
			return nil
		}
		c.reset()
	}
	return c.again(ctx)
}

// again sends the request over a new connection.
func (c *Conn) again(ctx context.Context) error {
	if err := c.connect(ctx); err != nil {
		return err
	}
	c.reused = false
	if _, err := c.conn().Write(c.out); err != nil {
		c.reset()
		return err
	}
	return nil
}

func (c *Conn) connect(ctx context.Context) error {
	address := c.host
	if _, _, err := net.SplitHostPort(address); err != nil {
		address = net.JoinHostPort(strings.Trim(address, "[]"), "80")
	}
	if c.request.FirstByte > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.request.FirstByte)
		defer cancel()
	}
	nc, err := c.dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	tcp := nc.(*net.TCPConn)
	raw, err := tcp.SyscallConn()
	if err != nil {
		_ = tcp.Close()
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		_ = tcp.Close()
		return net.ErrClosed
	}
	c.tcp, c.raw, c.r, c.w = tcp, raw, 0, 0
	return nil
}

func (c *Conn) conn() *net.TCPConn { return c.tcp } // written by the caller's goroutine only

func (c *Conn) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tcp != nil {
		_ = c.tcp.Close()
	}
	c.tcp, c.raw = nil, nil
}

// Receive takes the answer to the last Send.
func (c *Conn) Receive(ctx context.Context) (Response, error) {
	r, err := c.receive()
	if err != nil && c.reused && errors.Is(err, errNothing) {
		// The server may close what is kept alive at any time (RFC 9112 9.3.1).
		c.reset()
		if err = c.again(ctx); err == nil {
			r, err = c.receive()
		}
	}
	if err != nil {
		c.reset()
	}
	return r, err
}

// errNothing says that not one byte of an answer came before the end.
var errNothing = fmt.Errorf("%w: no answer", ErrShort)

func (c *Conn) receive() (Response, error) {
	if c.conn() == nil {
		return Response{}, net.ErrClosed
	}
	if err := c.deadline(c.request.FirstByte); err != nil {
		return Response{}, err
	}
	h, err := c.head()
	if err != nil {
		return Response{}, err
	}
	if c.request.Whole > 0 {
		if err := c.deadline(c.request.Whole); err != nil {
			return Response{}, err
		}
	}
	r := Response{Status: h.status, Gzip: h.gzip, Location: h.location, RetryAfter: h.retryAfter}
	// Errors are texts too; a redirect's body is of no use to anyone.
	keep := c.request.Text && h.status < 300
	c.text = c.text[:0]
	if err := c.body(h, keep, &r); err != nil {
		return r, err
	}
	if keep {
		r.Body = c.text
	}
	if h.close {
		c.reset()
	}
	return r, nil
}

func (c *Conn) deadline(d time.Duration) error {
	if d <= 0 {
		return c.conn().SetReadDeadline(time.Time{})
	}
	return c.conn().SetReadDeadline(c.began.Add(d))
}

// head is what matters of a status line and its fields.
type head struct {
	status     int
	length     int64 // -1: until the end of the connection
	chunked    bool
	gzip       bool
	close      bool
	location   string
	retryAfter string
}

func (c *Conn) head() (head, error) {
	nothing := c.r == c.w
	for {
		if end := bytes.Index(c.buf[c.r:c.w], []byte("\r\n\r\n")); end >= 0 {
			h, err := parseHead(c.buf[c.r : c.r+end+2])
			c.r += end + 4
			if err == nil && h.status < 200 && h.status != 101 {
				continue // 100, 103
			}
			return h, err
		}
		if err := c.more(); errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
			if nothing && c.w == c.r {
				return head{}, errNothing
			}
			return head{}, ErrShort
		} else if err != nil {
			return head{}, err
		}
	}
}

// more reads into the buffer, which grows up to maxHead.
func (c *Conn) more() error {
	if c.r == c.w {
		c.r, c.w = 0, 0
	}
	if c.w == len(c.buf) {
		switch {
		case c.r > 0:
			c.w = copy(c.buf, c.buf[c.r:c.w])
			c.r = 0
		case len(c.buf) < maxHead:
			c.buf = append(c.buf, make([]byte, len(c.buf))...)
		default:
			return ErrTooLarge
		}
	}
	n, err := c.conn().Read(c.buf[c.w:])
	c.w += n
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

// dropStep has the kernel throw away what has come: for TCP MSG_TRUNC means "do
// not copy" (tcp(7)).
func (c *Conn) dropStep(fd uintptr) bool {
	for c.dropped < c.left {
		n, _, e := unix.Syscall6(unix.SYS_RECVFROM, fd, 0, uintptr(min(c.left-c.dropped, 1<<20)), unix.MSG_TRUNC|unix.MSG_DONTWAIT, 0, 0)
		switch {
		case e == unix.EINTR:
		case e == unix.EAGAIN:
			return false
		case e != 0:
			c.dropErr = e
			return true
		case n == 0:
			c.dropErr = io.EOF
			return true
		default:
			c.dropped += int64(n)
		}
	}
	return true
}
