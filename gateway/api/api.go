// Package api is the HTTP API, version 1: what a page, a script or another
// service may ask about the sessions of this appliance, and what a player tells
// of how it plays.
//
// It guarantees:
//   - An answer is JSON; an error is a problem document (RFC 9457) whose detail
//     says what to do next.
//   - No answer holds a key, a token or a publisher's address.
//   - Answers may be cached for two seconds and carry an ETag, so that a crowd of
//     pages that ask every five seconds can be served by any HTTP cache.
//   - /api/openapi.json describes exactly the routes that exist; a test compares.
//
// The routes are few and one takes a body, whose bounds package viewers sets, so
// this is net/http with a description kept by hand. A framework (huma) earns its
// place with the second.
package api

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"

	"github.com/regie-live/regie/gateway/internal/problem"
	"github.com/regie-live/regie/gateway/show"
)

//go:embed openapi.json
var openAPI []byte

// Sessions is what this package asks of the gateway. List is in the order in
// which the sessions are to be shown.
type Sessions interface {
	List() []show.SessionView
	Get(show.SessionID) (show.SessionView, bool)
}

// Options say what Handler works with.
type Options struct {
	Sessions Sessions
	Beacon   http.Handler // what players tell; it answers every method
	Logger   *slog.Logger
}

type server struct {
	sessions Sessions
	beacon   http.Handler
	log      *slog.Logger
}

// route is one line of the API; the description must have the same lines.
type route struct {
	path   string
	method string // in lower case, as OpenAPI writes it
	handle http.HandlerFunc
}

func (s *server) routes() []route {
	return []route{
		{"/api/v1/sessions", "get", s.listSessions},
		{"/api/v1/sessions/{id}", "get", s.getSession},
		{"/api/v1/beacon", "post", func(w http.ResponseWriter, r *http.Request) { s.beacon.ServeHTTP(w, r) }},
		{"/api/openapi.json", "get", s.describe},
	}
}

// Handler serves everything below /api/.
func Handler(o Options) http.Handler {
	s := &server{sessions: o.Sessions, beacon: o.Beacon, log: o.Logger}
	mux := http.NewServeMux()
	for _, r := range s.routes() {
		if r.method == "post" {
			mux.HandleFunc(r.path, r.handle) // also to OPTIONS, for pages of other origins
			continue
		}
		mux.HandleFunc("GET "+r.path, r.handle)
		mux.HandleFunc(r.path, methodNotAllowed)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		problem.Write(w, problem.Problem{
			Status: http.StatusNotFound,
			Title:  "No such address in the API",
			Detail: "Read /api/openapi.json for the addresses that exist.",
		})
	})
	return mux
}

func methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", "GET, HEAD")
	problem.Write(w, problem.Problem{
		Status: http.StatusMethodNotAllowed,
		Title:  "This address can only be read",
		Detail: "Use GET. /api/openapi.json says what each address takes.",
	})
}

func (s *server) listSessions(w http.ResponseWriter, r *http.Request) {
	list := s.sessions.List()
	if list == nil {
		list = []show.SessionView{}
	}
	s.writeJSON(w, r, struct {
		Sessions []show.SessionView `json:"sessions"`
	}{list})
}

func (s *server) getSession(w http.ResponseWriter, r *http.Request) {
	view, ok := s.sessions.Get(show.SessionID(r.PathValue("id")))
	if !ok {
		problem.Write(w, problem.Problem{
			Status: http.StatusNotFound,
			Title:  "No such session",
			Detail: "Ask /api/v1/sessions for the sessions that this server knows.",
		})
		return
	}
	s.writeJSON(w, r, view)
}

func (s *server) describe(w http.ResponseWriter, r *http.Request) {
	writeBody(w, r, "application/vnd.oai.openapi+json;version=3.1", "public, max-age=300", openAPI)
}

func (s *server) writeJSON(w http.ResponseWriter, r *http.Request, v any) {
	body, err := json.Marshal(v)
	if err != nil { // only a type that cannot be JSON: a fault of ours
		s.log.Error("api: answer cannot be written as JSON", "path", r.URL.Path, "error", err)
		problem.Write(w, problem.Problem{
			Status: http.StatusInternalServerError,
			Title:  "The server could not write its answer",
			Detail: "Look into the server's log, and report it as a bug.",
		})
		return
	}
	writeBody(w, r, "application/json", "public, max-age=2", body)
}

// writeBody answers 304 when the client has the same bytes (RFC 9110 §13.1.2).
func writeBody(w http.ResponseWriter, r *http.Request, contentType, cache string, body []byte) {
	sum := sha256.Sum256(body)
	etag := `"` + hex.EncodeToString(sum[:9]) + `"`
	h := w.Header()
	h.Set("Cache-Control", cache)
	h.Set("ETag", etag)
	h.Set("Access-Control-Allow-Origin", "*") // public, and asked without credentials
	h.Set("X-Content-Type-Options", "nosniff")
	if matches(r.Header.Get("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", contentType)
	_, _ = w.Write(body) // the client has gone: nothing is left to do
}

func matches(ifNoneMatch, etag string) bool {
	for candidate := range strings.SplitSeq(ifNoneMatch, ",") {
		candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
		if candidate == etag || candidate == "*" {
			return true
		}
	}
	return false
}
