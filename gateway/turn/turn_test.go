package turn

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
	"github.com/pion/webrtc/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/ingest/ingesttest"
	"github.com/regie-live/regie/gateway/ingest/whip"
	"github.com/regie-live/regie/gateway/internal/rtctest"
	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/transcode/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stand is a TURN server in front of a WebRTC port with one seat.
type stand struct {
	*Server
	t     *testing.T
	net   *rtc.Net
	seats *ingesttest.Seats
	url   string

	publishers *whip.Server
}

func newStand(t *testing.T) *stand {
	t.Helper()
	t.Parallel()
	s := &stand{t: t, seats: ingesttest.New(t)}
	var err error
	if s.net, err = rtc.Listen(rtc.Config{Address: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	if s.Server, err = Listen(Options{Address: "127.0.0.1:0", Port: s.net, Logger: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	s.publishers = whip.New(whip.Options{Door: ingest.NewDoor(ingest.DoorOptions{Seats: s.seats}), Net: s.net})
	web := httptest.NewServer(s.publishers)
	s.url = web.URL + "/whip"
	t.Cleanup(func() {
		web.Close()
		s.publishers.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := s.net.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// servers are the URLs of one transport, for pion.
func (s *stand) servers(who, transport string) []webrtc.ICEServer {
	var list []webrtc.ICEServer
	for _, ice := range s.ICEServers(who) {
		for _, url := range ice.URLs {
			if strings.HasSuffix(url, transport) {
				list = append(list, webrtc.ICEServer{URLs: []string{url}, Username: ice.Username, Credential: ice.Credential})
			}
		}
	}
	return list
}

// TestMedia: a publisher whom only TURN lets out is on stage.
func TestMedia(t *testing.T) {
	for _, transport := range []string{"udp", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			s := newStand(t)
			video := rtctest.NewTrack(t, webrtc.MimeTypeH264)
			c := rtctest.Connect(t, rtctest.Options{
				URL: s.url, Bearer: string([]byte(ingesttest.Key)), Send: []webrtc.TrackLocal{video}, Relays: s.servers("studio/guest1", transport),
			})
			c.Play(video, 40*time.Millisecond, rtctest.H264(t, "800"))
			claim := s.seats.Wait(0, "pictures", func(c ingesttest.Claim) bool { return len(c.Of(media.Video)) >= 50 })
			if got, sent := ingesttest.DecodeVideo(t, media.H264, claim.Elementary(media.Video)), len(claim.Of(media.Video)); got != sent {
				t.Errorf("ffmpeg decodes %d of %d pictures", got, sent)
			}
			pair, err := c.PC.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
			if err != nil || pair.Local.Typ != webrtc.ICECandidateTypeRelay {
				t.Errorf("connected by %v (%v)", pair, err)
			}
			if n := testutil.ToFloat64(s.opts.Metrics.allocations.WithLabelValues(transport)); n == 0 {
				t.Errorf("no allocation by %s is counted", transport)
			}
			if in, out := testutil.ToFloat64(s.opts.Metrics.in), testutil.ToFloat64(s.opts.Metrics.out); in < 100_000 || out == 0 {
				t.Errorf("%.0f bytes in and %.0f out are counted", in, out)
			}
			s.Revoke("studio/guest1")
			waitFor(t, "no allocation", func() bool {
				return testutil.ToFloat64(s.opts.Metrics.allocations.WithLabelValues(transport)) == 0
			})
		})
	}
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(rtctest.Patience); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// client speaks TURN itself.
func (s *stand) client(username, password string) *turn.Client {
	s.t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	c, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: s.Addr().String(), TURNServerAddr: s.Addr().String(), Conn: conn, Username: username, Password: password,
		LoggerFactory: &logging.DefaultLoggerFactory{Writer: io.Discard, DefaultLogLevel: logging.LogLevelDisabled},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := c.Listen(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close(); _ = conn.Close() })
	return c
}

// allocate is what a person with fresh credentials gets.
func (s *stand) allocate(who string) (net.PacketConn, error) {
	s.t.Helper()
	ice := s.ICEServers(who)[0]
	relayed, err := s.client(ice.Username, ice.Credential).Allocate()
	if err == nil {
		s.t.Cleanup(func() { _ = relayed.Close() })
	}
	return relayed, err
}

// TestNoProxy: nothing but our WebRTC port can be reached.
func TestNoProxy(t *testing.T) {
	s := newStand(t)
	secret, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer secret.Close()
	relayed, err := s.allocate("studio/guest1")
	if err != nil {
		t.Fatal(err)
	}
	// The address is ours and permitted, the port is not.
	for range 3 {
		if _, err := relayed.WriteTo([]byte("let me in"), secret.LocalAddr()); err != nil {
			t.Fatal(err)
		}
	}
	// Our own port answers over the same allocation, after what was not for it.
	binding := stun.MustBuild(stun.TransactionID, stun.BindingRequest)
	if _, err := relayed.WriteTo(binding.Raw, s.net.Addr()); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "what is for us", func() bool { return testutil.ToFloat64(s.opts.Metrics.in) == float64(len(binding.Raw)) })
	_ = secret.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	buf := make([]byte, 100)
	if n, from, err := secret.ReadFrom(buf); err == nil {
		t.Errorf("%q came through from %v", buf[:n], from)
	}
	for _, foreign := range []string{"192.0.2.1:8189", "169.254.169.254:80", "127.0.0.2:8189", "10.0.0.1:53"} {
		addr := net.UDPAddrFromAddrPort(mustParse(foreign))
		if _, err := relayed.WriteTo([]byte("hello"), addr); err == nil {
			t.Errorf("%s may be written to", foreign)
		}
	}
	if _, err := s.client(credentials(s, "studio/guest1")).AllocateTCP(); err == nil {
		t.Error("TCP connections can be made from here")
	}
}

// TestCredentials: who may allocate.
func TestCredentials(t *testing.T) {
	s := newStand(t)
	old := fmt.Sprintf("%d:ana", time.Now().Add(-time.Second).Unix())
	forged := fmt.Sprintf("%d:ana", time.Now().Add(10*credentialLife).Unix())
	name, password := credentials(s, "ana")
	for what, tc := range map[string]struct{ name, password string }{
		"nobody":          {"", ""},
		"no time":         {"ana", s.password("ana")},
		"expired":         {old, s.password(old)},
		"another's":       {name, s.password("1:eve")},
		"a time made up":  {forged, password},
		"a person forged": {strings.Replace(name, "ana", "eve", 1), password},
	} {
		if _, err := s.client(tc.name, tc.password).Allocate(); err == nil {
			t.Errorf("%s: allocated", what)
		}
	}
	kept, err := s.allocate("ana")
	if err != nil {
		t.Fatal(err)
	}
	s.Revoke("ana")
	ended := make(chan struct{})
	go func() { defer close(ended); _, _, _ = kept.ReadFrom(make([]byte, 10)) }()
	if _, err := s.client(name, password).Allocate(); err == nil {
		t.Error("a removed person allocates")
	}
	waitFor(t, "the end of what a removed person had", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.relays) == 0
	})
	if _, err := s.allocate("eve"); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	_ = kept.Close()
	<-ended
}

func TestQuota(t *testing.T) {
	s := newStand(t)
	for i := range maxPerPerson {
		if _, err := s.allocate("ana"); err != nil {
			t.Fatalf("allocation %d: %v", i+1, err)
		}
	}
	if _, err := s.allocate("ana"); err == nil || !strings.Contains(err.Error(), "486") {
		t.Errorf("one too many: %v", err)
	}
	if _, err := s.allocate("eve"); err != nil {
		t.Errorf("somebody else: %v", err)
	}
}

func TestMetricsLint(t *testing.T) {
	reg := prometheus.NewRegistry()
	NewMetrics(reg)
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
}

func credentials(s *stand, who string) (name, password string) {
	ice := s.ICEServers(who)[0]
	return ice.Username, ice.Credential
}

func mustParse(addr string) netip.AddrPort { return netip.MustParseAddrPort(addr) }
