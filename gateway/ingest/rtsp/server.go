package rtsp

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/bluenviron/gortsplib/v4"

	"github.com/regie-live/regie/gateway/ingest"
)

// door is what a server asks for seats.
type door interface {
	Admit(ingest.Offer) (*ingest.Publisher, error)
	Refuse(ingest.Offer, *ingest.Refusal)
}

var _ door = (*ingest.Door)(nil)

// Options is what a Server needs.
type Options struct {
	Address string      // host:port to listen on
	TLS     *tls.Config // RTSPS when set
	Door    *ingest.Door
	Logger  *slog.Logger // default: no log

	// UDPAddress is the host:port for RTP over UDP, the port even; RTCP has the
	// next. Default: two free ports on the host of Address. "off": only TCP.
	UDPAddress string

	MaxConns         int           // connections at once; default 256, and 16 from one address
	HandshakeTimeout time.Duration // from connect to RECORD; default 10 s
	MediaTimeout     time.Duration // without media; default 10 s
}

// Server listens for RTSP publishers.
type Server struct {
	opts     Options
	door     door
	protocol ingest.Protocol
	guard    *guard
	udp      []*net.UDPConn // RTP and RTCP, or none
	rtsp     *gortsplib.Server
	stopping atomic.Bool
}

// Listen binds the ports. Run must follow, also to free them.
func Listen(o Options) (*Server, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.MaxConns == 0 {
		o.MaxConns = 256
	}
	if o.HandshakeTimeout == 0 {
		o.HandshakeTimeout = 10 * time.Second
	}
	if o.MediaTimeout == 0 {
		o.MediaTimeout = 10 * time.Second
	}
	s := &Server{opts: o, door: o.Door, protocol: ingest.RTSP}
	if o.TLS != nil {
		s.protocol = ingest.RTSPS
	}
	listener, err := net.Listen("tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("rtsp: %w; choose another rtsp.address, or stop what holds the port", err)
	}
	s.guard = &guard{Listener: listener, server: s, gate: ingest.NewGate(o.MaxConns), stopped: make(chan struct{})}
	if o.UDPAddress != "off" {
		if s.udp, err = listenUDP(o.UDPAddress, o.Address); err != nil {
			listener.Close()
			return nil, fmt.Errorf("rtsp: no UDP ports: %w; free them, or switch UDP off", err)
		}
	}
	s.rtsp = s.library()
	return s, nil
}

// library sets gortsplib up on the ports that are bound already.
func (s *Server) library() *gortsplib.Server {
	l := &gortsplib.Server{
		Handler:     handler{s},
		RTSPAddress: s.guard.Addr().String(),
		TLSConfig:   s.opts.TLS,
		// A publisher's own watch is to fire first: it knows media from noise.
		ReadTimeout:  s.opts.MediaTimeout + 5*time.Second,
		WriteTimeout: 5 * time.Second,
		Listen:       func(string, string) (net.Listener, error) { return s.guard, nil },
		ListenPacket: s.boundUDP,
	}
	if s.udp != nil {
		l.UDPRTPAddress = s.udp[0].LocalAddr().String()
		l.UDPRTCPAddress = s.udp[1].LocalAddr().String()
	}
	return l
}

func (s *Server) boundUDP(_, address string) (net.PacketConn, error) {
	for _, c := range s.udp {
		if c.LocalAddr().String() == address {
			return c, nil
		}
	}
	return nil, fmt.Errorf("no socket was bound to %s", address)
}

// Addr is where the server listens.
func (s *Server) Addr() net.Addr { return s.guard.Addr() }

// Run serves until ctx ends. It returns when every connection is over.
func (s *Server) Run(ctx context.Context) error {
	if err := s.rtsp.Start(); err != nil {
		s.guard.Close()
		for _, c := range s.udp {
			c.Close()
		}
		return fmt.Errorf("rtsp: %w", err)
	}
	s.opts.Logger.Info("listening", "protocol", s.protocol, "address", s.Addr().String())
	stop := context.AfterFunc(ctx, func() {
		s.stopping.Store(true)
		s.rtsp.Close()
	})
	err := s.rtsp.Wait()
	if !stop() {
		return nil
	}
	return fmt.Errorf("rtsp: the listener ended: %w", err)
}

// readBuffer holds the burst of a keyframe at 20 Mbit/s while we are not
// scheduled; the system may grant less.
const readBuffer = 1 << 20

// listenUDP binds an even port and the next one.
func listenUDP(address, tcpAddress string) ([]*net.UDPConn, error) {
	if address != "" {
		at, err := net.ResolveUDPAddr("udp", address)
		if err != nil {
			return nil, err
		}
		if at.Port%2 != 0 || at.Port == 0 {
			return nil, fmt.Errorf("the RTP port of %s must be even, RTCP has the next", address)
		}
		return listenPair(at)
	}
	host, _, err := net.SplitHostPort(tcpAddress)
	if err != nil {
		return nil, err
	}
	for range 100 {
		at, err := net.ResolveUDPAddr("udp", net.JoinHostPort(host, "0"))
		if err != nil {
			return nil, err
		}
		probe, err := net.ListenUDP("udp", at)
		if err != nil {
			return nil, err
		}
		at.Port = probe.LocalAddr().(*net.UDPAddr).Port &^ 1
		probe.Close()
		if pair, err := listenPair(at); err == nil {
			return pair, nil
		}
	}
	return nil, fmt.Errorf("found no two free ports side by side")
}

func listenPair(at *net.UDPAddr) ([]*net.UDPConn, error) {
	rtp, err := net.ListenUDP("udp", at)
	if err != nil {
		return nil, err
	}
	next := *at
	next.Port++
	rtcp, err := net.ListenUDP("udp", &next)
	if err != nil {
		rtp.Close()
		return nil, err
	}
	_ = rtp.SetReadBuffer(readBuffer) // best effort
	return []*net.UDPConn{rtp, rtcp}, nil
}
