package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// pick chooses in the page's quality menu.
func (p *tab) pick(name string) {
	p.t.Helper()
	eventually(p.t, 10*time.Second, "there is a choice", func() bool {
		return evaluate[bool](p, `document.querySelector('.quality-button') !== null`)
	})
	evaluate[bool](p, `(document.querySelector('.quality-button').click(), true)`)
	eventually(p.t, 5*time.Second, "the menu has "+name, func() bool {
		return evaluate[bool](p, fmt.Sprintf(`(() => {
			const item = [...document.querySelectorAll('.menu [role=menuitemradio]')].find((i) => i.innerText.startsWith(%q));
			item?.click();
			return item !== undefined;
		})()`, name))
	})
}

// shows waits until pictures of a width come and the page says which they are,
// and gives the longest time without a picture until then.
func (p *tab) shows(width int, says string) (freeze float64) {
	p.t.Helper()
	eventually(p.t, 15*time.Second, says+" plays, and the page says so", func() bool {
		return p.seen().Width == width && evaluate[string](p, `document.querySelector('.quality-button')?.innerText ?? ''`) == says
	})
	return p.playing(10*time.Second, 30).Freeze
}

// TestPageQuality: the menu works on both ways out, and a switch is not seen as a
// freeze.
func TestPageQuality(t *testing.T) {
	a := start(t, setup{ladder: smallRung})
	a.publish(overRTMP, "studio", "host", looks[0])
	a.awaitLive("studio")
	b := startBrowser(t)
	p := b.open(a.url("/s/studio"))
	p.playing(15*time.Second, 60)

	for i, step := range []struct {
		pick  string
		width int
	}{{"360p", 640}, {"180p", 320}, {"360p", 640}, {"180p", 320}} {
		p.fresh()
		p.pick(step.pick)
		freeze := p.shows(step.width, step.pick)
		if i == 0 {
			continue // it may have been so
		}
		figure(t, "page.hls.switch_freeze", freeze, "ms")
		if freeze > 700 {
			t.Errorf("LL-HLS: to %s, the picture stood for %.0f ms", step.pick, freeze)
		}
	}
	evaluate[bool](p, `(document.querySelector('button.real-time').click(), true)`)
	eventually(t, 10*time.Second, "real time plays", func() bool {
		return evaluate[bool](p, `document.querySelector('video').srcObject instanceof MediaStream`)
	})
	p.shows(320, "180p") // as chosen before
	for _, step := range []struct {
		pick  string
		width int
	}{{"360p", 640}, {"180p", 320}} {
		p.fresh()
		p.pick(step.pick)
		freeze := p.shows(step.width, step.pick)
		figure(t, "page.whep.switch_freeze", freeze, "ms")
		if freeze > 700 {
			t.Errorf("real time: to %s, the picture stood for %.0f ms", step.pick, freeze)
		}
	}
	eventually(t, 15*time.Second, "what was watched is known by rendition", func() bool {
		return a.metric("regie_player_watched_seconds_total", label("rendition", "180p")) > 0 && a.metric("regie_player_watched_seconds_total", label("rendition", "360p")) > 0
	})
	p.noErrors()
}

// TestPageWhenRealTimeIsFull: who comes to a server that has no room for real time
// watches LL-HLS, is told that it is full, and can try again later.
func TestPageWhenRealTimeIsFull(t *testing.T) {
	t.Setenv("REGIE_WEBRTC_MAX_VIEWERS", "1")
	a := start(t, setup{})
	a.publish(overRTMP, "studio", "host", looks[0])
	a.awaitLive("studio")
	first := watchWHEP(t, a.whep("studio"))
	if status, body, header := send(t, http.MethodPost, a.whep("studio"), "application/sdp", first.pc.LocalDescription().SDP, nil); status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" {
		t.Fatalf("a second viewer is answered %d %s", status, body)
	}
	b := startBrowser(t)
	p := b.open(a.url("/s/studio"))
	p.playing(15*time.Second, 30)
	p.fresh()
	evaluate[bool](p, `(document.querySelector('button.real-time').click(), true)`)
	eventually(t, 10*time.Second, "the page says that it is full", func() bool {
		return strings.Contains(evaluate[string](p, `document.querySelector('.notice').innerText`), "full")
	})
	s := p.playing(15*time.Second, 30)
	figure(t, "page.full.freeze", s.Freeze/1000, "s")
	if s.Freeze > 7000 {
		t.Errorf("the picture stood still for %.0f ms", s.Freeze)
	}
	first.pc.Close()
	eventually(t, 10*time.Second, "there is room again", func() bool { return a.metric("regie_viewers", label("delivery", "whep")) == 0 })
	evaluate[bool](p, `(document.querySelector('.notice .link').click(), true)`)
	eventually(t, 10*time.Second, "trying again works", func() bool {
		return evaluate[bool](p, `document.querySelector('video').srcObject instanceof MediaStream && document.querySelector('.notice').innerText === ''`)
	})
	p.playing(10*time.Second, 30)
}

// TestPageAtTheEnd: who watches sees the closing slate out, by LL-HLS to its last
// picture, and then reads that it is over. Nothing reconnects to what is gone, falls
// back to it or plays it again.
func TestPageAtTheEnd(t *testing.T) {
	a := start(t, setup{})
	a.publish(overRTMP, "studio", "host", looks[0])
	a.awaitLive("studio")
	b := startBrowser(t)
	apart := []chromedp.ContextOption{chromedp.WithNewBrowserContext(), chromedp.WithNewWindow(true)}
	slow, fast := b.openWith(a.url("/s/studio"), watchScript, apart...), b.openWith(a.url("/s/studio"), watchScript, apart...)
	slow.playing(15*time.Second, 30)
	fast.inRealTime()
	for _, p := range []*tab{slow, fast} {
		evaluate[bool](p, `(() => {
			window.said = [];
			for (const place of document.querySelectorAll('.word, .notice')) {
				new MutationObserver(() => window.said.push(place.innerText)).observe(place, { childList: true, characterData: true, subtree: true });
			}
			const video = document.querySelector('video');
			video.addEventListener('ended', () => window.said.push('the end'));
			video.addEventListener('loadeddata', () => window.said.push('once more'));
			return true;
		})()`)
	}
	if status, body, _ := send(t, http.MethodPost, "http://"+a.ports.Metrics+"/sessions/studio/end", "", "", nil); status >= 300 {
		t.Fatalf("ending is answered %d %s", status, body)
	}
	for p, want := range map[*tab]string{slow: "the end", fast: ""} {
		p.until("the page says that it is over", `document.querySelector('.slate')?.innerText.includes('This session has ended')`)
		if said := evaluate[string](p, `window.said.join(', ')`); said != want {
			t.Errorf("before that it said %q, want %q", said, want)
		}
	}
	slow.noErrors()
}
