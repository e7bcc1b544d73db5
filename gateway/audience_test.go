package gateway

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/regie-live/regie/cmd/regie-load/chat"
	"github.com/regie-live/regie/config"
	"github.com/regie-live/regie/gateway/show"
)

// startRedis runs Debian's Redis for a test, and returns its address.
func startRedis(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_ = l.Close()
	cmd := exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", t.TempDir())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("redis-server: %v; deploy/setup.sh test installs it", err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "Ready to accept connections") {
			return "127.0.0.1:" + port
		}
	}
	t.Fatal("Redis did not start")
	return ""
}

// onRedis starts a gateway; with an address, on that Redis.
func onRedis(t *testing.T, redis string) *wiring {
	t.Helper()
	c := testConfig(t)
	if redis != "" {
		c.Audience.Redis = config.SourceURL("redis://" + redis)
	}
	w := &wiring{o: Options{Config: c, Version: "test", Logger: slog.New(slog.DiscardHandler)}}
	g, err := w.build()
	if err != nil {
		t.Fatal(err)
	}
	run(t, g)
	return w
}

// page is a viewer's page of the room of studio.
type page struct {
	t      *testing.T
	at     string
	cookie string
	socket *websocket.Conn
	ctx    context.Context
}

func (w *wiring) page(t *testing.T, nickname string) *page {
	t.Helper()
	p := &page{t: t, at: w.addrs.HTTP}
	if nickname != "" {
		res, body := p.ask("POST", "room/join", `{"nickname":"`+nickname+`"}`)
		if res.StatusCode != http.StatusCreated || len(res.Cookies()) != 1 {
			t.Fatalf("join: %s %s", res.Status, body)
		}
		c := res.Cookies()[0]
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Name != "regie_viewer" || len(c.Value) < 43 {
			t.Errorf("the cookie is %v", c)
		}
		p.cookie = c.Name + "=" + c.Value
	}
	var cancel func()
	p.ctx, cancel = context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	var err error
	p.socket, _, err = websocket.Dial(p.ctx, "ws://"+p.at+"/api/v1/events", &websocket.DialOptions{HTTPHeader: http.Header{"Cookie": {p.cookie}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.socket.CloseNow() })
	p.tell(`{"id":1,"connect":{}}` + "\n" + `{"id":2,"subscribe":{"channel":"room:studio"}}` + "\n" + `{"id":3,"subscribe":{"channel":"live:studio","type":1,"phase":2,"limit":100}}`)
	p.hear(`"id":3`)
	return p
}

func (p *page) tell(command string) {
	p.t.Helper()
	if err := p.socket.Write(p.ctx, websocket.MessageText, []byte(command)); err != nil {
		p.t.Fatal(err)
	}
}

// hear waits until the page is told something.
func (p *page) hear(what string) {
	p.t.Helper()
	for {
		_, frame, err := p.socket.Read(p.ctx)
		if err != nil {
			p.t.Fatalf("%s never came: %v", what, err)
		}
		if strings.Contains(string(frame), what) {
			return
		}
	}
}

func (p *page) ask(method, what, body string) (*http.Response, string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, "http://"+p.at+"/api/v1/sessions/studio/"+what, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Cookie", p.cookie)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	return res, string(b)
}

func (p *page) room() (r show.Room) {
	p.t.Helper()
	res, body := p.ask("GET", "room", "")
	if err := json.Unmarshal([]byte(body), &r); res.StatusCode != http.StatusOK || err != nil {
		p.t.Fatalf("%s %s (%v)", res.Status, body, err)
	}
	return r
}

// TestRoomOverHTTP: what a viewer's page does, and what it may not.
func TestRoomOverHTTP(t *testing.T) {
	w := onRedis(t, "")
	lou, anybody := w.page(t, "Lou"), w.page(t, "")
	res, body := lou.ask("POST", "room/messages", `{"id":"0123456789abcdef","text":"hello"}`)
	if res.StatusCode != http.StatusCreated || !strings.Contains(body, `"mine":true`) {
		t.Errorf("%s %s", res.Status, body)
	}
	for _, p := range []*page{lou, anybody} {
		p.hear(`"text":"hello"`)
	}
	if r := anybody.room(); len(r.Messages) != 1 || r.Me.ID != "" || r.Messages[0].Mine {
		t.Errorf("anybody sees %+v", r)
	}
	res, _ = lou.ask("POST", "room/reactions", `{"kind":"heart","n":3}`)
	if res.StatusCode != http.StatusNoContent {
		t.Errorf("reaction: %s", res.Status)
	}
	anybody.hear(`"heart":3`)
	lou.cookie += "; regie=forged"
	for _, tt := range []struct {
		p                  *page
		method, what, body string
		status             int
	}{
		{anybody, "POST", "room/messages", `{"id":"0123456789abcdef","text":"x"}`, 401},
		{&page{t: t, at: lou.at, cookie: "regie_viewer=forged"}, "POST", "room/messages", `{"id":"0123456789abcdef","text":"x"}`, 401},
		{lou, "POST", "room/messages", `{"id":"0123456789abcdeg","text":"` + strings.Repeat("x", 1<<20) + `"}`, 413},
		{lou, "POST", "room/messages", `{"id":"0123456789abcdeg","text":"gnp.\u202Eexe"}`, 422},
		{lou, "POST", "room/messages", `{"id":"0123456789abcdeg","text":"x","badge":"admin"}`, 422},
		{lou, "POST", "room/join", `{"nickname":"Аna"}`, 409},
		{lou, "POST", "room/polls", `{"question":"?","options":["a","b"]}`, 401},
		{lou, "PATCH", "room/questions/x", `{"state":"on_air"}`, 401},
		{lou, "GET", "room/hands", "", 401},
	} {
		if res, body := tt.p.ask(tt.method, tt.what, tt.body); res.StatusCode != tt.status || res.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %.60s: %s %s, want %d", tt.what, tt.body, res.Status, body, tt.status)
		}
	}
	if r := anybody.room(); len(r.Messages) != 1 {
		t.Errorf("what was refused is there: %+v", r.Messages)
	}
}

// TestTwoGatewaysOnOneRedis exchange what their audiences say.
func TestTwoGatewaysOnOneRedis(t *testing.T) {
	redis := startRedis(t)
	a, b := onRedis(t, redis), onRedis(t, redis)
	lou, mei := a.page(t, "Lou"), b.page(t, "Mei")
	if res, body := lou.ask("POST", "room/messages", `{"id":"from-lou-000000001","text":"hello over there"}`); res.StatusCode != http.StatusCreated {
		t.Fatalf("%s %s", res.Status, body)
	}
	mei.hear("hello over there")
	if res, body := mei.ask("POST", "room/messages", `{"id":"from-mei-000000001","text":"hello yourself"}`); res.StatusCode != http.StatusCreated {
		t.Fatalf("%s %s", res.Status, body)
	}
	lou.hear("hello yourself")
	for _, p := range []*page{lou, mei} {
		if r := p.room(); len(r.Messages) != 2 || r.Messages[0].Text != "hello over there" {
			t.Errorf("a page that opens sees %+v", r.Messages)
		}
	}
}

// TestRedisThatIsNotThere is said at the start.
func TestRedisThatIsNotThere(t *testing.T) {
	c := testConfig(t)
	c.Audience.Redis = "redis://127.0.0.1:1"
	_, err := New(Options{Config: c, Version: "test", Logger: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), "audience.redis") {
		t.Errorf("%v", err)
	}
}

// TestChatLoad: what regie-load measures counts right, and who never reads harms
// nobody.
func TestChatLoad(t *testing.T) {
	w := onRedis(t, "")
	r, err := chat.Run(t.Context(), chat.Options{
		Server: "http://" + w.addrs.HTTP, Session: "studio", Readers: 40, Talkers: 20, Stuck: 2, Rate: 10, For: 2 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.Connected != 40 || r.Reading != 40 || r.Sent == 0 || r.Lost != 0 || r.Heard != int64(40*r.Sent) || len(r.Refused) != 0 || r.Connect.Max <= 0 || r.Last.Max <= 0 {
		t.Errorf("%+v", r)
	}
}
