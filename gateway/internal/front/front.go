// Package front says how a request came to this server: directly, or through a
// reverse proxy that speaks TLS for it.
package front

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Secure says whether the visitor came by TLS, to this server or to a proxy that
// says so.
func Secure(r *http.Request) bool {
	return r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

// Origin is this server as the visitor reached it, as in "https://HOST".
func Origin(r *http.Request) string {
	if Secure(r) {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// Remote is the address of who asks. A proxy is believed if its own address is
// private, and only in the last address that it adds.
func Remote(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	if a, err := netip.ParseAddr(host); err != nil || !a.IsLoopback() && !a.IsPrivate() {
		return host
	}
	chain := strings.Join(r.Header.Values("X-Forwarded-For"), ",")
	last := strings.TrimSpace(chain[strings.LastIndexByte(chain, ',')+1:])
	if a, err := netip.ParseAddr(last); err == nil {
		return a.Unmap().String()
	}
	return host
}
