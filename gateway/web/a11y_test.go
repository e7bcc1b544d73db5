package web

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/regie-live/regie/gateway/show"
)

// axe-core finds no violation of WCAG 2.2 A and AA on any page, in any state, in
// either theme, on a desk or a phone.
func accessible(t *testing.T, b browser) {
	for _, page := range []struct {
		name, path string
		phase      show.Phase
		ready      string
	}{
		{"home", "/", show.Live, `document.querySelector(".toasts") !== null`},
		{"home, quiet, French", "/?lang=fr", show.Planned, `document.querySelector(".toasts") !== null`},
		{"watch", "/s/studio", show.Live, playing + ` && document.querySelector(".big-button") !== null && ` + controlsShown},
		{"watch, soon", "/s/studio", show.Planned, `document.querySelector(".slate") !== null`},
		{"watch, ended", "/s/studio", show.Ended, `document.querySelector(".slate") !== null`},
		{"quality", "/s/studio?lang=fr", show.Live, playing + ` && (document.querySelector(".menu") ?? document.querySelector(".quality-button")?.click(), document.querySelector(".menu") !== null) && ` + controlsShown},
		{"keys", "/s/studio", show.Live, playing + ` && (document.querySelector(".bar-button")?.click(), document.querySelector("dialog[open]") !== null)`},
		{"not found", "/nowhere", show.Live, `true`},
	} {
		for _, look := range []struct {
			theme         string
			width, height int64
		}{{"dark", 1360, 860}, {"light", 1360, 860}, {"light", 390, 844}} {
			if look.width < 760 && page.name == "keys" {
				continue // a phone has no keys, and no button for them
			}
			t.Run(page.name+"/"+look.theme, func(t *testing.T) {
				p := b.open(t, newEventServer(t, page.phase).URL+page.path)
				p.look(look.theme, look.width, look.height)
				p.until("the page is ready", page.ready)
				if found := p.axe(); found != "" {
					t.Error(found)
				}
			})
		}
	}
}

// controlsShown keeps the controls from hiding and waits until they are there.
const controlsShown = `(document.querySelector("media-controller").setAttribute("autohide", "-1"),
	document.querySelector("media-controller").removeAttribute("userinactive"),
	getComputedStyle(document.querySelector("media-control-bar")).opacity === "1")`

// look sets the theme that the person prefers and the size of the window.
func (p *tab) look(theme string, width, height int64) {
	p.t.Helper()
	err := chromedp.Do(p.ctx, chromedp.EmulateViewport(width, height), chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}},
		})
		return err
	}))
	if err != nil {
		p.t.Fatal(err)
	}
}
