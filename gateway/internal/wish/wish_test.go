package wish

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/regie-live/regie/gateway/internal/sdpfrag"
	"github.com/regie-live/regie/gateway/rtc"
)

const pwd = "aaaaaaaaaaaaaaaaaaaaaa"

// fake is a Session with one ICE restart in it.
type fake struct {
	mu    sync.Mutex
	etag  string
	ufrag string
	left  int
}

func (s *fake) ETag() string { s.mu.Lock(); defer s.mu.Unlock(); return s.etag }
func (s *fake) Leave()       { s.mu.Lock(); defer s.mu.Unlock(); s.left++ }

func (s *fake) Patch(f sdpfrag.Fragment, match string) (*sdpfrag.Fragment, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if match != "*" && match != s.etag {
		return nil, &Problem{Status: http.StatusPreconditionFailed, Detail: "an earlier session"}
	}
	if f.Ufrag == s.ufrag {
		return nil, nil
	}
	s.ufrag, s.etag = f.Ufrag, `"2"`
	return &sdpfrag.Fragment{Ufrag: "ours", Pwd: pwd, MID: f.MID, End: true}, nil
}

// call is a request with what it must lead to.
type call struct {
	name, method, path, body string
	headers                  []string
	status                   int
	want                     map[string]string // headers
}

func frag(ufrag string) string { return "a=ice-ufrag:" + ufrag + "\r\na=ice-pwd:" + pwd + "\r\n" }

func TestEndpoint(t *testing.T) {
	s := &fake{etag: `"1"`, ufrag: "peer"}
	var offer Offer
	e := NewEndpoint("/live/a/whep", []string{`<stun:stun.example.org>; rel="ice-server"`}, func(o Offer) (Session, string, error) {
		switch o.SDP {
		case "refuse":
			return nil, "", Unauthorized("no such key")
		case "busy":
			return nil, "", &Problem{Status: http.StatusServiceUnavailable, RetryAfter: 1500 * time.Millisecond}
		case "break":
			return nil, "", errors.New("secret detail")
		}
		offer = o
		return s, "answer", nil
	})
	sdp := []string{"Content-Type", "application/sdp; charset=utf-8", "Authorization", "Bearer KEY"}
	trickle := []string{"Content-Type", sdpfrag.ContentType}
	match := func(etag string) []string { return append(trickle[:2:2], "If-Match", etag) }

	created := run(t, e, call{"POST", "POST", "/live/a/whep", "offer", sdp, 201, map[string]string{
		"Content-Type": "application/sdp", "ETag": `"1"`, "Accept-Patch": sdpfrag.ContentType, "Access-Control-Allow-Origin": "*",
		"Link": `<stun:stun.example.org>; rel="ice-server"`,
	}})
	if offer.Bearer != "KEY" || offer.SDP != "offer" || created.Body.String() != "answer" {
		t.Errorf("offer %+v, answer %q", offer, created.Body)
	}
	session := created.Header().Get("Location")
	if want := "/live/a/whep/" + offer.ID; session != want || len(offer.ID) < 26 {
		t.Fatalf("Location %q, want %q", session, want)
	}
	for _, c := range []call{
		{"mounted elsewhere", "POST", "whep", "offer", sdp, 201, nil},
		{"preflight", "OPTIONS", "/live/a/whep", "", nil, 204, map[string]string{
			"Accept-Post": "application/sdp", "Access-Control-Allow-Methods": "POST, OPTIONS",
			"Link":                          `<stun:stun.example.org>; rel="ice-server"`,
			"Access-Control-Allow-Headers":  "Authorization, Content-Type, If-Match",
			"Access-Control-Expose-Headers": "Location, ETag, Link, Accept-Patch, Accept-Post, Retry-After, WWW-Authenticate",
		}},
		{"session's preflight", "OPTIONS", session, "", nil, 204, map[string]string{"Access-Control-Allow-Methods": "PATCH, DELETE, OPTIONS"}},
		{"GET", "GET", "/live/a/whep", "", nil, 405, map[string]string{"Allow": "POST, OPTIONS"}},
		{"HEAD", "HEAD", "/live/a/whep", "", nil, 405, nil},
		{"PUT", "PUT", session, "", nil, 405, map[string]string{"Allow": "PATCH, DELETE, OPTIONS"}},
		{"no type", "POST", "/live/a/whep", "offer", nil, 415, nil},
		{"wrong type", "POST", "/live/a/whep", "offer", []string{"Content-Type", "text/plain"}, 415, nil},
		{"too long", "POST", "/live/a/whep", strings.Repeat("x", maxBody+1), sdp, 413, nil},
		{"refused", "POST", "/live/a/whep", "refuse", sdp, 401, map[string]string{"WWW-Authenticate": `Bearer realm="regie"`}},
		{"busy", "POST", "/live/a/whep", "busy", sdp, 503, map[string]string{"Retry-After": "2"}},
		{"our fault", "POST", "/live/a/whep", "break", sdp, 500, nil},
		{"below", "PATCH", session + "/more", "", nil, 404, nil},
		{"beside", "POST", "/live/a/other", "offer", sdp, 404, nil},
		{"unknown", "DELETE", "/live/a/whep/XXX", "", nil, 404, nil},

		{"trickle without If-Match", "PATCH", session, frag("peer"), trickle, 428, nil},
		{"trickle with another", "PATCH", session, frag("peer"), match(`"9"`), 412, nil},
		{"trickle", "PATCH", session, frag("peer"), match(`"1"`), 204, map[string]string{"ETag": `"1"`}},
		{"trickle of another type", "PATCH", session, frag("peer"), sdp, 415, nil},
		{"no fragment", "PATCH", session, "hello", match("*"), 400, nil},
		{"restart", "PATCH", session, frag("new1"), match("*"), 200, map[string]string{"ETag": `"2"`, "Content-Type": sdpfrag.ContentType}},
		{"late trickle", "PATCH", session, frag("peer"), match(`"1"`), 412, nil},

		{"end", "DELETE", session, "", nil, 200, nil},
		{"end again", "DELETE", session, "", nil, 404, nil},
		{"patch after the end", "PATCH", session, frag("new1"), match("*"), 404, nil},
	} {
		t.Run(c.name, func(t *testing.T) { run(t, e, c) })
	}
	if s.left != 1 {
		t.Errorf("left %d times", s.left)
	}
}

func run(t *testing.T, e *Endpoint, c call) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(c.method, "/", strings.NewReader(c.body))
	r.URL.Path = c.path
	for i := 0; i < len(c.headers); i += 2 {
		r.Header.Set(c.headers[i], c.headers[i+1])
	}
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	if w.Code != c.status {
		t.Errorf("%s: status %d, want %d: %s", c.name, w.Code, c.status, w.Body)
	}
	for k, v := range c.want {
		if got := w.Header().Get(k); got != v {
			t.Errorf("%s: %s is %q, want %q", c.name, k, got, v)
		}
	}
	if w.Code >= 400 {
		var doc struct {
			Status        int
			Title, Detail string
		}
		if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || doc.Status != w.Code || doc.Title == "" {
			t.Errorf("%s: not a problem document: %s", c.name, w.Body)
		}
		if strings.Contains(doc.Detail, "secret") {
			t.Errorf("%s: tells our secrets: %s", c.name, doc.Detail)
		}
	}
	return w
}

// TestForgetEarly: a session that ends before its start returns is not kept.
func TestForgetEarly(t *testing.T) {
	var e *Endpoint
	e = NewEndpoint("/whip", nil, func(o Offer) (Session, string, error) {
		e.Forget(o.ID)
		return &fake{}, "answer", nil
	})
	w := run(t, e, call{"POST", "POST", "/whip", "offer", []string{"Content-Type", "application/sdp"}, 201, nil})
	run(t, e, call{"DELETE", "DELETE", w.Header().Get("Location"), "", nil, 404, nil})
	if len(e.sessions) != 0 {
		t.Errorf("%d sessions are kept", len(e.sessions))
	}
}

func TestBearer(t *testing.T) {
	for header, want := range map[string]string{
		"": "", "Bearer abc": "abc", "bearer abc": "abc", "BEARER  abc ": "abc", "Bearer": "", "Bearer ": "",
		"Basic dTpw": "", "Bearerabc": "", "Bearer " + strings.Repeat("x", 5000): "",
	} {
		if got := Bearer(header); got != want {
			t.Errorf("%.20q: %q, want %q", header, got, want)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, tc := range []struct {
		err    error
		status int
	}{
		{&rtc.OfferError{Malformed: true}, 400},
		{fmt.Errorf("wrapped: %w", &rtc.OfferError{Codecs: "H261"}), 422},
		{&rtc.FullError{Reason: rtc.FullLoad}, 503},
		{rtc.ErrClosed, 503},
	} {
		var p *Problem
		if !errors.As(Refused(tc.err), &p) || p.Status != tc.status {
			t.Errorf("%v: %+v, want %d", tc.err, p, tc.status)
		}
	}
	if other := errors.New("other"); !errors.Is(Refused(other), other) {
		t.Error("another error is not left as it is")
	}
}

func FuzzRequest(f *testing.F) {
	f.Add("PATCH", "/whip/x", "Bearer k", sdpfrag.ContentType, `"1"`, frag("peer"))
	f.Add("POST", "/whip", "Basic k", "application/sdp", "", "offer")
	f.Add("DELETE", "whip//", "Bearer\t", ";", "*", "")
	f.Fuzz(func(t *testing.T, method, path, auth, kind, match, body string) {
		e := NewEndpoint("/whip", nil, func(o Offer) (Session, string, error) {
			if strings.ContainsAny(o.Bearer, " \t") && strings.TrimSpace(o.Bearer) != o.Bearer {
				t.Errorf("key %q of %q", o.Bearer, auth)
			}
			return &fake{}, "answer", nil
		})
		e.sessions["x"] = &fake{etag: `"1"`}
		r := httptest.NewRequest("GET", "/", strings.NewReader(body))
		r.Method, r.URL.Path = method, path
		r.Header = http.Header{"Authorization": {auth}, "Content-Type": {kind}, "If-Match": {match}}
		w := httptest.NewRecorder()
		e.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("status %d", w.Code)
		}
	})
}
