package auth

import (
	"strings"
	"testing"

	"github.com/regie-live/regie/gateway/show"
)

func TestSiteOf(t *testing.T) {
	for origin, want := range map[string]string{
		"https://studio.example.org":       "studio.example.org https://studio.example.org",
		"https://Studio.Example.org:8443":  "studio.example.org https://studio.example.org:8443",
		"https://studio.example.org:443":   "studio.example.org https://studio.example.org",
		"https://regie":                    "no name that",
		"http://localhost:8080":            "localhost http://localhost:8080",
		"http://localhost:80":              "localhost http://localhost",
		"https://localhost":                "localhost https://localhost",
		"http://event.localhost":           "event.localhost http://event.localhost",
		"http://studio.example.org":        "https pages only",
		"http://localhost.example.org":     "https pages only",
		"http://notlocalhost":              "https pages only",
		"http://127.0.0.1:8080":            "IP address",
		"https://192.0.2.7":                "IP address",
		"https://[2001:db8::1]:8443":       "IP address",
		"https://":                         "not known",
		"":                                 "not known",
		"https://studio example.org":       "not known",
		"https://studio.example.org%2fx":   "not known",
		"https://user@studio.example.org/": "studio.example.org https://studio.example.org",
		"https://under_score.example.org":  "under_score.example.org https://under_score.example.org",
	} {
		s, err := SiteOf(origin)
		switch {
		case err != nil && (show.KindOf(err) != show.Conflict || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: %v, want %s", origin, err, want)
		case err == nil && s.ID+" "+s.Origin != want:
			t.Errorf("%q: %+v, want %s", origin, s, want)
		}
	}
}
