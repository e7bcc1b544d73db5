package web

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	pagecdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/regie-live/regie/gateway/show"
)

// fill types into a field as far as the page can tell.
func (p *tab) fill(name, value string) {
	p.t.Helper()
	p.eval(fmt.Sprintf(`(() => { const f = document.querySelector('[name=%q]'); f.value = %q; f.dispatchEvent(new Event('input', { bubbles: true })); return ""; })()`, name, value))
}

// arrive is until for what only the next page has.
func (p *tab) arrive(what, expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	for {
		_, err := chromedp.Run(ctx, chromedp.Poll[bool](expression, chromedp.WithPollingInterval(100*time.Millisecond), chromedp.WithPollingTimeout(patience)))
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			p.t.Fatalf("waiting until %s (%s): %v", what, expression, err)
		}
	}
}

const errorsShown = `[...document.querySelectorAll(".field")].filter((f) => f.querySelector(".error") && f.querySelector("input").getAttribute("aria-describedby").includes(f.querySelector(".error").id)).map((f) => f.querySelector("input").name).join()`

func TestOfficeInABrowser(t *testing.T) {
	b := startBrowser(t)
	for name, test := range map[string]func(*testing.T, browser){
		"setup":             setupLeadsToTheSession,
		"setup is over":     setupIsOver,
		"sign in":           signInLeadsOn,
		"sessions and keys": sessionsAndKeys,
		"people":            peopleAreAdded,
		"encoders":          encodersAreTold,
		"accessible":        officeAccessible,
	} {
		t.Run(name, func(t *testing.T) { test(t, b) })
	}
}

func setupLeadsToTheSession(t *testing.T, b browser) {
	server := newOfficeServer(t, nobody)
	p := b.open(t, server.URL+"/setup#SETUP-TOKEN")
	p.until("the form is there", `document.querySelector("form") !== null`)
	p.click(".primary")
	p.until("what is missing stands beside its field", errorsShown+` === "name,password,title" && document.activeElement.name === "name"`)
	p.fill("name", "Iris")
	p.fill("password", "too short")
	p.until("the meter says how much is missing", `document.querySelector(".meter").innerText === "Too short: 3 more to go"`)
	p.fill("password", "five mugs one kiln")
	p.until("the meter is content", `document.querySelector(".meter").innerText === "Hard to guess"`)
	p.fill("title", "Glaze day")
	p.fill("host", "Ana")
	p.click(`[name="card"]`)
	p.click(".primary")
	p.arrive("it leads to the session", `location.pathname === "/studio/studio"`)
	for _, want := range []string{`POST setup {"name":"Iris","password":"five mugs one kiln","session_title":"Glaze day","test_card":true,"token":"SETUP-TOKEN"}`, `PATCH sessions/studio {"host_name":"Ana"}`} {
		if !server.heard(want) {
			t.Errorf("not asked: %s\nbut:\n%s", want, server.all())
		}
	}
}

func setupIsOver(t *testing.T, b browser) {
	server := newOfficeServer(t, nobody)
	p := b.open(t, server.URL+"/setup?token=OLD-TOKEN")
	p.until("the form is there", `document.querySelector("form") !== null`)
	p.fill("name", "Iris")
	p.fill("password", "five mugs one kiln")
	p.fill("title", "Glaze day")
	p.click(".primary")
	p.until("the server's words are shown", `document.querySelector("[role=alert]").innerText.includes("start Regie again for a new one")`)
	server.mu.Lock()
	server.open = false
	server.mu.Unlock()
	p = b.open(t, server.URL+"/setup#ANY")
	p.until("it says that it is done", `document.querySelector("h1")?.innerText === "Regie is set up already"`)
}

func signInLeadsOn(t *testing.T, b browser) {
	server := newOfficeServer(t, nobody)
	p := b.open(t, server.URL+"/admin")
	p.arrive("it leads to signing in", `location.pathname === "/signin" && location.search === "?next=%2Fadmin" && document.querySelector("form") !== null`)
	p.until("and to what comes before", `document.querySelector(".problem")?.innerText.includes("Open the setup link")`)
	p.fill("name", "Iris")
	p.fill("password", "wrong")
	p.click(".primary")
	p.until("the refusal is read", `document.querySelector("[role=alert]").innerText === "the name or the password is wrong; try again"`)
	p.fill("password", "five mugs one kiln")
	p.click(".primary")
	p.arrive("it leads on", `location.pathname === "/admin" && document.querySelectorAll(".manage").length === 3`)
	p.click(".account-menu button")
	p.arrive("signing out leads home", `location.pathname === "/"`)
	if !server.heard("POST signout") {
		t.Error("the server was not asked to sign out")
	}
}

func sessionsAndKeys(t *testing.T, b browser) {
	server := newOfficeServer(t, admin)
	p := b.open(t, server.URL+"/admin")
	p.until("the sessions are listed", `document.querySelectorAll(".manage").length === 3`)
	if text := p.eval(`document.querySelectorAll(".manage")[1].innerText`); !strings.Contains(text, "Declared in regie.yml") || strings.Contains(text, "Change") {
		t.Errorf("a declared session looks as if it could be changed: %s", text)
	}
	p.click(".office-head .primary")
	p.until("the form opens", `document.querySelector("dialog[open] [name=title]") !== null`)
	p.click("dialog .primary")
	p.until("errors stand beside", errorsShown+` === "title,host"`)
	p.fill("title", "Denim repair")
	p.fill("host", "Kim")
	p.click("dialog .primary")
	p.until("the session is there", `document.querySelectorAll(".manage").length === 4 && !document.querySelector("dialog")`)

	p.eval(`(document.querySelector(".manage [aria-expanded]").click(), "")`)
	p.until("keys and invites are listed", `document.querySelectorAll(".access .line").length === 5`)
	p.fill("who", "Mei")
	p.click(".access .inline-form .button")
	p.until("the link is shown once", `document.querySelector(".secret input")?.value === location.origin + "/j/INVITE-TOKEN"`)
	p.click(`.access section:nth-of-type(2) .line .button`)
	p.until("it asks", `document.querySelector("dialog[open]")?.innerText.includes("Other keys of Ana stay good")`)
	p.click("dialog .danger")
	p.until("the dialog is gone", `!document.querySelector("dialog")`)
	for _, want := range []string{`POST sessions {"autostart":false,"host_name":"Kim","title":"Denim repair"}`, `POST sessions/studio/invites {"name":"Mei","seat":"guest"}`, `DELETE sessions/studio/keys/k1`} {
		if !server.heard(want) {
			t.Errorf("not asked: %s\nbut:\n%s", want, server.all())
		}
	}
}

func peopleAreAdded(t *testing.T, b browser) {
	server := newOfficeServer(t, admin)
	p := b.open(t, server.URL+"/admin#users")
	p.until("the people are listed", `document.querySelectorAll(".line").length === 3`)
	p.click(".office-head .primary")
	p.until("the form opens", `document.querySelector("dialog[open]") !== null`)
	p.fill("name", "Mei")
	p.click("dialog .primary")
	p.until("the password is shown once", `document.querySelector(".secret")?.innerText.includes("Password of Mei")`)
	p.click(".secret [aria-pressed]")
	p.until("it is revealed", `document.querySelector(".secret input").value === "correct horse battery"`)
	p.eval(`(location.hash = "audit", "")`)
	p.until("the log is in words", `document.querySelector(".table")?.innerText.includes("made a stream key") && document.querySelector(".table").innerText.includes("odd.act")`)
	if !server.heard(`POST users {"name":"Mei","role":"creator"}`) {
		t.Error(server.all())
	}
}

const (
	ingestFix = `[
		{"participant":"host","name":"Ana","state":"fix","protocol":"rtmp","since":"2026-11-27T14:00:00Z",
		 "video":{"codec":"h264","profile":"High","width":1280,"height":720,"fps":30,"kbps":2480,"kbps_now":2510,"keyframe_seconds":8.3,"b_frames":2},
		 "audio":{"codec":"aac","rate":48000,"channels":2,"kbps":160,"loudness_lufs":-19.4},"av_offset_ms":-12,
		 "advice":{"code":"keyframes_far","level":"fix","values":{"s":8.3}}},
		{"participant":"guest1","name":"Théo","state":"good","protocol":"whip",
		 "video":{"codec":"h264","profile":"Constrained Baseline","width":1280,"height":720,"fps":29.97,"kbps":2210,"kbps_now":2300,"b_frames":0},
		 "audio":{"codec":"opus","rate":48000,"channels":1,"kbps":64},"av_offset_ms":4,"advice":{"code":"mono_audio","level":"hint"}},
		{"participant":"guest2","name":"Mei","state":"checking","protocol":"rtsp","video":{"codec":"h265","kbps":0,"kbps_now":0,"b_frames":0}},
		{"participant":"guest3","name":"Lou","state":"waiting"}]`
	refusalsTwo = `[
		{"time":"2026-11-27T14:02:11Z","times":12,"protocol":"rtmp","remote":"192.0.2.7:51000","outcome":"bad_key","reason":"no session has this stream key","hint":"copy the key anew"},
		{"time":"2026-11-27T14:05:40Z","times":1,"protocol":"rtmp","remote":"192.0.2.9:40112","outcome":"seat_taken","reason":"the seat of Ana is taken by rtmp from 192.0.2.7:51002","hint":"stop the other encoder","participant":"host"}]`
)

// camerasTwo are one that sends and one that does not let us in.
func camerasTwo() []show.Camera {
	return []show.Camera{
		{Participant: "guest5", Name: "Roof", Address: "rtsp://cam.example:8554", CameraStatus: show.CameraStatus{State: show.CameraConnected}},
		{Participant: "guest6", Name: "Door", Address: "rtsp://192.168.1.64", CameraStatus: show.CameraStatus{
			State: show.CameraRetrying, Trouble: show.CameraPassword, Reason: "the camera does not accept the user or the password: bad status code: 401 (Unauthorized)",
			Hint: "correct the user and the password in the camera's address", Retry: time.Now().Add(time.Hour),
		}},
	}
}

func encodersAreTold(t *testing.T, b browser) {
	server := newOfficeServer(t, admin)
	server.ingest = `[{"participant":"host","name":"Ana","state":"waiting"}]`
	p := b.open(t, server.URL+"/studio/studio/obs")
	p.until("the seat waits", `document.querySelector(".seat-state")?.innerText === "Waiting"`)
	server.mu.Lock()
	server.ingest, server.refusals = ingestFix, refusalsTwo
	server.mu.Unlock()
	p.until("it is told without a reload what to fix", `document.querySelector(".seat.fix .advice")?.innerText.startsWith("A keyframe comes every 8.3 s only")`)
	if text := p.eval(`document.querySelector(".seat.fix dl").innerText.replaceAll("\n", " ")`); text != "Picture H.264 High Size 1280 × 720 Frames a second 30 Bitrate 2,480 kbit/s Keyframe every 8.3 s Sound AAC · 48 kHz · stereo · 160 kbit/s Loudness -19.4 LUFS Sound before picture -12 ms" {
		t.Errorf("the line says %q", text)
	}
	p.until("the newest refusal comes first, with the person's name", `document.querySelector(".refusals li").innerText.includes("Ana") && document.querySelector(".refusals li").innerText.includes("Another encoder sends")`)
	p.until("what was refused again and again says how often", `document.querySelectorAll(".refusals li")[1].innerText.includes("12 times")`)
	p.click(".obs-side .primary")
	p.until("the key is in the cards, as dots", `document.querySelectorAll(".way .dots").length >= 3`)
	p.eval(`(document.querySelectorAll(".way [aria-pressed]")[0].click(), "")`)
	p.until("it is revealed", `document.querySelector(".way")?.querySelectorAll("input")[1].value === "NEW-KEY-123"`)
	if server := p.eval(`document.querySelector(".way input").value`); server != "rtmp://127.0.0.1/live" {
		t.Errorf("the server is %s", server)
	}
	p.eval(`(() => { const f = document.querySelector("#who"); f.value = ""; f.dispatchEvent(new Event("change", { bubbles: true })); return ""; })()`)
	p.typeInto("#newcomer", "Camera 2")
	p.click(".obs-side .primary")
	p.until("an encoder may be somebody new", `document.querySelector("#newcomer") === null`)
	if want := `POST sessions/studio/keys {"name":"Camera 2","seat":"guest"}`; !server.heard(want) {
		t.Errorf("not asked: %s\nbut:\n%s", want, server.all())
	}
	server.mu.Lock()
	server.cameras = camerasTwo()
	server.mu.Unlock()
	p.until("it is told what is wrong with a camera, and when it is tried again", `(() => { const all = [...document.querySelectorAll(".camera")].map((c) => c.innerText); return all.length === 2 && all[0].includes("Connected") && all[1].includes("does not accept the user or the password") && all[1].includes("Next try in "); })()`)
	p.typeInto("#camera-name", "Loft")
	p.typeInto("#camera-address", "rtsp://10.0.0.9/1")
	p.click("form .button:not(.primary)")
	p.until("an address that may not be is refused in words", `document.querySelector("form .problem")?.innerText.includes("not on the public internet")`)
	p.typeInto("#camera-address", "rtsp://u:pw@cam.example/1")
	p.click("form .button:not(.primary)")
	p.until("a camera is added, and its address is gone", `document.querySelectorAll(".camera").length === 3 && document.querySelector("#camera-address").value === "" && document.body.innerText.includes("Loft is added")`)
	if want := `POST sessions/studio/cameras {"address":"rtsp://u:pw@cam.example/1","name":"Loft"}`; !server.heard(want) {
		t.Errorf("not asked: %s\nbut:\n%s", want, server.all())
	}
	p.click(".camera .button")
	p.click("dialog .danger")
	p.until("and removed", `document.querySelector(".camera") === null`)
	if want := `DELETE sessions/studio/cameras/guest5`; !server.heard(want) {
		t.Errorf("not asked: %s\nbut:\n%s", want, server.all())
	}
	if text := p.eval(`document.querySelector(".ways").innerText`); !strings.Contains(text, "Bearer Token") || !strings.Contains(text, "self-signed certificate") {
		t.Errorf("the cards say:\n%s", text)
	}
}

// officeAccessible: no violation of WCAG 2.2 A and AA in any state, both themes, on
// a desk and a phone. With REGIE_SCREENS set it keeps a picture of each there.
func officeAccessible(t *testing.T, b browser) {
	for _, page := range []struct{ name, path, me, ready string }{
		{"setup", "/setup#T", nobody, `document.querySelector("form") !== null && (document.querySelector(".primary").click(), document.querySelector(".error") !== null)`},
		{"setup-fr", "/setup?lang=fr", nobody, `document.querySelector("form") !== null`},
		{"setup-passkey", "/setup#T", nobody, `document.querySelector("form") !== null && (document.querySelectorAll("[name=way]")[1].click(), document.querySelector("[type=password]") === null)`},
		{"signin", "/signin", nobody, `document.querySelector("form") !== null`},
		{"admin", "/admin", admin, `document.querySelector(".access .line") !== null || (document.querySelector(".manage [aria-expanded=false]")?.click(), false)`},
		{"admin-new", "/admin?lang=fr", admin, `document.querySelector("dialog[open]") !== null || (document.querySelector(".manage") && document.querySelector(".office-head .primary")?.click(), false)`},
		{"admin-secret", "/admin#users", admin, `document.querySelector(".secret") !== null || (document.querySelector("dialog[open]") ? (document.querySelector("dialog [name=name]").value = "Mei", document.querySelector("dialog .primary").click()) : document.querySelector(".office-head .primary")?.click(), false)`},
		{"admin-log", "/admin#audit", admin, `document.querySelector(".table td") !== null`},
		{"admin-account", "/admin#account", admin, `document.querySelector("form") !== null`},
		{"admin-passkey", "/admin#account", admin, `document.querySelector("dialog[open]") !== null || (document.querySelector("#add-passkey")?.click(), false)`},
		{"obs", "/studio/studio/obs", admin, `document.querySelector(".seat.fix") !== null && (document.querySelector(".done") !== null || (document.querySelector(".obs-side .primary").click(), false))`},
		{"obs-fr", "/studio/studio/obs?lang=fr", admin, `document.querySelector(".seat.fix") !== null && (document.querySelector("details.others").open = true)`},
	} {
		for _, look := range []struct {
			theme         string
			width, height int64
		}{{"dark", 1360, 860}, {"light", 1360, 860}, {"light", 390, 844}} {
			name := fmt.Sprintf("%s-%s-%d", page.name, look.theme, look.width)
			t.Run(name, func(t *testing.T) {
				server := newOfficeServer(t, page.me)
				server.ingest, server.refusals, server.cameras = ingestFix, refusalsTwo, camerasTwo()
				p := b.open(t, named(server.URL)+page.path)
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

func (p *tab) picture(name string) {
	p.t.Helper()
	folder := os.Getenv("REGIE_SCREENS")
	if folder == "" {
		return
	}
	var width, height, tall float64
	fmt.Sscan(p.eval(`innerWidth + " " + document.documentElement.scrollHeight + " " + innerHeight`), &width, &height, &tall)
	if height > tall { // what sticks to the window's foot is to stand at the page's
		resize := func(h float64) {
			if err := chromedp.Do(p.ctx, chromedp.EmulateViewport(int64(width), int64(h))); err != nil {
				p.t.Fatal(err)
			}
			p.eval(`new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(() => r(""))))`)
		}
		resize(height)
		defer resize(tall)
	}
	err := chromedp.Do(p.ctx, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		got, err := cdp.Call(ctx, target, pagecdp.CaptureScreenshot, pagecdp.CaptureScreenshotParams{
			CaptureBeyondViewport: new(true), Clip: &pagecdp.Viewport{Width: width, Height: height, Scale: 1},
		})
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(folder, name+".png"), got.Data, 0o644)
	}))
	if err != nil {
		p.t.Fatal(err)
	}
}
