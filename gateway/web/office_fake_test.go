package web

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

// officeServer answers what the pages of those who run the event ask of the API,
// in the shapes of package api, whose own tests hold them.
type officeServer struct {
	*httptest.Server
	encoders Encoders

	mu       sync.Mutex
	open     bool // no administrator yet
	me       map[string]any
	sessions []show.Managed
	users    []show.User
	keys     []show.KeyInfo
	invites  []show.InviteInfo
	ingest   string // JSON
	refusals string
	cameras  []show.Camera
	asked    []string // method, path and body of what changes something
}

const (
	nobody = `{"kind":"","name":"","role":"","may":["read"]}`
	admin  = `{"kind":"account","name":"Iris","role":"admin","user":"u1","may":["users","sessions","desk","moderate","read"]}`
)

var officeTime = time.Date(2026, 11, 27, 14, 0, 0, 0, time.UTC)

func newOfficeServer(t *testing.T, me string) *officeServer {
	t.Helper()
	built(t)
	s := &officeServer{
		open: true, ingest: "[]", refusals: "[]",
		encoders: Encoders{RTMP: "1935", RTMPS: "1936", RTSP: "8554", WHIP: true, SelfSigned: true, Width: 1280, Height: 720, FPS: 30, Kbps: 2500},
		sessions: []show.Managed{
			{ID: "studio", Title: "Glaze day: five mugs, one kiln", HostName: "Ana", Starts: officeTime, Ends: officeTime.Add(45 * time.Minute), Phase: show.Live},
			{ID: "ink", Title: "Ink and nib", HostName: "Lou", Phase: show.Planned, Declared: true, Autostart: true},
			{ID: "bread", Title: "Sourdough, slowly", HostName: "Kim", Phase: show.Ended},
		},
		users: []show.User{
			{ID: "u1", Name: "Iris", Role: show.Admin, LastSeen: officeTime},
			{ID: "u2", Name: "Ana", Role: show.Creator},
			{ID: "u3", Name: "Sam", Role: show.Moderator, Disabled: true},
		},
		keys: []show.KeyInfo{
			{ID: "k1", Participant: "host", Name: "Ana", Created: officeTime, LastUsed: officeTime},
			{ID: "k2", Participant: "guest1", Name: "Théo", Created: officeTime},
			{ID: "k3", Participant: "host", Name: "Ana", Declared: true},
		},
		invites: []show.InviteInfo{
			{ID: "i1", Participant: "guest2", Seat: show.Guest, Name: "Mei", Created: officeTime, Expires: time.Now().Add(time.Hour), Used: officeTime},
			{ID: "i2", Participant: "guest3", Seat: show.Guest, Created: officeTime, Expires: officeTime, Revoked: true},
		},
	}
	s.set(me)
	mux := http.NewServeMux()
	mux.HandleFunc("/api/v1/{rest...}", s.serve)
	mux.Handle("/", Handler(Options{
		Sessions: programmeOf{session("studio", "Glaze day: five mugs, one kiln", show.Live, "Ana", "Théo")},
		Encoders: func() Encoders { return s.encoders },
		Logger:   slog.New(slog.DiscardHandler),
	}))
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func (s *officeServer) set(me string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := json.Unmarshal([]byte(me), &s.me); err != nil {
		panic(err)
	}
}

func (s *officeServer) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var body map[string]any
	_ = json.NewDecoder(r.Body).Decode(&body) // most have none
	if r.Method != http.MethodGet {
		text, _ := json.Marshal(body)
		s.asked = append(s.asked, r.Method+" "+r.PathValue("rest")+" "+string(text))
	}
	answer := func(status int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	refuse := func(status int, detail string) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"status":%d,"detail":%q}`, status, detail)
	}
	switch what := r.Method + " " + r.PathValue("rest"); {
	case what == "GET setup":
		answer(200, map[string]any{"open": s.open})
	case what == "POST setup" && body["token"] != "SETUP-TOKEN":
		refuse(403, "this setup link is not good any more; start Regie again for a new one")
	case what == "POST setup":
		_ = json.Unmarshal([]byte(admin), &s.me)
		answer(201, map[string]any{"me": s.me, "session": "studio"})
	case what == "POST signin" && body["password"] != "five mugs one kiln":
		refuse(401, "the name or the password is wrong; try again")
	case what == "POST signin":
		_ = json.Unmarshal([]byte(admin), &s.me)
		answer(200, map[string]any{"me": s.me})
	case what == "POST signin/passkey/options":
		answer(200, map[string]any{"publicKey": map[string]any{"challenge": "AAAA", "rpId": "localhost", "userVerification": "required"}})
	case what == "GET me/passkeys":
		answer(200, show.WaysIn{Password: true, Passkeys: []show.Passkey{
			{ID: "p1", Name: "iPhone", Site: "studio.example.org", Synced: true, Created: officeTime, LastUsed: officeTime},
			{ID: "p2", Name: "The key on my keyring", Site: "studio.example.org", Created: officeTime},
		}})
	case what == "GET me":
		answer(200, s.me)
	case strings.Contains(what, "/cameras/"):
		s.cameras = nil
		w.WriteHeader(http.StatusNoContent)
	case what == "POST signout", r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
	case s.me["kind"] == "":
		refuse(401, "sign in")
	case what == "GET manage":
		answer(200, s.sessions)
	case what == "POST sessions":
		m := show.Managed{ID: "new", Title: body["title"].(string), HostName: body["host_name"].(string), Phase: show.Planned}
		s.sessions = append(s.sessions, m)
		answer(201, m)
	case what == "GET users":
		answer(200, s.users)
	case what == "POST users":
		u := show.User{ID: "u4", Name: body["name"].(string), Role: show.Role(body["role"].(string))}
		s.users = append(s.users, u)
		answer(201, map[string]any{"user": u, "password": "correct horse battery"})
	case what == "GET audit":
		answer(200, []show.AuditEntry{{At: officeTime, By: "Iris", Act: "key.new", Session: "studio", Of: "host"}, {At: officeTime, By: "Iris", Act: "stage.live", Session: "studio"}, {At: officeTime, By: "Iris", Act: "odd.act"}})
	case strings.HasSuffix(what, "/keys") && r.Method == http.MethodGet:
		answer(200, s.keys)
	case strings.HasSuffix(what, "/keys"):
		k := show.KeyInfo{ID: "k9", Participant: "host", Name: "Ana", Created: officeTime}
		s.keys = append(s.keys, k)
		answer(201, map[string]any{"id": "k9", "participant": "host", "name": "Ana", "created": officeTime, "declared": false, "key": "NEW-KEY-123"})
	case strings.HasSuffix(what, "/cameras") && r.Method == http.MethodGet:
		answer(200, s.cameras)
	case strings.HasSuffix(what, "/cameras"):
		if body["address"] == "rtsp://10.0.0.9/1" {
			refuse(422, "10.0.0.9:554 is not on the public internet; let an administrator add it")
			return
		}
		c := show.Camera{Participant: "guest7", Name: body["name"].(string), Address: "rtsp://cam.example", CameraStatus: show.CameraStatus{State: show.CameraConnecting}}
		s.cameras = append(s.cameras, c)
		answer(201, c)
	case strings.HasSuffix(what, "/invites") && r.Method == http.MethodGet:
		answer(200, s.invites)
	case strings.HasSuffix(what, "/invites"):
		answer(201, map[string]any{"id": "i9", "participant": "guest4", "seat": body["seat"], "name": body["name"], "created": officeTime, "expires": officeTime, "revoked": false, "url": "/j/INVITE-TOKEN"})
	case strings.HasSuffix(what, "/ingest"):
		answer(200, json.RawMessage(s.ingest))
	case strings.HasSuffix(what, "/refusals"):
		answer(200, json.RawMessage(s.refusals))
	case r.Method == http.MethodPatch:
		answer(200, map[string]any{})
	default:
		refuse(404, "the fake does not know "+what)
	}
}

// heard says whether something was asked that begins with this.
func (s *officeServer) heard(prefix string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.asked {
		if strings.HasPrefix(a, prefix) {
			return true
		}
	}
	return false
}

func (s *officeServer) all() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.asked, "\n")
}
