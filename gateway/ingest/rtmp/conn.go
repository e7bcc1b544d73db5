package rtmp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/bluenviron/gortmplib/pkg/bytecounter"
	"github.com/bluenviron/gortmplib/pkg/handshake"
	"github.com/bluenviron/gortmplib/pkg/message"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/show"
)

const (
	writeTimeout = 5 * time.Second
	// A refused peer gets this long to read why; closing at once could reset
	// the connection under the words.
	farewellTime  = time.Second
	farewellBytes = 1 << 20
	// maxCommands bounds what comes before publish; encoders send about six.
	maxCommands = 64
)

// conn is one connection. It is run by one goroutine; only disconnect may be
// called from others.
type conn struct {
	server *Server
	nc     net.Conn

	opening opening
	bytes   *bytecounter.ReadWriter
	in      *chunkReader
	out     *message.Writer
	app     string
	began   bool // the peer speaks RTMP, so it can be answered

	window, acked uint32 // the peer wants to hear after so many bytes
	publisher     *ingest.Publisher

	mu    sync.Mutex
	cause error // set once, by disconnect
}

func newConn(s *Server, nc net.Conn) *conn {
	return &conn{server: s, nc: nc}
}

func (c *conn) offer(key show.StreamKey) ingest.Offer {
	return ingest.Offer{
		Protocol:   c.server.protocol,
		Key:        key,
		Remote:     c.nc.RemoteAddr().String(),
		Disconnect: c.disconnect,
	}
}

// disconnect ends the connection: the reading goroutine wakes up and closes it.
func (c *conn) disconnect(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cause == nil {
		c.cause = cause
		c.nc.SetReadDeadline(time.Unix(1, 0))
	}
}

// readBy sets the time until which reading may take; zero for ever. It has no
// effect once disconnect was called.
func (c *conn) readBy(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cause == nil {
		c.nc.SetReadDeadline(t)
	}
}

// ended says why disconnect was called, nil if it was not.
func (c *conn) ended() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause
}

func (c *conn) run() {
	defer c.nc.Close()
	c.readBy(time.Now().Add(c.server.opts.HandshakeTimeout))

	key, err := c.greet()
	if err != nil {
		r := c.greetingRefusal(err)
		c.server.door.Refuse(c.offer(""), r)
		if c.opening.http() {
			fmt.Fprintf(deadlineWriter{c.nc}, "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n%s\n", r.Error())
		}
		if errors.Is(err, errPlay) {
			c.farewell("NetStream.Play.Failed", r)
		} else {
			c.farewell(publishCode(r.Outcome), r)
		}
		return
	}
	c.readBy(time.Time{}) // from here on the publisher watches

	p, err := c.server.door.Admit(c.offer(key))
	if err != nil {
		var r *ingest.Refusal
		if errors.As(err, &r) {
			c.farewell(publishCode(r.Outcome), r)
		}
		return
	}
	c.publisher = p
	p.Watch(c.server.opts.MediaTimeout, c.server.opts.MediaTimeout)

	err = c.media()
	if cause := c.ended(); cause != nil {
		err = cause
	}
	p.Close(err)

	var r *ingest.Refusal
	switch {
	case errors.As(err, &r):
		c.farewell(publishCode(r.Outcome), r)
	case c.ended() != nil:
		r = ingest.EndedByUs(err)
		c.farewell(publishCode(r.Outcome), r)
	}
}

// greet does the handshake and the commands up to publish.
func (c *conn) greet() (show.StreamKey, error) {
	c.opening.ReadWriter = deadlineWriter{c.nc}
	c.bytes = bytecounter.NewReadWriter(&c.opening)
	keyIn, _, err := handshake.DoServer(c.bytes, false)
	if err != nil {
		return "", err
	}
	if keyIn != nil {
		return "", errors.New("encrypted RTMP (RTMPE) is not spoken")
	}
	c.in = newChunkReader(c.bytes)
	c.out = message.NewWriter(c.bytes, c.bytes.Writer, false)
	c.began = true

	for range maxCommands {
		m, err := c.read()
		if err != nil {
			return "", err
		}
		if m.typ != typeCommandAMF0 && m.typ != typeCommandAMF3 {
			continue
		}
		cmd, err := parseCommand(m)
		if err != nil {
			return "", err
		}
		switch cmd.name {
		case "connect":
			err = c.welcome(cmd)
		case "createStream":
			err = c.reply(cmd, "_result", nil, float64(1))
		case "publish":
			if key := streamKey(c.app, cmd.text(1)); key != "" {
				return key, nil
			}
			return "", errNoKey
		case "play":
			return "", errPlay
		}
		if err != nil {
			return "", err
		}
	}
	return "", errors.New("many commands but no publish")
}

var (
	errPlay  = errors.New("playing over RTMP")
	errNoKey = errors.New("publishing without a stream key")
)

// greetingRefusal says why a connection that did not come to publish is over.
func (c *conn) greetingRefusal(err error) *ingest.Refusal {
	switch cause := c.ended(); {
	case cause != nil:
		return ingest.EndedByUs(cause)
	case errors.Is(err, errPlay):
		return &ingest.Refusal{
			Outcome: ingest.BadRequest,
			Reason:  "streams cannot be played over RTMP here",
			Hint:    "watch on the session's page, over HLS or WHEP",
		}
	case errors.Is(err, errNoKey):
		return &ingest.Refusal{
			Outcome: ingest.BadKey,
			Reason:  "the address holds no stream key",
			Hint:    "publish to rtmp://HOST/live with the key in its own field, or to rtmp://HOST/live/KEY",
		}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &ingest.Refusal{
			Outcome: ingest.NoMedia,
			Reason:  fmt.Sprintf("nothing to publish came within %v", c.server.opts.HandshakeTimeout),
			Hint:    "check that an encoder connects to this port, and how (RTMP or RTMPS)",
		}
	case errors.Is(err, io.EOF):
		return &ingest.Refusal{
			Outcome: ingest.NoMedia,
			Reason:  "the connection was closed before anything was published",
			Hint:    "start the stream in the encoder",
		}
	}
	if r := c.opening.otherProtocol(); r != nil {
		return r
	}
	return &ingest.Refusal{
		Outcome: ingest.BadRequest,
		Reason:  fmt.Sprintf("not RTMP as we know it: %v", err),
		Hint:    "check the address in the encoder: rtmp://HOST/live for RTMP, rtmps:// for RTMPS",
	}
}

// farewell tells the peer why it is turned away, and waits until it has left.
func (c *conn) farewell(code string, r *ingest.Refusal) {
	if !c.began {
		return
	}
	if err := c.status("error", code, r.Error()); err != nil {
		return
	}
	if w, ok := c.nc.(interface{ CloseWrite() error }); ok {
		w.CloseWrite()
	}
	wait := farewellTime
	if errors.Is(c.ended(), ingest.ErrStopping) {
		wait = 100 * time.Millisecond
	}
	c.nc.SetReadDeadline(time.Now().Add(wait))
	io.CopyN(io.Discard, c.nc, farewellBytes)
}

// media reads until the stream ends; nil means in good order.
func (c *conn) media() error {
	if err := c.status("status", "NetStream.Publish.Start", "You are connected."); err != nil {
		return err
	}
	c.in.media = true
	d := demuxer{sink: c.publisher}
	for {
		m, err := c.read()
		if err != nil {
			return err
		}
		if m.typ == typeCommandAMF0 || m.typ == typeCommandAMF3 {
			cmd, err := parseCommand(m)
			if err != nil {
				continue // a command that we cannot read is none that we need
			}
			switch cmd.name {
			case "FCUnpublish", "deleteStream", "closeStream":
				return nil
			}
			continue
		}
		if err := d.message(m, time.Now()); err != nil {
			return err
		}
	}
}

// read returns the next message that is not about the connection itself.
func (c *conn) read() (rawMessage, error) {
	for {
		m, err := c.in.read()
		if err != nil {
			return m, err
		}
		switch m.typ {
		case typeWindowAckSize:
			if len(m.body) >= 4 {
				c.window = binary.BigEndian.Uint32(m.body)
			}
		case typeUserControl:
			err = c.userControl(m.body)
		default:
			return m, c.acknowledge()
		}
		if err != nil {
			return m, err
		}
	}
}

// acknowledge reports received bytes as often as the peer asked for (RTMP 1.0
// section 5.4.3), and not more often than after 64 KiB.
func (c *conn) acknowledge() error {
	got := uint32(c.bytes.Reader.Count()) // wraps, as in the protocol
	if c.window == 0 || got-c.acked < max(c.window/2, 64<<10) {
		return nil
	}
	c.acked = got
	return c.out.Write(&message.Acknowledge{Value: got})
}

// userControl answers a ping (RTMP 1.0 section 7.1.7).
func (c *conn) userControl(body []byte) error {
	const pingRequest = 6
	if len(body) < 6 || binary.BigEndian.Uint16(body) != pingRequest {
		return nil
	}
	return c.out.Write(&message.UserControlPingResponse{ServerTime: binary.BigEndian.Uint32(body[2:])})
}

// deadlineWriter gives up on a peer that does not read.
type deadlineWriter struct{ net.Conn }

func (w deadlineWriter) Write(b []byte) (int, error) {
	if err := w.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	return w.Conn.Write(b)
}
