package web

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/regie-live/regie/gateway/events"
	"github.com/regie-live/regie/gateway/show"
)

// fakeRoom answers what a page asks of the room of a session, and tells it through
// a real hub. The rules of rooms are package audience's, and are tested there.
type fakeRoom struct {
	hub *events.Hub
	who func(*http.Request) string // a viewer; empty for nobody

	mu        sync.Mutex
	state     map[string]any
	messages  []map[string]any
	questions []map[string]any
	polls     []map[string]any
	pins      []map[string]any
	hands     []map[string]any
	names     map[string]string // by viewer
	asked     []string
	refuse    string // detail of the next refusal
	down      bool   // nothing that is sent arrives
}

const viewerCookie = "regie_viewer"

func newFakeRoom(hub *events.Hub) *fakeRoom {
	return &fakeRoom{hub: hub, who: byCookie, names: map[string]string{}, state: map[string]any{"paused": false, "slow_seconds": 0, "links_off": false, "hold_first": false, "closed": false}}
}

func byCookie(r *http.Request) string {
	c, err := r.Cookie(viewerCookie)
	if err != nil {
		return ""
	}
	return c.Value
}

// startRoomHub is a hub whose viewers are known by a cookie.
func startRoomHub(t *testing.T) *events.Hub {
	t.Helper()
	hub, err := events.New(events.Options{
		Who: func(r *http.Request) show.Principal {
			if c, err := r.Cookie(viewerCookie); err == nil {
				return show.Principal{Kind: show.Visitor, Viewer: show.ViewerID(c.Value)}
			}
			return show.Principal{}
		},
		May:           func(_ show.Principal, p show.Permission, _ show.SessionID) bool { return p == show.MayRead },
		ParticipantOf: func(show.Principal, show.SessionID) (show.ParticipantID, bool) { return "", false },
		Registerer:    prometheus.NewRegistry(), Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return run(t, hub)
}

// mount puts the room before what else answers.
func (f *fakeRoom) mount(rest http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		where, ok := strings.CutPrefix(r.URL.Path, "/api/v1/sessions/studio/")
		kind, _, _ := strings.Cut(where, "/")
		switch {
		case ok && (kind == "room" || kind == "pins"):
			f.serve(w, r, where)
		case r.URL.Path == "/api/v1/products":
			writeRoom(w, http.StatusOK, []map[string]any{
				{"id": "p1", "title": "Speckled stoneware glaze, 250 ml", "price": "14.00", "currency": "EUR", "url": "https://shop.example/1"},
				{"id": "p2", "title": "Trimming tool", "price": "9.50", "currency": "EUR", "url": "https://shop.example/2"},
			})
		default:
			rest.ServeHTTP(w, r)
		}
	})
}

func writeRoom(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the page has gone
}

func (f *fakeRoom) serve(w http.ResponseWriter, r *http.Request, where string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var body map[string]any
	_ = json.NewDecoder(r.Body).Decode(&body) // may be empty
	viewer := f.who(r)
	if r.Method != http.MethodGet {
		if f.down {
			http.Error(w, "not now", http.StatusBadGateway)
			return
		}
		text, _ := json.Marshal(body)
		f.asked = append(f.asked, strings.TrimSuffix(r.Method+" "+where+" "+string(text), " null"))
		if f.refuse != "" {
			writeRoom(w, http.StatusUnprocessableEntity, map[string]any{"detail": f.refuse})
			f.refuse = ""
			return
		}
	}
	switch r.Method + " " + where {
	case "GET room":
		writeRoom(w, http.StatusOK, map[string]any{
			"me": f.me(viewer), "state": f.state, "messages": f.messages, "questions": f.questions, "polls": f.polls, "pins": f.pins,
			"reactions": []string{"heart", "clap", "laugh", "wow", "fire"},
		})
	case "GET room/hands":
		writeRoom(w, http.StatusOK, append([]map[string]any{}, f.hands...))
	case "POST room/join":
		viewer = "viewer" + fmt.Sprint(len(f.names)+1)
		f.names[viewer] = fmt.Sprint(body["nickname"])
		http.SetCookie(w, &http.Cookie{Name: viewerCookie, Value: viewer, Path: "/", HttpOnly: true})
		writeRoom(w, http.StatusCreated, map[string]any{"me": f.me(viewer)})
	case "POST room/messages":
		f.post(w, viewer, body)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

func (f *fakeRoom) me(viewer string) map[string]any {
	if viewer == "account-u1" {
		return map[string]any{"id": viewer, "nickname": "Ana", "badge": "creator", "may": []string{}}
	}
	id := viewer
	if id == "" {
		id = "anonymous"
	}
	if f.names[viewer] == "" {
		id = ""
	}
	return map[string]any{"id": id, "nickname": f.names[viewer], "badge": "", "may": []string{}}
}

func (f *fakeRoom) post(w http.ResponseWriter, viewer string, body map[string]any) {
	me := f.me(viewer)
	m := map[string]any{"id": body["id"], "by": viewer, "name": me["nickname"], "badge": me["badge"], "text": body["text"], "at": time.Now().UTC()}
	if strings.HasPrefix(fmt.Sprint(body["text"]), "http") {
		writeRoom(w, http.StatusAccepted, map[string]any{"held": true, "why": "link"})
		return
	}
	f.messages = append(f.messages, m)
	f.hub.Room("studio", map[string]any{"type": "message", "message": m}, true)
	writeRoom(w, http.StatusCreated, map[string]any{"message": m})
}

// say lets somebody else say something.
func (f *fakeRoom) say(id, by, badge, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := map[string]any{"id": id, "by": by, "name": by, "badge": badge, "text": text, "at": time.Now().UTC()}
	f.messages = append(f.messages, m)
	f.hub.Room("studio", map[string]any{"type": "message", "message": m}, true)
}

// tell changes what is kept by key, for who asks and for who listens.
func (f *fakeRoom) tell(key string, value map[string]any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch kind, _, _ := strings.Cut(key, "/"); kind {
	case "state":
		f.state = value
	case "question":
		f.questions = append(f.questions, value)
	case "poll":
		f.polls = append(f.polls, value)
	case "pin":
		f.pins = append(f.pins, value)
	}
	f.hub.Live("studio", show.Change{Key: key, Value: value})
}

// did waits until a page has asked for something that contains part.
func (f *fakeRoom) did(t *testing.T, part string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		f.mu.Lock()
		asked := strings.Join(f.asked, "\n")
		f.mu.Unlock()
		if strings.Contains(asked, part) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("no page asked for %s; asked was:\n%s", part, asked)
		}
	}
}

// set changes the room itself.
func (f *fakeRoom) set(change func(*fakeRoom)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

// question, poll and pin are values as the API has them.
func aQuestion(id, name, text, state string, votes int) map[string]any {
	return map[string]any{"id": id, "by": name, "name": name, "text": text, "state": state, "votes": votes, "at": time.Now().UTC()}
}

func aPoll(id, state string, shown bool) map[string]any {
	return map[string]any{"id": id, "question": "Which glaze next?", "state": state, "shown": shown, "options": []map[string]any{{"text": "Celadon", "votes": 12}, {"text": "Tenmoku", "votes": 30}}}
}

func aPin(id string, start time.Time, seconds float64) map[string]any {
	return map[string]any{"id": id, "product": "p1", "title": "Speckled stoneware glaze, 250 ml", "price": "14.00", "currency": "EUR", "link": "/p/" + id, "stock": 32, "start": start.UTC(), "seconds": seconds}
}
