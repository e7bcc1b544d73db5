package e2e

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// personScript is a camera, a microphone and ears; see its own comment.
//
//go:embed testdata/person.js
var personScript string

// shared is everybody's screen.
var shared = look{color: yuv{90, 90, 110}}

// person opens a page as somebody with a camera that shows the look, in a browser
// profile of their own.
func (b *browser) person(l look, address string) *tab {
	b.t.Helper()
	is := map[string]any{"color": "#" + l.color.rgb()[2:], "tone": l.tone, "words": l.beep > 0, "screen": "#" + shared.color.rgb()[2:]}
	if b.via != nil {
		is["ports"] = b.via.candidates()
		if b.via.relay {
			is["ports"], is["relay"] = nil, true // TURN is asked for the appliance's own
		}
		address = b.via.to(address)
	}
	who, err := json.Marshal(is)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.openWith(address, fmt.Sprintf("self.person = %s;\n%s\n%s", who, personScript, lookScript),
		chromedp.WithNewBrowserContext(), chromedp.WithNewWindow(true))
}

// click presses the first button whose name begins so, once there is one.
func (p *tab) click(name string) {
	p.t.Helper()
	eventually(p.t, 20*time.Second, "there is a button "+name, func() bool {
		return glance[bool](p, fmt.Sprintf(`(() => {
			const dialog = document.querySelector('dialog[open]') ?? document;
			const button = [...dialog.querySelectorAll('button')].find((b) => b.checkVisibility() && !b.disabled &&
				(b.getAttribute('aria-label') ?? b.innerText).trim().startsWith(%q));
			button?.click();
			return button !== undefined;
		})()`, name))
	})
}

// fill types into a field.
func (p *tab) fill(id, text string) {
	p.t.Helper()
	eventually(p.t, 20*time.Second, "there is a field "+id, func() bool {
		return glance[bool](p, fmt.Sprintf(`(() => {
			const field = document.getElementById(%q);
			if (field === null) return false;
			field.value = %q;
			return field.dispatchEvent(new Event('input', { bubbles: true }));
		})()`, id, text))
	})
}

// reads waits until the page says something.
func (p *tab) reads(within time.Duration, text string) {
	p.t.Helper()
	if !p.awaits(within, func() bool { return strings.Contains(glance[string](p, `document.body?.innerText ?? ""`), text) }) {
		p.t.Fatalf("the page never says %q; it says:\n%.800s\n%s", text, evaluate[string](p, `document.body?.innerText ?? ""`), strings.Join(p.errors(), "\n"))
	}
}

func (p *tab) awaits(within time.Duration, ok func() bool) bool {
	for deadline := time.Now().Add(within); !ok(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// ears waits until exactly the tones of these looks are heard.
func (p *tab) ears(who string, looks ...look) {
	p.t.Helper()
	var heard []float64
	var times []string
	ok := p.awaits(20*time.Second, func() bool {
		heard = glance[[]float64](p, `ears()`)
		times = append(times, fmt.Sprint(heard))
		if len(heard) != len(looks) {
			return false
		}
		for _, l := range looks {
			if !slices.ContainsFunc(heard, func(hz float64) bool { return math.Abs(hz-l.tone) < 8 }) {
				return false
			}
		}
		return true
	})
	if !ok {
		var want []float64
		for _, l := range looks {
			want = append(want, l.tone)
		}
		p.t.Fatalf("%s hears %v Hz (in turn) and should hear %v; the page says:\n%.600s", who, slices.Compact(times), want, evaluate[string](p, `document.body?.innerText ?? ""`))
	}
}

// TestStudio is a new user's first hour: the setup link, a session, the host in a
// browser, two guests by invite in others and one by RTMP; who hears whom; what the
// host takes is on air on both ways out; somebody is muted, reloads their page, is
// removed; the end. No file is edited.
func TestStudio(t *testing.T) {
	a := start(t, setup{})
	b := startBrowser(t)
	host := b.person(looks[0], a.setupLink())
	host.fill("name", "Ana")
	host.fill("password", "clay, fire and patience")
	host.fill("title", "Glaze")
	host.click("Begin")
	host.reads(20*time.Second, "Use my camera and microphone")
	host.click("Use my camera")
	host.click("Start sending")
	host.reads(20*time.Second, "on stage")

	host.click("Invite")
	var links []string
	for n := range 2 {
		host.click("Make an invite link")
		eventually(t, 10*time.Second, "the link is shown", func() bool {
			links = evaluate[[]string](host, `[...document.querySelectorAll('input')].map((i) => i.value).filter((v) => v.includes('/j/'))`)
			return len(links) == n+1
		})
	}
	théo, mei := b.person(looks[1], links[0]), b.person(looks[2], links[1])
	for name, guest := range map[string]*tab{"Théo": théo, "Mei": mei} {
		guest.reads(20*time.Second, "You are invited to Glaze")
		guest.fill("name", name)
		guest.click("Join")
		guest.reads(20*time.Second, "Ana will let you in")
	}
	host.reads(10*time.Second, "Théo")
	host.ears("the host, of guests who wait,")
	théo.ears("who waits")

	lou := evaluate[struct{ Key string }](host, `fetch('/api/v1/sessions/glaze/keys', {
		method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"seat":"guest","name":"Lou"}',
	}).then((r) => r.json())`)
	a.publishCard(overRTMP, lou.Key, newCard(t, looks[3]))
	for _, name := range []string{"Théo", "Mei", "Lou"} {
		host.click("Let in: " + name)
		host.click("Bring on: " + name)
	}
	host.ears("the host", looks[1], looks[2], looks[3])
	théo.ears("Théo", looks[0], looks[2], looks[3])
	mei.ears("Mei", looks[0], looks[1], looks[3])

	host.click("Go live")
	théo.reads(10*time.Second, "You are on air")
	a.awaitLive("glaze")
	p, w := play(t, a.hls("glaze")), watchWHEP(t, a.whep("glaze"))
	p.awaitMix(30*time.Second, looks...)
	w.awaitMix(20*time.Second, looks...)
	p.hears(looks...)

	host.click("Solo")
	host.click("Take")
	p.awaitMix(20*time.Second, looks[0])
	host.click("Auto")
	host.click("Take")
	p.awaitMix(20*time.Second, looks...)

	host.click("Mute: Théo")
	host.ears("the host, with Théo muted,", looks[2], looks[3])
	p.hears(looks[0], looks[2], looks[3])
	théo.click("Unmute")
	host.ears("the host, with Théo back,", looks[1], looks[2], looks[3])

	evaluate[bool](mei, `(location.reload(), true)`)
	mei.click("Join")
	mei.ears("Mei, who has reloaded,", looks[0], looks[1], looks[3])
	host.ears("the host of Mei, who has reloaded,", looks[1], looks[2], looks[3])

	host.click("Remove: Théo")
	eventually(t, 5*time.Second, "the page asks first", func() bool {
		return evaluate[bool](host, `document.querySelector('dialog[open]') !== null`)
	})
	host.click("Remove")
	théo.reads(10*time.Second, "You are no longer on this stage")
	host.ears("the host, without Théo,", looks[2], looks[3])
	if status, _, _ := fetch(t, "GET", links[0], nil); status != 410 && status != 404 {
		t.Errorf("the invite of who was removed is answered %d", status)
	}

	host.click("End")
	eventually(t, 5*time.Second, "the page asks first", func() bool {
		return evaluate[bool](host, `document.querySelector('dialog[open]') !== null`)
	})
	host.click("End")
	host.reads(20*time.Second, "ENDED")
	host.noErrors()
}
