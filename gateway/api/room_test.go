package api

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/regie-live/regie/gateway/show"
)

// hall is the company's rooms: it notes what is asked, and knows one viewer.
type hall struct{ *company }

func (h hall) Who(_ context.Context, t show.Token) (show.Principal, error) {
	if t != "lou" {
		return show.Principal{}, nil
	}
	return show.Principal{Kind: show.Visitor, Viewer: "v-lou", Name: "Lou"}, nil
}

func (h hall) did(what string, p show.Principal, of show.SessionID) error {
	return h.note(what + " " + string(of) + " " + string(p.ViewerID()))
}

func (h hall) Snapshot(_ context.Context, p show.Principal, of show.SessionID) (show.Room, error) {
	return show.Room{Me: show.MyPlace{ID: p.ViewerID()}}, h.did("snapshot", p, of)
}

func (h hall) Join(_ context.Context, p show.Principal, token show.Token, of show.SessionID, name, _ string) (show.MyPlace, show.Token, error) {
	if token == "lou" {
		return show.MyPlace{ID: "v-lou", Nickname: name}, "", h.did("join", p, of)
	}
	return show.MyPlace{ID: "v-new", Nickname: name}, "secret-of-a-viewer", h.did("join", p, of)
}

func (h hall) Say(_ context.Context, p show.Principal, of show.SessionID, n show.NewMessage, _ string) (show.Heard, error) {
	return show.Heard{Said: show.Said{ID: n.ID, Text: n.Text}, Held: n.Text == "bad", Why: []string{"word"}}, h.did("say", p, of)
}

func (h hall) React(_ context.Context, p show.Principal, of show.SessionID, kind string, _ int, _ string) error {
	return h.did("react "+kind, p, of)
}

func (h hall) Report(_ context.Context, p show.Principal, of show.SessionID, id, reason, _, _ string) error {
	return h.did("report "+id+" "+reason, p, of)
}

func (h hall) Ask(_ context.Context, p show.Principal, of show.SessionID, n show.NewQuestion, _ string) (show.Question, show.Heard, error) {
	return show.Question{ID: n.ID}, show.Heard{Held: n.Text == "bad"}, h.did("ask", p, of)
}

func (h hall) VoteQuestion(_ context.Context, p show.Principal, of show.SessionID, id string, _ bool, _ string) error {
	return h.did("vote "+id, p, of)
}

func (h hall) SetQuestion(_ context.Context, of show.SessionID, id string, state show.QuestionState) (show.Question, error) {
	return show.Question{ID: id, State: state}, h.note("question " + string(of))
}

func (h hall) AddPoll(_ context.Context, of show.SessionID, n show.NewPoll) (show.Poll, error) {
	return show.Poll{Question: n.Question}, h.note("poll " + string(of))
}

func (h hall) SetPoll(_ context.Context, of show.SessionID, id string, _ show.PollPatch) (show.Poll, error) {
	return show.Poll{ID: id}, h.note("poll " + string(of))
}

func (h hall) VotePoll(_ context.Context, p show.Principal, of show.SessionID, id string, _ int, _ string) error {
	return h.did("choose "+id, p, of)
}

func (h hall) RaiseHand(_ context.Context, p show.Principal, of show.SessionID, _ bool, _, _ string) error {
	return h.did("hand", p, of)
}

func (h hall) Hands(_ context.Context, of show.SessionID) ([]show.Hand, error) {
	return nil, h.note("hands " + string(of))
}

func (h hall) AnswerHand(_ context.Context, by show.Principal, of show.SessionID, v show.ViewerID, _ bool) error {
	return h.note("answer " + string(of) + " " + string(v))
}

func TestViewersAreKnownByTheirCookie(t *testing.T) {
	c := &company{}
	url := serve(t, c)
	room := "/api/v1/sessions/studio/room"
	res := ask(t, url, "", "POST", room+"/join", `{"nickname":"Lou"}`)
	cookie := res.Header.Get("Set-Cookie")
	for _, want := range []string{"regie_viewer=secret-of-a-viewer", "HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie is %q, without %s", cookie, want)
		}
	}
	if strings.Contains(res.text, "secret") || res.StatusCode != http.StatusCreated {
		t.Errorf("%s %s", res.Status, res.text)
	}
	res = ask(t, url, "", "POST", room+"/join", `{"nickname":"Lou"}`, "Cookie", "regie_viewer=lou")
	if res.Header.Get("Set-Cookie") != "" {
		t.Errorf("a second cookie: %q", res.Header.Get("Set-Cookie"))
	}
	for _, tt := range []struct {
		cookie, body string
		status       int
		did          string
	}{
		{"regie_viewer=lou", `{"id":"0123456789abcdef","text":"hello"}`, http.StatusCreated, "say studio v-lou"},
		{"regie_viewer=lou", `{"id":"0123456789abcdef","text":"bad"}`, http.StatusAccepted, "say studio v-lou"},
		{"regie_viewer=lou; regie=admin", `{"id":"0123456789abcdef","text":"hello"}`, http.StatusCreated, "say studio account-u-admin"},
		{"regie_viewer=lou; regie=gone", `{"id":"0123456789abcdef","text":"hello"}`, http.StatusCreated, "say studio v-lou"},
		{"regie_viewer=forged", `{"id":"0123456789abcdef","text":"hello"}`, http.StatusUnauthorized, ""},
		{"regie_viewer=lou", `{"id":"short","text":"hello"}`, http.StatusUnprocessableEntity, ""},
		{"regie_viewer=lou", `{"id":"0123456789abcdef","text":"` + strings.Repeat("x", 1<<20) + `"}`, http.StatusRequestEntityTooLarge, ""},
	} {
		c.done = nil
		res := ask(t, url, "", "POST", room+"/messages", tt.body, "Cookie", tt.cookie)
		if res.StatusCode != tt.status || c.last() != tt.did {
			t.Errorf("%s %.50s: %d %.200s, did %q", tt.cookie, tt.body, res.StatusCode, res.text, c.last())
		}
	}
	// A viewer is nobody elsewhere.
	if res := ask(t, url, "", "POST", room+"/polls", `{"question":"?","options":["a","b"]}`, "Cookie", "regie_viewer=lou"); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("a viewer makes a poll: %d", res.StatusCode)
	}
	if res := ask(t, url, "", "GET", "/api/v1/sessions/nowhere/room", ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("the room of no session: %d", res.StatusCode)
	}
}
