package audience_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/regie-live/regie/gateway/audience"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/gateway/store"
)

var host = show.Principal{Kind: show.Invitee, Session: studio, Participant: "host", Name: "Ana", Role: show.Host}

// hall is a session's room with its moderators, on a real store.
type hall struct {
	*audience.Rooms
	t      *testing.T
	dir    string
	store  *store.Store
	mods   *audience.Moderation
	phase  show.Phase
	drawn  string
	others [][]byte
	reg    *prometheus.Registry

	mu    sync.Mutex
	clock time.Time
	told  []string
	live  map[string]string
	n     int
}

func newHall(t *testing.T) *hall {
	t.Helper()
	h := &hall{t: t, dir: t.TempDir(), phase: show.Live, clock: noon}
	h.open()
	if err := h.store.PutSession(t.Context(), show.StoredSession{Managed: show.Managed{ID: studio, Title: "First"}}, show.AuditEntry{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.close() })
	return h
}

func (h *hall) open() {
	h.t.Helper()
	var err error
	if h.store, err = store.Open(h.t.Context(), h.dir); err != nil {
		h.t.Fatal(err)
	}
	h.live, h.told, h.reg = map[string]string{}, nil, prometheus.NewRegistry()
	now := func() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.clock }
	h.Rooms = audience.OpenRooms(audience.RoomOptions{
		Store: h.store, Listeners: h, Registerer: h.reg, Logger: quiet, Now: now,
		May: func(p show.Principal, perm show.Permission, _ show.SessionID) bool {
			return perm == show.MayDesk && p.Role == show.Host || perm == show.MayModerate && p.Role == show.Moderator
		},
		Phase:    func(show.SessionID) show.Phase { return h.phase },
		Crew:     func(show.SessionID) []string { return []string{"Ana", "Théo", "Iris"} },
		OnAir:    func(_ show.SessionID, q show.Question) error { h.drawn = q.Text; return nil },
		OffAir:   func(show.SessionID) { h.drawn = "" },
		Admit:    func(_ ctx, _ show.Principal, _ show.SessionID, name string) (string, error) { return "/j/" + name, nil },
		Pins:     func(show.SessionID) []show.Pin { return nil },
		Viewers:  func(show.SessionID) int { return 3 },
		Sessions: func() []show.SessionID { return []show.SessionID{studio} },
		Others:   func(show.SessionID) [][]byte { return h.others },
	})
	h.mods, err = audience.OpenModeration(h.t.Context(), audience.ModerationOptions{
		Store: h.store, Floor: h.Rooms, Tell: func(show.SessionID, ...show.Change) {}, Registerer: h.reg, Logger: quiet, Now: now,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	if err := h.Use(h.t.Context(), h.mods); err != nil {
		h.t.Fatal(err)
	}
}

func (h *hall) close() {
	if err := h.store.Close(); err != nil {
		h.t.Error(err)
	}
}

// The hall is also those who listen.
func (h *hall) Room(_ show.SessionID, said any, keep bool) {
	b, _ := json.Marshal(said)
	var m struct {
		Type    string
		ID      string
		Message struct{ ID, Text string }
	}
	_ = json.Unmarshal(b, &m)
	h.mu.Lock()
	defer h.mu.Unlock()
	if m.Type == "reactions" {
		if keep {
			h.t.Error("reactions are kept")
		}
		h.told = append(h.told, string(b))
		return
	}
	h.told = append(h.told, strings.TrimSpace(fmt.Sprintf("%s %s%s", m.Type, m.ID, m.Message.Text)))
}

func (h *hall) Live(_ show.SessionID, changes ...show.Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range changes {
		if c.Value == nil {
			delete(h.live, c.Key)
			continue
		}
		b, _ := json.Marshal(c.Value)
		h.live[c.Key] = string(b)
	}
}

func (h *hall) Mod(_ show.SessionID, changes ...show.Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range changes {
		h.told = append(h.told, fmt.Sprintf("mod %s %v", strings.SplitN(c.Key, "/", 2)[0], c.Value != nil))
	}
}

func (h *hall) Me(_ show.ViewerID, said any) {
	b, _ := json.Marshal(said)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.told = append(h.told, "me "+string(b))
}

// heard is what was told since the last time.
func (h *hall) heard(want ...string) {
	h.t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if got := strings.Join(h.told, "\n"); got != strings.Join(want, "\n") {
		h.t.Errorf("heard:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
	h.told = nil
}

// pass lets time go by.
func (h *hall) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clock = h.clock.Add(d)
}

// comes gives somebody a name, and returns who they are to the API.
func (h *hall) comes(name string) (show.Principal, show.Token) {
	h.t.Helper()
	_, token, err := h.Join(h.t.Context(), show.Principal{}, "", studio, name, "192.0.2.1")
	if err != nil || len(token) < 43 {
		h.t.Fatalf("%s has the cookie %d long (%v)", name, len(token), err)
	}
	p, err := h.Who(h.t.Context(), token)
	if err != nil || p.Kind != show.Visitor || p.Name != name {
		h.t.Fatalf("%s is %+v (%v)", name, p, err)
	}
	return p, token
}

func (h *hall) id() string {
	h.n++
	return fmt.Sprintf("message-%08d", h.n)
}

// says something two seconds later.
func (h *hall) says(p show.Principal, text string) (show.Heard, error) {
	h.pass(2 * time.Second)
	return h.Say(h.t.Context(), p, studio, show.NewMessage{ID: h.id(), Text: text}, "192.0.2.1")
}

func (h *hall) must(p show.Principal, text string) show.Said {
	h.t.Helper()
	heard, err := h.says(p, text)
	if err != nil || heard.Held {
		h.t.Fatalf("%q: %+v (%v)", text, heard, err)
	}
	return heard.Said
}

func (h *hall) snapshot(p show.Principal) show.Room {
	h.t.Helper()
	r, err := h.Snapshot(h.t.Context(), p, studio)
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

func (h *hall) refuses(kind show.ErrorKind, err error) {
	h.t.Helper()
	if show.KindOf(err) != kind || len(err.Error()) < 15 {
		h.t.Errorf("%v, want a sentence of the kind %s", err, kind)
	}
}
