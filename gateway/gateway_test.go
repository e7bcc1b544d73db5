package gateway

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"go.uber.org/goleak"

	"github.com/regie-live/regie/config"
)

// A worker of centrifuge sleeps for up to a second before it sees that its node has
// been shut down; see package events.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/centrifugal/centrifuge.(*Node).unsubscribeFromBrokerWhenEmpty.func1"))
}

// testConfig has every port on a free number and two sessions.
func testConfig(t *testing.T) config.Config {
	t.Helper()
	c := config.Default()
	for _, a := range []*config.Address{&c.HTTP.Address, &c.RTMP.Address, &c.RTMPS.Address, &c.RTSP.Address, &c.RTSPS.Address, &c.WebRTC.Address, &c.TURN.Address, &c.Metrics.Address} {
		*a = "127.0.0.1:0"
	}
	c.Data.Dir = t.TempDir()
	c.Sessions = []config.Session{
		{ID: "studio", Title: "First session", Autostart: true, Host: config.Participant{Name: "Ana", Key: "key-of-ana-1", Gain: 1}},
		{ID: "second", Title: "Second session", Autostart: true, Host: config.Participant{Name: "Bo", Key: "key-of-bo-22", Gain: 1}},
	}
	return c
}

func start(t *testing.T, c config.Config) *Gateway {
	t.Helper()
	g, err := New(Options{
		Config: c, Version: "test", Logger: slog.New(slog.DiscardHandler),
		Worker: func(ctx context.Context) *exec.Cmd { return exec.CommandContext(ctx, "false") }, // nobody publishes here
	})
	if err != nil {
		t.Fatal(err)
	}
	run(t, g)
	return g
}

// run runs g until the test has ended.
func run(t *testing.T, g *Gateway) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- g.Run(ctx) }()
	t.Cleanup(func() {
		began := time.Now()
		cancel()
		if err := <-ran; err != nil {
			t.Errorf("Run: %v", err)
		}
		if took := time.Since(began); took > stopWithin {
			t.Errorf("stopping took %v", took)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	for deadline := time.Now().Add(5 * time.Second); !g.ready.Load(); {
		if time.Now().After(deadline) {
			t.Fatal("never ready")
		}
	}
}

func ask(t *testing.T, method, url string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func TestAnswersBeforeAnyoneIsLive(t *testing.T) {
	g := start(t, testConfig(t))
	base := "http://" + g.Addrs().HTTP
	for _, c := range []struct {
		method, path string
		status       int
		contains     string
	}{
		{"GET", "/healthz", 200, "ok"},
		{"GET", "/readyz", 200, "ready"},
		{"GET", "/", 200, "First session"},
		{"GET", "/s/studio", 200, "First session"},
		{"GET", "/s/nobody", 404, ""},
		{"GET", "/api/v1/sessions", 200, `"planned"`},
		{"GET", "/live/studio/index.m3u8", 404, "not live"},
		{"POST", "/live/studio/whep", 404, "not live"},
		{"GET", "/live/nobody/index.m3u8", 404, "no such session"},
		{"POST", "/whip", 401, "application"},
		{"OPTIONS", "/whip", 204, ""},
	} {
		res, body := ask(t, c.method, base+c.path)
		if c.path == "/whip" && c.method == "POST" {
			if res.StatusCode < 400 || res.StatusCode > 499 {
				t.Errorf("an empty WHIP offer got %d", res.StatusCode)
			}
			continue
		}
		if res.StatusCode != c.status || !strings.Contains(body, c.contains) {
			t.Errorf("%s %s: %d %.120q, want %d with %q", c.method, c.path, res.StatusCode, body, c.status, c.contains)
		}
		if strings.HasPrefix(c.path, "/live/studio/") {
			if res.Header.Get("Retry-After") == "" || res.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s: headers %v", c.path, res.Header)
			}
		}
	}
}

func TestPortsAreToldAndCanBeOff(t *testing.T) {
	c := testConfig(t)
	c.RTSPS.Address, c.WebRTC.Address = "off", ""
	g := start(t, c)
	var told Addrs
	b, err := os.ReadFile(filepath.Join(c.Data.Dir, "ports.json"))
	if err != nil || json.Unmarshal(b, &told) != nil || told != g.Addrs() {
		t.Errorf("ports.json holds %s (%v), the gateway says %+v", b, err, g.Addrs())
	}
	if told.RTSPS != "" || told.WebRTC != "" || told.TURN != "" || told.HTTP == "" || told.RTMPS == "" {
		t.Errorf("listening on %+v", told)
	}
	if res, body := ask(t, "POST", "http://"+told.HTTP+"/whip"); res.StatusCode != 404 || !strings.Contains(body, "webrtc.address") {
		t.Errorf("WHIP while WebRTC is off: %d %s", res.StatusCode, body)
	}
}

// TestICEServers: a person gets TURN with a name of their own, beside what is declared.
func TestICEServers(t *testing.T) {
	c := testConfig(t)
	c.WebRTC.ICEServers = []config.ICEServer{{URL: "stun:stun.example.org"}}
	w := &wiring{Gateway: &Gateway{log: slog.New(slog.DiscardHandler), config: c}, o: Options{Config: c, Logger: slog.New(slog.DiscardHandler)}, reg: prometheus.NewRegistry()}
	for _, step := range []func() error{w.listenRTC, w.listenTURN} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	defer func() {
		for _, free := range slices.Backward(w.cleanups) {
			free()
		}
	}()
	servers := w.iceServersFor("studio", "guest1")
	if len(servers) != 2 || servers[0].URLs[0] != "stun:stun.example.org" || !strings.HasSuffix(servers[1].Username, ":studio/guest1") {
		t.Fatalf("ICE servers %+v", servers)
	}
	if want := "turn:" + w.addrs.TURN + "?transport=udp"; servers[1].URLs[0] != want || servers[1].Credential == "" {
		t.Errorf("TURN is %+v, want %s and a credential", servers[1], want)
	}
}

func TestATakenPortIsSaidBeforeAnythingStarts(t *testing.T) {
	g := start(t, testConfig(t))
	for _, c := range []struct {
		key string
		set func(*config.Config)
	}{
		{"http.address", func(c *config.Config) { c.HTTP.Address = config.Address(g.Addrs().HTTP) }},
		{"rtmp.address", func(c *config.Config) { c.RTMP.Address = config.Address(g.Addrs().RTMP) }},
		{"rtsp.address", func(c *config.Config) { c.RTSP.Address = config.Address(g.Addrs().RTSP) }},
		{"webrtc.address", func(c *config.Config) { c.WebRTC.Address = config.Address(g.Addrs().WebRTC) }},
		{"metrics.address", func(c *config.Config) { c.Metrics.Address = config.Address(g.Addrs().Metrics) }},
	} {
		taken := testConfig(t)
		c.set(&taken)
		if _, err := New(Options{Config: taken, Logger: slog.New(slog.DiscardHandler)}); err == nil || !strings.Contains(err.Error(), c.key) {
			t.Errorf("%s taken: %v", c.key, err)
		}
	}
}

func TestMetricsPort(t *testing.T) {
	g := start(t, testConfig(t))
	base := "http://" + g.Addrs().Metrics
	ask(t, "GET", "http://"+g.Addrs().HTTP+"/")
	_, body := ask(t, "GET", base+"/metrics")
	for _, family := range []string{"regie_build_info", `regie_session_state{session="studio",state="planned"} 1`, "regie_http_requests_total", `regie_store_operation_duration_seconds_count{operation="read",store="sqlite"}`, "process_cpu_seconds_total"} {
		if !strings.Contains(body, family) {
			t.Errorf("/metrics lacks %s", family)
		}
	}
	problems, err := promlint.New(strings.NewReader(body)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("promlint: %v %v", problems, err)
	}
	for _, c := range []struct {
		path   string
		status int
	}{{"/sessions/studio/end", 409}, {"/sessions/nobody/start", 404}} {
		if res, body := ask(t, "POST", base+c.path); res.StatusCode != c.status {
			t.Errorf("POST %s: %d %s", c.path, res.StatusCode, body)
		}
	}
	for _, act := range []struct{ verb, says string }{{"start", "live"}, {"end", "ending"}} {
		if res, body := ask(t, "POST", base+"/sessions/studio/"+act.verb); res.StatusCode != http.StatusOK || !strings.HasPrefix(body, act.says) {
			t.Errorf("%s: %d %q, want %q", act.verb, res.StatusCode, body, act.says)
		}
	}
	if res, _ := ask(t, "POST", base+"/sessions/studio/start", "Sec-Fetch-Site", "cross-site"); res.StatusCode != http.StatusForbidden {
		t.Errorf("a foreign page may start a session: %d", res.StatusCode)
	}
}

func TestSelfSignedCertificateIsKept(t *testing.T) {
	dir := t.TempDir()
	first, err := selfSigned(dir, []string{"localhost", "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	again, err := selfSigned(dir, []string{"localhost"})
	if err != nil || !slices.Equal(first.Certificate[0], again.Certificate[0]) {
		t.Errorf("a restart made another certificate (%v)", err)
	}
	other, err := selfSigned(dir, []string{"localhost", "live.example.org"})
	if err != nil || slices.Equal(first.Certificate[0], other.Certificate[0]) {
		t.Errorf("a new name got the old certificate (%v)", err)
	}
	if info, err := os.Stat(filepath.Join(dir, "self-signed.pem")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key can be read by others: %v %v", info, err)
	}
}
