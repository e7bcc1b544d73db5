package webhooks

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/regie-live/regie/gateway/internal/outside"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/gateway/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var root = show.Principal{Kind: show.Account, Name: "Root", Role: show.Admin}

// rig is a service with a real store. Its receiver is answers, unless post is given.
type rig struct {
	*Service
	store *store.Store
	reg   *prometheus.Registry

	mu     sync.Mutex
	answer func(n int) (*outside.Answer, error) // to the n-th request
	got    []request
}

// request is what the receiver got, when.
type request struct {
	at     time.Time
	header http.Header
	body   string
}

func (r *rig) Check(address string) error { return outside.New(outside.Options{}).Check(address) }

func (r *rig) Post(_ context.Context, _ string, h http.Header, body []byte) (*outside.Answer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, request{time.Now(), h, string(body)})
	return r.answer(len(r.got))
}

func (r *rig) requests() []request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.got
}

func (r *rig) says(status int, header ...string) {
	a := &outside.Answer{Status: status, Header: http.Header{}}
	for i := 0; i < len(header); i += 2 {
		a.Header.Set(header[i], header[i+1])
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = func(int) (*outside.Answer, error) { return a, nil }
}

// open opens a service on the store in dir. It delivers until the test ends.
func open(t *testing.T, dir string, post poster) *rig {
	t.Helper()
	r := idle(t, dir, post)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = r.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	return r
}

// idle is open without Run.
func idle(t *testing.T, dir string, post poster) *rig {
	t.Helper()
	r := &rig{reg: prometheus.NewRegistry()}
	r.says(http.StatusNoContent)
	if post == nil {
		post = r
	}
	var err error
	if r.store, err = store.Open(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.store.Close(); err != nil {
			t.Error(err)
		}
	})
	r.Service, err = Open(t.Context(), Options{
		Store: r.store, Post: post, Registerer: r.reg, Logger: slog.New(slog.DiscardHandler), Chance: func() float64 { return .5 },
		Waiting: waiting, Settled: settled,
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const (
	receiver = "https://hooks.example/regie"
	waiting  = 20
	settled  = 8
)

func (r *rig) hook(t *testing.T, url string, events ...show.HookEvent) (show.WebhookID, show.HookSecret) {
	t.Helper()
	if len(events) == 0 {
		events = show.HookEvents()
	}
	h, secret, err := r.Add(t.Context(), root, show.NewWebhook{URL: url, Events: events})
	if err != nil {
		t.Fatal(err)
	}
	return h.ID, secret
}

func (r *rig) log(t *testing.T, id show.WebhookID) []show.Delivery {
	t.Helper()
	list, err := r.Deliveries(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func (r *rig) counted(o outcome) int {
	return int(testutil.ToFloat64(r.metrics.deliveries.WithLabelValues(string(o))))
}

// until waits for what comes by itself.
func (r *rig) until(t *testing.T, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it did not come to that; the counts are %d, %d, %d", r.counted(delivered), r.counted(retried), r.counted(failed))
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The example that the specification's own libraries are tested with.
func TestSigned(t *testing.T) {
	h, err := signed([]show.HookSecret{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	must(t, err)
	want := http.Header{
		"Content-Type": {"application/json"}, "Webhook-Id": {"msg_p5jXN8AQM9LWM0D4loKWxJek"}, "Webhook-Timestamp": {"1614265330"},
		"Webhook-Signature": {"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
	}
	if d := cmp.Diff(want, h); d != "" {
		t.Error(d)
	}
}

func TestPause(t *testing.T) {
	want := []time.Duration{5 * time.Second, 25 * time.Second, 125 * time.Second, 625 * time.Second, 3125 * time.Second, 4 * time.Hour, 4 * time.Hour}
	for i, w := range want {
		if is := pause(i+1, .5); is != w {
			t.Errorf("after attempt %d: %v, want %v", i+1, is, w)
		}
	}
	if low, high := pause(100, 0), pause(100, .999); low != 3*time.Hour || high <= mostPause || high > 5*time.Hour {
		t.Errorf("from %v to %v", low, high)
	}
}

func TestWhatCannotBeAWebhook(t *testing.T) {
	r := idle(t, t.TempDir(), nil)
	for name, n := range map[string]show.NewWebhook{
		"no https":    {URL: "http://hooks.example/", Events: show.HookEvents()},
		"inside":      {URL: "https://127.0.0.1/", Events: show.HookEvents()},
		"metadata":    {URL: "https://169.254.169.254/latest", Events: show.HookEvents()},
		"a password":  {URL: "https://a:b@hooks.example/", Events: show.HookEvents()},
		"no address":  {URL: "javascript:alert(1)", Events: show.HookEvents()},
		"too long":    {URL: receiver + strings.Repeat("x", maxURL), Events: show.HookEvents()},
		"no event":    {URL: receiver},
		"not such":    {URL: receiver, Events: []show.HookEvent{"session.exploded"}},
		"never asked": {URL: receiver, Events: []show.HookEvent{show.HookTest}},
	} {
		if _, _, err := r.Add(t.Context(), root, n); show.KindOf(err) != show.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	for range maxHooks {
		r.hook(t, receiver)
	}
	if _, _, err := r.Add(t.Context(), root, show.NewWebhook{URL: receiver, Events: show.HookEvents()}); show.KindOf(err) != show.Conflict {
		t.Errorf("one too many: %v", err)
	}
	for what, err := range map[string]error{
		"test":   r.Test(t.Context(), "x"),
		"remove": r.Remove(t.Context(), root, "x"),
	} {
		if show.KindOf(err) != show.NotFound {
			t.Errorf("%s of nothing: %v", what, err)
		}
	}
}

// server is a receiver over real HTTP that checks signatures as its own library would.
func server(t *testing.T, secret *atomic.Value) (url string, bodies chan string) {
	t.Helper()
	bodies = make(chan string, 16)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret.Load().(string), "whsec_"))
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "%s.%s.%s", r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp"), body)
		if len(key) != secretSize || r.Header.Get("webhook-signature") != "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		bodies <- string(body)
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(s.Close)
	return s.URL, bodies
}

// TestOverHTTP: what is told arrives, signed, and nobody is told what they did not
// ask for.
func TestOverHTTP(t *testing.T) {
	var secret atomic.Value
	url, bodies := server(t, &secret)
	client := outside.New(outside.Options{Allow: []string{strings.TrimPrefix(url, "http://")}})
	defer client.Close()
	r := open(t, t.TempDir(), client)
	id, s := r.hook(t, url, show.HookStarted, show.HookPin)
	secret.Store(string(s))
	must(t, r.Question("studio", show.Question{ID: "q"})) // not asked for
	must(t, r.Started("studio", "First session"))
	must(t, r.Started("studio", "First session")) // is so already
	var m struct {
		Type      string
		Timestamp time.Time
		Data      struct {
			Session, Title string
			Started        time.Time
		}
	}
	must(t, json.Unmarshal([]byte(<-bodies), &m))
	if m.Type != "session.started" || m.Data.Session != "studio" || m.Data.Title != "First session" || !m.Data.Started.Equal(m.Timestamp) || time.Since(m.Timestamp) > time.Minute {
		t.Errorf("%+v", m)
	}
	must(t, r.Pin("studio", show.Pin{ID: "p", Title: "Cup", Link: "/p/p"}))
	if b := <-bodies; !strings.Contains(b, `"data":{"session":"studio","pin":{"id":"p"`) {
		t.Error(b)
	}
	must(t, r.Test(t.Context(), id))
	if b := <-bodies; !strings.Contains(b, `"type":"webhook.test"`) {
		t.Error(b)
	}
	r.until(t, func() bool { return r.counted(delivered) == 3 && r.log(t, id)[0].Outcome == show.Delivered })
	list := r.log(t, id)
	if len(list) != 3 || list[0].Event != show.HookTest || list[0].Outcome != show.Delivered || list[0].Status != 204 || list[0].Attempts != 1 {
		t.Errorf("%+v", list)
	}
}

// A name that leads inside is not followed, and its receiver hears nothing.
func TestInsideIsNotReached(t *testing.T) {
	var reached atomic.Bool
	inside := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Store(true) }))
	defer inside.Close()
	client := outside.New(outside.Options{})
	defer client.Close()
	r := open(t, t.TempDir(), client)
	id, _ := r.hook(t, strings.Replace(inside.URL, "127.0.0.1", "localhost", 1))
	must(t, r.Test(t.Context(), id))
	r.until(t, func() bool { return r.log(t, id)[0].Outcome != show.DeliveryPending })
	if d := r.log(t, id)[0]; d.Outcome != show.DeliveryFailed || !strings.Contains(d.Error, "public internet") || !strings.Contains(d.Error, "outside.allow") || reached.Load() {
		t.Errorf("%+v, reached: %v", d, reached.Load())
	}
}

// TestKilled: the files as a kill -9 leaves them hold all that Tell has returned
// from, and the start without its end.
func TestKilled(t *testing.T) {
	dir, copied := t.TempDir(), t.TempDir()
	before := idle(t, dir, nil)
	id, _ := before.hook(t, receiver)
	must(t, before.Started("studio", "First session"))
	must(t, before.Pin("studio", show.Pin{ID: "p"}))
	files, err := filepath.Glob(filepath.Join(dir, "regie.db*"))
	must(t, err)
	for _, f := range files {
		if strings.HasSuffix(f, "-shm") {
			continue // is memory: a machine that starts has none
		}
		b, err := os.ReadFile(f)
		must(t, err)
		must(t, os.WriteFile(filepath.Join(copied, filepath.Base(f)), b, 0o600))
	}
	r := open(t, copied, nil)
	r.until(t, func() bool { return r.counted(delivered) == 3 && r.log(t, id)[0].Outcome == show.Delivered })
	var types []string
	for _, q := range r.requests() {
		types = append(types, q.body[:strings.Index(q.body, `,`)])
	}
	if is := strings.Join(types, " "); is != `{"type":"session.started" {"type":"pin.shown" {"type":"session.ended"` {
		t.Error(is)
	}
	if list := r.log(t, id); len(list) != 3 || list[0].Outcome != show.Delivered {
		t.Errorf("%+v", list)
	}
}

var errBroken = errors.New("hooks.example cannot be asked: connection refused")
