package rtmp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

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
	TLS     *tls.Config // RTMPS when set
	Door    *ingest.Door
	Logger  *slog.Logger // default: no log

	MaxConns         int           // connections at once; default 256, and 16 from one address
	HandshakeTimeout time.Duration // from connect to publish; default 10 s
	MediaTimeout     time.Duration // without media; default 10 s
}

// Server listens for RTMP publishers.
type Server struct {
	opts     Options
	door     door
	protocol ingest.Protocol
	listener net.Listener
	gate     *ingest.Gate

	mu      sync.Mutex
	conns   map[*conn]struct{}
	stopped bool
	wg      sync.WaitGroup
}

// Listen binds the port. Run must follow, also to free it.
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
	s := &Server{
		opts: o, door: o.Door, protocol: ingest.RTMP,
		gate: ingest.NewGate(o.MaxConns), conns: map[*conn]struct{}{},
	}

	var err error
	s.listener, err = net.Listen("tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("rtmp: %w; choose another rtmp.address, or stop what holds the port", err)
	}
	if o.TLS != nil {
		s.protocol = ingest.RTMPS
		s.listener = tls.NewListener(s.listener, o.TLS)
	}
	return s, nil
}

// Addr is where the server listens.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Run serves until ctx ends. It returns when every connection is over.
func (s *Server) Run(ctx context.Context) error {
	s.opts.Logger.Info("listening", "protocol", s.protocol, "address", s.Addr().String())
	stop := context.AfterFunc(ctx, s.stop)
	err := s.accept(ctx)
	if stop() {
		s.stop()
	}
	s.wg.Wait()
	return err
}

func (s *Server) accept(ctx context.Context) error {
	for {
		nc, err := s.listener.Accept()
		switch {
		case ctx.Err() != nil:
			if nc != nil {
				nc.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("rtmp: the listener was closed: %w", err)
		case err != nil:
			// Out of file descriptors, most likely: others will end.
			s.opts.Logger.Warn("cannot accept", "protocol", s.protocol, "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
		default:
			s.serve(nc)
		}
	}
}

func (s *Server) serve(nc net.Conn) {
	c := newConn(s, nc)
	leave, r := s.gate.Enter(nc.RemoteAddr().String())
	if r != nil {
		nc.Close()
		s.door.Refuse(c.offer(""), r)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		nc.Close()
		leave()
		return
	}
	s.conns[c] = struct{}{}
	s.wg.Go(func() {
		c.run()
		leave()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	})
}

// stop ends the listener and every connection; it waits for none.
func (s *Server) stop() {
	s.listener.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	for c := range s.conns {
		c.disconnect(ingest.ErrStopping)
	}
}
