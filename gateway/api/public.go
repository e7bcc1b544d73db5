package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/regie-live/regie/gateway/internal/problem"
	"github.com/regie-live/regie/gateway/show"
)

type sessionList struct {
	Sessions []show.SessionView `json:"sessions" nullable:"false"`
}

// beacon describes what package viewers reads.
type beacon struct {
	SID       string  `json:"sid" doc:"The page's own random name" minLength:"8" maxLength:"64"`
	CID       string  `json:"cid" doc:"The session"`
	Event     string  `json:"e" enum:"t,ps,e,end" doc:"Every ten seconds, the play state changed, an error, the end"`
	Startup   float64 `json:"msd,omitempty" doc:"Milliseconds until the first picture"`
	Latency   float64 `json:"ltc,omitempty" doc:"Milliseconds behind the program"`
	Stalled   float64 `json:"bsd,omitempty" doc:"Milliseconds stalled since the last beacon"`
	Codes     string  `json:"ec,omitempty" doc:"Of an error: network, decode, refused or another word"`
	Delivery  string  `json:"com.regie-delivery" enum:"llhls,whep"`
	Rendition string  `json:"com.regie-rendition,omitempty"`
	Bytes     float64 `json:"com.regie-bytes,omitempty" doc:"Since the last beacon"`
	Watched   float64 `json:"com.regie-watched,omitempty" doc:"Milliseconds since the last beacon"`
}

func (s *server) public() {
	s.raw("GET", base+"/sessions", anyone, "The sessions of this appliance", sessionList{}, s.listSessions)
	s.raw("GET", base+"/sessions/{s}", anyone, "One session", show.SessionView{}, s.getSession)
	s.raw("POST", base+"/beacon", anyone, "What a player tells of how it plays", nil, func(w http.ResponseWriter, r *http.Request, _ *caller) {
		s.Beacon.ServeHTTP(w, r)
	}, func(op *huma.Operation) {
		schema := s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[beacon](), true, "")
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: schema}, "text/plain": {Schema: schema}}}
		op.Responses = map[string]*huma.Response{"204": {Description: "Counted"}, "429": {Description: "Too many; Retry-After says when"}}
	})
	s.raw("GET", base+"/events", anyone, "A websocket that tells pages what changes (centrifuge); it asks who it is itself", nil, func(w http.ResponseWriter, r *http.Request, _ *caller) {
		if s.Events == nil {
			s.write(w, off("Events are off"))
			return
		}
		s.Events.ServeHTTP(w, r)
	}, func(op *huma.Operation) {
		op.Responses = map[string]*huma.Response{"101": {Description: "A websocket"}}
	})
}

func (s *server) listSessions(w http.ResponseWriter, r *http.Request, _ *caller) {
	list := s.Sessions.List()
	if list == nil {
		list = []show.SessionView{}
	}
	s.writeJSON(w, r, sessionList{list})
}

func (s *server) getSession(w http.ResponseWriter, r *http.Request, _ *caller) {
	view, ok := s.Sessions.Get(show.SessionID(r.PathValue("s")))
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

func (s *server) writeJSON(w http.ResponseWriter, r *http.Request, v any) {
	body, err := json.Marshal(v)
	if err != nil { // only a type that cannot be JSON: a fault of ours
		s.log.Error("api: answer cannot be written as JSON", "path", r.URL.Path, "error", err)
		problem.Write(w, internalProblem)
		return
	}
	writeBody(w, r, "application/json", "public, max-age=2", body)
}

// writeBody answers 304 when the client has the same bytes (RFC 9110 §13.1.2).
func writeBody(w http.ResponseWriter, r *http.Request, contentType, cache string, body []byte) {
	writeTagged(w, r, contentType, cache, etagOf(body), body)
}

func etagOf(b []byte) string {
	sum := sha256.Sum256(b)
	return `"` + hex.EncodeToString(sum[:9]) + `"`
}

func writeTagged(w http.ResponseWriter, r *http.Request, contentType, cache, etag string, body []byte) {
	h := w.Header()
	h.Set("Cache-Control", cache)
	h.Set("ETag", etag)
	h.Set("Access-Control-Allow-Origin", "*") // public, and asked without credentials
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
