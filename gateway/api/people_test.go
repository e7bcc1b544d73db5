package api_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/regie-live/regie/gateway/api"
	"github.com/regie-live/regie/gateway/people"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/gateway/store"
)

var _ api.People = (*people.Service)(nil)

// sessions are those that people made.
type sessions struct{ people *people.Service }

func (s sessions) List() (views []show.SessionView) {
	for _, session := range s.people.Stages() {
		views = append(views, show.NewSessionView(session, show.Planned, nil))
	}
	return views
}

func (s sessions) Get(id show.SessionID) (show.SessionView, bool) {
	for _, v := range s.List() {
		if v.ID == id {
			return v, true
		}
	}
	return show.SessionView{}, false
}

// browser keeps cookies, as a person's does.
type browser struct {
	t    *testing.T
	url  string
	http http.Client
}

func (b *browser) ask(method, path, send string, want int) map[string]any {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.url+"/api/v1/"+path, strings.NewReader(send))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != want {
		b.t.Fatalf("%s %s: %d %s (%v), want %d", method, path, res.StatusCode, text, err, want)
	}
	var v map[string]any
	_ = json.Unmarshal(text, &v) // a list is not looked into
	return v
}

// From nothing to a guest on a stage and out again, on the real store.
func TestPeopleForReal(t *testing.T) {
	dir := t.TempDir()
	db, err := store.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	p, err := people.Open(t.Context(), people.Options{Store: db, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	var kicked []show.Principal
	server := httptest.NewServer(api.Handler(api.Options{
		Sessions: sessions{p}, People: p, Logger: slog.New(slog.DiscardHandler),
		Kick: func(who ...show.Principal) { kicked = append(kicked, who...) },
	}))
	t.Cleanup(server.Close)
	open := func() *browser {
		jar, _ := cookiejar.New(nil)
		return &browser{t: t, url: server.URL, http: http.Client{Jar: jar}}
	}

	admin := open()
	if admin.ask("GET", "setup", "", 200)["open"] != true {
		t.Error("setup is not open on a new appliance")
	}
	_, token, _ := strings.Cut(p.SetupLink(), "#")
	admin.ask("POST", "setup", `{"token":"wrong","name":"Ana","password":"correct horse battery"}`, 410)
	admin.ask("POST", "setup", `{"token":"`+token+`","name":"Ana","password":"short"}`, 422)
	done := admin.ask("POST", "setup", `{"token":"`+token+`","name":"Ana","password":"correct horse battery","session_title":"My show"}`, 201)
	id, _ := done["session"].(string)
	if id == "" {
		t.Fatalf("no session was made: %v", done)
	}
	admin.ask("GET", "sessions/"+id+"/manage", "", 200)
	admin.ask("GET", "audit", "", 200)
	admin.ask("POST", "sessions/"+id+"/keys", `{"seat":"host"}`, 201)
	invite := admin.ask("POST", "sessions/"+id+"/invites", `{"seat":"guest"}`, 201)
	link, _ := invite["url"].(string)
	secret := strings.TrimPrefix(link, "/j/")

	guest := open()
	guest.ask("GET", "sessions/"+id+"/keys", "", 401)
	if got := guest.ask("GET", "invites/"+secret, "", 200); got["title"] != "My show" {
		t.Errorf("the invite says %v", got)
	}
	guest.ask("GET", "invites/NOT-AN-INVITE", "", 404)
	me := guest.ask("POST", "join", `{"invite":"`+secret+`","name":"Théo"}`, 200)
	who, _ := me["participant"].(string)
	guest.ask("GET", "sessions/"+id+"/keys", "", 403)
	if got := guest.ask("POST", "sessions/"+id+"/me/publish", `{}`, 200); len(got["token"].(string)) < 22 {
		t.Errorf("the bearer is short: %v", got)
	}
	admin.ask("POST", "sessions/"+id+"/people/"+who+"/remove", "", 204)
	if got := guest.ask("GET", "me", "", 200); got["kind"] != "" {
		t.Errorf("who was removed is still %v", got)
	}
	if len(kicked) != 1 || string(kicked[0].Participant) != who {
		t.Errorf("kicked are %v", kicked)
	}
	guest.ask("POST", "join", `{"invite":"`+secret+`","name":"Théo"}`, 410)

	admin.ask("POST", "signout", "", 204)
	admin.ask("GET", "users", "", 401)
	admin.ask("POST", "signin", `{"name":"Ana","password":"wrong horse battery"}`, 401)
	admin.ask("POST", "signin", `{"name":"Ana","password":"correct horse battery"}`, 200)
	admin.ask("DELETE", "sessions/"+id, "", 204)
	admin.ask("GET", "sessions/"+id+"/manage", "", 404)
}
