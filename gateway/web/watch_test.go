package web

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/regie-live/regie/gateway/show"
)

const qualityIs = `document.querySelector(".quality-button")?.innerText === %q`

// quality: what plays is shown, another can be chosen by mouse and by keys
// without a stall, and the choice is remembered.
func quality(t *testing.T, b browser) {
	server := newEventServer(t, show.Live)
	p := b.open(t, server.URL+"/s/studio")
	p.until("the picture plays", playing)
	p.until("the better one plays, by itself", fmt.Sprintf(qualityIs, "180p"))
	p.eval(`(window.stalls = 0, document.querySelector("video").addEventListener("waiting", () => stalls++), "")`)

	p.click(".quality-button")
	p.until("the menu opens, on what is chosen", `document.activeElement?.role === "menuitemradio" && document.activeElement.innerText.startsWith("Auto") && document.activeElement.ariaChecked === "true"`)
	p.press("ArrowUp")
	p.until("arrows go round, and are not the player's volume", `document.activeElement.innerText === "90p" && document.querySelector("video").volume === 1`)
	p.press("Escape")
	p.until("Escape closes it", `!document.querySelector(".menu") && document.activeElement.className === "quality-button"`)

	p.click(".quality-button")
	p.until("the menu is open", `document.querySelectorAll(".menu [role=menuitemradio]").length === 3`)
	p.eval(`([...document.querySelectorAll(".menu button")].find((i) => i.innerText === "90p").click(), "")`)
	p.until("the other plays", `document.querySelector("video").videoWidth === 160 && `+fmt.Sprintf(qualityIs, "90p"))
	p.until("without a stall", `window.stalls === 0 && localStorage["regie-quality"] === "90p"`)

	if err := chromedp.Do(p.ctx, chromedp.Navigate(server.URL+"/s/studio")); err != nil {
		t.Fatal(err)
	}
	p.until("it is remembered", `document.querySelector("video")?.videoWidth === 160 && document.querySelector("video").currentTime > 0.5`)
	p.click(".quality-button")
	p.eval(`([...document.querySelectorAll(".menu button")][0].click(), "")`)
	p.until("automatic goes up again", `document.querySelector("video").videoWidth === 320 && localStorage["regie-quality"] === "auto"`)
}

// rewind: the time line is as long as the past that the server keeps, and the
// way back to live is one press.
func rewind(t *testing.T, b browser) {
	server := newEventServer(t, show.Live)
	server.stream.long()
	p := b.open(t, server.URL+"/s/studio")
	const line = `document.querySelector(".timeline input")`
	const length = `(` + line + `.max - ` + line + `.min)`
	p.until("the picture plays", playing)
	p.until("the time line has the past", length+` > 30`)
	p.eval(`(document.querySelector("video").focus(), "")`)
	p.press("j")
	p.until("j goes back", `/^1[0-9] s behind$/.test(document.querySelector(".live-button").innerText) && !document.querySelector("video").paused`)
	p.press("j")
	p.until("and again", `/^2[0-9] s behind$/.test(document.querySelector(".live-button").innerText)`)
	p.until("it plays there", `document.querySelector("video").readyState >= 3 && !document.querySelector("media-controller.stalled")`)
	p.until("the place is said", line+`.ariaValueText.includes("behind, ")`)

	p.eval(`(` + line + `.focus(), "")`)
	p.press("Home")
	p.until("Home goes to the start", line+`.valueAsNumber - `+line+`.min < 5`)
	p.press("PageUp")
	p.press("End")
	p.until("End is live", `document.querySelector(".live-button.is-live") !== null && `+line+`.ariaValueText === "Live"`)

	p.eval(`(` + line + `.value = +` + line + `.min + 20, ` + line + `.dispatchEvent(new Event("input", { bubbles: true })), "")`)
	p.until("a drag says where it would go", `document.querySelector(".timeline-hint")?.innerText.includes("behind")`)
	p.eval(`(` + line + `.dispatchEvent(new Event("change", { bubbles: true })), "")`)
	p.until("it goes there", `document.querySelector(".live-button:not(.is-live)") !== null && document.querySelector("video").readyState >= 3`)
	p.click(".live-button")
	p.until("the button is live", `document.querySelector(".live-button.is-live") !== null`)

	server.setWHEP(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then is a client that leaves noticed
		<-r.Context().Done()
	})
	p.click(".real-time")
	p.until("real time has no past", `!document.querySelector(".timeline")`)
	p.eval(`(document.querySelector("video").focus(), "")`)
	p.press("j")
	p.until("back from real time is in LL-HLS", `document.querySelector(".live-button:not(.is-live)") !== null && document.querySelector(".real-time").getAttribute("aria-checked") === "false"`)
}

// messages: one is shown with its picture, as text and nothing else, and goes.
func messages(t *testing.T, b browser) {
	server := newEventServer(t, show.Live)
	p := b.open(t, server.URL+"/s/studio")
	p.until("the picture plays", playing)
	p.eval(`(window.told = [], document.addEventListener("regie-cue", (e) => told.push(e.detail)), "")`)
	server.stream.announce("m1", "<b>Thé & café</b>", time.Now().Add(time.Second), 3*time.Second)
	p.until("it is shown", `document.querySelector(".messages .message")?.innerText === "<b>Thé & café</b>"`)
	p.until("it goes", `!document.querySelector(".message")`)
	p.until("both were told", `told.map((c) => c.what + c.id).join() === "shownm1,endedm1"`)
	p.until("for as long as it lasts", `Math.abs(told[1].at - told[0].at - 3000) < 500`)
}
