package web

import (
	"fmt"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/regie-live/regie/gateway/show"
)

// French takes more room than English: nothing may leave the window or lose its
// end, on a desk and on a phone. `make screens` keeps the pictures, in both themes.

// cut lists what is wider than its place, or than the window.
const cut = `(() => {
	const shown = (e) => e.getBoundingClientRect().width > 1 && getComputedStyle(e).visibility !== "hidden" && !e.closest(".unseen");
	const scrolls = (e) => { for (let p = e.parentElement; p && p !== document.body; p = p.parentElement) if (/auto|scroll/.test(getComputedStyle(p).overflowX)) return true; return false; };
	return [...document.querySelectorAll("header *, main *, footer *, dialog[open] *")].filter((e) => shown(e) && e.children.length === 0 && e.innerText?.trim())
		.filter((e) => (getComputedStyle(e).overflowX !== "visible" && e.scrollWidth > e.clientWidth + 1) || (!scrolls(e) && e.getBoundingClientRect().right > innerWidth + 1))
		.map((e) => e.tagName + "." + e.className + ": " + e.innerText).join("\n");
})()`

type frenchPage struct {
	name, path string
	server     func(*testing.T) *httptest.Server
	ready      string
}

func frenchPages() []frenchPage {
	event := func(phase show.Phase) func(*testing.T) *httptest.Server {
		return func(t *testing.T) *httptest.Server { return newEventServer(t, phase).Server }
	}
	office := func(me string) func(*testing.T) *httptest.Server {
		return func(t *testing.T) *httptest.Server {
			s := newOfficeServer(t, me).withShop()
			s.ingest, s.refusals, s.cameras = ingestFix, refusalsTwo, camerasTwo()
			return s.Server
		}
	}
	setUp := func(t *testing.T) *httptest.Server {
		s := newOfficeServer(t, nobody)
		s.open = false
		return s.Server
	}
	stage := func(t *testing.T) *httptest.Server { return newStageServer(t).Server }
	form := `document.querySelector("form") !== null`
	press := func(button, then string) string {
		return fmt.Sprintf(`document.querySelector(%q) !== null || (document.querySelector(%q)?.click(), false)`, then, button)
	}
	ready := `document.querySelector(".toasts") !== null`
	return []frenchPage{
		{"home", "/", event(show.Live), ready},
		{"home-quiet", "/", event(show.Ended), ready},
		{"watch", "/s/studio", event(show.Live), playing + ` && document.querySelector(".big-button") !== null && ` + controlsShown},
		{"watch-soon", "/s/studio", event(show.Planned), `document.querySelector(".slate") !== null`},
		{"watch-ended", "/s/studio", event(show.Ended), `document.querySelector(".slate") !== null`},
		{"not-found", "/nowhere", event(show.Live), `true`},
		{"setup-wrong", "/setup#T", office(nobody), press(".primary", ".error")},
		{"setup-closed", "/setup#T", setUp, `document.querySelector("h1") !== null`},
		{"signin", "/signin", office(nobody), press(".primary", ".error")},
		{"admin-access", "/admin", office(admin), press(".manage [aria-expanded=false]", ".access .line")},
		{"admin-people", "/admin#users", office(admin), `document.querySelector(".line") !== null`},
		{"admin-log", "/admin#audit", office(admin), `document.querySelector(".table td") !== null`},
		{"admin-account", "/admin#account", office(admin), form},
		{"obs-key", "/studio/studio/obs", office(admin), `document.querySelector(".seat.fix") !== null && (document.querySelector(".done") !== null || (document.querySelector(".obs-side .primary").click(), false))`},
		{"invite-revoked", "/j/revoked", stage, `true`},
		{"check-trouble", "/j/INVITE-TOKEN", stage, `document.querySelector(".problem") !== null || (` + inCheck + ` && (navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", "NotReadableError")), document.querySelector("#device-camera").dispatchEvent(new Event("change", { bubbles: true })), false))`},
		{"desk-empty", "/studio/studio", stage, `document.querySelector(".desk .self-bar") !== null`},
		{"desk-check", "/studio/studio", stage, inCheck + ` || (document.querySelector("dialog[open]") ?? document.querySelector(".desk .room-bar .button")?.click(), false)`},
	}
}

func TestFrenchFits(t *testing.T) {
	b := startBrowser(t)
	for _, page := range frenchPages() {
		t.Run(page.name, func(t *testing.T) {
			p := b.open(t, page.server(t).URL+"/nowhere?lang=fr")
			if err := chromedp.Do(p.ctx, chromedp.Navigate(p.eval(`location.origin`)+page.path)); err != nil {
				t.Fatal(err)
			}
			p.until("the page is ready", page.ready)
			p.fits(page.name)
		})
	}
	t.Run("on stage", func(t *testing.T) { frenchStage(t, b) })
}

// fits looks at the page on a desk and on a phone.
func (p *tab) fits(name string) {
	p.t.Helper()
	for _, look := range []struct {
		theme         string
		width, height int64
	}{{"dark", 1360, 860}, {"light", 1360, 860}, {"dark", 390, 844}, {"light", 390, 844}} {
		if look.theme == "dark" && os.Getenv("REGIE_SCREENS") == "" {
			continue // a theme changes no size
		}
		p.look(look.theme, look.width, look.height)
		p.picture(fmt.Sprintf("fr-%s-%s-%d", name, look.theme, look.width))
		if found := p.eval(cut); found != "" {
			p.t.Errorf("%s does not fit into %d pixels:\n%s", name, look.width, found)
		}
		if wide := p.eval(`String(document.documentElement.scrollWidth - document.documentElement.clientWidth)`); wide != "0" {
			p.t.Errorf("%s is %s pixels wider than %d", name, wide, look.width)
		}
	}
}

// frenchStage: the desk and a guest, through all that a guest goes through.
func frenchStage(t *testing.T, b browser) {
	s := newStageServer(t)
	open := func(path string) *tab {
		p := b.open(t, s.URL+"/nowhere?lang=fr")
		if err := chromedp.Do(p.ctx, chromedp.Navigate(s.URL+path)); err != nil {
			t.Fatal(err)
		}
		return p
	}
	g := open("/j/INVITE-TOKEN")
	g.until("the camera shows", inCheck)
	g.typeInto("#name", "Théodore")
	g.clickOn("Entrer")
	g.until("the green room is open", inRoom)
	h := open("/studio/studio")
	h.until("the desk is open", `document.querySelector(".person-card") !== null`)
	g.fits("room-waiting")
	s.set(func(d *show.Desk) {
		d.Phase, d.Since = show.Live, d.EndsAt.Add(-50*60e9)
		s.person(d, "host").Place, s.person(d, "guest1").Place, s.person(d, "guest1").Hand = show.OnAir, show.OnAir, true
		s.person(d, "guest1").Muted = true
		s.person(d, "guest2").Name = "Mei"
		s.person(d, "guest2").Place = show.Waiting
	})
	g.until("on air", `document.querySelector(".where.onAir") !== null`)
	g.fits("room-on-air")
	h.until("live", `document.querySelector(".desk.live") !== null`)
	h.fits("desk-live")
	for _, tool := range []string{"overlays", "messages"} {
		h.click("#tab-" + tool)
		h.fits("desk-" + tool)
	}
	h.eval(`(document.querySelector(".desk-acts .danger").click(), "")`)
	h.until("it asks", `document.querySelector("dialog[open]") !== null`)
	h.fits("desk-end")
	s.set(func(d *show.Desk) { d.Phase = show.Ended })
	g.until("ended", `document.querySelector(".where.ended") !== null`)
	g.fits("room-ended")
	s.set(func(d *show.Desk) { s.person(d, "guest1").Place = show.Left })
	g.until("left", `document.querySelector(".lost") !== null`)
	g.fits("room-left")
}
