package e2e

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// lookScript reads the colours of a picture in a page; see its own comment.
//
//go:embed testdata/look.js
var lookScript string

// fifth is who waits while three guests are on stage.
var fifth = look{color: yuv{150, 170, 90}, tone: 1777}

// setUp makes the administrator and the session glaze.
func (a *appliance) setUp() *admin {
	a.t.Helper()
	jar, _ := cookiejar.New(nil) // never fails
	m := &admin{a: a, http: http.Client{Jar: jar}}
	a.t.Cleanup(m.http.CloseIdleConnections)
	_, token, _ := strings.Cut(a.setupLink(), "#")
	var made struct{ Session string }
	m.ask("setup", map[string]any{"token": token, "name": "Ana", "password": "clay, fire and patience", "session_title": "Glaze"}, &made)
	return m
}

// invite is the address of a new invite's page.
func (m *admin) invite(session, seat, name string) string {
	m.a.t.Helper()
	var made struct{ URL string }
	m.ask("sessions/"+session+"/invites", map[string]any{"seat": seat, "name": name}, &made)
	return m.a.url(made.URL)
}

// hosts opens the desk by an invite and sends.
func (b *browser) hosts(m *admin, session string, l look) *tab {
	b.t.Helper()
	p := b.person(l, m.invite(session, "host", "Ana"))
	p.fill("name", "Ana")
	p.click("Join")
	p.click("Use my camera")
	p.click("Start sending")
	return p
}

// joins opens an invite and joins.
func (b *browser) joins(m *admin, session, name string, l look) *tab {
	b.t.Helper()
	return b.joinsBy(m.invite(session, "guest", name), name, l)
}

func (b *browser) joinsBy(link, name string, l look) *tab {
	b.t.Helper()
	p := b.person(l, link)
	p.fill("name", name)
	p.click("Join")
	p.reads(30*time.Second, "Ana will let you in")
	return p
}

// sees waits until a picture of the page shows these looks where the program has
// them.
func (p *tab) sees(selector string, mix ...look) {
	p.t.Helper()
	var at [][2]float64
	for _, place := range places(len(mix), 640, 360) {
		c := place.picture
		at = append(at, [2]float64{float64(c.X+c.W/2) / 640, float64(c.Y+c.H/2) / 360})
	}
	spots, _ := json.Marshal(at)
	var saw [][3]int
	if !p.awaits(30*time.Second, func() bool {
		saw = glance[[][3]int](p, fmt.Sprintf("colors(%q, %s)", selector, spots))
		for i, l := range mix {
			if len(saw) != len(mix) || !l.color.seenAs(saw[i]) {
				return false
			}
		}
		return true
	}) {
		p.t.Fatalf("%s of the page shows %v and should show %v; it says:\n%.600s", selector, saw, mix, evaluate[string](p, `document.body.innerText`))
	}
}

// seenAs: what a browser makes of the colour.
func (c yuv) seenAs(rgb [3]int) bool {
	var want int
	_, _ = fmt.Sscanf(c.rgb(), "0x%06x", &want)
	for i, v := range rgb {
		if d := v - want>>(16-8*i)&0xff; d > 40 || d < -40 {
			return false
		}
	}
	return true
}

// inRealTime has a viewer's page play by WebRTC. On a busy machine it may fall back
// at first.
func (p *tab) inRealTime() {
	p.t.Helper()
	eventually(p.t, time.Minute, "real time plays", func() bool {
		return evaluate[bool](p, `(() => {
			const button = document.querySelector('button.real-time'), video = document.querySelector('video');
			if (button?.getAttribute('aria-checked') === 'false') button.click();
			return video?.srcObject instanceof MediaStream && video.readyState >= 2;
		})()`)
	})
	p.mu.Lock()
	p.messages = slices.DeleteFunc(p.messages, func(m string) bool { return strings.Contains(m, "status of 503") })
	p.mu.Unlock()
}

// TestStageOfBrowsers: a host and three guests in browsers, a fourth who waits, a
// viewer on LL-HLS and one in real time. Each hears the others and not themselves;
// they join, swap, are muted, drop out and come back; the program shows it.
func TestStageOfBrowsers(t *testing.T) {
	a := start(t, setup{fps: 15})
	m := a.setUp()
	b := startBrowser(t)
	host := b.hosts(m, "glaze", looks[0])
	link := m.invite("glaze", "guest", "Mei")
	théo, mei, lou := b.joins(m, "glaze", "Théo", looks[1]), b.joinsBy(link, "Mei", looks[2]), b.joins(m, "glaze", "Lou", looks[3])
	host.ears("the host, of guests who wait,")
	for _, name := range []string{"Théo", "Mei", "Lou"} {
		host.click("Let in: " + name)
		host.click("Bring on: " + name)
	}
	host.ears("the host", looks[1:]...)
	théo.ears("Théo", looks[0], looks[2], looks[3])
	mei.ears("Mei", looks[0], looks[1], looks[3])
	lou.ears("Lou", looks[0], looks[1], looks[2])

	host.click("Go live")
	lou.reads(20*time.Second, "You are on air")
	a.awaitLive("glaze")
	slow, fast := b.person(look{}, a.url("/s/glaze")), b.person(look{}, a.url("/s/glaze"))
	fast.inRealTime()
	program := play(t, a.hls("glaze"))
	program.awaitMix(30*time.Second, looks...)
	slow.sees("video", looks...)
	fast.sees("video", looks...)
	fast.ears("a viewer", looks...)
	host.sees(".monitor.program video", looks...)
	théo.sees(".program video", looks...)

	zoé := b.joins(m, "glaze", "Zoé", fifth)
	host.click("Let in: Zoé")
	host.reads(10*time.Second, "Three guests are on stage already")
	zoé.reads(20*time.Second, "You are backstage")
	zoé.ears("Zoé, backstage,", looks...)
	host.click("Send back: Lou")
	host.click("Bring on: Zoé")
	now := []look{looks[0], looks[1], looks[2], fifth}
	program.awaitMix(30*time.Second, now...)
	host.ears("the host, with Zoé for Lou,", now[1:]...)
	théo.ears("Théo, with Zoé for Lou,", looks[0], looks[2], fifth)
	zoé.ears("Zoé, on air,", looks[:3]...)
	lou.reads(20*time.Second, "You are backstage again")
	lou.ears("Lou, backstage again,", now...)
	fast.ears("a viewer, of Zoé for Lou,", now...)
	fast.sees("video", now...)

	host.click("Mute: Zoé")
	zoé.reads(20*time.Second, "The host has muted you")
	théo.ears("Théo, with Zoé muted,", looks[0], looks[2])
	fast.ears("a viewer, with Zoé muted,", looks[:3]...)

	evaluate[bool](mei, `(location.replace('about:blank'), true)`)
	host.ears("the host, with Mei gone,", looks[1])
	fast.ears("a viewer, with Mei gone,", looks[:2]...)
	if err := chromedp.Do(mei.ctx, chromedp.Navigate(link)); err != nil {
		t.Fatal(err)
	}
	mei.click("Join")
	host.ears("the host, with Mei back,", looks[1], looks[2])
	program.awaitMix(30*time.Second, now...)
	slow.sees("video", now...)
	for _, p := range []*tab{host, théo, lou, zoé, slow, fast} {
		p.noErrors()
	}
}
