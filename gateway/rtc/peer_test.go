package rtc

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/webrtc/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/regie-live/regie/gateway/internal/rtctest"
	"github.com/regie-live/regie/gateway/show"
)

// door answers offers with peers and tells what becomes of them.
type door struct {
	net       *Net
	side      Side
	reg       *prometheus.Registry
	url       string
	peers     chan *Peer
	connected chan *Peer
	closed    chan error
}

func newDoor(t *testing.T, c Config) *door {
	t.Helper()
	t.Parallel() // most of a test is waiting for pictures in real time
	d := &door{
		reg: prometheus.NewRegistry(), peers: make(chan *Peer, 10), connected: make(chan *Peer, 10), closed: make(chan error, 10),
	}
	c.Metrics = NewMetrics(d.reg)
	if c.Address == "" {
		c.Address = "127.0.0.1:0"
	}
	var err error
	if d.net, err = Listen(c); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(d)
	d.url = server.URL
	t.Cleanup(func() {
		server.Close()
		if err := d.net.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	offer, err := ReadOffer(string(body), d.side)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	var p *Peer
	p, answer, err := d.net.NewPeer(offer, PeerOptions{
		Side: d.side, Role: show.Guest,
		Connected: func(p *Peer) { d.connected <- p },
		Closed:    func(cause error) { d.closed <- cause },
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	d.peers <- p
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, answer.SDP)
}

func (d *door) send(t *testing.T, o rtctest.Options) *rtctest.Client {
	t.Helper()
	o.URL = d.url
	if d.side == Publisher {
		o.Send = []webrtc.TrackLocal{rtctest.NewTrack(t, webrtc.MimeTypeVP8)}
	} else {
		o.Receive = []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio}
	}
	return rtctest.Connect(t, o)
}

func await[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(rtctest.Patience):
		t.Fatal("waited in vain")
		panic("unreachable")
	}
}

// TestReach connects over every address of this machine, since pion is shown the
// loopback address only.
func TestReach(t *testing.T) {
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, tcp := range []bool{false, true} {
		for _, i := range all {
			addrs, err := i.Addrs()
			if err != nil || i.Flags&net.FlagUp == 0 || len(addrs) == 0 {
				continue
			}
			t.Run(fmt.Sprintf("%s tcp=%v", i.Name, tcp), func(t *testing.T) {
				d := newDoor(t, Config{Address: ":0"})
				d.send(t, rtctest.Options{TCP: tcp, Interface: i.Name})
				await(t, d.connected)
				via := "udp"
				if tcp {
					via = "tcp"
				}
				want := `regie_rtc_ice_seconds_count{candidate="` + via + `"} 1`
				if text := exposition(t, d.reg); !strings.Contains(text, want) {
					t.Errorf("no %s in\n%s", want, text)
				}
			})
		}
	}
}

func exposition(t *testing.T, reg *prometheus.Registry) string {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range families {
		for _, m := range f.Metric {
			labels := make([]string, 0, len(m.Label))
			for _, l := range m.Label {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			name := f.GetName()
			value := m.GetCounter().GetValue() + m.GetGauge().GetValue()
			if h := m.GetHistogram(); h != nil {
				name, value = name+"_count", float64(h.GetSampleCount())
			}
			fmt.Fprintf(&b, "%s{%s} %g\n", name, strings.Join(labels, ","), value)
		}
	}
	return b.String()
}

func TestMetricsLint(t *testing.T) {
	reg := prometheus.NewRegistry()
	m := NewMetrics(reg)
	m.peers.WithLabelValues("guest", "connected").Inc()
	problems, err := testutil.GatherAndLint(reg)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
}

func TestNeverConnects(t *testing.T) {
	d := newDoor(t, Config{})
	d.net.connectTimeout = 50 * time.Millisecond
	c := rtctest.New(t, rtctest.Options{Send: []webrtc.TrackLocal{rtctest.NewTrack(t, webrtc.MimeTypeVP8)}})
	if res, body := rtctest.Request(t, "POST", d.url, c.Offer()); res.StatusCode != http.StatusCreated {
		t.Fatal(res.Status, body)
	}
	if cause := await(t, d.closed); !errors.Is(cause, ErrNeverConnected) {
		t.Errorf("ended with %v", cause)
	}
	text := exposition(t, d.reg)
	for _, want := range []string{`regie_rtc_ice_failures_total{role="guest"} 1`, `regie_rtc_peers{role="guest",state="connecting"} 0`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

func TestTooManyViewers(t *testing.T) {
	d := newDoor(t, Config{MaxViewers: 1})
	d.side = Viewer
	d.send(t, rtctest.Options{})
	c := rtctest.New(t, rtctest.Options{Receive: []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio}})
	offer := c.Offer()
	if res, body := rtctest.Request(t, "POST", d.url, offer); res.StatusCode != http.StatusServiceUnavailable {
		t.Error(res.Status, body)
	}
	d.side = Publisher
	d.send(t, rtctest.Options{}) // the stage is not locked
	await(t, d.connected)
	await(t, d.connected)
	await(t, d.peers).Close(ErrLeft)
	await(t, d.peers).Close(ErrLeft)
	await(t, d.closed)
	await(t, d.closed)
	d.side = Viewer
	if res, body := rtctest.Request(t, "POST", d.url, offer); res.StatusCode != http.StatusCreated {
		t.Error("after the first has left:", res.Status, body)
	}
}

// TestCipher: AES-GCM, which costs half of the other, with any viewer who can do it,
// whatever it would rather have; the browser test has Chromium's word for it.
func TestCipher(t *testing.T) {
	d := newDoor(t, Config{})
	d.side = Viewer
	c := d.send(t, rtctest.Options{})
	p := await(t, d.connected)
	c.State(webrtc.PeerConnectionStateConnected)
	p.keys.mu.Lock()
	defer p.keys.mu.Unlock()
	if p.keys.profile != dtls.SRTP_AEAD_AES_128_GCM {
		t.Errorf("profile %v", p.keys.profile)
	}
}

// TestPeerLeaves: we see a peer's transport close at once.
func TestPeerLeaves(t *testing.T) {
	d := newDoor(t, Config{})
	c := d.send(t, rtctest.Options{})
	await(t, d.connected)
	c.State(webrtc.PeerConnectionStateConnected)
	if err := c.PC.Close(); err != nil {
		t.Error(err)
	}
	if cause := await(t, d.closed); !errors.Is(cause, ErrLeft) {
		t.Errorf("ended with %v, want %v", cause, ErrLeft)
	}
}

// TestClosedByUs: the peer sees its transport close at once, not after ICE gave up.
func TestClosedByUs(t *testing.T) {
	d := newDoor(t, Config{})
	c := d.send(t, rtctest.Options{})
	await(t, d.connected)
	start := time.Now()
	cause := errors.New("another encoder took over")
	await(t, d.peers).Close(cause)
	c.State(webrtc.PeerConnectionStateClosed)
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("the peer learned of it after %v", took)
	}
	if got := await(t, d.closed); !errors.Is(got, cause) {
		t.Errorf("cause %v", got)
	}
}

func TestNetClose(t *testing.T) {
	d := newDoor(t, Config{})
	d.send(t, rtctest.Options{})
	await(t, d.connected)
	if err := d.net.Close(); err != nil {
		t.Error(err)
	}
	if cause := await(t, d.closed); !errors.Is(cause, ErrClosed) {
		t.Errorf("cause %v", cause)
	}
	c := rtctest.New(t, rtctest.Options{Send: []webrtc.TrackLocal{rtctest.NewTrack(t, webrtc.MimeTypeVP8)}})
	if res, _ := rtctest.Request(t, "POST", d.url, c.Offer()); res.StatusCode != http.StatusServiceUnavailable {
		t.Error("a closed Net answers", res.Status)
	}
}

// TestLost: a peer that goes without a word is noticed.
func TestLost(t *testing.T) {
	d := newDoor(t, Config{})
	c := d.send(t, rtctest.Options{Cut: true})
	await(t, d.connected)
	c.CutOff()
	if cause := await(t, d.closed); !errors.Is(cause, ErrLost) {
		t.Errorf("ended with %v, want %v", cause, ErrLost)
	}
}

// TestGarbage sends to the port what is none of ours, while a peer is connected.
func TestGarbage(t *testing.T) {
	d := newDoor(t, Config{})
	d.send(t, rtctest.Options{})
	p := await(t, d.connected)
	garbage := [][]byte{
		{}, {0}, []byte("GET / HTTP/1.1\r\n\r\n"), []byte(strings.Repeat("x", 1400)),
		// STUN without a user, and with one that nobody has
		append([]byte{0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42}, make([]byte, 12)...),
		append([]byte{0, 1, 0, 12, 0x21, 0x12, 0xa4, 0x42}, append(make([]byte, 12), 0, 6, 0, 5, 'a', 'b', ':', 'c', 'd', 0, 0, 0)...),
		// STUN that claims to be longer, DTLS, RTP, RTCP
		{0, 1, 0xff, 0xff, 0x21, 0x12, 0xa4, 0x42}, {22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0}, {0x80, 96, 0, 1}, {0x80, 200, 0, 1},
	}
	udp, err := net.Dial("udp", d.net.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	for _, g := range garbage {
		if _, err := udp.Write(g); err != nil {
			t.Fatal(err)
		}
		tcp, err := net.Dial("tcp", d.net.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = tcp.Write(g)
		framed := append([]byte{byte(len(g) >> 8), byte(len(g))}, g...)
		_, _ = tcp.Write(framed)
		_ = tcp.Close()
		if tcp, err = net.Dial("tcp", d.net.Addr().String()); err != nil {
			t.Fatal(err)
		}
		_, _ = tcp.Write(framed)
		_ = tcp.Close()
	}
	d.send(t, rtctest.Options{})
	await(t, d.connected)
	if s := p.PC().ConnectionState(); s != webrtc.PeerConnectionStateConnected {
		t.Errorf("the first peer is %v", s)
	}
}
