package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// files serves a folder from an origin that is not the appliance's.
func files(t *testing.T, dir string) string {
	t.Helper()
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(server.Close)
	return server.URL
}

// TestBrowserPublishes: a creator's browser sends by WHIP from another origin,
// with trickled candidates, and is in the mix until it says goodbye.
func TestBrowserPublishes(t *testing.T) {
	a := start(t, setup{})
	a.publish(overRTMP, "studio", "host", looks[0])
	p := a.live("studio")
	page := startBrowser(t).open(files(t, "testdata") + "/publish.html")
	for i, codec := range []string{"av1", "h264", "vp9", "vp8"} {
		l := looks[1+i%2] // another than before, which still stands
		t.Run(codec, func(t *testing.T) {
			began := time.Now()
			said := evaluate[struct {
				Status         int
				Resource, Etag string
			}](page, fmt.Sprintf("start(%q, %q, '#%s', %v, %q)", a.url("/whip"), key("studio", "guest1"), l.color.rgb()[2:], l.tone, codec))
			if said.Etag == "" {
				t.Error("the page cannot read the ETag")
			}
			if status := evaluate[int](page, "trickle()"); status != http.StatusNoContent {
				t.Errorf("PATCH with candidates: %d", status)
			}
			p.awaitMix(15*time.Second, looks[0], l)
			figure(t, "browser."+codec+"_to_program", time.Since(began).Seconds(), "s")
			p.hears(looks[0], l)
			if status := evaluate[int](page, "stop()"); status != http.StatusOK && status != http.StatusNoContent {
				t.Errorf("DELETE: %d", status)
			}
			eventually(t, 5*time.Second, "the goodbye is counted", func() bool {
				return a.metric("regie_ingest_connections", label("protocol", "whip")) == 0
			})
		})
	}
	p.hears(looks[0])
	page.noErrors()
	p.playing()
}
