package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/regie-live/regie/transcode/slate"
)

// evening is a session on air with its creator at the desk, a moderator, and two
// viewers: Kim on LL-HLS, Noa in real time.
type evening struct {
	t                   *testing.T
	a                   *appliance
	m                   *admin
	card                look
	program             *player
	kim, noa, iris, ana *tab
}

// TestEvent is an evening as its people see it, each in a browser of their own: they
// talk, a moderator holds, hides, pauses and bans, a question is drawn by the mixer,
// a poll, a hand, a reaction; a product is shown with its picture on both ways out;
// the schedule changes while one watches.
func TestEvent(t *testing.T) {
	e := openEvening(t)
	e.talk()
	e.moderate()
	e.question()
	e.pollAndHand()
	e.pin()
	e.ban()
	for _, p := range []*tab{e.noa, e.iris, e.ana} {
		p.noErrors()
	}
	e.follow()
}

func openEvening(t *testing.T) *evening {
	e := &evening{t: t, a: start(t, setup{}), card: looks[0]}
	e.card.clock, e.card.w, e.card.h = true, 640, 360
	e.a.publish(overRTMP, "studio", "host", e.card)
	e.m = e.a.setUp()
	e.m.do("PUT", "event/words", map[string]any{"words": []string{"grumpf"}, "lists": []string{}, "review": nil})
	e.m.do("POST", "users", map[string]any{"name": "Iris", "role": "moderator", "password": "kind words and patience"})
	e.program = e.a.live("studio")
	b := startBrowser(t)
	apart := []chromedp.ContextOption{chromedp.WithNewBrowserContext(), chromedp.WithNewWindow(true)}
	e.kim = b.openWith(e.a.url("/s/studio"), watchScript, apart...)
	e.noa = b.openWith(e.a.url("/s/studio"), watchScript, apart...)
	e.ana = b.openWith(e.m.invite("studio", "host", "Ana"), "", apart...)
	e.iris = b.openWith(e.a.url("/signin"), "", apart...)
	e.ana.fill("name", "Ana")
	e.ana.click("Join")
	e.iris.fill("name", "Iris")
	e.iris.fill("password", "kind words and patience")
	e.iris.click("Sign in")
	e.iris.until("signing in leads a moderator to the rooms", `location.pathname === '/mod'`)
	evaluate[bool](e.iris, `(location.href = '/mod/studio', true)`)
	e.kim.playing(30*time.Second, 30)
	e.noa.inRealTime()
	return e
}

// talk: two take names, one of them after that of the creator was refused.
func (e *evening) talk() {
	e.kim.chats("Ana")
	e.kim.until("the creator's name is not for viewers", `document.querySelector('#name-hint.error') !== null`)
	e.kim.chats("Kim")
	e.noa.chats("Noa")
	for _, p := range []*tab{e.kim, e.noa} {
		p.until("they may speak", `document.querySelector('.reaction-bar') !== null`)
	}
	e.kim.chats("that blue is unreal")
	for _, p := range []*tab{e.noa, e.ana} {
		p.logs("that blue is unreal")
	}
	e.ana.chats("welcome, both of you")
	e.kim.logs("welcome, both of you")

	evaluate[bool](e.noa, `(window.hearts = 0, new MutationObserver((all) => {
		for (const { addedNodes } of all) for (const node of addedNodes) if (node.matches?.('.float.heart')) window.hearts++;
	}).observe(document.body, { childList: true, subtree: true }), true)`)
	e.kim.tap(".reaction.heart")
	e.noa.until("a heart floats over the picture", `window.hearts > 0`)
}

// moderate: what a word holds is approved; a message is hidden and comes back; the
// chat is paused for a while.
func (e *evening) moderate() {
	e.noa.chats("grumpf, the queue was long")
	e.noa.until("only Noa sees what is held", `document.querySelector('.line.held') !== null`)
	e.iris.until("it waits for a moderator", `document.querySelector('.mod-held .mod-row')?.innerText.includes('grumpf')`)
	if evaluate[bool](e.kim, `document.querySelector('.log').innerText.includes('grumpf')`) {
		e.t.Error("what is held is shown to everybody")
	}
	e.iris.click("Approve")
	e.kim.logs("grumpf, the queue was long")

	const gone = `!document.querySelector('.log').innerText.includes('that blue is unreal')`
	for _, p := range []*tab{e.kim, e.noa} {
		evaluate[bool](p, `(window.gone = 0, new MutationObserver(() => { if (!window.gone && `+gone+`) window.gone = Date.now(); })
			.observe(document.querySelector('.log'), { childList: true, subtree: true, characterData: true }), true)`)
	}
	evaluate[bool](e.iris, `(addEventListener('click', () => window.pressed = Date.now(), true), true)`)
	e.iris.tap(".mod-live .mod-row .mod-quick") // of the first, that blue
	at := evaluate[float64](e.iris, `window.pressed`)
	for name, p := range map[string]*tab{"llhls": e.kim, "whep": e.noa} {
		p.until("what was hidden goes", gone)
		figure(e.t, "event.hidden_after."+name, evaluate[float64](p, `window.gone`)-at, "ms")
	}
	e.iris.click("Undo")
	e.noa.logs("that blue is unreal")

	e.iris.click("Pause chat")
	e.kim.reads(20*time.Second, "The moderators have paused the chat")
	e.kim.chats("is anybody there?")
	e.kim.until("nobody speaks meanwhile", `document.querySelector('.fate') !== null`)
	e.iris.click("Pause chat")
	e.kim.until("the pause is over", `!document.querySelector('.room').innerText.includes('paused the chat')`)
	e.kim.click("Retry")
	e.noa.logs("is anybody there?")
}

// question: it is asked, voted for and put on air, where the mixer draws it; both
// viewers find it marked in their chat.
func (e *evening) question() {
	const text = "How long between two coats?"
	e.noa.tap("#room-questions")
	e.noa.fill("ask", text)
	e.noa.click("Ask")
	e.kim.tap("#room-questions")
	e.kim.tap(".question .vote")
	e.noa.until("the vote counts", `document.querySelector('.question .vote')?.innerText.trim().startsWith('1')`)
	plate, corner := slate.NewPen(nil, nil).LowerThird("Noa", text, 640, 360)
	drawn := func(s shot) bool { // the plate's own dark, left of its letters
		return mean(s.pic, corner.X+6, corner.Y+4, 4, plate.Bounds().Dy()-8)[0] < 45
	}
	if s := e.program.next(); drawn(s) {
		e.t.Error("there is a lower third before the question")
	}
	e.ana.tap("#room-questions")
	e.ana.click("On air")
	e.program.awaitShot(30*time.Second, "the question in the picture", drawn)
	for _, p := range []*tab{e.kim, e.noa} {
		p.tap("#room-chat")
		p.until("the chat marks it, once", fmt.Sprintf(`(() => {
			const lines = [...document.querySelectorAll('.log .line')].filter((l) => l.innerText.includes(%q));
			return lines.length === 1 && lines[0].classList.contains('mark');
		})()`, text))
	}
	e.ana.click("Answered")
	e.program.awaitShot(30*time.Second, "the picture without it", func(s shot) bool { return !drawn(s) })
}

func (e *evening) pollAndHand() {
	e.ana.tap("#room-polls")
	e.ana.fill("poll-question", "Next colour?")
	e.ana.until("there are two answers", `(() => {
		[...document.querySelectorAll('.new-poll .form > input')].forEach((field, n) => {
			field.value = ['Blue', 'Green'][n];
			field.dispatchEvent(new Event('input', { bubbles: true }));
		});
		return document.querySelector('.new-poll .primary')?.disabled === false;
	})()`)
	e.ana.click("Start the poll")
	e.kim.until("the poll is there", `(document.querySelectorAll('.poll input')[1]?.click(), document.querySelector('.poll input:checked') !== null)`)
	e.kim.click("Vote")
	e.ana.until("the vote is counted", `document.querySelectorAll('.share')[1]?.innerText === '100%'`)

	e.noa.click("Raise hand")
	e.noa.fill("hand-note", "my kiln cracked")
	e.noa.tap("dialog[open] .primary")
	e.ana.tap("#room-hands")
	e.ana.reads(20*time.Second, "my kiln cracked")
	e.ana.click("Invite on stage")
	e.noa.until("the way to the stage is there", `document.querySelector('.invited a') !== null`)
	link := evaluate[string](e.noa, `document.querySelector('.invited a').href`)
	if status, body, _ := fetch(e.t, "GET", link, nil); status != http.StatusOK {
		e.t.Errorf("the invite %s is answered %d: %.200s", link, status, body)
	}
}

// pin: a product comes and goes with its picture, to both viewers.
func (e *evening) pin() {
	e.m.do("POST", "products", map[string]any{"session": "studio", "title": "Speckled glaze", "price": "14.00", "currency": "EUR", "url": "https://shop.example/glaze", "stock": 32})
	e.ana.tap("#room-pins")
	e.ana.click("Pin now: Speckled glaze")
	viewers := map[string]*tab{"llhls": e.kim, "whep": e.noa}
	for _, p := range viewers {
		p.until("the product is shown", `document.querySelector('.pin-card')?.innerText.includes('32 left')`)
	}
	e.ana.click("Unpin: Speckled glaze")
	for _, p := range viewers {
		p.until("and goes again", `document.querySelector('.pin-card') === null`)
	}
	var pins []struct {
		ID, Link string
		Start    time.Time
		Seconds  float64
	}
	if err := json.Unmarshal(e.m.do("GET", "sessions/studio/pins", nil), &pins); err != nil || len(pins) != 1 {
		e.t.Fatalf("pins: %v, %v", pins, err)
	}
	pin := pins[0]
	for name, p := range viewers {
		came, went := false, false
		for _, c := range p.seen().Cues {
			// In between it is told how long the pin lasts.
			if c.ID != "pin-"+pin.ID || came && !c.Ended {
				continue
			}
			came, went = true, went || c.Ended
			at := pin.Start
			if c.Ended {
				at = at.Add(time.Duration(pin.Seconds * float64(time.Second)))
			}
			off := c.Clock - float64(e.program.clockAt(at).UnixMilli()%(1<<32))
			figure(e.t, fmt.Sprintf("event.pin.%s.ended_%v", name, c.Ended), off, "ms")
			if off < -cueTolerance || off > cueTolerance {
				e.t.Errorf("%s: the pin (ended: %v) is %v ms from its picture", name, c.Ended, off)
			}
		}
		if !came || !went {
			e.t.Errorf("%s: the pin neither came nor went with a picture: %v", name, p.seen().Cues)
		}
	}
	redirects := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := redirects.Get(e.a.url(pin.Link))
	if err != nil {
		e.t.Fatal(err)
	}
	defer response.Body.Close()
	if to := response.Header.Get("Location"); response.StatusCode != http.StatusFound || to != "https://shop.example/glaze" {
		e.t.Errorf("%s: %s %q", pin.Link, response.Status, to)
	}
}

// ban: who is banned is told so, and what they said goes; lifting it brings it back.
func (e *evening) ban() {
	e.iris.until("Kim's line is chosen", `(() => {
		const line = [...document.querySelectorAll('.mod-live .mod-row')].find((l) => l.innerText.includes('is anybody there?'));
		line?.click();
		return document.querySelector('.mod-person-name')?.innerText === 'Kim';
	})()`)
	e.iris.click("Ban")
	e.iris.until("it asks first", `document.querySelector('dialog[open]') !== null`)
	e.iris.click("Ban")
	e.kim.reads(20*time.Second, "taken you out of the chat")
	e.noa.until("what they said goes", `!document.querySelector('.log').innerText.includes('is anybody there?')`)
	e.iris.click("Lift the ban")
	e.noa.logs("is anybody there?")
	e.kim.until("they may speak again", `!document.querySelector('.room').innerText.includes('taken you out of the chat')`)
}

// follow: the page that follows the event has the room beside the picture; a session
// is moved, and every open page says so.
func (e *evening) follow() {
	now := time.Now().UTC().Truncate(time.Minute)
	ahead := 12 - now.Hour() // of a place where it is noon, so that all of it is on one day
	there := time.FixedZone("", ahead*3600)
	day := func(n int) map[string]any {
		return map[string]any{"date": now.In(there).AddDate(0, 0, n).Format(time.DateOnly), "title": ""}
	}
	slot := func(session string, from, to time.Duration) {
		e.m.do("PATCH", "sessions/"+session+"/slot", map[string]any{"starts": now.Add(from), "ends": now.Add(to)})
	}
	e.m.do("PUT", "event", map[string]any{"name": "Slow Hands", "description": "", "time_zone": fmt.Sprintf("Etc/GMT%+d", -ahead), "days": []any{day(-1), day(0), day(1)}})
	slot("studio", -10*time.Minute, time.Hour)
	slot("glaze", 2*time.Hour, 3*time.Hour)
	pages := map[string]*tab{"/": e.iris, "/s/studio": e.kim, "/live": e.noa}
	shows := func(p *tab, what string, after time.Duration) {
		p.until(what, fmt.Sprintf(`window.same && [...document.querySelectorAll('.slot')].some((s) => s.innerText.includes('Glaze') && s.innerText.includes(%q))`, now.Add(after).In(there).Format("15:04")))
	}
	for path, p := range pages {
		evaluate[bool](p, fmt.Sprintf(`(window.old = true, location.href = %q, true)`, path))
		p.until(path+" is there", fmt.Sprintf(`!window.old && location.pathname === %q && document.readyState === 'complete' && (window.same = true)`, path))
		shows(p, path+" has the programme", 2*time.Hour)
	}
	e.noa.until("it plays", `document.querySelector('video')?.readyState >= 2`)
	e.noa.logs("welcome, both of you")
	e.noa.chats("still here")
	e.kim.logs("still here")
	slot("glaze", 4*time.Hour, 5*time.Hour)
	for path, p := range pages {
		shows(p, path+" says that it was moved", 4*time.Hour)
	}
}

// until waits until an expression is true in the page.
func (p *tab) until(what, expression string) {
	p.t.Helper()
	if !p.awaits(30*time.Second, func() bool { return glance[bool](p, "(async () => !!(await ("+expression+")))()") }) {
		p.t.Fatalf("%s: never; the page says:\n%.1500s", what, glance[string](p, `document.body?.innerText ?? ""`))
	}
}

// tap clicks what a selector finds, once it can be clicked.
func (p *tab) tap(selector string) {
	p.t.Helper()
	p.until("there is "+selector, fmt.Sprintf(`(() => {
		const button = document.querySelector(%q);
		if (!button || button.disabled) return false;
		button.click();
		return true;
	})()`, selector))
}

// chats says something in the chat, or takes a name.
func (p *tab) chats(text string) {
	p.t.Helper()
	p.fill("say", text)
	p.tap(".composer .primary")
}

// logs waits until the chat has a text.
func (p *tab) logs(text string) {
	p.t.Helper()
	p.until("the chat says "+text, fmt.Sprintf(`document.querySelector('.log')?.innerText.includes(%q)`, text))
}
