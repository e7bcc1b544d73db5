package api

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regie-live/regie/gateway/internal/problem"
	"github.com/regie-live/regie/gateway/show"
)

type sessions []show.SessionView

func (s sessions) List() []show.SessionView { return s }

func (s sessions) Get(id show.SessionID) (show.SessionView, bool) {
	i := slices.IndexFunc(s, func(v show.SessionView) bool { return v.ID == id })
	if i < 0 {
		return show.SessionView{}, false
	}
	return s[i], true
}

var studio = show.NewSessionView(show.Session{
	ID: "studio", Title: "First session",
	Participants: []show.Participant{{ID: "host", Name: "Ana", Role: show.Host}},
}, show.Live, []show.ParticipantID{"host"})

func handler(s Sessions) http.Handler {
	beacon := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	return Handler(Options{Sessions: s, Beacon: beacon, Logger: slog.New(slog.DiscardHandler)})
}

func do(t *testing.T, h http.Handler, method, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func TestAnswers(t *testing.T) {
	tests := []struct {
		name         string
		sessions     sessions
		method, path string
		status       int
		contentType  string
		body         string // what it must contain
	}{
		{"list", sessions{studio}, "GET", "/api/v1/sessions", 200, "application/json", `{"sessions":[{"id":"studio"`},
		{"empty list is no null", nil, "GET", "/api/v1/sessions", 200, "application/json", `{"sessions":[]}`},
		{"one", sessions{studio}, "GET", "/api/v1/sessions/studio", 200, "application/json", `"hls_url":"/live/studio/index.m3u8"`},
		{"head", sessions{studio}, "HEAD", "/api/v1/sessions/studio", 200, "application/json", ""},
		{"unknown session", sessions{studio}, "GET", "/api/v1/sessions/nobody", 404, "application/problem+json", "No such session"},
		{"unknown address", nil, "GET", "/api/v1/nothing", 404, "application/problem+json", "/api/openapi.json"},
		{"wrong method", nil, "POST", "/api/v1/sessions", 405, "application/problem+json", "Use GET"},
		{"beacon", nil, "POST", "/api/v1/beacon", 204, "", ""},
		{"another origin asks whether it may beacon", nil, "OPTIONS", "/api/v1/beacon", 204, "", ""},
		{"description", nil, "GET", "/api/openapi.json", 200, "application/vnd.oai.openapi+json;version=3.1", `"openapi": "3.1.0"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res := do(t, handler(tt.sessions), tt.method, tt.path)
			if res.StatusCode != tt.status || res.Header.Get("Content-Type") != tt.contentType {
				t.Errorf("%d %q, want %d %q", res.StatusCode, res.Header.Get("Content-Type"), tt.status, tt.contentType)
			}
			body, _ := io.ReadAll(res.Body)
			if !strings.Contains(string(body), tt.body) {
				t.Errorf("body %s does not contain %s", body, tt.body)
			}
			if tt.status >= 400 {
				var p problem.Problem
				if err := json.Unmarshal(body, &p); err != nil || p.Status != tt.status || p.Title == "" || p.Detail == "" {
					t.Errorf("not a whole problem document: %s (%v)", body, err)
				}
			}
		})
	}
}

func TestUnchangedAnswerIs304(t *testing.T) {
	h := handler(sessions{studio})
	first := do(t, h, "GET", "/api/v1/sessions")
	etag := first.Header.Get("ETag")
	if etag == "" {
		t.Fatal("no ETag")
	}
	for _, header := range []string{etag, `"other", W/` + etag, "*"} {
		if res := do(t, h, "GET", "/api/v1/sessions", "If-None-Match", header); res.StatusCode != 304 {
			t.Errorf("If-None-Match: %s gave %d, want 304", header, res.StatusCode)
		}
	}
	ended := studio
	ended.Phase = show.Ended
	if res := do(t, handler(sessions{ended}), "GET", "/api/v1/sessions", "If-None-Match", etag); res.StatusCode != 200 {
		t.Errorf("a session that changed gave %d, want 200", res.StatusCode)
	}
}

// description is the part of OpenAPI that the tests compare with the code.
type description struct {
	Paths      map[string]map[string]struct{ OperationID string }
	Components struct {
		Schemas map[string]struct {
			Required   []string
			Properties map[string]any
		}
	}
}

func readDescription(t *testing.T) description {
	t.Helper()
	var d description
	if err := json.Unmarshal(openAPI, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDescriptionHasTheRoutes(t *testing.T) {
	described := map[string][]string{}
	for path, operations := range readDescription(t).Paths {
		for method := range operations {
			described[path] = append(described[path], method)
		}
	}
	served := map[string][]string{}
	for _, r := range (&server{}).routes() {
		served[r.path] = []string{r.method}
	}
	if diff := cmp.Diff(served, described); diff != "" {
		t.Errorf("openapi.json differs from the routes (-served +described):\n%s", diff)
	}
}

func TestDescriptionHasTheFields(t *testing.T) {
	d := readDescription(t)
	for name, v := range map[string]any{
		"Session":     show.SessionView{},
		"Participant": show.ParticipantView{},
		"Problem":     problem.Problem{},
	} {
		schema := d.Components.Schemas[name]
		var fields, required, described []string
		for f := range reflect.TypeOf(v).Fields() {
			tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			fields = append(fields, tag)
			if options != "omitzero" {
				required = append(required, tag)
			}
		}
		for p := range schema.Properties {
			described = append(described, p)
		}
		slices.Sort(fields)
		slices.Sort(described)
		if diff := cmp.Diff(fields, described); diff != "" {
			t.Errorf("%s: fields differ (-code +openapi.json):\n%s", name, diff)
		}
		slices.Sort(required)
		slices.Sort(schema.Required)
		if diff := cmp.Diff(required, schema.Required); diff != "" {
			t.Errorf("%s: required fields differ (-code +openapi.json):\n%s", name, diff)
		}
	}
}
