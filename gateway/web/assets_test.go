package web

import (
	"strings"
	"testing"
)

func TestAssets(t *testing.T) {
	h := siteOf(fakeBuild())
	tests := []struct {
		name, path, accept       string
		status                   int
		body, encoding, mimeType string
	}{
		{"plain", "/assets/watch-C3.js", "", 200, "watch", "", "text/javascript; charset=utf-8"},
		{"gzip", "/assets/watch-C3.js", "gzip, deflate", 200, "gz", "gzip", "text/javascript; charset=utf-8"},
		{"brotli is smaller", "/assets/watch-C3.js", "gzip, deflate, br", 200, "br", "br", "text/javascript; charset=utf-8"},
		{"brotli refused", "/assets/watch-C3.js", "br;q=0, gzip;q=0.5", 200, "gz", "gzip", "text/javascript; charset=utf-8"},
		{"never compressed", "/assets/app-A1.css", "gzip, br", 200, "css{", "", "text/css; charset=utf-8"},
		{"another version's", "/assets/watch-OLD.js", "", 404, "Load the page again", "", "text/plain; charset=utf-8"},
		{"the compressed form by name", "/assets/watch-C3.js.gz", "", 404, "", "", "text/plain; charset=utf-8"},
		{"out of the folder", "/assets/..%2fmanifest.json", "", 404, "", "", "text/plain; charset=utf-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := get(t, h, tt.path, "Accept-Encoding", tt.accept)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.body) {
				t.Errorf("%d %q, want %d %q", w.Code, w.Body, tt.status, tt.body)
			}
			if e, m := w.Header().Get("Content-Encoding"), w.Header().Get("Content-Type"); e != tt.encoding || m != tt.mimeType {
				t.Errorf("encoding %q type %q, want %q %q", e, m, tt.encoding, tt.mimeType)
			}
			forEver := strings.Contains(w.Header().Get("Cache-Control"), "immutable")
			if forEver != (tt.status == 200) {
				t.Errorf("%d with Cache-Control %q", tt.status, w.Header().Get("Cache-Control"))
			}
			if tt.status == 200 && w.Header().Get("Vary") != "Accept-Encoding" {
				t.Error("a cache would mix the codings up: no Vary")
			}
		})
	}
}

func TestAccepts(t *testing.T) {
	tests := []struct {
		header string
		want   bool
	}{
		{"", false},
		{"br", true},
		{"gzip,  BR ;q=1", true},
		{"br;q=0", false},
		{"br;q=0.000", false},
		{"br;q=nonsense", false},
		{"br;q=-1", false},
		{"br;q=NaN", false},
		{"brotli", false},
		{"*", false},
	}
	for _, tt := range tests {
		if got := accepts(tt.header, "br"); got != tt.want {
			t.Errorf("accepts(%q, br) = %v, want %v", tt.header, got, tt.want)
		}
	}
}
