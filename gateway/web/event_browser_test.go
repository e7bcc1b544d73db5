package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/regie-live/regie/gateway/show"
)

const previewPlays = `document.querySelector(".onair-screen.playing video")?.videoWidth === 320`

func TestEventInABrowser(t *testing.T) {
	b := startBrowser(t)
	for name, test := range map[string]func(*testing.T, browser){
		"the live page":              livePage,
		"one address for all of it":  oneAddress,
		"in a frame of another site": inAFrame,
		"accessible":                 eventAccessible,
	} {
		t.Run(name, func(t *testing.T) { test(t, b) })
	}
}

func livePage(t *testing.T, b browser) {
	server := newFestivalServer(t)
	p := b.open(t, server.URL+"/")
	p.until("the picture runs muted", previewPlays+` && document.querySelector("video").muted`)
	p.until("next counts down", `/^\d+:\d\d$/.test(document.querySelector(".upnext .countdown-clock").textContent)`)
	p.click("[data-pause]")
	p.until("it can be stopped", `document.querySelector("video").paused`)

	p.click(`.slot [data-star="ink"]`)
	p.click("[data-mine]")
	p.until("only my times are shown", `[...document.querySelectorAll("[data-slot]")].filter((s) => !s.hidden).map((s) => s.dataset.slot).join() === "ink"`)
	p.click("[data-mine]")
	p.eval(`(() => { const f = document.querySelector("#category"); f.value = "Drawing"; f.dispatchEvent(new Event("change", { bubbles: true })); return ""; })()`)
	p.until("a filter counts at once, and stands in the address", `document.querySelectorAll("[data-slot]").length === 1 && location.search === "?category=Drawing"`)
	p.until("the picture stayed", `document.querySelector("video").paused && document.querySelector("video").videoWidth === 320`)
	p.until("what I marked is marked", `document.querySelector('[data-slot="ink"] [data-star]').getAttribute("aria-pressed") === "true"`)

	server.phase("studio", show.Ended)
	p.until("the end is seen without a reload", `document.querySelector(".onair-text h2").innerText === "Ink & nib" && document.querySelector("video") === null`)
	server.phase("ink", show.Live)
	p.until("and so is the next", `document.querySelector(".onair-screen").dataset.play === "ink"`)
}

func oneAddress(t *testing.T, b browser) {
	server := newFestivalServer(t)
	p := b.open(t, server.URL+"/live")
	p.eval(`(window.same = true, "")`)
	p.until("what is on air plays", playing)
	server.stream.end()
	server.phase("studio", show.Ended)
	p.until("the slate says what comes", `document.querySelector(".slate-title")?.innerText === "Ink & nib" && document.querySelector(".slate-clock .countdown-clock").textContent !== ""`)
	server.phase("ink", show.Live)
	p.until("the next one is taken", `document.querySelector("h1").innerText === "Ink & nib" && document.querySelector("media-controller") !== null && window.same`)
}

func inAFrame(t *testing.T, b browser) {
	server := newFestivalServer(t)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `<title>Another site</title><iframe src="%s%s" allow="autoplay"></iframe>`, server.URL, r.URL.Path)
	}))
	t.Cleanup(other.Close)
	p := b.open(t, other.URL+"/embed/studio")
	select {
	case <-server.beacons:
	case <-time.After(patience):
		t.Error("nothing plays in the frame")
	}
	p = b.open(t, server.URL+"/embed/studio")
	p.until("it plays", playing)
	p.until("it leads to the page", `document.querySelector(".embed-link").target === "_blank" && document.querySelector("header") === null`)
}

// eventAccessible: no violation of WCAG 2.2 A and AA on the event's pages, in both
// themes, on a desk and a phone. With REGIE_SCREENS set it keeps a picture of each.
func eventAccessible(t *testing.T, b browser) {
	for _, page := range []struct {
		name, path, ready string
		studio            show.Phase
	}{
		{"live", "/", previewPlays + ` && document.querySelector(".toasts") !== null`, show.Live},
		{"live-between-fr", "/?lang=fr", `document.querySelector(".onair-text .countdown-clock").textContent !== ""`, show.Ended},
		{"follow", "/live", playing + ` && document.querySelector(".big-button") !== null && ` + controlsShown, show.Live},
		{"follow-between", "/live", `document.querySelector(".slate-clock .countdown-clock")?.textContent > ""`, show.Ended},
		{"embed", "/embed/studio", playing + ` && document.querySelector(".big-button") !== null && ` + controlsShown, show.Live},
	} {
		for _, look := range []struct {
			theme         string
			width, height int64
		}{{"dark", 1360, 860}, {"light", 1360, 860}, {"dark", 390, 844}, {"light", 390, 844}} {
			name := fmt.Sprintf("%s-%s-%d", page.name, look.theme, look.width)
			t.Run(name, func(t *testing.T) {
				server := newFestivalServer(t)
				server.phase("studio", page.studio)
				p := b.open(t, server.URL+page.path)
				p.look(look.theme, look.width, look.height)
				p.until("the page is ready", page.ready)
				if wide := p.eval(`String(document.documentElement.scrollWidth - innerWidth)`); wide != "0" && !strings.HasPrefix(wide, "-") {
					t.Errorf("the page is %s pixels wider than the window", wide)
				}
				if found := p.axe(); found != "" {
					t.Error(found)
				}
				p.picture(name)
			})
		}
	}
}
