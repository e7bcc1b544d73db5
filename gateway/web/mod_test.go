package web

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestModerationInABrowser(t *testing.T) {
	b := startBrowser(t)
	for name, test := range map[string]func(*testing.T, browser){
		"by keys":    moderatingByKeys,
		"by pointer": moderatingByPointer,
		"offline":    actionsWait,
		"the stage":  theStageFromTheConsole,
		"the event":  everyRoom,
		"accessible": moderationAccessible,
	} {
		t.Run(name, func(t *testing.T) { test(t, b) })
	}
}

const (
	roomShown   = `document.querySelectorAll(".mod-live .mod-row").length === 8 && document.querySelectorAll(".mod-held .mod-row").length === 4`
	selectedRow = `document.querySelector(".mod-row[aria-current]")?.id`
)

func openConsole(t *testing.T, b browser, s *modServer) *tab {
	t.Helper()
	p := b.open(t, s.URL+"/mod/studio")
	p.until("the room is there", roomShown)
	return p
}

// moderatingByKeys goes through a room without a pointer.
func moderatingByKeys(t *testing.T, b browser) {
	s := newModServer(t)
	p := openConsole(t, b, s)
	p.press("k")
	p.until("the newest line is chosen, with the focus", selectedRow+` === "live-m8" && document.activeElement.id === "live-m8"`)
	p.until("and its author's card is there", `document.querySelector(".mod-person").innerText.includes("First seen")`)
	p.press("k")
	p.press("k")
	p.press("k")
	p.until("K goes up", selectedRow+` === "live-m5"`)
	p.press("h")
	s.did(t, `POST sessions/studio/moderation/messages/m5 {"act":"hide"}`)
	p.until("it is struck out, with a way back", `document.querySelector("#live-m5").classList.contains("hidden") && document.querySelector(".toast").innerText.includes("Hidden: a message of prize_4u")`)
	p.press("u")
	s.did(t, `POST sessions/studio/moderation/messages/m5 {"act":"restore"}`)
	p.until("it is as before", `!document.querySelector("#live-m5").classList.contains("hidden") && !document.querySelector(".toast")`)

	p.press("t")
	p.until("it asks how long", `document.querySelector("dialog[open]")?.innerText.includes("Time out prize_4u") && document.activeElement.innerText === "10 minutes"`)
	p.eval(`(document.activeElement.click(), "")`) // as Enter does
	s.did(t, `POST sessions/studio/moderation/people/v-bot {"act":"timeout","minutes":10}`)
	p.until("the card counts down", `/timed out (10:00|9:\d\d)/.test(document.querySelector(".mod-person").innerText)`)
	p.press("b")
	p.until("it asks why", `document.querySelector("dialog[open]")?.innerText.includes("Ban prize_4u?")`)
	p.typeInto("#mod-reason", "sells nothing")
	p.click("dialog .danger")
	s.did(t, `POST sessions/studio/moderation/people/v-bot {"act":"ban","reason":"sells nothing"}`)
	p.until("the card says so", `document.querySelector(".mod-states").innerText.includes("banned")`)

	p.press("/")
	p.until("/ leads to the search", `document.activeElement.id === "mod-find"`)
	p.typeInto("#mod-find", "zoe")
	p.until("which minds no accents", `document.querySelectorAll(".mod-live .mod-row").length === 1`)
	p.press("h") // a letter now
	p.press("Escape")
	p.until("Esc shows everybody", `document.querySelectorAll(".mod-live .mod-row").length === 8`)

	p.eval(`(document.querySelector("#held-h1").focus(), "")`)
	s.did(t, "PUT sessions/studio/moderation/claims/h1")
	p.press("a")
	s.did(t, `POST sessions/studio/moderation/messages/h1 {"act":"approve"}`)
	p.until("the next takes its place", selectedRow+` === "held-h2"`)
	p.press("d")
	s.did(t, `POST sessions/studio/moderation/messages/h2 {"act":"deny"}`)
	p.until("and the next", selectedRow+` === "held-h3"`)

	p.press("?")
	p.until("the keys are listed", `document.querySelectorAll("dialog[open] .mod-keys kbd").length === 10`)
	p.eval(`(document.querySelector("dialog[open] input").click(), document.querySelector("dialog[open] .primary").click(), "")`)
	p.until("the list is closed", `document.querySelector("dialog[open]") === null`)
	p.eval(`(document.querySelector("#live-m8").focus(), "")`)
	p.press("k")
	p.press("ArrowUp")
	p.until("letters are off, arrows are not", selectedRow+` === "live-m7"`)
}

func moderatingByPointer(t *testing.T, b browser) {
	s := newModServer(t)
	p := openConsole(t, b, s)
	if text := p.eval(`document.querySelector("#live-m6").innerText`); !strings.Contains(text, "<b>not bold</b>") || !strings.Contains(text, "Hidden by Sam") {
		t.Errorf("the hidden line says:\n%s", text)
	}
	if text := p.eval(`document.querySelector("#held-h3").innerText`); !strings.Contains(text, "Sam is on it") || strings.Contains(text, "Approve") {
		t.Errorf("an item that somebody works on says:\n%s", text)
	}
	p.click("#held-h3 .button")
	s.did(t, "PUT sessions/studio/moderation/claims/h3?over=true")
	p.click("#live-m2 .mod-quick")
	s.did(t, `POST sessions/studio/moderation/messages/m2 {"act":"hide"}`)
	p.click("#held-m5")
	p.until("the report is chosen", selectedRow+` === "held-m5"`)
	p.eval(`(document.querySelectorAll("#held-m5 .mod-acts button")[1].click(), "")`)
	s.did(t, `POST sessions/studio/moderation/messages/m5 {"act":"hide"}`)
	p.until("a report that is dealt with leaves", `document.querySelector("#held-m5") === null`)

	p.click("#live-m1")
	p.clickOn("Delete")
	p.until("it asks first", `document.querySelector("dialog[open]")?.innerText.includes("Delete the message of Kim?")`)
	p.click("dialog .danger")
	s.did(t, `POST sessions/studio/moderation/messages/m1 {"act":"delete"}`)
	p.until("it is gone", `document.querySelector("#live-m1") === null`)

	p.click("#live-m7")
	p.until("Kim's card is there", `document.querySelector(".mod-person-name")?.innerText === "Kim"`)
	p.typeInto("#mod-note", "a regular")
	p.clickOn("Save the note")
	s.did(t, `POST sessions/studio/moderation/people/v-kim {"act":"note","note":"a regular"}`)
	p.clickOn("Trust")
	s.did(t, `POST sessions/studio/moderation/people/v-kim {"act":"trust"}`)
	p.until("the card says so", `document.querySelector(".mod-states").innerText.includes("trusted")`)

	p.until("a lever says who and how long", `/30 s · by Sam · [67]:\d\d left/.test(document.querySelector(".mod-levers").innerText)`)
	p.clickOn("Pause chat")
	s.did(t, `PUT sessions/studio/moderation/levers/pause {"minutes":10,"on":true}`)
	p.clickOn("Clear screen")
	p.until("it asks", `document.querySelector("dialog[open]")?.innerText.includes("Clear everybody’s screen?")`)
	p.click("dialog .danger")
	s.did(t, `POST sessions/studio/moderation/clear {"reason":""}`)
}

// actionsWait: without a network nothing that a moderator does is lost, also not by
// a reload.
func actionsWait(t *testing.T, b browser) {
	s := newModServer(t)
	p := openConsole(t, b, s)
	s.setAway(true)
	p.click("#live-m1 .mod-quick")
	p.click("#live-m2 .mod-quick")
	p.until("it says what waits", `document.querySelector(".mod-queued").innerText.includes("Actions are queued, 2 not yet sent")`)
	p.until("and shows what was meant", `document.querySelector("#live-m1").classList.contains("hidden")`)
	s.setAway(false)
	p.eval(`(location.reload(), "")`)
	s.did(t, `POST sessions/studio/moderation/messages/m1 {"act":"hide"}`)
	s.did(t, `POST sessions/studio/moderation/messages/m2 {"act":"hide"}`)
	s.mu.Lock()
	defer s.mu.Unlock()
	if acts := slices.DeleteFunc(slices.Clone(s.asked), func(a string) bool { return !strings.Contains(a, "/messages/") }); len(acts) != 2 {
		t.Errorf("sent more than once, or out of turn: %q", acts)
	}
}

// theStageFromTheConsole: what a moderator may do on stage, beside the picture.
func theStageFromTheConsole(t *testing.T, b browser) {
	s := newModServer(t)
	p := openConsole(t, b, s)
	p.until("the picture runs", playing)
	p.until("the stage is there", `document.querySelectorAll(".mod-stage-line").length === 3`)
	p.click(".mod-stage summary")
	button := func(label string) {
		p.eval(fmt.Sprintf(`(document.querySelector('[aria-label=%q]').click(), "")`, label))
	}
	button("Mute Théo")
	s.did(t, `PATCH sessions/studio/people/guest1 {"muted":true}`)
	button("Remove Théo")
	p.until("it asks first", `document.querySelector("dialog[open]")?.innerText.includes("Remove Théo from the stage?")`)
	p.click("dialog[open] .danger")
	s.did(t, `POST sessions/studio/people/guest1/remove`)
	p.until("the question goes", `document.querySelector("dialog[open]") === null`)
	p.clickOn("Put the slate on")
	s.did(t, `PUT sessions/studio/slate {"slate":"brb"}`)
	p.clickOn("End the session")
	p.until("it asks first", `document.querySelector("dialog[open]")?.innerText.includes("End the session?")`)
	p.click("dialog[open] .danger")
	s.did(t, `POST sessions/studio/end`)
}

func everyRoom(t *testing.T, b browser) {
	s := newModServer(t)
	p := b.open(t, s.URL+"/mod")
	p.until("where work waits stands first", `document.querySelector(".mod-card")?.innerText.includes("Glaze day")`)
	if text := p.eval(`document.querySelector(".mod-card").innerText`); !strings.Contains(text, "3 held") || !strings.Contains(text, "1 report") || !strings.Contains(text, "1 lever pulled") {
		t.Errorf("the first room says:\n%s", text)
	}
	p.click(".mod-card a")
	p.arrive("it leads to the room", roomShown)
	p = b.open(t, s.URL+"/mod/ink")
	p.until("who may not is told so", `document.querySelector("[role=alert]")?.innerText.includes("only moderators and those who run this session")`)
	if w := get(t, siteOf(fakeBuild(), session("studio", "Glaze day", "live")), "/mod/nowhere"); w.Code != 404 {
		t.Errorf("a room that is not there: %d", w.Code)
	}
}

func moderationAccessible(t *testing.T, b browser) {
	chosen := roomShown + ` && (document.querySelector(".mod-person-name") !== null || (document.querySelector("#live-m5").click(), false))`
	tab := func(n int) string {
		return roomShown + fmt.Sprintf(` && (document.querySelector(".mod-tabs button:nth-child(%d)").click(), document.querySelector("#live-m5").click(), document.querySelector(".mod-person-name") !== null)`, n)
	}
	wide := []int64{1360, 900}
	for _, page := range []struct {
		name, path, ready string
		sizes             []int64
	}{
		{"mod", "/mod/studio", chosen + " && " + playing + " && " + controlsShown, append(wide, 390)},
		{"mod-held", "/mod/studio?lang=fr", tab(2), []int64{900, 390}},
		{"mod-person", "/mod/studio", tab(3), []int64{390}},
		{"mod-room", "/mod/studio?lang=fr", tab(4) + " && " + playing + " && " + controlsShown, []int64{900, 390}},
		{"mod-ban", "/mod/studio", chosen + ` && (document.querySelector("dialog[open]") !== null || (document.querySelector("#live-m5 .danger").click(), false))`, append(wide, 390)},
		{"mod-keys", "/mod/studio?lang=fr", roomShown + ` && (document.querySelector("dialog[open]") !== null || (document.querySelector(".mod-head button").click(), false))`, wide},
		{"mod-all", "/mod", `document.querySelector(".mod-card") !== null`, append(wide, 390)},
	} {
		for _, theme := range []string{"dark", "light"} {
			for _, width := range page.sizes {
				name := fmt.Sprintf("%s-%s-%d", page.name, theme, width)
				t.Run(name, func(t *testing.T) {
					p := b.open(t, newModServer(t).URL+page.path)
					p.look(theme, width, 860)
					p.until("the page is ready", page.ready)
					if wider := p.eval(`String(document.documentElement.scrollWidth - innerWidth)`); wider != "0" && !strings.HasPrefix(wider, "-") {
						t.Errorf("the page is %s pixels wider than the window", wider)
					}
					if small := p.eval(`[...document.querySelectorAll(".mod button, .mod a, .mod select, .mod summary")].filter((e) => { const r = e.getBoundingClientRect(); return r.height > 0 && r.height < 24 && !e.closest("media-controller"); }).map((e) => e.outerHTML).join("\n")`); small != "" {
						t.Errorf("smaller than 24 pixels (WCAG 2.5.8):\n%s", small)
					}
					if found := p.axe(); found != "" {
						t.Error(found)
					}
					p.picture(name)
				})
			}
		}
	}
}
