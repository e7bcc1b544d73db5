package events

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/regie-live/regie/gateway/show"
)

// house is a hub behind a real server, with people who are known by the name in
// their cookie.
type house struct {
	*Hub
	url  string
	gone atomic.Value // the name of whom nobody knows any more
}

var (
	host  = show.Principal{Kind: show.Invitee, Role: show.Host, Session: "studio", Participant: "host"}
	guest = show.Principal{Kind: show.Invitee, Role: show.Guest, Session: "studio", Participant: "guest1"}
	other = show.Principal{Kind: show.Invitee, Role: show.Guest, Session: "elsewhere", Participant: "guest1"}
	admin = show.Principal{Kind: show.Account, Role: show.Admin, User: "u1"}
	mod   = show.Principal{Kind: show.Account, Role: show.Moderator, User: "u2"}
	view  = show.Principal{Kind: show.Visitor, Viewer: "v1"}
)

func open(t *testing.T) *house {
	t.Helper()
	h := &house{}
	h.gone.Store("")
	people := map[string]show.Principal{"host": host, "guest": guest, "other": other, "admin": admin, "moderator": mod, "viewer": view}
	var err error
	h.Hub, err = New(Options{
		Who: func(r *http.Request) show.Principal {
			c, err := r.Cookie("regie")
			if err != nil || c.Value == h.gone.Load() {
				return show.Principal{}
			}
			return people[c.Value]
		},
		May: func(p show.Principal, perm show.Permission, s show.SessionID) bool {
			switch perm {
			case show.MayRead:
				return s == "studio"
			case show.MayModerate:
				return p.Role == show.Admin || p.Role == show.Moderator
			}
			return perm == show.MayDesk && (p.Role == show.Admin || p.Role == show.Host && p.Session == s)
		},
		ParticipantOf: func(p show.Principal, s show.SessionID) (show.ParticipantID, bool) {
			return p.Participant, p.Kind == show.Invitee && p.Session == s
		},
		Registerer: prometheus.NewRegistry(),
		Logger:     slog.New(slog.DiscardHandler),
		AskAgain:   time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h.Handler())
	h.url = server.URL
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- h.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-stopped; err != nil {
			t.Errorf("the hub did not stop: %v", err)
		}
		server.Close()
	})
	return h
}

// page is one socket that speaks centrifuge's JSON protocol.
type page struct {
	t     *testing.T
	conn  *websocket.Conn
	ctx   context.Context
	id    int
	lines [][]byte // of the last frame
}

// message is what a page hears.
type message struct {
	ID    int
	Error *struct {
		Code    int
		Message string
	}
	Connect   *struct{ Client string }
	Subscribe *struct {
		Phase     int
		Offset    uint64
		Epoch     string
		Recovered bool

		Publications []publication
		State        []publication
	}
	History *struct{ Publications []publication }
	Push    *struct {
		Channel     string
		Pub         *publication
		Unsubscribe *struct{ Code int }
	}
}

type publication struct {
	Key     string
	Offset  uint64
	Removed bool
	Data    json.RawMessage
}

// come opens the page of who, without connecting yet.
func (h *house) come(t *testing.T, who string, header ...string) *page {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	hs := http.Header{"Cookie": {"regie=" + who}}
	for i := 0; i < len(header); i += 2 {
		hs.Set(header[i], header[i+1])
	}
	conn, res, err := websocket.Dial(ctx, h.url, &websocket.DialOptions{HTTPHeader: hs})
	if err != nil {
		t.Fatalf("%v (%v)", err, res)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &page{t: t, conn: conn, ctx: ctx}
}

// connected opens the page of who.
func (h *house) connected(t *testing.T, who string) *page {
	t.Helper()
	p := h.come(t, who)
	if m := p.ask(`"connect":{}`); m.Connect == nil {
		t.Fatalf("%s is not connected: %+v", who, m)
	}
	return p
}

// ask sends a command and waits for its reply.
func (p *page) ask(command string) message {
	p.t.Helper()
	p.id++
	id, _ := json.Marshal(p.id)
	if err := p.conn.Write(p.ctx, websocket.MessageText, []byte(`{"id":`+string(id)+`,`+command+`}`)); err != nil {
		p.t.Fatal(err)
	}
	for {
		if m := p.next(); m.ID == p.id {
			return m
		}
	}
}

// desk subscribes to the desk of a session and returns its state.
func (p *page) desk(session string) message {
	p.t.Helper()
	m := p.ask(`"subscribe":{"channel":"desk:` + session + `","type":1,"phase":2,"limit":100}`)
	if m.Subscribe != nil && m.Subscribe.Phase != 0 {
		p.t.Fatalf("a small state came in more than one page: %+v", m.Subscribe)
	}
	return m
}

// next is the next thing the page hears; pings are answered on the way.
func (p *page) next() message {
	p.t.Helper()
	m, err := p.read()
	if err != nil {
		p.t.Fatal(err)
	}
	return m
}

func (p *page) read() (message, error) {
	for {
		for len(p.lines) > 0 {
			line := p.lines[0]
			p.lines = p.lines[1:]
			if string(line) == "{}" {
				_ = p.conn.Write(p.ctx, websocket.MessageText, []byte("{}"))
				continue
			}
			var m message
			return m, json.Unmarshal(line, &m)
		}
		_, frame, err := p.conn.Read(p.ctx)
		if err != nil {
			return message{}, err
		}
		p.lines = bytes.Split(bytes.TrimSpace(frame), []byte("\n"))
	}
}

// end reads until the socket ends and says how.
func (p *page) end() (websocket.StatusCode, string) {
	p.t.Helper()
	for {
		if _, err := p.read(); err != nil {
			var closed websocket.CloseError
			if !errors.As(err, &closed) {
				p.t.Fatalf("ended without a word: %v", err)
			}
			return closed.Code, closed.Reason
		}
	}
}

func keysOf(state []publication) string {
	var keys []string
	for _, p := range state {
		keys = append(keys, p.Key)
	}
	return strings.Join(keys, " ")
}
