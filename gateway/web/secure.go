package web

import (
	"net/http"
	"strings"
)

// policy is the Content Security Policy. media-chrome, the player's controls,
// keeps its styles in <style> elements inside shadow roots. build.mjs lists the
// hash of each, so that exactly these are allowed and no other inline style.
func policy(a *assets) string {
	styles := "'self'"
	for _, hash := range a.manifest.StyleHashes {
		styles += " '" + hash + "'"
	}
	return strings.Join([]string{
		"default-src 'self'",
		"script-src 'self'",
		"style-src " + styles,
		"img-src 'self' data:",
		"media-src 'self' blob:", // Media Source Extensions play from a blob: URL
		"worker-src 'none'",      // fMP4 needs no remuxing, so hls.js runs without its worker
		"connect-src 'self'",
		"font-src 'self'",
		"object-src 'none'",
		"base-uri 'none'",
		"form-action 'self'",
		"frame-ancestors 'none'",
	}, "; ")
}

func secure(next http.Handler, csp string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", csp)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), display-capture=(), geolocation=(), payment=(), usb=()")
		next.ServeHTTP(w, r)
	})
}
