package web

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

// modServer answers what the moderators' pages ask of the API, in the shapes of
// package api, whose own tests hold them. What is said and held is set by the test.
type modServer struct {
	*httptest.Server
	stream *liveStream

	mu    sync.Mutex
	away  bool // nobody gets an answer
	board modBoard
	desk  show.Desk
	asked []string
}

// modBoard is what package audience tells, and its people.
type modBoard struct {
	show.ModView
	people map[show.ViewerID]*show.ModPerson
}

const moderator = `{"kind":"account","name":"Iris","role":"moderator","user":"u2","may":["moderate","read"]}`

func newModServer(t *testing.T) *modServer {
	t.Helper()
	built(t)
	s := &modServer{stream: newLiveStream(t), board: aBusyRoom(time.Now())}
	s.desk = show.Desk{
		ID: "studio", Title: "Glaze day: five mugs, one kiln", Phase: show.Live, Width: 1280, Height: 720, Since: time.Now(),
		Program: show.Picture{Look: show.Look{Layout: show.Auto}}, Preview: show.Picture{Look: show.Look{Layout: show.Auto}},
		People: []show.Person{
			{ID: "host", Name: "Ana", Role: show.Host, Place: show.OnAir, Since: time.Now(), Volume: 1},
			{ID: "guest1", Name: "Théo", Role: show.Guest, Place: show.OnAir, Since: time.Now(), Volume: 1},
			{ID: "guest2", Name: "Mei", Role: show.Guest, Place: show.Backstage, Since: time.Now(), Volume: 1, Muted: true},
		},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/beacon", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/api/v1/{rest...}", s.serve)
	mux.Handle("/live/studio/", http.StripPrefix("/live/studio", s.stream))
	mux.Handle("/", Handler(Options{Sessions: s, Logger: slog.New(slog.DiscardHandler)}))
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func aBusyRoom(now time.Time) modBoard {
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	b := modBoard{ModView: show.ModView{Claims: map[string]show.Claim{}}, people: map[show.ViewerID]*show.ModPerson{}}
	for i, line := range []struct {
		author            show.ViewerID
		name, badge, text string
	}{
		{"v-kim", "Kim", "", "Bonjour from Lyon!"}, {"v-lou", "Lou", "", "Which clay is this? It looks so smooth on camera."},
		{"v-ana", "Ana", "creator", "Hello everybody, we start with the porcelain."}, {"v-sam", "Sam", "moderator", "Be kind to each other, please."},
		{"v-bot", "prize_4u", "", "You have won a prize, write to me"}, {"v-zoe", "Zoé", "", "<b>not bold</b> & a long word: Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen"},
		{"v-kim", "Kim", "", "The celadon one, please"}, {"v-lea", "Léa", "guest", "That kiln is huge"},
	} {
		said := show.Said{ID: fmt.Sprintf("m%d", i+1), By: line.author, Name: line.name, Badge: line.badge, Text: line.text, At: ago(time.Duration(60-i) * time.Second)}
		b.Messages = append(b.Messages, show.ModMessage{Said: said, Author: line.author, Flags: []string{}})
	}
	b.Messages[5].Hidden, b.Messages[5].HiddenBy = true, "Sam"
	b.Messages[4].Flags = []string{"repeat"}
	b.Held = []show.Held{
		show.NewHeld(show.IsMessage, show.Said{ID: "h1", By: "v-new", Name: "newcomer", Text: "look at example.org/mugs", At: ago(30 * time.Second)}, []string{"link", "first"}),
		show.NewHeld(show.IsQuestion, show.Said{ID: "h2", By: "v-lou", Name: "Lou", Text: "Is that d@mn glaze safe for food?", At: ago(20 * time.Second)}, []string{"word"}),
		show.NewHeld(show.IsMessage, show.Said{ID: "h3", By: "v-pat", Name: "Pat", Text: "gg gg gg gg", At: ago(10 * time.Second)}, []string{"repeat"}),
	}
	b.Reports = []show.Report{{ID: "m5", Message: b.Messages[4], Count: 3, Reasons: []string{"spam"}, At: ago(5 * time.Second)}}
	b.Levers = []show.Lever{{Name: show.LeverSlow, On: true, Value: 30, By: "u3", NameOfBy: "Sam", Until: now.Add(7 * time.Minute)}}
	b.Claims["h3"] = show.Claim{By: "u3", Name: "Sam", Until: now.Add(time.Minute)}
	return b
}

func (s *modServer) List() []show.SessionView {
	return []show.SessionView{
		session("studio", "Glaze day: five mugs, one kiln", show.Live, "Ana", "Théo", "Mei"),
		session("ink", "Ink and nib", show.Planned, "Lou"),
	}
}

func (s *modServer) Get(id show.SessionID) (show.SessionView, bool) {
	return programmeOf(s.List()).Get(id)
}

func (s *modServer) change(do func(b *modBoard)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do(&s.board)
}

func (s *modServer) setAway(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
}

func (s *modServer) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		panic(http.ErrAbortHandler) // as a network that is gone
	}
	var body map[string]any
	_ = json.NewDecoder(r.Body).Decode(&body) // most have none
	rest := r.PathValue("rest")
	if r.Method != http.MethodGet {
		text := ""
		if body != nil {
			raw, _ := json.Marshal(body)
			text = " " + string(raw)
		}
		s.asked = append(s.asked, strings.TrimSuffix(r.Method+" "+rest+"?"+r.URL.RawQuery, "?")+text)
	}
	answer := func(v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	within, inRoom := strings.CutPrefix(rest, "sessions/studio/moderation")
	switch {
	case rest == "events":
		http.Error(w, "not now", http.StatusServiceUnavailable)
	case rest == "me":
		answer(json.RawMessage(moderator))
	case rest == "sessions":
		answer(map[string]any{"sessions": s.List()})
	case rest == "moderation":
		answer(map[string]any{"rooms": []show.ModRoom{
			{Session: "ink", Title: "Ink and nib", Phase: show.Planned},
			{Session: "studio", Title: "Glaze day: five mugs, one kiln", Phase: show.Live, Held: 3, Reports: 1, LiveLevers: 1},
		}})
	case rest == "sessions/studio/desk":
		answer(s.desk)
	case rest == "sessions/ink/moderation":
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"status":403,"detail":"only moderators and those who run this session may do that"}`)
	case inRoom && r.Method == http.MethodGet && within == "":
		answer(s.board.ModView)
	case inRoom && strings.HasPrefix(within, "/people/") && r.Method == http.MethodGet:
		answer(s.person(show.ViewerID(strings.TrimPrefix(within, "/people/"))))
	case inRoom:
		s.act(within, body)
		w.WriteHeader(http.StatusNoContent)
	case r.Method != http.MethodGet:
		w.WriteHeader(http.StatusNoContent)
	default:
		http.NotFound(w, r)
	}
}

// act does what package audience would, as far as a page can see it.
func (s *modServer) act(within string, body map[string]any) {
	kind, id, _ := strings.Cut(strings.TrimPrefix(within, "/"), "/")
	b := &s.board
	switch kind {
	case "messages":
		for i := range b.Messages {
			if m := &b.Messages[i]; m.ID == id {
				m.Hidden, m.HiddenBy = body["act"] == "hide", "Iris"
			}
		}
		if body["act"] == "delete" {
			b.Messages = slices.DeleteFunc(b.Messages, func(m show.ModMessage) bool { return m.ID == id })
		}
		b.Held = slices.DeleteFunc(b.Held, func(h show.Held) bool { return h.ID == id })
		b.Reports = slices.DeleteFunc(b.Reports, func(r show.Report) bool { return r.ID == id })
	case "people":
		p := s.person(show.ViewerID(id))
		switch act := body["act"].(string); act {
		case "ban", "unban":
			p.Banned = act == "ban"
		case "trust", "untrust":
			p.Trusted = act == "trust"
		case "timeout":
			p.TimedOutUntil = time.Now().Add(time.Duration(body["minutes"].(float64)) * time.Minute)
		case "note":
			p.Note = body["note"].(string)
		}
	case "levers":
		b.Levers = []show.Lever{{Name: show.LeverName(id), On: body["on"] == true, By: "u2", NameOfBy: "Iris", Until: time.Now().Add(10 * time.Minute)}}
	}
}

func (s *modServer) person(id show.ViewerID) *show.ModPerson {
	p := s.board.people[id]
	if p == nil {
		p = &show.ModPerson{
			Watched: show.Watched{ID: id, Name: strings.TrimPrefix(string(id), "v-"), FirstSeen: officeTime},
			Acts:    []show.Act{{Act: "timeout", By: "Sam", At: officeTime, Reason: "spam"}},
		}
		s.board.people[id] = p
	}
	p.Messages = []show.ModMessage{}
	for _, m := range s.board.Messages {
		if m.Author == id {
			p.Name = m.Name
			p.Messages = append(p.Messages, m)
		}
	}
	return p
}

// did waits until something was asked that begins with this.
func (s *modServer) did(t *testing.T, prefix string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		s.mu.Lock()
		all := slices.Clone(s.asked)
		s.mu.Unlock()
		if slices.ContainsFunc(all, func(a string) bool { return strings.HasPrefix(a, prefix) }) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not asked: %s\nbut:\n%s", prefix, strings.Join(all, "\n"))
		}
	}
}
