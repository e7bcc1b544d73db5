package viewers

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/regie-live/regie/gateway/internal/problem"
)

func TestWhatIsRefused(t *testing.T) {
	tests := []struct {
		name, body, contentType string
		status                  int
		says                    string
	}{
		{"sendBeacon", beaconOf(1, ""), "text/plain;charset=UTF-8", 204, ""},
		{"other members", beaconOf(1, `,"nor":[1],"v":2`), "application/json", 204, ""},
		{"one code", `{"sid":"page-000001","cid":"studio","e":"e","ec":"decode","com.regie-delivery":"whep"}`, "application/json", 204, ""},
		{"an unknown code", `{"sid":"page-000001","cid":"studio","e":"e","ec":["x"],"com.regie-delivery":"whep"}`, "application/json", 204, ""},
		{"a form", beaconOf(1, ""), "application/x-www-form-urlencoded", 415, "application/json"},
		{"no type", beaconOf(1, ""), "", 415, "application/json"},
		{"too long", beaconOf(1, `,"x":"`+strings.Repeat("x", maxBody)+`"`), "application/json", 413, "2048"},
		{"nothing", "", "application/json", 400, "one JSON object"},
		{"a list", "[]", "application/json", 400, "one JSON object"},
		{"two objects", beaconOf(1, "") + beaconOf(2, ""), "application/json", 400, "one JSON object"},
		{"a word for a number", beaconOf(1, `,"msd":"fast"`), "application/json", 400, "msd cannot be a string"},
		{"less than nothing", beaconOf(1, `,"com.regie-bytes":-1`), "application/json", 400, "com.regie-bytes cannot be less than 0"},
		{"no number", beaconOf(1, `,"msd":1e999`), "application/json", 400, "msd"},
		{"no sid", `{"cid":"studio","e":"t","com.regie-delivery":"llhls"}`, "application/json", 400, "sid must be"},
		{"a sid with a line break", `{"sid":"page\n00001","cid":"studio","e":"t","com.regie-delivery":"llhls"}`, "application/json", 400, "sid must be"},
		{"a cid with a quote", `{"sid":"page-000001","cid":"st\"","e":"t","com.regie-delivery":"llhls"}`, "application/json", 400, "cid must be"},
		{"another event", `{"sid":"page-000001","cid":"studio","e":"bc","com.regie-delivery":"llhls"}`, "application/json", 400, "e must be"},
		{"another delivery", `{"sid":"page-000001","cid":"studio","e":"t","com.regie-delivery":"dash"}`, "application/json", 400, "com.regie-delivery must be"},
		{"unknown session", `{"sid":"page-000001","cid":"nowhere","e":"t","com.regie-delivery":"llhls"}`, "application/json", 404, "/api/v1/sessions"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStand(t)
			w := s.send(anna, tt.body, "Content-Type", tt.contentType)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.says) {
				t.Errorf("%d %s, want %d with %q", w.Code, w.Body, tt.status, tt.says)
			}
			if origin := w.Header().Get("Access-Control-Allow-Origin"); origin != "*" {
				t.Errorf("a page of another origin cannot read this: %q", origin)
			}
			if w.Header().Get("Access-Control-Allow-Credentials") != "" {
				t.Error("credentials are asked for")
			}
			if tt.status >= 400 {
				var p problem.Problem
				if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Status != tt.status || p.Title == "" || p.Detail == "" {
					t.Errorf("not a whole problem document: %s (%v)", w.Body, err)
				}
				if n := testutil.ToFloat64(s.metrics.beacons[accepted]); n != 0 || len(s.studio.pages) != 0 {
					t.Error("it was counted")
				}
			}
		})
	}
}

func TestMethods(t *testing.T) {
	s := newStand(t)
	ask := func(method string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(method, "/api/v1/beacon", nil))
		return w
	}
	if w := ask(http.MethodOptions); w.Code != 204 || w.Header().Get("Access-Control-Allow-Headers") != "Content-Type" {
		t.Errorf("another origin's question was answered %d %v", w.Code, w.Header())
	}
	if w := ask(http.MethodGet); w.Code != 405 || w.Header().Get("Allow") != "POST, OPTIONS" {
		t.Errorf("GET was answered %d %v", w.Code, w.Header())
	}
}

// A flood from one address is cut, is told of once, and costs nobody else.
func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t)
		refused := 0
		for range 2 * perAddressBurst {
			if w := s.send(anna, beaconOf(1, "")); w.Code == http.StatusTooManyRequests && w.Header().Get("Retry-After") != "" {
				refused++
			}
		}
		if refused != perAddressBurst {
			t.Errorf("%d of %d were refused, want half", refused, 2*perAddressBurst)
		}
		s.accept(bo, beaconOf(2, ""))
		if lines := strings.Count(s.log.String(), "\n"); lines != 1 {
			t.Errorf("%d lines in the log, want 1:\n%s", lines, &s.log)
		}
		for _, secret := range []string{"198.51.100", "page-000001"} {
			if strings.Contains(s.log.String(), secret) {
				t.Errorf("the log holds %s:\n%s", secret, &s.log)
			}
		}
	})
}

func TestClientOf(t *testing.T) {
	for _, tt := range []struct{ remote, forwarded, want string }{
		{"198.51.100.7:443", "", "198.51.100.7/32"},
		{"198.51.100.7:443", "192.0.2.1", "198.51.100.7/32"}, // anyone can write that
		{"127.0.0.1:443", "203.0.113.5, 192.0.2.1", "192.0.2.1/32"},
		{"10.1.2.3:443", "not an address", "10.1.2.3/32"},
		{"[::1]:443", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"[fe80::1%eth0]:443", "", "fe80::/64"},
		{"[::ffff:198.51.100.7]:443", "", "198.51.100.7/32"},
		{"a unix socket", "", "invalid Prefix"},
	} {
		r := &http.Request{RemoteAddr: tt.remote, Header: http.Header{}}
		if tt.forwarded != "" {
			r.Header.Set("X-Forwarded-For", tt.forwarded)
		}
		if got := clientOf(r).String(); got != tt.want {
			t.Errorf("%s forwarding %q is %s, want %s", tt.remote, tt.forwarded, got, tt.want)
		}
	}
}

// Whatever is sent, what is taken is within bounds.
func FuzzParse(f *testing.F) {
	f.Add([]byte(beaconOf(1, `,"msd":800,"ltc":1300,"bsd":500,"ec":["network"],"com.regie-bytes":3e6,"com.regie-watched":1e300`)))
	f.Add([]byte(`{"sid":"page-000001","cid":"studio","e":"e","ec":"x","com.regie-delivery":"whep"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		b, err := parse(body)
		if err != nil {
			if len(err.Error()) > 500 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
			return
		}
		if !validSID.MatchString(b.id) || !validCID.MatchString(string(b.session)) || b.startup < 0 || b.startup > maxStartup ||
			b.latency < 0 || b.latency > maxLatency || b.watched < 0 || b.stalled < 0 || b.bytes < 0 || b.bytes > maxBytes {
			t.Errorf("%s was taken as %+v", body, b)
		}
	})
}
