package api

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/regie-live/regie/gateway/show"
)

// ward is the moderation of a company.
type ward struct{ *company }

func (w ward) Glance(of show.SessionID) show.ModRoom { return show.ModRoom{Session: of, Held: 2} }
func (w ward) View(show.SessionID) show.ModView {
	return show.ModView{Messages: []show.ModMessage{}, Held: []show.Held{}, Reports: []show.Report{}, Levers: []show.Lever{}, Claims: map[string]show.Claim{}}
}
func (w ward) ActOnMessage(_ context.Context, by show.Principal, of show.SessionID, id string, a show.MessageAct) error {
	return w.note(fmt.Sprintf("%s %s %s in %s: %s", by.Name, a.Act, id, of, a.Reason))
}
func (w ward) Clear(_ context.Context, by show.Principal, of show.SessionID, reason string) error {
	return w.note(fmt.Sprintf("%s clear %s: %s", by.Name, of, reason))
}
func (w ward) Person(_ context.Context, _ show.SessionID, id show.ViewerID) (show.ModPerson, error) {
	return show.ModPerson{Watched: show.Watched{ID: id, Name: "Lou"}, Messages: []show.ModMessage{}, Acts: []show.Act{}}, w.err
}
func (w ward) ActOnPerson(_ context.Context, by show.Principal, of show.SessionID, id show.ViewerID, a show.PersonAct) error {
	return w.note(fmt.Sprintf("%s %s %s from %s for %d", by.Name, a.Act, id, of, a.Minutes))
}
func (w ward) SetLever(_ context.Context, by show.Principal, of show.SessionID, name show.LeverName, p show.LeverPatch) (show.Lever, error) {
	return show.Lever{Name: name, On: p.On, NameOfBy: by.Name}, w.note(fmt.Sprintf("%s %s %v in %s", by.Name, name, p.On, of))
}
func (w ward) Claim(by show.Principal, of show.SessionID, item string, over bool) (show.Claim, error) {
	return show.Claim{Name: by.Name}, w.note(fmt.Sprintf("%s on %s in %s, over %v", by.Name, item, of, over))
}
func (w ward) Release(by show.Principal, of show.SessionID, item string) error {
	return w.note(fmt.Sprintf("%s off %s in %s", by.Name, item, of))
}
func (w ward) Words() show.EventWords {
	return show.EventWords{Words: []string{"grumpf"}, Lists: []string{}}
}
func (w ward) SetWords(_ context.Context, by show.Principal, v show.EventWords) error {
	return w.note(fmt.Sprintf("%s words %v", by.Name, v.Words))
}

func TestModeration(t *testing.T) {
	of := "/api/v1/sessions/studio/moderation"
	for _, tt := range []struct {
		who, method, path, send string
		status                  int
		body, done              string
	}{
		{"moderator", "GET", "/api/v1/moderation", "", 200, `{"rooms":[{"session":"studio","title":"First session","phase":"live","held":2,`, ""},
		{"moderator", "GET", of, "", 200, `"levers":[],"claims":{}`, ""},
		{"moderator", "POST", of + "/messages/m1", `{"act":"hide","reason":"spam"}`, 204, ``, "Mod hide m1 in studio: spam"},
		{"moderator", "POST", of + "/messages/m1", `{"act":"eat"}`, 422, ``, ""},
		{"moderator", "POST", of + "/messages/m1", `{"act":"hide","reason":"` + strings.Repeat("x", 201) + `"}`, 422, ``, ""},
		{"creator", "POST", of + "/clear", `{"reason":"flood"}`, 204, ``, "Ana clear studio: flood"},
		{"host", "GET", of + "/people/v1", "", 200, `"name":"Lou"`, ""},
		{"moderator", "POST", of + "/people/v1", `{"act":"timeout","minutes":10}`, 204, ``, "Mod timeout v1 from studio for 10"},
		{"moderator", "PUT", of + "/levers/slow", `{"on":true,"value":5}`, 200, `"name_of_by":"Mod"`, "Mod slow true in studio"},
		{"moderator", "PUT", of + "/levers/slow", `{"on":true,"value":-5}`, 422, ``, ""},
		{"moderator", "PUT", of + "/claims/m1", "", 200, `"name":"Mod"`, "Mod on m1 in studio, over false"},
		{"moderator", "PUT", of + "/claims/m1?over=true", "", 200, `"name":"Mod"`, "Mod on m1 in studio, over true"},
		{"moderator", "DELETE", of + "/claims/m1", "", 204, ``, "Mod off m1 in studio"},
		{"admin", "GET", "/api/v1/event/words", "", 200, `{"words":["grumpf"],"lists":[],"review":null}`, ""},
		{"admin", "PUT", "/api/v1/event/words", `{"words":["a"],"lists":["en"],"review":null}`, 200, ``, "Root words [a]"},
		{"admin", "PUT", "/api/v1/event/words", `{"words":[],"lists":[],"review":{"url":"https://x.example","timeout_ms":9000,"fallback":"hold"}}`, 422, ``, ""},
	} {
		c := &company{}
		res := ask(t, serve(t, c), tt.who, tt.method, tt.path, tt.send)
		if res.StatusCode != tt.status || !strings.Contains(res.text, tt.body) || c.last() != tt.done {
			t.Errorf("%s %s %s: %d %s, did %q", tt.method, tt.path, tt.send, res.StatusCode, res.text, c.last())
		}
	}
}
