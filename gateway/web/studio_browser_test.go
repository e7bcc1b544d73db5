package web

import (
	"fmt"
	"strings"
	"testing"

	"github.com/regie-live/regie/gateway/show"
)

const (
	inCheck   = `document.querySelector(".self-view video")?.videoWidth > 0`
	inRoom    = `document.querySelector(".green-room") !== null`
	cardOf    = `[...document.querySelectorAll(".person-card")].find((c) => c.querySelector(".person-card-name").textContent === %q)`
	moving    = `%s.querySelector("video")?.currentTime > 0.3`
	hostSends = `document.querySelector(".self-bar .leave") !== null`
)

func (p *tab) typeInto(selector, text string) {
	p.t.Helper()
	p.eval(fmt.Sprintf(`(((e) => (e.value = %q, e.dispatchEvent(new Event("input", { bubbles: true }))))(document.querySelector(%q)), "")`, text, selector))
}

// clickOn clicks the button that says this.
func (p *tab) clickOn(words string) {
	p.t.Helper()
	find := fmt.Sprintf(`[...document.querySelectorAll("dialog[open] button, button")].find((b) => b.innerText.trim().startsWith(%q) && !b.disabled)`, words)
	p.until("there is a button "+words, find+` !== undefined`)
	p.eval(`(` + find + `.click(), "")`)
}

// joinAs opens an invite and joins.
func joinAs(t *testing.T, b browser, s *stageServer, name string) *tab {
	t.Helper()
	g := b.open(t, s.URL+"/j/INVITE-TOKEN")
	g.until("the camera shows", inCheck)
	g.typeInto("#name", name)
	g.clickOn("Join")
	g.until("the green room is open", inRoom)
	return g
}

func openDesk(t *testing.T, b browser, s *stageServer) *tab {
	t.Helper()
	h := b.open(t, s.URL+"/studio/studio")
	h.until("the desk is open", `document.querySelector(".desk") !== null`)
	h.clickOn("Use my camera")
	h.until("the camera shows", inCheck)
	h.clickOn("Start sending")
	h.until("the host sends", hostSends)
	return h
}

// A guest checks, joins off air, is told where they are at every step, hears and
// sees the host, and is told when they are removed.
func aGuestFromLinkToEnd(t *testing.T, b browser) {
	s := newStageServer(t)
	h := openDesk(t, b, s)
	g := b.open(t, s.URL+"/j/INVITE-TOKEN")
	g.until("the camera shows, mirrored", inCheck+` && document.querySelector(".self-view .mirrored") !== null`)
	g.until("it hears the fake device's beep", `document.querySelector(".level")?.innerText.includes("We hear you")`)
	g.clickOn("Join")
	g.until("a name is asked for", `document.querySelector("#name-hint.error") !== null && document.activeElement.id === "name"`)
	g.typeInto("#name", "Théo")
	g.clickOn("Join")
	s.did(t, `POST join {"invite":"INVITE-TOKEN","name":"Théo"}`)
	s.did(t, `PATCH me {"place":"waiting","self_camera_off":false,"self_muted":false}`)
	g.until("they are told that they wait", `document.querySelector(".where").innerText.includes("You are not on air. Ana will let you in.")`)
	h.until("the host sees them", fmt.Sprintf(cardOf+`?.classList.contains("waiting")`, "Théo"))
	h.until("and their picture", fmt.Sprintf(moving, fmt.Sprintf(cardOf, "Théo")))
	s.sending.Lock()
	for _, id := range []string{"host", "guest1"} {
		if s.first[id] != "1280 × 720" {
			t.Errorf("the first picture of %s is %s", id, s.first[id])
		}
	}
	s.sending.Unlock()
	g.until("they see the program", `document.querySelector(".program video")?.currentTime > 0.3`)
	g.until("and hear the host", `[...document.querySelectorAll("audio")].some((a) => !a.paused && a.currentTime > 0.3)`)

	for place, words := range map[show.Place]string{
		show.Backstage: "You are backstage, not on air. You hear the stage. Ana will bring you on.",
		show.OnAir:     "You are on stage, not on air yet.",
	} {
		s.set(func(d *show.Desk) { s.person(d, "guest1").Place = place })
		g.until("they are told that they are "+string(place), fmt.Sprintf(`document.querySelector(".where").innerText.includes(%q)`, words))
	}
	s.set(func(d *show.Desk) { s.person(d, "guest1").Place, d.Phase = show.OnAir, show.Live })
	g.until("they are on air", `document.querySelector(".where.onAir")?.innerText.includes("You are on air.")`)

	s.set(func(d *show.Desk) { s.person(d, "guest1").Muted = true })
	g.until("the host's muting is told", `document.querySelector(".self-notice").innerText.includes("The host has muted you")`)
	g.clickOn("Unmute")
	s.did(t, `PATCH me {"self_muted":false}`)

	s.kick("guest1")
	g.until("a lost connection is told at once", `document.querySelector(".self-notice").innerText !== ""`)
	h.until("it comes back by itself", fmt.Sprintf(moving, fmt.Sprintf(cardOf, "Théo")))

	s.feed.Remove("guest1", &show.Error{Kind: show.Gone, Detail: "removed"})
	g.until("they are told that they are out", `document.querySelector("main").innerText.includes("You are no longer on this stage")`)
	g.until("and their camera is let go", `document.querySelector("video") === null`)
}

// What a person of the desk does reaches the API, and shows at once.
func theDesk(t *testing.T, b browser) {
	s := newStageServer(t)
	h := openDesk(t, b, s)
	joinAs(t, b, s, "Théo")
	card := fmt.Sprintf(cardOf, "Théo")
	h.until("the guest is there", card+` !== undefined`)
	act := func(words, asks string) {
		t.Helper()
		button := fmt.Sprintf(`[...(%s?.querySelectorAll(".acts button") ?? [])].find((b) => b.innerText.trim() === %q)`, card, words)
		h.until("there is a button "+words, button+` !== undefined`)
		h.eval(`(` + button + `.click(), "")`)
		s.did(t, asks)
	}
	act("Let in", `PATCH people/guest1 {"place":"backstage"}`)
	s.set(func(d *show.Desk) { s.person(d, "guest1").Place = show.Backstage })
	h.until("they are backstage", card+`.innerText.includes("backstage")`)
	act("Bring on", `{"place":"on_air"}`)
	s.set(func(d *show.Desk) {
		s.person(d, "guest1").Place = show.OnAir
		d.Preview.Cells = []show.PlacedCell{{Participant: "host", X: 0, Y: 0.25, W: 0.5, H: 0.5}, {Participant: "guest1", X: 0.5, Y: 0.25, W: 0.5, H: 0.5}}
	})
	h.until("preview shows both", `[...document.querySelectorAll(".cell video")].filter((v) => v.currentTime > 0.3).length === 2`)
	act("Spotlight", `PATCH preview {"spotlight":"guest1"}`)
	act("Mute", `{"muted":true}`)
	act("Camera off", `{"camera_off":true}`)

	h.eval(`(document.activeElement.blur(), "")`)
	h.press("3")
	s.did(t, `PATCH preview {"layout":"1+2","slate":""}`)
	h.press("Enter")
	s.did(t, `POST take {"fade":false}`)
	h.clickOn("Fade")
	s.did(t, `POST take {"fade":true}`)
	h.clickOn("Be right back")
	s.did(t, `PATCH preview {"slate":"brb"}`)

	h.clickOn("Overlays")
	h.typeInto("#third-title", "Théo")
	h.typeInto("#third-line", "potter")
	h.clickOn("Show")
	s.did(t, `PATCH overlays {"lower_third":{"line":"potter","title":"Théo"}}`)

	s.mu.Lock()
	s.refuse = "three guests are on air; send one of them back first"
	s.mu.Unlock()
	h.clickOn("Go live")
	h.until("a refusal is told in the server's words", `document.querySelector(".toast")?.innerText.includes("send one of them back first")`)
	h.clickOn("Close")
	h.clickOn("Go live")
	s.did(t, "POST start")
	s.set(func(d *show.Desk) { d.Phase = show.Live })
	h.until("it is live", `document.querySelector(".desk.live") !== null`)
	h.clickOn("End")
	h.until("the end is asked for", `document.querySelector("dialog[open]")?.innerText.includes("End the session?")`)
	h.eval(`(document.querySelector("dialog[open] .danger").click(), "")`)
	s.did(t, "POST end")

	h.until("the question is gone", `document.querySelector("dialog[open]") === null`)
	act("Remove", "")
	h.until("the removal is asked for", `document.querySelector("dialog[open]")?.innerText.includes("Remove Théo?")`)
	h.eval(`(document.querySelector("dialog[open] .danger").click(), "")`)
	s.did(t, "POST people/guest1/remove")

	h.clickOn("Invite")
	h.typeInto("#invite-name", "Mei")
	h.clickOn("Make an invite link")
	h.until("the link is shown", `document.querySelector(".invites input")?.value.endsWith("/j/INVITE-TOKEN")`)
}

// Private text goes both ways, in order, and what was typed is never lost.
func privateText(t *testing.T, b browser) {
	s := newStageServer(t)
	h := b.open(t, s.URL+"/studio/studio")
	h.until("the desk is open", `document.querySelector(".desk") !== null`)
	g := joinAs(t, b, s, "Théo")
	g.typeInto(".talk-form input", "am I next?")
	g.clickOn("Send")
	h.until("the desk has one to read", `document.querySelector(".count")?.innerText.startsWith("1")`)
	h.clickOn("Message")
	h.until("and reads it", `document.querySelector(".talk-text")?.innerText === "am I next?"`)
	h.typeInto(".talk-form input", "in a minute")
	h.clickOn("Send")
	g.until("the guest reads the answer", `[...document.querySelectorAll(".talk-text")].at(-1).innerText === "in a minute"`)
	s.mu.Lock()
	s.refuse = "you are removed"
	s.mu.Unlock()
	g.typeInto(".talk-form input", "wait!")
	g.clickOn("Send")
	g.until("what was refused stays in its field", `document.querySelector(".talk .error")?.innerText.includes("you are removed") && document.querySelector(".talk-form input").value === "wait!"`)
}

// Each trouble with a device has its sentence and can be tried again; a device
// that was unplugged is replaced when another comes.
func deviceTroubles(t *testing.T, b browser) {
	s := newStageServer(t)
	g := b.open(t, s.URL+"/j/INVITE-TOKEN")
	g.until("the camera shows", inCheck)
	g.eval(`(window.ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices), "")`)
	choose := `(document.querySelector("#device-camera").dispatchEvent(new Event("change", { bubbles: true })), "")`
	for _, trouble := range [][2]string{ // the last one stays for what follows
		{"NotAllowedError", "Camera: the browser refused access."},
		{"NotFoundError", "Camera: none is connected."},
		{"NotReadableError", "Camera: another program is using it."},
		{"TypeError", "Camera: it could not be opened."},
	} {
		name, words := trouble[0], trouble[1]
		g.eval(fmt.Sprintf(`(navigator.mediaDevices.getUserMedia = () => Promise.reject(Object.assign(new Error(), { name: %q })), "")`, name))
		g.eval(choose)
		g.until(name+" is told", fmt.Sprintf(`document.querySelector(".problem")?.innerText.includes(%q)`, words))
	}
	g.clickOn("Try again")
	g.until("one sentence serves both", `document.querySelector(".problem")?.innerText.includes("Camera and microphone: it could not be opened.")`)
	g.eval(`(navigator.mediaDevices.getUserMedia = window.ask, "")`)
	g.clickOn("Try again")
	g.until("the camera is back", inCheck+` && document.querySelector(".problem") === null`)

	g.typeInto("#name", "Théo")
	g.clickOn("Join")
	g.until("the own picture is in the green room", `document.querySelector(".room-people video")?.srcObject != null`)
	g.eval(`(document.querySelector(".room-people video").srcObject.getTracks()[0].dispatchEvent(new Event("ended")), navigator.mediaDevices.dispatchEvent(new Event("devicechange")), "")`)
	g.until("the picture goes on", `document.querySelector(".room-people video")?.currentTime > 0.3`)
	if kept := g.eval(`localStorage["regie-devices"]`); !strings.Contains(kept, `"name":"Théo"`) {
		t.Errorf("the name is not remembered: %s", kept)
	}
}

// Without events a page asks, and says nothing of it; when they come it goes on by them.
func aDeskWithoutEvents(t *testing.T, b browser) {
	s := newStageServer(t)
	s.silent.Store(true)
	h := b.open(t, s.URL+"/studio/studio")
	h.until("the desk is open", `document.querySelector(".desk") !== null`)
	s.set(func(d *show.Desk) { d.Phase, d.Since = show.Live, d.EndsAt })
	h.until("it is live", `document.querySelector(".desk.live") !== null`)
	s.silent.Store(false)
	h.until("events are back", `performance.getEntriesByType("resource").filter((e) => e.name.endsWith("/desk")).length > 0`)
	s.set(func(d *show.Desk) { d.Phase = show.Ended })
	h.until("it has ended", `document.querySelector(".desk.ended") !== null`)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.complaints = nil // the browser's own words about the socket
}

// axe-core finds nothing on the pages of the stage, in either theme, on a desk or a phone.
func stageAccessible(t *testing.T, b browser) {
	s := newStageServer(t)
	h := openDesk(t, b, s)
	check := b.open(t, s.URL+"/j/INVITE-TOKEN?lang=fr")
	check.until("the camera shows", inCheck)
	g := joinAs(t, b, s, "Théo")
	waiting := joinAs(t, b, s, "Mei")
	s.set(func(d *show.Desk) {
		d.Phase, d.Since = show.Live, d.EndsAt.Add(-50*60e9)
		s.person(d, "host").Place, s.person(d, "guest1").Place = show.OnAir, show.OnAir
		d.Preview.Layout = show.TwoUp
		d.Preview.Cells = []show.PlacedCell{{Participant: "host", X: 0, Y: 0.25, W: 0.5, H: 0.5}, {Participant: "guest1", X: 0.5, Y: 0.25, W: 0.5, H: 0.5}}
		d.Overlays.LowerThird = &show.LowerThird{Title: "Théo"}
	})
	g.until("on air", `document.querySelector(".where.onAir") !== null`)
	waiting.until("waiting", `document.querySelector(".where.waiting") !== null`)
	h.until("live", `document.querySelector(".desk.live") !== null`)
	invalid := b.open(t, s.URL+"/j/revoked")
	over := b.open(t, s.URL+"/j/over")
	over.until("a guest is told that the session is over", `document.querySelector("h1").innerText === "Glaze day: five mugs, one kiln is over" && document.querySelector("video") === null`)
	again := b.open(t, s.URL+"/j/over")
	again.click(".check-title ~ .actions button")
	again.until("and may go on all the same", `document.querySelector("#name, [autocomplete=name]") !== null`)
	for _, page := range []struct {
		name string
		*tab
		before string
	}{
		{"check", check, ""}, {"green room, on air", g, ""}, {"green room, waiting", waiting, ""}, {"revoked", invalid, ""}, {"over", over, ""},
		{"desk", h, ""}, {"desk, overlays", h, "#tab-overlays"}, {"desk, messages", h, "#tab-messages"},
	} {
		if page.before != "" {
			page.click(page.before)
		}
		for _, look := range []struct {
			theme         string
			width, height int64
		}{{"dark", 1440, 900}, {"light", 1440, 900}, {"light", 390, 844}} {
			page.t = t
			page.look(look.theme, look.width, look.height)
			page.picture(fmt.Sprintf("stage-%s-%s-%d", strings.NewReplacer(", ", "-", " ", "-").Replace(page.name), look.theme, look.width))
			if found := page.axe(); found != "" {
				t.Errorf("%s, %s, %d wide:\n%s", page.name, look.theme, look.width, found)
			}
			if wide := page.eval(`String(document.documentElement.scrollWidth - document.documentElement.clientWidth)`); wide != "0" {
				t.Errorf("%s is %s too wide for %d", page.name, wide, look.width)
			}
		}
	}
}
