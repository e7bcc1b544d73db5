// Package wish is the HTTP side that WHIP (RFC 9725) and WHEP share: POST an
// offer, PATCH trickled candidates or an ICE restart, DELETE; and OPTIONS, for
// browsers on other origins and for clients that look for ICE servers.
//
// It guarantees:
//   - Every refusal is a problem document (RFC 9457) and ends nothing but the
//     request: a PATCH with a missing (428) or wrong (412) If-Match leaves the
//     session as it is.
//   - A session's address is a bare path that nobody can guess: who knows it may
//     end the session, so it needs no further key. It is relative to the host, so
//     it is right behind any proxy that keeps paths; we never redirect.
//   - Bodies over maxBody are not read.
package wish

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/regie-live/regie/gateway/internal/sdpfrag"
)

// maxBody is twice what a browser offers for a return feed with its fourteen sections.
const maxBody = 128 << 10

// Offer is what a POST brings.
type Offer struct {
	ID      string // of the session to be
	SDP     string //
	Bearer  string // from Authorization; empty when there is none
	Remote  string // host:port
	Query   url.Values
	Context context.Context // of the request
	Reached net.Addr        // our address that the request came in on; may be nil
}

// Session is a running one. Patch's error is a *Problem; a nil reply means that
// there is nothing to tell the client.
type Session interface {
	ETag() string
	Patch(f sdpfrag.Fragment, match string) (reply *sdpfrag.Fragment, err error)
	Leave()
}

// Endpoint serves one WHIP or WHEP endpoint and its sessions: an http.Handler
// for base and everything below it.
type Endpoint struct {
	base  string
	links []string
	start func(Offer) (Session, string, error)

	mu       sync.Mutex
	sessions map[string]Session
}

// NewEndpoint makes an Endpoint whose sessions have addresses below base, a path
// as clients see it, and tells clients of the ICE servers in links, values of Link
// headers. Start begins a session and returns the answer; its error is
// a *Problem. Whoever starts sessions must Forget them when they end.
func NewEndpoint(base string, links []string, start func(Offer) (Session, string, error)) *Endpoint {
	return &Endpoint{base: strings.TrimRight(base, "/"), links: links, start: start, sessions: map[string]Session{}}
}

// Forget removes a session that has ended. It may come before start returns.
func (e *Endpoint) Forget(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.sessions, id)
}

// ServeHTTP looks at the path's last element only: base may have been stripped
// by whoever mounted us.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	setCORS(w.Header())
	id, ok := e.id(r.URL.Path)
	var err error
	switch {
	case !ok:
		err = notFound()
	case id == "":
		err = e.endpoint(w, r)
	default:
		err = e.session(w, r, id)
	}
	if err != nil {
		write(w, err)
	}
}

// id is what follows the endpoint's name in the path.
func (e *Endpoint) id(path string) (string, bool) {
	name := e.base[strings.LastIndexByte(e.base, '/')+1:]
	path = strings.TrimPrefix(path, strings.TrimSuffix(e.base, name))
	path = strings.TrimPrefix(path, "/")
	if path == name {
		return "", true
	}
	id, ok := strings.CutPrefix(path, name+"/")
	return id, ok && !strings.Contains(id, "/")
}

func (e *Endpoint) endpoint(w http.ResponseWriter, r *http.Request) error {
	switch r.Method {
	case http.MethodPost:
		return e.post(w, r)
	case http.MethodOptions:
		options(w.Header(), "POST, OPTIONS")
		w.Header().Set("Accept-Post", "application/sdp")
		e.link(w.Header())
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return notAllowed("POST, OPTIONS")
}

func (e *Endpoint) post(w http.ResponseWriter, r *http.Request) error {
	body, err := read(w, r, "application/sdp")
	if err != nil {
		return err
	}
	offer := Offer{ID: rand.Text(), SDP: body, Bearer: Bearer(r.Header.Get("Authorization")), Remote: r.RemoteAddr, Query: r.URL.Query(), Context: r.Context()}
	offer.Reached, _ = r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	s, answer, err := e.begin(offer)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/sdp")
	h.Set("Location", e.base+"/"+offer.ID)
	h.Set("ETag", s.ETag())
	h.Set("Accept-Patch", sdpfrag.ContentType)
	e.link(h)
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, answer)
	return nil
}

func (e *Endpoint) link(h http.Header) {
	for _, l := range e.links {
		h.Add("Link", l)
	}
}

// begin reserves the id before the session starts: if it is gone afterwards, the
// session has already ended and been forgotten.
func (e *Endpoint) begin(o Offer) (Session, string, error) {
	e.mu.Lock()
	e.sessions[o.ID] = nil
	e.mu.Unlock()
	s, answer, err := e.start(o)
	e.mu.Lock()
	defer e.mu.Unlock()
	if err != nil {
		delete(e.sessions, o.ID)
		return nil, "", err
	}
	if _, waiting := e.sessions[o.ID]; waiting {
		e.sessions[o.ID] = s
	}
	return s, answer, nil
}

func (e *Endpoint) session(w http.ResponseWriter, r *http.Request, id string) error {
	const methods = "PATCH, DELETE, OPTIONS"
	if r.Method == http.MethodOptions {
		options(w.Header(), methods)
		w.Header().Set("Accept-Patch", sdpfrag.ContentType)
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	e.mu.Lock()
	s := e.sessions[id]
	if s != nil && r.Method == http.MethodDelete {
		delete(e.sessions, id)
	}
	e.mu.Unlock()
	switch {
	case r.Method != http.MethodPatch && r.Method != http.MethodDelete:
		return notAllowed(methods)
	case s == nil:
		return notFound()
	case r.Method == http.MethodDelete:
		s.Leave()
		w.WriteHeader(http.StatusOK)
		return nil
	}
	return patch(w, r, s)
}

func patch(w http.ResponseWriter, r *http.Request, s Session) error {
	body, err := read(w, r, sdpfrag.ContentType)
	if err != nil {
		return err
	}
	match := r.Header.Get("If-Match")
	if match == "" {
		return &Problem{Status: http.StatusPreconditionRequired, Detail: "PATCH needs If-Match with the session's ETag; the session goes on"}
	}
	f, err := sdpfrag.Parse(body)
	if err != nil {
		return &Problem{Status: http.StatusBadRequest, Detail: "not a trickle ICE fragment: " + err.Error()}
	}
	reply, err := s.Patch(f, match)
	if err != nil {
		return err
	}
	w.Header().Set("ETag", s.ETag())
	if reply == nil {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	w.Header().Set("Content-Type", sdpfrag.ContentType)
	_, _ = io.WriteString(w, reply.String())
	return nil
}

// Bearer reads an Authorization header (RFC 6750 section 2.1). A header of another
// scheme is for a proxy before us and gives an empty key, as does none.
func Bearer(header string) string {
	scheme, key, _ := strings.Cut(header, " ")
	if key = strings.TrimSpace(key); !strings.EqualFold(scheme, "Bearer") || len(key) > 4096 {
		return ""
	}
	return key
}

// read takes a body of the wanted media type.
func read(w http.ResponseWriter, r *http.Request, want string) (string, error) {
	got, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || got != want {
		return "", &Problem{Status: http.StatusUnsupportedMediaType, Detail: "Content-Type must be " + want}
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return "", &Problem{Status: http.StatusRequestEntityTooLarge, Detail: "the body is longer than 128 KiB"}
	}
	if err != nil {
		return "", &Problem{Status: http.StatusBadRequest, Detail: "the body did not arrive whole"}
	}
	return string(b), nil
}

// setCORS lets pages of any origin use us: keys are in headers, never in cookies.
// Without the exposed headers such a page could not read where its session is.
func setCORS(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "Location, ETag, Link, Accept-Patch, Accept-Post, Retry-After, WWW-Authenticate")
}

func options(h http.Header, methods string) {
	h.Set("Allow", methods)
	h.Set("Access-Control-Allow-Methods", methods)
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match")
	h.Set("Access-Control-Max-Age", "86400")
}
