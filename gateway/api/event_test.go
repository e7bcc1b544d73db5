package api

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

// plan is the schedule of a company.
type plan struct{ *company }

func (p plan) Current() show.Schedule {
	return show.Schedule{
		Event:    show.Event{Name: "Clay", TimeZone: "Europe/Paris", Days: []show.Day{}},
		Creators: []show.Profile{}, Slots: []show.Slot{{Session: "studio", Title: "First session"}}, Now: time.Now(),
	}
}
func (p plan) SetEvent(_ context.Context, _ show.Principal, e show.Event) error {
	return p.note("setevent " + e.Name)
}
func (p plan) AddCreator(_ context.Context, _ show.Principal, n show.NewProfile) (show.Profile, error) {
	return show.Profile{ID: "ana", Name: n.Name}, p.note("addcreator " + n.Name)
}
func (p plan) ChangeCreator(_ context.Context, _ show.Principal, id show.CreatorID, _ show.ProfilePatch) (show.Profile, error) {
	return show.Profile{ID: id}, p.note("changecreator " + string(id))
}
func (p plan) RemoveCreator(_ context.Context, _ show.Principal, id show.CreatorID) error {
	return p.note("removecreator " + string(id))
}
func (p plan) Picture(context.Context, show.CreatorID) ([]byte, string, error) {
	return []byte("png"), "image/png", p.note("picture")
}
func (p plan) SetPicture(_ context.Context, _ show.Principal, id show.CreatorID, image []byte) error {
	return p.note("setpicture " + string(id) + " " + string(image[:min(len(image), 8)]))
}
func (p plan) ChangeSlot(_ context.Context, _ show.Principal, id show.SessionID, _ show.SlotPatch) (show.Slot, error) {
	return show.Slot{Session: id}, p.note("changeslot " + string(id))
}
func (p plan) Poster(context.Context, show.SessionID) ([]byte, string, error) {
	return []byte("jpeg"), "image/jpeg", p.note("poster")
}
func (p plan) SetPoster(_ context.Context, _ show.Principal, id show.SessionID, image []byte) error {
	return p.note("setposter " + string(id) + " " + string(image[:min(len(image), 8)]))
}

func (p plan) Import(_ context.Context, _ show.Principal, format string, text []byte, dryRun bool) (show.Imported, error) {
	return show.Imported{Changes: []string{"New."}}, p.note(fmt.Sprint("import ", format, " ", string(text), " ", dryRun))
}
func (p plan) Export(_ context.Context, _ show.Principal, format string) ([]byte, error) {
	return []byte("event in " + format), p.note("export " + format)
}

// A file's type says what it is; what is not said is refused, not guessed.
func TestEventFiles(t *testing.T) {
	c := &company{}
	url := serve(t, c)
	for _, tt := range []struct{ query, contentType, want string }{
		{"?dry_run=true", "text/csv; charset=utf-8", "import csv FILE true"},
		{"?dry_run=false", "application/yaml", "import yaml FILE false"},
		{"", "text/yaml", "import yaml FILE false"},
		{"?dry_run=1", "text/yaml", ""},
		{"", "application/json", ""},
	} {
		c.done = nil
		res := ask(t, url, "admin", "POST", "/api/v1/event/import"+tt.query, "FILE", "Content-Type", tt.contentType)
		if c.last() != tt.want || res.StatusCode/100 != map[bool]int{true: 4, false: 2}[tt.want == ""] {
			t.Errorf("%s %s: %d %s, did %q, want %q", tt.query, tt.contentType, res.StatusCode, res.text, c.last(), tt.want)
		}
	}
	if res := ask(t, url, "admin", "GET", "/api/v1/event/export?format=csv", ""); res.text != "event in csv" || res.Header.Get("Content-Disposition") != `attachment; filename="event.csv"` {
		t.Errorf("%s %v", res.text, res.Header)
	}
}

// Whoever has the schedule and asks again gets nothing but that, though time passes.
func TestScheduleIsTagged(t *testing.T) {
	url := serve(t, &company{})
	first := ask(t, url, "", "GET", "/api/v1/event", "")
	tag := first.Header.Get("ETag")
	if first.StatusCode != 200 || tag == "" || !strings.Contains(first.text, `"now":"2`) || first.Header.Get("Cache-Control") != "public, max-age=2" {
		t.Fatalf("%d %s %v", first.StatusCode, first.text, first.Header)
	}
	if again := ask(t, url, "", "GET", "/api/v1/event", "", "If-None-Match", tag); again.StatusCode != http.StatusNotModified || again.text != "" {
		t.Errorf("%d %s, want 304", again.StatusCode, again.text)
	}
}

func TestPictures(t *testing.T) {
	c := &company{}
	url := serve(t, c)
	for path, cache := range map[string]string{
		"/api/v1/event/creators/ana/picture":     "public, max-age=60",
		"/api/v1/event/creators/ana/picture?v=1": "public, max-age=31536000, immutable",
		"/api/v1/sessions/studio/poster?v=1":     "public, max-age=31536000, immutable",
	} {
		res := ask(t, url, "", "GET", path, "")
		if res.StatusCode != 200 || res.Header.Get("Cache-Control") != cache || !strings.HasPrefix(res.Header.Get("Content-Type"), "image/") {
			t.Errorf("%s: %d %v", path, res.StatusCode, res.Header)
		}
	}
	for _, path := range []string{"/api/v1/event/creators/ana/picture", "/api/v1/sessions/studio/poster"} {
		before := c.last()
		if res := ask(t, url, "admin", "PUT", path, strings.Repeat("x", maxPicture+1)); res.StatusCode != 422 || !strings.Contains(res.text, "more than 1 MiB") || c.last() != before {
			t.Errorf("%s takes too much: %d %s", path, res.StatusCode, res.text)
		}
	}
	c.err = &show.Error{Kind: show.NotFound, Detail: "there is none"}
	if res := ask(t, url, "", "GET", "/api/v1/sessions/studio/poster", ""); res.StatusCode != 404 || !strings.Contains(res.text, "There is none.") {
		t.Errorf("%d %s", res.StatusCode, res.text)
	}
}

// An overlap is a conflict, and an appliance without a schedule says so.
func TestSlotAnswers(t *testing.T) {
	c := &company{err: &show.Error{Kind: show.Conflict, Detail: "“A” overlaps “B”; move one"}}
	if res := ask(t, serve(t, c), "admin", "PATCH", "/api/v1/sessions/studio/slot", `{"starts":"2026-11-27T10:00:00Z"}`); res.StatusCode != 409 || !strings.Contains(res.text, "“A” overlaps “B”") {
		t.Errorf("%d %s", res.StatusCode, res.text)
	}
	o := c.options()
	o.Event = nil
	off := httptest.NewServer(Handler(o))
	defer off.Close()
	for _, route := range []string{"GET /api/v1/event", "PUT /api/v1/event/creators/ana/picture", "PATCH /api/v1/sessions/studio/slot"} {
		method, path, _ := strings.Cut(route, " ")
		if res := ask(t, off.URL, "admin", method, path, "{}"); res.StatusCode != 404 || !strings.Contains(res.text, "no event") {
			t.Errorf("%s: %d %s", route, res.StatusCode, res.text)
		}
	}
}
