package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

func TestAnswers(t *testing.T) {
	tests := []struct {
		name              string
		who, method, path string
		send              string
		status            int
		body              string // what it must contain
		done              string // what was asked of people or stage
	}{
		{"list", "", "GET", "/api/v1/sessions", "", 200, `{"sessions":[{"id":"studio"`, ""},
		{"one", "", "GET", "/api/v1/sessions/studio", "", 200, `"hls_url":"/live/studio/index.m3u8"`, ""},
		{"head", "", "HEAD", "/api/v1/sessions/studio", "", 200, ``, ""},
		{"beacon of another origin", "", "OPTIONS", "/api/v1/beacon", "", 204, ``, ""},
		{"anonymous is no error", "", "GET", "/api/v1/me", "", 200, `{"kind":"","name":"","role":"","may":[]}`, ""},
		{"an unknown cookie is anonymous", "nobody", "GET", "/api/v1/me", "", 200, `{"kind":"",`, ""},
		{"me", "guest", "GET", "/api/v1/me", "", 200, `"session":"studio","participant":"guest1"`, ""},
		{"lists are no null", "admin", "GET", "/api/v1/users", "", 200, `[]`, "users"},
		{"a password made here is shown", "admin", "POST", "/api/v1/users", `{"name":"Lou","role":"creator"}`, 201, `"password":"made-for-you"`, "adduser Lou"},
		{"keys without the key", "creator", "GET", "/api/v1/sessions/studio/keys", "", 200, `[{"id":"k1","participant":"host"`, "keys"},
		{"a new key is shown", "creator", "POST", "/api/v1/sessions/studio/keys", `{"seat":"host"}`, 201, `"key":"THE-NEW-KEY"`, "addkey host"},
		{"a new invite is shown", "host", "POST", "/api/v1/sessions/studio/invites", `{"seat":"guest","name":"Mei"}`, 201, `"url":"/j/THE-INVITE"`, "addinvite"},
		{"join", "", "POST", "/api/v1/join", `{"invite":"tok","name":"Théo"}`, 200, `"session":"studio","participant":"guest1"`, "join tok Théo"},
		{"start", "host", "POST", "/api/v1/sessions/studio/start", "", 204, ``, "note stage.live studio"},
		{"take", "host", "POST", "/api/v1/sessions/studio/take", `{"fade":true}`, 204, ``, "take with fade"},
		{"cut", "host", "POST", "/api/v1/sessions/studio/take", `{}`, 204, ``, "take"},
		{"lower third", "host", "PATCH", "/api/v1/sessions/studio/overlays", `{"lower_third":{"title":"Ana"}}`, 204, ``, "overlay with Ana"},
		{"lower third away", "host", "PATCH", "/api/v1/sessions/studio/overlays", `{"lower_third":null}`, 204, ``, "overlay without lower third"},
		{"other overlays leave it", "host", "PATCH", "/api/v1/sessions/studio/overlays", `{"slate_line":"soon"}`, 204, ``, "overlay"},
		{"the desk moves", "creator", "PATCH", "/api/v1/sessions/studio/people/guest1", `{"place":"on_air"}`, 204, ``, "move guest1 on_air by the desk"},
		{"the desk mutes", "creator", "PATCH", "/api/v1/sessions/studio/people/guest1", `{"volume":0.5}`, 204, ``, "adjust guest1 by the desk"},
		{"a moderator mutes, which is noted", "moderator", "PATCH", "/api/v1/sessions/studio/people/guest1", `{"muted":true}`, 204, ``, "note person.mute studio"},
		{"a slate at once", "moderator", "PUT", "/api/v1/sessions/studio/slate", `{"slate":""}`, 204, ``, "note stage.slate studio"},
		{"a guest moves", "guest", "PATCH", "/api/v1/sessions/studio/me", `{"place":"waiting"}`, 204, ``, "move guest1 waiting"},
		{"the hosting account is the host", "creator", "PATCH", "/api/v1/sessions/studio/me", `{"self_muted":false}`, 204, ``, "adjust host"},
		{"a screen has a bearer of its own", "guest", "POST", "/api/v1/sessions/studio/me/publish", `{"screen":true}`, 200, `{"token":"BEARER-OF-guest1-screen","whip":"/whip","ice_servers":[{"urls":["turn:here"],"username":"u"}]}`, ""},
		{"a guest's return feed", "guest", "POST", "/api/v1/sessions/studio/return", "v=0", 201, ``, "return studio guest1 guest"},
		{"the host's return feed", "creator", "POST", "/api/v1/sessions/studio/return", "v=0", 201, ``, "return studio host:u-creator host"},
		{"a desk's return feed", "admin", "POST", "/api/v1/sessions/studio/return", "v=0", 201, ``, "return studio desk:u-admin host"},
		{"a profile", "host", "POST", "/api/v1/sessions/studio/obs-profile.zip?protocol=whip", `{"key":"K"}`, 200, `PK whip K`, ""},
		{"a logo", "", "GET", "/api/v1/sessions/studio/logo", "", 200, `png`, "logo"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &company{}
			res := ask(t, serve(t, c), tt.who, tt.method, tt.path, tt.send)
			if res.StatusCode != tt.status || !strings.Contains(res.text, tt.body) {
				t.Errorf("%d %s, want %d with %s", res.StatusCode, res.text, tt.status, tt.body)
			}
			if c.last() != tt.done {
				t.Errorf("%q was done, want %q", c.last(), tt.done)
			}
		})
	}
}

func TestProblems(t *testing.T) {
	long := `{"name":"` + strings.Repeat("x", maxBody) + `"}`
	tests := []struct {
		name              string
		err               error
		who, method, path string
		send              string
		status            int
		detail            string // what it must contain
	}{
		{"unknown address", nil, "", "GET", "/api/v1/nothing", "", 404, "/api/openapi.json"},
		{"wrong method", nil, "", "DELETE", "/api/v1/sessions", "", 405, "Use GET, HEAD, POST"},
		{"unknown session", nil, "", "GET", "/api/v1/sessions/nobody", "", 404, "/api/v1/sessions"},
		{"no JSON", nil, "", "POST", "/api/v1/signin", `{"name"`, 400, "one JSON object"},
		{"no body", nil, "", "POST", "/api/v1/signin", ``, 400, "one JSON object"},
		{"missing field", nil, "", "POST", "/api/v1/signin", `{"name":"n"}`, 422, "password"},
		{"unknown field", nil, "", "POST", "/api/v1/signin", `{"name":"n","password":"secret-1","pasword":"secret-2"}`, 422, "pasword"},
		{"wrong type", nil, "", "POST", "/api/v1/signin", `{"name":"n","password":["secret-1"]}`, 422, "password: expected string"},
		{"too long a name", nil, "", "POST", "/api/v1/join", `{"invite":"secret-1","name":"` + strings.Repeat("x", 41) + `"}`, 422, "name: expected length <= 40"},
		{"too long a body", nil, "admin", "POST", "/api/v1/users", long, 413, "Send less"},
		{"too large a logo", nil, "admin", "PUT", "/api/v1/sessions/studio/logo", strings.Repeat("x", maxLogo+1), 422, "256 KiB"},
		{"no place of that name", nil, "guest", "PATCH", "/api/v1/sessions/studio/me", `{"place":"on_air"}`, 422, "place"},
		{"invalid", &show.Error{Kind: show.Invalid, Detail: "choose a longer password"}, "", "POST", "/api/v1/signin", `{"name":"n","password":"p"}`, 422, "Choose a longer password."},
		{"wrong password", &show.Error{Kind: show.SignedOut, Detail: "no"}, "", "POST", "/api/v1/signin", `{"name":"n","password":"p"}`, 401, "No."},
		{"forbidden", &show.Error{Kind: show.Forbidden, Detail: "no"}, "host", "POST", "/api/v1/sessions/studio/start", ``, 403, "No."},
		{"gone", &show.Error{Kind: show.Gone, Detail: "it has expired"}, "", "GET", "/api/v1/invites/tok", ``, 410, "It has expired."},
		{"conflict", &show.Error{Kind: show.Conflict, Detail: "not on air"}, "host", "POST", "/api/v1/sessions/studio/end", ``, 409, "Not on air."},
		{"too often", &show.Error{Kind: show.TooMany, Detail: "wait", Wait: 2500 * time.Millisecond}, "", "POST", "/api/v1/signin", `{"name":"n","password":"p"}`, 429, "Wait."},
		{"a fault of ours", errors.New("disk: /var/secret-1"), "", "POST", "/api/v1/signin", `{"name":"n","password":"p"}`, 500, "server's log"},
		{"a fault while asking who", nil, "broken", "GET", "/api/v1/me", ``, 500, "server's log"},
		{"a panic", nil, "panic", "GET", "/api/v1/me", ``, 500, "server's log"},
		{"a fault of a raw route", errors.New("secret-1"), "", "GET", "/api/v1/sessions/studio/logo", ``, 500, "server's log"},
		{"text of another kind", nil, "", "POST", "/api/v1/signin", `<xml/>`, 400, "one JSON object"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res := ask(t, serve(t, &company{err: tt.err}), tt.who, tt.method, tt.path, tt.send)
			var p struct {
				Title, Detail string
				Status        int
			}
			if err := json.Unmarshal([]byte(res.text), &p); err != nil {
				t.Fatalf("%s: %v", res.text, err)
			}
			if res.StatusCode != tt.status || p.Status != tt.status || p.Title == "" || !strings.Contains(p.Detail, tt.detail) {
				t.Errorf("%d %s, want %d with %q", res.StatusCode, res.text, tt.status, tt.detail)
			}
			if got := res.Header.Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("it is %s", got)
			}
			if res.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("it may be cached: %q", res.Header.Get("Cache-Control"))
			}
			if strings.Contains(res.text, "secret") {
				t.Errorf("it repeats a secret: %s", res.text)
			}
			if tt.status == 429 && res.Header.Get("Retry-After") != "3" {
				t.Errorf("Retry-After is %q, want 3", res.Header.Get("Retry-After"))
			}
		})
	}
}

func TestUnchangedAnswerIs304(t *testing.T) {
	url := serve(t, &company{})
	first := ask(t, url, "", "GET", "/api/v1/sessions", "")
	etag := first.Header.Get("ETag")
	if etag == "" || first.Header.Get("Cache-Control") != "public, max-age=2" || first.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Fatalf("the headers are %v", first.Header)
	}
	for _, header := range []string{etag, `"other", W/` + etag, "*"} {
		if res := ask(t, url, "", "GET", "/api/v1/sessions", "", "If-None-Match", header); res.StatusCode != 304 {
			t.Errorf("If-None-Match: %s gave %d, want 304", header, res.StatusCode)
		}
	}
	if res := ask(t, url, "", "GET", "/api/v1/sessions/studio", "", "If-None-Match", etag); res.StatusCode != 200 {
		t.Errorf("another answer gave %d, want 200", res.StatusCode)
	}
	empty := httptest.NewServer(Handler(Options{Sessions: shown(nil), Logger: quiet}))
	defer empty.Close()
	if res := ask(t, empty.URL, "", "GET", "/api/v1/sessions", ""); res.text != `{"sessions":[]}` {
		t.Errorf("no sessions are %s", res.text)
	}
	if res := ask(t, empty.URL, "", "GET", "/api/v1/me", ""); res.StatusCode != 404 {
		t.Errorf("without people: %d %s", res.StatusCode, res.text)
	}
}

func TestOtherSites(t *testing.T) {
	for _, tt := range []struct {
		name, method, path, send string
		header                   []string
		status                   int
	}{
		{"another site signs out", "POST", "/api/v1/signout", "", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"an old browser says its origin", "POST", "/api/v1/signout", "", []string{"Origin", "https://evil.example"}, 403},
		{"a neighbour", "PATCH", "/api/v1/sessions/studio/preview", `{}`, []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"a raw route", "PUT", "/api/v1/sessions/studio/logo", "png", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"ours", "POST", "/api/v1/signout", "", []string{"Sec-Fetch-Site", "same-origin"}, 204},
		{"a program", "POST", "/api/v1/signout", "", nil, 204},
		{"reading does no harm", "GET", "/api/v1/me", "", []string{"Sec-Fetch-Site", "cross-site"}, 200},
		{"a player elsewhere tells how it plays", "POST", "/api/v1/beacon", "{}", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://embeds.example"}, 204},
	} {
		t.Run(tt.name, func(t *testing.T) {
			res := ask(t, serve(t, &company{}), "admin", tt.method, tt.path, tt.send, tt.header...)
			if res.StatusCode != tt.status {
				t.Errorf("%d %s, want %d", res.StatusCode, res.text, tt.status)
			}
			if tt.status == 403 && res.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("no problem: %s", res.text)
			}
			if cors := res.Header.Get("Access-Control-Allow-Origin"); tt.status == 200 && cors != "" {
				t.Errorf("pages of %q may read who I am", cors)
			}
		})
	}
}

func TestCookie(t *testing.T) {
	for _, tt := range []struct {
		name   string
		header []string
		secure bool
	}{
		{"plain", nil, false},
		{"behind a proxy with TLS", []string{"X-Forwarded-Proto", "https"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &company{}
			url := serve(t, c)
			res := ask(t, url, "", "POST", "/api/v1/signin", `{"name":"Ana","password":"pw"}`, append(tt.header, "X-Forwarded-For", "6.6.6.6, 203.0.113.9")...)
			if len(res.Cookies()) != 1 {
				t.Fatalf("%d cookies: %v", len(res.Cookies()), res.Header)
			}
			k := res.Cookies()[0]
			if k.Name != "regie" || k.Value != "fresh" || !k.HttpOnly || k.SameSite != http.SameSiteLaxMode || k.Path != "/" || k.Secure != tt.secure || k.MaxAge < 3000 || k.Domain != "" {
				t.Errorf("the cookie is %s", k)
			}
			if strings.Contains(res.text, "fresh") {
				t.Errorf("the token is in the body: %s", res.text)
			}
			if res.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("it may be cached: %v", res.Header)
			}
			if c.last() != "signin 203.0.113.9 Ana pw" {
				t.Errorf("%q was done", c.last())
			}
		})
	}
	c := &company{}
	res := ask(t, serve(t, c), "guest", "POST", "/api/v1/signout", "")
	if k := res.Cookies(); len(k) != 1 || k[0].MaxAge >= 0 || k[0].Value != "" {
		t.Errorf("signing out leaves %v", k)
	}
	if c.last() != "signout guest" || len(c.kicked) != 1 || c.kicked[0].Participant != "guest1" {
		t.Errorf("%q was done, kicked %v", c.last(), c.kicked)
	}
	if me := ask(t, serve(t, c), "guest", "GET", "/api/v1/me", "").Cookies(); len(me) != 1 || me[0].Value != "guest" {
		t.Errorf("me renews %v", me)
	}
}

func TestKicked(t *testing.T) {
	guest := show.Principal{Kind: show.Invitee, Session: "studio", Participant: "guest1"}
	for _, tt := range []struct {
		who, method, path, send string
		want                    show.Principal
	}{
		{"host", "POST", "/api/v1/sessions/studio/people/guest1/remove", "", guest},
		{"host", "DELETE", "/api/v1/sessions/studio/invites/i1", "", guest},
		{"admin", "PATCH", "/api/v1/users/u7", `{"disabled":true}`, show.Principal{Kind: show.Account, User: "u7"}},
		{"admin", "DELETE", "/api/v1/users/u7", "", show.Principal{Kind: show.Account, User: "u7"}},
	} {
		c := &company{}
		ask(t, serve(t, c), tt.who, tt.method, tt.path, tt.send)
		if !slices.Equal(c.kicked, []show.Principal{tt.want}) {
			t.Errorf("%s %s kicks %v", tt.method, tt.path, c.kicked)
		}
		failing := &company{err: &show.Error{Kind: show.Conflict, Detail: "no"}}
		ask(t, serve(t, failing), tt.who, tt.method, tt.path, tt.send)
		if len(failing.kicked) != 0 {
			t.Errorf("%s %s failed and kicks %v", tt.method, tt.path, failing.kicked)
		}
	}
}

func TestMessages(t *testing.T) {
	for _, tt := range []struct {
		who, send string
		status    int
		with      show.ParticipantID
		from      show.ParticipantID
		name      string
	}{
		{"guest", `{"to":"host","text":" hello "}`, 204, "guest1", "guest1", "Théo on stage"},
		{"host", `{"to":"guest1","text":"hello"}`, 204, "guest1", "host", "Ana"},
		{"creator", `{"to":"guest1","text":"hello"}`, 204, "guest1", "host", "Ana"},
		{"admin", `{"to":"guest1","text":"hello"}`, 204, "guest1", "desk", "Root"},
		{"admin", `{"to":"host","text":"hello"}`, 204, "host", "desk", "Root"},
		{"guest", `{"to":"guest1","text":"hello"}`, 403, "", "", ""},
		{"host", `{"to":"host","text":"hello"}`, 422, "", "", ""},
		{"host", `{"to":"guest9","text":"hello"}`, 404, "", "", ""},
		{"host", `{"to":"guest1-screen","text":"hello"}`, 404, "", "", ""},
		{"host", `{"to":"guest1","text":"  "}`, 422, "", "", ""},
		{"host", `{"to":"guest1","text":"` + strings.Repeat("é", 501) + `"}`, 422, "", "", ""},
		{"host", `{"to":"guest1","text":"` + strings.Repeat("é", 500) + `"}`, 204, "guest1", "host", "Ana"},
	} {
		c := &company{}
		res := ask(t, serve(t, c), tt.who, "POST", "/api/v1/sessions/studio/messages", tt.send)
		if res.StatusCode != tt.status {
			t.Errorf("%s %.40s: %d %s, want %d", tt.who, tt.send, res.StatusCode, res.text, tt.status)
			continue
		}
		if tt.status != 204 {
			continue
		}
		if m := c.said[0]; c.with[0] != tt.with || m.From != tt.from || m.FromName != tt.name || m.Text != strings.TrimSpace(m.Text) || m.At.IsZero() {
			t.Errorf("%s %.40s: said %+v with %s", tt.who, tt.send, m, c.with[0])
		}
	}
}

func TestMessagesAreHeldBack(t *testing.T) {
	var limits talkLimits
	now := time.Unix(1_800_000_000, 0)
	guest := show.Principal{Kind: show.Invitee, Session: "studio", Participant: "guest1", Name: "Théo"}
	for i := range messagesAtOnce {
		if wait := limits.wait(guest, now); wait != 0 {
			t.Fatalf("message %d must wait %s", i, wait)
		}
	}
	guest.Name = "another name"
	if wait := limits.wait(guest, now); wait <= 0 || wait > time.Second {
		t.Errorf("one too many waits %s", wait)
	}
	if wait := limits.wait(show.Principal{Kind: show.Account, User: "u1"}, now); wait != 0 {
		t.Errorf("somebody else waits %s", wait)
	}
	if wait := limits.wait(guest, now.Add(time.Second)); wait != 0 {
		t.Errorf("a second later it waits %s", wait)
	}
	c := &company{}
	url := serve(t, c)
	var last answer
	for range 2*messagesAtOnce + 5 {
		last = ask(t, url, "guest", "POST", "/api/v1/sessions/studio/messages", `{"to":"host","text":"spam"}`)
	}
	if last.StatusCode != 429 || last.Header.Get("Retry-After") != "1" {
		t.Errorf("%d %s", last.StatusCode, last.text)
	}
}
