package web

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/regie-live/regie/gateway/show"
)

var onAir = session("studio", `Glaze <b>day</b>`, show.Live, "Ana", "Théo", "Mei")

func TestPages(t *testing.T) {
	soon := session("ink", "Ink and nib", show.Planned, "Lou")
	past := session("bread", "Sourdough", show.Ended, "Ana")
	tests := []struct {
		name     string
		sessions []show.SessionView
		path     string
		status   int
		has      []string
		hasNot   []string
	}{
		{"home, on air", []show.SessionView{past, onAir, soon}, "/", 200,
			[]string{`<h2>Glaze &lt;b&gt;day&lt;/b&gt;</h2>`, `Ana with Théo and Mei`, `href="/s/studio"`, `class="slot planned"`, `class="slot ended"`, "/assets/home-B2.js"},
			[]string{"Also on air", "Nothing is on air"}},
		{"home, two on air", []show.SessionView{onAir, session("denim", "Denim repair", show.Live, "Kim")}, "/", 200,
			[]string{"Also on air", "<h3>Denim repair</h3>"}, nil},
		{"home, quiet", []show.SessionView{past, soon}, "/", 200,
			[]string{"Nothing is on air right now", "<h2>Ink and nib</h2>"}, []string{"badge live"}},
		{"home, all over", []show.SessionView{past}, "/", 200, []string{"<h2>Sourdough</h2>"}, nil},
		{"home, empty", nil, "/", 200, []string{"There is no session yet"}, []string{"strip"}},
		{"watch", []show.SessionView{past, onAir}, "/s/studio", 200,
			[]string{`<title>Glaze &lt;b&gt;day&lt;/b&gt; · Regie</title>`, `href="/s/studio" aria-current="page"`, "/assets/watch-C3.js", `rel="modulepreload" href="/assets/player-D4.js"`, `content="Watch Glaze &lt;b&gt;day&lt;/b&gt; live."`},
			[]string{"<b>day", `href="/s/bread" aria-current`}},
		{"watch, unknown", []show.SessionView{onAir}, "/s/nobody", 404, []string{"There is nothing at this address"}, []string{"<script"}},
		{"elsewhere", nil, "/nothing/here", 404, []string{"There is nothing at this address"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := get(t, siteOf(fakeBuild(), tt.sessions...), tt.path)
			if w.Code != tt.status || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
				t.Errorf("%d %s, want %d and HTML", w.Code, w.Header().Get("Content-Type"), tt.status)
			}
			page := withoutState(w.Body.String())
			for _, s := range tt.has {
				if !strings.Contains(page, s) {
					t.Errorf("the page lacks %q:\n%s", s, page)
				}
			}
			for _, s := range tt.hasNot {
				if strings.Contains(page, s) {
					t.Errorf("the page has %q", s)
				}
			}
		})
	}
}

// withoutState is what people see of a page: the JSON holds every message.
func withoutState(page string) string {
	before, rest, _ := strings.Cut(page, `<script type="application/json"`)
	_, after, _ := strings.Cut(rest, "</script>")
	return before + after
}

func TestPortraitProgramIsAnnounced(t *testing.T) {
	tall := onAir
	tall.Width, tall.Height = 720, 1280
	if page := get(t, siteOf(fakeBuild(), tall), "/s/studio").Body.String(); !strings.Contains(page, `class="watch portrait"`) {
		t.Error("a 720×1280 program is shown in a landscape box")
	}
	if page := get(t, siteOf(fakeBuild(), onAir), "/s/studio").Body.String(); !strings.Contains(page, `class="watch landscape"`) {
		t.Error("a program of unknown size is not shown in a landscape box")
	}
}

// A title cannot break out of the JSON that the scripts start from.
func TestStateIsSafeInThePage(t *testing.T) {
	evil := session("x", `</script><script>alert(1)</script>`, show.Live, `"</script>`)
	page := get(t, siteOf(fakeBuild(), evil), "/s/x").Body.String()
	if n := strings.Count(page, "<script"); n != 2 {
		t.Errorf("%d script elements in the page, want 2:\n%s", n, page)
	}
}

func TestUnchangedPageIs304(t *testing.T) {
	h := siteOf(fakeBuild(), onAir)
	first := get(t, h, "/s/studio")
	etag := first.Header().Get("ETag")
	if etag == "" || first.Header().Get("Cache-Control") != "no-cache" {
		t.Fatalf("ETag %q, Cache-Control %q", etag, first.Header().Get("Cache-Control"))
	}
	if w := get(t, h, "/s/studio", "If-None-Match", etag); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
		t.Errorf("the same page gave %d with %d bytes, want 304 and none", w.Code, w.Body.Len())
	}
	if w := get(t, h, "/s/studio", "If-None-Match", etag, "Accept-Language", "fr"); w.Code != http.StatusOK {
		t.Errorf("the page in another language gave %d, want 200", w.Code)
	}
}

func TestSecurityHeadersAreOnEveryAnswer(t *testing.T) {
	h := siteOf(fakeBuild(), onAir)
	for _, path := range []string{"/", "/s/studio", "/nothing", "/assets/app-A1.css", "/assets/nothing"} {
		header := get(t, h, path).Header()
		csp := header.Get("Content-Security-Policy")
		for _, must := range []string{"default-src 'self'", "script-src 'self';", "style-src 'self' 'sha256-abc=';", "media-src 'self' blob:", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(csp, must) {
				t.Errorf("%s: the policy lacks %q: %s", path, must, csp)
			}
		}
		if strings.Contains(csp, "unsafe") || strings.Contains(csp, "http") {
			t.Errorf("%s: the policy is loose: %s", path, csp)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if got := header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		if !strings.Contains(header.Get("Permissions-Policy"), "camera=()") {
			t.Errorf("%s: pages for viewers may not ask for a camera", path)
		}
	}
}

func TestPagesThatAreNotBuilt(t *testing.T) {
	for name, built := range map[string]fstest.MapFS{
		"nothing":   {},
		"torn":      {"manifest.json": {Data: []byte(`{"entries":`)}},
		"not whole": {"manifest.json": {Data: []byte(`{"entries":{"home.tsx":{"file":"h.js"}},"files":{"h.js":{"raw":1}}}`)}},
	} {
		for _, path := range []string{"/", "/s/studio"} {
			w := get(t, siteOf(built, onAir), path)
			if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), buildCommand) {
				t.Errorf("%s: %s gave %d without saying %q:\n%s", name, path, w.Code, buildCommand, w.Body)
			}
			if strings.Contains(w.Body.String(), "/assets/") {
				t.Errorf("%s: %s asks for assets that do not exist", name, path)
			}
		}
	}
}
