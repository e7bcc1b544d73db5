package events

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/regie-live/regie/gateway/show"
)

// A worker of centrifuge sleeps for up to a second before it sees that its node
// has been shut down.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/centrifugal/centrifuge.(*Node).unsubscribeFromBrokerWhenEmpty.func1"))
}

func TestWhoMayListen(t *testing.T) {
	const ok, denied, unknown, bad = 0, 103, 102, 107
	tests := []struct {
		who, channel string
		kind         int // 1: a map
		code         int
	}{
		{"host", "desk:studio", 1, ok},
		{"guest", "desk:studio", 1, ok},
		{"admin", "desk:studio", 1, ok},
		{"other", "desk:studio", 1, denied},
		{"guest", "desk:elsewhere", 1, denied},
		{"guest", "desk:studio", 0, bad},
		{"guest", "desk:studio", 2, bad},
		{"guest", "talk:studio/guest1", 0, ok},
		{"guest", "talk:studio/guest1", 1, bad},
		{"guest", "talk:studio/guest2", 0, denied},
		{"guest", "talk:studio/host", 0, denied},
		{"host", "talk:studio/guest2", 0, ok},
		{"admin", "talk:studio/guest2", 0, ok},
		{"other", "talk:studio/guest1", 0, denied},
		{"admin", "talk:studio", 0, unknown},
		{"admin", "desk:", 1, unknown},
		{"admin", "chat:studio", 0, unknown},
		{"admin", "event:studio", 1, unknown},
		{"admin", "room:", 0, unknown},
		{"nobody", "event", 1, ok},
		{"nobody", "event", 0, bad},
		{"nobody", "room:studio", 0, ok},
		{"nobody", "room:studio", 1, bad},
		{"nobody", "room:nowhere", 0, denied},
		{"nobody", "live:studio", 1, ok},
		{"nobody", "me:v1", 0, denied},
		{"viewer", "room:studio", 0, ok},
		{"viewer", "me:v1", 0, ok},
		{"viewer", "me:v2", 0, denied},
		{"viewer", "me:account-u1", 0, denied},
		{"admin", "me:account-u1", 0, ok},
		{"guest", "me:stage-studio-guest1", 0, ok},
		{"host", "me:v1", 0, denied},
		{"host", "mod:studio", 1, ok},
		{"moderator", "mod:studio", 1, ok},
		{"moderator", "desk:studio", 1, ok},
		{"guest", "mod:studio", 1, denied},
		{"other", "mod:studio", 1, denied},
	}
	h := open(t)
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s %s %d", tt.who, tt.channel, tt.kind), func(t *testing.T) {
			phase := ""
			if tt.kind != 0 {
				phase = `,"phase":2,"limit":100`
			}
			m := h.connected(t, tt.who).ask(fmt.Sprintf(`"subscribe":{"channel":%q,"type":%d%s}`, tt.channel, tt.kind, phase))
			code := 0
			if m.Error != nil {
				code = m.Error.Code
			}
			if code != tt.code || code == 0 && m.Subscribe == nil {
				t.Errorf("code %d, want %d (%+v)", code, tt.code, m)
			}
		})
	}
}

// A page of those who are known on a stage learns that it is shut out; an anonymous
// one hears what is public, and comes no further.
func TestStrangersAreShutOut(t *testing.T) {
	h := open(t)
	for _, who := range []string{"nobody", "viewer"} {
		for _, private := range []string{
			`"subscribe":{"channel":"desk:studio","type":1,"phase":2,"limit":100}`,
			`"subscribe":{"channel":"mod:studio","type":1,"phase":2,"limit":100}`,
			`"subscribe":{"channel":"talk:studio/guest1"}`,
		} {
			p := h.connected(t, who)
			_ = p.conn.Write(p.ctx, websocket.MessageText, []byte(`{"id":7,`+private+`}`))
			if code, reason := p.end(); code != 4500 || !strings.Contains(reason, "sign in") {
				t.Errorf("%s asks %s and ends with %d %s, want 4500", who, private, code, reason)
			}
		}
	}
}

func TestRoomIsHeardByAll(t *testing.T) {
	h := open(t)
	type said struct {
		Type string `json:"type"`
	}
	h.Room("studio", said{"message"}, true)
	h.Live("studio", show.Change{Key: "state", Value: 1})
	h.Event(show.Change{Key: "event", Value: 2})
	p := h.connected(t, "nobody")
	sub := p.ask(`"subscribe":{"channel":"room:studio"}`)
	for _, c := range []string{"live:studio", "event"} {
		if m := p.ask(`"subscribe":{"channel":"` + c + `","type":1,"phase":2,"limit":100}`); m.Subscribe == nil || len(m.Subscribe.State) != 1 {
			t.Errorf("%s has %+v", c, m)
		}
	}
	if n, err := testutil.GatherAndCount(h.o.Registerer.(prometheus.Gatherer), "regie_chat_connections"); n != 1 || err != nil {
		t.Errorf("regie_chat_connections: %d (%v)", n, err)
	}
	h.Room("studio", said{"reactions"}, false)
	h.Room("studio", said{"hidden"}, true)
	for _, want := range []string{"reactions", "hidden"} {
		if m := p.next(); m.Push == nil || !strings.Contains(string(m.Push.Pub.Data), want) {
			t.Errorf("heard %+v, want %s", m.Push, want)
		}
	}
	again := h.connected(t, "viewer").ask(fmt.Sprintf(`"subscribe":{"channel":"room:studio","recover":true,"offset":%d,"epoch":%q}`, sub.Subscribe.Offset, sub.Subscribe.Epoch))
	if again.Subscribe == nil || !again.Subscribe.Recovered || len(again.Subscribe.Publications) != 1 {
		t.Errorf("recovered %+v, want what was kept alone", again.Subscribe)
	}
	v := h.connected(t, "viewer")
	v.ask(`"subscribe":{"channel":"me:v1"}`)
	h.Me("v2", said{"banned"})
	h.Me("v1", said{"approved"})
	if m := v.next(); m.Push == nil || !strings.Contains(string(m.Push.Pub.Data), "approved") {
		t.Errorf("heard %+v, want what is for this viewer", m.Push)
	}
}

func TestPagesOnlyListen(t *testing.T) {
	h := open(t)
	p := h.connected(t, "admin")
	p.desk("studio")
	for _, command := range []string{
		`"publish":{"channel":"desk:studio","data":{}}`,
		`"publish":{"channel":"desk:studio","key":"session","data":{},"type":1}`,
		`"map_publish":{"channel":"desk:studio","key":"session","data":{}}`,
		`"rpc":{"method":"x"}`,
	} {
		p := h.connected(t, "admin")
		p.desk("studio")
		p.id++
		if err := p.conn.Write(p.ctx, websocket.MessageText, fmt.Appendf(nil, `{"id":%d,%s}`, p.id, command)); err != nil {
			t.Fatal(err)
		}
		if m, err := p.read(); err == nil && m.Error == nil { // an error, or the socket ends
			t.Errorf("%s was accepted: %+v", command, m)
		}
	}
	h.Desk("studio", show.Change{Key: "overlays", Value: show.Overlays{Logo: true}})
	if m := p.next(); m.Push == nil || m.Push.Pub == nil || m.Push.Pub.Key != "overlays" {
		t.Errorf("the first that is heard is %+v, want the overlays", m)
	}
}

func TestDeskIsAMap(t *testing.T) {
	h := open(t)
	h.Desk("studio",
		show.Change{Key: "overlays", Value: show.Overlays{Logo: true}},
		show.Change{Key: "person/guest1", Value: show.Person{ID: "guest1", Name: "Théo"}},
		show.Change{Key: "person/guest1", Value: show.Person{ID: "guest1", Name: "Théo", Place: show.Waiting}},
		show.Change{Key: "person/guest2", Value: show.Person{ID: "guest2"}},
		show.Change{Key: "person/guest2"}, // gone
	)
	p := h.connected(t, "guest")
	m := p.desk("studio")
	if keys := keysOf(m.Subscribe.State); keys != "overlays person/guest1" {
		t.Errorf("the state has %q", keys)
	}
	if last := m.Subscribe.State[1].Data; !strings.Contains(string(last), `"place":"waiting"`) {
		t.Errorf("guest1 is %s, want the newest", last)
	}

	for i := range 20 {
		h.Desk("studio", show.Change{Key: "person/guest1", Value: show.Person{ID: "guest1", Volume: float64(i)}})
	}
	h.Desk("studio", show.Change{Key: "person/guest1"})
	for i := range 20 {
		if m := p.next(); m.Push == nil || !strings.Contains(string(m.Push.Pub.Data), fmt.Sprintf(`"volume":%d}`, i)) {
			t.Fatalf("change %d came as %+v", i, m.Push)
		}
	}
	if m := p.next(); m.Push == nil || !m.Push.Pub.Removed || m.Push.Pub.Key != "person/guest1" {
		t.Errorf("a person who goes comes as %+v", m.Push)
	}
}

func TestTalkIsKept(t *testing.T) {
	h := open(t)
	for i := range 60 {
		h.Say("studio", "guest1", Message{From: "host", Text: fmt.Sprintf("word %d", i)})
	}
	h.Say("studio", "guest2", Message{From: "host", Text: "not for guest1"})
	p := h.connected(t, "guest")
	if m := p.ask(`"history":{"channel":"talk:studio/guest1","limit":50}`); m.Error == nil {
		t.Errorf("history without a subscription: %+v", m)
	}
	sub := p.ask(`"subscribe":{"channel":"talk:studio/guest1"}`)
	m := p.ask(`"history":{"channel":"talk:studio/guest1","limit":100}`)
	if m.History == nil || len(m.History.Publications) != 50 {
		t.Fatalf("history is %+v, want 50 messages", m)
	}
	if last := string(m.History.Publications[49].Data); !strings.Contains(last, `"text":"word 59"`) {
		t.Errorf("the newest is %s", last)
	}
	h.Say("studio", "guest1", Message{From: "guest1", FromName: "Théo", Text: "here"})
	if m := p.next(); m.Push == nil || !strings.Contains(string(m.Push.Pub.Data), `"from_name":"Théo","text":"here"`) {
		t.Errorf("heard %+v", m)
	}

	// A page that was away for one message gets just that.
	again := h.connected(t, "guest").ask(fmt.Sprintf(`"subscribe":{"channel":"talk:studio/guest1","recover":true,"offset":%d,"epoch":%q}`, sub.Subscribe.Offset, sub.Subscribe.Epoch))
	if again.Subscribe == nil || !again.Subscribe.Recovered {
		t.Errorf("not recovered: %+v", again)
	}
}

func TestKick(t *testing.T) {
	h := open(t)
	p, bystander := h.connected(t, "guest"), h.connected(t, "host")
	h.gone.Store("guest")
	h.Kick(guest, show.Principal{})
	if code, reason := p.end(); code != 4000 {
		t.Errorf("ended with %d %s, want 4000", code, reason)
	}
	again := h.come(t, "guest")
	_ = again.conn.Write(again.ctx, websocket.MessageText, []byte(`{"id":1,"connect":{}}`+"\n"+`{"id":2,"subscribe":{"channel":"desk:studio","type":1,"phase":2,"limit":100}}`))
	if code, reason := again.end(); code != 4500 || !strings.Contains(reason, "sign in") {
		t.Errorf("who is not known any more ended with %d %s, want 4500", code, reason)
	}
	if m := bystander.desk("studio"); m.Subscribe == nil {
		t.Errorf("the host was kicked too: %+v", m)
	}
}

func TestRightsAreAskedAgain(t *testing.T) {
	h := open(t)
	p := h.connected(t, "guest")
	p.desk("studio")
	h.gone.Store("guest") // and nobody tells the hub
	if code, reason := p.end(); code != 3005 {
		t.Errorf("ended with %d %s, want 3005", code, reason)
	}
}

func TestClose(t *testing.T) {
	h := open(t)
	h.Desk("studio", show.Change{Key: "overlays", Value: show.Overlays{}})
	h.Say("studio", "guest1", Message{Text: "hello"})
	p := h.connected(t, "guest")
	p.desk("studio")
	p.ask(`"subscribe":{"channel":"talk:studio/guest1"}`)
	h.Close("studio")
	ended := map[string]bool{}
	for len(ended) < 2 {
		if m := p.next(); m.Push != nil && m.Push.Unsubscribe != nil {
			ended[m.Push.Channel] = true
		}
	}
	late := h.connected(t, "guest")
	if m := late.desk("studio"); len(m.Subscribe.State) != 0 {
		t.Errorf("a new page finds %q", keysOf(m.Subscribe.State))
	}
	late.ask(`"subscribe":{"channel":"talk:studio/guest1"}`)
	if m := late.ask(`"history":{"channel":"talk:studio/guest1","limit":100}`); len(m.History.Publications) != 0 {
		t.Errorf("a new page hears %+v", m.History)
	}
}

func TestSlowPageIsDropped(t *testing.T) {
	h := open(t)
	p := h.connected(t, "admin")
	p.desk("studio")
	quick := h.connected(t, "host")
	quick.desk("studio")
	text := strings.Repeat("x", 8<<10)
	for deadline := time.Now().Add(15 * time.Second); testutil.ToFloat64(h.metrics.disconnects.WithLabelValues("slow")) == 0; {
		if time.Now().After(deadline) {
			t.Fatal("a page that never reads was never dropped")
		}
		h.Desk("studio", show.Change{Key: "overlays", Value: show.Overlays{SlateLine: text}})
		if m := quick.next(); m.Push == nil {
			t.Fatalf("the page that reads heard %+v", m)
		}
	}
	if n := testutil.ToFloat64(h.metrics.connections); n != 1 {
		t.Errorf("%v pages are connected, want 1", n)
	}
}

func TestLargeMessageEndsTheSocket(t *testing.T) {
	h := open(t)
	p := h.connected(t, "guest")
	_ = p.conn.Write(p.ctx, websocket.MessageText, []byte(`{"id":2,"rpc":{"method":"`+strings.Repeat("x", maxMessage)+`"}}`))
	if code, _ := p.end(); code != websocket.StatusMessageTooBig {
		t.Errorf("ended with %d, want %d", code, websocket.StatusMessageTooBig)
	}
}

func TestNoSocket(t *testing.T) {
	h := open(t)
	for _, tt := range []struct {
		name    string
		headers map[string]string
		status  int
	}{
		{"plain request", nil, http.StatusUpgradeRequired},
		{"another site", map[string]string{"Upgrade": "websocket", "Connection": "Upgrade", "Origin": "https://evil.example", "Cookie": "regie=admin"}, http.StatusForbidden},
		{"a file", map[string]string{"Upgrade": "websocket", "Connection": "Upgrade", "Origin": "null", "Cookie": "regie=admin"}, http.StatusForbidden},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url, nil)
			for k, v := range tt.headers {
				r.Header.Set(k, v)
			}
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if res.StatusCode != tt.status || res.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%d %s, want %d as a problem", res.StatusCode, body, tt.status)
			}
		})
	}
	ours := h.come(t, "guest", "Origin", h.url)
	if m := ours.ask(`"connect":{}`); m.Connect == nil {
		t.Errorf("a page of ours is not connected: %+v", m)
	}
}
