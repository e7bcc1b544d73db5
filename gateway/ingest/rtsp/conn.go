package rtsp

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/bluenviron/gortsplib/v4/pkg/liberrors"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/show"
)

// conn is a connection that publishes: one RTSP session, in gortsplib's words.
// Only disconnect may be called from anywhere.
type conn struct {
	rtsp      *gortsplib.ServerConn
	session   *gortsplib.ServerSession
	publisher *ingest.Publisher
	receiver  *receiver

	mu    sync.Mutex
	cause error // set once
}

// visit is a connection as long as it lasts; gortsplib handles its requests one
// at a time, so that it needs no lock.
type visit struct {
	answered bool // admitted or refused; else it counts when the connection ends
}

// handler is what gortsplib calls. That it has no OnPlay and no OnPause makes
// gortsplib answer 501 to them.
type handler struct{ server *Server }

var (
	_ gortsplib.ServerHandlerOnConnOpen     = handler{}
	_ gortsplib.ServerHandlerOnConnClose    = handler{}
	_ gortsplib.ServerHandlerOnSessionClose = handler{}
	_ gortsplib.ServerHandlerOnDescribe     = handler{}
	_ gortsplib.ServerHandlerOnAnnounce     = handler{}
	_ gortsplib.ServerHandlerOnSetup        = handler{}
	_ gortsplib.ServerHandlerOnRecord       = handler{}
	_ gortsplib.ServerHandlerOnPacketsLost  = handler{}
	_ gortsplib.ServerHandlerOnDecodeError  = handler{}
)

func (s *Server) offer(key show.StreamKey, remote net.Addr) ingest.Offer {
	return ingest.Offer{Protocol: s.protocol, Key: key, Remote: remote.String()}
}

// OnConnOpen begins an attempt.
func (h handler) OnConnOpen(ctx *gortsplib.ServerHandlerOnConnOpenCtx) {
	ctx.Conn.SetUserData(&visit{})
}

// OnConnClose counts a connection that came to nothing.
func (h handler) OnConnClose(ctx *gortsplib.ServerHandlerOnConnCloseCtx) {
	if v := ctx.Conn.UserData().(*visit); !v.answered {
		h.server.door.Refuse(h.server.offer("", ctx.Conn.NetConn().RemoteAddr()), h.endedEarly(ctx.Error))
	}
}

func (h handler) endedEarly(err error) *ingest.Refusal {
	var stopped liberrors.ErrServerTerminated
	switch {
	case errors.As(err, &stopped):
		return ingest.EndedByUs(ingest.ErrStopping)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &ingest.Refusal{
			Outcome: ingest.NoMedia,
			Reason:  fmt.Sprintf("nothing to publish came within %v", h.server.opts.HandshakeTimeout),
			Hint:    "check that an encoder connects to this port, and how (RTSP or RTSPS)",
		}
	case err == nil, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return &ingest.Refusal{
			Outcome: ingest.NoMedia,
			Reason:  "the connection was closed before anything was published",
			Hint:    "start the stream in the encoder",
		}
	}
	what, _, _ := strings.Cut(err.Error(), ", got [") // bytes in numbers help nobody
	return &ingest.Refusal{
		Outcome: ingest.BadRequest,
		Reason:  "not RTSP as we know it: " + what,
		Hint:    "check the address in the encoder: rtsp://HOST:8554/live/KEY for RTSP, rtsps:// for RTSPS",
	}
}

// OnDescribe refuses players.
func (h handler) OnDescribe(ctx *gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	res, err := h.refusePlay(ctx.Conn)
	return res, nil, err
}

func (h handler) refusePlay(sc *gortsplib.ServerConn) (*base.Response, error) {
	sc.UserData().(*visit).answered = true
	r := &ingest.Refusal{
		Outcome: ingest.BadRequest,
		Reason:  "streams cannot be played over RTSP here",
		Hint:    "watch on the session's page, over HLS or WHEP",
	}
	h.server.door.Refuse(h.server.offer("", sc.NetConn().RemoteAddr()), r)
	res := answer(base.StatusMethodNotAllowed, r)
	res.Header = base.Header{"Allow": {"OPTIONS, ANNOUNCE, SETUP, RECORD, TEARDOWN"}}
	return res, r
}

// OnAnnounce is where a publisher is let in or not.
func (h handler) OnAnnounce(ctx *gortsplib.ServerHandlerOnAnnounceCtx) (*base.Response, error) {
	ctx.Conn.UserData().(*visit).answered = true
	key, ok := streamKey(ctx.Path)
	offer := h.server.offer(key, ctx.Conn.NetConn().RemoteAddr())
	if !ok {
		r := &ingest.Refusal{
			Outcome: ingest.BadKey,
			Reason:  "the address holds no stream key",
			Hint:    "publish to rtsp://HOST:8554/live/KEY",
		}
		h.server.door.Refuse(offer, r)
		return answer(base.StatusNotFound, r), r
	}
	rec, r := newReceiver(ctx.Description, false)
	if r != nil {
		h.server.door.Refuse(offer, r)
		return answer(base.StatusUnsupportedMediaType, r), r
	}

	c := &conn{rtsp: ctx.Conn, session: ctx.Session, receiver: rec}
	offer.Disconnect = c.disconnect
	p, err := h.server.door.Admit(offer)
	if err != nil {
		return refusal(err), err
	}
	c.publisher = p
	rec.start(p)
	p.Watch(h.server.opts.MediaTimeout+h.server.opts.HandshakeTimeout, h.server.opts.MediaTimeout)
	ctx.Session.SetUserData(c)
	if err := rec.announce(); err != nil {
		c.fail(err)
		return refusal(err), err
	}
	return &base.Response{StatusCode: base.StatusOK}, nil
}

// streamKey takes the key out of /live/KEY.
func streamKey(path string) (show.StreamKey, bool) {
	key, ok := strings.CutPrefix(strings.Trim(path, "/"), "live/")
	if !ok || key == "" || strings.Contains(key, "/") {
		return "", false
	}
	if plain, err := url.PathUnescape(key); err == nil {
		key = plain
	}
	return show.StreamKey(key), true
}

// OnSetup lets a publisher choose how to send; a player comes here without
// DESCRIBE only if it knows the stream already, and is refused.
func (h handler) OnSetup(ctx *gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	if ctx.Session.AnnouncedDescription() == nil {
		res, err := h.refusePlay(ctx.Conn)
		return res, nil, err
	}
	return &base.Response{StatusCode: base.StatusOK}, nil, nil
}

// OnRecord begins to receive.
func (h handler) OnRecord(ctx *gortsplib.ServerHandlerOnRecordCtx) (*base.Response, error) {
	c, ok := ctx.Session.UserData().(*conn)
	if !ok {
		return &base.Response{StatusCode: base.StatusMethodNotValidInThisState}, nil
	}
	ctx.Session.OnPacketRTPAny(func(m *description.Media, f format.Format, pkt *rtp.Packet) {
		if err := c.receiver.packet(f, pkt, time.Now()); err != nil {
			c.disconnect(err)
		}
	})
	ctx.Session.OnPacketRTCPAny(func(m *description.Media, pkt rtcp.Packet) {
		c.receiver.report(m, pkt)
	})
	if g := guarded(ctx.Conn.NetConn()); g != nil {
		g.disarm()
	}
	return &base.Response{StatusCode: base.StatusOK}, nil
}

// OnSessionClose frees the seat.
func (h handler) OnSessionClose(ctx *gortsplib.ServerHandlerOnSessionCloseCtx) {
	c, ok := ctx.Session.UserData().(*conn)
	if !ok {
		return
	}
	if h.server.stopping.Load() {
		c.fail(ingest.ErrStopping) // else it may look as if the connection, closed first, was left
	}
	c.publisher.Close(c.why(ctx.Error))
	if g := guarded(c.rtsp.NetConn()); g != nil {
		g.arm() // the connection may publish again, but not idle
	}
}

// OnPacketsLost is here to keep gortsplib from logging each loss: the receiver
// sees the gap and counts pictures.
func (h handler) OnPacketsLost(*gortsplib.ServerHandlerOnPacketsLostCtx) {}

// OnDecodeError likewise, for packets that are not RTP or RTCP.
func (h handler) OnDecodeError(ctx *gortsplib.ServerHandlerOnDecodeErrorCtx) {
	if c, ok := ctx.Session.UserData().(*conn); ok {
		c.publisher.Dropped("invalid", 1)
	}
}

// disconnect ends the session, and its connections with it.
func (c *conn) disconnect(cause error) {
	c.fail(cause)
	c.session.Close()
}

func (c *conn) fail(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cause == nil {
		c.cause = cause
	}
}

// why translates the library's reason for the end of a session.
func (c *conn) why(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cause != nil {
		return c.cause
	}
	var (
		tornDown liberrors.ErrServerSessionTornDown
		notInUse liberrors.ErrServerSessionNotInUse
		timedOut liberrors.ErrServerSessionTimedOut
		stopped  liberrors.ErrServerTerminated
	)
	switch {
	case errors.As(err, &tornDown), errors.As(err, &notInUse):
		return ingest.ErrPeerClosed
	case errors.As(err, &timedOut):
		return ingest.ErrSilent
	case errors.As(err, &stopped):
		return ingest.ErrStopping
	}
	return err
}

// refusal is the answer to a publisher that the door or the tracks turned away.
func refusal(err error) *base.Response {
	var r *ingest.Refusal
	if !errors.As(err, &r) {
		return &base.Response{StatusCode: base.StatusInternalServerError}
	}
	switch r.Outcome {
	case ingest.BadKey:
		return answer(base.StatusForbidden, r)
	case ingest.UnsupportedCodec, ingest.NoMedia:
		return answer(base.StatusUnsupportedMediaType, r)
	case ingest.BadRequest:
		return answer(base.StatusBadRequest, r)
	}
	res := answer(base.StatusServiceUnavailable, r)
	res.Header = base.Header{"Retry-After": {"3"}}
	return res
}

// answer puts the refusal into the reason phrase, which must be one line; 200
// bytes is what ffmpeg keeps of it.
func answer(status base.StatusCode, r *ingest.Refusal) *base.Response {
	words := strings.Join(strings.Fields(r.Error()), " ")
	if len(words) > 200 {
		words = strings.ToValidUTF8(words[:200], "")
	}
	return &base.Response{StatusCode: status, StatusMessage: words}
}
