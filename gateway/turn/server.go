package turn

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pion/logging"
	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/regie-live/regie/gateway/show"
)

const (
	realm          = "regie"
	credentialLife = time.Hour
	maxPerPerson   = 24 // a browser makes one per network, transport and connection
	maxAllocations = 512
)

// Port is the WebRTC port that is relayed to; an *rtc.Net.
type Port interface {
	Addr() net.Addr
	Hosts() []netip.Addr // under which peers are told to reach it
}

// Options of a Server.
type Options struct {
	Address     string // host:port for UDP and TCP alike; port 0 picks a free one
	Port        Port
	PublicHosts []string // names or addresses from outside; default: the Port's hosts
	Logger      *slog.Logger
	Metrics     *Metrics // default: counted, not exported
}

// Server is the TURN server. Its methods may be called from any goroutine.
type Server struct {
	opts   Options
	secret [32]byte
	port   int
	server *turn.Server
	tcp    *listener
	udp    net.PacketConn

	mu      sync.Mutex
	relays  map[*relay]struct{}
	revoked map[string]time.Time // until when all credentials are of before
}

// Listen opens the port and serves it.
func Listen(o Options) (*Server, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = NewMetrics(prometheus.NewRegistry())
	}
	s := &Server{opts: o, relays: map[*relay]struct{}{}, revoked: map[string]time.Time{}}
	_, _ = rand.Read(s.secret[:])
	udp, tcp, err := bind(o.Address)
	if err != nil {
		return nil, err
	}
	s.port = udp.LocalAddr().(*net.UDPAddr).Port
	s.udp, s.tcp = udp, newListener(tcp)
	s.server, err = turn.NewServer(turn.ServerConfig{
		Realm:             realm,
		AuthHandler:       s.authenticate,
		QuotaHandler:      s.mayAllocate,
		LoggerFactory:     &logging.DefaultLoggerFactory{Writer: io.Discard, DefaultLogLevel: logging.LogLevelDisabled},
		PacketConnConfigs: []turn.PacketConnConfig{{PacketConn: udp, RelayAddressGenerator: generator{s}, PermissionHandler: s.permits}},
		ListenerConfigs:   []turn.ListenerConfig{{Listener: s.tcp, RelayAddressGenerator: generator{s}, PermissionHandler: s.permits}},
		EventHandler: turn.EventHandler{
			OnAllocationCreated: func(src, _ net.Addr, _, _, _ string, _ net.Addr, _ int) { o.Metrics.open(src).Inc() },
			OnAllocationDeleted: func(src, _ net.Addr, _, _, _ string) { o.Metrics.open(src).Dec() },
		},
	})
	if err != nil {
		return nil, errors.Join(err, udp.Close(), tcp.Close())
	}
	o.Logger.Info("turn is open", "address", udp.LocalAddr().String())
	return s, nil
}

// bind opens the same port for UDP and TCP. A free UDP port may be taken for TCP, so
// a port of our choice is tried a few times.
func bind(address string) (net.PacketConn, net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, nil, err
	}
	for try := 0; ; try++ {
		udp, err := net.ListenPacket("udp", address)
		if err != nil {
			return nil, nil, err
		}
		bound := strconv.Itoa(udp.LocalAddr().(*net.UDPAddr).Port)
		tcp, err := net.Listen("tcp", net.JoinHostPort(host, bound))
		if err == nil {
			return udp, tcp, nil
		}
		_ = udp.Close()
		if port != "0" || try == 20 {
			return nil, nil, err
		}
	}
}

// Addr is the address that UDP and TCP listen on.
func (s *Server) Addr() net.Addr { return s.udp.LocalAddr() }

// ICEServers are this server with fresh credentials for one person, whom the caller
// knows and lets on a stage. Who is any name for them.
func (s *Server) ICEServers(who string) []show.ICEServer {
	name := fmt.Sprintf("%d:%s", time.Now().Add(credentialLife).Unix(), who)
	ice := show.ICEServer{Username: name, Credential: s.password(name)}
	for _, host := range s.hosts() {
		for _, transport := range []string{"udp", "tcp"} {
			ice.URLs = append(ice.URLs, fmt.Sprintf("turn:%s?transport=%s", net.JoinHostPort(host, strconv.Itoa(s.port)), transport))
		}
	}
	return []show.ICEServer{ice}
}

// hosts are what clients are told: what the operator says, else the best address of
// each family.
func (s *Server) hosts() []string {
	if len(s.opts.PublicHosts) > 0 {
		return s.opts.PublicHosts
	}
	var list []string
	var have [2]bool
	for _, a := range s.opts.Port.Hosts() {
		family := 0
		if a.Is6() {
			family = 1
		}
		if !have[family] {
			have[family] = true
			list = append(list, a.String())
		}
	}
	return list
}

func (s *Server) password(username string) string {
	mac := hmac.New(sha256.New, s.secret[:])
	mac.Write([]byte(username))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// authenticate finds who a credential was made for.
func (s *Server) authenticate(ra *turn.RequestAttributes) (who string, key []byte, ok bool) {
	stamp, who, ok := strings.Cut(ra.Username, ":")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if !ok || err != nil {
		return "", nil, false
	}
	until := time.Unix(seconds, 0)
	// What stands may be kept for longer than the credential's hour: a show may.
	if ra.Method == stun.MethodAllocate && time.Now().After(until) {
		return "", nil, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if last, gone := s.revoked[who]; gone && !until.After(last) {
		return "", nil, false
	}
	return who, turn.GenerateAuthKey(ra.Username, ra.Realm, s.password(ra.Username)), true
}

// mayAllocate keeps within the limits.
func (s *Server) mayAllocate(who, _ string, _ net.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	mine := 0
	for r := range s.relays {
		if r.who == who {
			mine++
		}
	}
	return mine < maxPerPerson && len(s.relays) < maxAllocations
}

// permits says whether a client may speak with an address at all; relay looks at the
// port too.
func (s *Server) permits(_ net.Addr, peer net.IP) bool {
	addr, ok := netip.AddrFromSlice(peer)
	return ok && s.ours(addr)
}

// ours says whether an address is one under which peers are told to find us.
func (s *Server) ours(addr netip.Addr) bool {
	addr = addr.Unmap()
	for _, a := range s.opts.Port.Hosts() {
		if a == addr {
			return true
		}
	}
	return false
}

// Revoke ends all that a person has here, and voids what they were given.
func (s *Server) Revoke(who string) {
	now := time.Now()
	s.mu.Lock()
	for other, last := range s.revoked { // their credentials are dead by themselves
		if now.After(last.Add(credentialLife)) {
			delete(s.revoked, other)
		}
	}
	s.revoked[who] = now.Add(credentialLife)
	var gone []*relay
	for r := range s.relays {
		if r.who == who {
			gone = append(gone, r)
		}
	}
	s.mu.Unlock()
	for _, r := range gone {
		_ = r.Close()
	}
}

// Close ends everything and frees the port.
func (s *Server) Close() error {
	err := s.server.Close()
	s.tcp.closeAll()
	s.mu.Lock()
	relays := make([]*relay, 0, len(s.relays))
	for r := range s.relays {
		relays = append(relays, r)
	}
	s.mu.Unlock()
	for _, r := range relays {
		_ = r.Close()
	}
	return err
}
