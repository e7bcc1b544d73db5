package rtc

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/regie-live/regie/gateway/show"
)

// Config of a Net.
type Config struct {
	// Address is host:port for UDP and TCP alike; port 0 picks a free one.
	Address string
	// PublicHosts are the addresses or names by which peers reach this machine
	// from outside, beside its own interfaces' addresses. Names are looked up
	// again every minute.
	PublicHosts []string
	// ICEServers are told to clients; we use none ourselves.
	ICEServers []show.ICEServer
	// MaxViewers bounds the viewers; 0 is no limit, NoViewers lets none in.
	MaxViewers int
	// MaxMbps bounds what all viewers together may be sent, as PeerOptions.Costs
	// says; 0 is no limit. What is sent again for losses comes on top.
	MaxMbps int
	// StartKbps is the bitrate that browsers are told to start sending with.
	// Without it they begin at 300 kbit/s and take half a minute. Default 2500.
	StartKbps int
	// Logger; default: no log.
	Logger *slog.Logger
	// Metrics; default: counted, not exported.
	Metrics *Metrics
}

// Links are ICE servers as values of Link headers (RFC 9725 section 4.6).
func Links(servers []show.ICEServer) []string {
	var all []string
	for _, s := range servers {
		for _, url := range s.URLs {
			link := "<" + url + `>; rel="ice-server"`
			if s.Username != "" {
				link += fmt.Sprintf(`; username=%q; credential=%q; credential-type="password"`, s.Username, s.Credential)
			}
			all = append(all, link)
		}
	}
	return all
}

// ErrClosed is the cause of peers that Net.Close ended.
var ErrClosed = errors.New("the server is stopping")

// Net is the port with all its peers. Its methods may be called from any
// goroutine.
type Net struct {
	logger  *slog.Logger
	metrics *Metrics
	config  Config

	udp  *socket
	mux  *ice.UDPMuxDefault
	tcp  *ice.TCPMuxDefault
	port int

	engines [sides]engine
	certs   []webrtc.Certificate
	hosts   *hosts

	connectTimeout time.Duration // a test does not wait so long

	stop context.CancelFunc
	wg   sync.WaitGroup // the host refresher, and peers that are being closed

	busy busy

	mu       sync.Mutex
	peers    map[*Peer]struct{}
	capacity capacity
	closed   bool
}

// Listen opens the port.
func Listen(c Config) (*Net, error) {
	if c.StartKbps == 0 {
		c.StartKbps = 2500
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Metrics == nil {
		c.Metrics = NewMetrics(prometheus.NewRegistry())
	}
	n := &Net{
		logger:  c.Logger,
		metrics: c.Metrics,
		config:  c,
		peers:   map[*Peer]struct{}{},

		capacity: capacity{maxViewers: c.MaxViewers, maxKbps: c.MaxMbps * 1000, maxPublishers: maxPublishers},

		connectTimeout: connectTimeout,
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	cert, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return nil, err
	}
	n.certs = []webrtc.Certificate{*cert}

	udp, tcp, err := bind(c.Address)
	if err != nil {
		return nil, err
	}
	local := udp.LocalAddr().(*net.UDPAddr).AddrPort()
	n.port = int(local.Port())
	ctx, stop := context.WithCancel(context.Background())
	n.stop = stop
	n.hosts = newHosts(local.Addr(), c.PublicHosts, c.Logger)
	n.hosts.refresh(ctx)
	if err := n.open(udp, tcp); err != nil {
		stop()
		_ = udp.Close()
		_ = tcp.Close()
		return nil, err
	}
	n.tellLimits()
	n.wg.Go(func() { n.hosts.run(ctx) })
	return n, nil
}

// open puts pion's multiplexers on the two sockets.
func (n *Net) open(udp *net.UDPConn, tcp net.Listener) error {
	// A frame for a few hundred viewers is a burst that the default 200 kB would
	// drop. What the kernel refuses is not worth an error.
	_ = udp.SetReadBuffer(4 << 20)
	_ = udp.SetWriteBuffer(4 << 20)
	var err error
	if n.udp, err = newSocket(udp, n.logger, n.metrics); err != nil {
		return err
	}
	log := pionLogs{n.logger}
	n.mux = ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: n.udp, Logger: log.NewLogger("udp")})
	canonical := n.hosts.canonical()
	n.tcp = ice.NewTCPMuxDefault(ice.TCPMuxParams{
		Listener:                     newListener(tcp, canonical, maxConns),
		Logger:                       log.NewLogger("tcp"),
		ReadBufferSize:               32,
		WriteBufferSize:              maxTCPQueue,
		FirstStunBindTimeout:         10 * time.Second,
		AliveDurationForConnFromStun: 10 * time.Second,
	})
	for side := range n.engines {
		if n.engines[side], err = n.newEngine(Side(side), canonical, log); err != nil {
			return errors.Join(err, n.mux.Close(), n.tcp.Close())
		}
	}
	return nil
}

// Addr is the address that UDP and TCP listen on.
func (n *Net) Addr() net.Addr { return n.udp.LocalAddr() }

// Links are the values of the Link headers that WHIP and WHEP answers carry.
func (n *Net) Links() []string { return Links(n.config.ICEServers) }

// Close ends all peers, waits for them and frees the port.
func (n *Net) Close() error {
	n.mu.Lock()
	if n.closed {
		n.mu.Unlock()
		return nil
	}
	n.closed = true
	peers := make([]*Peer, 0, len(n.peers))
	for p := range n.peers {
		peers = append(peers, p)
	}
	n.mu.Unlock()
	for _, p := range peers {
		p.Close(ErrClosed)
	}
	n.stop()
	n.wg.Wait()
	return errors.Join(ignoreClosed(n.mux.Close()), ignoreClosed(n.tcp.Close()))
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe) {
		return nil
	}
	return err
}

// bind opens the same port for UDP and TCP. A free UDP port may be taken for
// TCP, so a port of our choice is tried a few times.
func bind(address string) (*net.UDPConn, net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, nil, fmt.Errorf("webrtc address %q: %w; write host:port, for example :8189", address, err)
	}
	for try := 0; ; try++ {
		pc, err := net.ListenPacket("udp", address)
		if err != nil {
			return nil, nil, fmt.Errorf("webrtc: %w; is another server running, or the port taken?", err)
		}
		udp := pc.(*net.UDPConn)
		bound := udp.LocalAddr().(*net.UDPAddr).Port
		tcp, err := net.Listen("tcp", net.JoinHostPort(host, fmt.Sprint(bound)))
		if err == nil {
			return udp, tcp, nil
		}
		_ = udp.Close()
		if port != "0" || try == 20 {
			return nil, nil, fmt.Errorf("webrtc: %w; the port is needed for UDP and for TCP", err)
		}
	}
}

// Hosts are the addresses under which peers are told to reach the port, the best
// first. The list is never written to again.
func (n *Net) Hosts() []netip.Addr { return n.hosts.addrs() }
