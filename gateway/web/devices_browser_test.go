package web

import (
	"context"
	"fmt"
	"strings"
	"testing"

	browsercdp "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"

	"github.com/regie-live/regie/gateway/show"
)

// What browsers really say of cameras and microphones; what the page makes of
// each word of theirs is tried by deviceTroubles too, with a browser that says it
// on demand.

const problem = `document.querySelector(".problem")?.innerText.replaceAll("\n", " ")`

func says(words string) string { return fmt.Sprintf(problem+`?.includes(%q)`, words) }

func TestDevicesInABrowser(t *testing.T) {
	noDevices := chromedp.Flag("use-fake-device-for-media-stream", false)
	asks := chromedp.Flag("use-fake-ui-for-media-stream", false)
	named := chromedp.Flag("host-resolver-rules", "MAP studio.example 127.0.0.1")
	t.Run("denied, then allowed", func(t *testing.T) { deniedThenAllowed(t, startBrowser(t, asks)) })
	t.Run("none there", func(t *testing.T) { noneThere(t, startBrowser(t, noDevices)) })
	t.Run("not over https", func(t *testing.T) { notOverHTTPS(t, startBrowser(t, named)) })
	b := startBrowser(t)
	t.Run("in use", func(t *testing.T) { inUse(t, b) })
	t.Run("unplugged", func(t *testing.T) { unplugged(t, b) })
	t.Run("check and room", func(t *testing.T) { checkAndRoom(t, b) })
}

// allow answers for the person whom the browser asks.
func (p *tab) allow(setting browsercdp.PermissionSetting, names ...string) {
	p.t.Helper()
	err := chromedp.Do(p.ctx, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		for _, name := range names {
			if _, err := cdp.Call(ctx, target, browsercdp.SetPermission, browsercdp.SetPermissionParams{
				Permission: &browsercdp.PermissionDescriptor{Name: name}, Setting: setting,
				BrowserContextID: chromedp.FromContext(p.ctx).BrowserContextID,
			}); err != nil {
				return err
			}
		}
		return nil
	}))
	if err != nil {
		p.t.Fatal(err)
	}
}

// countAsks counts how often the browser is asked for devices.
const countAsks = `(((m) => { const ask = m.getUserMedia.bind(m); window.asked = []; m.getUserMedia = (c) => (window.asked.push(Object.keys(c).join()), ask(c)); })(navigator.mediaDevices), "")`

func deniedThenAllowed(t *testing.T, b browser) {
	s := newStageServer(t)
	g := b.open(t, "about:blank")
	g.allow(browsercdp.PermissionSettingDenied, "camera", "microphone")
	if err := chromedp.Do(g.ctx, chromedp.Navigate(s.URL+"/j/INVITE-TOKEN")); err != nil {
		t.Fatal(err)
	}
	g.until("one sentence says both", says("Camera and microphone: the browser refused access. Allow it beside the address of this page, then try again."))
	g.eval(countAsks)
	g.clickOn("Try again")
	g.until("the browser is asked", `window.asked.length > 0`)
	g.until("it is said again", says("Camera and microphone: the browser refused access"))
	if asked := g.eval(`window.asked.join("; ")`); asked != "video,audio" {
		t.Errorf("a person who refused is asked for %s", asked)
	}
	g.allow(browsercdp.PermissionSettingGranted, "microphone")
	g.until("what is allowed is there without a click", says("Camera: the browser refused access"))
	g.until("and it is heard", `document.querySelector(".level")?.innerText.includes("We hear you")`)
	g.allow(browsercdp.PermissionSettingGranted, "camera")
	g.until("the camera too", inCheck+` && document.querySelector(".problem") === null`)
}

func noneThere(t *testing.T, b browser) {
	s := newStageServer(t)
	g := b.open(t, s.URL+"/j/INVITE-TOKEN")
	g.until("it is said", says("Camera and microphone: none is connected. Plug one in: it is found by itself."))
	g.typeInto("#name", "Théo")
	g.clickOn("Join")
	g.until("who has neither can still come", inRoom)
	h := b.open(t, s.URL+"/studio/studio")
	h.until("the desk is open", `document.querySelector(".desk") !== null`)
	h.clickOn("Use my camera")
	h.until("the host is told too", says("Camera and microphone: none is connected"))
}

func notOverHTTPS(t *testing.T, b browser) {
	s := newStageServer(t)
	at := strings.Replace(s.URL, "127.0.0.1", "studio.example", 1)
	g := b.open(t, at+"/j/INVITE-TOKEN")
	g.until("the guest is told whom to ask", says("Camera and microphone: browsers give access only over https. Ask whoever sent you the link for one that begins with https."))
	h := b.open(t, at+"/studio/studio")
	h.until("the desk is open", `document.querySelector(".desk") !== null`)
	h.clickOn("Use my camera")
	h.until("the host is told what to set", says("tls.cert and tls.key in regie.yml make https."))
	h.until("and nothing to try again", `[...document.querySelectorAll(".problem button")].length === 0`)
	g.forgive("Cross-Origin-Opener-Policy header has been ignored")
	h.forgive("Cross-Origin-Opener-Policy header has been ignored")
}

func inUse(t *testing.T, b browser) {
	s := newStageServer(t)
	h := b.open(t, s.URL+"/studio/studio")
	h.until("the desk is open", `document.querySelector(".desk") !== null`)
	h.eval(`(window.ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices), navigator.mediaDevices.getUserMedia = (c) => c.video ? Promise.reject(new DOMException("Could not start video source", "NotReadableError")) : window.ask(c), "")`)
	h.clickOn("Use my camera")
	h.until("the camera's trouble is its own", says("Camera: another program is using it. Close that program, then try again."))
	h.until("the microphone is there", `document.querySelector(".level")?.innerText.includes("We hear you")`)
	h.eval(`(navigator.mediaDevices.getUserMedia = window.ask, "")`)
	h.clickOn("Try again")
	h.until("the camera is back", inCheck+` && document.querySelector(".problem") === null`)
}

// unplugged: devices go and come while somebody looks.
func unplugged(t *testing.T, b browser) {
	s := newStageServer(t)
	g := joinAs(t, b, s, "Théo")
	g.clickOn("Devices")
	g.eval(`(((m) => {
		const list = m.enumerateDevices.bind(m), ask = m.getUserMedia.bind(m);
		window.plug = (there) => {
			m.enumerateDevices = async () => (await list()).filter((d) => there || d.kind !== "videoinput");
			m.getUserMedia = (c) => !there && c.video ? Promise.reject(new DOMException("", "NotFoundError")) : ask(c);
			if (!there) {
				const track = document.querySelector(".room-people video").srcObject.getTracks()[0];
				track.stop();
				track.dispatchEvent(new Event("ended"));
			}
			m.dispatchEvent(new Event("devicechange"));
		};
	})(navigator.mediaDevices), window.plug(false), "")`)
	g.until("it is said", says("Camera: it was unplugged. Plug it in again or choose another."))
	g.until("there is none to choose", `document.querySelector("#device-camera").disabled`)
	g.eval(`(window.plug(true), "")`)
	g.until("it is found by itself", `document.querySelector(".problem") === null && !document.querySelector("#device-camera").disabled && document.querySelector(".room-people video")?.currentTime > 0.3`)
}

// checkAndRoom: what is chosen is remembered, and what a person on stage is spared.
func checkAndRoom(t *testing.T, b browser) {
	s := newStageServer(t)
	g := b.open(t, s.URL+"/j/INVITE-TOKEN")
	g.until("the camera shows, mirrored", inCheck+` && document.querySelector(".self-view .mirrored") !== null`)
	g.until("the meter moves", `document.querySelector(".level rect")?.getAttribute("width") > 30`)
	g.eval(`(window.sinks = [], AudioContext.prototype.setSinkId = async (id) => void window.sinks.push(id), "")`)
	choose := func(kind string) string {
		return g.eval(fmt.Sprintf(`(() => { const f = document.querySelector("#device-%s"); f.value = f.options[f.options.length - 1].value; f.dispatchEvent(new Event("change", { bubbles: true })); return f.value; })()`, kind))
	}
	microphone, speaker := choose("microphone"), choose("speaker")
	g.clickOn("Play a test tone")
	g.until("a tone plays", `[...document.querySelectorAll("button")].some((b) => b.innerText.trim() === "Do you hear it?" && b.getAttribute("aria-pressed") === "true")`)
	if sinks := g.eval(`window.sinks.join()`); sinks != speaker {
		t.Errorf("the tone went to %q, not to %q", sinks, speaker)
	}
	g.until("and ends", `[...document.querySelectorAll("button")].some((b) => b.innerText.trim() === "Play a test tone")`)
	g.clickOn("Mute")
	g.clickOn("Camera off")
	g.until("the self view says so", `document.querySelector(".self-words")?.innerText === "Your camera is off"`)
	if err := chromedp.Do(g.ctx, chromedp.Navigate(s.URL+"/j/INVITE-TOKEN")); err != nil {
		t.Fatal(err)
	}
	g.until("all of it is remembered", fmt.Sprintf(`document.querySelector("#device-microphone")?.value === %q && document.querySelector("#device-speaker").value === %q && document.querySelectorAll(".bar-toggle.off").length === 2`, microphone, speaker))

	g.eval(`(window.locks = [], ((w) => { const take = w.request.bind(w); w.request = async (k) => { const l = await take(k); window.locks.push(l); return l; }; })(navigator.wakeLock), "")`)
	g.typeInto("#name", "Théo")
	g.clickOn("Join")
	g.until("the green room is open", inRoom)
	s.did(t, `PATCH me {"place":"waiting","self_camera_off":true,"self_muted":true}`)
	g.until("the screen stays on", `window.locks.length === 1 && !window.locks[0].released`)
	g.eval(`window.locks[0].release().then(() => (document.dispatchEvent(new Event("visibilitychange")), ""))`)
	g.until("also after the page was hidden", `window.locks.length === 2 && !window.locks[1].released`)
	g.until("they talk while muted, and are told", `document.querySelector(".self-notice")?.innerText.includes("You are talking, but your microphone is off.")`)

	const leaves = `(() => { const e = new Event("beforeunload", { cancelable: true }); dispatchEvent(e); return !e.defaultPrevented; })()`
	g.until("who waits may close the page", leaves)
	s.set(func(d *show.Desk) { s.person(d, "guest1").Place, d.Phase = show.OnAir, show.Live })
	g.until("who is on air is asked", `!`+leaves)
	s.set(func(d *show.Desk) { s.person(d, "guest1").Place = show.Back })
	g.until("who is back may go", leaves)
	g.clickOn("Leave")
	g.until("it asks", `document.querySelector("dialog[open] .danger") !== null`)
	g.eval(`(document.querySelector("dialog[open] .danger").click(), "")`)
	g.until("whoever has left lets the screen sleep", `document.querySelector(".lost") !== null && window.locks.every((l) => l.released)`)
}
