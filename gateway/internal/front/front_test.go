package front

import (
	"crypto/tls"
	"net/http/httptest"
	"testing"
)

func TestOrigin(t *testing.T) {
	for _, tt := range []struct {
		name, proto string
		tls         bool
		want        string
	}{
		{"plain", "", false, "http://regie.example"},
		{"our own TLS", "", true, "https://regie.example"},
		{"a proxy's TLS", "HTTPS", false, "https://regie.example"},
		{"a plain proxy", "http", false, "http://regie.example"},
	} {
		r := httptest.NewRequest("GET", "http://regie.example/", nil)
		r.Header.Set("X-Forwarded-Proto", tt.proto)
		if tt.tls {
			r.TLS = &tls.ConnectionState{}
		}
		if got := Origin(r); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestRemote(t *testing.T) {
	for _, tt := range []struct {
		name, from string
		forwarded  []string
		want       string
	}{
		{"direct", "203.0.113.9:50000", nil, "203.0.113.9"},
		{"who is not private is not believed", "203.0.113.9:50000", []string{"198.51.100.1"}, "203.0.113.9"},
		{"a proxy beside us", "127.0.0.1:50000", []string{"198.51.100.1"}, "198.51.100.1"},
		{"only what the proxy itself adds", "10.0.0.2:50000", []string{"6.6.6.6, 198.51.100.1"}, "198.51.100.1"},
		{"also in a header of its own", "10.0.0.2:50000", []string{"6.6.6.6", "198.51.100.1"}, "198.51.100.1"},
		{"a proxy that says nothing", "[::1]:50000", nil, "::1"},
		{"a proxy that says nonsense", "[::1]:50000", []string{"unknown"}, "::1"},
		{"IPv4 in IPv6", "127.0.0.1:1", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr, r.Header["X-Forwarded-For"] = tt.from, tt.forwarded
		if got := Remote(r); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}
